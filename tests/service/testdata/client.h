/*
 * client.h: what the applications of these tests have in common.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <saCkpt.h>

/* Ends the program with a line that names the call, unless it succeeded. */
static inline void must(SaAisErrorT error, const char *call)
{
    if (error != SA_AIS_OK) {
        printf("failed %s %d\n", call, (int)error);
        fflush(stdout);
        exit(1);
    }
}

/* Monotonic time in microseconds. */
static inline long long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static inline SaCkptHandleT initialize(void)
{
    SaVersionT version = {'B', 2, 2};
    SaCkptHandleT library;
    must(saCkptInitialize(&library, NULL, &version), "Initialize");
    return library;
}

/* Opens a checkpoint of the given number of sections and retention, creating it if need be. */
static inline SaCkptCheckpointHandleT open_checkpoint(SaCkptHandleT library, const char *name,
                                                      SaUint32T sections, SaTimeT retention)
{
    const SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = SA_CKPT_WR_ALL_REPLICAS,
        .checkpointSize = 4096,
        .retentionDuration = retention,
        .maxSections = sections,
        .maxSectionSize = 4096,
        .maxSectionIdSize = 8,
    };
    SaNameT sa_name;
    SaCkptCheckpointHandleT checkpoint;

    saAisNameLend(name, &sa_name);
    must(saCkptCheckpointOpen(library, &sa_name, &attributes,
                              SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ |
                                  SA_CKPT_CHECKPOINT_WRITE,
                              10 * SA_TIME_ONE_SECOND, &checkpoint),
         "CheckpointOpen");
    return checkpoint;
}

#endif
