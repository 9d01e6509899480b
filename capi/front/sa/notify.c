/* Which notifications of other processes' updates a client gets: the arrival callback and the track functions. */
#include "client.h"
#include "fork.h"
#include "notify.h"
#include "public.h"

/* Tells the engine. id 0: the library handle as a whole. */
static SaAisErrorT notify(struct ckpt_object *object, const struct sa_library *l, uint64_t id, uint32_t what)
{
	struct ckpt_held held = {.object = object};

	return (SaAisErrorT)ckpt_notify(&l->base, id, what, &held);
}

static uint32_t wanted(struct sa_library *l)
{
	return (atomic_load(&l->arrival) != NULL ? CKPT_NOTIFY_ARRIVAL : 0u) |
	       (atomic_load(&l->tracking) ? CKPT_NOTIFY_TRACK : 0u);
}

CKPT_PUBLIC SaAisErrorT ncsCkptRegisterCkptArrivalCallback(SaCkptHandleT ckptHandle,
							   ncsCkptCkptArrivalCallbackT ckptArrivalCallback)
{
	struct sa_library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_library_use(ckptHandle, &l);
	if (error != SA_AIS_OK)
		return error;
	if (ckptArrivalCallback == NULL) {
		error = SA_AIS_ERR_INVALID_PARAM;
	} else {
		atomic_store(&l->arrival, ckptArrivalCallback);
		error = notify(&l->base.object, l, 0, wanted(l));
	}
	sa_library_release(l);
	return error;
}

static SaAisErrorT track_allowed(const struct sa_library *l)
{
	if (!l->may_track)
		return SA_AIS_ERR_VERSION;
	return l->callbacks.saCkptCheckpointTrackCallback == NULL ? SA_AIS_ERR_INIT : SA_AIS_OK;
}

/* Turns tracking on or off; the state is changed back if the engine was not told. */
static SaAisErrorT track_set(struct ckpt_object *object, struct sa_library *l, uint64_t id, atomic_bool *tracking, bool on)
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
	struct sa_library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_library_use(handle, &l);
	if (error != SA_AIS_OK)
		return error;
	error = track_allowed(l);
	if (error == SA_AIS_OK)
		error = track_set(&l->base.object, l, 0, &l->tracking, on);
	sa_library_release(l);
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
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_checkpoint_use(handle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = track_allowed(sa_library_of(c));
	if (error == SA_AIS_OK && !(c->base.open_flags & SA_CKPT_CHECKPOINT_READ))
		error = SA_AIS_ERR_ACCESS;
	if (error == SA_AIS_OK)
		error = track_set(&c->base.object, sa_library_of(c), c->base.id, &c->tracking, on);
	sa_checkpoint_release(c);
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
