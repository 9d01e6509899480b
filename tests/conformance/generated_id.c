//go:build ignore

/*
 * generated_id.c: 117 to 121: ids that SectionCreate generates.
 */
#include "harness.h"

#include <stdlib.h>

#define GENERATED_BYTES 8 /* length of a generated id, if maxSectionIdSize allows */

static SaCkptCheckpointHandleT with_ids_of(const char *suffix, SaSizeT id_size, SaUint32T sections)
{
    SaNameT name = name_of(suffix);
    Attributes a = attributes();

    a.maxSections = sections;
    a.checkpointSize = 0;
    a.maxSectionIdSize = id_size;
    return create(initialize(), &name, &a);
}

static SaAisErrorT try_generate(SaCkptCheckpointHandleT checkpoint, const char *text,
                                SaCkptSectionIdT *id)
{
    SaCkptSectionCreationAttributesT section = {id, SA_TIME_END};
    *id = (SaCkptSectionIdT)SA_CKPT_GENERATED_SECTION_ID;
    return saCkptSectionCreate(checkpoint, &section, text, strlen(text));
}

static SaCkptSectionIdT generate(SaCkptCheckpointHandleT checkpoint, const char *text)
{
    SaCkptSectionIdT id;
    OK(try_generate(checkpoint, text, &id));
    TRUE(id.id != NULL && id.idLen > 0);
    return id;
}

static void t117(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIdT id = generate(checkpoint, "data");

    TEXT(checkpoint, id, "data");
    OK(section_write(checkpoint, id, 2, "TA", 2));
    TEXT(checkpoint, id, "daTA");
    EQUAL(1, number_of_sections(checkpoint));
    OK(section_delete(checkpoint, id));
    EQUAL(0, number_of_sections(checkpoint));
    OK(saCkptSectionIdFree(checkpoint, id.id));
}

static void free_all(const SaCkptSectionIdT *ids, int count)
{
    for (int i = 0; i < count; i++)
        free(ids[i].id);
}

static void all_differ(const SaCkptSectionIdT *ids, int count)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++) {
            note("ids %d and %d", j, i);
            TRUE(!same_id(ids[i], ids[j]));
        }
    note("%s", "");
}

static void t118(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x"), without_ids;
    SaCkptSectionIdT ids[40], id;

    for (int i = 0; i < 40; i++) {
        ids[i] = generate(checkpoint, "data");
        EQUAL(GENERATED_BYTES, ids[i].idLen);
        if (i >= MAX_SECTIONS - 1) /* deleted ones are not given out again either */
            OK(section_delete(checkpoint, ids[i - MAX_SECTIONS + 1]));
    }
    all_differ(ids, 40);
    free_all(ids, 40);
    note("maxSectionIdSize 0");
    without_ids = with_ids_of("none", 0, MAX_SECTIONS);
    RC(SA_AIS_ERR_INVALID_PARAM, try_generate(without_ids, "data", &id));
    TRUE(id.id == NULL && id.idLen == 0);
    EQUAL(0, number_of_sections(without_ids));
}

static void t119(void)
{
    static const SaSizeT sizes[] = {1, 2, 3, 7, 8, 9, 65535, 1 << 20};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char suffix[2] = {(char)('a' + i), 0};
        SaCkptCheckpointHandleT checkpoint;
        SaCkptSectionIdT id;

        note("maxSectionIdSize %llu", sizes[i]);
        checkpoint = with_ids_of(suffix, sizes[i], MAX_SECTIONS);
        id = generate(checkpoint, "data");
        EQUAL(sizes[i] < GENERATED_BYTES ? sizes[i] : GENERATED_BYTES, id.idLen);
        TEXT(checkpoint, id, "data");
        free_all(&id, 1);
    }
}

static void t120(void)
{
    SaCkptCheckpointHandleT checkpoint = with_ids_of("x", 1, 256);
    SaCkptSectionIdT ids[128];
    SaUint8T zeros[8] = {0};
    const SaCkptSectionIdT four = {4, zeros}, eight = {8, zeros};

    note("ids of one byte, half of them taken by the user");
    for (int i = 0; i < 256; i += 2) {
        SaUint8T byte = (SaUint8T)i;
        OK(section_create(checkpoint, (SaCkptSectionIdT){1, &byte}, SA_TIME_END, "user", 4));
    }
    for (int i = 0; i < 128; i++) {
        ids[i] = generate(checkpoint, "new");
        EQUAL(1, ids[i].idLen);
        EQUAL(1, ids[i].id[0] & 1);
    }
    all_differ(ids, 128);
    TEXT(checkpoint, ids[77], "new");
    TEXT(checkpoint, SID("\x10"), "user");
    EQUAL(256, number_of_sections(checkpoint));
    free_all(ids, 128);
    note("ids of zeros taken by the user");
    checkpoint = fresh("zeros");
    OK(section_create(checkpoint, four, SA_TIME_END, "user", 4));
    OK(section_create(checkpoint, eight, SA_TIME_END, "user", 4));
    ids[0] = generate(checkpoint, "new");
    TEXT(checkpoint, ids[0], "new");
    free_all(ids, 1);
    TEXT(checkpoint, four, "user");
    TEXT(checkpoint, eight, "user");
}

static void t121(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT one = create(library, &name, &a);
    SaCkptCheckpointHandleT two = open_as(initialize(), &name, READ | WRITE);
    SaCkptSectionIdT first = generate(one, "first"), second = generate(two, "second");

    TRUE(!same_id(first, second));
    TEXT(two, first, "first");
    TEXT(one, second, "second");
    free_all(&first, 1);
    free_all(&second, 1);
}

const struct test generated_id_tests[] = {
    {117, "SectionCreate with {0,NULL} generates an id that every call accepts", EVERY, t117, 0, 0},
    {118, "generated ids have 8 bytes and are not given out twice; none with maxSectionIdSize 0",
     EVERY, t118, 0, 0},
    {119, "a generated id has at most maxSectionIdSize bytes", EVERY, t119, 0, 0},
    {120, "a generated id never equals one in use: a collision tries the next", EVERY, t120, 0, 0},
    {121, "generated ids differ also through two handles", EVERY, t121, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
