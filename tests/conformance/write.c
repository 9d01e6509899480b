//go:build ignore

/*
 * write.c: 163 to 184: Write and Overwrite.
 */
#include "harness.h"

#define UNTOUCHED 4711u /* what an index or size holds before a call */

/* Sections "a", "b" and "c" hold "aaaa", "bbbb" and "cccc". */
static SaCkptCheckpointHandleT with_three(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    add_section(checkpoint, SID("a"), "aaaa");
    add_section(checkpoint, SID("b"), "bbbb");
    add_section(checkpoint, SID("c"), "cccc");
    return checkpoint;
}

static void three_unchanged(SaCkptCheckpointHandleT checkpoint)
{
    TEXT(checkpoint, SID("a"), "aaaa");
    TEXT(checkpoint, SID("b"), "bbbb");
    TEXT(checkpoint, SID("c"), "cccc");
}

static void t163(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    OK(section_create(checkpoint, SID("a"), SA_TIME_END, NULL, 0));
    OK(section_write(checkpoint, SID("a"), 0, "0123456789", 10));
    TEXT(checkpoint, SID("a"), "0123456789");
    EQUAL(10, describe(checkpoint, SID("a")).sectionSize);
}

static void t164(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    char want[60] = "0123456789", full[MAX_SIZE];

    memcpy(want + 50, "ABCDEFGHIJ", 10);
    add_section(checkpoint, SID("a"), "0123456789");
    OK(section_write(checkpoint, SID("a"), 50, "ABCDEFGHIJ", 10));
    CONTENT(checkpoint, SID("a"), want, 60);
    note("after a longer content was there");
    memset(full, 0xff, sizeof full);
    OK(section_overwrite(checkpoint, SID("a"), full, sizeof full));
    OK(section_overwrite(checkpoint, SID("a"), "0123456789", 10));
    OK(section_write(checkpoint, SID("a"), 50, "ABCDEFGHIJ", 10));
    CONTENT(checkpoint, SID("a"), want, 60);
}

static void t165(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    add_section(checkpoint, SID("a"), "0123456789");
    OK(section_write(checkpoint, SID("a"), 3, "xy", 2));
    TEXT(checkpoint, SID("a"), "012xy56789");
    OK(section_write(checkpoint, SID("a"), 0, "z", 1));
    TEXT(checkpoint, SID("a"), "z12xy56789");
    note("over the end");
    OK(section_write(checkpoint, SID("a"), 9, "END", 3));
    TEXT(checkpoint, SID("a"), "z12xy5678END");
}

static void t166(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaUint32T index = UNTOUCHED;
    SaCkptIOVectorElementT two[] = {element(SID("a"), "AA", 2, 1), element(SID("b"), "BBB", 3, 4)};
    SaCkptIOVectorElementT overlapping[] = {
        element(SID("c"), "111111", 6, 0),
        element(SID("c"), "2222", 4, 1),
        element(SID("c"), "33", 2, 2),
        element(SID("c"), "4", 1, 8),
    };

    OK(saCkptCheckpointWrite(checkpoint, two, 2, &index));
    TEXT(checkpoint, SID("a"), "aAAa");
    TEXT(checkpoint, SID("b"), "bbbbBBB");
    TEXT(checkpoint, SID("c"), "cccc");
    OK(saCkptCheckpointWrite(checkpoint, overlapping, 4, &index));
    CONTENT(checkpoint, SID("c"), "123321\0\0004", 9);
}

static void t167(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAA", 4, 0),
                                  element(SID("unknown"), "XXXX", 4, 0),
                                  element(SID("c"), "CCCC", 4, 0)};
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointWrite(checkpoint, e, 3, &index));
    EQUAL(1, index);
}

