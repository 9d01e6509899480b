#include "library.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call.h"
#include "futex.h"
#include "loader.h"
#include "saAis.h"
#include "signals.h"

static void library_destroy(struct ckpt_object *object)
{
	struct ckpt_library *l = (struct ckpt_library *)object;

	if (l->selection >= 0)
		close(l->selection);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void library_abandon(void *library)
{
	struct ckpt_library *l = library;

	ckpt_object_retire(&l->object);
	ckpt_object_release(&l->object);
}

uint32_t ckpt_library_new(const struct ckpt_api *api, struct ckpt_library **new)
{
	uint32_t error = ckpt_engine_load();
	struct ckpt_library *l;

	if (error != SA_AIS_OK)
		return error;
	l = calloc(1, api->library_size);
	if (l == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	l->api = api;
	l->selection = -1;
	pthread_mutex_init(&l->lock, NULL);
	if (!ckpt_object_register(&l->object, api->library, NULL, library_destroy)) {
		library_destroy(&l->object);
		return SA_AIS_ERR_NO_MEMORY;
	}
	l->bell = ckpt_object_word(&l->object, CKPT_WORD_EVENTS);
	l->consumption_bell = ckpt_object_word(&l->object, CKPT_WORD_CONSUMPTION);
	l->left = ckpt_object_word(&l->object, CKPT_WORD_LEFT);
	__atomic_store_n(l->left, 0, __ATOMIC_RELAXED);
	*new = ckpt_object_acquire_pending(l->object.handle, api->library);
	return SA_AIS_OK;
}

uint32_t ckpt_library_start(struct ckpt_library *l)
{
	struct ckpt_held held = {.undo = library_abandon, .argument = l};
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_INITIALIZE, 0);
	uint32_t error = SA_AIS_ERR_NO_MEMORY;

	if (call != NULL) {
		call->tag = l->object.handle;
		call->bell = l->bell;
		call->consumption_bell = l->consumption_bell;
		call->left = l->members_only ? l->left : NULL;
		error = ckpt_call_run(&call, &held);
	}
	if (error != SA_AIS_OK) {
		ckpt_call_free(call);
		library_abandon(l);
		return error;
	}
	l->id = call->id;
	ckpt_call_free(call);
	ckpt_object_activate(&l->object);
	return SA_AIS_OK;
}

/* The caller holds l->lock. */
static uint32_t selection_make(struct ckpt_library *l)
{
	struct ckpt_entry entry;
	int fd, rc;

	if (atomic_load_explicit(&l->finalized, memory_order_relaxed))
		return SA_AIS_ERR_BAD_HANDLE;
	if (l->selection >= 0)
		return SA_AIS_OK;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return SA_AIS_ERR_NO_RESOURCES;
	ckpt_engine_enter(&entry);
	rc = ckpt_engine.selection(l->id, fd);
	ckpt_engine_leave(&entry);
	if (rc != 0) {
		close(fd);
		return SA_AIS_ERR_BAD_HANDLE;
	}
	l->selection = fd;
	return SA_AIS_OK;
}

uint32_t ckpt_library_selection(struct ckpt_library *l, int *fd)
{
	uint32_t error;

	pthread_mutex_lock(&l->lock);
	error = selection_make(l);
	if (error == SA_AIS_OK)
		*fd = l->selection;
	pthread_mutex_unlock(&l->lock);
	return error;
}

static void ring(uint32_t *bell)
{
	__atomic_add_fetch(bell, 1, __ATOMIC_RELEASE);
	ckpt_futex_wake(bell);
}

/* Threads that wait for events leave at once, whether or not the service answers. */
static void wake_waiters(struct ckpt_library *l)
{
	pthread_mutex_lock(&l->lock);
	atomic_store_explicit(&l->finalized, true, memory_order_release);
	pthread_mutex_unlock(&l->lock);
	ring(l->bell);
	ring(l->consumption_bell);
}

/* Only after the engine, which writes to it, was told. */
static void selection_close(struct ckpt_library *l)
{
	pthread_mutex_lock(&l->lock);
	if (l->selection >= 0)
		close(l->selection);
	l->selection = -1;
	pthread_mutex_unlock(&l->lock);
}

uint32_t ckpt_library_finalize(struct ckpt_library *l)
{
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_FINALIZE, 0);

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	if (!ckpt_object_retire(&l->object)) {
		ckpt_call_free(call);
		return SA_AIS_ERR_BAD_HANDLE;
	}
	call->id = call->lib = l->id;
	wake_waiters(l);
	ckpt_call_on(&l->object, &call);
	ckpt_call_free(call);
	selection_close(l);
	return SA_AIS_OK;
}
