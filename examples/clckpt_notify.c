/*
 * clckpt_notify: be told what another process changes in a checkpoint, with the data.
 *
 * OpenClovis calls it immediate consumption. The callback runs in a thread of the library, so a
 * program needs no loop around clCkptDispatch for it. It is called in every process that has asked
 * for it, except in the one that writes.
 *
 *   clckpt_notify reader    start this one first
 *   clckpt_notify writer
 */
#define CL_CKPT_SDK 60 /* the callback of SDK 5 and 6; that of the 2007 document has no data */

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <clCkptApi.h>

#include "clerror.h"

enum { QUIET_S_MAX = 30 }; /* how long the reader waits for the next change */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int seen; /* callbacks */
    int over; /* the section has been deleted */
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* What the library hands over belongs to it, and is gone when the callback has returned. */
static ClRcT on_change(ClCkptHdlT checkpoint, ClNameT *name, ClCkptIOVectorElementT *parts,
                       ClUint32T count, ClPtrT cookie)
{
    (void)checkpoint;
    pthread_mutex_lock(&progress.lock);
    progress.seen++;
    for (ClUint32T i = 0; i < count; i++) {
        printf("%s: change %d of %.*s: section %.*s, ", (const char *)cookie, progress.seen,
               name->length, name->value, parts[i].sectionId.idLen, (char *)parts[i].sectionId.id);
        if (parts[i].dataSize == 0) {
            printf("deleted\n");
            progress.over = 1;
        } else {
            printf("%llu bytes at %lld: %.*s\n", parts[i].dataSize, parts[i].dataOffset,
                   (int)parts[i].dataSize, (char *)parts[i].dataBuffer);
        }
    }
    pthread_cond_signal(&progress.changed);
    pthread_mutex_unlock(&progress.lock);
    return CL_OK;
}

static ClCkptHdlT open_for(ClCkptSvcHdlT service, ClCkptOpenFlagsT flags)
{
    const ClCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = CL_CKPT_WR_ALL_REPLICAS,
        .checkpointSize = 10 * 100,
        .retentionDuration = 0,
        .maxSections = 10,
        .maxSectionSize = 100,
        .maxSectionIdSize = 16,
    };
    ClNameT name;
    ClCkptHdlT checkpoint;

    clNameSet(&name, "clckpt_notify");
    must(clCkptCheckpointOpen(service, &name, &attributes, CL_CKPT_CHECKPOINT_CREATE | flags, 0,
                              &checkpoint),
         "clCkptCheckpointOpen");
    return checkpoint;
}

static void be_reader(ClCkptSvcHdlT service)
{
    static char cookie[] = "reader"; /* comes back in the callback, for whatever use */
    ClCkptHdlT checkpoint = open_for(service, CL_CKPT_CHECKPOINT_READ);

    must(clCkptImmediateConsumptionRegister(checkpoint, on_change, cookie),
         "clCkptImmediateConsumptionRegister");
    printf("reader: waiting\n");

    pthread_mutex_lock(&progress.lock);
    while (!progress.over) {
        struct timespec until;
        int seen = progress.seen;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += QUIET_S_MAX;
        while (progress.seen == seen)
            if (pthread_cond_timedwait(&progress.changed, &progress.lock, &until) == ETIMEDOUT)
                give_up("reader: no change has come");
    }
    printf("reader: %d changes\n", progress.seen);
    pthread_mutex_unlock(&progress.lock);
    must(clCkptCheckpointClose(checkpoint), "clCkptCheckpointClose");
}

static void be_writer(ClCkptSvcHdlT service)
{
    ClCkptHdlT checkpoint = open_for(service, CL_CKPT_CHECKPOINT_WRITE);
    ClUint8T id_text[] = "colour";
    ClCkptSectionIdT id = {.idLen = sizeof id_text - 1, .id = id_text};
    ClCkptSectionCreationAttributesT attributes = {
        .sectionId = &id,
        .expirationTime = (ClTimeT)CL_TIME_END,
    };

    /* Creating a section is not told, what comes after it is. */
    must(clCkptSectionCreate(checkpoint, &attributes, (const ClUint8T *)"green", 5),
         "clCkptSectionCreate");
    must(clCkptSectionOverwrite(checkpoint, &id, "dark blue", 9), "clCkptSectionOverwrite");

    char grey[] = "grey";
    ClCkptIOVectorElementT part = {id, grey, 4, 5, 0}; /* 4 bytes at offset 5 */
    must(clCkptCheckpointWrite(checkpoint, &part, 1, NULL), "clCkptCheckpointWrite");

    must(clCkptSectionDelete(checkpoint, &id), "clCkptSectionDelete");
    printf("writer: done\n");
    must(clCkptCheckpointClose(checkpoint), "clCkptCheckpointClose");
}

int main(int argc, char **argv)
{
    const char *role = argc == 2 ? argv[1] : "";
    ClVersionT version = {'B', 1, 1};
    ClCkptSvcHdlT service;

    if (strcmp(role, "reader") != 0 && strcmp(role, "writer") != 0)
        give_up("usage: clckpt_notify reader|writer");
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever waits for a line sees it at once */
    must(clCkptInitialize(&service, NULL, &version), "clCkptInitialize");
    if (strcmp(role, "reader") == 0)
        be_reader(service);
    else
        be_writer(service);
    must(clCkptFinalize(service), "clCkptFinalize");
    return EXIT_SUCCESS;
}
