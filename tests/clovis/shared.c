//go:build ignore

/*
 * shared.c: clCkpt* and saCkpt* in one process, on the same checkpoints.
 */
#include "clovis.h"

#include <opensaf/cpsv_papi.h>
#include <saAis.h>
#include <saCkpt.h>

#include <stdlib.h>

#include "scene.h"

static const char *ais_name(uint32_t code)
{
    static _Thread_local char text[32];
    snprintf(text, sizeof text, "SaAisErrorT %u", (unsigned)code);
    return text;
}

/* AIS: the call returns this SaAisErrorT. */
#define AIS(want, call) do { SITE(#call); check_code(&site_, (want), (call), ais_name); } while (0)
#define AIS_OK(call) AIS(SA_AIS_OK, call)

#define AIS_TIMEOUT (10 * SA_TIME_ONE_SECOND)

static SaCkptHandleT library;
static SaNameT ais_checkpoint_name;

static void begin_both(void)
{
    SaVersionT version = {'B', 2, 2};

    AIS_OK(saCkptInitialize(&library, NULL, &version));
    service = initialize();
    name = name_of("both");
    ais_checkpoint_name.length = name.length;
    memcpy(ais_checkpoint_name.value, name.value, name.length);
}

static SaCkptCheckpointCreationAttributesT ais_attributes(const Attributes *a)
{
    return (SaCkptCheckpointCreationAttributesT){
        .creationFlags = a->creationFlags,
        .checkpointSize = a->checkpointSize,
        .retentionDuration = a->retentionDuration,
        .maxSections = a->maxSections,
        .maxSectionSize = a->maxSectionSize,
        .maxSectionIdSize = a->maxSectionIdSize,
    };
}

/* Opens with these attributes, or, with NULL, one that exists; for read and write. */
static SaAisErrorT ais_open(const Attributes *with, SaCkptCheckpointHandleT *checkpoint)
{
    SaCkptCheckpointCreationAttributesT a;

    if (with == NULL)
        return saCkptCheckpointOpen(library, &ais_checkpoint_name, NULL,
                                    SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE, AIS_TIMEOUT,
                                    checkpoint);
    a = ais_attributes(with);
    return saCkptCheckpointOpen(
        library, &ais_checkpoint_name, &a,
        SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE | SA_CKPT_CHECKPOINT_CREATE, AIS_TIMEOUT, checkpoint);
}

static SaCkptSectionIdT ais_id(const char *text)
{
    return (SaCkptSectionIdT){(SaUint16T)strlen(text), (SaUint8T *)(uintptr_t)text};
}

static void ais_expect(SaCkptCheckpointHandleT checkpoint, const char *id, const char *text)
{
    char buffer[MAX_SIZE];
    SaCkptIOVectorElementT e = {ais_id(id), buffer, MAX_SIZE, 0, 0};

    AIS_OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(strlen(text), e.readSize);
    BYTES(text, buffer, e.readSize);
}

static void ais_overwrite(SaCkptCheckpointHandleT checkpoint, const char *id, const char *text)
{
    SaCkptSectionIdT section = ais_id(id);
    AIS_OK(saCkptSectionOverwrite(checkpoint, &section, text, strlen(text)));
}

static void data_both_ways(ClCkptHdlT checkpoint, SaCkptCheckpointHandleT ais)
{
    SaCkptSectionIdT a = ais_id("a"), b = ais_id("b");
    SaCkptSectionCreationAttributesT of_b = {&b, SA_TIME_END};
    struct sections sections;

    add_section(checkpoint, SID("a"), "from cl");
    ais_expect(ais, "a", "from cl");
    AIS_OK(saCkptSectionCreate(ais, &of_b, (const SaUint8T *)"from sa", 7));
    TEXT(checkpoint, SID("b"), "from sa");
    ais_overwrite(ais, "a", "changed by sa");
    TEXT(checkpoint, SID("a"), "changed by sa");
    OK(section_write(checkpoint, SID("b"), 5, "cl", 2));
    ais_expect(ais, "b", "from cl");
    sections = iterate(checkpoint, CL_CKPT_SECTIONS_ANY, 0);
    EQUAL(2, sections.count);
    AIS(SA_AIS_ERR_EXIST, saCkptSectionCreate(ais, &of_b, NULL, 0));
    AIS_OK(saCkptSectionDelete(ais, &a));
    RC(CL_CKPT_ERR_NOT_EXIST, section_delete(checkpoint, SID("a")));
    OK(section_delete(checkpoint, SID("b")));
    AIS(SA_AIS_ERR_NOT_EXIST, saCkptSectionDelete(ais, &b));
}

