//go:build ignore

/*
 * peer.c: the commands that a client in a second process carries out.
 */
#include "harness.h"

#include <stdlib.h>

#define SLOTS 8
#define WORDS 8

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

/* Words: see make in harness.h. */
static SaAisErrorT make(char **word)
{
    Attributes a = {.creationFlags = (SaUint32T)strtoul(word[1], NULL, 10),
                    .checkpointSize = strtoull(word[2], NULL, 10),
                    .retentionDuration = strtoll(word[3], NULL, 10),
                    .maxSections = (SaUint32T)strtoul(word[4], NULL, 10),
                    .maxSectionSize = strtoull(word[5], NULL, 10),
                    .maxSectionIdSize = strtoull(word[6], NULL, 10)};
    char bytes[SA_MAX_NAME_LENGTH];
    size_t length = strlen(word[0]) / 2;
    SaNameT name;

    TRUE(length <= sizeof bytes);
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {word[0][2 * i], word[0][2 * i + 1], 0};
        bytes[i] = (char)strtoul(digits, NULL, 16);
    }
    name = name_from(bytes, length);
    return saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, &slots[MADE_SLOT]);
}

static uint32_t carry_out(char *line)
{
    SaCkptCheckpointDescriptorT status;
    char *word[WORDS] = {0};
    char *rest = line;
    unsigned slot;
    SaNameT name;
    Attributes a = attributes();

    for (int i = 0; i < WORDS; i++)
        word[i] = strsep(&rest, " ");
    if (strcmp(word[0], "finalize") == 0)
        return saCkptFinalize(library);
    TRUE(word[1] != NULL);
    if (strcmp(word[0], "unlink") == 0) {
        name = name_from(word[1], strlen(word[1]));
        return saCkptCheckpointUnlink(library, &name);
    }
    if (strcmp(word[0], "make") == 0) {
        TRUE(word[WORDS - 1] != NULL);
        return make(word + 1);
    }
    slot = (unsigned)atoi(word[1]);
    TRUE(slot < SLOTS);
    if (strcmp(word[0], "close") == 0)
        return saCkptCheckpointClose(slots[slot]);
    if (strcmp(word[0], "active") == 0)
        return saCkptActiveReplicaSet(slots[slot]);
    if (strcmp(word[0], "synchronize") == 0)
        return saCkptCheckpointSynchronize(slots[slot], TIMEOUT);
    if (strcmp(word[0], "status") == 0)
        return saCkptCheckpointStatusGet(slots[slot], &status);
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
