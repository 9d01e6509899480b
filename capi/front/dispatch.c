/*
 * The engine queues events; the thread that dispatches takes one, lets go of everything, and calls the application's
 * function.
 */
#include "dispatch.h"

#include <stdlib.h>
#include <unistd.h>

#include "checkpoint.h"
#include "futex.h"
#include "loader.h"
#include "park.h"
#include "saAis.h"
#include "signals.h"

static bool live(const struct ckpt_library *l, uint64_t handle)
{
	struct ckpt_checkpoint *c = ckpt_checkpoint_acquire(l->api, handle);

	if (c != NULL)
		ckpt_object_release(&c->object);
	return c != NULL;
}

/* An open has ended: its handle becomes usable, or is forgotten. */
static bool open_due(const struct ckpt_library *l, struct ckpt_event *event)
{
	struct ckpt_checkpoint *c = ckpt_object_acquire_pending(event->tag, l->api->checkpoint);
	bool usable;

	if (c == NULL)
		return false;
	if (event->error != SA_AIS_OK) {
		ckpt_checkpoint_not_opened(c);
		return true;
	}
	usable = ckpt_checkpoint_opened(c, event->id, &event->attributes, event->fd);
	event->fd = -1;
	ckpt_object_release(&c->object);
	return usable;
}

bool ckpt_due_elements(struct ckpt_due *due, struct ckpt_event *event)
{
	due->vector = calloc(event->element_count, sizeof *due->vector);
	if (due->vector == NULL)
		return false;
	due->count = event->element_count;
	for (uint32_t i = 0; i < due->count; i++) {
		due->vector[i].id = event->elements[i].id;
		due->vector[i].id_len = (uint16_t)event->elements[i].id_len;
		due->vector[i].data = event->elements[i].data;
		due->vector[i].size = event->elements[i].size;
		due->vector[i].offset = event->elements[i].offset;
	}
	due->elements = event->elements;
	event->elements = NULL;
	return true;
}

/* Turns an event into a callback. false: nobody is to be called. */
static bool event_due(struct ckpt_library *l, struct ckpt_event *event, struct ckpt_due *due)
{
	*due = (struct ckpt_due){
		.kind = event->kind, .invocation = event->invocation, .handle = event->tag, .error = event->error,
		.function = l->api->function(l, event->kind),
	};
	switch (event->kind) {
	case CKPT_EVENT_OPENED:
		return open_due(l, event) && due->function != NULL;
	case CKPT_EVENT_SYNCHRONIZED:
		return due->function != NULL && live(l, event->tag);
	case CKPT_EVENT_ARRIVAL:
	case CKPT_EVENT_TRACK:
		return due->function != NULL && live(l, event->tag) && ckpt_due_elements(due, event);
	default:
		return false;
	}
}

void ckpt_due_run(const struct ckpt_api *api, const struct ckpt_due *due)
{
	uint64_t vector = ckpt_park(due->vector);
	uint64_t elements = ckpt_park(due->elements);

	api->run(due);
	ckpt_unpark(vector);
	ckpt_unpark(elements);
}

enum next { NEXT_CALLBACK, NEXT_NONE, NEXT_FINALIZED, NEXT_STALE };

/* Takes events until one is a callback. */
static enum next next_due(struct ckpt_library *l, struct ckpt_due *due)
{
	for (;;) {
		struct ckpt_event event = {.fd = -1};
		struct ckpt_entry entry;
		int taken;
		bool wanted;

		if (atomic_load_explicit(&l->finalized, memory_order_acquire))
			return NEXT_FINALIZED;
		if (ckpt_library_stale(l))
			return NEXT_STALE;
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
	ckpt_object_release(&((struct ckpt_library *)library)->object);
}

void ckpt_wait_for_bell(struct ckpt_library *l, uint32_t *bell, uint32_t heard)
{
	pthread_cleanup_push(let_go, l);
	while (__atomic_load_n(bell, __ATOMIC_ACQUIRE) == heard &&
	       !atomic_load_explicit(&l->finalized, memory_order_acquire))
		ckpt_futex_wait(bell, heard, INT64_MAX);
	pthread_cleanup_pop(0);
}

uint32_t ckpt_dispatch(struct ckpt_library *l, enum ckpt_dispatch flags)
{
	uint64_t handle = l->object.handle;
	const struct ckpt_api *api = l->api;

	while (l != NULL) {
		uint32_t heard = __atomic_load_n(l->bell, __ATOMIC_ACQUIRE);
		struct ckpt_due due;
		enum next next = next_due(l, &due);

		if (next == NEXT_NONE && flags == CKPT_DISPATCH_BLOCKING) {
			ckpt_wait_for_bell(l, l->bell, heard);
			continue;
		}
		ckpt_object_release(&l->object);
		if (next == NEXT_STALE)
			return SA_AIS_ERR_UNAVAILABLE;
		if (next == NEXT_FINALIZED)
			break;
		if (next == NEXT_NONE)
			return SA_AIS_OK;
		ckpt_due_run(api, &due);
		if (flags == CKPT_DISPATCH_ONE)
			return SA_AIS_OK;
		l = ckpt_library_acquire(api, handle);
	}
	return flags == CKPT_DISPATCH_BLOCKING ? SA_AIS_OK : SA_AIS_ERR_BAD_HANDLE;
}
