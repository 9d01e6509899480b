//go:build ignore

/*
 * decision_callback.c: D22 to D28: the selection object, dropped callbacks, opens in flight.
 */
#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

static SaCkptHandleT library;
static SaNameT name;
static Attributes attributes_used;

static SaCkptCheckpointHandleT begin(SaCkptCheckpointCreationFlagsT flags)
{
    attributes_used = attributes_with(flags);
    library = initialize();
    name = name_of("x");
    return create(library, &name, &attributes_used);
}

/* A checkpoint handle whose SynchronizeAsync has completed, its callback pending. */
static SaCkptCheckpointHandleT with_pending(SaInvocationT invocation)
{
    SaCkptCheckpointHandleT checkpoint = open_as(library, &name, READ | WRITE);
    OK(saCkptCheckpointSynchronizeAsync(checkpoint, invocation));
    TRUE(becomes_readable(selection_object(library), WAIT_MS));
    return checkpoint;
}

static void d22(void)
{
    static const SaDispatchFlagsT flags[] = {SA_DISPATCH_ONE, SA_DISPATCH_ALL};
    int fd;

    begin(SA_CKPT_WR_ACTIVE_REPLICA);
    fd = selection_object(library);
    for (int i = 0; i < 2; i++) {
        note("one dropped, Dispatch flags %d", (int)flags[i]);
        OK(saCkptCheckpointClose(with_pending(1)));
        STAYS(100, readable(fd));
        OK(saCkptDispatch(library, flags[i]));
        EQUAL(0, event_count());
        STAYS(50, !readable(fd));
        note("three dropped, Dispatch flags %d", (int)flags[i]);
        {
            SaCkptCheckpointHandleT one = with_pending(1), two = with_pending(2),
                                    three = with_pending(3);
            OK(saCkptCheckpointClose(one));
            OK(saCkptCheckpointClose(two));
            OK(saCkptCheckpointClose(three));
        }
        TRUE(readable(fd));
        OK(saCkptDispatch(library, flags[i]));
        EQUAL(0, event_count());
        STAYS(50, !readable(fd));
    }
    note("afterwards it works as ever");
    with_pending(9);
    OK(saCkptDispatch(library, SA_DISPATCH_ONE));
    EQUAL(1, event_count());
    EQUAL(9, event_at(0).invocation);
    TRUE(!readable(fd));
}

/* Opens many times without waiting for it and finalizes, at a different moment each time. */
static void d23(void)
{
    SaCkptHandleT other = initialize();
    SaNameT racing = name_of("racing");
    Attributes a = attributes();

    for (int i = 0; i < 40; i++) {
        SaCkptHandleT passing = initialize();
        note("round %d", i);
        for (SaInvocationT n = 0; n < 3; n++)
            OK(saCkptCheckpointOpenAsync(passing, n, &racing, &a, RWC));
        if (i % 4 != 0)
            sleep_until(monotonic_now() + i * MS / 10);
        OK(saCkptFinalize(passing));
        EQUAL(0, event_count());
        EVENTUALLY(WAIT_MS, try_open(other, &racing) == SA_AIS_ERR_NOT_EXIST);
    }
    STAYS(500, try_open(other, &racing) == SA_AIS_ERR_NOT_EXIST);
}

static void d24(void)
{
    SaCkptHandleT other, passing;
    SaNameT stopped = name_of("stopped");

    begin(SA_CKPT_WR_ALL_REPLICAS);
    other = library;
    passing = initialize();
    service_stop();
    OK(saCkptCheckpointOpenAsync(passing, 1, &stopped, &attributes_used, RWC));
    OK(saCkptFinalize(passing));
    service_continue();
    EVENTUALLY(WAIT_MS, try_open(other, &stopped) == SA_AIS_ERR_NOT_EXIST);
    STAYS(500, try_open(other, &stopped) == SA_AIS_ERR_NOT_EXIST);
    EQUAL(0, event_count());
}

