/*
 * Dispatch. The engine queues events; the thread that dispatches takes one, lets go of everything, and calls the
 * application's function. A callback may do what it likes: call any function here, finalize the handle, or never
 * return.
 */
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "fork.h"
#include "futex.h"
#include "loader.h"
#include "park.h"
#include "public.h"
#include "signals.h"

/* A callback to be made: one of the functions, and what it is given. */
struct due {
	SaCkptCheckpointOpenCallbackT opened;
	SaCkptCheckpointSynchronizeCallbackT synchronized;
	SaCkptCheckpointTrackCallbackT changed;
	SaInvocationT invocation;
	SaCkptCheckpointHandleT handle;
	SaAisErrorT error;
	SaCkptIOVectorElementT *vector;		/* a malloc block; the ids are in ids */
	SaUint32T count;
	struct ckpt_element *ids;		/* a malloc block, the engine's elements */
};

static bool live(SaCkptCheckpointHandleT handle)
{
	struct checkpoint *c = checkpoint_acquire(handle);

	if (c != NULL)
		ckpt_object_release(&c->object);
	return c != NULL;
}

/* An open has ended: its handle becomes usable, or is forgotten. */
static bool open_due(const struct library *l, struct ckpt_event *event, struct due *due)
{
	struct checkpoint *c = ckpt_object_acquire_pending(event->tag, CKPT_KIND_CHECKPOINT);

	if (c == NULL)
		return false;
	due->error = event->error;
	if (event->error != SA_AIS_OK) {
		checkpoint_not_opened(c);
	} else {
		bool usable = checkpoint_opened(c, event->id, &event->attributes, event->fd);

		event->fd = -1;
		ckpt_object_release(&c->object);
		if (!usable)
			return false;
	}
	due->opened = l->callbacks.saCkptCheckpointOpenCallback;
	return due->opened != NULL;
}

/* Another handle has changed sections: the application gets the elements without their data. */
static bool change_due(struct ckpt_event *event, struct due *due)
{
	due->vector = calloc(event->element_count, sizeof *due->vector);
	if (due->vector == NULL)
		return false;
	due->count = event->element_count;
	for (uint32_t i = 0; i < due->count; i++) {
		due->vector[i].sectionId.id = event->elements[i].id;
		due->vector[i].sectionId.idLen = (SaUint16T)event->elements[i].id_len;
		due->vector[i].dataSize = event->elements[i].size;
		due->vector[i].dataOffset = event->elements[i].offset;
	}
	due->ids = event->elements;
	event->elements = NULL;
	return true;
}

/* Turns an event into a callback. false: nobody is to be called. */
static bool event_due(struct library *l, struct ckpt_event *event, struct due *due)
{
	*due = (struct due){.invocation = event->invocation, .handle = event->tag, .error = event->error};
	switch (event->kind) {
	case CKPT_EVENT_OPENED:
		return open_due(l, event, due);
	case CKPT_EVENT_SYNCHRONIZED:
		due->synchronized = l->callbacks.saCkptCheckpointSynchronizeCallback;
		return due->synchronized != NULL && live(event->tag);
	case CKPT_EVENT_ARRIVAL:
		due->changed = atomic_load(&l->arrival);
		return due->changed != NULL && live(event->tag) && change_due(event, due);
	case CKPT_EVENT_TRACK:
		due->changed = l->callbacks.saCkptCheckpointTrackCallback;
		return due->changed != NULL && live(event->tag) && change_due(event, due);
	default:
		return false;
	}
}

/* The caller holds nothing: this may not return. */
static void run(const struct due *due)
{
	uint64_t vector = ckpt_park(due->vector);
	uint64_t ids = ckpt_park(due->ids);

	if (due->opened != NULL)
		due->opened(due->invocation, due->handle, due->error);
	else if (due->synchronized != NULL)
		due->synchronized(due->invocation, due->error);
	else
		due->changed(due->handle, due->vector, due->count);
	ckpt_unpark(vector);
	ckpt_unpark(ids);
}

enum next { NEXT_CALLBACK, NEXT_NONE, NEXT_FINALIZED };

/* Takes events until one is a callback. */
static enum next next_due(struct library *l, struct due *due)
{
	for (;;) {
		struct ckpt_event event = {.fd = -1};
		struct ckpt_entry entry;
		int taken;
		bool wanted;

		if (atomic_load_explicit(&l->finalized, memory_order_acquire))
			return NEXT_FINALIZED;
		ckpt_engine_enter(&entry);
		taken = ckpt_engine.next(l->id, &event);
		ckpt_engine_leave(&entry);
		if (taken <= 0)
			return taken == 0 ? NEXT_NONE : NEXT_FINALIZED;
		wanted = event_due(l, &event, due);
		if (event.fd >= 0)
			close(event.fd);
		free(event.elements);
		if (wanted)
			return NEXT_CALLBACK;
	}
}

static void let_go(void *library)
{
	ckpt_object_release(&((struct library *)library)->object);
}

/* Sleeps until the bell has another value. The caller's reference is released if the thread is cancelled. */
static void wait_for_bell(struct library *l, uint32_t heard)
{
	pthread_cleanup_push(let_go, l);
	while (__atomic_load_n(l->bell, __ATOMIC_ACQUIRE) == heard &&
	       !atomic_load_explicit(&l->finalized, memory_order_acquire))
		ckpt_futex_wait(l->bell, heard, INT64_MAX);
	pthread_cleanup_pop(0);
}

/* Consumes the caller's reference. */
static SaAisErrorT dispatch(struct library *l, SaDispatchFlagsT flags)
{
	SaCkptHandleT handle = l->object.handle;

	while (l != NULL) {
		uint32_t heard = __atomic_load_n(l->bell, __ATOMIC_ACQUIRE);
		struct due due;
		enum next next = next_due(l, &due);

		if (next == NEXT_NONE && flags == SA_DISPATCH_BLOCKING) {
			wait_for_bell(l, heard);
			continue;
		}
		ckpt_object_release(&l->object);
		if (next == NEXT_FINALIZED)
			break;
		if (next == NEXT_NONE)
			return SA_AIS_OK;
		run(&due);
		if (flags == SA_DISPATCH_ONE)
			return SA_AIS_OK;
		l = library_acquire(handle);
	}
	return flags == SA_DISPATCH_BLOCKING ? SA_AIS_OK : SA_AIS_ERR_BAD_HANDLE;
}

CKPT_PUBLIC SaAisErrorT saCkptDispatch(SaCkptHandleT ckptHandle, SaDispatchFlagsT dispatchFlags)
{
	struct library *l;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	l = library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (dispatchFlags < SA_DISPATCH_ONE || dispatchFlags > SA_DISPATCH_BLOCKING) {
		ckpt_object_release(&l->object);
		return SA_AIS_ERR_INVALID_PARAM;
	}
	return dispatch(l, dispatchFlags);
}
