//go:build ignore

/*
 * fixture.c: service handles, names, checkpoints and sections for tests.
 */
#include "clovis.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

ClRcT initialize_with(ClCkptSvcHdlT *handle, const ClCkptCallbacksT *callbacks)
{
    ClVersionT version = {'B', 1, 1};
    return clCkptInitialize(handle, callbacks, &version);
}

ClCkptSvcHdlT initialize(void)
{
    ClCkptSvcHdlT handle = 0;
    OK(initialize_with(&handle, &recording_callbacks));
    return handle;
}

ClCkptSvcHdlT initialize_bare(void)
{
    ClCkptSvcHdlT handle = 0;
    OK(initialize_with(&handle, NULL));
    return handle;
}

ClNameT name_from(const void *bytes, size_t length)
{
    ClNameT name;
    memset(&name, 0, sizeof name);
    TRUE(length <= sizeof name.value);
    name.length = (ClUint16T)length;
    memcpy(name.value, bytes, length);
    return name;
}

ClNameT name_of(const char *suffix)
{
    static int64_t started; /* two processes never share both number and time */
    char text[128];
    int length;

    if (started == 0)
        started = wall_now();
    length = snprintf(text, sizeof text, "clovis-%d-%lld-%s", (int)getpid(), (long long)started, suffix);
    return name_from(text, (size_t)length);
}

Attributes attributes(void)
{
    Attributes a;
    memset(&a, 0, sizeof a);
    a.creationFlags = CL_CKPT_WR_ALL_REPLICAS;
    a.maxSections = MAX_SECTIONS;
    a.maxSectionSize = MAX_SIZE;
    a.maxSectionIdSize = MAX_ID;
    a.checkpointSize = MAX_SECTIONS * MAX_SIZE;
    return a;
}

Attributes attributes_with(ClCkptCreationFlagsT flags)
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
static struct peer *maker(const ClNameT *name)
{
    static struct peer peer;
    const char *wanted = getenv("CKPT_TEST_CREATOR");

    if (wanted == NULL || strcmp(wanted, "1") != 0 || name->length > MADE_NAME_MAX)
        return NULL;
    pthread_mutex_lock(&maker_lock);
    if (peer.pid == 0)
        peer = start_peer_on(1);
    return &peer;
}

static void make_there(struct peer *peer, const ClNameT *name, const Attributes *a)
{
    char hex[2 * MADE_NAME_MAX + 1] = "";

    for (ClUint16T i = 0; i < name->length; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned char)name->value[i]);
    EQUAL(CL_OK, peer_do(peer, "make %s %u %llu %lld %u %llu %llu", hex, (unsigned)a->creationFlags,
                         (unsigned long long)a->checkpointSize, (long long)a->retentionDuration,
                         (unsigned)a->maxSections, (unsigned long long)a->maxSectionSize,
                         (unsigned long long)a->maxSectionIdSize));
}

ClCkptHdlT create(ClCkptSvcHdlT service, const ClNameT *name, const Attributes *with)
{
    ClCkptHdlT checkpoint = 0;
    struct peer *elsewhere = maker(name);

    if (elsewhere != NULL)
        make_there(elsewhere, name, with);
    OK(clCkptCheckpointOpen(service, name, with, RWC, 0, &checkpoint));
    if (elsewhere != NULL) {
        EQUAL(CL_OK, peer_do(elsewhere, "close %d", MADE_SLOT));
        pthread_mutex_unlock(&maker_lock);
    }
    return checkpoint;
}

ClCkptHdlT open_as(ClCkptSvcHdlT service, const ClNameT *name, ClCkptOpenFlagsT flags)
{
    ClCkptHdlT checkpoint = 0;
    OK(clCkptCheckpointOpen(service, name, NULL, flags, 0, &checkpoint));
    return checkpoint;
}

ClRcT try_open(ClCkptSvcHdlT service, const ClNameT *name)
{
    ClCkptHdlT checkpoint = 0;
    ClRcT code = clCkptCheckpointOpen(service, name, NULL, READ, 0, &checkpoint);
    if (code == CL_OK)
        OK(clCkptCheckpointClose(checkpoint));
    return code;
}

static ClNameT new_name(void)
{
    static int names;
    char suffix[24];

    snprintf(suffix, sizeof suffix, "fresh-%d", ++names);
    return name_of(suffix);
}

ClCkptHdlT fresh_with(Attributes with)
{
    ClNameT name = new_name();
    return create(initialize(), &name, &with);
}

ClCkptHdlT fresh(void)
{
    return fresh_with(attributes());
}

ClCkptHdlT fresh_opened(Attributes with, ClCkptOpenFlagsT flags)
{
    ClNameT name = new_name();
    ClCkptSvcHdlT service = initialize();
    create(service, &name, &with);
    return open_as(service, &name, flags);
}

ClCkptHdlT without_active_replica(void)
{
    return fresh_with(attributes_with(CL_CKPT_WR_ACTIVE_REPLICA | CL_CKPT_CHECKPOINT_COLLOCATED));
}

