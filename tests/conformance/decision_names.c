//go:build ignore

/*
 * decision_names.c: D7 to D13: names of checkpoints, ids of sections.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

static SaAisErrorT open_new(SaCkptHandleT library, const SaNameT *name)
{
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    return saCkptCheckpointOpen(library, name, &a, RWC, TIMEOUT, &checkpoint);
}

static void d7(void)
{
    SaNameT plain = name_of("x"), with_nul = plain, with_rest = plain, nul_first;
    SaCkptHandleT library = initialize();
    Attributes a = attributes();

    with_nul.length++;
    memcpy(with_rest.value + with_rest.length, "\0rest", 5);
    with_rest.length = (SaUint16T)(with_rest.length + 5);
    create(library, &with_nul, &a);
    OK(try_open(library, &plain));
    OK(try_open(library, &with_rest));
    OK(saCkptCheckpointUnlink(library, &with_rest));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &plain));
    note("a NUL as first byte leaves no name");
    nul_first = name_from("\0abc", 4);
    RC(SA_AIS_ERR_INVALID_PARAM, open_new(library, &nul_first));
}

static void d8(void)
{
    static const SaUint16T lengths[] = {257, 258, 300, 2049, 0x7fff, 0xffff};
    SaNameT name;
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    memset(&name, 'n', sizeof name);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        note("length %u", lengths[i]);
        name.length = lengths[i];
        RC(SA_AIS_ERR_INVALID_PARAM, open_new(library, &name));
        RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointOpenAsync(library, 1, &name, &a, RWC));
        RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointUnlink(library, &name));
    }
    STAYS(50, !readable(selection_object(library)));
}

static void d9(void)
{
    SaNameT name = name_of("x"), longest, other;
    SaCkptHandleT library = initialize();

    longest = name;
    memset(longest.value + longest.length, 'n', sizeof longest.value - longest.length);
    longest.length = SA_MAX_NAME_LENGTH;
    OK(open_new(library, &longest));
    OK(try_open(library, &longest));
    other = longest;
    other.value[SA_MAX_NAME_LENGTH - 1] = 'o';
    note("the last byte counts");
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &other));
    other = longest;
    other.length--;
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &other));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void lend_and_borrow(void)
{
    static const size_t lengths[] = {0, 1, 100, 255, 256, 300, 2048, 5000};
    static char text[5001];
    SaNameT name, copy, plain;

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        note("string of %zu bytes", lengths[i]);
        memset(text, 'n', sizeof text);
        text[lengths[i]] = 0;
        memset(&name, 0xee, sizeof name);
        saAisNameLend(text, &name);
        TRUE(saAisNameBorrow(&name) != NULL);
        TRUE(strcmp(saAisNameBorrow(&name), text) == 0);
        memcpy(&copy, &name, sizeof copy);
        TRUE(strcmp(saAisNameBorrow(&copy), text) == 0);
        if (lengths[i] < 256) {
            EQUAL(lengths[i], name.length);
            BYTES(text, name.value, lengths[i]);
        } else {
            TRUE(saAisNameBorrow(&name) == text);
        }
    }
    note("filled in by hand");
    plain = name_from("by hand", 7);
    TRUE(strcmp(saAisNameBorrow(&plain), "by hand") == 0);
    memset(plain.value, 'x', sizeof plain.value);
    TRUE(saAisNameBorrow(&plain) == NULL);
    plain.length = 300;
    TRUE(saAisNameBorrow(&plain) == NULL);
}

static void d10(void)
{
    lend_and_borrow();
    EQUAL(0, setenv("SA_ENABLE_EXTENDED_NAMES", "0", 1));
    lend_and_borrow();
    initialize();
    note("after Initialize");
    lend_and_borrow();
}

static void d11(void)
{
    static const size_t lengths[] = {255, 256, 257, 300, 2047, 2048};
    SaNameT base = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    static char text[2050], other_text[2050];

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        SaNameT name, other;
        SaCkptCheckpointHandleT checkpoint;

        note("name of %zu bytes", lengths[i]);
        memset(text, 'n', sizeof text);
        memcpy(text, base.value, base.length);
        text[lengths[i]] = 0;
        memcpy(other_text, text, sizeof other_text);
        other_text[lengths[i] - 1] = 'o';
        saAisNameLend(text, &name);
        saAisNameLend(other_text, &other);
        checkpoint = create(library, &name, &a);
        add_section(checkpoint, SID("a"), "data");
        RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &other));
        TEXT(open_as(library, &name, READ), SID("a"), "data");
        events_clear();
        OK(saCkptCheckpointOpenAsync(library, 1, &name, NULL, READ));
        await_events(library, 1);
        EQUAL(SA_AIS_OK, event_at(0).error);
        TEXT(event_at(0).checkpoint, SID("a"), "data");
        RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(library, &other));
        OK(saCkptCheckpointUnlink(library, &name));
        RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    }
}

static void d12(void)
{
    static const size_t lengths[] = {2049, 2050, 60000, 1 << 20};
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    char *text = malloc((1 << 20) + 1);

    TRUE(text != NULL);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        SaNameT name;
        note("name of %zu bytes", lengths[i]);
        memset(text, 'n', 1 << 20);
        text[lengths[i]] = 0;
        saAisNameLend(text, &name);
        RC(SA_AIS_ERR_TOO_BIG, open_new(library, &name));
        RC(SA_AIS_ERR_TOO_BIG, saCkptCheckpointOpenAsync(library, 1, &name, &a, RWC));
        RC(SA_AIS_ERR_TOO_BIG, saCkptCheckpointUnlink(library, &name));
    }
    STAYS(50, !readable(selection_object(library)));
    free(text);
}

#define LONGEST_ID 65535

static void d13(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    static SaUint8T bytes[LONGEST_ID], other[LONGEST_ID];
    const SaCkptSectionIdT id = {LONGEST_ID, bytes}, other_id = {LONGEST_ID, other};
    SaCkptSectionIterationHandleT iteration;
    SaCkptSectionDescriptorT d;

    a.maxSectionIdSize = LONGEST_ID;
    checkpoint = create(initialize(), &name, &a);
    for (size_t i = 0; i < LONGEST_ID; i++)
        bytes[i] = other[i] = (SaUint8T)(i * 31);
    other[LONGEST_ID - 1] ^= 1;
    add_section(checkpoint, id, "one");
    RC(SA_AIS_ERR_NOT_EXIST, section_overwrite(checkpoint, other_id, "x", 1));
    add_section(checkpoint, other_id, "other");
    TEXT(checkpoint, id, "one");
    TEXT(checkpoint, other_id, "other");
    OK(section_write(checkpoint, id, 3, "more", 4));
    TEXT(checkpoint, id, "onemore");
    OK(section_delete(checkpoint, other_id));
    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(saCkptSectionIterationNext(iteration, &d));
    TRUE(same_id(id, d.sectionId));
    EQUAL(0, d.sectionId.id[LONGEST_ID]);
    RC(SA_AIS_ERR_NO_SECTIONS, saCkptSectionIterationNext(iteration, &d));
}

const struct test decision_name_tests[] = {
    {7, "a short name ends at its first NUL", EVERY, d7, 0, 0},
    {8, "a name with a length over 256 that is not an extended one: INVALID_PARAM", EVERY, d8, 0,
     0},
    {9, "a short name may fill all 256 bytes, without a NUL", EVERY, d9, 0, 0},
    {10, "saAisNameLend and Borrow work before Initialize and whatever the environment says", ONCE,
     d10, 0, 0},
    {11, "extended names of up to 2,048 bytes work like short ones", EVERY, d11, 0, 0},
    {12, "longer extended names: TOO_BIG in Open, OpenAsync and Unlink", EVERY, d12, 0, 0},
    {13, "section ids of 65,535 bytes", EVERY, d13, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
