//go:build ignore

/*
 * write.c: CheckpointWrite.
 */
#include "clovis.h"

#define SETTLED "clCkptInitialize settles the versions"
#define SHORT "only when memory is short (tests/scale)"

/* Sections "a" with "aaaa" and "b" with "bbbb". */
static ClCkptHdlT two_sections(ClCkptCreationFlagsT flags)
{
    ClCkptHdlT checkpoint = fresh_with(attributes_with(flags));

    add_section(checkpoint, SID("a"), "aaaa");
    add_section(checkpoint, SID("b"), "bbbb");
    return checkpoint;
}

static void ok(void)
{
    static const ClCkptCreationFlagsT flags[] = {CL_CKPT_WR_ALL_REPLICAS, CL_CKPT_WR_ACTIVE_REPLICA,
                                                 CL_CKPT_WR_ACTIVE_REPLICA_WEAK};
    ClCkptIOVectorElementT elements[] = {element(SID("a"), "12", 2, 1), element(SID("b"), "345", 3, 0),
                                         element(SID("a"), "6", 1, 2)};
    ClCkptIOVectorElementT as_given[3];
    ClUint32T index;

    for (int i = 0; i < 3; i++)
        elements[i].readSize = 77;
    memcpy(as_given, elements, sizeof as_given);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        ClCkptSvcHdlT service = initialize();
        Attributes a = attributes_with(flags[i]);
        ClNameT name = name_of(i == 0 ? "0" : i == 1 ? "1" : "2");
        ClCkptHdlT checkpoint = create(service, &name, &a);

        note("creationFlags %#x", flags[i]);
        add_section(checkpoint, SID("a"), "aaaa");
        add_section(checkpoint, SID("b"), "bbbb");
        index = 4711;
        OK(clCkptCheckpointWrite(checkpoint, elements, 3, &index));
        EQUAL(4711, index);
        TEXT(checkpoint, SID("a"), "a16a");
        TEXT(checkpoint, SID("b"), "345b");
        BYTES(as_given, elements, sizeof as_given);
        OK(clCkptCheckpointWrite(checkpoint, elements, 3, NULL));
    }
}

static void grows(void)
{
    ClCkptHdlT checkpoint = two_sections(CL_CKPT_WR_ALL_REPLICAS);
    char full[MAX_SIZE];

    OK(section_write(checkpoint, SID("a"), 6, "zz", 2));
    CONTENT(checkpoint, SID("a"), "aaaa\0\0zz", 8);
    note("never shrinks");
    OK(section_write(checkpoint, SID("a"), 0, "x", 1));
    CONTENT(checkpoint, SID("a"), "xaaa\0\0zz", 8);
    memset(full, 'f', sizeof full);
    OK(section_write(checkpoint, SID("b"), 0, full, MAX_SIZE));
    CONTENT(checkpoint, SID("b"), full, MAX_SIZE);
    OK(section_write(checkpoint, SID("b"), MAX_SIZE - 1, "e", 1));
}

/* checkpointSize is not a limit after the open. */
static void beyond_checkpoint_size(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;

    a.checkpointSize = 1;
    checkpoint = fresh_with(a);
    add_section(checkpoint, SID("a"), "data");
    OK(section_write(checkpoint, SID("a"), 4, "more", 4));
    TEXT(checkpoint, SID("a"), "datamore");
}

static void no_section_limit(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;
    char data[MAX_SIZE] = "size 0 stands for no limit";

    a.maxSectionSize = 0;
    checkpoint = fresh_with(a);
    OK(section_create(checkpoint, SID("a"), (ClTimeT)CL_TIME_END, data, sizeof data));
    OK(section_write(checkpoint, SID("a"), 0, data, sizeof data));
    OK(section_overwrite(checkpoint, SID("a"), data, sizeof data));
    CONTENT(checkpoint, SID("a"), data, sizeof data);
}

/* The element with this index is bad: nothing is written, and the index says which. */
static void refused(ClRcT want, ClCkptHdlT checkpoint, ClCkptIOVectorElementT bad)
{
    ClCkptIOVectorElementT elements[] = {element(SID("a"), "12", 2, 0), element(SID("b"), "34", 2, 0),
                                         bad, element(SID("nowhere"), "56", 2, 0)};
    ClUint32T index = 4711;

    RC(want, clCkptCheckpointWrite(checkpoint, elements, 4, &index));
    EQUAL(2, index);
    RC(want, clCkptCheckpointWrite(checkpoint, elements, 3, NULL));
    TEXT(checkpoint, SID("a"), "aaaa");
    TEXT(checkpoint, SID("b"), "bbbb");
}

static void index_may_be_null(void)
{
    ClCkptHdlT checkpoint = two_sections(CL_CKPT_WR_ALL_REPLICAS);
    const ClCkptIOVectorElementT good = element(SID("a"), "12", 2, 0), bad = element(SID("c"), "12", 2, 0);

    OK(clCkptCheckpointWrite(checkpoint, &good, 1, NULL));
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointWrite(checkpoint, &bad, 1, NULL));
}

static void not_exist(void)
{
    RC(CL_CKPT_ERR_NOT_EXIST, section_write(without_active_replica(), SID("a"), 0, "x", 1));
}

