/*
 * hot_standby: the standby is told of each write as it arrives, and keeps a copy of its own.
 *
 * The active takes orders and writes each into a checkpoint. The standby does not look again and
 * again: it waits in poll, like any server does, on a descriptor that the library gives it. When
 * that is readable it calls saCkptDispatch, and the library calls the arrival callback with the
 * place and size of what was written. When the active dies, the standby has all orders in its own
 * memory already.
 *
 *   hot_standby standby    start this one first
 *   hot_standby active
 */
#include <poll.h>
#include <string.h>

#include <opensaf/cpsv_papi.h> /* the arrival callback; includes saCkpt.h */

#include "aiserror.h"

enum {
    ORDERS = 5,
    ORDER_SIZE = 24,           /* bytes of one order, NUL-padded text */
    QUIET_MS_MAX = 30 * 1000,  /* how long the standby waits for the next order */
};

static char copy[ORDERS][ORDER_SIZE]; /* what the standby knows */
static int arrived;                   /* how many orders that is */

/* Called from saCkptDispatch, once for each write. It gets the list of parts that the writer wrote,
 * without data: setting a buffer in each makes it a list of parts to read. */
static void on_arrival(SaCkptCheckpointHandleT checkpoint, SaCkptIOVectorElementT *parts,
                       SaUint32T count)
{
    for (SaUint32T i = 0; i < count; i++) {
        if (parts[i].dataOffset + parts[i].dataSize > sizeof copy)
            give_up("standby: a write beyond the orders");
        parts[i].dataBuffer = (char *)copy + parts[i].dataOffset;
    }
    must(saCkptCheckpointRead(checkpoint, parts, count, NULL), "saCkptCheckpointRead");
    for (SaUint32T i = 0; i < count; i++) {
        char *order = parts[i].dataBuffer;
        printf("standby: %llu bytes at %llu: %.*s\n", parts[i].readSize, parts[i].dataOffset,
               ORDER_SIZE, order);
        arrived++;
    }
}

static void be_standby(SaCkptHandleT library)
{
    SaSelectionObjectT selection;

    must(ncsCkptRegisterCkptArrivalCallback(library, on_arrival),
         "ncsCkptRegisterCkptArrivalCallback");
    must(saCkptSelectionObjectGet(library, &selection), "saCkptSelectionObjectGet");
    printf("standby: waiting\n");

    /* A real server has its sockets in this list as well. */
    struct pollfd fds[] = {{.fd = (int)selection, .events = POLLIN}};
    while (arrived < ORDERS) {
        if (poll(fds, 1, QUIET_MS_MAX) <= 0)
            give_up("standby: no order has arrived");
        if (fds[0].revents & POLLIN)
            must(saCkptDispatch(library, SA_DISPATCH_ALL), "saCkptDispatch");
    }
    printf("standby: has all %d orders\n", arrived);
}

static void be_active(SaCkptCheckpointHandleT checkpoint)
{
    static const char *const goods[ORDERS] = {"apples", "bread", "cheese", "dates", "eggs"};

    for (int i = 0; i < ORDERS; i++) {
        char order[ORDER_SIZE] = "";
        snprintf(order, sizeof order, "order %d: %s", i + 1, goods[i]);
        SaCkptIOVectorElementT part = {
            .sectionId = SA_CKPT_DEFAULT_SECTION_ID,
            .dataBuffer = order,
            .dataSize = ORDER_SIZE,
            .dataOffset = (SaOffsetT)i * ORDER_SIZE,
        };
        must(saCkptCheckpointWrite(checkpoint, &part, 1, NULL), "saCkptCheckpointWrite");
        printf("active: wrote %s\n", order);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2 || (strcmp(argv[1], "active") && strcmp(argv[1], "standby")))
        give_up("usage: hot_standby active|standby");
    setvbuf(stdout, NULL, _IOLBF, 0);

    SaVersionT version = {'B', 1, 1};
    SaCkptHandleT library;
    must(saCkptInitialize(&library, NULL, &version), "saCkptInitialize");

    const SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = SA_CKPT_WR_ALL_REPLICAS,
        .checkpointSize = sizeof copy,
        .retentionDuration = 0, /* gone when nobody has it open */
        .maxSections = 1,
        .maxSectionSize = sizeof copy,
        .maxSectionIdSize = 1,
    };
    SaNameT name;
    saAisNameLend("safCkpt=hot_standby", &name);
    /* READ is what entitles to arrival callbacks. */
    SaCkptCheckpointHandleT checkpoint;
    must(saCkptCheckpointOpen(library, &name, &attributes,
                              SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ |
                                  SA_CKPT_CHECKPOINT_WRITE,
                              5 * SA_TIME_ONE_SECOND, &checkpoint),
         "saCkptCheckpointOpen");

    if (strcmp(argv[1], "active") == 0)
        be_active(checkpoint);
    else
        be_standby(library);

    must(saCkptCheckpointClose(checkpoint), "saCkptCheckpointClose");
    must(saCkptFinalize(library), "saCkptFinalize");
    return EXIT_SUCCESS;
}
