//go:build ignore

/*
 * status.c: 94 to 107: StatusGet, and which replica is active.
 */
#include "harness.h"

#include <stdio.h>

static SaCkptCheckpointDescriptorT status_of(SaCkptCheckpointHandleT checkpoint)
{
    SaCkptCheckpointDescriptorT status;
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    return status;
}

static void t94(void)
{
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointStatusGet(fresh("x"), NULL));
}

static void t95(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptCheckpointDescriptorT status;

    OK(saCkptCheckpointClose(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointStatusGet(checkpoint, &status));
}

static void t96(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);
    SaCkptCheckpointHandleT reader = open_as(library, &name, READ);

    for (SaUint32T k = 1; k <= MAX_SECTIONS; k++) {
        SaUint8T letter = (SaUint8T)('a' + k);
        OK(section_create(checkpoint, (SaCkptSectionIdT){1, &letter}, SA_TIME_END, NULL, 0));
        EQUAL(k, number_of_sections(checkpoint));
        EQUAL(k, number_of_sections(reader));
    }
    OK(section_delete(checkpoint, SID("b")));
    EQUAL(MAX_SECTIONS - 1, number_of_sections(reader));
}

static void t97(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    char data[MAX_SIZE] = {0};

    EQUAL(0, status_of(checkpoint).memoryUsed);
    add_section(checkpoint, SID("a"), "12345");
    EQUAL(5, status_of(checkpoint).memoryUsed);
    OK(section_create(checkpoint, SID("b"), SA_TIME_END, NULL, 0));
    EQUAL(5, status_of(checkpoint).memoryUsed);
    OK(section_write(checkpoint, SID("b"), 30, "xyz", 3));
    EQUAL(38, status_of(checkpoint).memoryUsed);
    OK(section_overwrite(checkpoint, SID("a"), data, MAX_SIZE));
    EQUAL(133, status_of(checkpoint).memoryUsed);
    OK(section_overwrite(checkpoint, SID("a"), data, 2));
    EQUAL(35, status_of(checkpoint).memoryUsed);
    OK(section_delete(checkpoint, SID("b")));
    EQUAL(2, status_of(checkpoint).memoryUsed);
}

static void t98(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT writer;
    SaCkptCheckpointDescriptorT status;

    create(library, &name, &a);
    writer = open_as(library, &name, WRITE);
    RC(client->bit == B_01_01 ? SA_AIS_OK : SA_AIS_ERR_ACCESS,
       saCkptCheckpointStatusGet(writer, &status));
}

static const SaCkptCheckpointCreationFlagsT collocated_asynchronous[] = {
    SA_CKPT_WR_ACTIVE_REPLICA | SA_CKPT_CHECKPOINT_COLLOCATED,
    SA_CKPT_WR_ACTIVE_REPLICA_WEAK | SA_CKPT_CHECKPOINT_COLLOCATED,
};

static SaCkptCheckpointHandleT without_active(SaCkptHandleT library, int kind)
{
    SaNameT name = name_of(kind == 0 ? "x" : "weak");
    Attributes a = attributes_with(collocated_asynchronous[kind]);
    note("creationFlags %#x", a.creationFlags);
    return create(library, &name, &a);
}

static void t99(void)
{
    SaCkptHandleT library = initialize();

    for (int kind = 0; kind < 2; kind++) {
        SaCkptCheckpointHandleT checkpoint = without_active(library, kind);
        SaCkptCheckpointDescriptorT status;
        RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointStatusGet(checkpoint, &status));
        RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
        RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointSynchronizeAsync(checkpoint, 1));
        STAYS(50, !readable(selection_object(library)));
    }
}

