/* The objects behind the handles of saCkpt. */
#ifndef CKPT_FRONT_CLIENT_H
#define CKPT_FRONT_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "handle.h"
#include "opensaf/cpsv_papi.h"
#include "replica.h"
#include "saCkpt.h"
#include "saCkpt_B_02_03.h"

struct library {
	struct ckpt_object object;
	uint64_t id;			/* the engine's number */
	uint32_t *bell;			/* changes when an event is queued, and at finalize */
	SaCkptCallbacksT_2 callbacks;
	ncsCkptCkptArrivalCallbackT _Atomic arrival;
	bool newer;			/* asked for {'B', 2, 2} or higher */
	bool may_track;			/* asked for {'B', 2, 3} or higher */
	pthread_mutex_t lock;		/* guards what follows; held over short engine entries only */
	atomic_bool finalized;		/* read without it */
	int selection;			/* eventfd, -1 before the first SelectionObjectGet */
	atomic_bool tracking;
};

struct checkpoint {
	struct ckpt_object object;	/* its parent is the library handle */
	uint64_t id;			/* the engine's number; 0 while pending */
	SaCkptCheckpointOpenFlagsT open_flags;
	struct ckpt_attributes attributes;	/* as created; retention_ns as of the open */
	struct ckpt_replica replica;
	atomic_bool tracking;
};

static inline struct library *library_of(const struct checkpoint *c)
{
	return (struct library *)c->object.parent;
}

/* The object of a live handle with a reference for the caller, or NULL. */
static inline struct library *library_acquire(SaCkptHandleT handle)
{
	return ckpt_object_acquire(handle, CKPT_KIND_LIBRARY);
}

static inline struct checkpoint *checkpoint_acquire(SaCkptCheckpointHandleT handle)
{
	return ckpt_object_acquire(handle, CKPT_KIND_CHECKPOINT);
}

static inline bool checkpoint_synchronous(const struct checkpoint *c)
{
	return (c->attributes.creation_flags & SA_CKPT_WR_ALL_REPLICAS) != 0;
}

/* Completes an open: what the engine reported becomes the handle's, which can be used from then on. fd is closed.
 * false if the library handle has been finalized meanwhile; the engine then closes its side by itself. */
bool checkpoint_opened(struct checkpoint *c, uint64_t id, const struct ckpt_attributes *attributes, int fd);

/* Ends a pending struct checkpoint, and drops the caller's reference. */
void checkpoint_not_opened(void *checkpoint);

/* Makes a call on a library or checkpoint handle and waits for it. The caller's reference to object and the call are
 * given up if the thread is cancelled meanwhile; they stay the caller's otherwise. See ckpt_call_run. */
SaAisErrorT client_call(struct ckpt_object *object, struct ckpt_call **call);

/* A new call on an open checkpoint, or NULL. */
struct ckpt_call *checkpoint_call(const struct checkpoint *c, uint32_t op, uint32_t elements);

#endif
