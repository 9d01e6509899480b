//go:build ignore

/*
 * cluster.c: statements 13, 105 and 106, and what follows from them: what takes several nodes.
 */
#include "harness.h"

#include <pthread.h>

#include "recorder.h"

#define FLAGS (SA_CKPT_WR_ACTIVE_REPLICA | SA_CKPT_CHECKPOINT_COLLOCATED)

/* A node takes notice of the operator's command with its next heartbeat; handles of B.02.02 show when it has. */
static SaCkptHandleT witness(void)
{
    SaCkptHandleT handle = 0;

    OK(initialize_as((SaVersionT){'B', 2, 2}, &handle));
    return handle;
}

static bool stale(SaCkptHandleT library)
{
    SaSelectionObjectT object;

    return saCkptSelectionObjectGet(library, &object) == SA_AIS_ERR_UNAVAILABLE;
}

static SaAisErrorT try_initialize(void)
{
    SaCkptHandleT handle = 4711;
    SaAisErrorT code = initialize_as(client->version, &handle);

    if (code == SA_AIS_OK)
        OK(saCkptFinalize(handle));
    else
        EQUAL(0, handle);
    return code;
}

static void *dispatch(void *library)
{
    return (void *)(uintptr_t)saCkptDispatch(*(SaCkptHandleT *)library, SA_DISPATCH_BLOCKING);
}

/* Everything a program may hold: handles of each kind, and a thread that waits for callbacks. */
struct held {
    SaCkptHandleT library;
    SaCkptCheckpointHandleT checkpoint;
    SaCkptSectionIterationHandleT iteration;
    pthread_t thread;
};

static void hold(struct held *h)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();

    h->library = initialize();
    h->checkpoint = create(h->library, &name, &a);
    add_section(h->checkpoint, SID("abc"), "data");
    OK(saCkptSectionIterationInitialize(h->checkpoint, SA_CKPT_SECTIONS_ANY, 0, &h->iteration));
    EQUAL(0, pthread_create(&h->thread, NULL, dispatch, &h->library));
}

static void all_unavailable(const struct held *h)
{
    library_calls_give(SA_AIS_ERR_UNAVAILABLE, h->library);
    checkpoint_calls_give(SA_AIS_ERR_UNAVAILABLE, h->checkpoint);
    iteration_calls_give(SA_AIS_ERR_UNAVAILABLE, h->iteration);
}

static void newer_client(void)
{
    struct held h;
    void *code;

    hold(&h);
    node_lock(0);
    EVENTUALLY(WAIT_MS, stale(h.library));
    RC(SA_AIS_ERR_UNAVAILABLE, try_initialize());
    all_unavailable(&h);
    EQUAL(0, pthread_join(h.thread, &code));
    EQUAL(SA_AIS_ERR_UNAVAILABLE, (uintptr_t)code);

    node_unlock(0);
    EVENTUALLY(WAIT_MS, try_initialize() == SA_AIS_OK);
    note("handles from before stay stale");
    all_unavailable(&h);
    OK(saCkptFinalize(h.library));
    library_handle_is_bad(h.library);
    checkpoint_handle_is_bad(h.checkpoint);
    note("new ones work");
    add_section(fresh("y"), SID("abc"), "data");
}

/* For clients of B.01 nothing has happened. */
static void goes_on(const struct held *h)
{
    SaCkptCheckpointDescriptorT status;
    SaCkptSectionDescriptorT section;

    OK(try_initialize());
    OK(section_overwrite(h->checkpoint, SID("abc"), "again", 5));
    TEXT(h->checkpoint, SID("abc"), "again");
    OK(saCkptCheckpointStatusGet(h->checkpoint, &status));
    OK(saCkptDispatch(h->library, SA_DISPATCH_ALL));
    add_section(fresh("y"), SID("abc"), "data");
    RC(SA_AIS_OK, saCkptSectionIterationNext(h->iteration, &section));
    OK(saCkptSectionIterationFinalize(h->iteration));
}

static void older_client(void)
{
    SaCkptHandleT other = witness();
    struct held h;
    void *code;

    hold(&h);
    node_lock(0);
    EVENTUALLY(WAIT_MS, stale(other));
    goes_on(&h);
    node_unlock(0);
    OK(section_overwrite(h.checkpoint, SID("abc"), "data", 4));
    OK(saCkptFinalize(h.library));
    EQUAL(0, pthread_join(h.thread, &code));
    EQUAL(SA_AIS_OK, (uintptr_t)code);
}

static void t13(void)
{
    if (client->bit == B_01_01)
        older_client();
    else
        newer_client();
}

/* A checkpoint whose active replica is at a peer on node 1, with section "a" holding "first", opened here too. */
static SaCkptCheckpointHandleT active_elsewhere(struct peer *peer, const char *suffix)
{
    SaNameT name = name_of(suffix);
    SaCkptCheckpointHandleT checkpoint;

    *peer = peer_start_on(1, client->name);
    EQUAL(SA_AIS_OK, peer_do(peer, "create 0 0 %d %.*s", FLAGS, (int)name.length, (char *)name.value));
    EQUAL(SA_AIS_OK, peer_do(peer, "active 0"));
    EQUAL(SA_AIS_OK, peer_do(peer, "section 0 a first"));
    checkpoint = open_as(initialize(), &name, READ | WRITE);
    TEXT(checkpoint, SID("a"), "first");
    return checkpoint;
}

