/* What an open checkpoint is asked, and told, as a whole. */
#include "client.h"
#include "fork.h"
#include "public.h"
#include "timeout.h"

static SaAisErrorT finish(struct sa_checkpoint *c, uint32_t error)
{
	sa_checkpoint_release(c);
	return (SaAisErrorT)error;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointRetentionDurationSet(SaCkptCheckpointHandleT checkpointHandle,
							     SaTimeT retentionDuration)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (retentionDuration < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	if (sa_library_of(c)->newer && !(c->base.open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return finish(c, SA_AIS_ERR_ACCESS);
	return finish(c, ckpt_retention_set(&c->base, retentionDuration));
}

static SaAisErrorT active_allowed(const struct sa_checkpoint *c)
{
	if (!(c->base.open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	if (ckpt_synchronous(&c->base) || !ckpt_collocated(&c->base))
		return SA_AIS_ERR_BAD_OPERATION;
	return SA_AIS_OK;
}

/* A node outside the cluster is given no replica. To clients of B.01 that is a shortage: they do not know the code. */
static SaAisErrorT active_set(struct sa_checkpoint *c)
{
	SaAisErrorT error = (SaAisErrorT)ckpt_active_set(&c->base);

	return error == SA_AIS_ERR_UNAVAILABLE && !sa_library_of(c)->newer ? SA_AIS_ERR_NO_RESOURCES : error;
}

CKPT_PUBLIC SaAisErrorT saCkptActiveReplicaSet(SaCkptCheckpointHandleT checkpointHandle)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = active_allowed(c);
	return finish(c, error == SA_AIS_OK ? active_set(c) : error);
}

/* Bits that only clCkpt* knows are not shown, and a word without a mode of update is the mode it stands for. */
static SaCkptCheckpointCreationFlagsT show_flags(uint32_t flags)
{
	SaCkptCheckpointCreationFlagsT mode = SA_CKPT_WR_ACTIVE_REPLICA;

	if (flags & SA_CKPT_WR_ALL_REPLICAS)
		mode = SA_CKPT_WR_ALL_REPLICAS;
	else if (!(flags & SA_CKPT_WR_ACTIVE_REPLICA) && (flags & SA_CKPT_WR_ACTIVE_REPLICA_WEAK))
		mode = SA_CKPT_WR_ACTIVE_REPLICA_WEAK;
	return mode | (flags & SA_CKPT_CHECKPOINT_COLLOCATED);
}

static void show_attributes(SaCkptCheckpointCreationAttributesT *out, const struct ckpt_attributes *a)
{
	out->creationFlags = show_flags(a->creation_flags);
	out->checkpointSize = a->checkpoint_size;
	out->retentionDuration = a->retention_ns;
	out->maxSections = a->max_sections;
	out->maxSectionSize = a->max_section_size;
	out->maxSectionIdSize = a->max_section_id_size;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointStatusGet(SaCkptCheckpointHandleT checkpointHandle,
						  SaCkptCheckpointDescriptorT *checkpointStatus)
{
	struct ckpt_status status;
	struct sa_checkpoint *c;
	uint32_t error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (checkpointStatus == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	if (sa_library_of(c)->newer && !(c->base.open_flags & SA_CKPT_CHECKPOINT_READ))
		return finish(c, SA_AIS_ERR_ACCESS);
	error = ckpt_status_get(&c->base, &status);
	if (error == SA_AIS_OK) {
		show_attributes(&checkpointStatus->checkpointCreationAttributes, &status.attributes);
		checkpointStatus->numberOfSections = status.sections;
		checkpointStatus->memoryUsed = status.memory;
	}
	return finish(c, error);
}

static SaAisErrorT synchronize_allowed(const struct sa_checkpoint *c)
{
	if (!(c->base.open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	return ckpt_synchronous(&c->base) ? SA_AIS_ERR_BAD_OPERATION : SA_AIS_OK;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointSynchronize(SaCkptCheckpointHandleT checkpointHandle, SaTimeT timeout)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (timeout < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = synchronize_allowed(c);
	return finish(c, error == SA_AIS_OK ? ckpt_synchronize(&c->base, ckpt_timeout_of(timeout)) : error);
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointSynchronizeAsync(SaCkptCheckpointHandleT checkpointHandle,
							 SaInvocationT invocation)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = synchronize_allowed(c);
	if (error == SA_AIS_OK && sa_library_of(c)->callbacks.saCkptCheckpointSynchronizeCallback == NULL)
		error = SA_AIS_ERR_INIT;
	return finish(c, error == SA_AIS_OK ? ckpt_synchronize_async(&c->base, invocation) : error);
}
