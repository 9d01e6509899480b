#include "checkpoint.h"

#include <stdlib.h>

#include "call.h"
#include "saAis.h"

/* ---- The object ---- */

static void checkpoint_destroy(struct ckpt_object *object)
{
	struct ckpt_checkpoint *c = (struct ckpt_checkpoint *)object;

	ckpt_replica_end(&c->replica);
	free(c);
}

/* A checkpoint handle that is not usable yet, with a reference for the caller. NULL: no memory, or l was finalized. */
static struct ckpt_checkpoint *checkpoint_new(struct ckpt_library *l, const struct ckpt_opening *o)
{
	struct ckpt_checkpoint *c = calloc(1, l->api->checkpoint_size);

	if (c == NULL)
		return NULL;
	c->open_flags = o->flags;
	atomic_flag_clear(&c->replica.renewing);
	if (l->api->prepare != NULL)
		l->api->prepare(c, o);
	if (!ckpt_object_register(&c->object, l->api->checkpoint, &l->object, checkpoint_destroy)) {
		free(c);
		return NULL;
	}
	return ckpt_object_acquire_pending(c->object.handle, l->api->checkpoint);
}

void ckpt_checkpoint_not_opened(void *checkpoint)
{
	struct ckpt_checkpoint *c = checkpoint;

	ckpt_object_retire(&c->object);
	ckpt_object_release(&c->object);
}

bool ckpt_checkpoint_opened(struct ckpt_checkpoint *c, uint64_t id, const struct ckpt_attributes *attributes, int fd)
{
	c->id = id;
	c->attributes = *attributes;
	ckpt_replica_init(&c->replica, fd);
	return ckpt_object_activate(&c->object);
}

struct ckpt_call *ckpt_checkpoint_call(const struct ckpt_checkpoint *c, uint32_t op, uint32_t elements)
{
	struct ckpt_call *call = ckpt_call_new(op, elements);

	if (call != NULL) {
		call->id = c->id;
		call->lib = ckpt_library_of(c)->id;
	}
	return call;
}

/* ---- Open ---- */

static struct ckpt_call *open_call(const struct ckpt_library *l, const struct ckpt_checkpoint *c,
				   const struct ckpt_opening *o)
{
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_OPEN, 0);

	if (call == NULL)
		return NULL;
	call->lib = l->id;
	call->tag = c->object.handle;
	call->name = o->name;
	call->name_len = o->name_length;
	call->open_flags = o->service_flags;
	call->has_attributes = o->has_attributes;
	call->compare_retention = o->compare_retention;
	call->whole_flags = o->whole_flags;
	call->backup = o->backup;
	call->attributes = o->attributes;
	call->timeout_ns = o->timeout_ns;
	return call;
}

static uint32_t open_and_wait(struct ckpt_library *l, struct ckpt_checkpoint *c, struct ckpt_call **call, uint64_t *handle)
{
	struct ckpt_held held = {.object = &l->object, .undo = ckpt_checkpoint_not_opened, .argument = c};
	uint32_t error = ckpt_call_run(call, &held);

	if (error == SA_AIS_OK) {
		int fd = (*call)->fd;

		(*call)->fd = -1;
		if (ckpt_checkpoint_opened(c, (*call)->id, &(*call)->attributes, fd)) {
			*handle = c->object.handle;
			ckpt_object_release(&c->object);
			return SA_AIS_OK;
		}
		error = SA_AIS_ERR_BAD_HANDLE;
	}
	ckpt_checkpoint_not_opened(c);
	return error;
}

/* The two parts of an open: a handle, and a call that may make it usable. */
static uint32_t open_prepare(struct ckpt_library *l, const struct ckpt_opening *o, struct ckpt_checkpoint **c,
			     struct ckpt_call **call)
{
	*c = checkpoint_new(l, o);
	if (*c == NULL)
		return atomic_load(&l->finalized) ? SA_AIS_ERR_BAD_HANDLE : SA_AIS_ERR_NO_MEMORY;
	*call = open_call(l, *c, o);
	if (*call != NULL)
		return SA_AIS_OK;
	ckpt_checkpoint_not_opened(*c);
	return SA_AIS_ERR_NO_MEMORY;
}

uint32_t ckpt_checkpoint_open(struct ckpt_library *l, const struct ckpt_opening *o, uint64_t *handle)
{
	struct ckpt_checkpoint *c;
	struct ckpt_call *call;
	uint32_t error = open_prepare(l, o, &c, &call);

	if (error != SA_AIS_OK)
		return error;
	error = open_and_wait(l, c, &call, handle);
	ckpt_call_free(call);
	return error;
}

uint32_t ckpt_checkpoint_open_async(struct ckpt_library *l, const struct ckpt_opening *o, uint64_t invocation)
{
	struct ckpt_checkpoint *c;
	struct ckpt_call *call;
	uint32_t error = open_prepare(l, o, &c, &call);

	if (error != SA_AIS_OK)
		return error;
	call->async = 1;
	call->invocation = invocation;
	error = ckpt_call_send(call);
	if (error != SA_AIS_OK)
		ckpt_checkpoint_not_opened(c);
	else
		ckpt_object_release(&c->object);
	return error;
}

/* ---- Close, Unlink ---- */

uint32_t ckpt_checkpoint_close(struct ckpt_checkpoint *c)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_CLOSE, 0);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	if (!ckpt_object_retire(&c->object)) {
		error = SA_AIS_ERR_BAD_HANDLE;
	} else {
		/* The handle is gone, so "not done" would be untrue whatever the service says. */
		error = ckpt_call_on(&c->object, &call);
		if (error == SA_AIS_ERR_TRY_AGAIN)
			error = SA_AIS_ERR_TIMEOUT;
	}
	ckpt_call_free(call);
	return error;
}

uint32_t ckpt_checkpoint_unlink(struct ckpt_library *l, const char *name, uint64_t name_length)
{
	struct ckpt_call *call;
	uint32_t error;

	if (name_length == 0)
		return SA_AIS_ERR_NOT_EXIST;
	call = ckpt_call_new(CKPT_OP_UNLINK, 0);
	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->lib = l->id;
	call->name = name;
	call->name_len = name_length;
	error = ckpt_call_on(&l->object, &call);
	ckpt_call_free(call);
	return error;
}
