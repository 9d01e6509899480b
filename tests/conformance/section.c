//go:build ignore

/*
 * section.c: 108 to 116 and 122 to 134: SectionCreate and SectionDelete.
 */
#include "harness.h"

#include <stdlib.h>

static const char ten[] = "0123456789";

static void t108(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    OK(section_create(checkpoint, SID("abc"), SA_TIME_END, ten, 10));
    CONTENT(checkpoint, SID("abc"), ten, 10);
    EQUAL(1, number_of_sections(checkpoint));
}

static void t109(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    add_section(checkpoint, SID("abc"), "first");
    RC(SA_AIS_ERR_EXIST, section_create(checkpoint, SID("abc"), SA_TIME_END, "second", 6));
    TEXT(checkpoint, SID("abc"), "first");
    EQUAL(1, number_of_sections(checkpoint));
}

static void t110(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    OK(section_create(checkpoint, SID("a"), SA_TIME_END, NULL, 0));
    EQUAL(0, describe(checkpoint, SID("a")).sectionSize);
    CONTENT(checkpoint, SID("a"), "", 0);
    OK(section_create(checkpoint, SID("b"), SA_TIME_END, ten, 0));
    EQUAL(0, describe(checkpoint, SID("b")).sectionSize);
}

static void t111(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    RC(SA_AIS_ERR_INVALID_PARAM, section_create(checkpoint, SID("a"), SA_TIME_END, NULL, 1));
    EQUAL(0, number_of_sections(checkpoint));
}

static void t112(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    char data[MAX_SIZE];

    memset(data, 'd', sizeof data);
    OK(section_create(checkpoint, SID("a"), SA_TIME_END, data, MAX_SIZE));
    CONTENT(checkpoint, SID("a"), data, MAX_SIZE);
    note("one byte more, in a buffer of one byte");
    RC(SA_AIS_ERR_INVALID_PARAM,
       section_create(checkpoint, SID("b"), SA_TIME_END, guarded(1), MAX_SIZE + 1));
    RC(SA_AIS_ERR_INVALID_PARAM,
       section_create(checkpoint, SID("b"), SA_TIME_END, guarded(1), ~0ULL));
    EQUAL(1, number_of_sections(checkpoint));
}

#define LARGE 40000001u

static void t113(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptIOVectorElementT e;
    unsigned char *data = malloc(LARGE);

    TRUE(data != NULL);
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (unsigned char)(i * 2654435761u >> 13);
    a.maxSections = 2;
    a.maxSectionSize = LARGE;
    a.checkpointSize = LARGE;
    checkpoint = create(library, &name, &a);
    OK(section_create(checkpoint, SID("a"), SA_TIME_END, data, LARGE));
    e = element(SID("a"), NULL, 0, 0);
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(LARGE, e.readSize);
    BYTES(data, e.dataBuffer, LARGE);
    free(e.dataBuffer);
    note("with a bad handle");
    RC(SA_AIS_ERR_BAD_HANDLE, section_create(~checkpoint, SID("b"), SA_TIME_END, data, LARGE));
    free(data);
}

static void t114(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    char bytes[MAX_ID + 1];
    SaCkptSectionIdT id = {MAX_ID, (SaUint8T *)bytes};

    memset(bytes, 'i', sizeof bytes);
    add_section(checkpoint, id, "data");
    TEXT(checkpoint, id, "data");
    id.idLen = MAX_ID + 1;
    RC(SA_AIS_ERR_INVALID_PARAM, section_create(checkpoint, id, SA_TIME_END, "x", 1));
    EQUAL(1, number_of_sections(checkpoint));
}

static void t115(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaUint8T byte = 'a';

    RC(SA_AIS_ERR_INVALID_PARAM,
       section_create(checkpoint, (SaCkptSectionIdT){0, &byte}, SA_TIME_END, "x", 1));
    RC(SA_AIS_ERR_INVALID_PARAM,
       section_create(checkpoint, (SaCkptSectionIdT){1, NULL}, SA_TIME_END, "x", 1));
    EQUAL(0, number_of_sections(checkpoint));
}

static void t116(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionCreationAttributesT a = {NULL, SA_TIME_END};

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionCreate(checkpoint, NULL, "x", 1));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionCreate(checkpoint, &a, "x", 1));
    EQUAL(0, number_of_sections(checkpoint));
}

static void fill(SaCkptCheckpointHandleT checkpoint)
{
    for (int i = 0; i < MAX_SECTIONS; i++) {
        SaUint8T letter = (SaUint8T)('a' + i);
        OK(section_create(checkpoint, (SaCkptSectionIdT){1, &letter}, SA_TIME_END, &letter, 1));
    }
}

