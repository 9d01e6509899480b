//go:build ignore

/*
 * recorder.c: callbacks that record what they were called with, and waiting for them.
 */
#include "clovis.h"

#include <pthread.h>

static struct event events[EVENTS_MAX];
static int count_so_far;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void (*on_event)(const struct event *event);

static void record(struct event *event)
{
    event->thread = (uint64_t)pthread_self();
    pthread_mutex_lock(&lock);
    TRUE(count_so_far < EVENTS_MAX);
    events[count_so_far++] = *event;
    pthread_mutex_unlock(&lock);
    if (on_event != NULL)
        on_event(event);
}

static void record_open(ClInvocationT invocation, ClCkptHdlT checkpoint, ClRcT error)
{
    struct event event = {.kind = OPENED, .invocation = invocation, .checkpoint = checkpoint,
                          .error = error};
    record(&event);
}

static void record_synchronize(ClInvocationT invocation, ClRcT error)
{
    struct event event = {.kind = SYNCHRONIZED, .invocation = invocation, .error = error};
    record(&event);
}

const ClCkptCallbacksT recording_callbacks = {record_open, record_synchronize};

/* Its own copies, since name, ids and data are the library's. The code it returns means nothing. */
#if SDK_FLAVOUR
static ClRcT record_consumed(ClCkptHdlT checkpoint, ClNameT *name, ClCkptIOVectorElementT *elements,
                             ClUint32T count, ClPtrT cookie)
{
    struct event event = {.kind = CONSUMED, .checkpoint = checkpoint, .name = *name,
                          .cookie = cookie, .count = count};

    for (ClUint32T i = 0; i < count && i < EVENT_ELEMENTS; i++) {
        ClSizeT kept = elements[i].dataSize < EVENT_DATA ? elements[i].dataSize : EVENT_DATA;
        TRUE(elements[i].sectionId.idLen <= EVENT_DATA);
        event.elements[i].id_length = elements[i].sectionId.idLen;
        if (elements[i].sectionId.idLen > 0)
            memcpy(event.elements[i].id, elements[i].sectionId.id, elements[i].sectionId.idLen);
        event.elements[i].has_data = elements[i].dataBuffer != NULL;
        if (elements[i].dataBuffer != NULL)
            memcpy(event.elements[i].data, elements[i].dataBuffer, kept);
        event.elements[i].size = elements[i].dataSize;
        event.elements[i].read_size = elements[i].readSize;
        event.elements[i].offset = elements[i].dataOffset;
    }
    record(&event);
    return CL_ERR_UNSPECIFIED;
}

ClRcT consume(ClCkptHdlT checkpoint, ClPtrT cookie)
{
    return clCkptImmediateConsumptionRegister(checkpoint, record_consumed, cookie);
}

ClRcT stop_consuming(ClCkptHdlT checkpoint)
{
    return clCkptImmediateConsumptionRegister(checkpoint, NULL, NULL);
}
#else
static ClRcT record_consumed(ClNameT *name, ClCkptHdlT checkpoint)
{
    struct event event = {.kind = CONSUMED, .checkpoint = checkpoint, .name = *name};
    record(&event);
    return CL_ERR_UNSPECIFIED;
}

ClRcT consume(ClCkptHdlT checkpoint, ClPtrT cookie)
{
    (void)cookie;
    return clCkptImmediateConsumptionRegister(checkpoint, record_consumed);
}

ClRcT stop_consuming(ClCkptHdlT checkpoint)
{
    return clCkptImmediateConsumptionRegister(checkpoint, NULL);
}
#endif

int event_count(void)
{
    int count;
    pthread_mutex_lock(&lock);
    count = count_so_far;
    pthread_mutex_unlock(&lock);
    return count;
}

struct event event_at(int index)
{
    struct event event;
    TRUE(index < event_count());
    pthread_mutex_lock(&lock);
    event = events[index];
    pthread_mutex_unlock(&lock);
    return event;
}

void events_clear(void)
{
    pthread_mutex_lock(&lock);
    count_so_far = 0;
    pthread_mutex_unlock(&lock);
}

int selection_object(ClCkptSvcHdlT service)
{
    ClSelectionObjectT object = ~0ULL;
    OK(clCkptSelectionObjectGet(service, &object));
    TRUE(object < 1 << 20);
    return (int)object;
}

void await_events(ClCkptSvcHdlT service, int count)
{
    int fd = selection_object(service);
    int64_t until = monotonic_now() + WAIT_MS * MS;

    while (event_count() < count) {
        int64_t left = (until - monotonic_now()) / MS;
        if (left <= 0)
            FAIL("%d callbacks after %d ms, expected %d", event_count(), WAIT_MS, count);
        if (becomes_readable(fd, (int)left))
            OK(clCkptDispatch(service, CL_DISPATCH_ALL));
    }
}

void await_consumed(int count)
{
    int64_t until = monotonic_now() + WAIT_MS * MS;

    while (event_count() < count) {
        if (monotonic_now() > until)
            FAIL("%d callbacks after %d ms, expected %d", event_count(), WAIT_MS, count);
        pause_ms(2);
    }
}
