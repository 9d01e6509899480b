/* Initialize, the selection object, Dispatch, Finalize. */
#include "client.h"
#include "dispatch.h"
#include "fork.h"
#include "public.h"

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

/* ---- Callbacks ---- */

static ckpt_function *function(struct ckpt_library *library, uint32_t kind)
{
	struct sa_library *l = (struct sa_library *)library;

	switch (kind) {
	case CKPT_EVENT_OPENED:
		return (ckpt_function *)l->callbacks.saCkptCheckpointOpenCallback;
	case CKPT_EVENT_SYNCHRONIZED:
		return (ckpt_function *)l->callbacks.saCkptCheckpointSynchronizeCallback;
	case CKPT_EVENT_ARRIVAL:
		return (ckpt_function *)atomic_load(&l->arrival);
	case CKPT_EVENT_TRACK:
		return (ckpt_function *)l->callbacks.saCkptCheckpointTrackCallback;
	default:
		return NULL;
	}
}

static void run(const struct ckpt_due *due)
{
	switch (due->kind) {
	case CKPT_EVENT_OPENED:
		((SaCkptCheckpointOpenCallbackT)due->function)(due->invocation, due->handle, (SaAisErrorT)due->error);
		break;
	case CKPT_EVENT_SYNCHRONIZED:
		((SaCkptCheckpointSynchronizeCallbackT)due->function)(due->invocation, (SaAisErrorT)due->error);
		break;
	default:	/* the arrival callback has the same type */
		((SaCkptCheckpointTrackCallbackT)due->function)(due->handle, (SaCkptIOVectorElementT *)due->vector,
								due->count);
	}
}

const struct ckpt_api sa_api = {
	.library = CKPT_KIND_SA_LIBRARY,
	.checkpoint = CKPT_KIND_SA_CHECKPOINT,
	.iteration = CKPT_KIND_SA_ITERATION,
	.library_size = sizeof(struct sa_library),
	.checkpoint_size = sizeof(struct sa_checkpoint),
	.function = function,
	.run = run,
};

/* ---- Initialize ---- */

static SaAisErrorT initialize(SaCkptHandleT *handle, const SaCkptCallbacksT_2 *callbacks, SaVersionT *version)
{
	struct ckpt_library *base;
	struct sa_library *l;
	uint32_t error = ckpt_library_new(&sa_api, &base);

	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	l = (struct sa_library *)base;
	l->callbacks = *callbacks;
	l->newer = base->members_only = version_newer(version);
	l->may_track = version_may_track(version);
	error = ckpt_library_start(base);
	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	*handle = base->object.handle;
	*version = supported;
	sa_library_release(l);
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

/* ---- What one does with a library handle ---- */

CKPT_PUBLIC SaAisErrorT saCkptSelectionObjectGet(SaCkptHandleT ckptHandle, SaSelectionObjectT *selectionObject)
{
	struct sa_library *l;
	uint32_t error;
	int fd;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (selectionObject == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_library_use(ckptHandle, &l);
	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	error = ckpt_library_selection(&l->base, &fd);
	if (error == SA_AIS_OK)
		*selectionObject = (SaSelectionObjectT)fd;
	sa_library_release(l);
	return (SaAisErrorT)error;
}

CKPT_PUBLIC SaAisErrorT saCkptDispatch(SaCkptHandleT ckptHandle, SaDispatchFlagsT dispatchFlags)
{
	struct sa_library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_library_use(ckptHandle, &l);
	if (error != SA_AIS_OK)
		return error;
	if (dispatchFlags < SA_DISPATCH_ONE || dispatchFlags > SA_DISPATCH_BLOCKING) {
		sa_library_release(l);
		return SA_AIS_ERR_INVALID_PARAM;
	}
	return (SaAisErrorT)ckpt_dispatch(&l->base, (enum ckpt_dispatch)dispatchFlags);
}

CKPT_PUBLIC SaAisErrorT saCkptFinalize(SaCkptHandleT ckptHandle)
{
	struct sa_library *l;
	uint32_t error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	l = sa_library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = ckpt_library_finalize(&l->base);
	sa_library_release(l);
	return (SaAisErrorT)error;
}
