//go:build ignore

/*
 * decision_data.c: D14 to D21: what reads and writes do with the data, and who owns what.
 */
#include "harness.h"

#include <stdlib.h>

static const SaCkptCheckpointCreationFlagsT modes[] = {
    SA_CKPT_WR_ALL_REPLICAS, SA_CKPT_WR_ACTIVE_REPLICA, SA_CKPT_WR_ACTIVE_REPLICA_WEAK};
#define MODES 3

static SaCkptCheckpointHandleT in_mode(int mode)
{
    char suffix[2] = {(char)('a' + mode), 0};
    SaNameT name = name_of(suffix);
    Attributes a = attributes_with(modes[mode]);
    note("creationFlags %#x", modes[mode]);
    return create(initialize(), &name, &a);
}

static void d14(void)
{
    char full[MAX_SIZE], want[MAX_SIZE] = {0};

    memset(full, 0xff, sizeof full);
    want[MAX_SIZE - 1] = 'z';
    for (int mode = 0; mode < MODES; mode++) {
        SaCkptCheckpointHandleT checkpoint = in_mode(mode);
        /* Whatever memory the new section gets, another may have used it before. */
        for (int i = 0; i < MAX_SECTIONS; i++) {
            SaUint8T letter = (SaUint8T)('a' + i);
            OK(section_create(checkpoint, (SaCkptSectionIdT){1, &letter}, SA_TIME_END, full,
                              sizeof full));
        }
        OK(section_delete(checkpoint, SID("b")));
        OK(section_create(checkpoint, SID("new"), SA_TIME_END, NULL, 0));
        OK(section_write(checkpoint, SID("new"), MAX_SIZE - 1, "z", 1));
        CONTENT(checkpoint, SID("new"), want, MAX_SIZE);
        OK(section_overwrite(checkpoint, SID("a"), full, 0));
        OK(section_write(checkpoint, SID("a"), MAX_SIZE - 1, "z", 1));
        CONTENT(checkpoint, SID("a"), want, MAX_SIZE);
        CONTENT(checkpoint, SID("c"), full, MAX_SIZE);
    }
}

/* The elements cannot be written: this code, this index, and nothing has changed. */
static void refused(SaCkptCheckpointHandleT checkpoint, const SaCkptIOVectorElementT *elements,
                    SaUint32T count, SaAisErrorT want, SaUint32T want_index)
{
    SaTimeT updated = describe(checkpoint, SID("a")).lastUpdate;
    SaUint32T index = 4711;

    RC(want, saCkptCheckpointWrite(checkpoint, elements, count, &index));
    EQUAL(want_index, index);
    TEXT(checkpoint, SID("a"), "aaaa");
    TEXT(checkpoint, SID("b"), "bbbb");
    EQUAL(updated, describe(checkpoint, SID("a")).lastUpdate);
    EQUAL(2, number_of_sections(checkpoint));
}

static void d15(void)
{
    for (int mode = 0; mode < MODES; mode++) {
        SaCkptCheckpointHandleT checkpoint = in_mode(mode);
        const SaCkptIOVectorElementT good = element(SID("a"), "AAAAAAAA", 8, 1);
        const SaCkptIOVectorElementT unknown = element(SID("unknown"), "X", 1, 0);
        const SaCkptIOVectorElementT beyond = element(SID("b"), "XX", 2, MAX_SIZE - 1);
        const SaCkptIOVectorElementT oversized = element(SID("b"), guarded(1), MAX_SIZE + 1, 0);
        SaCkptIOVectorElementT e[4] = {good, good, good, good};

        add_section(checkpoint, SID("a"), "aaaa");
        add_section(checkpoint, SID("b"), "bbbb");
        e[3] = unknown;
        refused(checkpoint, e, 4, SA_AIS_ERR_NOT_EXIST, 3);
        e[3] = beyond;
        refused(checkpoint, e, 4, SA_AIS_ERR_NO_RESOURCES, 3);
        e[3] = oversized;
        refused(checkpoint, e, 4, SA_AIS_ERR_INVALID_PARAM, 3);
        note("creationFlags %#x, two bad elements", modes[mode]);
        e[1] = e[3] = unknown;
        refused(checkpoint, e, 4, SA_AIS_ERR_NOT_EXIST, 1);
        e[2] = beyond;
        refused(checkpoint, e, 4, SA_AIS_ERR_NOT_EXIST, 1);
        e[1] = beyond;
        e[2] = unknown;
        refused(checkpoint, e, 4, SA_AIS_ERR_NO_RESOURCES, 1);
        e[0] = e[1] = oversized;
        refused(checkpoint, e, 4, SA_AIS_ERR_INVALID_PARAM, 0);
        note("creationFlags %#x, all good", modes[mode]);
        e[0] = e[1] = e[2] = e[3] = good;
        OK(saCkptCheckpointWrite(checkpoint, e, 4, NULL));
        TEXT(checkpoint, SID("a"), "aAAAAAAAA");
    }
}

