/* What an open checkpoint is asked, and told, as a whole. */
#include "client.h"
#include "fork.h"
#include "public.h"
#include "timeout.h"

/* Runs a call that has been filled in (NULL: no memory) and gives back the call and the reference. */
static SaAisErrorT finish(struct checkpoint *c, struct ckpt_call *call, SaAisErrorT error)
{
	if (error == SA_AIS_OK)
		error = call == NULL ? SA_AIS_ERR_NO_MEMORY : client_call(&c->object, &call);
	ckpt_call_free(call);
	ckpt_object_release(&c->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointRetentionDurationSet(SaCkptCheckpointHandleT checkpointHandle,
							     SaTimeT retentionDuration)
{
	struct checkpoint *c;
	struct ckpt_call *call;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (retentionDuration < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (library_of(c)->newer && !(c->open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return finish(c, NULL, SA_AIS_ERR_ACCESS);
	call = checkpoint_call(c, CKPT_OP_RETENTION_SET, 0);
	if (call != NULL)
		call->time_ns = retentionDuration;
	return finish(c, call, SA_AIS_OK);
}

static SaAisErrorT active_allowed(const struct checkpoint *c)
{
	if (!(c->open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	if (checkpoint_synchronous(c) || !(c->attributes.creation_flags & SA_CKPT_CHECKPOINT_COLLOCATED))
		return SA_AIS_ERR_BAD_OPERATION;
	return SA_AIS_OK;
}

CKPT_PUBLIC SaAisErrorT saCkptActiveReplicaSet(SaCkptCheckpointHandleT checkpointHandle)
{
	struct checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = active_allowed(c);
	return finish(c, error == SA_AIS_OK ? checkpoint_call(c, CKPT_OP_ACTIVE_SET, 0) : NULL, error);
}

static void show_attributes(SaCkptCheckpointCreationAttributesT *out, const struct ckpt_attributes *a)
{
	out->creationFlags = a->creation_flags;
	out->checkpointSize = a->checkpoint_size;
	out->retentionDuration = a->retention_ns;
	out->maxSections = a->max_sections;
	out->maxSectionSize = a->max_section_size;
	out->maxSectionIdSize = a->max_section_id_size;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointStatusGet(SaCkptCheckpointHandleT checkpointHandle,
						  SaCkptCheckpointDescriptorT *checkpointStatus)
{
	struct checkpoint *c;
	struct ckpt_call *call;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (checkpointStatus == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (library_of(c)->newer && !(c->open_flags & SA_CKPT_CHECKPOINT_READ))
		return finish(c, NULL, SA_AIS_ERR_ACCESS);
	call = checkpoint_call(c, CKPT_OP_STATUS, 0);
	error = call == NULL ? SA_AIS_ERR_NO_MEMORY : client_call(&c->object, &call);
	if (error == SA_AIS_OK) {
		show_attributes(&checkpointStatus->checkpointCreationAttributes, &call->attributes);
		checkpointStatus->numberOfSections = call->sections;
		checkpointStatus->memoryUsed = call->memory;
	}
	ckpt_call_free(call);
	ckpt_object_release(&c->object);
	return error;
}

static SaAisErrorT synchronize_allowed(const struct checkpoint *c)
{
	if (!(c->open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	return checkpoint_synchronous(c) ? SA_AIS_ERR_BAD_OPERATION : SA_AIS_OK;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointSynchronize(SaCkptCheckpointHandleT checkpointHandle, SaTimeT timeout)
{
	struct checkpoint *c;
	struct ckpt_call *call = NULL;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (timeout < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = synchronize_allowed(c);
	if (error == SA_AIS_OK)
		call = checkpoint_call(c, CKPT_OP_SYNCHRONIZE, 0);
	if (call != NULL)
		call->timeout_ns = ckpt_timeout_of(timeout);
	return finish(c, call, error);
}

/* Only a collocated checkpoint can be without an active replica, and only the service knows. */
static SaAisErrorT active_exists(struct checkpoint *c)
{
	struct ckpt_call *call;
	SaAisErrorT error;

	if (!(c->attributes.creation_flags & SA_CKPT_CHECKPOINT_COLLOCATED))
		return SA_AIS_OK;
	call = checkpoint_call(c, CKPT_OP_STATUS, 0);
	error = call == NULL ? SA_AIS_ERR_NO_MEMORY : client_call(&c->object, &call);
	ckpt_call_free(call);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointSynchronizeAsync(SaCkptCheckpointHandleT checkpointHandle,
							 SaInvocationT invocation)
{
	struct checkpoint *c;
	struct ckpt_call *call;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = synchronize_allowed(c);
	if (error == SA_AIS_OK && library_of(c)->callbacks.saCkptCheckpointSynchronizeCallback == NULL)
		error = SA_AIS_ERR_INIT;
	if (error == SA_AIS_OK)
		error = active_exists(c);
	if (error == SA_AIS_OK) {
		call = checkpoint_call(c, CKPT_OP_SYNCHRONIZE, 0);
		if (call == NULL) {
			error = SA_AIS_ERR_NO_MEMORY;
		} else {
			call->tag = c->object.handle;
			call->async = 1;
			call->invocation = invocation;
			error = ckpt_call_send(call);
		}
	}
	ckpt_object_release(&c->object);
	return error;
}