static void t122(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    fill(checkpoint);
    RC(SA_AIS_ERR_NO_SPACE, section_create(checkpoint, SID("z"), SA_TIME_END, "x", 1));
    note("an id in use is noticed first");
    RC(SA_AIS_ERR_EXIST, section_create(checkpoint, SID("a"), SA_TIME_END, "x", 1));
    EQUAL(MAX_SECTIONS, number_of_sections(checkpoint));
    TEXT(checkpoint, SID("a"), "a");
    TEXT(checkpoint, SID("b"), "b");
    TEXT(checkpoint, SID("c"), "c");
    TEXT(checkpoint, SID("d"), "d");
    RC(SA_AIS_ERR_NOT_EXIST, section_overwrite(checkpoint, SID("z"), "x", 1));
}

static void t123(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    fill(checkpoint);
    OK(section_delete(checkpoint, SID("b")));
    add_section(checkpoint, SID("z"), "new");
    TEXT(checkpoint, SID("z"), "new");
    RC(SA_AIS_ERR_NO_SPACE, section_create(checkpoint, SID("y"), SA_TIME_END, "x", 1));
    OK(section_delete(checkpoint, SID("z")));
    note("the same id again");
    add_section(checkpoint, SID("b"), "again");
    TEXT(checkpoint, SID("b"), "again");
}

static void t124(void)
{
    SaNameT name = name_of("x");
    Attributes a = one_section();
    SaCkptCheckpointHandleT checkpoint = create(initialize(), &name, &a);
    SaCkptSectionIdT generated = SA_CKPT_GENERATED_SECTION_ID;
    SaCkptSectionCreationAttributesT section = {&generated, SA_TIME_END};

    RC(SA_AIS_ERR_EXIST, section_create(checkpoint, SID("a"), SA_TIME_END, "x", 1));
    RC(SA_AIS_ERR_EXIST, saCkptSectionCreate(checkpoint, &section, "x", 1));
    TRUE(generated.id == NULL && generated.idLen == 0);
    EQUAL(1, number_of_sections(checkpoint));
}

static SaCkptCheckpointHandleT reader_of(const char *suffix, SaCkptCheckpointHandleT *writer)
{
    SaNameT name = name_of(suffix);
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    *writer = create(library, &name, &a);
    add_section(*writer, SID("a"), "data");
    return open_as(library, &name, READ);
}

static void t125(void)
{
    SaCkptCheckpointHandleT writer, reader = reader_of("x", &writer);
    SaCkptSectionIdT generated = SA_CKPT_GENERATED_SECTION_ID;
    SaCkptSectionCreationAttributesT section = {&generated, SA_TIME_END};

    RC(SA_AIS_ERR_ACCESS, section_create(reader, SID("b"), SA_TIME_END, "x", 1));
    RC(SA_AIS_ERR_ACCESS, saCkptSectionCreate(reader, &section, "x", 1));
    EQUAL(1, number_of_sections(writer));
}

static void t126(void)
{
    static const SaUint16T lengths[] = {30, 31, 49, 50, 51, 99, 100};
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    SaUint8T bytes[100];

    a.maxSections = 10;
    a.maxSectionIdSize = sizeof bytes;
    checkpoint = create(initialize(), &name, &a);
    memset(bytes, 'i', sizeof bytes);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        note("id of %u bytes", lengths[i]);
        OK(section_create(checkpoint, (SaCkptSectionIdT){lengths[i], bytes}, SA_TIME_END,
                          &lengths[i], sizeof lengths[i]));
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        SaCkptSectionIdT id = {lengths[i], bytes};
        note("id of %u bytes", lengths[i]);
        CONTENT(checkpoint, id, &lengths[i], sizeof lengths[i]);
        EQUAL(sizeof lengths[i], describe(checkpoint, id).sectionSize);
    }
}

static void t127(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    char buffer[MAX_SIZE];

    add_section(checkpoint, SID("a"), "one");
    add_section(checkpoint, SID("b"), "two");
    OK(section_delete(checkpoint, SID("a")));
    RC(SA_AIS_ERR_NOT_EXIST, section_read(checkpoint, SID("a"), buffer, NULL));
    RC(SA_AIS_ERR_NOT_EXIST, section_delete(checkpoint, SID("a")));
    RC(SA_AIS_ERR_NOT_EXIST, section_write(checkpoint, SID("a"), 0, "x", 1));
    TEXT(checkpoint, SID("b"), "two");
    EQUAL(1, number_of_sections(checkpoint));
}

static void t128(void)
{
    SaNameT name = name_of("one");
    Attributes a = one_section();
    SaCkptCheckpointHandleT one = create(initialize(), &name, &a), four = fresh("four");

    RC(SA_AIS_ERR_INVALID_PARAM, section_delete(one, DEFAULT_SECTION));
    EQUAL(1, number_of_sections(one));
    RC(SA_AIS_ERR_INVALID_PARAM, section_delete(four, DEFAULT_SECTION));
}

static void t129(void)
{
    SaCkptCheckpointHandleT writer, reader = reader_of("x", &writer);

    RC(SA_AIS_ERR_ACCESS, section_delete(reader, SID("a")));
    RC(SA_AIS_ERR_ACCESS, section_delete(reader, SID("unknown")));
    TEXT(writer, SID("a"), "data");
}

