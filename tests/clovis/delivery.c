//go:build ignore

/*
 * delivery.c: what a callback for immediate consumption is told, and of which updates.
 */
#include "clovis.h"

#include <stdlib.h>

#include "scene.h"

/* Callback number index tells of these elements. The document's flavour tells none. */
static void told(int index, const ClCkptIOVectorElementT *elements, ClUint32T count)
{
    struct event event;

    await_consumed(index + 1);
    event = event_at(index);
    EQUAL(CONSUMED, event.kind);
    EQUAL(reader, event.checkpoint);
    BYTES(name.value, event.name.value, name.length);
    if (!SDK_FLAVOUR)
        return;
    EQUAL(count, event.count);
    for (ClUint32T i = 0; i < count; i++) {
        note("callback %d, element %u", index, i);
        EQUAL(elements[i].sectionId.idLen, event.elements[i].id_length);
        BYTES(elements[i].sectionId.id, event.elements[i].id, elements[i].sectionId.idLen);
        EQUAL(elements[i].dataSize, event.elements[i].size);
        EQUAL(elements[i].dataSize, event.elements[i].read_size);
        EQUAL(elements[i].dataOffset, event.elements[i].offset);
        if (elements[i].dataSize > 0) {
            TRUE(event.elements[i].has_data);
            BYTES(elements[i].dataBuffer, event.elements[i].data, elements[i].dataSize);
        }
    }
}

static void told_one(int index, ClCkptSectionIdT id, const char *data, ClOffsetT offset)
{
    ClCkptIOVectorElementT e = element(id, data, strlen(data), offset);
    told(index, &e, 1);
}

static void updates(ClCkptCreationFlagsT flags)
{
    const ClCkptIOVectorElementT two[] = {element(SID("a"), "12", 2, 5), element(SID("b"), "3", 1, 0)};

    begin(flags);
    OK(consume(reader, NULL));
    note("creationFlags %#x", flags);
    OK(peer_do(&writer, "overwrite 0 a whole"));
    told_one(0, SID("a"), "whole", 0);
    OK(peer_do(&writer, "section 0 b %lld data", (long long)CL_TIME_END));
    OK(peer_do(&writer, "expire 0 b %lld", (long long)CL_TIME_END));
    told_no_more(1);
    OK(peer_do(&writer, "write 0 a 5 12 b 0 3"));
    told(1, two, 2);
    OK(peer_do(&writer, "write 0 a 1 x"));
    told_one(2, SID("a"), "x", 1);
    OK(peer_do(&writer, "remove 0 a"));
    told_one(3, SID("a"), "", 0);
    told_no_more(4);
    end();
}

static void synchronous(void)
{
    updates(CL_CKPT_WR_ALL_REPLICAS);
}

static void asynchronous(void)
{
    updates(CL_CKPT_WR_ACTIVE_REPLICA);
    updates(CL_CKPT_WR_ACTIVE_REPLICA_WEAK);
    updates(0);
}

static void collocated(void)
{
    Attributes a = attributes_with(CL_CKPT_CHECKPOINT_COLLOCATED);

    begin_with(&a);
    OK(consume(reader, NULL));
    OK(clCkptActiveReplicaSet(reader));
    OK(peer_do(&writer, "section 0 a %lld data", (long long)CL_TIME_END));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    told_one(0, SID("a"), "1", 0);
}

static void failing(void)
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(consume(reader, NULL));
    RC(CL_CKPT_ERR_NOT_EXIST, peer_do(&writer, "overwrite 0 b x"));
    RC(CL_CKPT_ERR_NOT_EXIST, peer_do(&writer, "write 0 a 0 x b 0 x"));
    RC(CL_CKPT_ERR_NOT_EXIST, peer_do(&writer, "remove 0 b"));
    RC(CL_CKPT_ERR_ALREADY_EXIST, peer_do(&writer, "section 0 a %lld x", (long long)CL_TIME_END));
    told_no_more(0);
}

/* Expiry has no writer: everybody is told, the process that made the section too. */
static void expiry(void)
{
    ClCkptHdlT own;

    begin(CL_CKPT_WR_ALL_REPLICAS);
    own = open_as(service, &name, WRITE);
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "open 1 %d %.*s", READ, name.length, name.value));
    OK(peer_do(&writer, "consume 1"));
    OK(section_create(own, SID("mine"), wall_now() + SECOND, "data", 4));
    told_one(0, SID("mine"), "", 0);
    EVENTUALLY(WAIT_MS, peer_do(&writer, "events") == 1);
    OK(peer_do(&writer, "expire 0 a %lld", (long long)(wall_now() + SECOND)));
    told_one(1, SID("a"), "", 0);
    EVENTUALLY(WAIT_MS, peer_do(&writer, "events") == 2);
    told_no_more(2);
}

static void default_section(void)
{
    Attributes a = one_section();

    begin_with(&a);
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 - data"));
    told_one(0, DEFAULT_ID, "data", 0);
    OK(peer_do(&writer, "write 0 - 2 x"));
    told_one(1, DEFAULT_ID, "x", 2);
}

