//go:build ignore

/*
 * decision_notify.c: D29 to D35: the units of arrival and track callbacks, and who gets them.
 */
#include "harness.h"

#include "recorder.h"

#include <stdio.h>
#include <stdlib.h>

static SaCkptHandleT writing, listening;
static SaCkptCheckpointHandleT writer, reader;
static SaNameT name;
static enum event_kind kind; /* of callback the listening handle has asked for */

static void listen_on(SaCkptHandleT handle)
{
    if (kind == TRACKED)
        OK(saCkptTrack(handle));
    else
        OK(ncsCkptRegisterCkptArrivalCallback(handle, record_arrival));
}

static void begin(enum event_kind wanted, SaCkptCheckpointCreationFlagsT flags)
{
    char suffix[16];
    Attributes a = attributes_with(flags);

    kind = wanted;
    snprintf(suffix, sizeof suffix, "%d-%u", (int)wanted, flags);
    name = name_of(suffix);
    note("%s callbacks, creationFlags %#x", kind == TRACKED ? "track" : "arrival", flags);
    events_clear();
    on_event = NULL;
    writing = initialize();
    listening = initialize();
    writer = create(writing, &name, &a);
    listen_on(writing);
    listen_on(listening);
    reader = open_as(listening, &name, READ);
}

/* The next callback tells the reader of these elements, and of nothing else. */
static void told(const SaCkptIOVectorElementT *elements, SaUint32T count)
{
    struct event event;

    await_events(listening, 1);
    EQUAL(1, event_count());
    event = event_at(0);
    EQUAL(kind, event.kind);
    EQUAL(reader, event.checkpoint);
    EQUAL(count, event.count);
    for (SaUint32T i = 0; i < count; i++) {
        EQUAL(elements[i].sectionId.idLen, event.elements[i].id_length);
        BYTES(elements[i].sectionId.id, event.elements[i].id, elements[i].sectionId.idLen);
        EQUAL(0, event.elements[i].id[event.elements[i].id_length]);
        EQUAL(elements[i].dataSize, event.elements[i].size);
        EQUAL(elements[i].dataOffset, event.elements[i].offset);
        TRUE(event.elements[i].buffer == NULL);
        EQUAL(0, event.elements[i].read_size);
    }
    events_clear();
}

static void told_one(SaCkptSectionIdT id, SaSizeT size, SaOffsetT offset)
{
    const SaCkptIOVectorElementT e = element(id, NULL, size, offset);
    told(&e, 1);
}

static void told_nothing(void)
{
    STAYS(150, !readable(selection_object(listening)) && !readable(selection_object(writing)));
    OK(saCkptDispatch(listening, SA_DISPATCH_ALL));
    OK(saCkptDispatch(writing, SA_DISPATCH_ALL));
    EQUAL(0, event_count());
}

static void written_units(void)
{
    const SaCkptIOVectorElementT many[] = {
        element(SID("b"), "12", 2, 7),   element(SID("a"), "345", 3, 0),
        element(SID("a"), "6789", 4, 1), element(SID("b"), "1", 1, 50),
    };

    add_section(writer, SID("a"), "data");
    told_one(SID("a"), 4, 0);
    OK(section_create(writer, SID("b"), SA_TIME_END, NULL, 0));
    told_nothing();
    OK(saCkptCheckpointWrite(writer, many, 4, NULL));
    told(many, 4);
    OK(section_overwrite(writer, SID("a"), "overwritten", 11));
    told_one(SID("a"), 11, 0);
    OK(section_write(writer, SID("b"), 90, "1234567890", 10));
    told_one(SID("b"), 10, 90);
    note("calls that fail");
    RC(SA_AIS_ERR_EXIST, section_create(writer, SID("a"), SA_TIME_END, "data", 4));
    RC(SA_AIS_ERR_NOT_EXIST, section_overwrite(writer, SID("unknown"), "x", 1));
    RC(SA_AIS_ERR_NO_RESOURCES, section_write(writer, SID("a"), MAX_SIZE, "x", 1));
    RC(SA_AIS_ERR_INVALID_PARAM, section_write(writer, SID("a"), 0, guarded(1), MAX_SIZE + 1));
    told_nothing();
}

