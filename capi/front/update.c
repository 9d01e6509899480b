#include "update.h"

#include <time.h>

#include "bounds.h"
#include "call.h"
#include "saAis.h"

uint32_t ckpt_section_create(struct ckpt_checkpoint *c, const struct ckpt_creation *new, uint8_t **made, uint16_t *made_len)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_SECTION_CREATE, 1);
	struct ckpt_element *e;
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	e = call->elements;
	e->id = (uint8_t *)(uintptr_t)new->id;
	e->id_len = new->id_len;
	e->data = (void *)(uintptr_t)new->data;
	e->size = new->size;
	call->time_ns = new->expiration_ns;
	call->generate = new->generate;
	call->refuse_past = new->refuse_past;
	error = ckpt_call_on(&c->object, &call);
	if (error == SA_AIS_OK && new->generate) {
		*made = e->id;
		*made_len = (uint16_t)e->id_len;
		e->id = NULL;
	}
	ckpt_call_free(call);
	return error;
}

uint32_t ckpt_section_change(struct ckpt_checkpoint *c, uint32_t op, const uint8_t *id, uint16_t id_len, int64_t time_ns)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, op, 1);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->elements[0].id = (uint8_t *)(uintptr_t)id;
	call->elements[0].id_len = id_len;
	call->time_ns = time_ns;
	error = ckpt_call_on(&c->object, &call);
	ckpt_call_free(call);
	return error;
}

bool ckpt_before_this_second(int64_t time_ns)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return time_ns < 0 || time_ns / CKPT_NS_PER_S < now.tv_sec;
}

uint32_t ckpt_write(struct ckpt_checkpoint *c, const struct ckpt_part *v, uint32_t n, uint32_t *bad)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_WRITE, n);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		call->elements[i].id = v[i].id;
		call->elements[i].id_len = v[i].id_len;
		call->elements[i].data = v[i].data;
		call->elements[i].size = v[i].size;
		call->elements[i].offset = v[i].offset;
	}
	error = ckpt_call_on(&c->object, &call);
	if (error != SA_AIS_OK && call != NULL)
		*bad = call->index;
	ckpt_call_free(call);
	return error;
}

uint32_t ckpt_overwrite(struct ckpt_checkpoint *c, const uint8_t *id, uint16_t id_len, const void *data, uint64_t size)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_OVERWRITE, 1);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->elements[0].id = (uint8_t *)(uintptr_t)id;
	call->elements[0].id_len = id_len;
	call->elements[0].data = (void *)(uintptr_t)data;
	call->elements[0].size = size;
	error = ckpt_call_on(&c->object, &call);
	ckpt_call_free(call);
	return error;
}
