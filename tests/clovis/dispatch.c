//go:build ignore

/*
 * dispatch.c: Dispatch and its three flags.
 */
#include "clovis.h"

#include <pthread.h>

static ClCkptSvcHdlT service;
static ClNameT name;

/* A checkpoint and so many completions on their way, with invocations from 1, the first one there. */
static void pending(int count)
{
    Attributes a = attributes_with(CL_CKPT_WR_ACTIVE_REPLICA);
    ClCkptHdlT checkpoint;

    service = initialize();
    name = name_of("x");
    checkpoint = create(service, &name, &a);
    for (int i = 1; i <= count; i++)
        OK(clCkptCheckpointSynchronizeAsync(checkpoint, (ClInvocationT)i));
    if (count == 0)
        return;
    TRUE(becomes_readable(selection_object(service), WAIT_MS));
}

/* The callbacks so far are completions with the invocations from 1, each once, in any order. */
static void each_once(int count)
{
    unsigned seen = 0;

    EQUAL(count, event_count());
    for (int i = 0; i < count; i++) {
        EQUAL(SYNCHRONIZED, event_at(i).kind);
        EQUAL(CL_OK, event_at(i).error);
        seen |= 1u << event_at(i).invocation;
    }
    EQUAL((2u << count) - 2, seen);
}

static void run_one_by_one(int count)
{
    for (int i = 1; i <= count; i++) {
        TRUE(becomes_readable(selection_object(service), WAIT_MS));
        OK(clCkptDispatch(service, CL_DISPATCH_ONE));
        EQUAL(i, event_count());
    }
}

static void dispatch_ok(void)
{
    pending(3);
    run_one_by_one(3);
    each_once(3);
    for (int i = 0; i < 3; i++)
        EQUAL(pthread_self(), event_at(i).thread);
    STAYS(50, !readable(selection_object(service)));
}

static void dispatch_flags(void)
{
    static const int bad[] = {0, 4, 5, 255, -1};

    pending(1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        note("flags %d", bad[i]);
        RC(CL_CKPT_ERR_INVALID_PARAM, clCkptDispatch(service, (ClDispatchFlagsT)bad[i]));
    }
    EQUAL(0, event_count());
    OK(clCkptDispatch(service, CL_DISPATCH_ONE));
    EQUAL(1, event_count());
}

static void dispatch_empty(void)
{
    int64_t start;

    pending(0);
    start = monotonic_now();
    OK(clCkptDispatch(service, CL_DISPATCH_ONE));
    OK(clCkptDispatch(service, CL_DISPATCH_ALL));
    TRUE(monotonic_now() - start < SECOND);
    EQUAL(0, event_count());
}

/* Dispatches all that wait; whether so many callbacks have run by now. */
static bool ran(int count)
{
    OK(clCkptDispatch(service, CL_DISPATCH_ALL));
    return event_count() == count;
}

static void dispatch_all(void)
{
    pending(5);
    EVENTUALLY(WAIT_MS, ran(5));
    each_once(5);
}

/* No SelectionObjectGet at all: completions wait for Dispatch all the same. */
static void dispatch_without_object(void)
{
    Attributes a = attributes();

    service = initialize();
    name = name_of("x");
    OK(clCkptCheckpointOpenAsync(service, 9, &name, &a, RWC));
    STAYS(200, event_count() == 0);
    EVENTUALLY(WAIT_MS, ran(1));
    EQUAL(9, event_at(0).invocation);
    EQUAL(CL_OK, event_at(0).error);
    EQUAL(pthread_self(), event_at(0).thread);
    OK(clCkptCheckpointOpenAsync(service, 10, &name, NULL, READ));
    pause_ms(200);
    note("asked for when a callback waits already");
    TRUE(becomes_readable(selection_object(service), WAIT_MS));
    OK(clCkptDispatch(service, CL_DISPATCH_ONE));
    EQUAL(2, event_count());
}

static _Atomic ClRcT blocking_result;
static _Atomic bool blocking_over;

