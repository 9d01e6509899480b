/* Taking events from the engine and calling the application's functions. */
#ifndef CKPT_FRONT_DISPATCH_H
#define CKPT_FRONT_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "element.h"
#include "engine.h"
#include "library.h"

/* A callback to be made: the function, and what it is given. */
struct ckpt_due {
	uint32_t kind;			/* enum ckpt_event_kind */
	ckpt_function *function;
	uint64_t invocation;
	uint64_t handle;		/* of the checkpoint */
	uint32_t error;			/* SaAisErrorT */
	struct ckpt_part *vector;	/* a malloc block; ids and data are in elements */
	uint32_t count;
	struct ckpt_element *elements;	/* a malloc block, the engine's elements */
};

/* The same values in both APIs. */
enum ckpt_dispatch { CKPT_DISPATCH_ONE = 1, CKPT_DISPATCH_ALL, CKPT_DISPATCH_BLOCKING };

/*
 * Runs callbacks in the calling thread: one, all that wait, or until the handle is finalized. Consumes the caller's reference.
 * A callback may do what it likes: call any function, finalize the handle, or never return.
 * Returns SA_AIS_OK; SA_AIS_ERR_BAD_HANDLE if the handle was finalized and flags is not CKPT_DISPATCH_BLOCKING.
 */
uint32_t ckpt_dispatch(struct ckpt_library *l, enum ckpt_dispatch flags);

/* Fills in vector and count, and takes the event's elements. false: no memory. */
bool ckpt_due_elements(struct ckpt_due *due, struct ckpt_event *event);

/* Calls due->function by way of the API; the caller holds nothing, because this may not return. Frees what due holds. */
void ckpt_due_run(const struct ckpt_api *api, const struct ckpt_due *due);

/* Sleeps until *bell has another value than heard or the handle is finalized. The caller's reference is released if the
 * thread is cancelled. */
void ckpt_wait_for_bell(struct ckpt_library *l, uint32_t *bell, uint32_t heard);

#endif
