//go:build ignore

/*
 * consumption.c: ImmediateConsumptionRegister: who is told, and from when until when.
 */
#include "clovis.h"

#include <pthread.h>
#include <signal.h>

#include "scene.h"

static void ok(void)
{
    int fd;

    begin(CL_CKPT_WR_ALL_REPLICAS);
    fd = selection_object(service);
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    await_consumed(1);
    EQUAL(CONSUMED, event_at(0).kind);
    EQUAL(reader, event_at(0).checkpoint);
    EQUAL(name.length, event_at(0).name.length);
    BYTES(name.value, event_at(0).name.value, name.length);
    TRUE(event_at(0).thread != (uint64_t)pthread_self());
    note("it has nothing to do with Dispatch");
    TRUE(!readable(fd));
    OK(clCkptDispatch(service, CL_DISPATCH_ALL));
    told_no_more(1);
}

/* DISTRIBUTED, which the original asks for, is not needed; nor is any open flag. */
static void any_checkpoint(void)
{
    static const ClCkptCreationFlagsT flags[] = {0, 1, 2, 4, CL_CKPT_DISTRIBUTED | 1, CL_CKPT_DISTRIBUTED};
    static const ClCkptOpenFlagsT modes[] = {0, READ, WRITE, READ | WRITE};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        for (size_t m = 0; m < (i == 0 ? sizeof modes / sizeof modes[0] : 1); m++) {
            ClCkptHdlT listening;
            begin(flags[i]);
            note("creationFlags %#x, opened with %u", flags[i], modes[m]);
            listening = open_as(service, &name, modes[m]);
            OK(consume(listening, NULL));
            OK(peer_do(&writer, "overwrite 0 a x"));
            await_consumed(1);
            EQUAL(listening, event_at(0).checkpoint);
            end();
        }
}

static void unregister(void)
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    note("there is none yet");
    OK(stop_consuming(reader));
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    await_consumed(1);
    OK(stop_consuming(reader));
    OK(peer_do(&writer, "overwrite 0 a 2"));
    told_no_more(1);
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a 3"));
    await_consumed(2);
    told_no_more(2);
}

/* One registration a handle. */
static void replaces(void)
{
    int first, second;

    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(consume(reader, &first));
    OK(consume(reader, &second));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    await_consumed(1);
    told_no_more(1);
    if (SDK_FLAVOUR)
        TRUE(event_at(0).cookie == &second);
}

static void every_handle(void)
{
    ClCkptSvcHdlT other = initialize();
    ClCkptHdlT handles[3];
    unsigned seen = 0;

    begin(CL_CKPT_WR_ALL_REPLICAS);
    handles[0] = reader;
    handles[1] = open_as(service, &name, READ);
    handles[2] = open_as(other, &name, READ);
    open_as(other, &name, READ); /* without a callback */
    for (int i = 0; i < 3; i++)
        OK(consume(handles[i], &handles[i]));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    await_consumed(3);
    told_no_more(3);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if (event_at(i).checkpoint == handles[j]) {
                seen |= 1u << j;
                if (SDK_FLAVOUR)
                    TRUE(event_at(i).cookie == &handles[j]);
            }
    EQUAL(7, seen);
}

/* No handle of the writing process is told, whichever wrote, and not when that one has been closed. */
static void not_the_writer(void)
{
    ClCkptSvcHdlT other = initialize();
    ClCkptHdlT own, another;

    begin(CL_CKPT_WR_ALL_REPLICAS);
    own = open_as(service, &name, READ | WRITE);
    another = open_as(other, &name, READ | WRITE);
    OK(consume(reader, NULL));
    OK(consume(own, NULL));
    OK(consume(another, NULL));
    OK(section_overwrite(own, SID("a"), "own", 3));
    OK(section_write(another, SID("a"), 1, "x", 1));
    OK(clCkptCheckpointClose(another));
    OK(clCkptFinalize(other));
    OK(section_delete(own, SID("a")));
    told_no_more(0);
    note("but of another process");
    add_section(own, SID("a"), "anew");
    OK(peer_do(&writer, "overwrite 0 a 1"));
    await_consumed(2);
    told_no_more(2);
}

