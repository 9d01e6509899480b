/* Calls of the engine, and waiting for them. */
#ifndef CKPT_FRONT_CALL_H
#define CKPT_FRONT_CALL_H

#include <stdint.h>

#include "engine.h"
#include "handle.h"

/* What a thread holds while it waits, and gives back if it is cancelled there. */
struct ckpt_held {
	struct ckpt_object *object;		/* a reference is released; may be NULL */
	void (*undo)(void *argument);		/* called before that; may be NULL */
	void *argument;
};

/* A zeroed call with room for elements and the default timeout. NULL: no memory. */
struct ckpt_call *ckpt_call_new(uint32_t op, uint32_t element_count);

/* Frees a call that is not the engine's, and the results that hang on it. A result that the caller has kept must have
 * been replaced by NULL. NULL is allowed. */
void ckpt_call_free(struct ckpt_call *call);

/*
 * Submits *call and waits for its completion, at most its timeout and the backstop. A cancellation point.
 * Returns the call's SaAisErrorT. If the engine has kept the call (it did not complete it in time: SA_AIS_ERR_TIMEOUT),
 * *call is NULL afterwards; otherwise the call and its results are the caller's.
 */
uint32_t ckpt_call_run(struct ckpt_call **call, const struct ckpt_held *held);

/* Makes a call on a handle and waits for it. The caller's reference to object and the call are given up if the thread is
 * cancelled meanwhile; they stay the caller's otherwise. See ckpt_call_run. */
uint32_t ckpt_call_on(struct ckpt_object *object, struct ckpt_call **call);

/* Submits a call that is completed through an event, or whose outcome nobody waits for, and frees what remains.
 * Returns SA_AIS_OK if it was accepted. */
uint32_t ckpt_call_send(struct ckpt_call *call);

#endif