static void unknown_section(void)
{
    refused(CL_CKPT_ERR_NOT_EXIST, two_sections(CL_CKPT_WR_ALL_REPLICAS), element(SID("c"), "x", 1, 0));
}

static void not_permitted(void)
{
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_write(fresh_opened(attributes(), READ), SID("a"), 0, "x", 1));
}

static void invalid_vector(void)
{
    ClCkptHdlT checkpoint = two_sections(CL_CKPT_WR_ALL_REPLICAS);
    const ClCkptIOVectorElementT good = element(SID("a"), "12", 2, 0);
    ClUint32T index;

    RC(CL_CKPT_ERR_INVALID_PARAMETER, clCkptCheckpointWrite(checkpoint, NULL, 1, &index));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, clCkptCheckpointWrite(checkpoint, &good, 0, &index));
    TEXT(checkpoint, SID("a"), "aaaa");
}

static void too_large(void)
{
    ClCkptHdlT checkpoint = two_sections(CL_CKPT_WR_ACTIVE_REPLICA);

    refused(CL_CKPT_ERR_INVALID_PARAMETER, checkpoint, element(SID("a"), guarded(1), MAX_SIZE + 1, 0));
    refused(CL_CKPT_ERR_INVALID_PARAMETER, checkpoint, element(SID("a"), "12", 2, MAX_SIZE - 1));
    refused(CL_CKPT_ERR_INVALID_PARAMETER, checkpoint, element(SID("a"), "12", 2, MAX_SIZE));
    refused(CL_CKPT_ERR_INVALID_PARAMETER, checkpoint, element(SID("a"), "12", 2, -1));
    refused(CL_CKPT_ERR_INVALID_PARAMETER, checkpoint, element(SID("a"), "12", 2, (ClOffsetT)CL_TIME_END));
    refused(CL_CKPT_ERR_INVALID_PARAMETER, checkpoint, element(SID("a"), guarded(1), ~0ULL, 1));
}

static void no_data(void)
{
    refused(CL_CKPT_ERR_INVALID_PARAMETER, two_sections(CL_CKPT_WR_ALL_REPLICAS), element(SID("a"), NULL, 1, 0));
}

static void default_id(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());

    OK(section_write(checkpoint, DEFAULT_ID, 2, "data", 4));
    CONTENT(checkpoint, DEFAULT_ID, "\0\0data", 6);
    note("a checkpoint with more sections has none");
    refused(CL_CKPT_ERR_INVALID_PARAMETER, two_sections(CL_CKPT_WR_ALL_REPLICAS),
            element(DEFAULT_ID, "x", 1, 0));
}

#define LARGE (8u << 20)

static void large(void)
{
    static unsigned char data[LARGE], got[LARGE];
    Attributes a = one_section();
    ClCkptHdlT checkpoint;
    ClCkptIOVectorElementT e = element(DEFAULT_ID, data, LARGE, 0);

    a.maxSectionSize = LARGE;
    checkpoint = fresh_with(a);
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (unsigned char)(i * 31 + (i >> 12));
    OK(clCkptCheckpointWrite(checkpoint, &e, 1, NULL));
    e.dataBuffer = got;
    OK(clCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(LARGE, e.readSize);
    BYTES(data, got, LARGE);
}

const struct test write_tests[] = {
    TEST("clCkptCheckpointWrite CL_OK", "all elements in order; index and elements are left alone", ok),
    TEST("clCkptCheckpointWrite CL_ERR_NULL_POINTER",
         "is not returned: the index pointer may be NULL, in success and failure", index_may_be_null),
    NEVER("clCkptCheckpointWrite CL_ERR_NO_MEMORY", SHORT),
    NEVER("clCkptCheckpointWrite CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptCheckpointWrite CL_CKPT_ERR_NOT_EXIST", "no active replica", not_exist),
    TEST("clCkptCheckpointWrite CL_CKPT_ERR_NOT_EXIST, section",
         "no such section: nothing is written, the index names the first bad element", unknown_section),
    TEST("clCkptCheckpointWrite CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE", not_permitted),
    TEST("clCkptCheckpointWrite CL_CKPT_ERR_INVALID_PARAMETER", "no vector, or no elements", invalid_vector),
    TEST("clCkptCheckpointWrite CL_CKPT_ERR_INVALID_PARAMETER, size",
         "beyond maxSectionSize, or a negative offset: nothing is written", too_large),
    TEST("clCkptCheckpointWrite CL_CKPT_ERR_INVALID_PARAMETER, data", "NULL with a size", no_data),
    TEST("clCkptCheckpointWrite default section", "with maxSections 1; else INVALID_PARAMETER", default_id),
    TEST("clCkptCheckpointWrite growing", "a gap reads as zeros; a section never shrinks", grows),
    TEST("clCkptCheckpointWrite checkpointSize", "is no limit", beyond_checkpoint_size),
    TEST("maxSectionSize 0", "stands for no limit", no_section_limit),
    TEST("clCkptCheckpointWrite 8 MiB", "in one element, read back", large),
    END_OF_TESTS,
};