static bool seen_by_poll(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

static bool seen_by_select(int fd)
{
    struct timeval at_once = {0, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &at_once) == 1 && FD_ISSET(fd, &set);
}

static bool seen_by_epoll(int epoll)
{
    struct epoll_event event;
    return epoll_wait(epoll, &event, 1, 0) == 1 && event.events == EPOLLIN;
}

static void d25(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd, epoll = epoll_create1(0);

    begin(SA_CKPT_WR_ACTIVE_REPLICA);
    fd = selection_object(library);
    TRUE(fd < FD_SETSIZE);
    TRUE((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    EQUAL(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    for (int i = 0; i < 3; i++) {
        TRUE(!seen_by_poll(fd) && !seen_by_select(fd) && !seen_by_epoll(epoll));
        with_pending((SaInvocationT)i);
        TRUE(seen_by_poll(fd) && seen_by_select(fd) && seen_by_epoll(epoll));
        TRUE(seen_by_poll(fd) && seen_by_select(fd) && seen_by_epoll(epoll));
        OK(saCkptDispatch(library, i == 0 ? SA_DISPATCH_ONE : SA_DISPATCH_ALL));
        EQUAL(i + 1, event_count());
    }
    close(epoll);
    OK(saCkptFinalize(library));
    TRUE(fcntl(fd, F_GETFD) == -1);
}

static void use_everything(const struct event *event)
{
    SaCkptHandleT inner;
    SaNameT other = name_of("inner");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;

    EQUAL(SA_AIS_OK, event->error);
    add_section(event->checkpoint, SID("a"), "from-callback");
    TEXT(event->checkpoint, SID("a"), "from-callback");
    checkpoint = create(library, &other, &a);
    OK(saCkptCheckpointUnlink(library, &other));
    OK(saCkptCheckpointClose(checkpoint));
    inner = initialize();
    OK(saCkptFinalize(inner));
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    OK(saCkptCheckpointClose(event->checkpoint));
}

static void finalize_it(const struct event *event)
{
    (void)event;
    OK(saCkptFinalize(library));
}

static void d26(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_CKPT_WR_ALL_REPLICAS);

    on_event = use_everything;
    OK(saCkptCheckpointOpenAsync(library, 1, &name, NULL, READ | WRITE));
    await_events(library, 1);
    TEXT(checkpoint, SID("a"), "from-callback");
    for (int all = 0; all < 2; all++) {
        note("a callback finalizes in %s", all != 0 ? "ALL" : "ONE");
        events_clear();
        on_event = finalize_it;
        OK(saCkptCheckpointOpenAsync(library, 1, &name, NULL, READ));
        OK(saCkptCheckpointOpenAsync(library, 2, &name, NULL, READ));
        TRUE(becomes_readable(selection_object(library), WAIT_MS));
        RC(all != 0 ? SA_AIS_ERR_BAD_HANDLE : SA_AIS_OK,
           saCkptDispatch(library, all != 0 ? SA_DISPATCH_ALL : SA_DISPATCH_ONE));
        EQUAL(1, event_count());
        library_handle_is_bad(library);
        on_event = NULL;
        begin(SA_CKPT_WR_ALL_REPLICAS);
    }
}

#define DISPATCHERS 8
#define OPENS 200

static void *dispatch_blocking(void *unused)
{
    (void)unused;
    OK(saCkptDispatch(library, SA_DISPATCH_BLOCKING));
    return NULL;
}

static void d27(void)
{
    pthread_t threads[DISPATCHERS];
    int seen[OPENS] = {0};

    begin(SA_CKPT_WR_ALL_REPLICAS);
    for (int i = 0; i < DISPATCHERS; i++)
        EQUAL(0, pthread_create(&threads[i], NULL, dispatch_blocking, NULL));
    for (SaInvocationT i = 0; i < OPENS; i++)
        OK(saCkptCheckpointOpenAsync(library, i, &name, NULL, READ));
    EVENTUALLY(WAIT_MS, event_count() >= OPENS);
    STAYS(100, event_count() == OPENS);
    OK(saCkptFinalize(library));
    for (int i = 0; i < DISPATCHERS; i++)
        EQUAL(0, pthread_join(threads[i], NULL));
    for (int i = 0; i < OPENS; i++) {
        struct event event = event_at(i);
        EQUAL(SA_AIS_OK, event.error);
        TRUE(event.invocation < OPENS);
        seen[event.invocation]++;
    }
    for (int i = 0; i < OPENS; i++)
        EQUAL(1, seen[i]);
}

static void d28(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_CKPT_WR_ACTIVE_REPLICA);
    SaNameT other = name_of("y");
    SaTimeT began;

    service_stop();
    began = monotonic_now();
    OK(saCkptCheckpointOpenAsync(library, 1, &other, &attributes_used, RWC));
    OK(saCkptCheckpointSynchronizeAsync(checkpoint, 2));
    TRUE(monotonic_now() - began < SECOND);
    while (event_count() < 2) {
        TRUE(monotonic_now() - began < 14 * SECOND);
        if (becomes_readable(selection_object(library), 500))
            OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    }
    TRUE(monotonic_now() - began >= 10 * SECOND);
    EQUAL(SA_AIS_ERR_TIMEOUT, event_at(0).error);
    EQUAL(SA_AIS_ERR_TIMEOUT, event_at(1).error);
    EQUAL(3, event_at(0).invocation + event_at(1).invocation);
    service_continue();
    note("no second callback when the service answers");
    EVENTUALLY(WAIT_MS, saCkptCheckpointSynchronize(checkpoint, TIMEOUT) == SA_AIS_OK);
    STAYS(300, !readable(selection_object(library)));
    EQUAL(2, event_count());
}

const struct test decision_callback_tests[] = {
    {22, "the object raised for dropped callbacks stays readable until one Dispatch runs nothing",
     EVERY, d22, 0, 0},
    {23, "an OpenAsync in flight at Finalize leaves nothing open, whatever the moment", ONCE, d23, 0,
     60},
    {24, "nor does one that the service has not yet seen", EVERY, d24, EXCLUSIVE, 40},
    {25, "the selection object works in poll, select and epoll, is close-on-exec, dies at Finalize",
     EVERY, d25, 0, 0},
    {26, "a callback may use the whole interface; Finalize in one: ONE is OK, ALL is BAD_HANDLE",
     EVERY, d26, 0, 0},
    {27, "several threads dispatch one handle; each callback runs once", EVERY, d27, 0, 0},
    {28, "asynchronous calls that get no answer call back once with TIMEOUT, after 10 s", ONCE, d28,
     EXCLUSIVE, 40},
    {0, NULL, 0, NULL, 0, 0},
};
