/*
 * measure: how long one kind of call takes, on the host it runs on. It is told what by its arguments and standard input:
 *
 *   measure NAME CREATION_FLAGS OPERATION SECTION SECONDS
 *
 * opens the checkpoint, prints "ready", waits for a line on standard input, makes calls for so long, and prints
 *
 *   N MIN P50 P99 MAX OPS_PER_S      times in microseconds
 *
 * OPERATION is read, write, open (and close) or create (and unlink and close of a checkpoint of its own). SECTION, of 64
 * bytes, is made if need be. TRY_AGAIN is retried, inside the measured time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <saCkpt.h>

enum {
    SIZE = 64,
    SAMPLES_MAX = 200000, /* the measurement ends earlier then */
    WARM_UP = 16,         /* calls that are not measured */
    RETRY_MS = 10,
    RETRIES_MAX = 1200,
};

struct subject {
    SaCkptHandleT library;
    SaCkptCheckpointHandleT checkpoint;
    SaCkptCheckpointCreationAttributesT attributes;
    SaNameT name, own_name;
    SaCkptSectionIdT section;
    unsigned char data[SIZE];
};

static uint64_t samples[SAMPLES_MAX];

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void must(SaAisErrorT error, const char *call)
{
    if (error != SA_AIS_OK) {
        fprintf(stderr, "measure: %s: %d\n", call, (int)error);
        exit(1);
    }
}

#define RETRIED(call)                                                                   \
    do {                                                                                \
        SaAisErrorT error_;                                                             \
        int tries_ = 0;                                                                 \
        while ((error_ = (call)) == SA_AIS_ERR_TRY_AGAIN && tries_++ < RETRIES_MAX)     \
            nanosleep(&(struct timespec){0, RETRY_MS * 1000000L}, NULL);                \
        must(error_, #call);                                                            \
    } while (0)

static void read_it(struct subject *s)
{
    SaCkptIOVectorElementT e = {.sectionId = s->section, .dataBuffer = s->data, .dataSize = SIZE};
    RETRIED(saCkptCheckpointRead(s->checkpoint, &e, 1, NULL));
    if (e.readSize != SIZE)
        must(SA_AIS_ERR_FAILED_OPERATION, "saCkptCheckpointRead, all of the section");
}

static void write_it(struct subject *s)
{
    SaCkptIOVectorElementT e = {.sectionId = s->section, .dataBuffer = s->data, .dataSize = SIZE};
    s->data[0]++;
    RETRIED(saCkptCheckpointWrite(s->checkpoint, &e, 1, NULL));
}

static void open_close(struct subject *s)
{
    SaCkptCheckpointHandleT handle;
    RETRIED(saCkptCheckpointOpen(s->library, &s->name, NULL, SA_CKPT_CHECKPOINT_READ, 10 * SA_TIME_ONE_SECOND, &handle));
    RETRIED(saCkptCheckpointClose(handle));
}

static void create_unlink(struct subject *s)
{
    SaCkptCheckpointHandleT handle;
    RETRIED(saCkptCheckpointOpen(s->library, &s->own_name, &s->attributes, SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_WRITE,
                                 10 * SA_TIME_ONE_SECOND, &handle));
    RETRIED(saCkptCheckpointUnlink(s->library, &s->own_name));
    RETRIED(saCkptCheckpointClose(handle));
}

static const struct {
    const char *name;
    void (*call)(struct subject *s);
} operations[] = {{"read", read_it}, {"write", write_it}, {"open", open_close}, {"create", create_unlink}};

static int by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void set_name(SaNameT *name, const char *text, const char *suffix)
{
    name->length = (SaUint16T)snprintf((char *)name->value, sizeof name->value, "%s%s", text, suffix);
}

static void prepare(struct subject *s, char **argv)
{
    SaVersionT version = {'B', 2, 2};
    SaCkptSectionCreationAttributesT creation = {&s->section, SA_TIME_END};
    SaAisErrorT error;

    set_name(&s->name, argv[1], "");
    set_name(&s->own_name, argv[1], argv[4]);
    s->section = (SaCkptSectionIdT){(SaUint16T)strlen(argv[4]), (SaUint8T *)argv[4]};
    /* as the clients of tests/cluster have them, which open the checkpoints first */
    s->attributes = (SaCkptCheckpointCreationAttributesT){
        .creationFlags = (SaCkptCheckpointCreationFlagsT)atoi(argv[2]),
        .checkpointSize = SIZE,
        .retentionDuration = SA_TIME_ONE_MINUTE,
        .maxSections = 1000000,
        .maxSectionSize = 4096,
        .maxSectionIdSize = 64,
    };
    RETRIED(saCkptInitialize(&s->library, NULL, &version));
    RETRIED(saCkptCheckpointOpen(s->library, &s->name, &s->attributes,
                                 SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE,
                                 10 * SA_TIME_ONE_SECOND, &s->checkpoint));
    if (strcmp(argv[3], "read") != 0 && strcmp(argv[3], "write") != 0)
        return;
    do
        error = saCkptSectionCreate(s->checkpoint, &creation, s->data, SIZE);
    while (error == SA_AIS_ERR_TRY_AGAIN);
    if (error != SA_AIS_ERR_EXIST)
        must(error, "saCkptSectionCreate");
}

int main(int argc, char **argv)
{
    struct subject s = {0};
    void (*call)(struct subject *) = NULL;
    uint64_t begin, end, busy = 0;
    size_t count = 0;

    for (size_t i = 0; argc == 6 && i < sizeof operations / sizeof operations[0]; i++)
        if (strcmp(argv[3], operations[i].name) == 0)
            call = operations[i].call;
    if (call == NULL) {
        fprintf(stderr, "usage: measure NAME CREATION_FLAGS read|write|open|create SECTION SECONDS\n");
        return 2;
    }
    prepare(&s, argv);
    for (int i = 0; i < WARM_UP; i++)
        call(&s);
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF)
        return 1;
    begin = end = now_ns();
    while (count < SAMPLES_MAX && (double)(end - begin) < atof(argv[5]) * 1e9) {
        uint64_t from = now_ns();
        call(&s);
        end = now_ns();
        samples[count] = end - from;
        busy += samples[count++];
    }
    qsort(samples, count, sizeof samples[0], by_time);
    printf("%zu %.2f %.2f %.2f %.2f %.0f\n", count, (double)samples[0] / 1e3, (double)samples[count / 2] / 1e3,
           (double)samples[count - 1 - count / 100] / 1e3, (double)samples[count - 1] / 1e3, (double)count * 1e9 / (double)busy);
    fflush(stdout);
    must(saCkptFinalize(s.library), "saCkptFinalize");
    return 0;
}
