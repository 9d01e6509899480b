//go:build ignore

/*
 * expiration.c: SectionExpirationTimeSet, and sections that expire.
 */
#include "clovis.h"

#define NEVER_EXPIRES ((ClTimeT)CL_TIME_END)

static ClTimeT expiration_of(ClCkptHdlT checkpoint, ClCkptSectionIdT id)
{
    struct sections sections = iterate(checkpoint, CL_CKPT_SECTIONS_ANY, 0);
    const ClCkptSectionDescriptorT *found = find(&sections, id);
    TRUE(found != NULL);
    return found->expirationTime;
}

static void set_ok(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClTimeT far = wall_now() + 1000 * SECOND + 7;

    add_section(checkpoint, SID("a"), "data");
    EQUAL(NEVER_EXPIRES, expiration_of(checkpoint, SID("a")));
    OK(section_expire(checkpoint, SID("a"), far));
    EQUAL(far, expiration_of(checkpoint, SID("a")));
    note("set so that it expires soon");
    OK(section_expire(checkpoint, SID("a"), wall_now() + SECOND));
    EVENTUALLY(WAIT_MS, status_of(checkpoint).numberOfSections == 0);
}

static void set_cancels(void)
{
    ClCkptHdlT checkpoint = fresh();

    OK(section_create(checkpoint, SID("a"), wall_now() + 2 * SECOND, "data", 4));
    OK(section_expire(checkpoint, SID("a"), NEVER_EXPIRES));
    EQUAL(NEVER_EXPIRES, expiration_of(checkpoint, SID("a")));
    pause_ms(3000);
    TEXT(checkpoint, SID("a"), "data");
}

static void set_null(void)
{
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionExpirationTimeSet(fresh(), NULL, NEVER_EXPIRES));
}

static void set_not_exist(void)
{
    RC(CL_CKPT_ERR_NOT_EXIST, section_expire(without_active_replica(), SID("a"), NEVER_EXPIRES));
    note("no such section");
    RC(CL_CKPT_ERR_NOT_EXIST, section_expire(fresh(), SID("a"), NEVER_EXPIRES));
}

static void set_not_permitted(void)
{
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_expire(fresh_opened(attributes(), READ), SID("a"), NEVER_EXPIRES));
}

/* The default section never expires. */
static void set_default(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());

    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_expire(checkpoint, DEFAULT_ID, wall_now() + SECOND));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_expire(checkpoint, DEFAULT_ID, NEVER_EXPIRES));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_expire(checkpoint, SID("a"), NEVER_EXPIRES));
    EQUAL(NEVER_EXPIRES, expiration_of(checkpoint, DEFAULT_ID));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_expire(fresh(), DEFAULT_ID, NEVER_EXPIRES));
}

static void set_past(void)
{
    ClCkptHdlT checkpoint = fresh();

    add_section(checkpoint, SID("a"), "data");
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_expire(checkpoint, SID("a"), 0));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_expire(checkpoint, SID("a"), -1));
    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_expire(checkpoint, SID("a"), wall_now() - 5 * SECOND));
    EQUAL(NEVER_EXPIRES, expiration_of(checkpoint, SID("a")));
}

/* Absolute wall-clock time, shown as it was set. */
static void expires(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClTimeT soon = wall_now() + SECOND + SECOND / 2;
    char buffer[MAX_SIZE];

    OK(section_create(checkpoint, SID("a"), soon, "data", 4));
    OK(section_create(checkpoint, SID("b"), soon + 1000 * SECOND, "data", 4));
    EQUAL(soon, expiration_of(checkpoint, SID("a")));
    EVENTUALLY(WAIT_MS, section_read(checkpoint, SID("a"), buffer, NULL) == CL_CKPT_ERR_NOT_EXIST);
    TRUE(wall_now() >= soon);
    EQUAL(1, status_of(checkpoint).numberOfSections);
    EQUAL(soon + 1000 * SECOND, expiration_of(checkpoint, SID("b")));
    add_section(checkpoint, SID("a"), "anew");
}

const struct test expiration_tests[] = {
    TEST("clCkptSectionExpirationTimeSet CL_OK", "absolute time, shown as set; the section goes then", set_ok),
    NEVER("clCkptSectionExpirationTimeSet CL_CKPT_ERR_VERSION_MISMATCH",
          "clCkptInitialize settles the versions"),
    TEST("clCkptSectionExpirationTimeSet CL_CKPT_ERR_NOT_EXIST", "no active replica, or no such section",
         set_not_exist),
    TEST("clCkptSectionExpirationTimeSet CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE",
         set_not_permitted),
    TEST("clCkptSectionExpirationTimeSet CL_CKPT_ERR_INVALID_PARAMETER", "the default section, maxSections 1",
         set_default),
    TEST("clCkptSectionExpirationTimeSet CL_CKPT_ERR_INVALID_PARAMETER, time", "in the past", set_past),
    TEST("clCkptSectionExpirationTimeSet CL_CKPT_ERR_NULL_POINTER", "the id is NULL", set_null),
    TEST("clCkptSectionExpirationTimeSet CL_TIME_END", "ends a running expiration", set_cancels),
    TEST("expiration", "a section goes at its time, not before, and its id can be used anew", expires),
    END_OF_TESTS,
};
