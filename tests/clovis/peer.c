//go:build ignore

/*
 * peer.c: the commands that a client in a second process carries out.
 */
#include "clovis.h"

#include <stdlib.h>

#define SLOTS 8
#define WORDS 9

static ClCkptSvcHdlT service;
static ClCkptHdlT slots[SLOTS];

struct peer start_peer(void)
{
    return start_peer_on(0);
}

struct peer start_peer_on(int node)
{
    const char *flavour = SDK_FLAVOUR ? "sdk" : "document";

    return node == 0 ? peer_start(flavour) : peer_start_on(node, flavour);
}

static ClCkptSectionIdT id_of(char *text)
{
    if (strcmp(text, "-") == 0)
        return DEFAULT_ID;
    return (ClCkptSectionIdT){(ClUint16T)strlen(text), (ClUint8T *)text};
}

static ClRcT write_elements(ClCkptHdlT checkpoint, char **word)
{
    ClCkptIOVectorElementT elements[2];
    ClUint32T count = 0, index = 0;

    for (; count < 2 && word[0] != NULL; word += 3)
        elements[count++] = element(id_of(word[0]), word[2], strlen(word[2]), atoll(word[1]));
    return clCkptCheckpointWrite(checkpoint, elements, count, &index);
}

static ClRcT write_large(ClCkptHdlT checkpoint, ClCkptSectionIdT id, size_t size)
{
    unsigned char *data = malloc(size);
    ClRcT code;

    TRUE(data != NULL);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(i * 31 + (i >> 12));
    code = section_overwrite(checkpoint, id, data, size);
    free(data);
    return code;
}

static ClRcT series(ClCkptHdlT checkpoint, ClCkptSectionIdT id, int count)
{
    for (int i = 1; i <= count; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "%d", i);
        ClRcT code = section_overwrite(checkpoint, id, text, (ClSizeT)length);
        if (code != CL_OK)
            return code;
    }
    return CL_OK;
}

/* The document's flavour tells no data. */
static ClRcT told(int count, const char *text)
{
    struct event last;

    await_consumed(count);
    EQUAL(count, event_count());
    last = event_at(count - 1);
    EQUAL(CONSUMED, last.kind);
    if (SDK_FLAVOUR) {
        EQUAL(1, last.count);
        EQUAL(strlen(text), last.elements[0].size);
        BYTES(text, last.elements[0].data, strlen(text));
    }
    return CL_OK;
}

/* Words: see make in clovis.h. */
static ClRcT make(char **word)
{
    Attributes a = {.creationFlags = (ClCkptCreationFlagsT)strtoul(word[1], NULL, 10),
                    .checkpointSize = strtoull(word[2], NULL, 10),
                    .retentionDuration = strtoll(word[3], NULL, 10),
                    .maxSections = (ClUint32T)strtoul(word[4], NULL, 10),
                    .maxSectionSize = strtoull(word[5], NULL, 10),
                    .maxSectionIdSize = strtoull(word[6], NULL, 10)};
    char bytes[sizeof((ClNameT *)NULL)->value];
    size_t length = strlen(word[0]) / 2;
    ClNameT name;

    TRUE(length <= sizeof bytes);
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {word[0][2 * i], word[0][2 * i + 1], 0};
        bytes[i] = (char)strtoul(digits, NULL, 16);
    }
    name = name_from(bytes, length);
    return clCkptCheckpointOpen(service, &name, &a, RWC, 0, &slots[MADE_SLOT]);
}

static uint32_t carry_out(char *line)
{
    char *word[WORDS + 1] = {0};
    char *rest = line;
    int words = 0;
    ClCkptHdlT *slot;
    ClNameT name;
    Attributes a = attributes();

    while (words < WORDS && (word[words] = strsep(&rest, " ")) != NULL)
        words++;
    if (strcmp(word[0], "finalize") == 0)
        return clCkptFinalize(service);
    if (strcmp(word[0], "events") == 0)
        return (uint32_t)event_count();
    TRUE(words >= 2);
    if (strcmp(word[0], "delete") == 0) {
        name = name_from(word[1], strlen(word[1]));
        return clCkptCheckpointDelete(service, &name);
    }
    if (strcmp(word[0], "make") == 0) {
        TRUE(words == 8);
        return make(word + 1);
    }
    if (strcmp(word[0], "ais") == 0) {
        TRUE(words == 4);
        return overwrite_by_sa(word[1], word[2], word[3]);
    }
    if (strcmp(word[0], "told") == 0) {
        TRUE(words == 3);
        return told(atoi(word[1]), word[2]);
    }
    TRUE(atoi(word[1]) >= 0 && atoi(word[1]) < SLOTS);
    slot = &slots[atoi(word[1])];
    if (strcmp(word[0], "close") == 0)
        return clCkptCheckpointClose(*slot);
    if (strcmp(word[0], "active") == 0)
        return clCkptActiveReplicaSet(*slot);
    if (strcmp(word[0], "synchronize") == 0)
        return clCkptCheckpointSynchronize(*slot, 10 * SECOND);
    if (strcmp(word[0], "consume") == 0)
        return consume(*slot, NULL);
    TRUE(words >= 3);
    if (strcmp(word[0], "remove") == 0)
        return section_delete(*slot, id_of(word[2]));
    TRUE(words >= 4);
    if (strcmp(word[0], "open") == 0) {
        name = name_from(word[3], strlen(word[3]));
        return clCkptCheckpointOpen(service, &name, NULL, (ClUint32T)atoi(word[2]), 0, slot);
    }
    if (strcmp(word[0], "large") == 0)
        return write_large(*slot, id_of(word[2]), (size_t)atoll(word[3]));
    if (strcmp(word[0], "series") == 0)
        return series(*slot, id_of(word[2]), atoi(word[3]));
    if (strcmp(word[0], "expire") == 0)
        return section_expire(*slot, id_of(word[2]), atoll(word[3]));
    if (strcmp(word[0], "overwrite") == 0)
        return section_overwrite(*slot, id_of(word[2]), word[3], strlen(word[3]));
    if (strcmp(word[0], "expect") == 0) {
        TEXT(*slot, id_of(word[2]), word[3]);
        return CL_OK;
    }
    TRUE(words >= 5);
    if (strcmp(word[0], "section") == 0)
        return section_create(*slot, id_of(word[2]), atoll(word[3]), word[4], strlen(word[4]));
    if (strcmp(word[0], "write") == 0)
        return write_elements(*slot, word + 2);
    TRUE(strcmp(word[0], "create") == 0);
    a.creationFlags = (ClUint32T)atoi(word[3]);
    name = name_from(word[4], strlen(word[4]));
    return clCkptCheckpointOpen(service, &name, &a, (ClUint32T)atoi(word[2]), 0, slot);
}

int peer_main(const char *client_name)
{
    (void)client_name;
    service = initialize();
    return peer_serve(carry_out);
}
