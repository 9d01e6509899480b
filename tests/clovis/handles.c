//go:build ignore

/*
 * handles.c: NOT_INITIALIZED and INVALID_HANDLE of every function that takes a handle.
 */
#include "clovis.h"

#include <sys/wait.h>
#include <unistd.h>

static const struct handle_call *call_of(const char *name)
{
    for (int i = 0; i < handle_call_count; i++)
        if (strcmp(handle_calls[i].name, name) == 0)
            return &handle_calls[i];
    FAIL("%s is not in handle_calls", name);
}

static const ClHandleT made_up[] = {0, 1, 2, 4711, 0xffffffff, 0x7fffffffffffffff, ~0ULL};
#define MADE_UP ((int)(sizeof made_up / sizeof made_up[0]))

static void uninitialized(const char *name)
{
    const struct handle_call *function = call_of(name);
    ClVersionT unknown = {'Z', 1, 1};
    ClCkptSvcHdlT service;

    for (int i = 0; i < MADE_UP; i++)
        RC(CL_CKPT_ERR_NOT_INITIALIZED, function->call(made_up[i]));
    note("a failed Initialize changes nothing");
    RC(CL_CKPT_ERR_VERSION_MISMATCH, clCkptInitialize(&service, NULL, &unknown));
    RC(CL_CKPT_ERR_NOT_INITIALIZED, function->call(4711));
}

static void invalid(const char *name)
{
    const struct handle_call *function = call_of(name);
    ClCkptSvcHdlT service = initialize(), finalized = initialize();
    ClNameT x = name_of("x");
    Attributes a = attributes();
    ClCkptHdlT checkpoint = create(service, &x, &a), closed = open_as(service, &x, READ | WRITE);
    ClCkptHdlT closed_with_service = open_as(finalized, &x, READ | WRITE);
    ClHandleT iteration, ended, left;

    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &ended));
    OK(clCkptSectionIterationInitialize(closed, CL_CKPT_SECTIONS_ANY, 0, &left));
    OK(clCkptSectionIterationFinalize(ended));
    OK(clCkptCheckpointClose(closed));
    OK(clCkptFinalize(finalized));
    for (int i = 0; i < MADE_UP; i++) {
        note("handle %#llx", (unsigned long long)made_up[i]);
        RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(made_up[i]));
    }
    note("a handle of another kind");
    if (function->kind != SERVICE)
        RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(service));
    if (function->kind != CHECKPOINT)
        RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(checkpoint));
    if (function->kind != ITERATION)
        RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(iteration));
    note("a handle that was given back, or whose checkpoint or service handle was");
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(finalized));
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(closed));
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(closed_with_service));
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(ended));
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(left));
    note("the others still work");
    OK(clCkptSectionIterationFinalize(iteration));
    OK(clCkptCheckpointClose(checkpoint));
    OK(clCkptFinalize(service));
    note("when nothing is initialized any more");
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(service));
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(checkpoint));
    RC(CL_CKPT_ERR_INVALID_HANDLE, function->call(iteration));
}

#define BOTH_OF(function) \
    static void uninitialized_##function(void) \
    { \
        uninitialized(#function); \
    } \
    static void invalid_##function(void) \
    { \
        invalid(#function); \
    }

BOTH_OF(clCkptSelectionObjectGet)
BOTH_OF(clCkptDispatch)
BOTH_OF(clCkptFinalize)
BOTH_OF(clCkptCheckpointOpen)
BOTH_OF(clCkptCheckpointOpenAsync)
BOTH_OF(clCkptCheckpointClose)
BOTH_OF(clCkptCheckpointDelete)
BOTH_OF(clCkptCheckpointRetentionDurationSet)
BOTH_OF(clCkptActiveReplicaSet)
BOTH_OF(clCkptCheckpointStatusGet)
BOTH_OF(clCkptSectionCreate)
BOTH_OF(clCkptSectionDelete)
BOTH_OF(clCkptSectionExpirationTimeSet)
BOTH_OF(clCkptSectionIterationInitialize)
BOTH_OF(clCkptSectionIterationNext)
BOTH_OF(clCkptSectionIterationFinalize)
BOTH_OF(clCkptCheckpointWrite)
BOTH_OF(clCkptSectionOverwrite)
BOTH_OF(clCkptCheckpointRead)
BOTH_OF(clCkptCheckpointSynchronize)
BOTH_OF(clCkptCheckpointSynchronizeAsync)
BOTH_OF(clCkptImmediateConsumptionRegister)
BOTH_OF(clCkptSectionCheck)
BOTH_OF(clCkptCheckpointReadSections)

/* The document spells two codes in two ways. */
static void init_not_done(const char *name)
{
    RC(CL_CKPT_ERR_INIT_NOT_DONE, call_of(name)->call(4711));
    initialize();
}

static void init_not_done_selection(void)
{
    init_not_done("clCkptSelectionObjectGet");
}

static void init_not_done_dispatch(void)
{
    init_not_done("clCkptDispatch");
}

static void bad_handle_selection(void)
{
    initialize();
    RC(CL_CKPT_ERR_BAD_HANDLE, call_of("clCkptSelectionObjectGet")->call(4711));
}

static void bad_handle_dispatch(void)
{
    initialize();
    RC(CL_CKPT_ERR_BAD_HANDLE, call_of("clCkptDispatch")->call(4711));
    RC(CL_CKPT_ERR_BAD_HANDLE, clCkptDispatch(4711, CL_DISPATCH_BLOCKING));
}

/* Arguments are looked at before the process is known to be uninitialized, and before the handle. */
static void arguments_first(void)
{
    ClNameT name = name_of("never");
    Attributes a = attributes();
    ClCkptHdlT checkpoint;

    for (int round = 0; round < 2; round++) {
        note("round %d", round);
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptSelectionObjectGet(4711, NULL));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpen(4711, NULL, &a, RWC, 0, &checkpoint));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpen(4711, &name, &a, RWC, 0, NULL));
        RC(CL_CKPT_ERR_BAD_FLAG, clCkptCheckpointOpen(4711, &name, &a, 8, 0, &checkpoint));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointDelete(4711, NULL));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointStatusGet(4711, NULL));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionCreate(4711, NULL, NULL, 0));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionDelete(4711, NULL));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionIterationNext(4711, NULL));
        RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointRead(4711, NULL, 1, NULL));
        initialize();
    }
}

