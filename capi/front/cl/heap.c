/* clHeap*: memory that the application and the library hand to each other. It is malloc's, so that either side may use free
 * on what the other allocated, and it needs nothing of the library: no engine, no Initialize. */
#include <stdint.h>
#include <stdlib.h>

#include "clHeapApi.h"
#include "public.h"

/* A block of no bytes is still a block: programs take NULL for a failure. */
static ClPtrT zeroed(ClUint32T size)
{
	return calloc(1, size > 0 ? size : 1);
}

CKPT_PUBLIC ClPtrT clHeapAllocate(ClUint32T size)
{
	return zeroed(size);
}

CKPT_PUBLIC ClPtrT clHeapCalloc(ClUint32T numChunks, ClUint32T chunkSize)
{
	uint64_t size = (uint64_t)numChunks * chunkSize;
	return size <= UINT32_MAX ? zeroed((ClUint32T)size) : NULL;
}

CKPT_PUBLIC ClPtrT clHeapRealloc(ClPtrT address, ClUint32T size)
{
	if (address == NULL)
		return zeroed(size);
	if (size == 0) {
		free(address);
		return NULL;
	}
	return realloc(address, size);
}

CKPT_PUBLIC void clHeapFree(ClPtrT address)
{
	free(address);
}
