/* Going through the sections of a checkpoint. Codes are SaAisErrorT. */
#ifndef CKPT_FRONT_ITERATION_H
#define CKPT_FRONT_ITERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"

/* Which sections, the same values in both APIs. */
enum ckpt_choice {
	CKPT_SECTIONS_FOREVER = 1, CKPT_SECTIONS_LEQ_EXPIRATION_TIME, CKPT_SECTIONS_GEQ_EXPIRATION_TIME,
	CKPT_SECTIONS_CORRUPTED, CKPT_SECTIONS_ANY
};

struct ckpt_iteration;

static inline struct ckpt_iteration *ckpt_iteration_acquire(const struct ckpt_api *api, uint64_t handle)
{
	return ckpt_object_acquire(handle, api->iteration);
}

void ckpt_iteration_release(struct ckpt_iteration *i);

/* The library handle above it. */
const struct ckpt_library *ckpt_iteration_library(const struct ckpt_iteration *i);

/* Begins an iteration; time_ns >= 0 is wall clock. Consumes the caller's reference to c. Returns SA_AIS_OK with a handle, or a
 * code of the service. */
uint32_t ckpt_iteration_start(struct ckpt_checkpoint *c, enum ckpt_choice chosen, int64_t time_ns, uint64_t *handle);

/*
 * The next section. s->id is a malloc block with a NUL byte behind it, NULL when id_len is 0: it belongs to the
 * iteration until its next call and its end, or, with give, to the caller. Returns SA_AIS_OK, SA_AIS_ERR_NO_SECTIONS at
 * the end, SA_AIS_ERR_NO_MEMORY or a code of the service. A thread that is cancelled in here gives the caller's
 * reference back.
 */
uint32_t ckpt_iteration_next(struct ckpt_iteration *i, bool give, struct ckpt_section *s);

/* Ends it; the caller's reference stays. SA_AIS_ERR_BAD_HANDLE: another thread was first. */
uint32_t ckpt_iteration_end(struct ckpt_iteration *i);

#endif
