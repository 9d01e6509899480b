//go:build ignore

/*
 * read.c: 185 to 195: Read.
 */
#include "harness.h"

#include <stdlib.h>

#define UNTOUCHED 4711u

/* Sections "a" and "b" hold "0123456789" and "bbbb"; "empty" nothing. */
static SaCkptCheckpointHandleT begin(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    add_section(checkpoint, SID("a"), "0123456789");
    add_section(checkpoint, SID("b"), "bbbb");
    OK(section_create(checkpoint, SID("empty"), SA_TIME_END, NULL, 0));
    return checkpoint;
}

static void t185(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char *buffer = guarded(10);
    SaCkptIOVectorElementT e = element(SID("a"), buffer, 10, 0);
    SaUint32T index = UNTOUCHED;

    OK(saCkptCheckpointRead(checkpoint, &e, 1, &index));
    EQUAL(10, e.readSize);
    BYTES("0123456789", buffer, 10);
    EQUAL(10, e.dataSize);
    TRUE(e.dataBuffer == buffer);
}

static void t186(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char buffer[MAX_SIZE];
    SaCkptIOVectorElementT e = element(SID("a"), buffer, MAX_SIZE, 0);

    memset(buffer, 'u', sizeof buffer);
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(10, e.readSize);
    BYTES("0123456789uuuu", buffer, 14);
    EQUAL('u', buffer[MAX_SIZE - 1]);
}

static void t187(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char *buffer = guarded(3);
    SaCkptIOVectorElementT e = element(SID("a"), buffer, 3, 5);

    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(3, e.readSize);
    BYTES("567", buffer, 3);
    note("several elements in one call");
    {
        char one[4], two[4], three[4];
        SaCkptIOVectorElementT many[] = {element(SID("b"), one, 4, 2), element(SID("a"), two, 2, 8),
                                         element(SID("a"), three, 4, 0)};
        OK(saCkptCheckpointRead(checkpoint, many, 3, NULL));
        EQUAL(2, many[0].readSize);
        BYTES("bb", one, 2);
        EQUAL(2, many[1].readSize);
        BYTES("89", two, 2);
        EQUAL(4, many[2].readSize);
        BYTES("0123", three, 4);
    }
}

static void t188(void)
{
    static const SaSizeT sizes[] = {0, 1, 5, ~0ULL};
    SaCkptCheckpointHandleT checkpoint = begin();

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        SaCkptIOVectorElementT e[] = {element(SID("a"), NULL, sizes[i], 0),
                                      element(SID("a"), NULL, sizes[i], 4)};
        note("dataSize %llu", sizes[i]);
        e[0].readSize = UNTOUCHED;
        OK(saCkptCheckpointRead(checkpoint, e, 2, NULL));
        EQUAL(10, e[0].readSize);
        TRUE(e[0].dataBuffer != NULL);
        BYTES("0123456789", e[0].dataBuffer, 10);
        OK(saCkptIOVectorElementDataFree(checkpoint, e[0].dataBuffer));
        EQUAL(6, e[1].readSize);
        BYTES("456789", e[1].dataBuffer, 6);
        free(e[1].dataBuffer);
    }
    TEXT(checkpoint, SID("a"), "0123456789");
}

static void t189(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char buffer[4] = "uuu";
    SaCkptIOVectorElementT e = element(SID("empty"), NULL, 0, 0);

    e.readSize = UNTOUCHED;
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(0, e.readSize);
    TRUE(e.dataBuffer == NULL);
    note("at the end of a section");
    e = element(SID("a"), NULL, 0, 10);
    e.readSize = UNTOUCHED;
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(0, e.readSize);
    TRUE(e.dataBuffer == NULL);
    note("with a buffer");
    e = element(SID("a"), buffer, 3, 10);
    e.readSize = UNTOUCHED;
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(0, e.readSize);
    e = element(SID("empty"), buffer, 3, 0);
    e.readSize = UNTOUCHED;
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(0, e.readSize);
    BYTES("uuu", buffer, 4);
}

static void t190(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char one[4], two[4];
    SaCkptIOVectorElementT e[] = {element(SID("a"), one, 4, 0), element(SID("a"), two, 4, 11)};
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e, 2, &index));
    EQUAL(1, index);
    note("without a buffer");
    e[1] = element(SID("empty"), NULL, 0, 1);
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e, 2, &index));
    EQUAL(1, index);
    TRUE(e[1].dataBuffer == NULL);
    e[0] = element(SID("a"), NULL, 0, ~0ULL);
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e, 1, &index));
    EQUAL(0, index);
}

