#include "client.h"

SaAisErrorT client_call(struct ckpt_object *object, struct ckpt_call **call)
{
	struct ckpt_held held = {.object = object};

	return ckpt_call_run(call, &held);
}

struct ckpt_call *checkpoint_call(const struct checkpoint *c, uint32_t op, uint32_t elements)
{
	struct ckpt_call *call = ckpt_call_new(op, elements);

	if (call != NULL) {
		call->id = c->id;
		call->lib = library_of(c)->id;
	}
	return call;
}
