//go:build ignore

/*
 * close.c: 70 to 79: Close, retention, and callbacks pending at Close.
 */
#include "harness.h"

static void t70(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT kept = create(library, &name, &a), checkpoint;

    add_section(kept, SID("abc"), "data");
    checkpoint = open_as(library, &name, READ | WRITE);
    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointClose(checkpoint));
    checkpoint_handle_is_bad(checkpoint);
    TEXT(kept, SID("abc"), "data");
}

static void t71(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);

    add_section(checkpoint, SID("a"), "data");
    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    checkpoint = create(library, &name, &a);
    EQUAL(0, number_of_sections(checkpoint));
}

static void t72(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;
    SaTimeT closed;

    a.retentionDuration = 2 * SECOND;
    checkpoint = create(library, &name, &a);
    add_section(checkpoint, SID("a"), "data");
    closed = monotonic_now();
    OK(saCkptCheckpointClose(checkpoint));
    sleep_until(closed + 1500 * MS);
    checkpoint = open_as(library, &name, READ);
    TEXT(checkpoint, SID("a"), "data");
    OK(saCkptCheckpointClose(checkpoint));
    /* Looking would open it, which starts the retention anew: look once. */
    pause_ms(3000);
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void t73(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;

    a.retentionDuration = SECOND;
    checkpoint = create(library, &name, &a);
    add_section(checkpoint, SID("a"), "data");
    OK(saCkptCheckpointClose(checkpoint));
    checkpoint = open_as(library, &name, READ);
    pause_ms(2500);
    TEXT(checkpoint, SID("a"), "data");
    OK(try_open(library, &name));
}

static void t74(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);
    struct peer peer = peer_start(client->name);

    add_section(checkpoint, SID("a"), "data");
    OK(peer_do(&peer, "open 0 %d %.*s", READ, name.length, name.value));
    OK(saCkptCheckpointClose(checkpoint));
    pause_ms(300);
    OK(peer_do(&peer, "expect 0 a data"));
    OK(try_open(library, &name));
    OK(peer_do(&peer, "close 0"));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void t75(void)
{
    SaNameT kept = name_of("kept"), lost = name_of("lost");
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;
    struct peer peer = peer_start(client->name);

    OK(peer_do(&peer, "create 0 %lld 1 %.*s", 2 * SECOND, kept.length, kept.value));
    OK(peer_do(&peer, "section 0 a data"));
    OK(peer_do(&peer, "create 1 0 1 %.*s", lost.length, lost.value));
    OK(try_open(library, &lost));
    peer_kill(&peer);
    EVENTUALLY(3000, try_open(library, &lost) == SA_AIS_ERR_NOT_EXIST);
    note("retention of 2 s");
    checkpoint = open_as(library, &kept, READ);
    TEXT(checkpoint, SID("a"), "data");
    OK(saCkptCheckpointClose(checkpoint));
    pause_ms(3000);
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &kept));
}

static SaCkptHandleT library;
static SaNameT name;

/* A handle to an asynchronous checkpoint with a completed SynchronizeAsync whose callback has not
 * run. Another handle keeps the checkpoint open. */
static SaCkptCheckpointHandleT with_pending_callback(SaInvocationT invocation)
{
    SaCkptCheckpointHandleT checkpoint;
    Attributes a = attributes_with(SA_CKPT_WR_ACTIVE_REPLICA);

    if (library == 0) {
        library = initialize();
        name = name_of("x");
        create(library, &name, &a);
    }
    checkpoint = open_as(library, &name, READ | WRITE);
    OK(saCkptCheckpointSynchronizeAsync(checkpoint, invocation));
    TRUE(becomes_readable(selection_object(library), WAIT_MS));
    return checkpoint;
}

static void t76(void)
{
    SaCkptCheckpointHandleT checkpoint = with_pending_callback(1);
    int fd = selection_object(library);

    OK(saCkptCheckpointClose(checkpoint));
    note("closed with the callback pending");
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    EQUAL(0, event_count());
    TRUE(!readable(fd));
    checkpoint = open_as(library, &name, READ | WRITE);
    OK(saCkptCheckpointSynchronizeAsync(checkpoint, 2));
    OK(saCkptCheckpointClose(checkpoint));
    note("closed at once after the call");
    pause_ms(200);
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    EQUAL(0, event_count());
}

