//go:build ignore

/*
 * section.c: SectionCreate and SectionDelete.
 */
#include "clovis.h"

#define NEVER_EXPIRES ((ClTimeT)CL_TIME_END)
#define SETTLED "clCkptInitialize settles the versions"
#define SHORT "only when memory is short (tests/scale)"

/* ---- create ---- */

static void create_ok(void)
{
    ClCkptHdlT checkpoint = fresh();
    struct sections sections;

    add_section(checkpoint, SID("a"), "data");
    OK(section_create(checkpoint, SID("empty"), NEVER_EXPIRES, NULL, 0));
    TEXT(checkpoint, SID("a"), "data");
    TEXT(checkpoint, SID("empty"), "");
    note("ids are bytes, a NUL is one of them");
    add_section(checkpoint, SID("a\0"), "other");
    TEXT(checkpoint, SID("a"), "data");
    TEXT(checkpoint, SID("a\0"), "other");
    sections = iterate(checkpoint, CL_CKPT_SECTIONS_ANY, 0);
    EQUAL(3, sections.count);
    TRUE(find(&sections, SID("a\0")) != NULL);
    EQUAL(4, find(&sections, SID("a"))->sectionSize);
}

static void create_limits(void)
{
    ClCkptHdlT checkpoint = fresh();
    char data[MAX_SIZE];

    memset(data, 'd', sizeof data);
    OK(section_create(checkpoint, SID("0123456789abcdef"), NEVER_EXPIRES, data, MAX_SIZE));
    CONTENT(checkpoint, SID("0123456789abcdef"), data, MAX_SIZE);
}

static void create_null(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClCkptSectionCreationAttributesT no_id = {NULL, NEVER_EXPIRES};
    ClCkptSectionIdT null_id = {3, NULL};

    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionCreate(checkpoint, NULL, (const ClUint8T *)"x", 1));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionCreate(checkpoint, &no_id, (const ClUint8T *)"x", 1));
    RC(CL_CKPT_ERR_NULL_POINTER, section_create(checkpoint, null_id, NEVER_EXPIRES, "x", 1));
    RC(CL_CKPT_ERR_NULL_POINTER, section_create(checkpoint, SID("a"), NEVER_EXPIRES, NULL, 1));
    RC(CL_CKPT_ERR_NULL_POINTER, section_create(checkpoint, DEFAULT_ID, NEVER_EXPIRES, NULL, 1));
    EQUAL(0, status_of(checkpoint).numberOfSections);
}

static void create_exists(void)
{
    ClCkptHdlT checkpoint = fresh();

    add_section(checkpoint, SID("a"), "data");
    RC(CL_CKPT_ERR_ALREADY_EXIST, section_create(checkpoint, SID("a"), NEVER_EXPIRES, "new", 3));
    TEXT(checkpoint, SID("a"), "data");
    note("tested before NO_SPACE");
    add_section(checkpoint, SID("b"), "data");
    add_section(checkpoint, SID("c"), "data");
    add_section(checkpoint, SID("d"), "data");
    RC(CL_CKPT_ERR_ALREADY_EXIST, section_create(checkpoint, SID("a"), NEVER_EXPIRES, "new", 3));
}

static void create_one_section(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());

    RC(CL_CKPT_ERR_ALREADY_EXIST, section_create(checkpoint, SID("a"), NEVER_EXPIRES, "data", 4));
    RC(CL_CKPT_ERR_ALREADY_EXIST, section_create(checkpoint, DEFAULT_ID, NEVER_EXPIRES, "data", 4));
    EQUAL(1, status_of(checkpoint).numberOfSections);
    TEXT(checkpoint, DEFAULT_ID, "");
}

static void create_not_exist(void)
{
    RC(CL_CKPT_ERR_NOT_EXIST, section_create(without_active_replica(), SID("a"), NEVER_EXPIRES, "x", 1));
}

static void create_size_zero(void)
{
    ClCkptHdlT checkpoint = fresh();

    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), NEVER_EXPIRES, "x", 0));
    EQUAL(0, status_of(checkpoint).numberOfSections);
}

