//go:build ignore

/*
 * synchronize.c: 196 to 200: Synchronize, and notifications of writes.
 */
#include "harness.h"

static SaCkptHandleT library;
static SaNameT name;

static SaCkptCheckpointHandleT begin(SaCkptCheckpointCreationFlagsT flags)
{
    Attributes a = attributes_with(flags);
    library = initialize();
    name = name_of(flags == SA_CKPT_WR_ALL_REPLICAS ? "all" : "active");
    return create(library, &name, &a);
}

static void t196(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_CKPT_WR_ALL_REPLICAS), reader;

    RC(SA_AIS_ERR_BAD_OPERATION, saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
    RC(SA_AIS_ERR_BAD_OPERATION, saCkptCheckpointSynchronizeAsync(checkpoint, 1));
    reader = open_as(library, &name, READ);
    RC(SA_AIS_ERR_ACCESS, saCkptCheckpointSynchronize(reader, TIMEOUT));
    RC(SA_AIS_ERR_ACCESS, saCkptCheckpointSynchronizeAsync(reader, 1));
    begin(SA_CKPT_WR_ACTIVE_REPLICA);
    reader = open_as(library, &name, READ);
    note("asynchronous checkpoint");
    RC(SA_AIS_ERR_ACCESS, saCkptCheckpointSynchronize(reader, TIMEOUT));
    RC(SA_AIS_ERR_ACCESS, saCkptCheckpointSynchronizeAsync(reader, 1));
    STAYS(50, !readable(selection_object(library)));
}

static void t197(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_CKPT_WR_ACTIVE_REPLICA);

    OK(saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
    add_section(checkpoint, SID("a"), "data");
    OK(saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
    OK(saCkptCheckpointSynchronize(checkpoint, 0));
    TEXT(checkpoint, SID("a"), "data");
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointSynchronize(checkpoint, -1));
    OK(saCkptCheckpointClose(checkpoint));
    note("the timeout is tested before the handle");
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointSynchronize(checkpoint, -1));
}

static void t198(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_CKPT_WR_ACTIVE_REPLICA), bare;

    OK(saCkptCheckpointSynchronizeAsync(checkpoint, ~0ULL));
    await_events(library, 1);
    EQUAL(SYNCHRONIZED, event_at(0).kind);
    EQUAL(~0ULL, event_at(0).invocation);
    EQUAL(SA_AIS_OK, event_at(0).error);
    STAYS(50, !readable(selection_object(library)));
    library = initialize_bare();
    bare = open_as(library, &name, READ | WRITE);
    RC(SA_AIS_ERR_INIT, saCkptCheckpointSynchronizeAsync(bare, 1));
    STAYS(50, !readable(selection_object(library)));
}

/* The event at this place tells of one element written like this. */
static void told(int index, SaCkptCheckpointHandleT checkpoint, const char *id, SaOffsetT offset,
                 SaSizeT size)
{
    struct event event = event_at(index);

    note("callback number %d", index);
    EQUAL(ARRIVED, event.kind);
    EQUAL(checkpoint, event.checkpoint);
    EQUAL(1, event.count);
    EQUAL(strlen(id), event.elements[0].id_length);
    BYTES(id, event.elements[0].id, strlen(id));
    EQUAL(offset, event.elements[0].offset);
    EQUAL(size, event.elements[0].size);
    TRUE(event.elements[0].buffer == NULL);
    EQUAL(0, event.elements[0].read_size);
    note("%s", "");
}

static void t199(void)
{
    SaCkptCheckpointHandleT writer = begin(SA_CKPT_WR_ALL_REPLICAS), reader, write_only;
    SaCkptHandleT writing = library, listening = initialize(), deaf = initialize();
    struct peer peer = peer_start(client->name);

    add_section(writer, SID("a"), "0123456789");
    OK(ncsCkptRegisterCkptArrivalCallback(writing, record_arrival));
    OK(ncsCkptRegisterCkptArrivalCallback(listening, record_arrival));
    OK(ncsCkptRegisterCkptArrivalCallback(deaf, record_arrival));
    reader = open_as(listening, &name, READ);
    write_only = open_as(deaf, &name, WRITE);
    OK(peer_do(&peer, "open 0 %d %.*s", READ | WRITE, name.length, name.value));

    note("a handle of this process writes");
    OK(section_write(writer, SID("a"), 3, "xyz", 3));
    await_events(listening, 1);
    told(0, reader, "a", 3, 3);
    STAYS(100, !readable(selection_object(writing)) && !readable(selection_object(deaf)));

    note("another process writes");
    events_clear();
    OK(peer_do(&peer, "overwrite 0 a abcdefg"));
    await_events(listening, 1);
    told(0, reader, "a", 0, 7);
    TEXT(reader, SID("a"), "abcdefg");
    events_clear();
    await_events(writing, 1);
    told(0, writer, "a", 0, 7);

    note("one opened without READ writes");
    events_clear();
    OK(section_write(write_only, SID("a"), 0, "A", 1));
    await_events(listening, 1);
    told(0, reader, "a", 0, 1);
    STAYS(100, !readable(selection_object(deaf)));
    OK(saCkptDispatch(deaf, SA_DISPATCH_ALL));
    EQUAL(1, event_count());
}

static void t200(void)
{
    SaCkptCheckpointHandleT checkpoint = begin(SA_CKPT_WR_ALL_REPLICAS), bare_checkpoint;
    SaCkptHandleT bare = initialize_bare();

    RC(SA_AIS_ERR_INVALID_PARAM, ncsCkptRegisterCkptArrivalCallback(library, NULL));
    if (client->bit != B_02_03) {
        RC(SA_AIS_ERR_VERSION, saCkptTrack(library));
        RC(SA_AIS_ERR_VERSION, saCkptTrackStop(library));
        RC(SA_AIS_ERR_VERSION, saCkptCheckpointTrack(checkpoint));
        RC(SA_AIS_ERR_VERSION, saCkptCheckpointTrackStop(checkpoint));
        return;
    }
    bare_checkpoint = open_as(bare, &name, READ);
    RC(SA_AIS_ERR_INIT, saCkptTrack(bare));
    RC(SA_AIS_ERR_INIT, saCkptCheckpointTrack(bare_checkpoint));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptTrackStop(library));
    OK(saCkptTrack(library));
    OK(saCkptTrack(library));
    OK(saCkptTrackStop(library));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptTrackStop(library));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointTrackStop(checkpoint));
    OK(saCkptCheckpointTrack(checkpoint));
    OK(saCkptCheckpointTrack(checkpoint));
    OK(saCkptCheckpointTrackStop(checkpoint));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointTrackStop(checkpoint));
}

const struct test synchronize_tests[] = {
    {196, "Synchronize of a synchronous checkpoint: BAD_OPERATION; without WRITE, ACCESS first",
     EVERY, t196, 0, 0},
    {197, "Synchronize of an asynchronous checkpoint; a negative timeout is INVALID_PARAM", EVERY,
     t197, 0, 0},
    {198, "SynchronizeAsync gives its callback; without one registered, INIT", EVERY, t198, 0, 0},
    {199, "the arrival callback tells every handle with READ of a write, but not the writer's own",
     EVERY, t199, 0, 0},
    {200, "Track: VERSION below {B,2,3}, INIT without callback, Stop NOT_EXIST when not tracking",
     EVERY, t200, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
