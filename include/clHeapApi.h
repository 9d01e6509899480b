/*
 * clHeapApi.h: the memory that checkpoint programs and the library hand to each other.
 *
 * All of it is malloc's: what these functions return may be given to free and realloc, and what
 * malloc returned to clHeapFree and clHeapRealloc. They work at any time, in any thread and in a
 * forked child, need no Initialize, and leave no error behind but a NULL result.
 *
 * Source of all: OpenClovis SDK 2.3, 5 and 6.
 */
#ifndef CL_HEAP_API_H
#define CL_HEAP_API_H

#include "clCommon.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * clHeapAllocate: gives memory.
 *
 *   size  bytes; 0 also gives memory that is to be freed.
 *
 * Returns memory that is all 0, the caller's to free with clHeapFree; NULL if there is not enough.
 */
ClPtrT clHeapAllocate(ClUint32T size);

/*
 * clHeapCalloc: gives memory for an array.
 *
 *   numChunks  elements.
 *   chunkSize  bytes of each; if one of the two is 0, memory that is to be freed is given, too.
 *
 * Returns memory that is all 0, the caller's to free with clHeapFree; NULL if there is not enough,
 * or if numChunks * chunkSize is more than 4,294,967,295 bytes.
 */
ClPtrT clHeapCalloc(ClUint32T numChunks, ClUint32T chunkSize);

/*
 * clHeapRealloc: changes the size of memory, and perhaps its place.
 *
 *   address  from a function here, or from malloc; NULL makes this clHeapAllocate(size). No longer
 *            the caller's after success.
 *   size     bytes; 0 frees the memory, if address is not NULL. Bytes beyond the old size are
 *            undefined.
 *
 * Returns the memory, the caller's to free with clHeapFree; NULL if it has been freed, or if there
 * is not enough: address is unchanged and still the caller's then.
 */
ClPtrT clHeapRealloc(ClPtrT address, ClUint32T size);

/*
 * clHeapFree: gives memory back.
 *
 *   address  from a function here, from another that says so, or from malloc. NULL does nothing.
 */
void clHeapFree(ClPtrT address);

#ifdef __cplusplus
}
#endif

#endif /* CL_HEAP_API_H */