static void create_too_large(void)
{
    ClCkptHdlT checkpoint = fresh();

    RC(CL_CKPT_ERR_INVALID_PARAMETER,
       section_create(checkpoint, SID("a"), NEVER_EXPIRES, guarded(1), MAX_SIZE + 1));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), NEVER_EXPIRES, guarded(1), ~0ULL));
    EQUAL(0, status_of(checkpoint).numberOfSections);
}

static void create_id_too_long(void)
{
    ClCkptHdlT checkpoint = fresh();
    Attributes without_ids = attributes();
    ClNameT name = name_of("without ids");

    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("0123456789abcdefg"), NEVER_EXPIRES, "x", 1));
    without_ids.maxSectionIdSize = 0;
    checkpoint = create(initialize(), &name, &without_ids);
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), NEVER_EXPIRES, "x", 1));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, DEFAULT_ID, NEVER_EXPIRES, "x", 1));
}

static void create_past(void)
{
    ClCkptHdlT checkpoint = fresh();

    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), 0, "x", 1));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), -1, "x", 1));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), 10 * SECOND, "x", 1));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), wall_now() - 5 * SECOND, "x", 1));
    EQUAL(0, status_of(checkpoint).numberOfSections);
}

static void create_not_permitted(void)
{
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED,
       section_create(fresh_opened(attributes(), READ), SID("a"), NEVER_EXPIRES, "x", 1));
}

static void create_no_space(void)
{
    ClCkptHdlT checkpoint = fresh();

    add_section(checkpoint, SID("a"), "data");
    add_section(checkpoint, SID("b"), "data");
    add_section(checkpoint, SID("c"), "data");
    add_section(checkpoint, SID("d"), "data");
    RC(CL_CKPT_ERR_NO_SPACE, section_create(checkpoint, SID("e"), NEVER_EXPIRES, "data", 4));
    RC(CL_CKPT_ERR_NO_SPACE, section_create(checkpoint, DEFAULT_ID, NEVER_EXPIRES, "data", 4));
    OK(section_delete(checkpoint, SID("b")));
    add_section(checkpoint, SID("e"), "data");
}

/* {0, NULL} asks for a new id, which is the caller's, with a NUL behind it. */
static void create_generated(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClCkptSectionIdT ids[3];

    for (int i = 0; i < 3; i++) {
        ClCkptSectionIdT id = CL_CKPT_GENERATED_SECTION_ID;
        ClCkptSectionCreationAttributesT a = {&id, NEVER_EXPIRES};
        OK(clCkptSectionCreate(checkpoint, &a, (const ClUint8T *)"0123" + i, 1));
        TRUE(id.idLen > 0 && id.idLen <= MAX_ID && id.id != NULL);
        EQUAL(0, id.id[id.idLen]);
        ids[i] = id;
        for (int j = 0; j < i; j++)
            TRUE(!same_id(ids[i], ids[j]));
    }
    for (int i = 0; i < 3; i++)
        CONTENT(checkpoint, ids[i], "0123" + i, 1);
    OK(clCkptCheckpointClose(checkpoint));
    for (int i = 0; i < 3; i++)
        clHeapFree(ids[i].id);
}

static void create_generated_fails(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClCkptSectionIdT id = CL_CKPT_GENERATED_SECTION_ID;
    ClCkptSectionCreationAttributesT a = {&id, 0};

    RC(CL_CKPT_ERR_INVALID_PARAMETER, clCkptSectionCreate(checkpoint, &a, (const ClUint8T *)"x", 1));
    EQUAL(0, id.idLen);
    TRUE(id.id == NULL);
}

/* ---- delete ---- */

static void delete_ok(void)
{
    ClCkptHdlT checkpoint = fresh();

    add_section(checkpoint, SID("a"), "data");
    add_section(checkpoint, SID("b"), "kept");
    OK(section_delete(checkpoint, SID("a")));
    RC(CL_CKPT_ERR_NOT_EXIST, section_overwrite(checkpoint, SID("a"), "x", 1));
    TEXT(checkpoint, SID("b"), "kept");
    add_section(checkpoint, SID("a"), "anew");
    TEXT(checkpoint, SID("a"), "anew");
}

