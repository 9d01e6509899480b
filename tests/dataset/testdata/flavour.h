/* The two source flavours of the library-based functions as one: the types of cookie and buffer differ, and whether the
 * library offers a serializer a buffer. */
#ifndef DATASET_FLAVOUR_H
#define DATASET_FLAVOUR_H

#include <stdbool.h>
#include <stdint.h>

#include <clCommon.h>
#include <clCommonErrors.h>
#include <clCkptApi.h>
#include <clCkptExtApi.h>
#include <clCkptErrors.h>
#include <clHeapApi.h>

#if defined(CL_CKPT_SDK) && CL_CKPT_SDK >= 50
typedef ClPtrT cookie_t;
#define OFFERED_BYTES 0 /* the serializer allocates */
#else
typedef ClHandleT cookie_t;
#define OFFERED_BYTES 65536 /* capacity of the buffer a serializer finds */
#endif

static inline cookie_t cookie_of(void *p)
{
	return (cookie_t)(uintptr_t)p;
}

static inline void *from_cookie(cookie_t cookie)
{
	return (void *)(uintptr_t)cookie;
}

#endif
