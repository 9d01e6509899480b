//go:build ignore

/*
 * expiration.c: 135 to 145: sections that delete themselves.
 */
#include "harness.h"

/* What a busy machine may add to the moment of an expiration. */
#define LATE_MS 2500

static bool exists(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id)
{
    char buffer[MAX_SIZE];
    SaAisErrorT code = section_read(checkpoint, id, buffer, NULL);
    if (code != SA_AIS_OK)
        RC(SA_AIS_ERR_NOT_EXIST, code);
    return code == SA_AIS_OK;
}

/* The section is there until this wall-clock time, and soon afterwards no longer. */
static void expires_at(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, SaTimeT when)
{
    for (;;) {
        SaTimeT before = wall_now(), after;
        bool there = exists(checkpoint, id);
        after = wall_now();
        if (!there) {
            note("gone %lld ms after its time", (after - when) / MS);
            TRUE(after >= when);
            note("%s", "");
            return;
        }
        if (before > when + LATE_MS * MS)
            FAIL("still there %lld ms after its time", (before - when) / MS);
        pause_ms(5);
    }
}

static void set_expiration(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, SaTimeT when)
{
    OK(saCkptSectionExpirationTimeSet(checkpoint, &id, when));
}

static void t135(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);
    SaCkptCheckpointHandleT reader = open_as(library, &name, READ);
    SaTimeT when = wall_now() + SECOND;

    add_section(checkpoint, SID("stays"), "data");
    OK(section_create(checkpoint, SID("a"), when, "data", 4));
    expires_at(checkpoint, SID("a"), when);
    TRUE(!exists(reader, SID("a")));
    EQUAL(1, number_of_sections(checkpoint));
    TEXT(checkpoint, SID("stays"), "data");
    note("the id is free again");
    add_section(checkpoint, SID("a"), "new");
    TEXT(checkpoint, SID("a"), "new");
}

static void t136(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    OK(section_create(checkpoint, SID("a"), SA_TIME_END, "data", 4));
    EQUAL(SA_TIME_END, describe(checkpoint, SID("a")).expirationTime);
    STAYS(1500, exists(checkpoint, SID("a")));
}

static void t137(void)
{
    const SaTimeT past[] = {0, 1, 5 * SECOND, SA_TIME_ONE_DAY, wall_now() - 2 * SECOND, -1};
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    const int count = sizeof past / sizeof past[0];

    a.maxSections = (SaUint32T)count;
    checkpoint = create(initialize(), &name, &a);
    for (int i = 0; i < count; i++) {
        SaUint8T letter = (SaUint8T)('a' + i);
        note("expirationTime %lld", past[i]);
        OK(section_create(checkpoint, (SaCkptSectionIdT){1, &letter}, past[i], &letter, 1));
    }
    note("%s", "");
    STAYS(1500, number_of_sections(checkpoint) == (SaUint32T)count);
    TEXT(checkpoint, SID("a"), "a");
    TEXT(checkpoint, SID("c"), "c");
}

static void t138(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaTimeT early = wall_now() + SECOND, late = early + 1500 * MS;

    OK(section_create(checkpoint, SID("later"), early, "data", 4));
    OK(section_create(checkpoint, SID("sooner"), SA_TIME_END, "data", 4));
    set_expiration(checkpoint, SID("later"), late);
    set_expiration(checkpoint, SID("sooner"), early);
    expires_at(checkpoint, SID("sooner"), early);
    TRUE(wall_now() < late && exists(checkpoint, SID("later")));
    expires_at(checkpoint, SID("later"), late);
}

static void t139(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    OK(section_create(checkpoint, SID("a"), wall_now() + SECOND, "data", 4));
    set_expiration(checkpoint, SID("a"), SA_TIME_END);
    EQUAL(SA_TIME_END, describe(checkpoint, SID("a")).expirationTime);
    STAYS(2500, exists(checkpoint, SID("a")));
}