static void delete_null(void)
{
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionDelete(fresh(), NULL));
}

static void delete_not_exist(void)
{
    ClCkptHdlT checkpoint = fresh();

    RC(CL_CKPT_ERR_NOT_EXIST, section_delete(without_active_replica(), SID("a")));
    note("no such section");
    RC(CL_CKPT_ERR_NOT_EXIST, section_delete(checkpoint, SID("a")));
    add_section(checkpoint, SID("a"), "data");
    RC(CL_CKPT_ERR_NOT_EXIST, section_delete(checkpoint, SID("a\0")));
    OK(section_delete(checkpoint, SID("a")));
    RC(CL_CKPT_ERR_NOT_EXIST, section_delete(checkpoint, SID("a")));
}

static void delete_not_permitted(void)
{
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_delete(fresh_opened(attributes(), READ), SID("a")));
}

/* The default section cannot be deleted. */
static void delete_default(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());
    ClCkptSectionIdT no_length = {0, (ClUint8T *)(uintptr_t)"abc"}, no_bytes = {3, NULL};

    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_delete(checkpoint, DEFAULT_ID));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_delete(checkpoint, no_length));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_delete(checkpoint, no_bytes));
    EQUAL(1, status_of(checkpoint).numberOfSections);
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_delete(fresh(), DEFAULT_ID));
}

const struct test section_tests[] = {
    TEST("clCkptSectionCreate CL_OK", "with data, or NULL and 0; ids compare by length and bytes", create_ok),
    TEST("clCkptSectionCreate longest id and data", "maxSectionIdSize and maxSectionSize bytes", create_limits),
    TEST("clCkptSectionCreate CL_ERR_NULL_POINTER", "attributes, id, its bytes, or data of a size are NULL",
         create_null),
    TEST("clCkptSectionCreate CL_ERR_ALREADY_EXIST", "the id is in use", create_exists),
    TEST("clCkptSectionCreate CL_ERR_ALREADY_EXIST, maxSections", "1: it has its section already",
         create_one_section),
    NEVER("clCkptSectionCreate CL_ERR_NO_MEMORY", SHORT),
    NEVER("clCkptSectionCreate CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptSectionCreate CL_CKPT_ERR_NOT_EXIST", "no active replica", create_not_exist),
    TEST("clCkptSectionCreate CL_CKPT_ERR_INVALID_PARAMETER, size 0", "with data given", create_size_zero),
    TEST("clCkptSectionCreate CL_CKPT_ERR_INVALID_PARAMETER, size", "beyond maxSectionSize; data not touched",
         create_too_large),
    TEST("clCkptSectionCreate CL_CKPT_ERR_INVALID_PARAMETER, id", "longer than maxSectionIdSize",
         create_id_too_long),
    TEST("clCkptSectionCreate CL_CKPT_ERR_INVALID_PARAMETER, expirationTime", "in the past, 0 and below too",
         create_past),
    TEST("clCkptSectionCreate CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE", create_not_permitted),
    TEST("clCkptSectionCreate CL_CKPT_ERR_NO_SPACE", "maxSections sections, also for a generated id",
         create_no_space),
    TEST("clCkptSectionCreate generated id", "unique, the caller's to free, a NUL behind it", create_generated),
    TEST("clCkptSectionCreate generated id, failing", "leaves the caller's id alone", create_generated_fails),
    TEST("clCkptSectionDelete CL_OK", "the section and its data; the id can be used anew", delete_ok),
    TEST("clCkptSectionDelete CL_ERR_NULL_POINTER", "the id is NULL", delete_null),
    NEVER("clCkptSectionDelete CL_ERR_NO_MEMORY", SHORT),
    NEVER("clCkptSectionDelete CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptSectionDelete CL_CKPT_ERR_NOT_EXIST", "no active replica, or no such section", delete_not_exist),
    TEST("clCkptSectionDelete CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE", delete_not_permitted),
    TEST("clCkptSectionDelete CL_CKPT_ERR_INVALID_PARAMETER", "the default section, idLen 0, id NULL",
         delete_default),
    END_OF_TESTS,
};
