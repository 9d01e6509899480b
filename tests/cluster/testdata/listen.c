//go:build ignore

/*
 * listen.c: what the client is told without asking. Prints a line for each part of a callback:
 *
 *   track TIME_NS SECTION BYTES CODE VALUE     (0 bytes: the section is gone, or all of it has changed)
 *   arrival TIME_NS SECTION BYTES CODE VALUE
 *   synchronized TIME_NS INVOCATION CODE
 *
 * CODE and VALUE are what a read of the section gives that the callback makes.
 */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

static void say_parts(const char *kind, SaCkptCheckpointHandleT handle, const SaCkptIOVectorElementT *parts, SaUint32T count)
{
    for (SaUint32T i = 0; i < count; i++) {
        struct outcome o = {.code = SA_AIS_OK};

        read_section(handle, parts[i].sectionId, &o);
        SAY("%s %lld %.*s %llu %d %llu", kind, (long long)now_ns(), (int)parts[i].sectionId.idLen,
            (const char *)parts[i].sectionId.id, (unsigned long long)parts[i].dataSize, o.torn ? -1 : (int)o.code,
            (unsigned long long)o.value);
    }
}

void on_track(SaCkptCheckpointHandleT handle, SaCkptIOVectorElementT *parts, SaUint32T count)
{
    say_parts("track", handle, parts, count);
}

static void on_arrival(SaCkptCheckpointHandleT handle, SaCkptIOVectorElementT *parts, SaUint32T count)
{
    say_parts("arrival", handle, parts, count);
}

void on_synchronized(SaInvocationT invocation, SaAisErrorT error)
{
    SAY("synchronized %lld %llu %d", (long long)now_ns(), (unsigned long long)invocation, (int)error);
}

static void *dispatch(void *unused)
{
    (void)unused;
    saCkptDispatch(library, SA_DISPATCH_BLOCKING);
    return NULL;
}

SaAisErrorT start_listening(void)
{
    SaAisErrorT error = ncsCkptRegisterCkptArrivalCallback(library, on_arrival);
    pthread_t thread;

    if (error == SA_AIS_OK)
        error = saCkptTrack(library);
    if (error != SA_AIS_OK)
        return error;
    if (pthread_create(&thread, NULL, dispatch, NULL) != 0)
        return SA_AIS_ERR_NO_RESOURCES;
    pthread_detach(thread);
    return SA_AIS_OK;
}
