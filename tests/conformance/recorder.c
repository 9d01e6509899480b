//go:build ignore

/*
 * recorder.c: callbacks that record what they were called with, and waiting for them.
 */
#include "recorder.h"

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

void record_open(SaInvocationT invocation, SaCkptCheckpointHandleT checkpoint, SaAisErrorT error)
{
    struct event event = {.kind = OPENED, .invocation = invocation, .checkpoint = checkpoint,
                          .error = error};
    record(&event);
}

void record_synchronize(SaInvocationT invocation, SaAisErrorT error)
{
    struct event event = {.kind = SYNCHRONIZED, .invocation = invocation, .error = error};
    record(&event);
}

static void record_elements(enum event_kind kind, SaCkptCheckpointHandleT checkpoint,
                            const SaCkptIOVectorElementT *elements, SaUint32T count)
{
    struct event event = {.kind = kind, .checkpoint = checkpoint, .count = count};

    for (SaUint32T i = 0; i < count && i < EVENT_ELEMENTS; i++) {
        SaUint16T length = elements[i].sectionId.idLen;
        TRUE(length <= EVENT_ID);
        event.elements[i].id_length = length;
        if (length > 0)
            memcpy(event.elements[i].id, elements[i].sectionId.id, length + (size_t)1);
        event.elements[i].buffer = elements[i].dataBuffer;
        event.elements[i].size = elements[i].dataSize;
        event.elements[i].read_size = elements[i].readSize;
        event.elements[i].offset = elements[i].dataOffset;
    }
    record(&event);
}

void record_track(SaCkptCheckpointHandleT checkpoint, SaCkptIOVectorElementT *elements,
                  SaUint32T count)
{
    record_elements(TRACKED, checkpoint, elements, count);
}

void record_arrival(const SaCkptCheckpointHandleT checkpoint, SaCkptIOVectorElementT *elements,
                    SaUint32T count)
{
    record_elements(ARRIVED, checkpoint, elements, count);
}

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

int selection_object(SaCkptHandleT library)
{
    SaSelectionObjectT object = ~0ULL;
    OK(saCkptSelectionObjectGet(library, &object));
    TRUE(object < 1 << 20);
    return (int)object;
}

void await_events(SaCkptHandleT library, int count)
{
    int fd = selection_object(library);
    SaTimeT until = monotonic_now() + WAIT_MS * MS;

    while (event_count() < count) {
        SaTimeT left = (until - monotonic_now()) / MS;
        if (left <= 0)
            FAIL("%d callbacks after %d ms, expected %d", event_count(), WAIT_MS, count);
        if (becomes_readable(fd, (int)left))
            OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    }
}
