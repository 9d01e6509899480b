/*
 * large: writes and reads of many bytes, and the filling of a checkpoint. It is told what by lines on standard input:
 *
 *   large NAME CREATION_FLAGS SECTION_BYTES_MAX
 *
 * opens the checkpoint, making it if need be, and prints "ready". Then it answers each line with one:
 *
 *   active                        sets the active replica here
 *   make SECTIONS BYTES           makes so many sections, of so many bytes each
 *   write SEED SECTIONS BYTES     writes the first sections, with one call; what is written follows from SEED
 *   check SEED SECTIONS BYTES     reads them, with one call, and compares
 *   synchronize
 *   unlink
 *
 * "CODE NANOSECONDS": the SaAisErrorT of the call that failed or the last one, 0 for contents that differ, and how long all
 * calls have taken. TRY_AGAIN is an error as any other. It ends at the end of its input.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <saCkpt.h>

enum {
    LINE_BYTES_MAX = 128,
    SECTIONS_MAX = 100000,
    ID_BYTES_MAX = 16,
    RETRY_MS = 50, /* between two tries to begin */
    TRIES_MAX = 600,
    DIFFERENT = 0,
};

static SaCkptHandleT library;
static SaCkptCheckpointHandleT checkpoint;
static SaNameT name;
static char ids[SECTIONS_MAX][ID_BYTES_MAX];

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static SaCkptSectionIdT section(unsigned number)
{
    SaCkptSectionIdT id = {(SaUint16T)snprintf(ids[number], sizeof ids[number], "s%u", number), (SaUint8T *)ids[number]};
    return id;
}

/* The words of section number i of a write. */
static uint64_t word(uint64_t seed, unsigned i, size_t at)
{
    return (seed * 0x9e3779b97f4a7c15U) ^ ((uint64_t)i << 40) ^ at;
}

static void *memory(size_t bytes)
{
    void *p = malloc(bytes);
    if (p == NULL) {
        fprintf(stderr, "large: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    return p;
}

static int make(unsigned sections, size_t bytes, int64_t *took)
{
    uint8_t *data = memory(bytes);
    SaAisErrorT error = SA_AIS_OK;
    int64_t begin = now_ns();

    memset(data, 7, bytes);
    for (unsigned i = 0; i < sections && error == SA_AIS_OK; i++) {
        SaCkptSectionIdT id = section(i);
        SaCkptSectionCreationAttributesT with = {&id, SA_TIME_END};
        error = saCkptSectionCreate(checkpoint, &with, data, bytes);
    }
    *took = now_ns() - begin;
    free(data);
    return (int)error;
}

/* Writes or, with check, reads. */
static int transfer(int check, uint64_t seed, unsigned sections, size_t bytes, int64_t *took)
{
    size_t words = bytes / sizeof(uint64_t);
    uint64_t *data = memory(sections * bytes);
    SaCkptIOVectorElementT *parts = memory(sections * sizeof *parts);
    SaUint32T index;
    int result;

    for (unsigned i = 0; i < sections; i++) {
        uint64_t *at = data + i * words;
        for (size_t k = 0; k < words; k++)
            at[k] = check ? 0 : word(seed, i, k);
        parts[i] = (SaCkptIOVectorElementT){.sectionId = section(i), .dataBuffer = at, .dataSize = bytes};
    }
    *took = now_ns();
    result = (int)(check ? saCkptCheckpointRead(checkpoint, parts, sections, &index)
                         : saCkptCheckpointWrite(checkpoint, parts, sections, &index));
    *took = now_ns() - *took;
    for (unsigned i = 0; check && result == SA_AIS_OK && i < sections; i++) {
        if (parts[i].readSize != bytes)
            result = DIFFERENT;
        for (size_t k = 0; k < words && result == SA_AIS_OK; k++)
            if (data[i * words + k] != word(seed, i, k))
                result = DIFFERENT;
    }
    free(parts);
    free(data);
    return result;
}

static int perform(const char *line, int64_t *took)
{
    unsigned long long seed;
    unsigned sections;
    size_t bytes;
    int code;

    *took = now_ns();
    if (strcmp(line, "active\n") == 0)
        code = (int)saCkptActiveReplicaSet(checkpoint);
    else if (strcmp(line, "synchronize\n") == 0)
        code = (int)saCkptCheckpointSynchronize(checkpoint, 30 * SA_TIME_ONE_SECOND);
    else if (strcmp(line, "unlink\n") == 0)
        code = (int)saCkptCheckpointUnlink(library, &name);
    else if (sscanf(line, "make %u %zu", &sections, &bytes) == 2 && sections <= SECTIONS_MAX)
        return make(sections, bytes, took);
    else if (sscanf(line, "write %llu %u %zu", &seed, &sections, &bytes) == 3 && sections <= SECTIONS_MAX)
        return transfer(0, seed, sections, bytes, took);
    else if (sscanf(line, "check %llu %u %zu", &seed, &sections, &bytes) == 3 && sections <= SECTIONS_MAX)
        return transfer(1, seed, sections, bytes, took);
    else {
        fprintf(stderr, "large: no such command: %s", line);
        exit(2);
    }
    *took = now_ns() - *took;
    return code;
}

static SaAisErrorT begin(const char *text, unsigned flags, SaSizeT bytes)
{
    SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = flags,
        .checkpointSize = bytes,
        .retentionDuration = SA_TIME_ONE_MINUTE,
        .maxSections = SECTIONS_MAX,
        .maxSectionSize = bytes,
        .maxSectionIdSize = ID_BYTES_MAX,
    };
    SaVersionT version = {'B', 2, 2};
    SaAisErrorT error;

    name.length = (SaUint16T)snprintf((char *)name.value, sizeof name.value, "%s", text);
    error = saCkptInitialize(&library, NULL, &version);
    return error != SA_AIS_OK ? error
                              : saCkptCheckpointOpen(library, &name, &attributes,
                                                     SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ |
                                                         SA_CKPT_CHECKPOINT_WRITE,
                                                     10 * SA_TIME_ONE_SECOND, &checkpoint);
}

int main(int argc, char **argv)
{
    char line[LINE_BYTES_MAX];
    SaAisErrorT error = SA_AIS_ERR_TRY_AGAIN;

    if (argc != 4) {
        fprintf(stderr, "usage: large NAME CREATION_FLAGS SECTION_BYTES_MAX\n");
        return 2;
    }
    for (int i = 0; i < TRIES_MAX && error == SA_AIS_ERR_TRY_AGAIN; i++) {
        error = begin(argv[1], (unsigned)atoi(argv[2]), strtoull(argv[3], NULL, 10));
        if (error == SA_AIS_ERR_TRY_AGAIN)
            nanosleep(&(struct timespec){0, RETRY_MS * 1000000L}, NULL);
    }
    if (error != SA_AIS_OK) {
        fprintf(stderr, "large: %s: %d\n", argv[1], (int)error);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int64_t took;
        int code = perform(line, &took);

        printf("%d %lld\n", code, (long long)took);
        fflush(stdout);
    }
    return saCkptFinalize(library) == SA_AIS_OK ? 0 : 1;
}
