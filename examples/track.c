/*
 * track: be told what others change in a checkpoint, the newer way.
 *
 * hot_standby.c shows the arrival callback, which any program can register. OpenSAF later added a
 * similar one, the track callback: it is given to saCkptInitialize_2 like the other callbacks, is
 * switched on and off with saCkptTrack and saCkptTrackStop, and tells of deleted sections too.
 *
 * This program has the checkpoint open twice. What is done through one handle is told to the other:
 * only the handle that wrote is left out, so one process can play both parts.
 */
#include <poll.h>
#include <string.h>

#include <saCkpt_B_02_03.h> /* includes saCkpt.h */

#include "aiserror.h"

enum { WAIT_MS_MAX = 30 * 1000 }; /* how long to wait for a callback */

static SaCkptCheckpointHandleT writer, reader;
static int callbacks_seen;

static void on_change(SaCkptCheckpointHandleT handle, SaCkptIOVectorElementT *parts,
                      SaUint32T count)
{
    if (handle != reader)
        give_up("told about a handle that only writes");
    callbacks_seen++;
    for (SaUint32T i = 0; i < count; i++) {
        const SaCkptSectionIdT *id = &parts[i].sectionId;
        char data[100];

        printf("callback %d: section %.*s, %llu bytes at %llu", callbacks_seen, id->idLen,
               (char *)id->id, parts[i].dataSize, parts[i].dataOffset);
        if (parts[i].dataSize > 0) {
            parts[i].dataBuffer = data;
            must(saCkptCheckpointRead(handle, &parts[i], 1, NULL), "saCkptCheckpointRead");
            printf(": %.*s", (int)parts[i].readSize, data);
        }
        printf("\n");
    }
}

/* Waits until the callback has been called so often in all. */
static void wait_for_callback(SaCkptHandleT library, int number)
{
    SaSelectionObjectT selection;

    must(saCkptSelectionObjectGet(library, &selection), "saCkptSelectionObjectGet");
    struct pollfd fd = {.fd = (int)selection, .events = POLLIN};
    while (callbacks_seen < number) {
        if (poll(&fd, 1, WAIT_MS_MAX) != 1)
            give_up("no callback has come");
        must(saCkptDispatch(library, SA_DISPATCH_ALL), "saCkptDispatch");
    }
}

static void open_for(SaCkptHandleT library, SaCkptCheckpointOpenFlagsT flags,
                     SaCkptCheckpointHandleT *checkpoint)
{
    const SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = SA_CKPT_WR_ALL_REPLICAS,
        .checkpointSize = 10 * 100,
        .retentionDuration = 0,
        .maxSections = 10,
        .maxSectionSize = 100,
        .maxSectionIdSize = 16,
    };
    SaNameT name;
    saAisNameLend("safCkpt=track", &name);
    must(saCkptCheckpointOpen(library, &name, &attributes, SA_CKPT_CHECKPOINT_CREATE | flags,
                              5 * SA_TIME_ONE_SECOND, checkpoint),
         "saCkptCheckpointOpen");
}

int main(void)
{
    /* Tracking is for programs that ask for version B.02.03. */
    const SaCkptCallbacksT_2 callbacks = {.saCkptCheckpointTrackCallback = on_change};
    SaVersionT version = {'B', 2, 3};
    SaCkptHandleT library;
    must(saCkptInitialize_2(&library, &callbacks, &version), "saCkptInitialize_2");

    /* Changes are told to handles that are open for reading. */
    open_for(library, SA_CKPT_CHECKPOINT_WRITE, &writer);
    open_for(library, SA_CKPT_CHECKPOINT_READ, &reader);
    must(saCkptTrack(library), "saCkptTrack");

    SaUint8T id_text[] = "colour";
    SaCkptSectionIdT id = {.idLen = sizeof id_text - 1, .id = id_text};
    SaCkptSectionCreationAttributesT attributes = {.sectionId = &id, .expirationTime = SA_TIME_END};
    must(saCkptSectionCreate(writer, &attributes, "green", 5), "saCkptSectionCreate");
    wait_for_callback(library, 1);

    must(saCkptSectionOverwrite(writer, &id, "dark blue", 9), "saCkptSectionOverwrite");
    wait_for_callback(library, 2);

    char grey[] = "grey";
    SaCkptIOVectorElementT part = {id, grey, 4, 5, 0}; /* 4 bytes at offset 5 */
    must(saCkptCheckpointWrite(writer, &part, 1, NULL), "saCkptCheckpointWrite");
    wait_for_callback(library, 3);

    must(saCkptSectionDelete(writer, &id), "saCkptSectionDelete");
    wait_for_callback(library, 4);

    must(saCkptTrackStop(library), "saCkptTrackStop");
    must(saCkptCheckpointClose(reader), "saCkptCheckpointClose");
    must(saCkptCheckpointClose(writer), "saCkptCheckpointClose");
    must(saCkptFinalize(library), "saCkptFinalize");
    return EXIT_SUCCESS;
}
