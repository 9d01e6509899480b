//go:build ignore

/*
 * fixture.c: library handles, names, checkpoints and sections for tests.
 */
#include "harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "recorder.h"

const struct client clients[CLIENT_COUNT] = {
    {"B.01.01", B_01_01, {'B', 1, 1}},
    {"B.02.02", B_02_02, {'B', 2, 2}},
    {"B.02.03", B_02_03, {'B', 2, 3}},
};
const struct client *client;

SaAisErrorT initialize_as(SaVersionT version, SaCkptHandleT *handle)
{
    const SaCkptCallbacksT callbacks = {record_open, record_synchronize};
    return saCkptInitialize(handle, &callbacks, &version);
}

SaCkptHandleT initialize(void)
{
    const SaCkptCallbacksT_2 callbacks = {record_open, record_synchronize, record_track};
    SaVersionT version = client->version;
    SaCkptHandleT handle = 0;

    if (client->bit == B_02_03)
        OK(saCkptInitialize_2(&handle, &callbacks, &version));
    else
        OK(initialize_as(version, &handle));
    return handle;
}

SaCkptHandleT initialize_bare(void)
{
    SaVersionT version = client->version;
    SaCkptHandleT handle = 0;

    if (client->bit == B_02_03)
        OK(saCkptInitialize_2(&handle, NULL, &version));
    else
        OK(saCkptInitialize(&handle, NULL, &version));
    return handle;
}

SaNameT name_from(const char *bytes, size_t length)
{
    SaNameT name;
    memset(&name, 0, sizeof name);
    TRUE(length <= SA_MAX_NAME_LENGTH);
    name.length = (SaUint16T)length;
    memcpy(name.value, bytes, length);
    return name;
}

SaNameT name_of(const char *suffix)
{
    char text[128];
    int length = snprintf(text, sizeof text, "safCkpt=conf-%s-%s-%d-%s", test_label, client->name,
                          (int)getpid(), suffix);
    return name_from(text, (size_t)length);
}

Attributes attributes(void)
{
    Attributes a;
    memset(&a, 0, sizeof a);
    a.creationFlags = SA_CKPT_WR_ALL_REPLICAS;
    a.maxSections = MAX_SECTIONS;
    a.maxSectionSize = MAX_SIZE;
    a.maxSectionIdSize = MAX_ID;
    a.checkpointSize = MAX_SECTIONS * MAX_SIZE;
    return a;
}

Attributes attributes_with(SaCkptCheckpointCreationFlagsT flags)
{
    Attributes a = attributes();
    a.creationFlags = flags;
    return a;
}

Attributes one_section(void)
{
    Attributes a = attributes();
    a.maxSections = 1;
    a.checkpointSize = MAX_SIZE;
    return a;
}

/* ---- made on another node ---- */

#define MADE_NAME_MAX 128 /* a longer name, in hex, does not fit a peer's line: such a checkpoint is made here */

static pthread_mutex_t maker_lock = PTHREAD_MUTEX_INITIALIZER;

/* The peer on another node that makes checkpoints, with the lock held; NULL: they are made here. */
static struct peer *maker(const SaNameT *name)
{
    static struct peer peer;
    const char *wanted = getenv("CKPT_TEST_CREATOR");

    if (wanted == NULL || strcmp(wanted, "1") != 0 || name->length > MADE_NAME_MAX)
        return NULL;
    pthread_mutex_lock(&maker_lock);
    if (peer.pid == 0)
        peer = peer_start_on(1, client->name);
    return &peer;
}

static void make_there(struct peer *peer, const SaNameT *name, const Attributes *a)
{
    char hex[2 * MADE_NAME_MAX + 1] = "";

    for (SaUint16T i = 0; i < name->length; i++)
        sprintf(hex + 2 * i, "%02x", name->value[i]);
    EQUAL(SA_AIS_OK, peer_do(peer, "make %s %u %llu %lld %u %llu %llu", hex, (unsigned)a->creationFlags,
                             (unsigned long long)a->checkpointSize, (long long)a->retentionDuration,
                             (unsigned)a->maxSections, (unsigned long long)a->maxSectionSize,
                             (unsigned long long)a->maxSectionIdSize));
}