ClCkptHdlT active_elsewhere(struct peer *peer)
{
    ClNameT name = new_name();
    ClCkptHdlT checkpoint;

    *peer = start_peer_on(1);
    EQUAL(CL_OK, peer_do(peer, "create 0 %d %d %.*s", RWC, CL_CKPT_WR_ACTIVE_REPLICA | CL_CKPT_CHECKPOINT_COLLOCATED,
                         (int)name.length, (char *)name.value));
    EQUAL(CL_OK, peer_do(peer, "active 0"));
    EQUAL(CL_OK, peer_do(peer, "section 0 a %lld first", (long long)CL_TIME_END));
    checkpoint = open_as(initialize(), &name, READ | WRITE);
    TEXT(checkpoint, SID("a"), "first");
    return checkpoint;
}

/* ---- sections ---- */

ClRcT section_create(ClCkptHdlT checkpoint, ClCkptSectionIdT id, ClTimeT expiration, const void *data,
                     ClSizeT size)
{
    ClCkptSectionCreationAttributesT a = {&id, expiration};
    return clCkptSectionCreate(checkpoint, &a, data, size);
}

void add_section(ClCkptHdlT checkpoint, ClCkptSectionIdT id, const char *text)
{
    size_t size = strlen(text);
    OK(section_create(checkpoint, id, (ClTimeT)CL_TIME_END, size > 0 ? text : NULL, size));
}

ClCkptIOVectorElementT element(ClCkptSectionIdT id, const void *buffer, ClSizeT size, ClOffsetT offset)
{
    ClCkptIOVectorElementT e;
    memset(&e, 0, sizeof e);
    e.sectionId = id;
    e.dataBuffer = (void *)(uintptr_t)buffer;
    e.dataSize = size;
    e.dataOffset = offset;
    return e;
}

ClRcT section_write(ClCkptHdlT checkpoint, ClCkptSectionIdT id, ClOffsetT offset, const void *data,
                    ClSizeT size)
{
    ClCkptIOVectorElementT e = element(id, data, size, offset);
    ClUint32T index = 0;
    return clCkptCheckpointWrite(checkpoint, &e, 1, &index);
}

ClRcT section_overwrite(ClCkptHdlT checkpoint, ClCkptSectionIdT id, const void *data, ClSizeT size)
{
    return clCkptSectionOverwrite(checkpoint, &id, data, size);
}

ClRcT section_delete(ClCkptHdlT checkpoint, ClCkptSectionIdT id)
{
    return clCkptSectionDelete(checkpoint, &id);
}

ClRcT section_expire(ClCkptHdlT checkpoint, ClCkptSectionIdT id, ClTimeT expiration)
{
    return clCkptSectionExpirationTimeSet(checkpoint, &id, expiration);
}

ClRcT section_read(ClCkptHdlT checkpoint, ClCkptSectionIdT id, void *buffer, ClSizeT *size)
{
    ClCkptIOVectorElementT e = element(id, buffer, MAX_SIZE, 0);
    ClUint32T index = 0;
    ClRcT code = clCkptCheckpointRead(checkpoint, &e, 1, &index);
    if (size != NULL)
        *size = e.readSize;
    return code;
}

bool same_id(ClCkptSectionIdT a, ClCkptSectionIdT b)
{
    return a.idLen == b.idLen && (a.idLen == 0 || memcmp(a.id, b.id, a.idLen) == 0);
}

void check_content(const struct site *site, ClCkptHdlT checkpoint, ClCkptSectionIdT id,
                   const void *want, ClSizeT size)
{
    unsigned char got[MAX_SIZE];
    ClSizeT got_size = 0;
    check_code(site, CL_OK, section_read(checkpoint, id, got, &got_size), code_name);
    check_u64(site, size, got_size);
    check_bytes(site, want, got, size);
}

ClCkptCheckpointDescriptorT status_of(ClCkptHdlT checkpoint)
{
    ClCkptCheckpointDescriptorT status;
    memset(&status, 0x5a, sizeof status);
    OK(clCkptCheckpointStatusGet(checkpoint, &status));
    return status;
}

struct sections iterate(ClCkptHdlT checkpoint, ClCkptSectionsChosenT rule, ClTimeT expiration)
{
    struct sections found;
    ClCkptSectionDescriptorT next;
    ClHandleT iteration;
    ClRcT code;

    memset(&found, 0, sizeof found);
    OK(clCkptSectionIterationInitialize(checkpoint, rule, expiration, &iteration));
    while ((code = clCkptSectionIterationNext(iteration, &next)) == CL_OK) {
        ClUint8T *id = found.ids[found.count];
        TRUE(found.count < SECTIONS_MAX);
        TRUE(next.sectionId.idLen <= MAX_SIZE);
        if (next.sectionId.idLen > 0)
            memcpy(id, next.sectionId.id, next.sectionId.idLen);
        clHeapFree(next.sectionId.id);
        next.sectionId.id = id;
        found.descriptors[found.count++] = next;
    }
    RC(0x160101, code);
    OK(clCkptSectionIterationFinalize(iteration));
    return found;
}

const ClCkptSectionDescriptorT *find(const struct sections *sections, ClCkptSectionIdT id)
{
    for (int i = 0; i < sections->count; i++) {
        ClCkptSectionIdT other = {sections->descriptors[i].sectionId.idLen,
                                  (ClUint8T *)(uintptr_t)sections->ids[i]};
        if (same_id(other, id))
            return &sections->descriptors[i];
    }
    return NULL;
}