/* SectionCreate with an id to be generated fails like this and leaves the structure as it was. */
static void generates_none(SaCkptCheckpointHandleT checkpoint, SaSizeT size, SaAisErrorT want)
{
    SaCkptSectionIdT id = SA_CKPT_GENERATED_SECTION_ID;
    SaCkptSectionCreationAttributesT a = {&id, SA_TIME_END};

    RC(want, saCkptSectionCreate(checkpoint, &a, size > 0 ? guarded(1) : NULL, size));
    TRUE(id.id == NULL && id.idLen == 0 && a.sectionId == &id && a.expirationTime == SA_TIME_END);
}

static void d16(void)
{
    SaNameT name = name_of("full"), one = name_of("one");
    SaCkptHandleT library = initialize();
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;

    a.maxSections = 2;
    a.checkpointSize = 0;
    checkpoint = create(library, &name, &a);
    generates_none(checkpoint, MAX_SIZE + 1, SA_AIS_ERR_INVALID_PARAM);
    generates_none(open_as(library, &name, READ), 0, SA_AIS_ERR_ACCESS);
    add_section(checkpoint, SID("a"), "data");
    add_section(checkpoint, SID("b"), "data");
    generates_none(checkpoint, 0, SA_AIS_ERR_NO_SPACE);
    generates_none(checkpoint, 1, SA_AIS_ERR_NO_SPACE);
    a = one_section();
    generates_none(create(library, &one, &a), 0, SA_AIS_ERR_EXIST);
    a = attributes_with(SA_CKPT_WR_ACTIVE_REPLICA | SA_CKPT_CHECKPOINT_COLLOCATED);
    name = name_of("no-active");
    generates_none(create(library, &name, &a), 0, SA_AIS_ERR_NOT_EXIST);
}

static void d17(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize(), other = initialize();
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);
    SaCkptSectionIdT ids[MAX_SECTIONS];
    SaUint8T copies[MAX_SECTIONS][8];
    SaCkptSectionIterationHandleT iteration;
    SaCkptSectionDescriptorT d;

    create(other, &name, &a);
    for (int i = 0; i < MAX_SECTIONS - 1; i++) {
        SaCkptSectionCreationAttributesT section = {&ids[i], SA_TIME_END};
        ids[i] = (SaCkptSectionIdT)SA_CKPT_GENERATED_SECTION_ID;
        OK(saCkptSectionCreate(checkpoint, &section, NULL, 0));
        EQUAL(8, ids[i].idLen);
        EQUAL(0, ids[i].id[8]);
        memcpy(copies[i], ids[i].id, 8);
    }
    add_section(checkpoint, SID("own"), "data");
    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    for (int i = 0; i < MAX_SECTIONS; i++) {
        OK(saCkptSectionIterationNext(iteration, &d));
        EQUAL(0, d.sectionId.id[d.sectionId.idLen]);
    }
    OK(saCkptCheckpointClose(checkpoint));
    OK(saCkptFinalize(library));
    OK(saCkptFinalize(other));
    note("after the last Finalize");
    for (int i = 0; i < MAX_SECTIONS - 1; i++) {
        BYTES(copies[i], ids[i].id, 8);
        EQUAL(0, ids[i].id[8]);
        free(ids[i].id);
    }
}

static void d18(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptCheckpointDescriptorT status;
    char data[MAX_SIZE] = {0};

    a.checkpointSize = 10;
    checkpoint = create(initialize(), &name, &a);
    for (int i = 0; i < MAX_SECTIONS; i++) {
        SaUint8T letter = (SaUint8T)('a' + i);
        OK(section_create(checkpoint, (SaCkptSectionIdT){1, &letter}, SA_TIME_END, data, 20));
        OK(section_overwrite(checkpoint, (SaCkptSectionIdT){1, &letter}, data, MAX_SIZE));
    }
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    EQUAL(MAX_SECTIONS * MAX_SIZE, status.memoryUsed);
    EQUAL(10, status.checkpointCreationAttributes.checkpointSize);
}

