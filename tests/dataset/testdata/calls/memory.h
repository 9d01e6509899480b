/* Allocations of the front (libckpt.so, not the engine) that fail. */
#ifndef CALLS_MEMORY_H
#define CALLS_MEMORY_H

/* From now on this thread's k-th allocation by the front fails, counted from 1. The test is left out if that is not
 * possible here. */
void memory_fail(unsigned k);

/* How many the front has made since, the failed one included; from now on none fails. */
unsigned memory_allocations(void);

#endif
