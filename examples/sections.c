/*
 * sections: create, list and lose sections.
 *
 * A checkpoint with room for several sections is like a small table: each section has an id of any
 * bytes, given by the program or made up by the service, and data of its own size. A section may
 * have an expiration time, at which it goes away by itself.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include <saCkpt.h>

#include "aiserror.h"

enum {
    LOOK_MS = 50,
    LOOKS_MAX = 10 * 1000 / LOOK_MS, /* how long to wait for the expiration */
};

static SaCkptCheckpointHandleT checkpoint;

static SaTimeT now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (SaTimeT)t.tv_sec * SA_TIME_ONE_SECOND + t.tv_nsec;
}

/* Creates a section. An id of {0, NULL} is replaced by one that the service makes up. */
static void create(SaCkptSectionIdT *id, const char *data, SaTimeT expiration)
{
    SaCkptSectionCreationAttributesT attributes = {.sectionId = id, .expirationTime = expiration};
    must(saCkptSectionCreate(checkpoint, &attributes, data, strlen(data)), "saCkptSectionCreate");
}

static SaCkptSectionIdT id_of(char *text)
{
    return (SaCkptSectionIdT){.idLen = (SaUint16T)strlen(text), .id = (SaUint8T *)text};
}

/* Goes through the sections that are chosen, and returns how many there are. */
static int list(SaCkptSectionsChosenT chosen, const SaCkptSectionIdT *generated, int print)
{
    SaCkptSectionIterationHandleT iteration;
    SaCkptSectionDescriptorT d;
    SaAisErrorT error;
    int count = 0;

    must(saCkptSectionIterationInitialize(checkpoint, chosen, 0, &iteration),
         "saCkptSectionIterationInitialize");
    while ((error = saCkptSectionIterationNext(iteration, &d)) == SA_AIS_OK) {
        const char *when = d.expirationTime == SA_TIME_END ? "never expires" : "expires";
        int made_up = d.sectionId.idLen == generated->idLen &&
                      memcmp(d.sectionId.id, generated->id, generated->idLen) == 0;
        count++;
        if (print && made_up)
            printf("  a generated id of %d bytes: %llu bytes, %s\n", d.sectionId.idLen,
                   d.sectionSize, when);
        else if (print) /* an id is bytes and a length, not a C string */
            printf("  %.*s: %llu bytes, %s\n", d.sectionId.idLen, (char *)d.sectionId.id,
                   d.sectionSize, when);
    }
    if (error != SA_AIS_ERR_NO_SECTIONS) /* the ordinary end */
        must(error, "saCkptSectionIterationNext");
    must(saCkptSectionIterationFinalize(iteration), "saCkptSectionIterationFinalize");
    return count;
}

int main(void)
{
    SaVersionT version = {'B', 2, 2};
    SaCkptHandleT library;
    must(saCkptInitialize(&library, NULL, &version), "saCkptInitialize");

    /* These are limits; memory is used only for what is there. */
    const SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = SA_CKPT_WR_ALL_REPLICAS,
        .checkpointSize = 10 * 100,
        .retentionDuration = 0,
        .maxSections = 10,
        .maxSectionSize = 100,
        .maxSectionIdSize = 16,
    };
    SaNameT name;
    saAisNameLend("safCkpt=sections", &name);
    must(saCkptCheckpointOpen(library, &name, &attributes,
                              SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ |
                                  SA_CKPT_CHECKPOINT_WRITE,
                              5 * SA_TIME_ONE_SECOND, &checkpoint),
         "saCkptCheckpointOpen");

    char red_text[] = "red", green_text[] = "green", blue_text[] = "blue";
    SaCkptSectionIdT red = id_of(red_text), green = id_of(green_text), blue = id_of(blue_text);
    SaCkptSectionIdT generated = SA_CKPT_GENERATED_SECTION_ID;
    create(&green, "leaf", SA_TIME_END);
    create(&red, "rose", SA_TIME_END);
    create(&blue, "forget-me-not", now() + 2 * SA_TIME_ONE_SECOND);
    create(&generated, "whatever", SA_TIME_END);

    printf("all sections, by length of the id, then by its bytes:\n");
    list(SA_CKPT_SECTIONS_ANY, &generated, 1);
    printf("%d never expire\n", list(SA_CKPT_SECTIONS_FOREVER, &generated, 0));

    must(saCkptSectionDelete(checkpoint, &green), "saCkptSectionDelete");
    for (int look = 0; list(SA_CKPT_SECTIONS_ANY, &generated, 0) > 2; look++) {
        if (look == LOOKS_MAX)
            give_up("blue should have expired");
        nanosleep(&(struct timespec){0, LOOK_MS * 1000000}, NULL);
    }
    printf("after green was deleted and blue has expired:\n");
    list(SA_CKPT_SECTIONS_ANY, &generated, 1);

    /* The generated id is memory of this program now. */
    must(saCkptSectionIdFree(checkpoint, generated.id), "saCkptSectionIdFree");
    must(saCkptCheckpointClose(checkpoint), "saCkptCheckpointClose");
    must(saCkptFinalize(library), "saCkptFinalize");
    return EXIT_SUCCESS;
}
