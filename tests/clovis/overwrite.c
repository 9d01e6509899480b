//go:build ignore

/*
 * overwrite.c: SectionOverwrite.
 */
#include "clovis.h"

static ClCkptHdlT one(void)
{
    ClCkptHdlT checkpoint = fresh();
    add_section(checkpoint, SID("a"), "aaaa");
    return checkpoint;
}

static void ok(void)
{
    ClCkptHdlT checkpoint = one();
    char full[MAX_SIZE];

    OK(section_overwrite(checkpoint, SID("a"), "longer than before", 18));
    TEXT(checkpoint, SID("a"), "longer than before");
    OK(section_overwrite(checkpoint, SID("a"), "x", 1));
    TEXT(checkpoint, SID("a"), "x");
    memset(full, 'f', sizeof full);
    OK(section_overwrite(checkpoint, SID("a"), full, MAX_SIZE));
    CONTENT(checkpoint, SID("a"), full, MAX_SIZE);
}

static void null_pointer(void)
{
    ClCkptHdlT checkpoint = one();

    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionOverwrite(checkpoint, NULL, "x", 1));
    RC(CL_CKPT_ERR_NULL_POINTER, section_overwrite(checkpoint, SID("a"), NULL, 1));
    TEXT(checkpoint, SID("a"), "aaaa");
}

static void not_exist(void)
{
    ClCkptHdlT checkpoint = one();

    RC(CL_CKPT_ERR_NOT_EXIST, section_overwrite(without_active_replica(), SID("a"), "x", 1));
    note("no such section");
    RC(CL_CKPT_ERR_NOT_EXIST, section_overwrite(checkpoint, SID("b"), "x", 1));
    EQUAL(1, status_of(checkpoint).numberOfSections);
}

static void not_permitted(void)
{
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_overwrite(fresh_opened(attributes(), READ), SID("a"), "x", 1));
}

static void invalid(void)
{
    ClCkptHdlT checkpoint = one();

    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_overwrite(checkpoint, SID("a"), "x", 0));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_overwrite(checkpoint, SID("a"), guarded(1), MAX_SIZE + 1));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_overwrite(checkpoint, SID("a"), guarded(1), ~0ULL));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_overwrite(checkpoint, DEFAULT_ID, "x", 1));
    TEXT(checkpoint, SID("a"), "aaaa");
}

static void default_id(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());

    OK(section_overwrite(checkpoint, DEFAULT_ID, "data", 4));
    TEXT(checkpoint, DEFAULT_ID, "data");
}

const struct test overwrite_tests[] = {
    TEST("clCkptSectionOverwrite CL_OK", "new data and size, larger and smaller", ok),
    TEST("clCkptSectionOverwrite CL_ERR_NULL_POINTER", "id or data are NULL", null_pointer),
    NEVER("clCkptSectionOverwrite CL_ERR_NO_MEMORY", "only when memory is short (tests/scale)"),
    NEVER("clCkptSectionOverwrite CL_CKPT_ERR_VERSION_MISMATCH", "clCkptInitialize settles the versions"),
    TEST("clCkptSectionOverwrite CL_CKPT_ERR_NOT_EXIST", "no active replica, or no such section", not_exist),
    TEST("clCkptSectionOverwrite CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE", not_permitted),
    TEST("clCkptSectionOverwrite CL_CKPT_ERR_INVALID_PARAMETER",
         "size 0 or beyond maxSectionSize; {0, NULL} with several sections", invalid),
    TEST("clCkptSectionOverwrite default section", "with maxSections 1", default_id),
    END_OF_TESTS,
};