static void *dispatch_blocking(void *unused)
{
    blocking_result = clCkptDispatch(service, CL_DISPATCH_BLOCKING);
    blocking_over = true;
    return unused;
}

static void blocking(void)
{
    pthread_t thread;
    Attributes a = attributes();

    pending(2);
    EQUAL(0, pthread_create(&thread, NULL, dispatch_blocking, NULL));
    EVENTUALLY(WAIT_MS, event_count() == 2);
    STAYS(100, !blocking_over);
    note("runs what comes later, too");
    OK(clCkptCheckpointOpenAsync(service, 3, &name, &a, RWC));
    EVENTUALLY(WAIT_MS, event_count() == 3);
    EQUAL(thread, event_at(0).thread);
    EQUAL(thread, event_at(2).thread);
    note("returns when another thread finalizes");
    OK(clCkptFinalize(service));
    EVENTUALLY(WAIT_MS, blocking_over);
    EQUAL(CL_OK, blocking_result);
    pthread_join(thread, NULL);
}

static void finalize_here(const struct event *event)
{
    (void)event;
    OK(clCkptFinalize(service));
}

static void blocking_finalized_by_callback(void)
{
    pending(1);
    on_event = finalize_here;
    OK(clCkptDispatch(service, CL_DISPATCH_BLOCKING));
    EQUAL(1, event_count());
}

static void open_again(const struct event *event)
{
    on_event = NULL;
    EQUAL(1, event->invocation);
    OK(clCkptCheckpointOpenAsync(service, 2, &name, NULL, READ));
    OK(try_open(service, &name));
    OK(clCkptDispatch(service, CL_DISPATCH_ALL));
}

/* A callback may call any function: the original held a lock meanwhile. */
static void callback_calls(void)
{
    pending(1);
    on_event = open_again;
    OK(clCkptDispatch(service, CL_DISPATCH_ONE));
    await_events(service, 2);
    EQUAL(2, event_at(1).invocation);
}

static void closed_meanwhile(void)
{
    ClCkptHdlT closed, kept;

    pending(0);
    closed = open_as(service, &name, WRITE);
    kept = open_as(service, &name, WRITE);
    OK(clCkptCheckpointSynchronizeAsync(closed, 1));
    OK(clCkptCheckpointSynchronizeAsync(kept, 2));
    TRUE(becomes_readable(selection_object(service), WAIT_MS));
    OK(clCkptCheckpointClose(closed));
    await_events(service, 1);
    EQUAL(2, event_at(0).invocation);
    OK(clCkptDispatch(service, CL_DISPATCH_ALL));
    EQUAL(1, event_count());
}

const struct test dispatch_tests[] = {
    TEST("clCkptDispatch CL_OK", "CL_DISPATCH_ONE runs one callback, in this thread", dispatch_ok),
    TEST("clCkptDispatch CL_CKPT_ERR_INVALID_PARAM", "flags other than the three", dispatch_flags),
    NEVER("clCkptDispatch CL_CKPT_INTERNAL_ERROR",
          "only if the engine cannot be loaded, when no handle exists (tests/process)"),
    TEST("clCkptDispatch with nothing pending", "ONE and ALL return CL_OK at once", dispatch_empty),
    TEST("clCkptDispatch CL_DISPATCH_ALL", "runs all that wait", dispatch_all),
    TEST("clCkptDispatch without SelectionObjectGet", "completions wait for Dispatch", dispatch_without_object),
    TEST("clCkptDispatch CL_DISPATCH_BLOCKING", "runs callbacks until another thread finalizes", blocking),
    TEST("clCkptDispatch CL_DISPATCH_BLOCKING, finalized by a callback", "returns CL_OK",
         blocking_finalized_by_callback),
    TEST("clCkptDispatch from a callback", "a callback may call any function", callback_calls),
    TEST("clCkptDispatch after Close", "callbacks of a closed checkpoint are dropped, the next run",
         closed_meanwhile),
    END_OF_TESTS,
};
