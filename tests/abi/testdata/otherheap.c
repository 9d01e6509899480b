/*
 * Stands for a library of an OpenClovis SDK that has a heap of its own: its blocks begin with a
 * hidden header, so they must not be mixed with malloc's.
 */
#include <stdint.h>
#include <stdlib.h>

#include <clHeapApi.h>

enum { HIDDEN = 16, MARK = 0x4f54 };

ClPtrT clHeapAllocate(ClUint32T size)
{
    uint32_t *block = calloc(1, (size_t)size + HIDDEN);
    if (block == NULL)
        return NULL;
    *block = MARK;
    return (char *)block + HIDDEN;
}

void clHeapFree(ClPtrT address)
{
    uint32_t *block = (uint32_t *)(void *)((char *)address - HIDDEN);
    if (*block != MARK)
        exit(3); /* what a crash is in the original */
    free(block);
}
