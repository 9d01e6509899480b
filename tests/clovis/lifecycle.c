//go:build ignore

/*
 * lifecycle.c: Initialize, SelectionObjectGet and Finalize.
 */
#include "clovis.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

/* Result of Initialize without callbacks for a version; the version it writes back must be 1.1. */
static ClRcT ask(char release, int major, int minor, ClCkptSvcHdlT *handle)
{
    const ClVersionT served = {'B', 1, 1};
    ClVersionT version = {(ClUint8T)release, (ClUint8T)major, (ClUint8T)minor};
    ClRcT code;

    note("version {%d, %d, %d}", release, major, minor);
    *handle = 0;
    code = clCkptInitialize(handle, NULL, &version);
    BYTES(&served, &version, sizeof served);
    return code;
}

static void initialize_ok(void)
{
    ClCkptSvcHdlT one = initialize(), two = initialize_bare();
    ClCkptCallbacksT none = {NULL, NULL};
    ClCkptSvcHdlT three = 0;

    OK(initialize_with(&three, &none));
    TRUE(one != 0 && two != 0 && three != 0 && one != two && one != three && two != three);
    OK(clCkptFinalize(one));
    OK(clCkptFinalize(two));
    OK(clCkptFinalize(three));
    OK(clCkptFinalize(initialize()));
}

static void initialize_null(void)
{
    ClVersionT version = {'B', 1, 1};
    ClCkptSvcHdlT handle = 4711;

    RC(CL_CKPT_ERR_NULL_POINTER, clCkptInitialize(NULL, NULL, &version));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptInitialize(&handle, NULL, NULL));
    EQUAL(4711, handle);
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptInitialize(NULL, NULL, NULL));
}

static void initialize_version(void)
{
    static const struct {
        char release;
        int major, minor;
    } refused[] = {{'A', 1, 1}, {'C', 1, 1}, {'b', 1, 1}, {0, 0, 0}, {'B', 2, 0}, {'B', 2, 2}, {'B', 255, 1}};
    ClCkptSvcHdlT handle;

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        RC(CL_CKPT_ERR_VERSION_MISMATCH,
           ask(refused[i].release, refused[i].major, refused[i].minor, &handle));
        EQUAL(~0ULL, handle);
    }
    EQUAL(CL_ERR_VERSION_MISMATCH, CL_GET_ERROR_CODE(ask('A', 1, 1, &handle)));
}

static void initialize_versions_served(void)
{
    static const int served[][2] = {{1, 1}, {1, 0}, {1, 2}, {1, 255}, {0, 0}, {0, 9}};
    ClCkptSvcHdlT handle;

    for (size_t i = 0; i < sizeof served / sizeof served[0]; i++) {
        OK(ask('B', served[i][0], served[i][1], &handle));
        OK(clCkptFinalize(handle));
    }
}

static void initialize_no_service(void)
{
    ClCkptSvcHdlT handle = 0;

    EQUAL(0, setenv("CKPT_RUN_DIR", "/nonexistent/ckpt", 1));
    RC(CL_CKPT_ERR_TRY_AGAIN, initialize_with(&handle, NULL));
    EQUAL(~0ULL, handle);
}

static void selection_ok(void)
{
    ClCkptSvcHdlT service = initialize(), other = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes();
    int fd = selection_object(service);
    fd_set set;
    struct timeval soon = {5, 0};

    EQUAL(fd, selection_object(service));
    TRUE(fd != selection_object(other));
    EQUAL(FD_CLOEXEC, fcntl(fd, F_GETFD));
    STAYS(50, !readable(fd));
    OK(clCkptCheckpointOpenAsync(service, 1, &name, &a, RWC));
    TRUE(becomes_readable(fd, WAIT_MS));
    FD_ZERO(&set);
    FD_SET(fd, &set);
    EQUAL(1, select(fd + 1, &set, NULL, NULL, &soon));
    STAYS(50, readable(fd) && !readable(selection_object(other)) && event_count() == 0);
    OK(clCkptDispatch(service, CL_DISPATCH_ALL));
    EQUAL(1, event_count());
    STAYS(50, !readable(fd));
}