SaCkptCheckpointHandleT create(SaCkptHandleT library, const SaNameT *name, const Attributes *with)
{
    SaCkptCheckpointHandleT checkpoint = 0;
    struct peer *elsewhere = maker(name);

    if (elsewhere != NULL)
        make_there(elsewhere, name, with);
    OK(saCkptCheckpointOpen(library, name, with, RWC, TIMEOUT, &checkpoint));
    TRUE(checkpoint != 0);
    if (elsewhere != NULL) {
        EQUAL(SA_AIS_OK, peer_do(elsewhere, "close %d", MADE_SLOT));
        pthread_mutex_unlock(&maker_lock);
    }
    return checkpoint;
}

SaCkptCheckpointHandleT open_as(SaCkptHandleT library, const SaNameT *name,
                                SaCkptCheckpointOpenFlagsT flags)
{
    SaCkptCheckpointHandleT checkpoint = 0;
    OK(saCkptCheckpointOpen(library, name, NULL, flags, TIMEOUT, &checkpoint));
    TRUE(checkpoint != 0);
    return checkpoint;
}

SaAisErrorT try_open(SaCkptHandleT library, const SaNameT *name)
{
    SaCkptCheckpointHandleT checkpoint = 0;
    SaAisErrorT code = saCkptCheckpointOpen(library, name, NULL, READ, TIMEOUT, &checkpoint);
    if (code == SA_AIS_OK)
        OK(saCkptCheckpointClose(checkpoint));
    return code;
}

SaCkptCheckpointHandleT fresh(const char *suffix)
{
    Attributes a = attributes();
    SaNameT name = name_of(suffix);
    return create(initialize(), &name, &a);
}

/* ---- sections ---- */

SaAisErrorT section_create(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id,
                           SaTimeT expiration, const void *data, SaSizeT size)
{
    SaCkptSectionCreationAttributesT a = {&id, expiration};
    return saCkptSectionCreate(checkpoint, &a, data, size);
}

void add_section(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, const char *text)
{
    OK(section_create(checkpoint, id, SA_TIME_END, text, strlen(text)));
}

SaCkptIOVectorElementT element(SaCkptSectionIdT id, const void *buffer, SaSizeT size,
                               SaOffsetT offset)
{
    SaCkptIOVectorElementT e;
    memset(&e, 0, sizeof e);
    e.sectionId = id;
    e.dataBuffer = (void *)(uintptr_t)buffer;
    e.dataSize = size;
    e.dataOffset = offset;
    return e;
}

SaAisErrorT section_write(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id,
                          SaOffsetT offset, const void *data, SaSizeT size)
{
    SaCkptIOVectorElementT e = element(id, data, size, offset);
    SaUint32T index = 0;
    return saCkptCheckpointWrite(checkpoint, &e, 1, &index);
}

SaAisErrorT section_overwrite(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id,
                              const void *data, SaSizeT size)
{
    return saCkptSectionOverwrite(checkpoint, &id, data, size);
}

SaAisErrorT section_delete(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id)
{
    return saCkptSectionDelete(checkpoint, &id);
}

SaAisErrorT section_read(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, void *buffer,
                         SaSizeT *size)
{
    SaCkptIOVectorElementT e = element(id, buffer, MAX_SIZE, 0);
    SaUint32T index = 0;
    SaAisErrorT code = saCkptCheckpointRead(checkpoint, &e, 1, &index);
    if (size != NULL)
        *size = e.readSize;
    return code;
}

void check_content(const struct site *site, SaCkptCheckpointHandleT checkpoint,
                   SaCkptSectionIdT id, const void *want, SaSizeT size)
{
    unsigned char got[MAX_SIZE];
    SaSizeT got_size = 0;
    check_rc(site, SA_AIS_OK, section_read(checkpoint, id, got, &got_size));
    check_u64(site, size, got_size);
    check_bytes(site, want, got, size);
}

SaUint32T number_of_sections(SaCkptCheckpointHandleT checkpoint)
{
    SaCkptCheckpointDescriptorT status;
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    return status.numberOfSections;
}

bool same_id(SaCkptSectionIdT a, SaCkptSectionIdT b)
{
    return a.idLen == b.idLen && (a.idLen == 0 || memcmp(a.id, b.id, a.idLen) == 0);
}

SaCkptSectionDescriptorT describe(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id)
{
    SaCkptSectionIterationHandleT iteration;
    SaCkptSectionDescriptorT found;
    SaAisErrorT code;

    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    while ((code = saCkptSectionIterationNext(iteration, &found)) == SA_AIS_OK &&
           !same_id(found.sectionId, id))
        ;
    OK(code);
    OK(saCkptSectionIterationFinalize(iteration));
    found.sectionId = id;
    return found;
}
