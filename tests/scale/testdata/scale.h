/*
 * scale.h: what the applications of these tests have in common. A program prints one line for each step, goes on when it
 * is sent one, and ends with status 1 and a line "failed ..." at the first thing that is not as it should be.
 */
#ifndef SCALE_H
#define SCALE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <saCkpt.h>

/* Longest wait of an open, ns. */
#define OPEN_TIMEOUT (30 * SA_TIME_ONE_SECOND)

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

__attribute__((format(printf, 1, 2), noreturn)) static inline void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("failed ", stdout);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
    _exit(1);
}

/* Ends the program unless a call gave the code that is expected. */
static inline void expect(SaAisErrorT got, SaAisErrorT want, const char *call)
{
    if (got != want)
        fail("%s: %d, not %d", call, (int)got, (int)want);
}

static inline void must(SaAisErrorT error, const char *call) { expect(error, SA_AIS_OK, call); }

/* Waits for a line of standard input, which must be there. */
static inline void await_line(void)
{
    char line[256];

    if (fgets(line, sizeof line, stdin) == NULL)
        fail("standard input has ended");
}

/* Monotonic time in milliseconds. */
static inline long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static inline SaCkptHandleT initialize(void)
{
    SaVersionT version = {'B', 2, 2};
    SaCkptHandleT library;

    must(saCkptInitialize(&library, NULL, &version), "Initialize");
    return library;
}

static inline SaCkptCheckpointCreationAttributesT attributes(SaUint32T sections, SaSizeT section_size)
{
    return (SaCkptCheckpointCreationAttributesT){
        .creationFlags = SA_CKPT_WR_ALL_REPLICAS,
        .checkpointSize = section_size,
        .retentionDuration = 0,
        .maxSections = sections,
        .maxSectionSize = section_size,
        .maxSectionIdSize = 16,
    };
}

/* Opens for reading and writing; with attributes, creates. */
static inline SaAisErrorT try_open(SaCkptHandleT library, const char *name,
                                   const SaCkptCheckpointCreationAttributesT *with,
                                   SaCkptCheckpointHandleT *checkpoint)
{
    SaNameT sa_name;

    saAisNameLend(name, &sa_name);
    return saCkptCheckpointOpen(library, &sa_name, with,
                                SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE |
                                    (with != NULL ? SA_CKPT_CHECKPOINT_CREATE : 0),
                                OPEN_TIMEOUT, checkpoint);
}

static inline SaCkptCheckpointHandleT open_checkpoint(SaCkptHandleT library, const char *name,
                                                      const SaCkptCheckpointCreationAttributesT *with)
{
    SaCkptCheckpointHandleT checkpoint;

    must(try_open(library, name, with, &checkpoint), "CheckpointOpen");
    return checkpoint;
}

static inline SaAisErrorT unlink_checkpoint(SaCkptHandleT library, const char *name)
{
    SaNameT sa_name;

    saAisNameLend(name, &sa_name);
    return saCkptCheckpointUnlink(library, &sa_name);
}

/* The id of section number n: its decimal digits, in the caller's text. */
static inline SaCkptSectionIdT numbered(char text[16], uint64_t n)
{
    SaCkptSectionIdT id = {(SaUint16T)snprintf(text, 16, "%llu", (unsigned long long)n), (SaUint8T *)text};

    return id;
}

static inline SaAisErrorT create_section(SaCkptCheckpointHandleT checkpoint, uint64_t n, const void *data, SaSizeT size)
{
    char text[16];
    SaCkptSectionIdT id = numbered(text, n);
    SaCkptSectionCreationAttributesT with = {&id, SA_TIME_END};

    return saCkptSectionCreate(checkpoint, &with, data, size);
}

static inline SaAisErrorT delete_section(SaCkptCheckpointHandleT checkpoint, uint64_t n)
{
    char text[16];
    SaCkptSectionIdT id = numbered(text, n);

    return saCkptSectionDelete(checkpoint, &id);
}

/* Reads from the start of a section; *size is the buffer's and becomes that of what was read. */
static inline SaAisErrorT read_section(SaCkptCheckpointHandleT checkpoint, uint64_t n, void *data, SaSizeT *size)
{
    char text[16];
    SaCkptIOVectorElementT element = {.sectionId = numbered(text, n), .dataBuffer = data, .dataSize = *size};
    SaUint32T index;
    SaAisErrorT error = saCkptCheckpointRead(checkpoint, &element, 1, &index);

    *size = element.readSize;
    return error;
}

static inline SaAisErrorT write_section(SaCkptCheckpointHandleT checkpoint, uint64_t n, SaOffsetT offset,
                                        const void *data, SaSizeT size)
{
    char text[16];
    SaCkptIOVectorElementT element = {
        .sectionId = numbered(text, n), .dataBuffer = (void *)(uintptr_t)data, .dataSize = size, .dataOffset = offset};
    SaUint32T index;

    return saCkptCheckpointWrite(checkpoint, &element, 1, &index);
}

static inline SaCkptCheckpointDescriptorT status_of(SaCkptCheckpointHandleT checkpoint)
{
    SaCkptCheckpointDescriptorT status;

    must(saCkptCheckpointStatusGet(checkpoint, &status), "CheckpointStatusGet");
    return status;
}

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (x ^ (x >> 31)) | 1;
}

/* Content that only this seed has. */
static inline void fill(uint64_t seed, unsigned char *data, size_t size)
{
    uint64_t state = mix(seed);
    size_t i = 0;

    for (; i + 8 <= size; i += 8) {
        uint64_t word = next_random(&state);
        memcpy(data + i, &word, 8);
    }
    for (; i < size; i++)
        data[i] = (unsigned char)next_random(&state);
}

/* The first byte that differs from fill(seed), or size. */
static inline size_t differs(uint64_t seed, const unsigned char *data, size_t size)
{
    uint64_t state = mix(seed);
    size_t i = 0;

    for (; i + 8 <= size; i += 8) {
        uint64_t word = next_random(&state);
        if (memcmp(data + i, &word, 8) != 0)
            return i;
    }
    for (; i < size; i++)
        if (data[i] != (unsigned char)next_random(&state))
            return i;
    return size;
}

#endif
