#include "stack.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* Writing and reading 64 KiB, with the log copied into the file on the way, used 8 KiB, the front's frames included. */
#define NEEDED_BYTES (UINT64_C(32) << 10)

/* Asking costs microseconds, for the main thread more, so each thread asks once. */
static uintptr_t find_lowest(void)
{
	uintptr_t lowest = UINTPTR_MAX;
	pthread_attr_t attributes;
	void *address;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attributes) != 0)
		return lowest;
	if (pthread_attr_getstack(&attributes, &address, &size) == 0)
		lowest = (uintptr_t)address;
	pthread_attr_destroy(&attributes);
	return lowest;
}

bool ckpt_stack_suffices(void)
{
	static __thread uintptr_t lowest;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (lowest == 0)
		lowest = find_lowest();
	/* Outside: a coroutine's stack, of which nothing is known. */
	return here > lowest && here - lowest >= NEEDED_BYTES;
}