#define UPDATES 500

static void in_order(void)
{
    char text[16];

    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(consume(reader, NULL));
    for (int i = 0; i < UPDATES; i++)
        OK(peer_do(&writer, "overwrite 0 a %d", i));
    await_consumed(UPDATES);
    for (int i = 0; i < UPDATES; i++) {
        snprintf(text, sizeof text, "%d", i);
        told_one(i, SID("a"), text, 0);
    }
    told_no_more(UPDATES);
}

/* The writer may be gone when the callback runs. */
static void writer_dies(void)
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a last"));
    peer_kill(&writer);
    told_one(0, SID("a"), "last", 0);
    told_no_more(1);
}

#if SDK_FLAVOUR
#define LARGE (1u << 20)

static _Atomic int large_ones, wrong_bytes;

static ClRcT check_large(ClCkptHdlT checkpoint, ClNameT *of, ClCkptIOVectorElementT *elements,
                         ClUint32T count, ClPtrT cookie)
{
    const unsigned char *data = elements[0].dataBuffer;

    (void)checkpoint, (void)of;
    if (count != 1 || elements[0].dataSize != LARGE || cookie != &large_ones || data == NULL) {
        wrong_bytes++;
    } else {
        for (size_t i = 0; i < LARGE; i++)
            wrong_bytes += data[i] != (unsigned char)(i * 31 + (i >> 12));
    }
    large_ones++;
    return CL_OK;
}

/* More than a message between processes holds. */
static void large(void)
{
    Attributes a = one_section();

    a.maxSectionSize = LARGE;
    begin_with(&a);
    OK(clCkptImmediateConsumptionRegister(reader, check_large, (ClPtrT)&large_ones));
    for (int i = 1; i <= 3; i++) {
        OK(peer_do(&writer, "large 0 - %u", LARGE));
        EVENTUALLY(WAIT_MS, large_ones == i);
        EQUAL(0, wrong_bytes);
    }
}

static _Atomic bool held;

static void hold(const struct event *event)
{
    (void)event;
    while (held)
        pause_ms(5);
}

/* So much data does not wait with its update: it is what the section holds when the callback is made. */
static void large_late(void)
{
    Attributes a = attributes();

    a.maxSectionSize = LARGE;
    begin_with(&a);
    OK(peer_do(&writer, "section 0 a %lld data", (long long)CL_TIME_END));
    OK(peer_do(&writer, "section 0 b %lld data", (long long)CL_TIME_END));
    on_event = hold;
    held = true;
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "overwrite 0 a first"));
    await_consumed(1);
    OK(peer_do(&writer, "large 0 a %u", LARGE));
    OK(peer_do(&writer, "remove 0 a"));
    OK(peer_do(&writer, "large 0 b %u", LARGE));
    OK(peer_do(&writer, "overwrite 0 b smaller"));
    held = false;
    await_consumed(5);
    told_one(0, SID("a"), "first", 0);
    note("a large update of a section that is gone");
    told_one(1, SID("a"), "", 0);
    told_one(2, SID("a"), "", 0);
    note("of one that has changed meanwhile");
    told_one(3, SID("b"), "smaller", 0);
    told_one(4, SID("b"), "smaller", 0);
    told_no_more(5);
}

static void cookie(void)
{
    static const uintptr_t cookies[] = {0, 1, ~(uintptr_t)0, 0x123456789abcdef0};

    begin(CL_CKPT_WR_ALL_REPLICAS);
    for (int i = 0; i < 4; i++) {
        OK(consume(reader, (ClPtrT)cookies[i]));
        OK(peer_do(&writer, "overwrite 0 a %d", i));
        await_consumed(i + 1);
        TRUE(event_at(i).cookie == (ClPtrT)cookies[i]);
    }
}
#else
#define large NULL
#define large_late NULL
#define cookie NULL
#endif

const struct test delivery_tests[] = {
    TEST("delivery of a synchronous checkpoint's updates",
         "Overwrite: all data; Write: its elements; Delete: size 0; Create: nothing", synchronous),
    TEST("delivery of an asynchronous checkpoint's updates", "the same", asynchronous),
    TEST("delivery of a collocated checkpoint's updates", "the same, once it has an active replica", collocated),
    TEST("delivery of failing calls", "none", failing),
    TEST("delivery of expiry", "size 0, to every process", expiry),
    TEST("delivery of the default section's updates", "with the id {0, NULL}", default_section),
    TEST("delivery of 500 updates", "500 callbacks in their order, each with its own data", in_order),
    TEST("delivery after the writer's death", "of what it had written", writer_dies),
    {"delivery of 1 MiB", "whole", SDK, large, 0, 0},
    {"delivery of 1 MiB, late", "what the section holds by then, size 0 if it is gone", SDK, large_late, 0, 0},
    {"delivery of the cookie", "all 64 bits", SDK, cookie, 0, 0},
    END_OF_TESTS,
};
