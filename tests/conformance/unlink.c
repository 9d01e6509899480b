//go:build ignore

/*
 * unlink.c: 80 to 93: Unlink and RetentionDurationSet.
 */
#include "harness.h"

static SaCkptHandleT library;
static SaNameT name;

/* A checkpoint with one section "a" holding "old", and this retention. */
static SaCkptCheckpointHandleT begin(SaTimeT retention)
{
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;

    a.retentionDuration = retention;
    library = initialize();
    name = name_of("x");
    checkpoint = create(library, &name, &a);
    add_section(checkpoint, SID("a"), "old");
    return checkpoint;
}

static SaTimeT retention_of(SaCkptCheckpointHandleT checkpoint)
{
    SaCkptCheckpointDescriptorT status;
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    return status.checkpointCreationAttributes.retentionDuration;
}

static void t80(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SECOND);
    struct peer peer = peer_start(client->name);

    OK(peer_do(&peer, "unlink %.*s", name.length, name.value));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    TEXT(checkpoint, SID("a"), "old");
}

static void t81(void)
{
    SaNameT unknown = name_of("unknown");
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(initialize(), &unknown));
}

static void t82(void)
{
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointUnlink(initialize(), NULL));
}

static void t83(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SECOND);

    OK(saCkptCheckpointUnlink(library, &name));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    TEXT(checkpoint, SID("a"), "old");
    OK(section_overwrite(checkpoint, SID("a"), "newer", 5));
    add_section(checkpoint, SID("b"), "more");
    TEXT(checkpoint, SID("a"), "newer");
    TEXT(checkpoint, SID("b"), "more");
    EQUAL(2, number_of_sections(checkpoint));
}

static void t84(void)
{
    SaCkptCheckpointHandleT old = begin(SECOND), new;
    Attributes a = attributes_with(SA_CKPT_WR_ACTIVE_REPLICA);

    OK(saCkptCheckpointUnlink(library, &name));
    a.maxSections = 9;
    new = create(library, &name, &a);
    EQUAL(0, number_of_sections(new));
    add_section(new, SID("a"), "new");
    TEXT(old, SID("a"), "old");
    OK(section_overwrite(old, SID("a"), "old2", 4));
    TEXT(new, SID("a"), "new");
    OK(section_delete(old, SID("a")));
    TEXT(open_as(library, &name, READ), SID("a"), "new");
    OK(saCkptCheckpointClose(old));
    TEXT(new, SID("a"), "new");
}

static void t85(void)
{
    begin(SECOND);
    OK(saCkptCheckpointUnlink(library, &name));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(library, &name));
}

static void t86(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_TIME_ONE_HOUR);
    Attributes a = attributes();

    OK(saCkptCheckpointClose(checkpoint));
    OK(saCkptCheckpointUnlink(library, &name));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(library, &name));
    checkpoint = create(library, &name, &a);
    EQUAL(0, number_of_sections(checkpoint));
}

/* More than the replicas a node may have: had they not been freed, the last opens would fail. */
#define MORE_THAN_REPLICAS 1050

static void t87(void)
{
    int times = client->bit == ONCE ? MORE_THAN_REPLICAS : 1;

    begin(0);
    for (int i = 0; i < times; i++) {
        Attributes a = attributes();
        SaNameT other = name_of("y");
        SaCkptCheckpointHandleT checkpoint;

        a.retentionDuration = SA_TIME_END;
        checkpoint = create(library, &other, &a);
        OK(saCkptCheckpointUnlink(library, &other));
        OK(saCkptCheckpointClose(checkpoint));
        RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &other));
    }
}

static void t88(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SECOND);

    OK(saCkptCheckpointUnlink(library, &name));
    RC(SA_AIS_ERR_BAD_OPERATION, saCkptCheckpointRetentionDurationSet(checkpoint, 2 * SECOND));
    EQUAL(SECOND, retention_of(checkpoint));
}

static void t89(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SECOND);

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRetentionDurationSet(checkpoint, -1));
    RC(SA_AIS_ERR_INVALID_PARAM,
       saCkptCheckpointRetentionDurationSet(checkpoint, (SaTimeT)SA_TIME_UNKNOWN));
    EQUAL(SECOND, retention_of(checkpoint));
    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRetentionDurationSet(checkpoint, -1));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRetentionDurationSet(0, -1));
}

static void t90(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SECOND);
    SaCkptCheckpointHandleT reader = open_as(library, &name, READ);
    bool allowed = client->bit == B_01_01;

    RC(allowed ? SA_AIS_OK : SA_AIS_ERR_ACCESS,
       saCkptCheckpointRetentionDurationSet(reader, 2 * SECOND));
    EQUAL(allowed ? 2 * SECOND : SECOND, retention_of(checkpoint));
}

static void t91(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_TIME_ONE_HOUR);

    OK(saCkptCheckpointRetentionDurationSet(checkpoint, 0));
    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(library, &name));
}

static void t92(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SECOND);
    SaCkptCheckpointHandleT second = open_as(library, &name, READ | WRITE);

    EQUAL(SECOND, retention_of(second));
    OK(saCkptCheckpointRetentionDurationSet(checkpoint, 1234567890));
    EQUAL(1234567890, retention_of(checkpoint));
    EQUAL(1234567890, retention_of(second));
    OK(saCkptCheckpointRetentionDurationSet(second, SA_TIME_END));
    EQUAL(SA_TIME_END, retention_of(checkpoint));
    OK(saCkptCheckpointRetentionDurationSet(second, 0));
    EQUAL(0, retention_of(checkpoint));
}

static void t93(void)
{
    SaNameT unknown = name_from("no prefix and unknown", 21);
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(initialize(), &unknown));
}

const struct test unlink_tests[] = {
    {80, "any process may unlink; the opener goes on", EVERY, t80, 0, 0},
    {81, "Unlink of an unknown name: NOT_EXIST", EVERY, t81, 0, 0},
    {82, "Unlink without a name: INVALID_PARAM", EVERY, t82, 0, 0},
    {83, "an unlinked checkpoint cannot be opened, but its handles still read and write", EVERY, t83,
     0, 0},
    {84, "after Unlink the name can be created anew; old and new do not mix", EVERY, t84, 0, 0},
    {85, "a second Unlink: NOT_EXIST", EVERY, t85, 0, 0},
    {86, "Unlink of a retained checkpoint deletes it at once", EVERY, t86, 0, 0},
    {87, "an unlinked checkpoint is freed at its last Close whatever its retention", EVERY, t87,
     EXCLUSIVE, 90},
    {88, "RetentionDurationSet of an unlinked checkpoint: BAD_OPERATION", EVERY, t88, 0, 0},
    {89, "a negative retention: INVALID_PARAM, tested before the handle", EVERY, t89, 0, 0},
    {90, "RetentionDurationSet on a handle without WRITE: OK for B.01 clients, else ACCESS", EVERY,
     t90, 0, 0},
    {91, "RetentionDurationSet(0), then the last Close: gone", EVERY, t91, 0, 0},
    {92, "RetentionDurationSet shows in StatusGet, on every handle", EVERY, t92, 0, 0},
    {93, "Unlink of an unknown name without safCkpt=: NOT_EXIST", EVERY, t93, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
