/* How much the C heap of this process holds. */
#ifndef CALLS_HEAP_H
#define CALLS_HEAP_H

#include <stddef.h>

#include "memory.h"

#if SANITIZED
/* As in <sanitizer/allocator_interface.h>, which not every gcc brings. */
size_t __sanitizer_get_current_allocated_bytes(void);

static inline size_t heap_bytes(void)
{
	return __sanitizer_get_current_allocated_bytes();
}
#else
#include <malloc.h>

static inline size_t heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}
#endif

#endif
