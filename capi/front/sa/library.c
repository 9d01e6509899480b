/* Initialize, the selection object, Finalize. Dispatch is in dispatch.c. */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"
#include "fork.h"
#include "futex.h"
#include "loader.h"
#include "public.h"
#include "signals.h"

static const SaVersionT supported = {'B', 2, 3};

static bool version_supported(const SaVersionT *v)
{
	return v->releaseCode == 'B' && (v->majorVersion == 1 || v->majorVersion == 2);
}

/* The behaviour of B.02.02 and the track functions depend on the minor version that was asked for, as in OpenSAF. */
static bool version_newer(const SaVersionT *v)
{
	return v->majorVersion > 1 && v->minorVersion > 1;
}

static bool version_may_track(const SaVersionT *v)
{
	return v->majorVersion == 2 && v->minorVersion >= 3;
}

static void library_destroy(struct ckpt_object *object)
{
	struct library *l = (struct library *)object;

	if (l->selection >= 0)
		close(l->selection);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void library_abandon(void *library)
{
	struct library *l = library;

	ckpt_object_retire(&l->object);
	ckpt_object_release(&l->object);
}

/* A library handle that is not usable yet, with a reference for the caller. */
static struct library *library_new(const SaCkptCallbacksT_2 *callbacks, const SaVersionT *version)
{
	struct library *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->callbacks = *callbacks;
	l->newer = version_newer(version);
	l->may_track = version_may_track(version);
	l->selection = -1;
	pthread_mutex_init(&l->lock, NULL);
	if (!ckpt_object_register(&l->object, CKPT_KIND_LIBRARY, NULL, library_destroy)) {
		library_destroy(&l->object);
		return NULL;
	}
	l->bell = ckpt_object_word(&l->object);
	return ckpt_object_acquire_pending(l->object.handle, CKPT_KIND_LIBRARY);
}

/* Introduces the handle to the engine. */
static SaAisErrorT library_start(struct library *l)
{
	struct ckpt_held held = {.undo = library_abandon, .argument = l};
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_INITIALIZE, 0);
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->tag = l->object.handle;
	call->bell = l->bell;
	error = ckpt_call_run(&call, &held);
	if (error == SA_AIS_OK)
		l->id = call->id;
	ckpt_call_free(call);
	return error;
}

static SaAisErrorT initialize(SaCkptHandleT *handle, const SaCkptCallbacksT_2 *callbacks, SaVersionT *version)
{
	SaAisErrorT error = ckpt_engine_load();
	struct library *l;

	if (error != SA_AIS_OK)
		return error;
	l = library_new(callbacks, version);
	if (l == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	error = library_start(l);
	if (error != SA_AIS_OK) {
		library_abandon(l);
		return error;
	}
	ckpt_object_activate(&l->object);
	*handle = l->object.handle;
	*version = supported;
	ckpt_object_release(&l->object);
	return SA_AIS_OK;
}

CKPT_PUBLIC SaAisErrorT saCkptInitialize(SaCkptHandleT *ckptHandle, const SaCkptCallbacksT *ckptCallbacks,
					 SaVersionT *version)
{
	SaCkptCallbacksT_2 callbacks = {0};

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (ckptHandle == NULL || version == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	*ckptHandle = 0;
	if (!version_supported(version)) {
		*version = supported;
		return SA_AIS_ERR_VERSION;
	}
	if (ckptCallbacks != NULL) {
		callbacks.saCkptCheckpointOpenCallback = ckptCallbacks->saCkptCheckpointOpenCallback;
		callbacks.saCkptCheckpointSynchronizeCallback = ckptCallbacks->saCkptCheckpointSynchronizeCallback;
	}
	return initialize(ckptHandle, &callbacks, version);
}

CKPT_PUBLIC SaAisErrorT saCkptInitialize_2(SaCkptHandleT *ckptHandle, const SaCkptCallbacksT_2 *ckptCallbacks,
					   SaVersionT *version)
{
	SaCkptCallbacksT_2 none = {0};

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (ckptHandle == NULL || version == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	*ckptHandle = 0;
	if (!version_supported(version) || !version_may_track(version)) {
		*version = supported;
		return SA_AIS_ERR_VERSION;
	}
	return initialize(ckptHandle, ckptCallbacks != NULL ? ckptCallbacks : &none, version);
}

/* The caller holds l->lock. */
static SaAisErrorT selection_make(struct library *l)
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

CKPT_PUBLIC SaAisErrorT saCkptSelectionObjectGet(SaCkptHandleT ckptHandle, SaSelectionObjectT *selectionObject)
{
	struct library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (selectionObject == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	l = library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	pthread_mutex_lock(&l->lock);
	error = selection_make(l);
	if (error == SA_AIS_OK)
		*selectionObject = (SaSelectionObjectT)l->selection;
	pthread_mutex_unlock(&l->lock);
	ckpt_object_release(&l->object);
	return error;
}

/* Threads in Dispatch(BLOCKING) leave at once, whether or not the service answers. */
static void wake_dispatchers(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	atomic_store_explicit(&l->finalized, true, memory_order_release);
	pthread_mutex_unlock(&l->lock);
	__atomic_add_fetch(l->bell, 1, __ATOMIC_RELEASE);
	ckpt_futex_wake(l->bell);
}

/* Only after the engine, which writes to it, was told. */
static void selection_close(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	if (l->selection >= 0)
		close(l->selection);
	l->selection = -1;
	pthread_mutex_unlock(&l->lock);
}

CKPT_PUBLIC SaAisErrorT saCkptFinalize(SaCkptHandleT ckptHandle)
{
	struct ckpt_call *call;
	struct library *l;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	l = library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	call = ckpt_call_new(CKPT_OP_FINALIZE, 0);
	if (call == NULL || !ckpt_object_retire(&l->object)) {
		ckpt_object_release(&l->object);
		ckpt_call_free(call);
		return call == NULL ? SA_AIS_ERR_NO_MEMORY : SA_AIS_ERR_BAD_HANDLE;
	}
	call->id = call->lib = l->id;
	wake_dispatchers(l);
	client_call(&l->object, &call);
	ckpt_call_free(call);
	selection_close(l);
	ckpt_object_release(&l->object);
	return SA_AIS_OK;
}
