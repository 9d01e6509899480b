/* Library handles: one use of the service by the application. What is of one API only lies behind struct ckpt_api. */
#ifndef CKPT_FRONT_LIBRARY_H
#define CKPT_FRONT_LIBRARY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handle.h"

struct ckpt_checkpoint;
struct ckpt_due;
struct ckpt_library;
struct ckpt_opening;

/* A function of the application; called as what it is by the API that got it. */
typedef void ckpt_function(void);

/* What the handles of one API have of their own. */
struct ckpt_api {
	enum ckpt_kind library, checkpoint, iteration;
	size_t library_size;		/* of an object that begins with a struct ckpt_library */
	size_t checkpoint_size;		/* of an object that begins with a struct ckpt_checkpoint */

	/* Completes a new checkpoint object before it is shared; NULL: nothing to do. */
	void (*prepare)(struct ckpt_checkpoint *c, const struct ckpt_opening *opening);

	/* The application's function for events of a kind (enum ckpt_event_kind), NULL if it gave none. */
	ckpt_function *(*function)(struct ckpt_library *l, uint32_t kind);

	/* Calls due->function, which may not return. */
	void (*run)(const struct ckpt_due *due);
};

struct ckpt_library {
	struct ckpt_object object;
	const struct ckpt_api *api;
	uint64_t id;			/* the engine's number */
	uint32_t *bell;			/* changes when an event is queued, and at finalize */
	uint32_t *consumption_bell;	/* the same for immediate consumption */
	bool members_only;		/* set before ckpt_library_start: serve the client only on a member of the cluster */
	uint32_t *left;			/* members_only: 1 from when the node has left the cluster, for good; else 0 */
	pthread_mutex_t lock;		/* guards what follows; held over short engine entries only */
	atomic_bool finalized;		/* read without it */
	int selection;			/* eventfd, -1 before the first ckpt_library_selection */
};

/*
 * Loads the engine if need be and makes a library handle that is not usable yet, with a reference for the caller.
 * What follows the struct ckpt_library in the object is zero. Returns SA_AIS_OK, or SA_AIS_ERR_LIBRARY or
 * SA_AIS_ERR_NO_MEMORY (see ckpt_engine_load).
 */
uint32_t ckpt_library_new(const struct ckpt_api *api, struct ckpt_library **l);

/* Introduces a new handle to the service, waiting for that, and makes it usable. On failure the handle and the caller's
 * reference are gone. Returns SA_AIS_OK, or any code of the service: SA_AIS_ERR_UNAVAILABLE if the handle is members_only
 * and the node is outside the cluster. */
uint32_t ckpt_library_start(struct ckpt_library *l);

/* The descriptor that is readable while a callback waits, made by the first call. Returns SA_AIS_OK,
 * SA_AIS_ERR_NO_RESOURCES (no descriptor) or SA_AIS_ERR_BAD_HANDLE (finalized meanwhile). */
uint32_t ckpt_library_selection(struct ckpt_library *l, int *fd);

/* Ends the handle and all below it; threads that dispatch leave. It succeeds whether or not the service answers.
 * The caller's reference stays. Returns SA_AIS_OK, SA_AIS_ERR_BAD_HANDLE (another thread was first) or
 * SA_AIS_ERR_NO_MEMORY (nothing done). */
uint32_t ckpt_library_finalize(struct ckpt_library *l);

/* Whether the handle is stale: members_only, and the node has left the cluster since it was made. It stays so if the node
 * comes back; Finalize is all that is left to do. */
static inline bool ckpt_library_stale(const struct ckpt_library *l)
{
	return __atomic_load_n(l->left, __ATOMIC_ACQUIRE) != 0;
}

/* The object of a live handle with a reference for the caller, or NULL. */
static inline void *ckpt_library_acquire(const struct ckpt_api *api, uint64_t handle)
{
	return ckpt_object_acquire(handle, api->library);
}

#endif