static void t168(void)
{
    static const SaCkptCheckpointCreationFlagsT modes[] = {1, 2, 4};
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAAAA", 6, 2),
                                  element(SID("unknown"), "XXXX", 4, 0),
                                  element(SID("c"), "CCCC", 4, 0)};

    for (int i = 0; i < 3; i++) {
        char suffix[2] = {(char)('a' + i), 0};
        SaNameT name = name_of(suffix);
        Attributes a = attributes_with(modes[i]);
        SaCkptCheckpointHandleT checkpoint = create(initialize(), &name, &a);
        note("creationFlags %#x", modes[i]);
        add_section(checkpoint, SID("a"), "aaaa");
        add_section(checkpoint, SID("b"), "bbbb");
        add_section(checkpoint, SID("c"), "cccc");
        RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointWrite(checkpoint, e, 3, NULL));
        three_unchanged(checkpoint);
    }
}

static void t169(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    char data[MAX_SIZE] = {0};
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAA", 4, 0), element(SID("b"), data, 10, 91),
                                  element(SID("c"), data, MAX_SIZE, 1)};
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_NO_RESOURCES, saCkptCheckpointWrite(checkpoint, e, 3, &index));
    EQUAL(1, index);
    three_unchanged(checkpoint);
    note("sums that do not fit 64 bits");
    e[0] = element(SID("a"), data, 10, ~0ULL);
    RC(SA_AIS_ERR_NO_RESOURCES, saCkptCheckpointWrite(checkpoint, e, 1, &index));
    EQUAL(0, index);
    e[0] = element(SID("a"), data, 10, ~0ULL - 9);
    RC(SA_AIS_ERR_NO_RESOURCES, saCkptCheckpointWrite(checkpoint, e, 1, &index));
    three_unchanged(checkpoint);
    note("just fitting");
    OK(section_write(checkpoint, SID("b"), 90, data, 10));
    EQUAL(MAX_SIZE, describe(checkpoint, SID("b")).sectionSize);
}

static void t170(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAA", 4, 0), element(SID("b"), "BBBB", 4, 0),
                                  element(SID("c"), guarded(1), MAX_SIZE + 1, 0)};
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(checkpoint, e, 3, &index));
    EQUAL(2, index);
    e[1] = element(SID("b"), guarded(1), ~0ULL, 0);
    note("two such elements");
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(checkpoint, e, 3, &index));
    EQUAL(1, index);
    three_unchanged(checkpoint);
}

static void t171(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAA", 4, 0),
                                  element(SID("unknown"), "X", 1, 0)};

    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointWrite(checkpoint, e, 2, NULL));
    e[1] = element(SID("b"), "X", 1, MAX_SIZE);
    RC(SA_AIS_ERR_NO_RESOURCES, saCkptCheckpointWrite(checkpoint, e, 2, NULL));
    e[1] = element(SID("b"), guarded(1), MAX_SIZE + 1, 0);
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(checkpoint, e, 2, NULL));
    three_unchanged(checkpoint);
    OK(saCkptCheckpointWrite(checkpoint, e, 1, NULL));
    TEXT(checkpoint, SID("a"), "AAAA");
}

static void t172(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAA", 4, 0), element(SID("b"), "X", 1, 0)};
    SaUint32T index = UNTOUCHED;

    OK(saCkptCheckpointWrite(checkpoint, e, 2, &index));
    EQUAL(0, index);
}

static void t173(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaUint32T index;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(checkpoint, NULL, 1, &index));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(checkpoint, NULL, 0, NULL));
    three_unchanged(checkpoint);
}

static void t174(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptIOVectorElementT e = element(SID("a"), "AAAA", 4, 0);
    SaUint32T index;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(checkpoint, &e, 0, &index));
    three_unchanged(checkpoint);
}

static void t175(void)
{
    SaNameT name = name_of("x");
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptCheckpointHandleT reader = open_as(initialize(), &name, READ);
    SaCkptIOVectorElementT e = element(SID("a"), guarded(1), MAX_SIZE + 1, 0);
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_ACCESS, section_write(reader, SID("a"), 0, "AAAA", 4));
    RC(SA_AIS_ERR_ACCESS, section_write(reader, SID("unknown"), 0, "AAAA", 4));
    note("the size is tested first");
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(reader, &e, 1, &index));
    EQUAL(0, index);
    three_unchanged(checkpoint);
}

