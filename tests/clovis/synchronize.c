//go:build ignore

/*
 * synchronize.c: CheckpointSynchronize and CheckpointSynchronizeAsync.
 */
#include "clovis.h"

#define ASYNCHRONOUS CL_CKPT_WR_ACTIVE_REPLICA

static ClRcT synchronize(ClCkptHdlT checkpoint)
{
    return clCkptCheckpointSynchronize(checkpoint, SECOND);
}

static ClRcT synchronize_async(ClCkptHdlT checkpoint)
{
    return clCkptCheckpointSynchronizeAsync(checkpoint, 1);
}

static void sync_ok(void)
{
    static const ClTimeT timeouts[] = {0, 1, -1, SECOND, (ClTimeT)CL_TIME_END};
    ClCkptHdlT checkpoint = fresh_with(attributes_with(ASYNCHRONOUS));

    add_section(checkpoint, SID("a"), "data");
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        note("timeout %lld", (long long)timeouts[i]);
        OK(clCkptCheckpointSynchronize(checkpoint, timeouts[i]));
    }
    TEXT(checkpoint, SID("a"), "data");
}

static void sync_weak(void)
{
    OK(synchronize(fresh_with(attributes_with(CL_CKPT_WR_ACTIVE_REPLICA_WEAK))));
}

static void not_exist(ClRcT (*call)(ClCkptHdlT))
{
    ClCkptHdlT checkpoint = without_active_replica();

    RC(CL_CKPT_ERR_NOT_EXIST, call(checkpoint));
    STAYS(100, event_count() == 0);
    OK(clCkptActiveReplicaSet(checkpoint));
    OK(call(checkpoint));
}

static void sync_not_exist(void)
{
    not_exist(synchronize);
}

static void not_permitted(ClRcT (*call)(ClCkptHdlT))
{
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, call(fresh_opened(attributes_with(ASYNCHRONOUS), READ)));
}

static void sync_not_permitted(void)
{
    not_permitted(synchronize);
}

static void create_alone(ClRcT (*call)(ClCkptHdlT))
{
    ClCkptSvcHdlT service = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes_with(ASYNCHRONOUS);
    ClCkptHdlT checkpoint;

    OK(clCkptCheckpointOpen(service, &name, &a, CREATE, 0, &checkpoint));
    OK(call(checkpoint));
}

static void sync_create_alone(void)
{
    create_alone(synchronize);
}

static void bad_operation(ClRcT (*call)(ClCkptHdlT))
{
    static const ClCkptCreationFlagsT flags[] = {CL_CKPT_WR_ALL_REPLICAS,
                                                 CL_CKPT_WR_ALL_REPLICAS | CL_CKPT_CHECKPOINT_COLLOCATED,
                                                 CL_CKPT_WR_ALL_REPLICAS | CL_CKPT_WR_ACTIVE_REPLICA};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        ClCkptSvcHdlT service = initialize();
        Attributes a = attributes_with(flags[i]);
        ClNameT name = name_of("x");
        note("creationFlags %#x", flags[i]);
        RC(CL_CKPT_ERR_BAD_OPERATION, call(create(service, &name, &a)));
        OK(clCkptFinalize(service));
    }
}

static void sync_bad_operation(void)
{
    bad_operation(synchronize);
}

static void async_ok(void)
{
    ClCkptSvcHdlT service = initialize();
    Attributes a = attributes_with(ASYNCHRONOUS);
    ClNameT name = name_of("x");
    ClCkptHdlT checkpoint = create(service, &name, &a);
    static const ClInvocationT values[] = {0, 42, ~0ULL};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        events_clear();
        OK(clCkptCheckpointSynchronizeAsync(checkpoint, values[i]));
        await_events(service, 1);
        EQUAL(SYNCHRONIZED, event_at(0).kind);
        EQUAL(values[i], event_at(0).invocation);
        OK(event_at(0).error);
        STAYS(50, event_count() == 1 && !readable(selection_object(service)));
    }
}

static void async_not_exist(void)
{
    not_exist(synchronize_async);
}

static void async_not_permitted(void)
{
    not_permitted(synchronize_async);
}

static void async_create_alone(void)
{
    create_alone(synchronize_async);
}

static void async_bad_operation(void)
{
    bad_operation(synchronize_async);
}

static void async_no_callback(void)
{
    const ClCkptCallbacksT without = {recording_callbacks.checkpointOpenCallback, NULL};
    Attributes a = attributes_with(ASYNCHRONOUS);
    ClNameT name = name_of("x");
    ClCkptSvcHdlT service = initialize_bare();

    RC(CL_CKPT_ERR_INITIALIZED, synchronize_async(create(service, &name, &a)));
    OK(initialize_with(&service, &without));
    RC(CL_CKPT_ERR_INITIALIZED, synchronize_async(open_as(service, &name, WRITE)));
}

#define SETTLED "clCkptInitialize settles the versions"

const struct test synchronize_tests[] = {
    TEST("clCkptCheckpointSynchronize CL_OK", "whatever the timeout, which is ignored", sync_ok),
    TEST("clCkptCheckpointSynchronize of a weak checkpoint", "CL_OK", sync_weak),
    NEVER("clCkptCheckpointSynchronize CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptCheckpointSynchronize CL_CKPT_ERR_NOT_EXIST", "no active replica", sync_not_exist),
    TEST("clCkptCheckpointSynchronize CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE",
         sync_not_permitted),
    TEST("clCkptCheckpointSynchronize with CREATE alone", "CL_OK", sync_create_alone),
    TEST("clCkptCheckpointSynchronize CL_CKPT_ERR_BAD_OPERATION", "WR_ALL_REPLICAS, also beside others",
         sync_bad_operation),
    TEST("clCkptCheckpointSynchronizeAsync CL_OK", "one callback with its invocation", async_ok),
    NEVER("clCkptCheckpointSynchronizeAsync CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptCheckpointSynchronizeAsync CL_CKPT_ERR_NOT_EXIST", "no active replica; no callback",
         async_not_exist),
    TEST("clCkptCheckpointSynchronizeAsync CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE",
         async_not_permitted),
    TEST("clCkptCheckpointSynchronizeAsync with CREATE alone", "CL_OK", async_create_alone),
    TEST("clCkptCheckpointSynchronizeAsync CL_CKPT_ERR_BAD_OPERATION", "WR_ALL_REPLICAS, also beside others",
         async_bad_operation),
    TEST("clCkptCheckpointSynchronizeAsync CL_CKPT_ERR_INITIALIZED", "no synchronize callback is registered",
         async_no_callback),
    END_OF_TESTS,
};