/* Every data call, on a checkpoint without or with an active replica. */
static void data_calls(SaCkptCheckpointHandleT checkpoint, SaAisErrorT want)
{
    SaCkptSectionIdT id = SID("a");
    SaCkptIOVectorElementT e;
    SaCkptSectionIterationHandleT iteration;
    char buffer[MAX_SIZE] = "data";
    SaUint32T index = 0;

    RC(want, section_create(checkpoint, id, SA_TIME_END, "data", 4));
    e = element(id, buffer, 4, 0);
    RC(want, saCkptCheckpointWrite(checkpoint, &e, 1, &index));
    RC(want, saCkptCheckpointRead(checkpoint, &e, 1, &index));
    RC(want, saCkptSectionOverwrite(checkpoint, &id, "DATA", 4));
    RC(want, saCkptSectionExpirationTimeSet(checkpoint, &id, SA_TIME_END));
    RC(want,
       saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    if (want == SA_AIS_OK)
        TEXT(checkpoint, id, "DATA");
    RC(want, saCkptSectionDelete(checkpoint, &id));
}

static void t100(void)
{
    SaCkptHandleT library = initialize();

    for (int kind = 0; kind < 2; kind++)
        data_calls(without_active(library, kind), SA_AIS_ERR_NOT_EXIST);
}

static void t101(void)
{
    SaCkptHandleT library = initialize();

    for (int kind = 0; kind < 2; kind++) {
        SaCkptCheckpointHandleT checkpoint = without_active(library, kind);
        data_calls(checkpoint, SA_AIS_ERR_NOT_EXIST);
        OK(saCkptActiveReplicaSet(checkpoint));
        data_calls(checkpoint, SA_AIS_OK);
        OK(saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
        EQUAL(0, status_of(checkpoint).numberOfSections);
        note("set a second time");
        add_section(checkpoint, SID("kept"), "data");
        OK(saCkptActiveReplicaSet(checkpoint));
        TEXT(checkpoint, SID("kept"), "data");
    }
}

static void t102(void)
{
    SaNameT name = name_of("x"), plain = name_of("plain");
    Attributes a = attributes_with(collocated_asynchronous[0]);
    SaCkptHandleT library = initialize();
    SaCkptCheckpointDescriptorT status;
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);

    RC(SA_AIS_ERR_ACCESS, saCkptActiveReplicaSet(open_as(library, &name, READ)));
    RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointStatusGet(checkpoint, &status));
    note("tested before the kind of checkpoint");
    a = attributes();
    create(library, &plain, &a);
    RC(SA_AIS_ERR_ACCESS, saCkptActiveReplicaSet(open_as(library, &plain, READ)));
}

static void cannot_be_set(SaCkptCheckpointCreationFlagsT flags)
{
    char suffix[8];
    SaNameT name;
    Attributes a = attributes_with(flags);

    note("creationFlags %#x", flags);
    snprintf(suffix, sizeof suffix, "f%x", flags);
    name = name_of(suffix);
    RC(SA_AIS_ERR_BAD_OPERATION, saCkptActiveReplicaSet(create(initialize(), &name, &a)));
}

static void t103(void)
{
    cannot_be_set(SA_CKPT_WR_ACTIVE_REPLICA);
    cannot_be_set(SA_CKPT_WR_ACTIVE_REPLICA_WEAK);
    cannot_be_set(SA_CKPT_WR_ALL_REPLICAS);
}

static void t104(void)
{
    cannot_be_set(SA_CKPT_WR_ALL_REPLICAS | SA_CKPT_CHECKPOINT_COLLOCATED);
}

static void t107(void)
{
    static const SaCkptCheckpointCreationFlagsT modes[] = {SA_CKPT_WR_ACTIVE_REPLICA,
                                                           SA_CKPT_WR_ACTIVE_REPLICA_WEAK};
    SaCkptHandleT library = initialize();

    for (size_t i = 0; i < 2; i++) {
        SaNameT name = name_of(i == 0 ? "x" : "weak");
        Attributes a = attributes_with(modes[i]);
        note("creationFlags %#x", a.creationFlags);
        data_calls(create(library, &name, &a), SA_AIS_OK);
    }
}

const struct test status_tests[] = {
    {94, "StatusGet without a place for the status: INVALID_PARAM", EVERY, t94, 0, 0},
    {95, "StatusGet on a closed handle: BAD_HANDLE", EVERY, t95, 0, 0},
    {96, "numberOfSections follows creations and deletions", EVERY, t96, 0, 0},
    {97, "memoryUsed is the sum of the section sizes", EVERY, t97, 0, 0},
    {98, "StatusGet on a handle without READ: OK for B.01 clients, else ACCESS", EVERY, t98, 0, 0},
    {99, "collocated asynchronous, before ActiveReplicaSet: StatusGet and Synchronize NOT_EXIST",
     EVERY, t99, 0, 0},
    {100, "in that state every call on sections gives NOT_EXIST", EVERY, t100, 0, 0},
    {101, "after ActiveReplicaSet the same calls succeed", EVERY, t101, 0, 0},
    {102, "ActiveReplicaSet on a handle without WRITE: ACCESS", EVERY, t102, 0, 0},
    {103, "ActiveReplicaSet on a non-collocated checkpoint: BAD_OPERATION", EVERY, t103, 0, 0},
    {104, "ActiveReplicaSet on a collocated synchronous checkpoint: BAD_OPERATION", EVERY, t104, 0,
     0},
    {107, "a non-collocated asynchronous checkpoint works without ActiveReplicaSet", EVERY, t107, 0,
     0},
    {0, NULL, 0, NULL, 0, 0},
};
