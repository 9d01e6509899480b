#include "notify.h"

#include "saAis.h"

uint32_t ckpt_notify(const struct ckpt_library *l, uint64_t id, uint32_t what, const struct ckpt_held *held)
{
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_NOTIFY, 0);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->lib = l->id;
	call->id = id;
	call->notify = what;
	error = ckpt_call_run(&call, held);
	ckpt_call_free(call);
	return error;
}