static void t130(void)
{
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionDelete(fresh("x"), NULL));
}

static void t131(void)
{
    SaCkptCheckpointHandleT one = fresh("one"), two = fresh("two");

    add_section(one, SID("a"), "one");
    add_section(two, SID("a"), "two");
    TEXT(one, SID("a"), "one");
    OK(section_overwrite(one, SID("a"), "uno", 3));
    TEXT(two, SID("a"), "two");
    OK(section_delete(one, SID("a")));
    TEXT(two, SID("a"), "two");
}

static void t132(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    add_section(checkpoint, SID("a\0b"), "b");
    add_section(checkpoint, SID("a\0c"), "c");
    add_section(checkpoint, SID("a"), "short");
    add_section(checkpoint, SID("a\0"), "nul");
    TEXT(checkpoint, SID("a\0b"), "b");
    TEXT(checkpoint, SID("a\0c"), "c");
    TEXT(checkpoint, SID("a"), "short");
    TEXT(checkpoint, SID("a\0"), "nul");
    OK(section_delete(checkpoint, SID("a\0b")));
    TEXT(checkpoint, SID("a\0c"), "c");
}

static SaUint8T *generate(SaCkptCheckpointHandleT checkpoint)
{
    SaCkptSectionIdT id = SA_CKPT_GENERATED_SECTION_ID;
    SaCkptSectionCreationAttributesT section = {&id, SA_TIME_END};

    OK(saCkptSectionCreate(checkpoint, &section, NULL, 0));
    TRUE(id.id != NULL);
    return id.id;
}

static void t133(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaUint8T *kept = generate(checkpoint);

    OK(saCkptSectionIdFree(checkpoint, generate(checkpoint)));
    EQUAL(2, number_of_sections(checkpoint));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionIdFree(checkpoint, NULL));
    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionIdFree(checkpoint, kept));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionIdFree(checkpoint, NULL));
    free(kept);
}

static void t134(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    void *blocks[100];

    a.maxSections = 100;
    checkpoint = create(initialize(), &name, &a);
    for (int i = 0; i < 100; i++)
        free(generate(checkpoint));
    /* A heap damaged by that would abort here. */
    for (int i = 0; i < 100; i++)
        TRUE((blocks[i] = malloc((size_t)i + 1)) != NULL);
    for (int i = 0; i < 100; i++)
        free(blocks[i]);
    EQUAL(100, number_of_sections(checkpoint));
}

const struct test section_tests[] = {
    {108, "SectionCreate with an id and data; Read returns the data", EVERY, t108, 0, 0},
    {109, "SectionCreate with an id in use: EXIST, the section unchanged", EVERY, t109, 0, 0},
    {110, "SectionCreate without data makes a section of size 0", EVERY, t110, 0, 0},
    {111, "initialData NULL with a size: INVALID_PARAM", EVERY, t111, 0, 0},
    {112, "data of maxSectionSize is accepted, more is INVALID_PARAM without being touched", EVERY,
     t112, 0, 0},
    {113, "there is no limit of 40,000,000 bytes for one section's data", ONCE, t113, 0, 60},
    {114, "an id of maxSectionIdSize bytes is accepted, a longer one INVALID_PARAM", EVERY, t114, 0,
     0},
    {115, "an id with a length but no bytes, or the reverse: INVALID_PARAM", EVERY, t115, 0, 0},
    {116, "SectionCreate without attributes or without an id structure: INVALID_PARAM", EVERY, t116,
     0, 0},
    {122, "one section above maxSections: NO_SPACE, the others intact; EXIST comes first", EVERY,
     t122, 0, 0},
    {123, "after a deletion another section fits", EVERY, t123, 0, 0},
    {124, "with maxSections 1 SectionCreate gives EXIST, with any id or a generated one", EVERY,
     t124, 0, 0},
    {125, "SectionCreate on a handle without WRITE: ACCESS", EVERY, t125, 0, 0},
    {126, "ids may have any length up to maxSectionIdSize", EVERY, t126, 0, 0},
    {127, "a deleted section is gone: Read, Write and Delete give NOT_EXIST", EVERY, t127, 0, 0},
    {128, "SectionDelete of the default section: INVALID_PARAM", EVERY, t128, 0, 0},
    {129, "SectionDelete on a handle without WRITE: ACCESS", EVERY, t129, 0, 0},
    {130, "SectionDelete without an id: INVALID_PARAM", EVERY, t130, 0, 0},
    {131, "the same id in two checkpoints names two sections", EVERY, t131, 0, 0},
    {132, "ids are compared over their full length, zero bytes included", EVERY, t132, 0, 0},
    {133, "SectionIdFree frees a generated id; NULL is INVALID_PARAM, after the handle's test",
     EVERY, t133, 0, 0},
    {134, "free() releases a generated id", EVERY, t134, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
