/* What an open checkpoint is asked, and told, as a whole. */
#include "call.h"
#include "checkpoint.h"
#include "saAis.h"

/* Runs a call that has been filled in (NULL: no memory) and frees it. */
static uint32_t run(struct ckpt_checkpoint *c, struct ckpt_call *call)
{
	uint32_t error = call == NULL ? SA_AIS_ERR_NO_MEMORY : ckpt_call_on(&c->object, &call);

	ckpt_call_free(call);
	return error;
}

uint32_t ckpt_retention_set(struct ckpt_checkpoint *c, int64_t retention_ns)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_RETENTION_SET, 0);

	if (call != NULL)
		call->time_ns = retention_ns;
	return run(c, call);
}

uint32_t ckpt_active_set(struct ckpt_checkpoint *c)
{
	return run(c, ckpt_checkpoint_call(c, CKPT_OP_ACTIVE_SET, 0));
}

uint32_t ckpt_status_get(struct ckpt_checkpoint *c, struct ckpt_status *status)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_STATUS, 0);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	error = ckpt_call_on(&c->object, &call);
	if (error == SA_AIS_OK)
		*status = (struct ckpt_status){call->attributes, call->sections, call->memory};
	ckpt_call_free(call);
	return error;
}

uint32_t ckpt_synchronize(struct ckpt_checkpoint *c, int64_t timeout_ns)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_SYNCHRONIZE, 0);

	if (call != NULL)
		call->timeout_ns = timeout_ns;
	return run(c, call);
}

uint32_t ckpt_synchronize_async(struct ckpt_checkpoint *c, uint64_t invocation)
{
	struct ckpt_status unused;
	struct ckpt_call *call;
	uint32_t error;

	/* Only a collocated checkpoint can be without an active replica, and only the service knows. */
	error = ckpt_collocated(c) ? ckpt_status_get(c, &unused) : SA_AIS_OK;
	if (error != SA_AIS_OK)
		return error;
	call = ckpt_checkpoint_call(c, CKPT_OP_SYNCHRONIZE, 0);
	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->tag = c->object.handle;
	call->async = 1;
	call->invocation = invocation;
	return ckpt_call_send(call);
}
