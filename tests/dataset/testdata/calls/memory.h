/* Allocations of the front (libckpt.so, not the engine) that fail. */
#ifndef CALLS_MEMORY_H
#define CALLS_MEMORY_H

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* it has an allocator of its own, and needs the address space */
#else
#define SANITIZED 0
#endif

/* From now on this thread's k-th allocation by the front fails, counted from 1. Not with the sanitizer. */
void memory_fail(unsigned k);

/* How many the front has made since, the failed one included; from now on none fails. */
unsigned memory_allocations(void);

#endif
