//go:build ignore

/*
 * read.c: CheckpointRead.
 */
#include "clovis.h"

static ClCkptHdlT two_sections(void)
{
    ClCkptHdlT checkpoint = fresh();

    add_section(checkpoint, SID("a"), "0123456789");
    add_section(checkpoint, SID("b"), "abcdef");
    return checkpoint;
}

static void ok(void)
{
    ClCkptHdlT checkpoint = two_sections();
    char a[4], b[6], c[3];
    ClCkptIOVectorElementT elements[] = {element(SID("a"), a, 4, 3), element(SID("b"), b, 6, 0),
                                         element(SID("a"), c, 3, 0)};
    ClUint32T index = 4711;

    OK(clCkptCheckpointRead(checkpoint, elements, 3, &index));
    EQUAL(0, index);
    EQUAL(4, elements[0].readSize);
    BYTES("3456", a, 4);
    EQUAL(6, elements[1].readSize);
    BYTES("abcdef", b, 6);
    EQUAL(3, elements[2].readSize);
    BYTES("012", c, 3);
    note("the index pointer may be NULL");
    OK(clCkptCheckpointRead(checkpoint, elements, 3, NULL));
}

/* A vector is used again and again: only readSize is set in it. */
static void vector_untouched(void)
{
    ClCkptHdlT checkpoint = two_sections();
    char buffer[MAX_SIZE];
    ClCkptIOVectorElementT e = element(SID("a"), buffer, MAX_SIZE, 4), as_given = e;

    for (int i = 0; i < 3; i++) {
        OK(clCkptCheckpointRead(checkpoint, &e, 1, NULL));
        EQUAL(6, e.readSize);
        as_given.readSize = 6;
        BYTES(&as_given, &e, sizeof e);
        BYTES("456789", buffer, 6);
    }
}

static void short_reads(void)
{
    ClCkptHdlT checkpoint = two_sections();
    char *buffer = guarded(10);
    static const struct {
        ClSizeT size;
        ClOffsetT offset;
        ClSizeT want;
    } reads[] = {{10, 0, 10}, {10, 7, 3}, {1, 9, 1}, {10, 10, 0}, {10, 11, 0}, {10, MAX_SIZE, 0}, {0, 0, 0}};

    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        ClCkptIOVectorElementT e = element(SID("a"), buffer, reads[i].size, reads[i].offset);
        note("%llu bytes at %lld", (unsigned long long)reads[i].size, (long long)reads[i].offset);
        e.readSize = 4711;
        memset(buffer, '#', 10);
        OK(clCkptCheckpointRead(checkpoint, &e, 1, NULL));
        EQUAL(reads[i].want, e.readSize);
        if (e.readSize > 0)
            BYTES(&"0123456789"[reads[i].offset], buffer, e.readSize);
        for (ClSizeT j = e.readSize; j < 10; j++)
            EQUAL('#', buffer[j]);
    }
}

/* A buffer of the library's holds all to the end of the section, whatever dataSize says. */
static void allocated(void)
{
    static const ClSizeT sizes[] = {0, 1, 10, MAX_SIZE, MAX_SIZE + 1, ~0ULL};
    ClCkptHdlT checkpoint = two_sections();

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ClCkptIOVectorElementT elements[] = {element(SID("a"), NULL, sizes[i], 0),
                                             element(SID("a"), NULL, sizes[i], 4),
                                             element(SID("b"), NULL, sizes[i], 0)};
        note("dataSize %llu", (unsigned long long)sizes[i]);
        OK(clCkptCheckpointRead(checkpoint, elements, 3, NULL));
        EQUAL(10, elements[0].readSize);
        BYTES("0123456789", elements[0].dataBuffer, 10);
        EQUAL(6, elements[1].readSize);
        BYTES("456789", elements[1].dataBuffer, 6);
        EQUAL(6, elements[2].readSize);
        BYTES("abcdef", elements[2].dataBuffer, 6);
        for (int e = 0; e < 3; e++) {
            EQUAL(sizes[i], elements[e].dataSize);
            clHeapFree(elements[e].dataBuffer);
        }
    }
}

static void allocated_nothing(void)
{
    ClCkptHdlT checkpoint = two_sections();
    ClCkptIOVectorElementT e = element(SID("a"), NULL, 0, 10);

    OK(clCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(0, e.readSize);
    TRUE(e.dataBuffer == NULL);
    add_section(checkpoint, SID("empty"), "");
    e = element(SID("empty"), NULL, 0, 0);
    OK(clCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(0, e.readSize);
    TRUE(e.dataBuffer == NULL);
}

static void allocated_fails(void)
{
    ClCkptHdlT checkpoint = two_sections();
    ClCkptIOVectorElementT elements[] = {element(SID("a"), NULL, 0, 0), element(SID("c"), NULL, 0, 0)};
    ClUint32T index = 4711;

    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointRead(checkpoint, elements, 2, &index));
    EQUAL(1, index);
    TRUE(elements[0].dataBuffer == NULL);
    TRUE(elements[1].dataBuffer == NULL);
}

static void null_pointer(void)
{
    ClCkptHdlT checkpoint = two_sections();
    ClUint32T index;
    char byte;
    ClCkptIOVectorElementT e = element(DEFAULT_ID, &byte, 1, 0);

    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointRead(checkpoint, NULL, 1, &index));
    note("{0, NULL} of a checkpoint with several sections");
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointRead(checkpoint, &e, 1, &index));
}