static void created_by_cl(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;
    SaCkptCheckpointHandleT ais;

    begin_both();
    checkpoint = create(service, &name, &a);
    AIS_OK(ais_open(NULL, &ais));
    data_both_ways(checkpoint, ais);
}

static void created_by_sa(void)
{
    Attributes a = attributes();
    SaCkptCheckpointHandleT ais;

    begin_both();
    AIS_OK(ais_open(&a, &ais));
    data_both_ways(open_as(service, &name, READ | WRITE), ais);
}

static void default_section(void)
{
    Attributes a = one_section();
    ClCkptHdlT checkpoint;
    SaCkptCheckpointHandleT ais;

    begin_both();
    AIS_OK(ais_open(&a, &ais));
    checkpoint = create(service, &name, &a);
    OK(section_overwrite(checkpoint, DEFAULT_ID, "cl", 2));
    ais_expect(ais, "", "cl");
    ais_overwrite(ais, "", "sa was here");
    TEXT(checkpoint, DEFAULT_ID, "sa was here");
}

/* Each attribute that differs is noticed, whichever API created and whichever opens. */
static void attributes_compared(void)
{
    for (int creator = 0; creator < 2; creator++) {
        Attributes a = attributes(), b;
        SaCkptCheckpointHandleT ais;
        ClCkptHdlT checkpoint;

        begin_both();
        if (creator == 0)
            checkpoint = create(service, &name, &a);
        else
            AIS_OK(ais_open(&a, &ais));
        AIS_OK(ais_open(&a, &ais));
        OK(clCkptCheckpointOpen(service, &name, &a, RWC, 0, &checkpoint));
        for (int i = 0; i < 5; i++) {
            note("created by %s, attribute %d differs", creator == 0 ? "cl" : "sa", i);
            b = a;
            switch (i) {
            case 0: b.creationFlags = CL_CKPT_WR_ACTIVE_REPLICA; break;
            case 1: b.checkpointSize--; break;
            case 2: b.maxSections++; break;
            case 3: b.maxSectionSize++; break;
            default: b.maxSectionIdSize++; break;
            }
            AIS(SA_AIS_ERR_EXIST, ais_open(&b, &ais));
            RC(CL_CKPT_ERR_ALREADY_EXIST, clCkptCheckpointOpen(service, &name, &b, RWC, 0, &checkpoint));
        }
        AIS_OK(saCkptFinalize(library));
        OK(clCkptFinalize(service));
    }
}

/* What only clCkpt* knows of the flags, saCkpt* neither sees nor compares. */
static void flags(void)
{
    static const struct {
        ClCkptCreationFlagsT cl, sa;
    } pairs[] = {{0, SA_CKPT_WR_ACTIVE_REPLICA},
                 {CL_CKPT_DISTRIBUTED | 1, SA_CKPT_WR_ALL_REPLICAS},
                 {CL_CKPT_WR_ALL_SAFE | 2, SA_CKPT_WR_ACTIVE_REPLICA},
                 {CL_CKPT_ALL_OPEN_ARE_REPLICAS | 4, SA_CKPT_WR_ACTIVE_REPLICA_WEAK},
                 {7, SA_CKPT_WR_ALL_REPLICAS},
                 {6, SA_CKPT_WR_ACTIVE_REPLICA},
                 {CL_CKPT_CHECKPOINT_COLLOCATED, SA_CKPT_WR_ACTIVE_REPLICA | SA_CKPT_CHECKPOINT_COLLOCATED},
                 {CL_CKPT_CHECKPOINT_COLLOCATED | 1, SA_CKPT_WR_ALL_REPLICAS | SA_CKPT_CHECKPOINT_COLLOCATED}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        Attributes a = attributes_with(pairs[i].cl);
        SaCkptCheckpointHandleT ais;
        SaCkptCheckpointDescriptorT status;
        ClCkptHdlT checkpoint;

        note("creationFlags %#x", pairs[i].cl);
        begin_both();
        checkpoint = create(service, &name, &a);
        if ((pairs[i].cl & 9) == CL_CKPT_CHECKPOINT_COLLOCATED)
            OK(clCkptActiveReplicaSet(checkpoint));
        a.creationFlags = pairs[i].sa;
        AIS_OK(ais_open(&a, &ais));
        AIS_OK(saCkptCheckpointStatusGet(ais, &status));
        EQUAL(pairs[i].sa, status.checkpointCreationAttributes.creationFlags);
        EQUAL(pairs[i].cl, status_of(checkpoint).checkpointCreationAttributes.creationFlags);
        AIS_OK(saCkptFinalize(library));
        OK(clCkptFinalize(service));
    }
}