static void t191(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char buffer[4];
    SaCkptIOVectorElementT e[] = {element(SID("a"), buffer, 4, 0), element(SID("a"), buffer, 0, 0)};

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e + 1, 1, NULL));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e, 2, NULL));
    note("no elements at all");
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, NULL, 1, NULL));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e, 0, NULL));
}

static void t192(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char buffer[MAX_SIZE];
    SaCkptIOVectorElementT e[] = {element(SID("a"), buffer, 4, 0),
                                  element(SID("b"), guarded(1), MAX_SIZE + 1, 0),
                                  element(SID("a"), guarded(1), ~0ULL, 0)};
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e + 1, 1, &index));
    EQUAL(0, index);
    note("two faulty elements");
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e, 3, &index));
    EQUAL(1, index);
    note("offset + size above the maximum");
    e[1] = element(SID("a"), guarded(1), MAX_SIZE, 1);
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, e, 3, &index));
    EQUAL(1, index);
}

static void t193(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    char one[4], two[4], three[4] = "uuu";
    SaCkptIOVectorElementT e[] = {element(SID("a"), one, 4, 0), element(SID("b"), two, 4, 0),
                                  element(SID("unknown"), three, 4, 0)};
    SaUint32T index = UNTOUCHED;

    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointRead(checkpoint, e, 3, &index));
    EQUAL(2, index);
    BYTES("uuu", three, 4);
    e[2] = element(DEFAULT_SECTION, NULL, 0, 0);
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointRead(checkpoint, e, 3, &index));
    EQUAL(2, index);
    note("the index is 0 after success");
    index = UNTOUCHED;
    OK(saCkptCheckpointRead(checkpoint, e, 2, &index));
    EQUAL(0, index);
}

static void t194(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT writer;
    char buffer[MAX_SIZE] = "uuu";
    SaCkptIOVectorElementT e = element(SID("a"), NULL, 0, 0);

    begin();
    writer = open_as(library, &name, WRITE);
    RC(SA_AIS_ERR_ACCESS, section_read(writer, SID("a"), buffer, NULL));
    RC(SA_AIS_ERR_ACCESS, section_read(writer, SID("unknown"), buffer, NULL));
    RC(SA_AIS_ERR_ACCESS, saCkptCheckpointRead(writer, &e, 1, NULL));
    BYTES("uuu", buffer, 4);
    TRUE(e.dataBuffer == NULL);
}

static void t195(void)
{
    SaCkptCheckpointHandleT checkpoint = begin();
    SaCkptIOVectorElementT e = element(SID("a"), NULL, 0, 0);

    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptIOVectorElementDataFree(checkpoint, NULL));
    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptIOVectorElementDataFree(checkpoint, e.dataBuffer));
    note("the pointer is tested first");
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptIOVectorElementDataFree(checkpoint, NULL));
    BYTES("0123456789", e.dataBuffer, 10);
    free(e.dataBuffer);
}

const struct test read_tests[] = {
    {185, "Read into a buffer of the section's size: readSize is that size", EVERY, t185, 0, 0},
    {186, "Read into a larger buffer: readSize is the section's size, the rest untouched", EVERY,
     t186, 0, 0},
    {187, "Read takes dataSize bytes from dataOffset, for each element", EVERY, t187, 0, 0},
    {188, "without a buffer the library allocates one, whatever dataSize says", EVERY, t188, 0, 0},
    {189, "with nothing to read: OK, readSize 0, a NULL buffer stays NULL", EVERY, t189, 0, 0},
    {190, "an offset beyond the section: INVALID_PARAM with the index", EVERY, t190, 0, 0},
    {191, "a buffer with dataSize 0: INVALID_PARAM", EVERY, t191, 0, 0},
    {192, "a buffer above maxSectionSize: INVALID_PARAM, index of the first, not touched", EVERY,
     t192, 0, 0},
    {193, "an unknown section in element 2: NOT_EXIST, index 2", EVERY, t193, 0, 0},
    {194, "Read on a handle without READ: ACCESS", EVERY, t194, 0, 0},
    {195, "IOVectorElementDataFree: NULL is INVALID_PARAM, before the handle's test", EVERY, t195, 0,
     0},
    {0, NULL, 0, NULL, 0, 0},
};