static void not_exist(void)
{
    char buffer[MAX_SIZE];
    RC(CL_CKPT_ERR_NOT_EXIST, section_read(without_active_replica(), SID("a"), buffer, NULL));
}

static void unknown_section(void)
{
    ClCkptHdlT checkpoint = two_sections();
    char buffer[2][MAX_SIZE];
    ClCkptIOVectorElementT elements[] = {element(SID("a"), buffer[0], 4, 0), element(SID("c"), buffer[1], 4, 0),
                                         element(SID("d"), buffer[1], 4, 0)};
    ClUint32T index = 4711;

    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointRead(checkpoint, elements, 3, &index));
    EQUAL(1, index);
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointRead(checkpoint, elements, 3, NULL));
}

static void not_permitted(void)
{
    char buffer[MAX_SIZE];
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED,
       section_read(fresh_opened(attributes(), WRITE), SID("a"), buffer, NULL));
}

static void create_alone_cannot_read(void)
{
    ClCkptSvcHdlT service = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes();
    ClCkptHdlT checkpoint;
    char buffer[MAX_SIZE];

    OK(clCkptCheckpointOpen(service, &name, &a, CREATE, 0, &checkpoint));
    add_section(checkpoint, SID("a"), "data");
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_read(checkpoint, SID("a"), buffer, NULL));
}

static void refused(ClCkptHdlT checkpoint, ClSizeT size, ClOffsetT offset)
{
    char good[4] = "";
    ClCkptIOVectorElementT elements[] = {element(SID("a"), good, 4, 0),
                                         element(SID("b"), guarded(1), size, offset)};
    ClUint32T index = 4711;

    note("%llu bytes at %lld", (unsigned long long)size, (long long)offset);
    RC(CL_CKPT_ERR_INVALID_PARAMETER, clCkptCheckpointRead(checkpoint, elements, 2, &index));
    EQUAL(1, index);
}

static void offset_too_large(void)
{
    ClCkptHdlT checkpoint = two_sections();

    refused(checkpoint, 1, MAX_SIZE + 1);
    refused(checkpoint, 1, (ClOffsetT)CL_TIME_END);
    refused(checkpoint, 1, -1);
}

static void size_too_large(void)
{
    ClCkptHdlT checkpoint = two_sections();

    refused(checkpoint, MAX_SIZE + 1, 0);
    refused(checkpoint, ~0ULL, 0);
}

static void no_elements(void)
{
    char buffer[1] = {0};
    ClCkptIOVectorElementT e = element(SID("a"), buffer, 1, 0);
    RC(CL_CKPT_ERR_INVALID_PARAMETER, clCkptCheckpointRead(two_sections(), &e, 0, NULL));
}

static void default_id(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());

    TEXT(checkpoint, DEFAULT_ID, "");
    OK(section_overwrite(checkpoint, DEFAULT_ID, "data", 4));
    TEXT(checkpoint, DEFAULT_ID, "data");
}

const struct test read_tests[] = {
    TEST("clCkptCheckpointRead CL_OK", "several elements with offsets; the index is 0", ok),
    TEST("clCkptCheckpointRead CL_ERR_NULL_POINTER", "no vector; {0, NULL} with several sections", null_pointer),
    NEVER("clCkptCheckpointRead CL_ERR_NO_MEMORY", "only when memory is short (tests/scale)"),
    NEVER("clCkptCheckpointRead CL_CKPT_ERR_VERSION_MISMATCH", "clCkptInitialize settles the versions"),
    TEST("clCkptCheckpointRead CL_CKPT_ERR_NOT_EXIST", "no active replica", not_exist),
    TEST("clCkptCheckpointRead CL_CKPT_ERR_NOT_EXIST, section", "no such section; the index names the first",
         unknown_section),
    TEST("clCkptCheckpointRead CL_CKPT_ERR_OP_NOT_PERMITTED", "not opened with READ", not_permitted),
    TEST("clCkptCheckpointRead CL_CKPT_ERR_OP_NOT_PERMITTED, CREATE", "alone does not permit to read",
         create_alone_cannot_read),
    TEST("clCkptCheckpointRead CL_CKPT_ERR_INVALID_PARAMETER, offset", "beyond maxSectionSize, or negative",
         offset_too_large),
    TEST("clCkptCheckpointRead CL_CKPT_ERR_INVALID_PARAMETER, size",
         "beyond maxSectionSize; the buffer is not touched", size_too_large),
    TEST("clCkptCheckpointRead CL_CKPT_ERR_INVALID_PARAMETER, numberOfElements", "0", no_elements),
    TEST("clCkptCheckpointRead short", "to the end of the section; 0 at and beyond it", short_reads),
    TEST("clCkptCheckpointRead vector", "dataSize and dataOffset are left alone", vector_untouched),
    TEST("clCkptCheckpointRead allocating", "all from the offset, dataSize is ignored; clHeapFree frees it",
         allocated),
    TEST("clCkptCheckpointRead allocating nothing", "the buffer stays NULL", allocated_nothing),
    TEST("clCkptCheckpointRead allocating and failing", "leaves no buffer behind", allocated_fails),
    TEST("clCkptCheckpointRead default section", "empty until written", default_id),
    END_OF_TESTS,
};
