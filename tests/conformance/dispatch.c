//go:build ignore

/*
 * dispatch.c: 19 to 25: the selection object and Dispatch.
 */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>

/* How long two completions are given to arrive. A round that sees only one of them is repeated
 * with more time, so that a slow machine does not look like a fault. */
static const int settle_ms[] = {20, 100, 400, 1600};
#define ROUNDS ((int)(sizeof settle_ms / sizeof settle_ms[0]))

static SaCkptHandleT library;
static SaNameT name;

static void begin(void)
{
    Attributes a = attributes();
    library = initialize();
    name = name_of("x");
    create(library, &name, &a);
}

static void start_two(int round)
{
    events_clear();
    OK(saCkptCheckpointOpenAsync(library, 1, &name, NULL, READ));
    OK(saCkptCheckpointOpenAsync(library, 2, &name, NULL, READ));
    TRUE(becomes_readable(selection_object(library), WAIT_MS));
    pause_ms(settle_ms[round]);
}

static void t19(void)
{
    int fd;
    SaTimeT began;

    begin();
    fd = selection_object(library);
    TRUE(!readable(fd));
    service_stop();
    began = monotonic_now();
    OK(saCkptCheckpointOpenAsync(library, 7, &name, NULL, READ));
    TRUE(monotonic_now() - began < SECOND);
    STAYS(200, !readable(fd));
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    EQUAL(0, event_count());
    service_continue();
    TRUE(becomes_readable(fd, WAIT_MS));
    EQUAL(0, event_count());
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    EQUAL(1, event_count());
    EQUAL(SA_AIS_OK, event_at(0).error);
    STAYS(50, !readable(fd));
}

static void t20(void)
{
    SaTimeT began;

    begin();
    for (int with_object = 0; with_object < 2; with_object++) {
        began = monotonic_now();
        OK(saCkptDispatch(library, SA_DISPATCH_ONE));
        OK(saCkptDispatch(library, SA_DISPATCH_ALL));
        TRUE(monotonic_now() - began < 2 * SECOND);
        EQUAL(0, event_count());
        TRUE(!readable(selection_object(library)));
    }
}

static atomic_int blocking_result;

static void *dispatch_blocking(void *unused)
{
    (void)unused;
    atomic_store(&blocking_result, (int)saCkptDispatch(library, SA_DISPATCH_BLOCKING));
    return NULL;
}

static void t21(void)
{
    pthread_t thread;

    begin();
    EQUAL(0, pthread_create(&thread, NULL, dispatch_blocking, NULL));
    /* The callback shows that the thread is inside Dispatch. */
    OK(saCkptCheckpointOpenAsync(library, 3, &name, NULL, READ));
    EVENTUALLY(WAIT_MS, event_count() == 1);
    TRUE(event_at(0).thread == (uint64_t)thread);
    STAYS(200, atomic_load(&blocking_result) == 0);
    OK(saCkptFinalize(library));
    EVENTUALLY(WAIT_MS, atomic_load(&blocking_result) != 0);
    EQUAL(SA_AIS_OK, atomic_load(&blocking_result));
    EQUAL(0, pthread_join(thread, NULL));
    EQUAL(1, event_count());
}

static void t22(void)
{
    static const unsigned bad[] = {0, 4, 5, 99, 0x80000001u};

    begin();
    OK(saCkptCheckpointOpenAsync(library, 3, &name, NULL, READ));
    TRUE(becomes_readable(selection_object(library), WAIT_MS));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        note("flags %#x", bad[i]);
        RC(SA_AIS_ERR_INVALID_PARAM, saCkptDispatch(library, (SaDispatchFlagsT)bad[i]));
        EQUAL(0, event_count());
    }
    await_events(library, 1);
}

static void t23(void)
{
    begin();
    OK(saCkptFinalize(library));
    library = initialize();
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptDispatch(0, (SaDispatchFlagsT)0));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptDispatch(~library, (SaDispatchFlagsT)4));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptDispatch(library, (SaDispatchFlagsT)4));
}

static void t24(void)
{
    int fd;
    bool stayed = false;

    begin();
    fd = selection_object(library);
    for (int round = 0; round < ROUNDS && !stayed; round++) {
        start_two(round);
        OK(saCkptDispatch(library, SA_DISPATCH_ONE));
        EQUAL(1, event_count());
        stayed = readable(fd);
        TRUE(becomes_readable(fd, WAIT_MS));
        OK(saCkptDispatch(library, SA_DISPATCH_ONE));
        EQUAL(2, event_count());
        TRUE(!readable(fd));
        TRUE(event_at(0).invocation + event_at(1).invocation == 3);
    }
    TRUE(stayed);
}

static void t25(void)
{
    bool both = false;

    begin();
    for (int round = 0; round < ROUNDS && !both; round++) {
        start_two(round);
        OK(saCkptDispatch(library, SA_DISPATCH_ALL));
        both = event_count() == 2;
        TRUE(event_at(0).thread == (uint64_t)pthread_self());
        await_events(library, 2);
        TRUE(event_at(0).invocation + event_at(1).invocation == 3);
        TRUE(!readable(selection_object(library)));
    }
    TRUE(both);
}

const struct test dispatch_tests[] = {
    {19, "the selection object becomes readable when OpenAsync completes, not before", EVERY, t19,
     EXCLUSIVE, 0},
    {20, "Dispatch(ONE) and (ALL) with nothing pending return OK at once", EVERY, t20, 0, 0},
    {21, "Dispatch(BLOCKING) returns OK when another thread finalizes the handle", EVERY, t21, 0, 0},
    {22, "Dispatch with other flags: INVALID_PARAM, and no callback runs", EVERY, t22, 0, 0},
    {23, "Dispatch tests the handle before the flags", EVERY, t23, 0, 0},
    {24, "Dispatch(ONE) with two callbacks pending runs one; the object stays readable", EVERY, t24,
     0, 30},
    {25, "Dispatch(ALL) with two callbacks pending runs both before it returns", EVERY, t25, 0, 30},
    {0, NULL, 0, NULL, 0, 0},
};
