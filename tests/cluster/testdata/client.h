/*
 * client.h: the parts of the client: calls on a checkpoint, and what it is told without asking.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <opensaf/cpsv_papi.h>
#include <saCkpt_B_02_03.h>

enum {
    THREADS_MAX = 16,
    LINE_BYTES_MAX = 512,
    NAME_BYTES_MAX = 64,     /* of a checkpoint or section, in a command */
    LISTED_MAX = 256,        /* sections that a list prints */
    RECORD_BYTES_MAX = 4096,
};

/* One thread at work: it makes one call at a time, on a checkpoint handle of its own. */
struct worker {
    int number;
    SaCkptCheckpointHandleT checkpoint; /* 0 = not open */
    char listed[LISTED_MAX * (NAME_BYTES_MAX + 1)];
};

/* What a call has given. */
struct outcome {
    SaAisErrorT code;
    uint64_t value;     /* read; or a count */
    bool torn;          /* what was read is no record that was ever written */
    const char *listed; /* names, each with a blank before it */
};

extern SaCkptHandleT library;
extern size_t record_size; /* bytes, a multiple of 8 */

/* Makes the call that a command names. Returns false if there is no such command. */
bool perform(struct worker *w, const char *command, struct outcome *outcome);

/* Reads a section: code, value and torn of the outcome. */
void read_section(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, struct outcome *o);

/* Nanoseconds of CLOCK_MONOTONIC, the same for all processes of the machine. */
static inline int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Prints one line that no other thread's gets into. */
#define SAY(...)                 \
    do {                         \
        flockfile(stdout);       \
        printf(__VA_ARGS__);     \
        putchar('\n');           \
        fflush(stdout);          \
        funlockfile(stdout);     \
    } while (0)

/* Called by Dispatch. */
void on_track(SaCkptCheckpointHandleT handle, SaCkptIOVectorElementT *parts, SaUint32T count);
void on_synchronized(SaInvocationT invocation, SaAisErrorT error);

/* Asks for the track and arrival callbacks and starts the thread that waits for them. */
SaAisErrorT start_listening(void);

#endif
