//go:build ignore

/*
 * replica.c: ActiveReplicaSet and StatusGet.
 */
#include "clovis.h"

#define COLLOCATED CL_CKPT_CHECKPOINT_COLLOCATED

static void set_ok(void)
{
    ClCkptHdlT checkpoint = without_active_replica();

    OK(clCkptActiveReplicaSet(checkpoint));
    add_section(checkpoint, SID("a"), "data");
    TEXT(checkpoint, SID("a"), "data");
    note("again");
    OK(clCkptActiveReplicaSet(checkpoint));
    TEXT(checkpoint, SID("a"), "data");
}

/* Asynchronous and collocated, in each way to say so. */
static void set_flags(void)
{
    static const ClCkptCreationFlagsT flags[] = {COLLOCATED, COLLOCATED | CL_CKPT_WR_ACTIVE_REPLICA,
                                                 COLLOCATED | CL_CKPT_WR_ACTIVE_REPLICA_WEAK,
                                                 COLLOCATED | CL_CKPT_DISTRIBUTED};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        char suffix[16];
        Attributes a = attributes_with(flags[i]);
        ClCkptSvcHdlT service = initialize();
        ClCkptHdlT checkpoint;
        ClNameT name;

        note("creationFlags %#x", flags[i]);
        snprintf(suffix, sizeof suffix, "%zu", i);
        name = name_of(suffix);
        checkpoint = create(service, &name, &a);
        RC(CL_CKPT_ERR_NOT_EXIST, section_create(checkpoint, SID("a"), (ClTimeT)CL_TIME_END, NULL, 0));
        OK(clCkptActiveReplicaSet(checkpoint));
        add_section(checkpoint, SID("a"), "data");
    }
}

static void set_bad_operation(void)
{
    static const ClCkptCreationFlagsT flags[] = {
        0, CL_CKPT_WR_ALL_REPLICAS, CL_CKPT_WR_ACTIVE_REPLICA, CL_CKPT_WR_ACTIVE_REPLICA_WEAK,
        CL_CKPT_WR_ALL_REPLICAS | COLLOCATED, CL_CKPT_WR_ALL_REPLICAS | CL_CKPT_WR_ACTIVE_REPLICA | COLLOCATED,
    };

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        char suffix[16];
        Attributes a = attributes_with(flags[i]);
        ClCkptHdlT checkpoint;
        ClNameT name;

        note("creationFlags %#x", flags[i]);
        snprintf(suffix, sizeof suffix, "%zu", i);
        name = name_of(suffix);
        checkpoint = create(initialize(), &name, &a);
        RC(CL_CKPT_ERR_BAD_OPERATION, clCkptActiveReplicaSet(checkpoint));
        add_section(checkpoint, SID("a"), "data");
    }
}

static void set_not_permitted(void)
{
    Attributes a = attributes_with(CL_CKPT_WR_ACTIVE_REPLICA | COLLOCATED);

    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, clCkptActiveReplicaSet(fresh_opened(a, READ)));
    note("tested before the kind of checkpoint");
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, clCkptActiveReplicaSet(fresh_opened(attributes(), 0)));
}

static void set_create_only(void)
{
    ClCkptSvcHdlT service = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes_with(CL_CKPT_WR_ACTIVE_REPLICA | COLLOCATED);
    ClCkptHdlT checkpoint;

    OK(clCkptCheckpointOpen(service, &name, &a, CREATE, 0, &checkpoint));
    OK(clCkptActiveReplicaSet(checkpoint));
    add_section(checkpoint, SID("a"), "data");
}

static void set_moves(void)
{
    struct peer peer;
    ClCkptHdlT checkpoint = active_elsewhere(&peer);

    for (int i = 0; i < 10; i++) {
        char text[16];

        snprintf(text, sizeof text, "there%d", i);
        EQUAL(CL_OK, peer_do(&peer, "overwrite 0 a %s", text));
        OK(clCkptActiveReplicaSet(checkpoint));
        TEXT(checkpoint, SID("a"), text);
        snprintf(text, sizeof text, "here%d", i);
        OK(section_overwrite(checkpoint, SID("a"), text, strlen(text)));
        EQUAL(CL_OK, peer_do(&peer, "active 0"));
        EQUAL(CL_OK, peer_do(&peer, "expect 0 a %s", text));
    }
}

