/* Open, Close, Unlink, and what concerns a checkpoint as a whole. */
#include <stdlib.h>

#include "client.h"
#include "fork.h"
#include "name.h"
#include "public.h"
#include "timeout.h"

#define OPEN_FLAGS (SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE | SA_CKPT_CHECKPOINT_CREATE)

/* ---- The checkpoint object ---- */

static void checkpoint_destroy(struct ckpt_object *object)
{
	struct checkpoint *c = (struct checkpoint *)object;

	ckpt_replica_end(&c->replica);
	free(c);
}

/* A checkpoint handle that is not usable yet, with a reference for the caller. NULL: no memory, or l was finalized. */
static struct checkpoint *checkpoint_new(struct library *l, SaCkptCheckpointOpenFlagsT flags)
{
	struct checkpoint *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->open_flags = flags;
	atomic_flag_clear(&c->replica.renewing);
	if (!ckpt_object_register(&c->object, CKPT_KIND_CHECKPOINT, &l->object, checkpoint_destroy)) {
		free(c);
		return NULL;
	}
	return ckpt_object_acquire_pending(c->object.handle, CKPT_KIND_CHECKPOINT);
}

void checkpoint_not_opened(void *checkpoint)
{
	struct checkpoint *c = checkpoint;

	ckpt_object_retire(&c->object);
	ckpt_object_release(&c->object);
}

bool checkpoint_opened(struct checkpoint *c, uint64_t id, const struct ckpt_attributes *attributes, int fd)
{
	c->id = id;
	c->attributes = *attributes;
	ckpt_replica_init(&c->replica, fd);
	return ckpt_object_activate(&c->object);
}

/* ---- Open ---- */

static bool creation_flags_valid(SaCkptCheckpointCreationFlagsT flags)
{
	SaCkptCheckpointCreationFlagsT update = flags & ~(SaCkptCheckpointCreationFlagsT)SA_CKPT_CHECKPOINT_COLLOCATED;

	return update == SA_CKPT_WR_ALL_REPLICAS || update == SA_CKPT_WR_ACTIVE_REPLICA ||
	       update == SA_CKPT_WR_ACTIVE_REPLICA_WEAK;
}

static bool size_fits(const SaCkptCheckpointCreationAttributesT *a)
{
	SaSizeT most;

	return __builtin_mul_overflow((SaSizeT)a->maxSections, a->maxSectionSize, &most) || a->checkpointSize <= most;
}

static SaAisErrorT open_arguments(const SaCkptCheckpointCreationAttributesT *attributes,
				  SaCkptCheckpointOpenFlagsT flags)
{
	bool create = (flags & SA_CKPT_CHECKPOINT_CREATE) != 0;

	if ((flags & OPEN_FLAGS) == 0)
		return SA_AIS_ERR_BAD_FLAGS;
	if (create != (attributes != NULL))
		return SA_AIS_ERR_INVALID_PARAM;
	if (create && (!creation_flags_valid(attributes->creationFlags) || !size_fits(attributes)))
		return SA_AIS_ERR_INVALID_PARAM;
	return SA_AIS_OK;
}

/* What an open asks for, checked. */
struct opening {
	const char *name;
	uint64_t name_length;
	const SaCkptCheckpointCreationAttributesT *attributes;
	SaCkptCheckpointOpenFlagsT flags;
};

static SaAisErrorT opening_name(struct opening *o, const SaNameT *name)
{
	SaAisErrorT error;

	if (name == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = ckpt_name_get(name, &o->name, &o->name_length);
	return error == SA_AIS_OK && o->name_length == 0 ? SA_AIS_ERR_INVALID_PARAM : error;
}

static struct ckpt_call *open_call(const struct library *l, const struct checkpoint *c, const struct opening *o)
{
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_OPEN, 0);

	if (call == NULL)
		return NULL;
	call->lib = l->id;
	call->tag = c->object.handle;
	call->name = o->name;
	call->name_len = o->name_length;
	call->open_flags = o->flags & OPEN_FLAGS;
	if (o->attributes != NULL) {
		call->has_attributes = 1;
		call->compare_retention = !l->newer;
		call->attributes = (struct ckpt_attributes){
			.creation_flags = o->attributes->creationFlags,
			.max_sections = o->attributes->maxSections,
			.checkpoint_size = o->attributes->checkpointSize,
			.retention_ns = o->attributes->retentionDuration,
			.max_section_size = o->attributes->maxSectionSize,
			.max_section_id_size = o->attributes->maxSectionIdSize,
		};
	}
	return call;
}

static SaAisErrorT open_and_wait(struct library *l, struct checkpoint *c, struct ckpt_call **call,
				 SaCkptCheckpointHandleT *handle)
{
	struct ckpt_held held = {.object = &l->object, .undo = checkpoint_not_opened, .argument = c};
	SaAisErrorT error = ckpt_call_run(call, &held);

	if (error == SA_AIS_OK) {
		int fd = (*call)->fd;

		(*call)->fd = -1;
		if (checkpoint_opened(c, (*call)->id, &(*call)->attributes, fd)) {
			*handle = c->object.handle;
			ckpt_object_release(&c->object);
			return SA_AIS_OK;
		}
		error = SA_AIS_ERR_BAD_HANDLE;
	}
	checkpoint_not_opened(c);
	return error;
}

