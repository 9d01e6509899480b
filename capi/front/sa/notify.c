/* Which notifications of other processes' updates a client gets: the arrival callback and the track functions. */
#include "client.h"
#include "fork.h"
#include "public.h"

/* Tells the engine. id 0: the library handle as a whole. */
static SaAisErrorT notify(struct ckpt_object *object, const struct library *l, uint64_t id, uint32_t what)
{
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_NOTIFY, 0);
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->lib = l->id;
	call->id = id;
	call->notify = what;
	error = client_call(object, &call);
	ckpt_call_free(call);
	return error;
}

static uint32_t wanted(struct library *l)
{
	return (atomic_load(&l->arrival) != NULL ? CKPT_NOTIFY_ARRIVAL : 0u) |
	       (atomic_load(&l->tracking) ? CKPT_NOTIFY_TRACK : 0u);
}

CKPT_PUBLIC SaAisErrorT ncsCkptRegisterCkptArrivalCallback(SaCkptHandleT ckptHandle,
							   ncsCkptCkptArrivalCallbackT ckptArrivalCallback)
{
	struct library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	l = library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (ckptArrivalCallback == NULL) {
		error = SA_AIS_ERR_INVALID_PARAM;
	} else {
		atomic_store(&l->arrival, ckptArrivalCallback);
		error = notify(&l->object, l, 0, wanted(l));
	}
	ckpt_object_release(&l->object);
	return error;
}

static SaAisErrorT track_allowed(const struct library *l)
{
	if (!l->may_track)
		return SA_AIS_ERR_VERSION;
	return l->callbacks.saCkptCheckpointTrackCallback == NULL ? SA_AIS_ERR_INIT : SA_AIS_OK;
}

/* Turns tracking on or off; the state is changed back if the engine was not told. */
static SaAisErrorT track_set(struct ckpt_object *object, struct library *l, uint64_t id, atomic_bool *tracking, bool on)
{
	SaAisErrorT error;

	if (atomic_exchange(tracking, on) == on)
		return on ? SA_AIS_OK : SA_AIS_ERR_NOT_EXIST;
	error = notify(object, l, id, id == 0 ? wanted(l) : on ? CKPT_NOTIFY_TRACK : 0u);
	if (error != SA_AIS_OK)
		atomic_store(tracking, !on);
	return error;
}

static SaAisErrorT library_track(SaCkptHandleT handle, bool on)
{
	struct library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	l = library_acquire(handle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = track_allowed(l);
	if (error == SA_AIS_OK)
		error = track_set(&l->object, l, 0, &l->tracking, on);
	ckpt_object_release(&l->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptTrack(SaCkptHandleT ckptHandle)
{
	return library_track(ckptHandle, true);
}

CKPT_PUBLIC SaAisErrorT saCkptTrackStop(SaCkptHandleT ckptHandle)
{
	return library_track(ckptHandle, false);
}

static SaAisErrorT checkpoint_track(SaCkptCheckpointHandleT handle, bool on)
{
	struct checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	c = checkpoint_acquire(handle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = track_allowed(library_of(c));
	if (error == SA_AIS_OK && !(c->open_flags & SA_CKPT_CHECKPOINT_READ))
		error = SA_AIS_ERR_ACCESS;
	if (error == SA_AIS_OK)
		error = track_set(&c->object, library_of(c), c->id, &c->tracking, on);
	ckpt_object_release(&c->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointTrack(SaCkptCheckpointHandleT checkpointHandle)
{
	return checkpoint_track(checkpointHandle, true);
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointTrackStop(SaCkptCheckpointHandleT checkpointHandle)
{
	return checkpoint_track(checkpointHandle, false);
}