/* The same seen from the other side: the peer that writes has registered itself. */
static void not_the_writing_peer(void)
{
    struct peer third = start_peer();

    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(peer_do(&writer, "open 1 %d %.*s", READ, name.length, name.value));
    OK(peer_do(&writer, "consume 1"));
    OK(peer_do(&third, "open 0 %d %.*s", READ, name.length, name.value));
    OK(peer_do(&third, "consume 0"));
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    OK(peer_do(&writer, "close 0"));
    await_consumed(1);
    EVENTUALLY(WAIT_MS, peer_do(&third, "events") == 1);
    EQUAL(0, peer_do(&writer, "events"));
    OK(section_overwrite(open_as(service, &name, WRITE), SID("a"), "2", 1));
    EVENTUALLY(WAIT_MS, peer_do(&writer, "events") == 1);
    EVENTUALLY(WAIT_MS, peer_do(&third, "events") == 2);
    told_no_more(1);
}

static void one_checkpoint(void)
{
    ClNameT other = name_of("other");
    ClCkptHdlT other_reader;

    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(peer_do(&writer, "create 1 %d %d %.*s", RWC, CL_CKPT_WR_ALL_REPLICAS, other.length, other.value));
    OK(peer_do(&writer, "section 1 a %lld data", (long long)CL_TIME_END));
    other_reader = open_as(service, &other, READ);
    OK(consume(other_reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    told_no_more(0);
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 1 a 1"));
    await_consumed(1);
    EQUAL(other_reader, event_at(0).checkpoint);
    BYTES(other.value, event_at(0).name.value, other.length);
    told_no_more(1);
}

static void ends_with_close(void)
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(consume(reader, NULL));
    OK(clCkptCheckpointClose(reader));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    told_no_more(0);
    reader = open_as(service, &name, READ);
    OK(peer_do(&writer, "overwrite 0 a 2"));
    told_no_more(0);
    OK(consume(reader, NULL));
    OK(clCkptFinalize(service));
    OK(peer_do(&writer, "overwrite 0 a 3"));
    told_no_more(0);
}

/* Deleted, but still open here and there. */
static void after_delete(void)
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(consume(reader, NULL));
    OK(clCkptCheckpointDelete(service, &name));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    await_consumed(1);
    BYTES(name.value, event_at(0).name.value, name.length);
}

/* What a callback does to its own and other handles, once. */
static void (*action)(void);
static pthread_mutex_t acting = PTHREAD_MUTEX_INITIALIZER;
static bool acted;

static void act(const struct event *event)
{
    (void)event;
    pthread_mutex_lock(&acting);
    if (!acted)
        action();
    acted = true;
    pthread_mutex_unlock(&acting);
}

static bool has_acted(void)
{
    bool so;
    pthread_mutex_lock(&acting);
    so = acted;
    pthread_mutex_unlock(&acting);
    return so;
}

static void from_callback(void (*what)(void))
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    action = what;
    on_event = act;
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    EVENTUALLY(WAIT_MS, has_acted());
}

static void use_everything(void)
{
    ClNameT other = name_of("from the callback");
    Attributes a = attributes();
    ClCkptHdlT own = open_as(service, &name, READ | WRITE), created = create(service, &other, &a);

    TEXT(reader, SID("a"), "1");
    EQUAL(1, status_of(reader).numberOfSections);
    EQUAL(1, iterate(own, CL_CKPT_SECTIONS_ANY, 0).count);
    OK(section_overwrite(own, SID("a"), "callback", 8));
    TEXT(own, SID("a"), "callback");
    add_section(created, SID("a"), "data");
    OK(clCkptCheckpointOpenAsync(service, 5, &other, NULL, READ));
    OK(clCkptFinalize(initialize()));
}

static void calls_everything(void)
{
    from_callback(use_everything);
    on_event = NULL;
    await_events(service, 2);
    EQUAL(OPENED, event_at(1).kind);
    OK(peer_do(&writer, "expect 0 a callback"));
    OK(peer_do(&writer, "overwrite 0 a 2"));
    await_consumed(3);
}

