/* Waiting for a word to change. */
#ifndef CKPT_FRONT_FUTEX_H
#define CKPT_FRONT_FUTEX_H

#include <stdint.h>

/*
 * Sleeps while *word is value, until deadline (CLOCK_MONOTONIC, ns; INT64_MAX for none). Signal handlers run
 * meanwhile. It is a cancellation point: what must be undone then, the caller has pushed with pthread_cleanup_push.
 * Returns 0 when there is a reason to look at *word again (changed, woken, or a handler ran), ETIMEDOUT at deadline.
 */
int ckpt_futex_wait(uint32_t *word, uint32_t value, int64_t deadline);

/* Wakes all who wait for *word. */
void ckpt_futex_wake(uint32_t *word);

#endif