static void d29(void)
{
    begin(ARRIVED, SA_CKPT_WR_ALL_REPLICAS);
    written_units();
    begin(ARRIVED, SA_CKPT_WR_ACTIVE_REPLICA);
    written_units();
}

static void d30(void)
{
    begin(TRACKED, SA_CKPT_WR_ALL_REPLICAS);
    written_units();
    begin(TRACKED, SA_CKPT_WR_ACTIVE_REPLICA);
    written_units();
}

static void d31(void)
{
    begin(ARRIVED, SA_CKPT_WR_ALL_REPLICAS);
    add_section(writer, SID("a"), "data");
    told_one(SID("a"), 4, 0);
    OK(section_delete(writer, SID("a")));
    told_nothing();
    if (client->bit != B_02_03)
        return;
    begin(TRACKED, SA_CKPT_WR_ALL_REPLICAS);
    add_section(writer, SID("a"), "data");
    told_one(SID("a"), 4, 0);
    OK(section_delete(writer, SID("a")));
    told_one(SID("a"), 0, 0);
}

static SaCkptIOVectorElementT as_given[2];

static void read_as_given(const SaCkptCheckpointHandleT checkpoint,
                          SaCkptIOVectorElementT *elements, SaUint32T count)
{
    EQUAL(2, count);
    OK(saCkptCheckpointRead(checkpoint, elements, count, NULL));
    memcpy(as_given, elements, sizeof as_given);
    record_arrival(checkpoint, elements, count);
}

static void d32(void)
{
    const SaCkptIOVectorElementT two[] = {element(SID("a"), "AAA", 3, 1),
                                          element(SID("b"), "BB", 2, 2)};

    begin(ARRIVED, SA_CKPT_WR_ACTIVE_REPLICA);
    add_section(writer, SID("a"), "aaaa");
    add_section(writer, SID("b"), "bbbb");
    await_events(listening, 2);
    events_clear();
    note("a callback registered later takes the place of the first");
    OK(ncsCkptRegisterCkptArrivalCallback(listening, read_as_given));
    OK(saCkptCheckpointWrite(writer, two, 2, NULL));
    await_events(listening, 1);
    EQUAL(3, as_given[0].readSize);
    BYTES("AAA", as_given[0].dataBuffer, 3);
    EQUAL(2, as_given[1].readSize);
    BYTES("BB", as_given[1].dataBuffer, 2);
    free(as_given[0].dataBuffer);
    free(as_given[1].dataBuffer);
}

#define WRITES 1000

static void d33(void)
{
    begin(ARRIVED, SA_CKPT_WR_ALL_REPLICAS);
    OK(section_create(writer, SID("a"), SA_TIME_END, NULL, 0));
    for (SaSizeT i = 0; i < WRITES; i++)
        OK(section_write(writer, SID("a"), i % 50, "0123456789", 1 + i % 7));
    await_events(listening, WRITES);
    STAYS(100, !readable(selection_object(listening)));
    EQUAL(WRITES, event_count());
    for (int i = 0; i < WRITES; i++) {
        struct event event = event_at(i);
        note("callback number %d", i);
        EQUAL(1, event.count);
        EQUAL(i % 50, event.elements[0].offset);
        EQUAL(1 + i % 7, event.elements[0].size);
    }
}

