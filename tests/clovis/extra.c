//go:build ignore

/*
 * extra.c: what SDK 6 has beside the document: SectionCheck, ReadSections, IOVectorFree; the heap.
 */
#include "clovis.h"

#include <stdlib.h>

static ClRcT check(ClCkptHdlT checkpoint, ClCkptSectionIdT id)
{
    return clCkptSectionCheck(checkpoint, &id);
}

static void check_ok(void)
{
    ClCkptSvcHdlT service = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes();
    ClCkptHdlT checkpoint = create(service, &name, &a), for_nothing = open_as(service, &name, 0);

    add_section(checkpoint, SID("a"), "data");
    OK(check(checkpoint, SID("a")));
    OK(check(for_nothing, SID("a")));
    OK(section_delete(checkpoint, SID("a")));
    RC(CL_CKPT_ERR_NOT_EXIST, check(checkpoint, SID("a")));
    RC(CL_CKPT_ERR_NOT_EXIST, check(for_nothing, SID("a")));
}

static void check_default(void)
{
    OK(check(fresh_with(one_section()), DEFAULT_ID));
}

static void check_not_exist(void)
{
    ClCkptHdlT checkpoint = fresh();

    RC(CL_CKPT_ERR_NOT_EXIST, check(checkpoint, SID("a")));
    RC(CL_CKPT_ERR_NOT_EXIST, check(checkpoint, SID("an id that is longer than any may be")));
    RC(CL_CKPT_ERR_NOT_EXIST, check(checkpoint, DEFAULT_ID));
    RC(CL_CKPT_ERR_NOT_EXIST, check(without_active_replica(), SID("a")));
}

static void check_null(void)
{
    RC(CL_CKPT_ERR_INVALID_PARAMETER, clCkptSectionCheck(fresh(), NULL));
}

static const ClCkptIOVectorElementT *among(const ClCkptIOVectorElementT *elements, ClUint32T count,
                                           ClCkptSectionIdT id)
{
    for (ClUint32T i = 0; i < count; i++)
        if (same_id(elements[i].sectionId, id))
            return &elements[i];
    FAIL("a section is missing");
}

static void read_sections_ok(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClCkptIOVectorElementT *elements = NULL;
    const ClCkptIOVectorElementT *found;
    ClUint32T count = 4711;

    add_section(checkpoint, SID("a"), "data");
    add_section(checkpoint, SID("bb"), "more data");
    add_section(checkpoint, SID("empty"), "");
    OK(clCkptCheckpointReadSections(checkpoint, &elements, &count));
    EQUAL(3, count);
    found = among(elements, count, SID("a"));
    EQUAL(4, found->readSize);
    EQUAL(4, found->dataSize);
    EQUAL(0, found->dataOffset);
    BYTES("data", found->dataBuffer, 4);
    found = among(elements, count, SID("bb"));
    EQUAL(9, found->readSize);
    BYTES("more data", found->dataBuffer, 9);
    found = among(elements, count, SID("empty"));
    EQUAL(0, found->readSize);
    OK(clCkptIOVectorFree(elements, count));
    for (ClUint32T i = 0; i < count; i++)
        TRUE(elements[i].dataBuffer == NULL && elements[i].sectionId.id == NULL);
    note("once more does no harm");
    OK(clCkptIOVectorFree(elements, count));
    clHeapFree(elements);
}

static void read_sections_none(void)
{
    ClCkptIOVectorElementT *elements = (ClCkptIOVectorElementT *)(uintptr_t)4711;
    ClUint32T count = 4711;

    OK(clCkptCheckpointReadSections(fresh(), &elements, &count));
    EQUAL(0, count);
    TRUE(elements == NULL);
}

static void read_sections_default(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());
    ClCkptIOVectorElementT *elements;
    ClUint32T count;

    OK(section_overwrite(checkpoint, DEFAULT_ID, "data", 4));
    OK(clCkptCheckpointReadSections(checkpoint, &elements, &count));
    EQUAL(1, count);
    EQUAL(0, elements[0].sectionId.idLen);
    EQUAL(4, elements[0].readSize);
    BYTES("data", elements[0].dataBuffer, 4);
    OK(clCkptIOVectorFree(elements, count));
    clHeapFree(elements);
}