static void t105(void)
{
    struct peer peer;
    SaCkptCheckpointHandleT checkpoint = active_elsewhere(&peer, "x");

    for (int i = 0; i < 20; i++) {
        char text[16];

        snprintf(text, sizeof text, "there%d", i);
        EQUAL(SA_AIS_OK, peer_do(&peer, "overwrite 0 a %s", text));
        OK(saCkptActiveReplicaSet(checkpoint));
        TEXT(checkpoint, SID("a"), text);
        snprintf(text, sizeof text, "here%d", i);
        OK(section_overwrite(checkpoint, SID("a"), text, strlen(text)));
        EQUAL(SA_AIS_OK, peer_do(&peer, "active 0"));
        EQUAL(SA_AIS_OK, peer_do(&peer, "expect 0 a %s", text));
    }
}

static void t106(void)
{
    SaCkptCheckpointDescriptorT status;
    char buffer[MAX_SIZE];
    struct peer peer;
    SaCkptCheckpointHandleT checkpoint = active_elsewhere(&peer, "x");

    EQUAL(SA_AIS_OK, peer_do(&peer, "synchronize 0"));
    node_lock(1);
    EVENTUALLY(WAIT_MS, section_read(checkpoint, SID("a"), buffer, NULL) == SA_AIS_ERR_NOT_EXIST);
    RC(SA_AIS_ERR_NOT_EXIST, section_overwrite(checkpoint, SID("a"), "second", 6));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointStatusGet(checkpoint, &status));
    OK(saCkptActiveReplicaSet(checkpoint));
    TEXT(checkpoint, SID("a"), "first");
    OK(section_overwrite(checkpoint, SID("a"), "second", 6));
    TEXT(checkpoint, SID("a"), "second");
    node_unlock(1);
}

static void no_replica_outside(void)
{
    struct peer peer;
    SaCkptHandleT other = witness();
    SaNameT name = name_of("x");
    SaCkptCheckpointHandleT checkpoint;

    node_lock(0);
    EVENTUALLY(WAIT_MS, stale(other));
    checkpoint = active_elsewhere(&peer, "x");
    RC(SA_AIS_ERR_NO_RESOURCES, saCkptActiveReplicaSet(checkpoint));
    note("everything else works");
    OK(section_overwrite(checkpoint, SID("a"), "second", 6));
    EQUAL(SA_AIS_OK, peer_do(&peer, "expect 0 a second"));
    OK(try_open(initialize(), &name));
    node_unlock(0);
    EVENTUALLY(WAIT_MS, saCkptActiveReplicaSet(checkpoint) == SA_AIS_OK);
    TEXT(checkpoint, SID("a"), "second");
}

/* Whoever opens it, the peer's node is outside: its clients of B.02.02 are refused, others are served. */
static void refused_elsewhere(void)
{
    struct peer peer;
    SaCkptCheckpointDescriptorT status;
    SaCkptCheckpointHandleT checkpoint = active_elsewhere(&peer, "x");

    node_lock(1);
    EVENTUALLY(WAIT_MS, peer_do(&peer, "status 0") == SA_AIS_ERR_UNAVAILABLE);
    EVENTUALLY(WAIT_MS, saCkptActiveReplicaSet(checkpoint) == SA_AIS_OK);
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    EQUAL(SA_AIS_ERR_UNAVAILABLE, peer_do(&peer, "overwrite 0 a second"));
    node_unlock(1);
    EQUAL(SA_AIS_ERR_UNAVAILABLE, peer_do(&peer, "overwrite 0 a second"));
    TEXT(checkpoint, SID("a"), "first");
    EQUAL(SA_AIS_OK, peer_do(&peer, "finalize"));
}

const struct test cluster_tests[] = {
    {13, "on a node outside the cluster Initialize gives UNAVAILABLE, to a B.01 client OK; handles are stale until Finalize",
     EVERY, t13, CLUSTER | EXCLUSIVE, 40},
    {105, "ActiveReplicaSet on a second node brings its replica up to date before it returns", ONCE, t105, CLUSTER, 0},
    {106, "when the node of the active replica leaves: NOT_EXIST until the next ActiveReplicaSet", ONCE, t106,
     CLUSTER | EXCLUSIVE, 40},
    {0, NULL, 0, NULL, 0, 0},
};

const struct test decision_cluster_tests[] = {
    {42, "ActiveReplicaSet on a node outside the cluster gives a B.01 client NO_RESOURCES", B_01_01, no_replica_outside,
     CLUSTER | EXCLUSIVE, 40},
    {43, "clients on a node outside the cluster are refused, those on other nodes go on", FROM_B_02_02, refused_elsewhere,
     CLUSTER | EXCLUSIVE, 40},
    {0, NULL, 0, NULL, 0, 0},
};