static void close_it(void)
{
    OK(clCkptCheckpointClose(reader));
}

static void closes_its_handle(void)
{
    from_callback(close_it);
    OK(peer_do(&writer, "overwrite 0 a 2"));
    told_no_more(1);
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptCheckpointClose(reader));
}

static void finalize_it(void)
{
    OK(clCkptFinalize(service));
}

static void finalizes(void)
{
    ClNameT again;

    from_callback(finalize_it);
    EVENTUALLY(WAIT_MS, clCkptCheckpointClose(reader) == CL_CKPT_ERR_INVALID_HANDLE);
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptFinalize(service));
    OK(peer_do(&writer, "overwrite 0 a 2"));
    told_no_more(1);
    again = name;
    service = initialize();
    OK(consume(open_as(service, &again, READ), NULL));
    OK(peer_do(&writer, "overwrite 0 a 3"));
    await_consumed(2);
}

static void unregister_it(void)
{
    OK(stop_consuming(reader));
}

static void unregisters(void)
{
    from_callback(unregister_it);
    OK(peer_do(&writer, "overwrite 0 a 2"));
    told_no_more(1);
}

static ClCkptHdlT second;

static void register_another(void)
{
    second = open_as(service, &name, READ);
    OK(consume(second, NULL));
    OK(consume(reader, NULL));
}

static void registers(void)
{
    from_callback(register_another);
    OK(peer_do(&writer, "overwrite 0 a 2"));
    await_consumed(3);
    told_no_more(3);
}

/* A callback that takes its time keeps nobody else waiting, and no second one of its service handle
 * runs beside it. */
static _Atomic int inside, most_inside;

static void slowly(const struct event *event)
{
    int now = ++inside;
    (void)event;
    if (now > most_inside)
        most_inside = now;
    pause_ms(20);
    inside--;
}

static void one_at_a_time(void)
{
    ClCkptHdlT also;
    int64_t start;

    begin(CL_CKPT_WR_ALL_REPLICAS);
    also = open_as(service, &name, READ);
    on_event = slowly;
    OK(consume(reader, NULL));
    OK(consume(also, NULL));
    start = monotonic_now();
    for (int i = 0; i < 20; i++)
        OK(peer_do(&writer, "overwrite 0 a %d", i));
    TRUE(monotonic_now() - start < 20 * 2 * 20 * MS + 5 * SECOND);
    TEXT(reader, SID("a"), "19");
    await_consumed(40);
    EQUAL(1, most_inside);
    told_no_more(40);
}

const struct test consumption_tests[] = {
    TEST("clCkptImmediateConsumptionRegister CL_OK",
         "called with name and handle, without Dispatch, in a thread of the library", ok),
    TEST("consumption of any checkpoint", "and with any open flags, none too", any_checkpoint),
    TEST("consumption ended by NULL", "and begun again", unregister),
    TEST("consumption registered twice", "one callback, the later one", replaces),
    TEST("consumption through several handles", "each is told", every_handle),
    TEST("consumption, the writing process", "is not told, whatever handle it uses", not_the_writer),
    TEST("consumption, a writing peer", "is not told, the others are; its handle may be closed",
         not_the_writing_peer),
    TEST("consumption of one checkpoint", "tells nothing of another", one_checkpoint),
    TEST("consumption ends", "with Close and with Finalize", ends_with_close),
    TEST("consumption of a deleted checkpoint", "goes on while it is open", after_delete),
    TEST("consumption callback calls the API", "read, write, open, iterate, initialize", calls_everything),
    TEST("consumption callback closes its handle", "it was the last callback", closes_its_handle),
    TEST("consumption callback finalizes", "its own service handle; another one works", finalizes),
    TEST("consumption callback ends itself", "by NULL", unregisters),
    TEST("consumption callback registers", "itself anew, and another handle", registers),
    TEST("consumption callback that is slow", "no second one beside it; nobody else waits", one_at_a_time),
    END_OF_TESTS,
};
