/* What the handles of clCkpt* have of their own. */
#ifndef CKPT_FRONT_CL_CLIENT_H
#define CKPT_FRONT_CL_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"
#include "clCkptApi.h"
#include "clCkptErrors.h"
#include "code.h"
#include "element.h"
#include "library.h"

/* The thread that makes the notification callbacks of a service handle; see consumption.c. */
struct cl_consumer {
	pthread_t thread;	/* valid if started; not joined or detached yet */
	bool started;
	bool over;		/* the thread was ended by a callback, and no other could be started */
	uint64_t busy;		/* checkpoint handle it is dealing with an event of, 0 if none */
	uint32_t turn;		/* futex word: changes when busy becomes 0 */
};

struct cl_library {
	struct ckpt_library base;
	ClCkptCallbacksT callbacks;
	struct cl_consumer consumer;	/* guarded by base.lock */
};

/* A notification callback: one of the two types, or none. */
struct cl_registration {
	ckpt_function *callback;	/* NULL: none */
	bool document;			/* it is of the 2007 document's type */
	ClPtrT cookie;
};

struct cl_checkpoint {
	struct ckpt_checkpoint base;
	ClNameT name;
	struct cl_registration registration;	/* guarded by the service handle's lock */
};

extern const struct ckpt_api cl_api;

CKPT_ELEMENT_LAYOUT(ClCkptIOVectorElementT);

/* Notes that an Initialize has succeeded. */
void cl_initialized(void);

/* The code for a handle that there is none of: INVALID_HANDLE, or NOT_INITIALIZED before the first Initialize. */
ClRcT cl_no_handle(void);

/* Finds the bytes of a name (not NULL): up to its first NUL byte, for programs count one or do not. They lie in *name.
 * false: the length is over CL_MAX_NAME_LENGTH, or nothing is left. */
bool cl_name_get(const ClNameT *name, const char **bytes, uint64_t *length);

/* Ends the notifications of a checkpoint handle that is closed (0: of all, the service handle being finalized): waits for a
 * callback that is running, for a moment, unless it is the caller. */
void cl_consumption_end(struct cl_library *l, uint64_t handle);

/* The object of a live handle with a reference for the caller, or NULL. */
static inline struct cl_library *cl_library_acquire(ClCkptSvcHdlT handle)
{
	return ckpt_library_acquire(&cl_api, handle);
}

static inline struct cl_checkpoint *cl_checkpoint_acquire(ClCkptHdlT handle)
{
	return ckpt_checkpoint_acquire(&cl_api, handle);
}

static inline struct cl_library *cl_library_of(const struct cl_checkpoint *c)
{
	return (struct cl_library *)c->base.object.parent;
}

/* Gives back the caller's reference; the code of what has been done with it. */
static inline ClRcT cl_library_done(struct cl_library *l, uint32_t error)
{
	ckpt_object_release(&l->base.object);
	return cl_code((SaAisErrorT)error);
}

static inline ClRcT cl_checkpoint_done(struct cl_checkpoint *c, uint32_t error)
{
	ckpt_object_release(&c->base.object);
	return cl_code((SaAisErrorT)error);
}

/* CREATE permits to write, too: see checkpoint.c. */
static inline bool cl_may_write(const struct cl_checkpoint *c)
{
	return (c->base.open_flags & CL_CKPT_CHECKPOINT_WRITE) != 0;
}

/* Most bytes of a section. Through clCkpt* a checkpoint can be made without such a limit, as 0. */
static inline uint64_t cl_section_size_max(const struct cl_checkpoint *c)
{
	return c->base.attributes.max_section_size != 0 ? c->base.attributes.max_section_size : UINT64_MAX;
}

#endif
