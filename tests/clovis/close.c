//go:build ignore

/*
 * close.c: CheckpointClose and CheckpointDelete.
 */
#include "clovis.h"

static ClCkptSvcHdlT service;
static ClNameT name;
static Attributes with;

static ClCkptHdlT begin(void)
{
    service = initialize();
    name = name_of("x");
    with = attributes();
    return create(service, &name, &with);
}

static void close_ok(void)
{
    ClCkptHdlT checkpoint = begin();

    OK(clCkptCheckpointClose(checkpoint));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptCheckpointClose(checkpoint));
    note("retention 0: gone before Close returned");
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

/* Close ends the handle's iterations. */
static void close_iterations(void)
{
    ClCkptHdlT checkpoint = begin();
    ClHandleT iteration;
    ClCkptSectionDescriptorT descriptor;

    add_section(checkpoint, SID("a"), "data");
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(clCkptCheckpointClose(checkpoint));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptSectionIterationNext(iteration, &descriptor));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptSectionIterationFinalize(iteration));
}

/* A process that dies has closed what it had open. */
static void death_closes(void)
{
    struct peer peer = start_peer();

    service = initialize();
    name = name_of("x");
    OK(peer_do(&peer, "create 0 %d %d %.*s", RWC, CL_CKPT_WR_ALL_REPLICAS, name.length, name.value));
    OK(try_open(service, &name));
    peer_kill(&peer);
    EVENTUALLY(WAIT_MS, try_open(service, &name) == CL_CKPT_ERR_NOT_EXIST);
}

static void delete_ok(void)
{
    ClCkptHdlT checkpoint = begin(), recreated;

    OK(clCkptCheckpointRetentionDurationSet(checkpoint, (ClTimeT)CL_TIME_END));
    OK(clCkptCheckpointClose(checkpoint));
    OK(try_open(service, &name));
    OK(clCkptCheckpointDelete(service, &name));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointDelete(service, &name));
    recreated = create(service, &name, &with);
    EQUAL(0, status_of(recreated).numberOfSections);
}

/* Like a file: the name goes, what is open lives on, and the name can be used anew. */
static void delete_while_open(void)
{
    ClCkptHdlT old = begin(), again, recreated;

    add_section(old, SID("a"), "old");
    again = open_as(service, &name, READ);
    RC(CL_OK, clCkptCheckpointDelete(service, &name));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointDelete(service, &name));
    with.maxSections = 2;
    with.checkpointSize = 2 * MAX_SIZE;
    recreated = create(service, &name, &with);
    add_section(recreated, SID("a"), "recreated");
    OK(section_overwrite(old, SID("a"), "still", 5));
    TEXT(again, SID("a"), "still");
    TEXT(recreated, SID("a"), "recreated");
    EQUAL(MAX_SECTIONS, status_of(old).checkpointCreationAttributes.maxSections);
    OK(clCkptCheckpointClose(old));
    TEXT(again, SID("a"), "still");
    OK(clCkptCheckpointClose(again));
    TEXT(recreated, SID("a"), "recreated");
    OK(clCkptCheckpointDelete(service, &name));
    OK(clCkptCheckpointClose(recreated));
}

static void delete_null(void)
{
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointDelete(initialize(), NULL));
}

static void delete_bad_name(void)
{
    begin();
    name.length = 0;
    RC(CL_CKPT_ERR_INVALID_PARAM, clCkptCheckpointDelete(service, &name));
    name.length = CL_MAX_NAME_LENGTH + 1;
    RC(CL_CKPT_ERR_INVALID_PARAM, clCkptCheckpointDelete(service, &name));
}

static void delete_unknown(void)
{
    ClNameT unknown = name_of("unknown");
    begin();
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointDelete(service, &unknown));
}

/* Neither creator nor opener: any process may delete. */
static void delete_by_another(void)
{
    struct peer peer = start_peer();
    ClCkptHdlT checkpoint = begin();

    add_section(checkpoint, SID("a"), "data");
    OK(peer_do(&peer, "delete %.*s", name.length, name.value));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
    TEXT(checkpoint, SID("a"), "data");
    OK(clCkptCheckpointClose(checkpoint));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

#define SETTLED "clCkptInitialize settles the versions"
#define SHORT "only when memory is short (tests/scale)"

const struct test close_tests[] = {
    TEST("clCkptCheckpointClose CL_OK", "once; with retention 0 the checkpoint is gone", close_ok),
    NEVER("clCkptCheckpointClose CL_ERR_NO_MEMORY", SHORT),
    NEVER("clCkptCheckpointClose CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptCheckpointClose with iterations", "their handles are no longer valid", close_iterations),
    TEST("clCkptCheckpointClose by death", "a process killed has closed its checkpoints", death_closes),
    TEST("clCkptCheckpointDelete CL_OK", "at once if nobody has it open; the name is free", delete_ok),
    TEST("clCkptCheckpointDelete CL_ERR_NULL_POINTER", "the name is NULL", delete_null),
    NEVER("clCkptCheckpointDelete CL_ERR_NO_MEMORY", SHORT),
    TEST("clCkptCheckpointDelete CL_CKPT_ERR_INUSE",
         "is never returned: CL_OK while open, data until the last close, the name free at once",
         delete_while_open),
    NEVER("clCkptCheckpointDelete CL_CKPT_ERR_VERSION_MISMATCH", SETTLED),
    TEST("clCkptCheckpointDelete CL_CKPT_ERR_INVALID_PARAM", "length of the name 0 or beyond 256",
         delete_bad_name),
    TEST("clCkptCheckpointDelete CL_CKPT_ERR_NOT_EXIST", "no such name", delete_unknown),
    TEST("clCkptCheckpointDelete by another process", "which has not opened it", delete_by_another),
    END_OF_TESTS,
};