static void read_sections_null(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClCkptIOVectorElementT *elements;
    ClUint32T count;

    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointReadSections(checkpoint, NULL, &count));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointReadSections(checkpoint, &elements, NULL));
}

static void read_sections_not_permitted(void)
{
    ClCkptIOVectorElementT *elements;
    ClUint32T count;
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED,
       clCkptCheckpointReadSections(fresh_opened(attributes(), WRITE), &elements, &count));
}

static void read_sections_not_exist(void)
{
    ClCkptIOVectorElementT *elements;
    ClUint32T count;
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointReadSections(without_active_replica(), &elements, &count));
}

#define MANY 300

static void read_sections_many(void)
{
    Attributes a = attributes();
    ClCkptIOVectorElementT *elements;
    ClUint32T count;
    ClCkptHdlT checkpoint;
    bool seen[MANY] = {false};

    a.maxSections = MANY;
    checkpoint = fresh_with(a);
    for (ClUint32T i = 0; i < MANY; i++) {
        ClCkptSectionIdT id = {sizeof i, (ClUint8T *)&i};
        OK(section_create(checkpoint, id, (ClTimeT)CL_TIME_END, &i, sizeof i));
    }
    OK(clCkptCheckpointReadSections(checkpoint, &elements, &count));
    EQUAL(MANY, count);
    for (ClUint32T i = 0; i < MANY; i++) {
        ClUint32T number;
        EQUAL(sizeof number, elements[i].readSize);
        memcpy(&number, elements[i].dataBuffer, sizeof number);
        BYTES(&number, elements[i].sectionId.id, sizeof number);
        TRUE(number < MANY && !seen[number]);
        seen[number] = true;
    }
    OK(clCkptIOVectorFree(elements, count));
    clHeapFree(elements);
}

static void vector_free_null(void)
{
    RC(CL_ERR_INVALID_PARAMETER, clCkptIOVectorFree(NULL, 1));
    RC(CL_ERR_INVALID_PARAMETER, clCkptIOVectorFree(NULL, 0));
}

/* Elements a program has filled itself, without Initialize. */
static void vector_free_own(void)
{
    ClCkptIOVectorElementT elements[2];

    memset(elements, 0, sizeof elements);
    elements[0].sectionId.id = clHeapAllocate(4);
    elements[0].sectionId.idLen = 4;
    elements[0].dataBuffer = clHeapCalloc(10, 10);
    elements[1].dataBuffer = malloc(7);
    OK(clCkptIOVectorFree(elements, 2));
    OK(clCkptIOVectorFree(elements, 0));
}

const struct test extra_tests[] = {
    TEST("clCkptSectionCheck CL_OK", "the section exists, whatever the checkpoint was opened for", check_ok),
    TEST("clCkptSectionCheck CL_CKPT_ERR_NOT_EXIST", "no such section, or no active replica", check_not_exist),
    TEST("clCkptSectionCheck CL_CKPT_ERR_INVALID_PARAMETER", "the id is NULL", check_null),
    TEST("clCkptSectionCheck default section", "exists with maxSections 1", check_default),
    TEST("clCkptCheckpointReadSections CL_OK", "all sections; IOVectorFree frees ids and buffers",
         read_sections_ok),
    TEST("clCkptCheckpointReadSections CL_CKPT_ERR_NULL_POINTER", "vector or count are NULL",
         read_sections_null),
    TEST("clCkptCheckpointReadSections CL_CKPT_ERR_OP_NOT_PERMITTED", "not opened with READ",
         read_sections_not_permitted),
    TEST("clCkptCheckpointReadSections CL_CKPT_ERR_NOT_EXIST", "no active replica", read_sections_not_exist),
    TEST("clCkptCheckpointReadSections without sections", "NULL and 0", read_sections_none),
    TEST("clCkptCheckpointReadSections default section", "is one of them", read_sections_default),
    TEST("clCkptCheckpointReadSections 300 sections", "each once", read_sections_many),
    TEST("clCkptIOVectorFree CL_OK", "also of what a program has allocated; needs no Initialize",
         vector_free_own),
    TEST("clCkptIOVectorFree CL_ERR_INVALID_PARAMETER", "NULL; not composed, as in SDK 6", vector_free_null),
    END_OF_TESTS,
};