/* Each handle opened for read is told of what another wrote, those of one library handle too. */
static void d34(void)
{
    SaCkptCheckpointHandleT both, late;

    begin(ARRIVED, SA_CKPT_WR_ALL_REPLICAS);
    add_section(writer, SID("a"), "data");
    await_events(listening, 1);
    events_clear();
    both = open_as(writing, &name, READ | WRITE);
    OK(section_overwrite(writer, SID("a"), "one", 3));
    await_events(writing, 1);
    EQUAL(both, event_at(0).checkpoint);
    events_clear();
    told_one(SID("a"), 3, 0);
    OK(section_overwrite(both, SID("a"), "two", 3));
    await_events(writing, 1);
    EQUAL(writer, event_at(0).checkpoint);
    events_clear();
    told_one(SID("a"), 3, 0);
    note("a closed handle is told nothing more, also of what waits already");
    late = open_as(listening, &name, READ);
    OK(section_overwrite(writer, SID("a"), "four", 4));
    TRUE(becomes_readable(selection_object(listening), WAIT_MS));
    pause_ms(100);
    OK(saCkptCheckpointClose(late));
    await_events(listening, 1);
    OK(saCkptDispatch(listening, SA_DISPATCH_ALL));
    told_one(SID("a"), 4, 0);
}

static void d35(void)
{
    SaNameT other_name = name_of("other");
    Attributes a = attributes();
    SaCkptCheckpointHandleT other_writer, other_reader, write_only;

    begin(ARRIVED, SA_CKPT_WR_ALL_REPLICAS);
    /* From here on nothing but one checkpoint is tracked, through a handle of its own. */
    kind = TRACKED;
    listening = initialize();
    reader = open_as(listening, &name, READ);
    other_writer = create(writing, &other_name, &a);
    other_reader = open_as(listening, &other_name, READ);
    write_only = open_as(listening, &name, WRITE);
    RC(SA_AIS_ERR_ACCESS, saCkptCheckpointTrack(write_only));
    OK(saCkptCheckpointTrack(reader));
    add_section(other_writer, SID("a"), "other");
    add_section(writer, SID("a"), "data");
    told_one(SID("a"), 4, 0);
    note("the other one, then both ways at once");
    OK(saCkptCheckpointTrack(other_reader));
    OK(saCkptCheckpointTrackStop(reader));
    OK(section_overwrite(writer, SID("a"), "12", 2));
    OK(section_overwrite(other_writer, SID("a"), "123", 3));
    await_events(listening, 1);
    EQUAL(other_reader, event_at(0).checkpoint);
    events_clear();
    told_nothing();
    OK(saCkptTrack(listening));
    OK(saCkptCheckpointTrack(reader));
    OK(section_overwrite(writer, SID("a"), "1234", 4));
    told_one(SID("a"), 4, 0);
    told_nothing();
    note("stopping one way leaves the other");
    OK(saCkptCheckpointTrackStop(reader));
    OK(section_overwrite(writer, SID("a"), "12345", 5));
    told_one(SID("a"), 5, 0);
    OK(saCkptTrackStop(listening));
    OK(section_overwrite(writer, SID("a"), "123456", 6));
    told_nothing();
    OK(section_overwrite(other_writer, SID("a"), "1234567", 7));
    await_events(listening, 1);
    EQUAL(other_reader, event_at(0).checkpoint);
    EQUAL(7, event_at(0).elements[0].size);
}

const struct test decision_notify_tests[] = {
    {29, "one arrival callback for each writing call, with all its elements as written", EVERY, d29,
     0, 0},
    {30, "one track callback for each writing call, with all its elements as written", B_02_03, d30,
     0, 0},
    {31, "SectionDelete gives a track callback with size 0, and no arrival callback", EVERY, d31, 0,
     0},
    {32, "a Read with the callback's own elements gives the data", EVERY, d32, 0, 0},
    {33, "1,000 writes give 1,000 callbacks in their order", EVERY, d33, 0, 60},
    {34, "every handle with READ is told but the one that wrote, until it is closed", EVERY, d34, 0,
     0},
    {35, "CheckpointTrack tracks one checkpoint, besides Track and without it", B_02_03, d35, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
