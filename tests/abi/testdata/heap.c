/*
 * What a program relies on in clHeap*: zeros, a block for no bytes, malloc's blocks on either side,
 * and NULL when there is no such block. Exits with 0 if all of it holds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clHeapApi.h>

#define HOLDS(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s\n", __LINE__, #condition); \
            exit(EXIT_FAILURE); \
        } \
    } while (0)

enum { BYTES = 4096, ROUNDS = 100 };

static int all_zero(const unsigned char *block, size_t size)
{
    while (size > 0 && *block == 0) {
        block++;
        size--;
    }
    return size == 0;
}

int main(void)
{
    int i;

    /* Blocks that were in use before are zero again. */
    for (i = 0; i < ROUNDS; i++) {
        unsigned char *one = (unsigned char *)clHeapAllocate(BYTES);
        unsigned char *two = (unsigned char *)clHeapCalloc(BYTES / 16, 16);
        HOLDS(one && two && all_zero(one, BYTES) && all_zero(two, BYTES));
        memset(one, 0xa5, BYTES);
        memset(two, 0x5a, BYTES);
        clHeapFree(one);
        clHeapFree(two);
    }

    /* No bytes is a block all the same. */
    char *none = (char *)clHeapAllocate(0), *zero = (char *)clHeapCalloc(0, 8);
    HOLDS(none && zero && none != zero);
    clHeapFree(none);
    clHeapFree(zero);
    zero = (char *)clHeapCalloc(8, 0);
    HOLDS(zero);
    clHeapFree(zero);

    /* A product that does not fit 32 bits is refused, the largest that fits is not cut. */
    HOLDS(!clHeapCalloc(65536, 65536));
    HOLDS(!clHeapCalloc(UINT32_MAX, UINT32_MAX));
    unsigned char *large = (unsigned char *)clHeapCalloc(65535, 65537); /* 4,294,967,295 bytes */
    if (large) {
        large[4294967294u] = 1;
        clHeapFree(large);
    }

    /* Realloc keeps what was there; NULL allocates; 0 frees. */
    char *text = (char *)clHeapRealloc(NULL, 6);
    HOLDS(text && all_zero((unsigned char *)text, 6));
    memcpy(text, "hello", 6);
    text = (char *)clHeapRealloc(text, BYTES);
    HOLDS(text && strcmp(text, "hello") == 0);
    text = (char *)clHeapRealloc(text, 3);
    HOLDS(text && memcmp(text, "hel", 3) == 0);
    HOLDS(!clHeapRealloc(text, 0));
    text = (char *)clHeapRealloc(NULL, 0);
    HOLDS(text);
    clHeapFree(text);
    clHeapFree(NULL);

    /* Either side may free and resize what the other allocated. */
    clHeapFree(malloc(10));
    free(clHeapAllocate(10));
    free(clHeapCalloc(2, 5));
    text = (char *)malloc(10);
    HOLDS(text);
    text = (char *)clHeapRealloc(text, 20);
    HOLDS(text);
    text = (char *)realloc(text, 30);
    HOLDS(text);
    clHeapFree(text);
    return EXIT_SUCCESS;
}
