/* What the handles of saCkpt have of their own. */
#ifndef CKPT_FRONT_SA_CLIENT_H
#define CKPT_FRONT_SA_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "checkpoint.h"
#include "element.h"
#include "library.h"
#include "opensaf/cpsv_papi.h"
#include "saCkpt.h"
#include "saCkpt_B_02_03.h"

struct sa_library {
	struct ckpt_library base;
	SaCkptCallbacksT_2 callbacks;
	ncsCkptCkptArrivalCallbackT _Atomic arrival;
	bool newer;			/* asked for {'B', 2, 2} or higher */
	bool may_track;			/* asked for {'B', 2, 3} or higher */
	atomic_bool tracking;
};

struct sa_checkpoint {
	struct ckpt_checkpoint base;
	atomic_bool tracking;
};

extern const struct ckpt_api sa_api;

CKPT_ELEMENT_LAYOUT(SaCkptIOVectorElementT);

/* The object of a live handle with a reference for the caller, or NULL. */
static inline struct sa_library *sa_library_acquire(SaCkptHandleT handle)
{
	return ckpt_library_acquire(&sa_api, handle);
}

static inline struct sa_library *sa_library_of(const struct sa_checkpoint *c)
{
	return (struct sa_library *)c->base.object.parent;
}

static inline void sa_checkpoint_release(struct sa_checkpoint *c)
{
	ckpt_object_release(&c->base.object);
}

static inline void sa_library_release(struct sa_library *l)
{
	ckpt_object_release(&l->base.object);
}

/* What every function but Finalize begins with: the object of a handle, with a reference for the caller. Returns SA_AIS_OK,
 * SA_AIS_ERR_BAD_HANDLE (there is none), or SA_AIS_ERR_UNAVAILABLE (it is stale); with an error there is no reference. */
static inline SaAisErrorT sa_library_use(SaCkptHandleT handle, struct sa_library **l)
{
	*l = sa_library_acquire(handle);
	if (*l == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (!ckpt_library_stale(&(*l)->base))
		return SA_AIS_OK;
	sa_library_release(*l);
	return SA_AIS_ERR_UNAVAILABLE;
}

static inline SaAisErrorT sa_checkpoint_use(SaCkptCheckpointHandleT handle, struct sa_checkpoint **c)
{
	*c = ckpt_checkpoint_acquire(&sa_api, handle);
	if (*c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (!ckpt_library_stale(&sa_library_of(*c)->base))
		return SA_AIS_OK;
	sa_checkpoint_release(*c);
	return SA_AIS_ERR_UNAVAILABLE;
}

#endif