static void flags_of_sa(void)
{
    Attributes a = attributes_with(CL_CKPT_WR_ACTIVE_REPLICA_WEAK | CL_CKPT_CHECKPOINT_COLLOCATED);
    SaCkptCheckpointHandleT ais;
    ClCkptHdlT checkpoint;

    begin_both();
    AIS_OK(ais_open(&a, &ais));
    AIS_OK(saCkptActiveReplicaSet(ais));
    checkpoint = create(service, &name, &a);
    EQUAL(a.creationFlags, status_of(checkpoint).checkpointCreationAttributes.creationFlags);
    OK(clCkptActiveReplicaSet(checkpoint));
}

static void name_and_retention(void)
{
    Attributes a = attributes();
    SaCkptCheckpointHandleT ais;
    SaCkptCheckpointDescriptorT status;
    ClCkptHdlT checkpoint;

    begin_both();
    checkpoint = create(service, &name, &a);
    AIS_OK(ais_open(NULL, &ais));
    AIS_OK(saCkptCheckpointRetentionDurationSet(ais, 5 * SECOND));
    EQUAL(5 * SECOND, status_of(checkpoint).checkpointCreationAttributes.retentionDuration);
    OK(clCkptCheckpointRetentionDurationSet(checkpoint, 6 * SECOND));
    AIS_OK(saCkptCheckpointStatusGet(ais, &status));
    EQUAL(6 * SECOND, status.checkpointCreationAttributes.retentionDuration);
    note("unlinked by the other");
    AIS_OK(saCkptCheckpointUnlink(library, &ais_checkpoint_name));
    RC(CL_CKPT_ERR_BAD_OPERATION, clCkptCheckpointRetentionDurationSet(checkpoint, SECOND));
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointDelete(service, &name));
    add_section(checkpoint, SID("a"), "lives");
    ais_expect(ais, "a", "lives");
    note("and the other way");
    checkpoint = create(service, &name, &a);
    OK(clCkptCheckpointDelete(service, &name));
    AIS(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(library, &ais_checkpoint_name));
}

static void finalize_one(void)
{
    Attributes a = attributes();
    SaCkptCheckpointHandleT ais;
    ClCkptHdlT checkpoint;

    begin_both();
    checkpoint = create(service, &name, &a);
    AIS_OK(ais_open(NULL, &ais));
    AIS_OK(saCkptFinalize(library));
    add_section(checkpoint, SID("a"), "data");
    TEXT(checkpoint, SID("a"), "data");
    begin_both();
    AIS_OK(ais_open(NULL, &ais));
    OK(clCkptCheckpointClose(checkpoint));
    OK(clCkptFinalize(service));
    ais_expect(ais, "a", "data");
}