/* The two parts of an open: a handle, and a call that may make it usable. */
static SaAisErrorT open_prepare(struct library *l, const struct opening *o, struct checkpoint **c,
				struct ckpt_call **call)
{
	*c = checkpoint_new(l, o->flags & OPEN_FLAGS);
	if (*c == NULL)
		return atomic_load(&l->finalized) ? SA_AIS_ERR_BAD_HANDLE : SA_AIS_ERR_NO_MEMORY;
	*call = open_call(l, *c, o);
	if (*call != NULL)
		return SA_AIS_OK;
	checkpoint_not_opened(*c);
	return SA_AIS_ERR_NO_MEMORY;
}

CKPT_PUBLIC SaAisErrorT
saCkptCheckpointOpen(SaCkptHandleT ckptHandle, const SaNameT *checkpointName,
		     const SaCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
		     SaCkptCheckpointOpenFlagsT checkpointOpenFlags, SaTimeT timeout,
		     SaCkptCheckpointHandleT *checkpointHandle)
{
	struct opening o = {.attributes = checkpointCreationAttributes, .flags = checkpointOpenFlags};
	struct ckpt_call *call;
	struct checkpoint *c;
	struct library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (checkpointHandle == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = opening_name(&o, checkpointName);
	if (error == SA_AIS_OK && timeout < 0)
		error = SA_AIS_ERR_INVALID_PARAM;
	if (error == SA_AIS_OK)
		error = open_arguments(checkpointCreationAttributes, checkpointOpenFlags);
	if (error != SA_AIS_OK)
		return error;
	l = library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = open_prepare(l, &o, &c, &call);
	if (error == SA_AIS_OK) {
		call->timeout_ns = ckpt_timeout_of(timeout);
		error = open_and_wait(l, c, &call, checkpointHandle);
		ckpt_call_free(call);
	}
	ckpt_object_release(&l->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT
saCkptCheckpointOpenAsync(SaCkptHandleT ckptHandle, SaInvocationT invocation, const SaNameT *checkpointName,
			  const SaCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
			  SaCkptCheckpointOpenFlagsT checkpointOpenFlags)
{
	struct opening o = {.attributes = checkpointCreationAttributes, .flags = checkpointOpenFlags};
	struct ckpt_call *call;
	struct checkpoint *c;
	struct library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = opening_name(&o, checkpointName);
	if (error == SA_AIS_OK)
		error = open_arguments(checkpointCreationAttributes, checkpointOpenFlags);
	if (error != SA_AIS_OK)
		return error;
	l = library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (l->callbacks.saCkptCheckpointOpenCallback == NULL)
		error = SA_AIS_ERR_INIT;
	else
		error = open_prepare(l, &o, &c, &call);
	if (error == SA_AIS_OK) {
		call->async = 1;
		call->invocation = invocation;
		error = ckpt_call_send(call);
		if (error != SA_AIS_OK)
			checkpoint_not_opened(c);
		else
			ckpt_object_release(&c->object);
	}
	ckpt_object_release(&l->object);
	return error;
}

/* ---- Close, Unlink ---- */

CKPT_PUBLIC SaAisErrorT saCkptCheckpointClose(SaCkptCheckpointHandleT checkpointHandle)
{
	struct checkpoint *c;
	struct ckpt_call *call;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	call = checkpoint_call(c, CKPT_OP_CLOSE, 0);
	if (call == NULL) {
		error = SA_AIS_ERR_NO_MEMORY;
	} else if (!ckpt_object_retire(&c->object)) {
		error = SA_AIS_ERR_BAD_HANDLE;
	} else {
		/* The handle is gone, so "not done" would be untrue whatever the service says. */
		error = client_call(&c->object, &call);
		if (error == SA_AIS_ERR_TRY_AGAIN)
			error = SA_AIS_ERR_TIMEOUT;
	}
	ckpt_call_free(call);
	ckpt_object_release(&c->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointUnlink(SaCkptHandleT ckptHandle, const SaNameT *checkpointName)
{
	struct ckpt_call *call;
	struct library *l;
	SaAisErrorT error;
	const char *name;
	uint64_t length;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (checkpointName == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = ckpt_name_get(checkpointName, &name, &length);
	if (error != SA_AIS_OK)
		return error;
	l = library_acquire(ckptHandle);
	if (l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	call = length > 0 ? ckpt_call_new(CKPT_OP_UNLINK, 0) : NULL;
	if (length == 0) {
		error = SA_AIS_ERR_NOT_EXIST;
	} else if (call == NULL) {
		error = SA_AIS_ERR_NO_MEMORY;
	} else {
		call->lib = l->id;
		call->name = name;
		call->name_len = length;
		error = client_call(&l->object, &call);
	}
	ckpt_call_free(call);
	ckpt_object_release(&l->object);
	return error;
}