static void d19(void)
{
    static const SaSizeT sizes[] = {MAX_SIZE + 1, 1ULL << 31, 1ULL << 32, (1ULL << 32) + 1,
                                    1ULL << 40, 1ULL << 63, ~0ULL};
    char *tiny = guarded(1);

    *tiny = 'u';
    for (int mode = 0; mode < MODES; mode++) {
        SaCkptCheckpointHandleT checkpoint = in_mode(mode);
        add_section(checkpoint, SID("a"), "data");
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            SaCkptIOVectorElementT e = element(SID("a"), tiny, sizes[i], 0);
            note("size %#llx", sizes[i]);
            RC(SA_AIS_ERR_INVALID_PARAM,
               section_create(checkpoint, SID("b"), SA_TIME_END, tiny, sizes[i]));
            RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointWrite(checkpoint, &e, 1, NULL));
            RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointRead(checkpoint, &e, 1, NULL));
            RC(SA_AIS_ERR_INVALID_PARAM, section_overwrite(checkpoint, SID("a"), tiny, sizes[i]));
        }
        EQUAL('u', *tiny);
        TEXT(checkpoint, SID("a"), "data");
        EQUAL(1, number_of_sections(checkpoint));
    }
}

static void d20(void)
{
    static const SaTimeT short_ones[] = {0, 1, 1000, 10 * MS - 1};
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    for (int i = 0; i < 40; i++) {
        SaCkptCheckpointHandleT checkpoint;
        SaCkptHandleT passing;

        a.retentionDuration = short_ones[i % 4];
        note("retention %lld ns, at Close", a.retentionDuration);
        checkpoint = create(library, &name, &a);
        add_section(checkpoint, SID("a"), "data");
        OK(saCkptCheckpointClose(checkpoint));
        if (i % 2 == 0)
            RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
        else
            RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(library, &name));
        note("retention %lld ns, at Finalize", a.retentionDuration);
        passing = initialize();
        create(passing, &name, &a);
        OK(saCkptFinalize(passing));
        if (i % 2 == 0)
            RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointUnlink(library, &name));
        else
            RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    }
}

static void d21(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptCheckpointDescriptorT status;

    for (int weak = 0; weak < 2; weak++) {
        Attributes a = attributes_with((weak != 0 ? SA_CKPT_WR_ACTIVE_REPLICA_WEAK
                                                  : SA_CKPT_WR_ACTIVE_REPLICA) |
                                       SA_CKPT_CHECKPOINT_COLLOCATED);
        name = name_of(weak != 0 ? "weak" : "active");
        checkpoint = create(library, &name, &a);
        RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointSynchronizeAsync(checkpoint, 1));
        RC(SA_AIS_ERR_NOT_EXIST, saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
        STAYS(100, !readable(selection_object(library)));
        OK(saCkptActiveReplicaSet(checkpoint));
        OK(saCkptCheckpointSynchronizeAsync(checkpoint, 2));
        await_events(library, 1);
        EQUAL(2, event_at(0).invocation);
        EQUAL(SA_AIS_OK, event_at(0).error);
        events_clear();
        OK(saCkptCheckpointStatusGet(checkpoint, &status));
    }
}

const struct test decision_data_tests[] = {
    {14, "a gap is zeros whatever was in that memory before, in every update mode", EVERY, d14, 0,
     0},
    {15, "a Write of several elements writes all or none; the index is of the first bad one", EVERY,
     d15, 0, 0},
    {16, "a SectionCreate that fails leaves the id structure alone", EVERY, d16, 0, 0},
    {17, "a NUL follows every id handed out; a generated one outlives Close and Finalize", EVERY,
     d17, 0, 0},
    {18, "checkpointSize limits nothing after the open", EVERY, d18, 0, 0},
    {19, "a size above maxSectionSize is INVALID_PARAM whatever the real buffer", EVERY, d19, 0, 0},
    {20, "with a retention under 10 ms it is gone before the last Close or Finalize returns", EVERY,
     d20, 0, 40},
    {21, "SynchronizeAsync without an active replica: NOT_EXIST from the call, no callback", EVERY,
     d21, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