static void t176(void)
{
    SaNameT name = name_of("x");
    Attributes a = one_section();
    SaCkptCheckpointHandleT checkpoint = create(initialize(), &name, &a);

    OK(section_write(checkpoint, DEFAULT_SECTION, 2, "data", 4));
    CONTENT(checkpoint, DEFAULT_SECTION, "\0\0data", 6);
    RC(SA_AIS_ERR_NOT_EXIST, section_write(checkpoint, SID("a"), 0, "data", 4));
}

static void t177(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAA", 4, 0),
                                  element(DEFAULT_SECTION, "XXXX", 4, 0)};
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointWrite(checkpoint, e, 2, &index));
    EQUAL(1, index);
    three_unchanged(checkpoint);
}

static void t178(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptIOVectorElementT e[] = {element(SID("a"), "AAAA", 4, 0),
                                  element(SID("b"), "BBBB", 4, 0)};

    e[0].readSize = UNTOUCHED;
    e[1].readSize = UNTOUCHED + 1;
    OK(saCkptCheckpointWrite(checkpoint, e, 2, NULL));
    EQUAL(UNTOUCHED, e[0].readSize);
    EQUAL(UNTOUCHED + 1, e[1].readSize);
    EQUAL(4, e[0].dataSize);
}

static void t179(void)
{
    SaNameT name = name_of("x");
    SaCkptCheckpointHandleT checkpoint = with_three(), kept;

    kept = open_as(initialize(), &name, READ);
    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, section_write(checkpoint, SID("a"), 0, "AAAA", 4));
    RC(SA_AIS_ERR_BAD_HANDLE, section_overwrite(checkpoint, SID("a"), "AAAA", 4));
    three_unchanged(kept);
}

static void t180(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();
    char long_one[MAX_SIZE];

    memset(long_one, 'L', sizeof long_one);
    OK(section_overwrite(checkpoint, SID("a"), long_one, sizeof long_one));
    CONTENT(checkpoint, SID("a"), long_one, sizeof long_one);
    OK(section_overwrite(checkpoint, SID("a"), "s", 1));
    TEXT(checkpoint, SID("a"), "s");
    EQUAL(1, describe(checkpoint, SID("a")).sectionSize);
    TEXT(checkpoint, SID("b"), "bbbb");
}

static void t181(void)
{
    SaCkptCheckpointHandleT checkpoint = with_three();

    RC(SA_AIS_ERR_INVALID_PARAM, section_overwrite(checkpoint, SID("a"), NULL, 0));
    RC(SA_AIS_ERR_INVALID_PARAM, section_overwrite(checkpoint, SID("a"), NULL, 4));
    TEXT(checkpoint, SID("a"), "aaaa");
    OK(section_overwrite(checkpoint, SID("a"), "x", 0));
    CONTENT(checkpoint, SID("a"), "", 0);
    EQUAL(3, number_of_sections(checkpoint));
}

static void t182(void)
{
    SaNameT name = name_of("x");
    SaCkptCheckpointHandleT checkpoint = with_three();
    SaCkptCheckpointHandleT reader = open_as(initialize(), &name, READ);

    RC(SA_AIS_ERR_INVALID_PARAM,
       section_overwrite(checkpoint, SID("a"), guarded(1), MAX_SIZE + 1));
    RC(SA_AIS_ERR_INVALID_PARAM, section_overwrite(checkpoint, SID("a"), guarded(1), ~0ULL));
    RC(SA_AIS_ERR_NOT_EXIST, section_overwrite(checkpoint, SID("unknown"), "x", 1));
    RC(SA_AIS_ERR_NOT_EXIST, section_overwrite(checkpoint, DEFAULT_SECTION, "x", 1));
    RC(SA_AIS_ERR_ACCESS, section_overwrite(reader, SID("a"), "x", 1));
    three_unchanged(checkpoint);
    EQUAL(3, number_of_sections(checkpoint));
}

static void t183(void)
{
    SaNameT name = name_of("x");
    Attributes a = one_section();
    SaCkptCheckpointHandleT checkpoint = create(initialize(), &name, &a);

    OK(section_overwrite(checkpoint, DEFAULT_SECTION, "data", 4));
    TEXT(checkpoint, DEFAULT_SECTION, "data");
    checkpoint = fresh("named");
    OK(section_create(checkpoint, SID("a"), SA_TIME_END, NULL, 0));
    OK(section_overwrite(checkpoint, SID("a"), "data", 4));
    TEXT(checkpoint, SID("a"), "data");
}