static void handles_of_sa(void)
{
    Attributes a = attributes();
    SaCkptCheckpointHandleT ais;
    SaCkptSectionIterationHandleT iteration;

    begin_both();
    AIS_OK(ais_open(&a, &ais));
    AIS_OK(saCkptSectionIterationInitialize(ais, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    for (int i = 0; i < handle_call_count; i++) {
        note("%s", handle_calls[i].name);
        RC(CL_CKPT_ERR_INVALID_HANDLE, handle_calls[i].call(library));
        RC(CL_CKPT_ERR_INVALID_HANDLE, handle_calls[i].call(ais));
        RC(CL_CKPT_ERR_INVALID_HANDLE, handle_calls[i].call(iteration));
    }
    note("none of it did any harm");
    AIS_OK(saCkptSectionIterationFinalize(iteration));
    AIS_OK(saCkptCheckpointClose(ais));
    AIS_OK(saCkptFinalize(library));
}

static void handles_of_cl(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;
    ClHandleT iteration;
    SaSelectionObjectT object;
    SaCkptCheckpointHandleT ais;
    SaCkptCheckpointDescriptorT status;
    SaCkptSectionDescriptorT descriptor;
    SaCkptSectionIdT id = ais_id("a");
    char byte;
    SaCkptIOVectorElementT e = {id, &byte, 1, 0, 0};
    const SaAisErrorT bad = SA_AIS_ERR_BAD_HANDLE;
    ClHandleT handles[3];

    begin_both();
    checkpoint = create(service, &name, &a);
    add_section(checkpoint, SID("a"), "data");
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    handles[0] = service;
    handles[1] = checkpoint;
    handles[2] = iteration;
    for (int i = 0; i < 3; i++) {
        ClHandleT h = handles[i];
        note("handle %d", i);
        AIS(bad, saCkptSelectionObjectGet(h, &object));
        AIS(bad, saCkptDispatch(h, SA_DISPATCH_ALL));
        AIS(bad, saCkptCheckpointOpen(h, &ais_checkpoint_name, NULL, SA_CKPT_CHECKPOINT_READ, AIS_TIMEOUT, &ais));
        AIS(bad, saCkptCheckpointUnlink(h, &ais_checkpoint_name));
        AIS(bad, saCkptFinalize(h));
        AIS(bad, saCkptCheckpointStatusGet(h, &status));
        AIS(bad, saCkptCheckpointRetentionDurationSet(h, 0));
        AIS(bad, saCkptCheckpointRead(h, &e, 1, NULL));
        AIS(bad, saCkptCheckpointWrite(h, &e, 1, NULL));
        AIS(bad, saCkptSectionOverwrite(h, &id, "x", 1));
        AIS(bad, saCkptSectionDelete(h, &id));
        AIS(bad, saCkptCheckpointSynchronize(h, AIS_TIMEOUT));
        AIS(bad, saCkptSectionIterationNext(h, &descriptor));
        AIS(bad, saCkptSectionIterationFinalize(h));
        AIS(bad, saCkptCheckpointClose(h));
    }
    note("none of it did any harm");
    TEXT(checkpoint, SID("a"), "data");
    OK(clCkptSectionIterationFinalize(iteration));
    OK(clCkptCheckpointClose(checkpoint));
    OK(clCkptFinalize(service));
}

static void only_sa_initialized(void)
{
    SaVersionT version = {'B', 2, 2};

    AIS_OK(saCkptInitialize(&library, NULL, &version));
    for (int i = 0; i < handle_call_count; i++) {
        note("%s", handle_calls[i].name);
        RC(CL_CKPT_ERR_NOT_INITIALIZED, handle_calls[i].call(library));
        RC(CL_CKPT_ERR_NOT_INITIALIZED, handle_calls[i].call(4711));
    }
}

/* ---- notifications of one API about what the other does ---- */

static _Atomic int arrivals;

static void arrived(const SaCkptCheckpointHandleT checkpoint, SaCkptIOVectorElementT *elements, SaUint32T count)
{
    (void)checkpoint;
    EQUAL(1, count);
    EQUAL(4, elements[0].dataSize);
    arrivals++;
}

static void arrival(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;
    SaCkptCheckpointHandleT ais;
    SaSelectionObjectT object;

    begin_both();
    checkpoint = create(service, &name, &a);
    add_section(checkpoint, SID("a"), "data");
    AIS_OK(ncsCkptRegisterCkptArrivalCallback(library, arrived));
    AIS_OK(ais_open(NULL, &ais));
    AIS_OK(saCkptSelectionObjectGet(library, &object));
    OK(section_overwrite(checkpoint, SID("a"), "more", 4));
    TRUE(becomes_readable((int)object, WAIT_MS));
    EQUAL(0, arrivals);
    AIS_OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    EQUAL(1, arrivals);
}

uint32_t overwrite_by_sa(const char *of, const char *id, const char *text)
{
    SaVersionT version = {'B', 2, 2};
    SaCkptCheckpointHandleT ais;

    if (library == 0)
        AIS_OK(saCkptInitialize(&library, NULL, &version));
    ais_checkpoint_name.length = (SaUint16T)strlen(of);
    memcpy(ais_checkpoint_name.value, of, strlen(of));
    AIS_OK(ais_open(NULL, &ais));
    ais_overwrite(ais, id, text);
    AIS_OK(saCkptCheckpointClose(ais));
    return CL_OK;
}

/* A peer writes through saCkpt*, and has closed its handle when the callback runs. */
static void consumption_of_sa(void)
{
    ClCkptIOVectorElementT written = element(SID("a"), "by-sa", 5, 0);

    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(consume(reader, NULL));
    OK(peer_do(&writer, "ais %.*s a by-sa", name.length, name.value));
    await_consumed(1);
    EQUAL(reader, event_at(0).checkpoint);
    if (SDK_FLAVOUR) {
        EQUAL(1, event_at(0).count);
        EQUAL(written.dataSize, event_at(0).elements[0].size);
        BYTES(written.dataBuffer, event_at(0).elements[0].data, written.dataSize);
    }
    told_no_more(1);
}

/* Created through saCkpt*, written by a peer through clCkpt*, and by this process through saCkpt*. */
static void consumption(void)
{
    Attributes a = attributes();
    SaCkptCheckpointHandleT ais;

    begin_both();
    AIS_OK(ais_open(&a, &ais));
    reader = open_as(service, &name, READ);
    OK(consume(reader, NULL));
    writer = start_peer();
    OK(peer_do(&writer, "open 0 %d %.*s", WRITE, name.length, name.value));
    OK(peer_do(&writer, "section 0 a %lld data", (long long)CL_TIME_END));
    OK(peer_do(&writer, "overwrite 0 a 1"));
    await_consumed(1);
    EQUAL(reader, event_at(0).checkpoint);
    note("this process writes through the other API: it is the same process");
    ais_overwrite(ais, "a", "2");
    told_no_more(1);
    OK(peer_do(&writer, "remove 0 a"));
    await_consumed(2);
}

const struct test shared_tests[] = {
    TEST("saCkpt* opens what clCkpt* created", "data and sections both ways", created_by_cl),
    TEST("clCkpt* opens what saCkpt* created", "data and sections both ways", created_by_sa),
    TEST("both APIs, default section", "is the same one", default_section),
    TEST("both APIs, attributes", "are compared, whichever created", attributes_compared),
    TEST("both APIs, creation flags", "saCkpt* sees and compares its own part alone", flags),
    TEST("both APIs, creation flags of saCkpt*", "are shown as they are", flags_of_sa),
    TEST("both APIs, names and retention", "deleting, unlinking, durations", name_and_retention),
    TEST("both APIs, Finalize", "of one leaves the other alone", finalize_one),
    TEST("saCkpt* handles in clCkpt*", "INVALID_HANDLE from every function, without harm", handles_of_sa),
    TEST("clCkpt* handles in saCkpt*", "SA_AIS_ERR_BAD_HANDLE, without harm", handles_of_cl),
    TEST("saCkptInitialize alone", "NOT_INITIALIZED from every clCkpt* function", only_sa_initialized),
    TEST("both APIs, arrival callback", "saCkpt* hears of a write through clCkpt*", arrival),
    TEST("both APIs, consumption of a write by saCkpt*", "in another process: told, with its data",
         consumption_of_sa),
    TEST("both APIs, consumption", "of a checkpoint of saCkpt*; the process counts, not the API", consumption),
    END_OF_TESTS,
};
