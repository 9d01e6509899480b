/* Checkpoint handles: opening, closing, and what concerns a checkpoint as a whole. Codes are SaAisErrorT. */
#ifndef CKPT_FRONT_CHECKPOINT_H
#define CKPT_FRONT_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "library.h"
#include "replica.h"

/* Open flags, the same in both APIs. */
enum { CKPT_OPEN_READ = 1, CKPT_OPEN_WRITE = 2, CKPT_OPEN_CREATE = 4 };

/* Creation flags. */
enum {
	CKPT_WR_ALL_REPLICAS = 1,
	CKPT_WR_ACTIVE_REPLICA = 2,
	CKPT_WR_ACTIVE_REPLICA_WEAK = 4,
	CKPT_COLLOCATED = 8,
};

struct ckpt_checkpoint {
	struct ckpt_object object;	/* its parent is the library handle */
	uint64_t id;			/* the engine's number; 0 while pending */
	uint32_t open_flags;		/* what the API allows the handle */
	struct ckpt_attributes attributes;	/* as created; retention_ns as of the open */
	struct ckpt_replica replica;
};

static inline struct ckpt_library *ckpt_library_of(const struct ckpt_checkpoint *c)
{
	return (struct ckpt_library *)c->object.parent;
}

/* The object of a live handle with a reference for the caller, or NULL. */
static inline void *ckpt_checkpoint_acquire(const struct ckpt_api *api, uint64_t handle)
{
	return ckpt_object_acquire(handle, api->checkpoint);
}

static inline bool ckpt_synchronous(const struct ckpt_checkpoint *c)
{
	return (c->attributes.creation_flags & CKPT_WR_ALL_REPLICAS) != 0;
}

static inline bool ckpt_collocated(const struct ckpt_checkpoint *c)
{
	return (c->attributes.creation_flags & CKPT_COLLOCATED) != 0;
}

/* A new call on an open checkpoint, or NULL. */
struct ckpt_call *ckpt_checkpoint_call(const struct ckpt_checkpoint *c, uint32_t op, uint32_t elements);

/* What an open asks for, checked. */
struct ckpt_opening {
	const char *name;		/* the application's memory */
	uint64_t name_length;		/* 1..CKPT_NAME_BYTES_MAX */
	uint32_t flags;			/* what the handle is to allow */
	uint32_t service_flags;		/* what the service is asked to allow */
	bool has_attributes;
	bool compare_retention;		/* an existing checkpoint must have this retention duration, too */
	bool whole_flags;		/* any bits may be set in the creation flags; they are compared as a whole */
	bool backup;			/* a checkpoint made by this keeps a second copy */
	struct ckpt_attributes attributes;
	int64_t timeout_ns;		/* > 0 */
};

/* Opens a checkpoint and waits for it. The caller's reference to l stays. Returns SA_AIS_OK with a usable handle, or any
 * code of the service; SA_AIS_ERR_BAD_HANDLE: l was finalized meanwhile. */
uint32_t ckpt_checkpoint_open(struct ckpt_library *l, const struct ckpt_opening *o, uint64_t *handle);

/* Starts an open that ends with an event. Returns SA_AIS_OK if it was started, SA_AIS_ERR_NO_MEMORY or
 * SA_AIS_ERR_BAD_HANDLE (l was finalized). */
uint32_t ckpt_checkpoint_open_async(struct ckpt_library *l, const struct ckpt_opening *o, uint64_t invocation);

/* Completes an open: what the engine reported becomes the handle's, which can be used from then on. fd is closed.
 * false if the library handle has been finalized meanwhile; the engine then closes its side by itself. */
bool ckpt_checkpoint_opened(struct ckpt_checkpoint *c, uint64_t id, const struct ckpt_attributes *attributes, int fd);

/* Ends a pending struct ckpt_checkpoint, and drops the caller's reference. */
void ckpt_checkpoint_not_opened(void *checkpoint);

/* Closes the handle. The caller's reference stays. Returns SA_AIS_OK; SA_AIS_ERR_BAD_HANDLE (another thread was first);
 * SA_AIS_ERR_NO_MEMORY (nothing done); SA_AIS_ERR_TIMEOUT and others of the service (the handle is gone). */
uint32_t ckpt_checkpoint_close(struct ckpt_checkpoint *c);

/* Takes a name away. name_length 0 is a name that nothing has. */
uint32_t ckpt_checkpoint_unlink(struct ckpt_library *l, const char *name, uint64_t name_length);

/* Sets the retention duration, ns. */
uint32_t ckpt_retention_set(struct ckpt_checkpoint *c, int64_t retention_ns);

/* Makes the local replica the active one. */
uint32_t ckpt_active_set(struct ckpt_checkpoint *c);

/* What the service says of a checkpoint. */
struct ckpt_status {
	struct ckpt_attributes attributes;
	uint32_t sections;
	uint64_t memory;	/* sum of the sections' sizes, bytes */
};

uint32_t ckpt_status_get(struct ckpt_checkpoint *c, struct ckpt_status *status);

/* Waits until all replicas have the updates made before. */
uint32_t ckpt_synchronize(struct ckpt_checkpoint *c, int64_t timeout_ns);

/* Starts that; it ends with an event. SA_AIS_ERR_NOT_EXIST comes from here: there is no active replica. */
uint32_t ckpt_synchronize_async(struct ckpt_checkpoint *c, uint64_t invocation);

#endif
