/* The local replica of an open checkpoint: the mapped segment that reads are answered from. */
#ifndef CKPT_FRONT_REPLICA_H
#define CKPT_FRONT_REPLICA_H

#include <stdatomic.h>
#include <stdint.h>

#include "handle.h"
#include "segment.h"

struct ckpt_replica {
	ckpt_reader *_Atomic reader;	/* NULL: no replica on this node that can be mapped */
	ckpt_reader **retired;		/* replaced ones; reads in other threads may still be in them */
	uint32_t retired_count;
	atomic_flag renewing;		/* one thread at a time looks for another replica */
	int64_t retry_at;		/* monotonic ns; guarded by renewing */
};

/* Maps the segment behind fd (-1: none) and closes fd. Only before the replica is shared. */
void ckpt_replica_init(struct ckpt_replica *r, int fd);

/* Unmaps everything. No other thread uses r any more. */
void ckpt_replica_end(struct ckpt_replica *r);

/*
 * Gets a descriptor of the present local replica from the engine and maps it anew: `seen` could not answer a read
 * with `status` (CKPT_READ_REMAP, CKPT_READ_GONE), or is NULL. id is the engine's number of the checkpoint handle,
 * holder the object the caller has a reference to (for cancellation, see ckpt_call_run).
 * Returns a reader worth asking, or NULL: ask the engine. Never waits for another thread that does the same.
 */
ckpt_reader *ckpt_replica_renew(struct ckpt_replica *r, ckpt_reader *seen, int status, uint64_t id,
				struct ckpt_object *holder);

#endif
