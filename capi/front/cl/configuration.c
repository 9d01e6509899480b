/* What an open checkpoint is asked, and told, as a whole. */
#include "client.h"
#include "fork.h"
#include "public.h"
#include "timeout.h"

CKPT_PUBLIC ClRcT clCkptCheckpointRetentionDurationSet(ClCkptHdlT checkpointHandle, ClTimeT retentionDuration)
{
	struct cl_checkpoint *c;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	/* A negative one keeps the checkpoint as little as none does. */
	return cl_checkpoint_done(c, ckpt_retention_set(&c->base, retentionDuration > 0 ? retentionDuration : 0));
}

CKPT_PUBLIC ClRcT clCkptActiveReplicaSet(ClCkptHdlT checkpointHandle)
{
	struct cl_checkpoint *c;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	if (!cl_may_write(c))
		return cl_checkpoint_done(c, SA_AIS_ERR_ACCESS);
	if (ckpt_synchronous(&c->base) || !ckpt_collocated(&c->base))
		return cl_checkpoint_done(c, SA_AIS_ERR_BAD_OPERATION);
	return cl_checkpoint_done(c, ckpt_active_set(&c->base));
}

static void show(ClCkptCheckpointDescriptorT *out, const struct ckpt_status *s)
{
	ClCkptCheckpointCreationAttributesT *a = &out->checkpointCreationAttributes;

	a->creationFlags = s->attributes.creation_flags;
	a->checkpointSize = s->attributes.checkpoint_size;
	a->retentionDuration = s->attributes.retention_ns;
	a->maxSections = s->attributes.max_sections;
	a->maxSectionSize = s->attributes.max_section_size;
	a->maxSectionIdSize = s->attributes.max_section_id_size;
	out->numberOfSections = s->sections;
	out->memoryUsed = s->memory < UINT32_MAX ? (ClUint32T)s->memory : UINT32_MAX;
}

CKPT_PUBLIC ClRcT clCkptCheckpointStatusGet(ClCkptHdlT checkpointHandle, ClCkptCheckpointDescriptorT *checkpointStatus)
{
	struct ckpt_status status;
	struct cl_checkpoint *c;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (checkpointStatus == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	error = ckpt_status_get(&c->base, &status);
	if (error == SA_AIS_OK)
		show(checkpointStatus, &status);
	return cl_checkpoint_done(c, error);
}

static uint32_t synchronize_allowed(const struct cl_checkpoint *c)
{
	if (!cl_may_write(c))
		return SA_AIS_ERR_ACCESS;
	return ckpt_synchronous(&c->base) ? SA_AIS_ERR_BAD_OPERATION : SA_AIS_OK;
}

CKPT_PUBLIC ClRcT clCkptCheckpointSynchronize(ClCkptHdlT checkpointHandle, ClTimeT timeout)
{
	struct cl_checkpoint *c;
	uint32_t error;

	(void)timeout;
	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	error = synchronize_allowed(c);
	return cl_checkpoint_done(c, error == SA_AIS_OK ? ckpt_synchronize(&c->base, ckpt_timeout_default()) : error);
}

CKPT_PUBLIC ClRcT clCkptCheckpointSynchronizeAsync(ClCkptHdlT checkpointHandle, ClInvocationT invocation)
{
	struct cl_checkpoint *c;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	error = synchronize_allowed(c);
	if (error == SA_AIS_OK && cl_library_of(c)->callbacks.checkpointSynchronizeCallback == NULL)
		error = SA_AIS_ERR_INIT;
	return cl_checkpoint_done(c, error == SA_AIS_OK ? ckpt_synchronize_async(&c->base, invocation) : error);
}