#define SERIES 300

static uint64_t counter_in(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id)
{
    char buffer[MAX_SIZE];
    uint64_t value = 0;
    SaSizeT size;

    OK(section_read(checkpoint, id, buffer, &size));
    if (size == 0)
        return 0;
    EQUAL(sizeof value, size);
    memcpy(&value, buffer, sizeof value);
    return value;
}

static void t184(void)
{
    static const SaCkptCheckpointCreationFlagsT modes[] = {1, 2};
    struct peer peer = peer_start(client->name);

    for (int i = 0; i < 2; i++) {
        char suffix[2] = {(char)('a' + i), 0};
        SaNameT name = name_of(suffix);
        Attributes a = attributes_with(modes[i]);
        SaCkptCheckpointHandleT checkpoint = create(initialize(), &name, &a);
        uint64_t second = 0;

        note("creationFlags %#x", modes[i]);
        OK(section_create(checkpoint, SID("first"), SA_TIME_END, NULL, 0));
        OK(section_create(checkpoint, SID("second"), SA_TIME_END, NULL, 0));
        OK(peer_do(&peer, "open %d %d %.*s", i, READ | WRITE, name.length, name.value));
        peer_send(&peer, "series %d %d", i, SERIES);
        for (SaTimeT until = monotonic_now() + 40 * SECOND; second < SERIES;) {
            uint64_t later = counter_in(checkpoint, SID("second"));
            TRUE(later >= second);
            second = later;
            TRUE(counter_in(checkpoint, SID("first")) >= second);
            TRUE(monotonic_now() < until);
        }
        OK(peer_result(&peer, WAIT_MS));
    }
}

const struct test write_tests[] = {
    {163, "Write to an empty section sets its size", EVERY, t163, 0, 0},
    {164, "Write beyond the end makes the section grow; the gap is zeros", EVERY, t164, 0, 0},
    {165, "Write inside a section leaves its size", EVERY, t165, 0, 0},
    {166, "the elements of a Write take effect in order", EVERY, t166, 0, 0},
    {167, "Write with an unknown section in element 1: NOT_EXIST, index 1", EVERY, t167, 0, 0},
    {168, "then nothing is written, in any update mode", EVERY, t168, 0, 0},
    {169, "offset + size above maxSectionSize: NO_RESOURCES with the index, nothing written", EVERY,
     t169, 0, 0},
    {170, "size above maxSectionSize: INVALID_PARAM with the index, the buffer not touched", EVERY,
     t170, 0, 0},
    {171, "the place for the index may be NULL", EVERY, t171, 0, 0},
    {172, "the index is 0 after success", EVERY, t172, 0, 0},
    {173, "Write without elements' array: INVALID_PARAM", EVERY, t173, 0, 0},
    {174, "Write of 0 elements: INVALID_PARAM", EVERY, t174, 0, 0},
    {175, "Write on a handle without WRITE: ACCESS, but sizes are tested before", EVERY, t175, 0, 0},
    {176, "{0,NULL} writes the default section", EVERY, t176, 0, 0},
    {177, "{0,NULL} where there is no default section: NOT_EXIST with the index", EVERY, t177, 0, 0},
    {178, "Write leaves readSize alone", EVERY, t178, 0, 0},
    {179, "Write and Overwrite on a closed handle: BAD_HANDLE", EVERY, t179, 0, 0},
    {180, "Overwrite replaces content and size exactly", EVERY, t180, 0, 0},
    {181, "Overwrite with size 0 empties a section, but a NULL buffer is INVALID_PARAM", EVERY, t181,
     0, 0},
    {182, "Overwrite: too large INVALID_PARAM, unknown section NOT_EXIST, without WRITE ACCESS",
     EVERY, t182, 0, 0},
    {183, "Overwrite needs no Write before it, and works on the default section", EVERY, t183, 0, 0},
    {184, "a reader that sees a writer's second update also sees its first", EVERY, t184, 0, 100},
    {0, NULL, 0, NULL, 0, 0},
};
