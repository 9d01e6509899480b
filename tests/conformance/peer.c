//go:build ignore

/*
 * peer.c: the commands that a client in a second process carries out.
 */
#include "harness.h"

#include <stdlib.h>

#define SLOTS 8

static SaCkptHandleT library;
static SaCkptCheckpointHandleT slots[SLOTS];

static SaCkptSectionIdT id_of(char *text)
{
    return (SaCkptSectionIdT){(SaUint16T)strlen(text), (SaUint8T *)text};
}

static SaAisErrorT series(SaCkptCheckpointHandleT checkpoint, uint64_t count)
{
    for (uint64_t i = 1; i <= count; i++) {
        SaAisErrorT code = section_overwrite(checkpoint, SID("first"), &i, sizeof i);
        if (code == SA_AIS_OK)
            code = section_overwrite(checkpoint, SID("second"), &i, sizeof i);
        if (code != SA_AIS_OK)
            return code;
    }
    return SA_AIS_OK;
}

static uint32_t carry_out(char *line)
{
    char *word[5] = {0};
    char *rest = line;
    unsigned slot;
    SaNameT name;
    Attributes a = attributes();

    for (int i = 0; i < 5; i++)
        word[i] = strsep(&rest, " ");
    if (strcmp(word[0], "finalize") == 0)
        return saCkptFinalize(library);
    TRUE(word[1] != NULL);
    if (strcmp(word[0], "unlink") == 0) {
        name = name_from(word[1], strlen(word[1]));
        return saCkptCheckpointUnlink(library, &name);
    }
    slot = (unsigned)atoi(word[1]);
    TRUE(slot < SLOTS);
    if (strcmp(word[0], "close") == 0)
        return saCkptCheckpointClose(slots[slot]);
    TRUE(word[2] != NULL);
    if (strcmp(word[0], "series") == 0)
        return series(slots[slot], strtoull(word[2], NULL, 10));
    TRUE(word[3] != NULL);
    if (strcmp(word[0], "open") == 0) {
        name = name_from(word[3], strlen(word[3]));
        return saCkptCheckpointOpen(library, &name, NULL, (SaUint32T)atoi(word[2]), TIMEOUT,
                                    &slots[slot]);
    }
    if (strcmp(word[0], "section") == 0)
        return section_create(slots[slot], id_of(word[2]), SA_TIME_END, word[3], strlen(word[3]));
    if (strcmp(word[0], "overwrite") == 0)
        return section_overwrite(slots[slot], id_of(word[2]), word[3], strlen(word[3]));
    if (strcmp(word[0], "expect") == 0) {
        TEXT(slots[slot], id_of(word[2]), word[3]);
        return SA_AIS_OK;
    }
    TRUE(strcmp(word[0], "create") == 0 && word[4] != NULL);
    a.retentionDuration = strtoll(word[2], NULL, 10);
    a.creationFlags = (SaUint32T)atoi(word[3]);
    name = name_from(word[4], strlen(word[4]));
    return saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, &slots[slot]);
}

int peer_main(const char *client_name)
{
    for (int i = 0; i < CLIENT_COUNT; i++)
        if (strcmp(clients[i].name, client_name) == 0)
            client = &clients[i];
    TRUE(client != NULL);
    library = initialize();
    return peer_serve(carry_out);
}
