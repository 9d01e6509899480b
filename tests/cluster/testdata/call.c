//go:build ignore

/*
 * call.c: the commands of the client. NAME is of a checkpoint, SECTION of a section; a record is VALUE, over and over.
 *
 *   open NAME CREATION_FLAGS OPEN_FLAGS SECTIONS_MAX RETENTION_MS TIMEOUT_MS
 *   close                        unlink NAME
 *   active                       retention MS
 *   create SECTION VALUE EXPIRE_MS        from now; 0 = never
 *   generate VALUE               a section with a generated id, which it names in hexadecimal digits
 *   delete SECTION               expire SECTION EXPIRE_MS
 *   write SECTION VALUE          overwrite SECTION VALUE
 *   pair SECTION SECTION VALUE   both in one write
 *   read SECTION                 gives the value
 *   synchronize TIMEOUT_MS       synchronize-async INVOCATION, see listen.c
 *   status                       gives the number of sections
 *   list                         gives the number and the names of the sections that an iteration finds
 *   listen                       see listen.c
 */
#include "client.h"

#include <string.h>

#define MS (SA_TIME_ONE_SECOND / 1000)

static SaNameT checkpoint_name(const char *text)
{
    SaNameT name = {.length = (SaUint16T)strlen(text)};
    memcpy(name.value, text, name.length);
    return name;
}

static SaCkptSectionIdT section_id(char *text)
{
    SaCkptSectionIdT id = {(SaUint16T)strlen(text), (SaUint8T *)text};
    return id;
}

static void fill(uint64_t *record, uint64_t value)
{
    for (size_t i = 0; i < record_size / sizeof *record; i++)
        record[i] = value;
}

static SaTimeT from_now(long long ms)
{
    struct timespec t;
    if (ms == 0)
        return SA_TIME_END;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * SA_TIME_ONE_SECOND + t.tv_nsec + ms * MS;
}

static SaAisErrorT open_checkpoint(struct worker *w, const char *text, unsigned creation, unsigned flags, unsigned sections,
                                   long long retention, long long timeout)
{
    const SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = creation,
        .checkpointSize = record_size,
        .retentionDuration = retention * MS,
        .maxSections = sections,
        .maxSectionSize = RECORD_BYTES_MAX,
        .maxSectionIdSize = NAME_BYTES_MAX,
    };
    SaNameT name = checkpoint_name(text);
    return saCkptCheckpointOpen(library, &name, (flags & SA_CKPT_CHECKPOINT_CREATE) != 0 ? &attributes : NULL, flags,
                                timeout * MS, &w->checkpoint);
}

static SaAisErrorT write_sections(struct worker *w, char *ids[], SaUint32T count, uint64_t value)
{
    uint64_t record[RECORD_BYTES_MAX / sizeof(uint64_t)];
    SaCkptIOVectorElementT parts[2];
    SaUint32T index;

    fill(record, value);
    for (SaUint32T i = 0; i < count; i++)
        parts[i] = (SaCkptIOVectorElementT){.sectionId = section_id(ids[i]), .dataBuffer = record, .dataSize = record_size};
    return saCkptCheckpointWrite(w->checkpoint, parts, count, &index);
}

void read_section(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, struct outcome *o)
{
    uint64_t record[RECORD_BYTES_MAX / sizeof(uint64_t)];
    SaCkptIOVectorElementT part = {.sectionId = id, .dataBuffer = record, .dataSize = sizeof record};
    SaUint32T index;

    o->code = saCkptCheckpointRead(checkpoint, &part, 1, &index);
    if (o->code != SA_AIS_OK)
        return;
    o->torn = part.readSize != record_size;
    for (size_t i = 0; i < record_size / sizeof *record && !o->torn; i++)
        o->torn = record[i] != record[0];
    o->value = record[0];
}

static SaAisErrorT create_section(struct worker *w, char *id, uint64_t value, long long expire_ms)
{
    uint64_t record[RECORD_BYTES_MAX / sizeof(uint64_t)];
    SaCkptSectionIdT section = section_id(id);
    SaCkptSectionCreationAttributesT attributes = {&section, from_now(expire_ms)};

    fill(record, value);
    return saCkptSectionCreate(w->checkpoint, &attributes, record, record_size);
}

static void generate_section(struct worker *w, uint64_t value, struct outcome *o)
{
    uint64_t record[RECORD_BYTES_MAX / sizeof(uint64_t)];
    SaCkptSectionIdT id = SA_CKPT_GENERATED_SECTION_ID;
    SaCkptSectionCreationAttributesT attributes = {&id, SA_TIME_END};
    char *end = w->listed;

    fill(record, value);
    o->code = saCkptSectionCreate(w->checkpoint, &attributes, record, record_size);
    if (o->code != SA_AIS_OK)
        return;
    *end++ = ' ';
    for (SaUint16T i = 0; i < id.idLen; i++)
        end += sprintf(end, "%02x", id.id[i]);
    o->listed = w->listed;
    saCkptSectionIdFree(w->checkpoint, id.id);
}

