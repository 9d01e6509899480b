/* Open, Close, Unlink. */
#include "client.h"
#include "fork.h"
#include "name.h"
#include "public.h"
#include "timeout.h"

#define OPEN_FLAGS (SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE | SA_CKPT_CHECKPOINT_CREATE)

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

static SaAisErrorT opening_name(struct ckpt_opening *o, const SaNameT *name)
{
	SaAisErrorT error;

	if (name == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = ckpt_name_get(name, &o->name, &o->name_length);
	return error == SA_AIS_OK && o->name_length == 0 ? SA_AIS_ERR_INVALID_PARAM : error;
}

/* What an open asks for that has been checked; its name has been set. */
static void opening_fill(struct ckpt_opening *o, const struct sa_library *l,
			 const SaCkptCheckpointCreationAttributesT *attributes, SaCkptCheckpointOpenFlagsT flags)
{
	o->flags = o->service_flags = flags & OPEN_FLAGS;
	o->timeout_ns = ckpt_timeout_default();
	if (attributes == NULL)
		return;
	o->has_attributes = true;
	o->compare_retention = !l->newer;
	o->attributes = (struct ckpt_attributes){
		.creation_flags = attributes->creationFlags,
		.max_sections = attributes->maxSections,
		.checkpoint_size = attributes->checkpointSize,
		.retention_ns = attributes->retentionDuration,
		.max_section_size = attributes->maxSectionSize,
		.max_section_id_size = attributes->maxSectionIdSize,
	};
}

CKPT_PUBLIC SaAisErrorT
saCkptCheckpointOpen(SaCkptHandleT ckptHandle, const SaNameT *checkpointName,
		     const SaCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
		     SaCkptCheckpointOpenFlagsT checkpointOpenFlags, SaTimeT timeout,
		     SaCkptCheckpointHandleT *checkpointHandle)
{
	struct ckpt_opening o = {0};
	struct sa_library *l;
	SaAisErrorT error;
	uint64_t handle;

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
	error = sa_library_use(ckptHandle, &l);
	if (error != SA_AIS_OK)
		return error;
	opening_fill(&o, l, checkpointCreationAttributes, checkpointOpenFlags);
	o.timeout_ns = ckpt_timeout_of(timeout);
	error = (SaAisErrorT)ckpt_checkpoint_open(&l->base, &o, &handle);
	if (error == SA_AIS_OK)
		*checkpointHandle = handle;
	sa_library_release(l);
	return error;
}

CKPT_PUBLIC SaAisErrorT
saCkptCheckpointOpenAsync(SaCkptHandleT ckptHandle, SaInvocationT invocation, const SaNameT *checkpointName,
			  const SaCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
			  SaCkptCheckpointOpenFlagsT checkpointOpenFlags)
{
	struct ckpt_opening o = {0};
	struct sa_library *l;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = opening_name(&o, checkpointName);
	if (error == SA_AIS_OK)
		error = open_arguments(checkpointCreationAttributes, checkpointOpenFlags);
	if (error != SA_AIS_OK)
		return error;
	error = sa_library_use(ckptHandle, &l);
	if (error != SA_AIS_OK)
		return error;
	if (l->callbacks.saCkptCheckpointOpenCallback == NULL)
		error = SA_AIS_ERR_INIT;
	if (error == SA_AIS_OK) {
		opening_fill(&o, l, checkpointCreationAttributes, checkpointOpenFlags);
		error = (SaAisErrorT)ckpt_checkpoint_open_async(&l->base, &o, invocation);
	}
	sa_library_release(l);
	return error;
}

/* ---- Close, Unlink ---- */

CKPT_PUBLIC SaAisErrorT saCkptCheckpointClose(SaCkptCheckpointHandleT checkpointHandle)
{
	struct sa_checkpoint *c;
	uint32_t error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	error = ckpt_checkpoint_close(&c->base);
	sa_checkpoint_release(c);
	return (SaAisErrorT)error;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointUnlink(SaCkptHandleT ckptHandle, const SaNameT *checkpointName)
{
	struct sa_library *l;
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
	error = sa_library_use(ckptHandle, &l);
	if (error != SA_AIS_OK)
		return error;
	error = (SaAisErrorT)ckpt_checkpoint_unlink(&l->base, name, length);
	sa_library_release(l);
	return error;
}
