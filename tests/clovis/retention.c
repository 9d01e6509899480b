//go:build ignore

/*
 * retention.c: CheckpointRetentionDurationSet, and what a retention duration does.
 */
#include "clovis.h"

static ClCkptSvcHdlT service;
static ClNameT name;
static Attributes with;

static ClCkptHdlT begin(ClTimeT retention)
{
    service = initialize();
    name = name_of("x");
    with = attributes();
    with.retentionDuration = retention;
    return create(service, &name, &with);
}

static void set_ok(void)
{
    ClCkptHdlT checkpoint = begin(0);

    EQUAL(0, status_of(checkpoint).checkpointCreationAttributes.retentionDuration);
    OK(clCkptCheckpointRetentionDurationSet(checkpoint, 600 * SECOND));
    EQUAL(600 * SECOND, status_of(checkpoint).checkpointCreationAttributes.retentionDuration);
    add_section(checkpoint, SID("a"), "data");
    OK(clCkptCheckpointClose(checkpoint));
    STAYS(200, try_open(service, &name) == CL_OK);
    TEXT(open_as(service, &name, READ), SID("a"), "data");
    OK(clCkptCheckpointDelete(service, &name));
}

static void set_read_only(void)
{
    ClCkptHdlT reader;

    begin(0);
    reader = open_as(service, &name, READ);
    OK(clCkptCheckpointRetentionDurationSet(reader, SECOND));
    OK(clCkptCheckpointRetentionDurationSet(open_as(service, &name, 0), 2 * SECOND));
    EQUAL(2 * SECOND, status_of(reader).checkpointCreationAttributes.retentionDuration);
}

static void set_deleted(void)
{
    ClCkptHdlT checkpoint = begin(0);

    OK(clCkptCheckpointDelete(service, &name));
    RC(CL_CKPT_ERR_BAD_OPERATION, clCkptCheckpointRetentionDurationSet(checkpoint, SECOND));
}

/* Open somewhere, or opened again meanwhile: it does not run. */
static void duration(void)
{
    ClCkptHdlT checkpoint = begin(SECOND), other = open_as(service, &name, READ);

    OK(clCkptCheckpointClose(checkpoint));
    pause_ms(1500);
    OK(clCkptCheckpointClose(other));
    other = open_as(service, &name, READ);
    pause_ms(1500);
    OK(clCkptCheckpointDelete(service, &name));
}

static void gone_after(void)
{
    ClCkptHdlT checkpoint = begin(SECOND);
    int64_t closed = monotonic_now();

    OK(clCkptCheckpointClose(checkpoint));
    /* Creating it with other attributes works once it is gone; a refused one prolongs nothing. */
    with.maxSections++;
    EVENTUALLY(WAIT_MS, clCkptCheckpointOpen(service, &name, &with, RWC, 0, &checkpoint) == CL_OK);
    TRUE(monotonic_now() - closed >= SECOND);
    EQUAL(0, status_of(checkpoint).numberOfSections);
}

/* Clients ask for -1; it means: not at all. */
static void at_once(void)
{
    static const ClTimeT durations[] = {0, 1, 999999, -1, -SECOND};

    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        ClCkptHdlT checkpoint = begin(durations[i]), again;

        note("retention %lld ns, at creation", (long long)durations[i]);
        EQUAL(durations[i], status_of(checkpoint).checkpointCreationAttributes.retentionDuration);
        OK(clCkptCheckpointOpen(service, &name, &with, RWC, 0, &again));
        OK(clCkptCheckpointClose(again));
        OK(clCkptCheckpointClose(checkpoint));
        RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
        note("retention %lld ns, set", (long long)durations[i]);
        checkpoint = begin(600 * SECOND);
        OK(clCkptCheckpointRetentionDurationSet(checkpoint, durations[i]));
        OK(clCkptCheckpointClose(checkpoint));
        RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
    }
}

static void for_ever(void)
{
    ClCkptHdlT checkpoint = begin((ClTimeT)CL_TIME_END);

    add_section(checkpoint, SID("a"), "data");
    OK(clCkptFinalize(service));
    service = initialize();
    STAYS(300, try_open(service, &name) == CL_OK);
    OK(clCkptCheckpointDelete(service, &name));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

const struct test retention_tests[] = {
    TEST("clCkptCheckpointRetentionDurationSet CL_OK", "holds for the next last close; shown by StatusGet",
         set_ok),
    NEVER("clCkptCheckpointRetentionDurationSet CL_CKPT_ERR_VERSION_MISMATCH",
          "clCkptInitialize settles the versions"),
    TEST("clCkptCheckpointRetentionDurationSet CL_CKPT_ERR_BAD_OPERATION", "the checkpoint has been deleted",
         set_deleted),
    TEST("clCkptCheckpointRetentionDurationSet open mode", "any will do", set_read_only),
    TEST("retention", "runs only while nobody has it open", duration),
    TEST("retention is over", "after its duration, not before", gone_after),
    TEST("retention below 10 ms", "and a negative one: gone before Close returns", at_once),
    TEST("retention CL_TIME_END", "for ever", for_ever),
    END_OF_TESTS,
};