/* OpenClovis knows no node that is outside the cluster: its clients go on there. */
static void set_outside(void)
{
    struct peer peer;
    ClCkptHdlT checkpoint, opened_before = fresh();

    add_section(opened_before, SID("a"), "data");
    node_lock(0);
    checkpoint = active_elsewhere(&peer);
    RC(CL_CKPT_ERR_INVALID_STATE, clCkptActiveReplicaSet(checkpoint));
    OK(section_overwrite(checkpoint, SID("a"), "second", 6));
    TEXT(checkpoint, SID("a"), "second");
    EQUAL(CL_OK, peer_do(&peer, "expect 0 a second"));
    TEXT(opened_before, SID("a"), "data");
    add_section(fresh(), SID("a"), "data");
    node_unlock(0);
    EVENTUALLY(WAIT_MS, clCkptActiveReplicaSet(checkpoint) == CL_OK);
    TEXT(checkpoint, SID("a"), "second");
}

static void status_ok(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;
    ClCkptCheckpointDescriptorT status;

    a.retentionDuration = 7 * SECOND;
    checkpoint = fresh_with(a);
    OK(clCkptCheckpointRetentionDurationSet(checkpoint, 0));
    a.retentionDuration = 0;
    for (ClUint32T i = 0; i <= 2; i++) {
        status = status_of(checkpoint);
        EQUAL(a.creationFlags, status.checkpointCreationAttributes.creationFlags);
        EQUAL(a.checkpointSize, status.checkpointCreationAttributes.checkpointSize);
        EQUAL(a.retentionDuration, status.checkpointCreationAttributes.retentionDuration);
        EQUAL(a.maxSections, status.checkpointCreationAttributes.maxSections);
        EQUAL(a.maxSectionSize, status.checkpointCreationAttributes.maxSectionSize);
        EQUAL(a.maxSectionIdSize, status.checkpointCreationAttributes.maxSectionIdSize);
        EQUAL(i, status.numberOfSections);
        EQUAL(4 * i, status.memoryUsed);
        add_section(checkpoint, i == 0 ? SID("a") : i == 1 ? SID("b") : SID("c"), "data");
    }
    OK(section_delete(checkpoint, SID("b")));
    EQUAL(2, status_of(checkpoint).numberOfSections);
    EQUAL(8, status_of(checkpoint).memoryUsed);
}

static void status_default_section(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());

    EQUAL(1, status_of(checkpoint).numberOfSections);
    EQUAL(0, status_of(checkpoint).memoryUsed);
    OK(section_overwrite(checkpoint, DEFAULT_ID, "12345", 5));
    EQUAL(1, status_of(checkpoint).numberOfSections);
    EQUAL(5, status_of(checkpoint).memoryUsed);
}

static void status_null(void)
{
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointStatusGet(fresh(), NULL));
}

static void status_not_exist(void)
{
    ClCkptCheckpointDescriptorT status;
    ClCkptHdlT checkpoint = without_active_replica();

    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointStatusGet(checkpoint, &status));
    OK(clCkptActiveReplicaSet(checkpoint));
    OK(clCkptCheckpointStatusGet(checkpoint, &status));
}

#define SETTLED "clCkptInitialize settles the versions"

const struct test replica_tests[] = {
    TEST("clCkptActiveReplicaSet CL_OK", "gives a collocated checkpoint its active replica; again: CL_OK",
         set_ok),
    NEVER("clCkptActiveReplicaSet CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptActiveReplicaSet CL_CKPT_ERR_BAD_OPERATION", "not collocated, or synchronous",
         set_bad_operation),
    TEST("clCkptActiveReplicaSet CL_CKPT_ERR_OP_NOT_PERMITTED", "neither WRITE nor CREATE", set_not_permitted),
    TEST("clCkptActiveReplicaSet with CREATE alone", "CREATE permits to write", set_create_only),
    TEST("clCkptActiveReplicaSet needed", "by every collocated checkpoint that is not ALL_REPLICAS", set_flags),
    {"clCkptActiveReplicaSet moves the active replica", "from the node that holds it", BOTH, set_moves, CLUSTER, 0},
    ON_CLUSTER("clCkptActiveReplicaSet CL_CKPT_ERR_INVALID_STATE", "the node is outside the cluster; all else goes on",
               set_outside),
    TEST("clCkptCheckpointStatusGet CL_OK", "attributes, present retention, number and size of sections",
         status_ok),
    TEST("clCkptCheckpointStatusGet CL_ERR_NULL_POINTER", "the descriptor is NULL", status_null),
    NEVER("clCkptCheckpointStatusGet CL_ERR_NO_MEMORY", "only when memory is short (tests/scale)"),
    NEVER("clCkptCheckpointStatusGet CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptCheckpointStatusGet CL_CKPT_ERR_NOT_EXIST", "no active replica", status_not_exist),
    TEST("clCkptCheckpointStatusGet default section", "is counted", status_default_section),
    END_OF_TESTS,
};