static SaAisErrorT overwrite_section(struct worker *w, char *id, uint64_t value)
{
    uint64_t record[RECORD_BYTES_MAX / sizeof(uint64_t)];
    SaCkptSectionIdT section = section_id(id);

    fill(record, value);
    return saCkptSectionOverwrite(w->checkpoint, &section, record, record_size);
}

static void list_sections(struct worker *w, struct outcome *o)
{
    SaCkptSectionIterationHandleT iteration;
    SaCkptSectionDescriptorT d;
    char *end = w->listed;

    *end = '\0';
    o->listed = w->listed;
    o->code = saCkptSectionIterationInitialize(w->checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration);
    if (o->code != SA_AIS_OK)
        return;
    while ((o->code = saCkptSectionIterationNext(iteration, &d)) == SA_AIS_OK) {
        if (o->value++ < LISTED_MAX && d.sectionId.idLen <= NAME_BYTES_MAX) {
            *end++ = ' ';
            memcpy(end, d.sectionId.id, d.sectionId.idLen);
            end += d.sectionId.idLen;
            *end = '\0';
        }
        if (d.sectionId.id != NULL)
            saCkptSectionIdFree(w->checkpoint, d.sectionId.id);
    }
    if (o->code == SA_AIS_ERR_NO_SECTIONS)
        o->code = SA_AIS_OK;
    saCkptSectionIterationFinalize(iteration);
}

static SaAisErrorT close_checkpoint(struct worker *w)
{
    SaAisErrorT error = saCkptCheckpointClose(w->checkpoint);
    if (error == SA_AIS_OK)
        w->checkpoint = 0;
    return error;
}

static void status(struct worker *w, struct outcome *o)
{
    SaCkptCheckpointDescriptorT d;
    o->code = saCkptCheckpointStatusGet(w->checkpoint, &d);
    if (o->code == SA_AIS_OK)
        o->value = d.numberOfSections;
}

bool perform(struct worker *w, const char *command, struct outcome *o)
{
    char a[NAME_BYTES_MAX + 1], b[NAME_BYTES_MAX + 1], *ids[2] = {a, b};
    SaCkptSectionIdT id;
    SaNameT name;
    unsigned creation, flags, sections;
    unsigned long long value;
    long long ms, timeout;

    if (sscanf(command, "open %64s %u %u %u %lld %lld", a, &creation, &flags, &sections, &ms, &timeout) == 6) {
        o->code = open_checkpoint(w, a, creation, flags, sections, ms, timeout);
    } else if (strcmp(command, "close") == 0) {
        o->code = close_checkpoint(w);
    } else if (sscanf(command, "unlink %64s", a) == 1) {
        name = checkpoint_name(a);
        o->code = saCkptCheckpointUnlink(library, &name);
    } else if (strcmp(command, "active") == 0) {
        o->code = saCkptActiveReplicaSet(w->checkpoint);
    } else if (sscanf(command, "retention %lld", &ms) == 1) {
        o->code = saCkptCheckpointRetentionDurationSet(w->checkpoint, ms * MS);
    } else if (sscanf(command, "create %64s %llu %lld", a, &value, &ms) == 3) {
        o->code = create_section(w, a, value, ms);
    } else if (sscanf(command, "generate %llu", &value) == 1) {
        generate_section(w, value, o);
    } else if (sscanf(command, "delete %64s", a) == 1) {
        id = section_id(a);
        o->code = saCkptSectionDelete(w->checkpoint, &id);
    } else if (sscanf(command, "expire %64s %lld", a, &ms) == 2) {
        id = section_id(a);
        o->code = saCkptSectionExpirationTimeSet(w->checkpoint, &id, from_now(ms));
    } else if (sscanf(command, "write %64s %llu", a, &value) == 2) {
        o->code = write_sections(w, ids, 1, value);
    } else if (sscanf(command, "pair %64s %64s %llu", a, b, &value) == 3) {
        o->code = write_sections(w, ids, 2, value);
    } else if (sscanf(command, "overwrite %64s %llu", a, &value) == 2) {
        o->code = overwrite_section(w, a, value);
    } else if (sscanf(command, "read %64s", a) == 1) {
        read_section(w->checkpoint, section_id(a), o);
    } else if (sscanf(command, "synchronize %lld", &timeout) == 1) {
        o->code = saCkptCheckpointSynchronize(w->checkpoint, timeout * MS);
    } else if (sscanf(command, "synchronize-async %llu", &value) == 1) {
        o->code = saCkptCheckpointSynchronizeAsync(w->checkpoint, value);
    } else if (strcmp(command, "status") == 0) {
        status(w, o);
    } else if (strcmp(command, "list") == 0) {
        list_sections(w, o);
    } else if (strcmp(command, "listen") == 0) {
        o->code = start_listening();
    } else {
        return false;
    }
    return true;
}