static void t140(void)
{
    SaNameT name = name_of("one");
    Attributes a = one_section();
    SaCkptCheckpointHandleT one = create(initialize(), &name, &a), four = fresh("four");
    const SaCkptSectionIdT none = DEFAULT_SECTION;
    SaTimeT soon = wall_now() + 5 * SECOND;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionExpirationTimeSet(one, &none, soon));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionExpirationTimeSet(one, &none, SA_TIME_END));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionExpirationTimeSet(four, &none, soon));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionExpirationTimeSet(four, NULL, soon));
}

static void t141(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIdT id = SID("unknown");

    RC(SA_AIS_ERR_NOT_EXIST,
       saCkptSectionExpirationTimeSet(checkpoint, &id, wall_now() + 5 * SECOND));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptSectionExpirationTimeSet(checkpoint, &id, SA_TIME_END));
}

static void t142(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT writer = create(library, &name, &a);
    SaCkptCheckpointHandleT reader = open_as(library, &name, READ);
    SaCkptSectionIdT id = SID("a");

    add_section(writer, id, "data");
    RC(SA_AIS_ERR_ACCESS, saCkptSectionExpirationTimeSet(reader, &id, wall_now() + 5 * SECOND));
    EQUAL(SA_TIME_END, describe(writer, id).expirationTime);
}

static void t143(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIdT id = SID("a");
    const SaTimeT bad[] = {-1, (SaTimeT)SA_TIME_UNKNOWN, 0, 1, 5 * SECOND, wall_now() - 2 * SECOND,
                           wall_now() - SECOND};

    add_section(checkpoint, id, "data");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        note("expirationTime %lld", bad[i]);
        RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionExpirationTimeSet(checkpoint, &id, bad[i]));
    }
    EQUAL(SA_TIME_END, describe(checkpoint, id).expirationTime);
    TEXT(checkpoint, id, "data");
}

static void t144(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaTimeT first = wall_now() + 100 * SECOND + 123456789, second = first + 987654321;

    OK(section_create(checkpoint, SID("a"), first, "data", 4));
    EQUAL(first, describe(checkpoint, SID("a")).expirationTime);
    set_expiration(checkpoint, SID("a"), second);
    EQUAL(second, describe(checkpoint, SID("a")).expirationTime);
    OK(section_overwrite(checkpoint, SID("a"), "new", 3));
    OK(section_write(checkpoint, SID("a"), 0, "n", 1));
    EQUAL(second, describe(checkpoint, SID("a")).expirationTime);
}

static void t145(void)
{
    SaNameT name = name_of("x");
    Attributes a = one_section();
    SaCkptCheckpointHandleT checkpoint = create(initialize(), &name, &a);

    OK(section_overwrite(checkpoint, DEFAULT_SECTION, "data", 4));
    STAYS(1500, number_of_sections(checkpoint) == 1);
    TEXT(checkpoint, DEFAULT_SECTION, "data");
}

const struct test expiration_tests[] = {
    {135, "a section is deleted at its expirationTime, not before", EVERY, t135, 0, 0},
    {136, "SA_TIME_END means never", EVERY, t136, 0, 0},
    {137, "a time already past at creation means never", EVERY, t137, 0, 0},
    {138, "ExpirationTimeSet replaces the time, to a later or an earlier one", EVERY, t138, 0, 0},
    {139, "ExpirationTimeSet to SA_TIME_END ends the expiration", EVERY, t139, 0, 0},
    {140, "ExpirationTimeSet of the default section: INVALID_PARAM", EVERY, t140, 0, 0},
    {141, "ExpirationTimeSet of an unknown section: NOT_EXIST", EVERY, t141, 0, 0},
    {142, "ExpirationTimeSet on a handle without WRITE: ACCESS", EVERY, t142, 0, 0},
    {143, "ExpirationTimeSet to a time before this second, or negative: INVALID_PARAM", EVERY, t143,
     0, 0},
    {144, "the descriptor shows the absolute time as it was set", EVERY, t144, 0, 0},
    {145, "the default section never expires", EVERY, t145, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
