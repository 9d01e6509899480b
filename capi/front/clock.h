/* Points in time on the monotonic clock, and durations, in nanoseconds. */
#ifndef CKPT_FRONT_CLOCK_H
#define CKPT_FRONT_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "bounds.h"

static inline int64_t ckpt_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * CKPT_NS_PER_S + t.tv_nsec;
}

/* when + duration (both >= 0), INT64_MAX if that is beyond what can be expressed. */
static inline int64_t ckpt_later(int64_t when, int64_t duration)
{
	return when > INT64_MAX - duration ? INT64_MAX : when + duration;
}

#endif
