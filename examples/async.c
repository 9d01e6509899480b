/*
 * async: open a checkpoint and synchronize it without waiting, in an epoll loop.
 *
 * A server that must never block uses the asynchronous calls: each returns at once, and its result
 * arrives later through a callback. The caller gives each call a number of its own choice, its
 * "invocation", which comes back with the result.
 *
 * The checkpoint here has asynchronous update as well, which is a different thing: a write returns
 * when one replica, the active one, has the data, and the others follow. Synchronizing makes sure
 * that they have caught up.
 */
#include <sys/epoll.h>
#include <unistd.h>

#include <saCkpt.h>

#include "aiserror.h"

enum { OPEN = 1, SYNCHRONIZE = 2 }; /* invocations */
enum { WAIT_MS_MAX = 30 * 1000 };   /* how long to wait for a callback */

static SaCkptCheckpointHandleT checkpoint;
static int open_done, synchronize_done;

static void on_open(SaInvocationT invocation, SaCkptCheckpointHandleT handle, SaAisErrorT error)
{
    printf("open, invocation %llu: %s\n", invocation, ais_error_name(error));
    must(error, "saCkptCheckpointOpenAsync"); /* only now is the handle good for anything */
    checkpoint = handle;
    open_done = 1;
}

static void on_synchronize(SaInvocationT invocation, SaAisErrorT error)
{
    printf("synchronize, invocation %llu: %s\n", invocation, ais_error_name(error));
    must(error, "saCkptCheckpointSynchronizeAsync");
    synchronize_done = 1;
}

/* Runs the event loop until *done. Callbacks are run here, in saCkptDispatch, and nowhere else. */
static void loop_until(SaCkptHandleT library, int epoll, const int *done)
{
    while (!*done) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, WAIT_MS_MAX) != 1)
            give_up("no callback has come");
        must(saCkptDispatch(library, SA_DISPATCH_ONE), "saCkptDispatch");
    }
}

int main(void)
{
    const SaCkptCallbacksT callbacks = {
        .saCkptCheckpointOpenCallback = on_open,
        .saCkptCheckpointSynchronizeCallback = on_synchronize,
    };
    SaVersionT version = {'B', 2, 2};
    SaCkptHandleT library;
    must(saCkptInitialize(&library, &callbacks, &version), "saCkptInitialize");

    /* The selection object is an ordinary descriptor, readable while a callback waits. It belongs
     * to the library: it is neither read nor closed here. */
    SaSelectionObjectT selection;
    must(saCkptSelectionObjectGet(library, &selection), "saCkptSelectionObjectGet");
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = (int)selection};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, (int)selection, &interest) != 0)
        give_up("epoll does not take the selection object");

    const SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = SA_CKPT_WR_ACTIVE_REPLICA,
        .checkpointSize = 100,
        .retentionDuration = 0,
        .maxSections = 1,
        .maxSectionSize = 100,
        .maxSectionIdSize = 1,
    };
    SaNameT name;
    saAisNameLend("safCkpt=async", &name);
    must(saCkptCheckpointOpenAsync(library, OPEN, &name, &attributes,
                                   SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ |
                                       SA_CKPT_CHECKPOINT_WRITE),
         "saCkptCheckpointOpenAsync");
    loop_until(library, epoll, &open_done);

    const SaCkptSectionIdT section = SA_CKPT_DEFAULT_SECTION_ID;
    const char data[] = "on one replica at once, on all of them soon";
    must(saCkptSectionOverwrite(checkpoint, &section, data, sizeof data), "saCkptSectionOverwrite");
    printf("wrote %zu bytes\n", sizeof data);

    must(saCkptCheckpointSynchronizeAsync(checkpoint, SYNCHRONIZE),
         "saCkptCheckpointSynchronizeAsync");
    loop_until(library, epoll, &synchronize_done);

    must(saCkptCheckpointClose(checkpoint), "saCkptCheckpointClose");
    close(epoll);
    must(saCkptFinalize(library), "saCkptFinalize");
    return EXIT_SUCCESS;
}