/* Like children of processes that use any other part of the library: refused at once. */
static void forked_child(void)
{
    ClCkptHdlT checkpoint = fresh();
    int status;
    pid_t child;

    add_section(checkpoint, SID("a"), "kept");
    child = fork();
    TRUE(child >= 0);
    if (child == 0) {
        int64_t start = monotonic_now();
        ClCkptSvcHdlT service;
        ClVersionT version = {'B', 1, 1};

        RC(CL_CKPT_ERR_UNSPECIFIED, clCkptInitialize(&service, NULL, &version));
        for (int i = 0; i < handle_call_count; i++) {
            note("%s in the child", handle_calls[i].name);
            RC(CL_CKPT_ERR_UNSPECIFIED, handle_calls[i].call(checkpoint));
        }
        TRUE(monotonic_now() - start < SECOND);
        _exit(EXIT_CHILD_PASSED);
    }
    EQUAL(child, waitpid(child, &status, 0));
    if (status != 0) /* the child has said why */
        _exit(EXIT_CHILD_FAILED);
    TEXT(checkpoint, SID("a"), "kept");
}

#define BEFORE "before the first clCkptInitialize that succeeds, whatever the handle"
#define AFTER "a handle made up, of another kind, or given back"
#define OF(function) \
    TEST(#function " CL_CKPT_ERR_NOT_INITIALIZED", BEFORE, uninitialized_##function), \
        TEST(#function " CL_CKPT_ERR_INVALID_HANDLE", AFTER, invalid_##function)

const struct test handle_tests[] = {
    OF(clCkptSelectionObjectGet),
    TEST("clCkptSelectionObjectGet CL_CKPT_ERR_INIT_NOT_DONE", "the same as NOT_INITIALIZED",
         init_not_done_selection),
    TEST("clCkptSelectionObjectGet CL_CKPT_ERR_BAD_HANDLE", "the same as INVALID_HANDLE",
         bad_handle_selection),
    OF(clCkptDispatch),
    TEST("clCkptDispatch CL_CKPT_ERR_INIT_NOT_DONE", "the same as NOT_INITIALIZED",
         init_not_done_dispatch),
    TEST("clCkptDispatch CL_CKPT_ERR_BAD_HANDLE", "the same as INVALID_HANDLE", bad_handle_dispatch),
    OF(clCkptFinalize),
    OF(clCkptCheckpointOpen),
    OF(clCkptCheckpointOpenAsync),
    OF(clCkptCheckpointClose),
    OF(clCkptCheckpointDelete),
    OF(clCkptCheckpointRetentionDurationSet),
    OF(clCkptActiveReplicaSet),
    OF(clCkptCheckpointStatusGet),
    OF(clCkptSectionCreate),
    OF(clCkptSectionDelete),
    OF(clCkptSectionExpirationTimeSet),
    OF(clCkptSectionIterationInitialize),
    OF(clCkptSectionIterationNext),
    OF(clCkptSectionIterationFinalize),
    OF(clCkptCheckpointWrite),
    OF(clCkptSectionOverwrite),
    OF(clCkptCheckpointRead),
    OF(clCkptCheckpointSynchronize),
    OF(clCkptCheckpointSynchronizeAsync),
    OF(clCkptImmediateConsumptionRegister),
    OF(clCkptSectionCheck),
    OF(clCkptCheckpointReadSections),
    TEST("order of checks", "arguments, then NOT_INITIALIZED, then the handle", arguments_first),
    TEST("fork", "every function in a child of an initialized process: UNSPECIFIED at once",
         forked_child),
    END_OF_TESTS,
};