static void selection_null(void)
{
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSelectionObjectGet(initialize(), NULL));
}

static void selection_closed(void)
{
    ClCkptSvcHdlT service = initialize();
    int fd = selection_object(service);

    OK(clCkptFinalize(service));
    EQUAL(-1, fcntl(fd, F_GETFD));
}

static void finalize_ok(void)
{
    ClCkptSvcHdlT service = initialize();

    OK(clCkptFinalize(service));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptFinalize(service));
    note("what it hands out next is new");
    TRUE(initialize() != service);
}

/* Each service handle has its own checkpoints, callbacks and selection object. */
static void finalize_own(void)
{
    ClCkptSvcHdlT one = initialize(), two = initialize();
    ClNameT x = name_of("x"), y = name_of("y");
    Attributes a = attributes();
    ClCkptHdlT of_one = create(one, &x, &a), of_two = open_as(two, &x, RWC & ~CREATE);
    ClCkptHdlT only_one = create(one, &y, &a);

    add_section(of_one, SID("a"), "data");
    OK(clCkptFinalize(one));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptCheckpointClose(of_one));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptCheckpointClose(only_one));
    note("the other one's checkpoint lives on, though its retention is 0");
    TEXT(of_two, SID("a"), "data");
    OK(section_overwrite(of_two, SID("a"), "more", 4));
    OK(try_open(two, &x));
    note("what only the first had open is gone before Finalize returns");
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(two, &y));
    OK(clCkptCheckpointOpenAsync(two, 7, &x, NULL, READ));
    await_events(two, 1);
    EQUAL(7, event_at(0).invocation);
    OK(clCkptCheckpointClose(of_two));
}

static void finalize_pending(void)
{
    ClCkptSvcHdlT service = initialize(), other = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes();

    OK(clCkptCheckpointOpenAsync(service, 1, &name, &a, RWC));
    TRUE(becomes_readable(selection_object(service), WAIT_MS));
    OK(clCkptFinalize(service));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptDispatch(service, CL_DISPATCH_ALL));
    OK(clCkptDispatch(other, CL_DISPATCH_ALL));
    EQUAL(0, event_count());
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(other, &name));
}

const struct test lifecycle_tests[] = {
    TEST("clCkptInitialize CL_OK", "with callbacks, without, with none registered; several handles",
         initialize_ok),
    TEST("clCkptInitialize CL_CKPT_ERR_NULL_POINTER", "handle or version is NULL", initialize_null),
    TEST("clCkptInitialize CL_CKPT_ERR_VERSION_MISMATCH",
         "release not B or major above 1; {B,1,1} is written back, the handle is all ones",
         initialize_version),
    TEST("clCkptInitialize versions", "B with major 1 or 0 is served, any minor; {B,1,1} is written back",
         initialize_versions_served),
    {"clCkptInitialize CL_CKPT_ERR_TRY_AGAIN", "no service runs on this node", BOTH,
     initialize_no_service, 0, 40},
    TEST("clCkptSelectionObjectGet CL_OK",
         "one descriptor a handle, close-on-exec, readable for poll and select while a callback waits",
         selection_ok),
    TEST("clCkptSelectionObjectGet CL_CKPT_ERR_NULL_POINTER", "pSelectionObject is NULL", selection_null),
    NEVER("clCkptSelectionObjectGet CL_CKPT_ERR_INVALID_PARAM",
          "the only bad argument is NULL, which is NULL_POINTER"),
    NEVER("clCkptSelectionObjectGet CL_CKPT_INTERNAL_ERROR",
          "only if the engine cannot be loaded, when no handle exists (tests/process)"),
    TEST("clCkptSelectionObjectGet after Finalize", "the descriptor is closed", selection_closed),
    TEST("clCkptFinalize CL_OK", "once; the handle is not used again", finalize_ok),
    TEST("clCkptFinalize closes its own", "the checkpoints of its handle, none of another", finalize_own),
    TEST("clCkptFinalize with callbacks pending", "they are dropped, an open in flight is undone",
         finalize_pending),
    END_OF_TESTS,
};