static void t77(void)
{
    SaCkptCheckpointHandleT checkpoint = with_pending_callback(1);
    int fd = selection_object(library);
    bool next_ran = false;

    OK(saCkptCheckpointClose(checkpoint));
    TRUE(readable(fd));
    OK(saCkptDispatch(library, SA_DISPATCH_ONE));
    EQUAL(0, event_count());
    TRUE(!readable(fd));

    note("another callback waits behind the dropped one");
    /* Given more time in each round, in case the open takes longer than the Dispatch. */
    for (int settle_ms = 20; settle_ms <= 1280 && !next_ran; settle_ms *= 4) {
        events_clear();
        checkpoint = with_pending_callback(2);
        OK(saCkptCheckpointOpenAsync(library, 3, &name, NULL, READ));
        pause_ms(settle_ms);
        OK(saCkptCheckpointClose(checkpoint));
        OK(saCkptDispatch(library, SA_DISPATCH_ONE));
        next_ran = event_count() == 1;
        await_events(library, 1);
        EQUAL(1, event_count());
        EQUAL(OPENED, event_at(0).kind);
        EQUAL(3, event_at(0).invocation);
        EQUAL(SA_AIS_OK, event_at(0).error);
    }
    TRUE(next_ran);
}

static void finalize_here(const struct event *event)
{
    (void)event;
    OK(saCkptFinalize(library));
}

static void t78(void)
{
    SaCkptCheckpointHandleT closed = with_pending_callback(1), open;
    int fd = selection_object(library);

    open = open_as(library, &name, READ | WRITE);
    OK(saCkptCheckpointSynchronizeAsync(open, 2));
    OK(saCkptCheckpointSynchronizeAsync(closed, 3));
    OK(saCkptCheckpointSynchronizeAsync(open, 4));
    pause_ms(200);
    OK(saCkptCheckpointClose(closed));
    note("ALL runs the callbacks behind a dropped one");
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    await_events(library, 2);
    EQUAL(2, event_count());
    EQUAL(2, event_at(0).invocation);
    EQUAL(4, event_at(1).invocation);
    TRUE(!readable(fd));

    note("BLOCKING goes on after a dropped callback");
    events_clear();
    closed = with_pending_callback(5);
    OK(saCkptCheckpointClose(closed));
    OK(saCkptCheckpointSynchronizeAsync(open, 6));
    on_event = finalize_here;
    OK(saCkptDispatch(library, SA_DISPATCH_BLOCKING));
    EQUAL(1, event_count());
    EQUAL(6, event_at(0).invocation);
}

static void t79(void)
{
    SaNameT other = name_of("y");
    Attributes a = attributes();
    SaCkptHandleT mine = initialize();
    SaCkptCheckpointHandleT checkpoint = create(mine, &other, &a);
    SaCkptCheckpointHandleT second = open_as(mine, &other, READ);
    SaCkptSectionIterationHandleT dead, alive;
    SaCkptSectionDescriptorT descriptor;

    add_section(checkpoint, SID("a"), "1");
    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &dead));
    OK(saCkptSectionIterationInitialize(second, SA_CKPT_SECTIONS_ANY, 0, &alive));
    OK(saCkptCheckpointClose(checkpoint));
    iteration_handle_is_bad(dead);
    OK(saCkptSectionIterationNext(alive, &descriptor));
    OK(saCkptSectionIterationFinalize(alive));
}

const struct test close_tests[] = {
    {70, "Close succeeds once; afterwards every call on the handle gives BAD_HANDLE", EVERY, t70, 0,
     0},
    {71, "with retention 0 the last Close ends the checkpoint", EVERY, t71, 0, 0},
    {72, "with retention 2 s it can be opened again for 2 s, and no longer", EVERY, t72, 0, 0},
    {73, "opening it within its retention keeps it", EVERY, t73, 0, 0},
    {74, "it stays as long as another process has it open", EVERY, t74, 0, 0},
    {75, "the death of a process closes what it had open, and starts the retention", EVERY, t75, 0,
     0},
    {76, "Close drops the callbacks of its handle, pending or in flight", EVERY, t76, 0, 0},
    {77, "Dispatch(ONE) after Close runs nothing and returns OK, or runs the next callback", EVERY,
     t77, 0, 0},
    {78, "Dispatch(ALL) and (BLOCKING) pass over dropped callbacks and run the others", EVERY, t78,
     0, 0},
    {79, "Close ends the iterations of its handle, and no others", EVERY, t79, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
