//go:build ignore

/*
 * decision_limits.c: D36 to D41: large numbers of everything.
 */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static void d36(void)
{
    SaNameT name = name_of("x"), overflowing = name_of("y");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptCheckpointDescriptorT status;

    a.maxSections = 0xffffffffu;
    a.maxSectionSize = 1ULL << 40;
    a.checkpointSize = 1ULL << 63;
    checkpoint = create(library, &name, &a);
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    EQUAL(0xffffffffu, status.checkpointCreationAttributes.maxSections);
    EQUAL(1ULL << 40, status.checkpointCreationAttributes.maxSectionSize);
    EQUAL(1ULL << 63, status.checkpointCreationAttributes.checkpointSize);
    EQUAL(0, status.memoryUsed);
    add_section(checkpoint, SID("a"), "data");
    OK(section_write(checkpoint, SID("a"), 1 << 20, "end", 3));
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    EQUAL((1 << 20) + 3, status.memoryUsed);
    note("a product above 2^64");
    a.maxSectionSize = ~0ULL;
    a.checkpointSize = ~0ULL;
    checkpoint = create(library, &overflowing, &a);
    add_section(checkpoint, SID("a"), "data");
    TEXT(checkpoint, SID("a"), "data");
    note("a product just above 2^32");
    a.maxSectionSize = 3;
    a.checkpointSize = 3ULL * 0xffffffffu + 1;
    name = name_of("z");
    RC(SA_AIS_ERR_INVALID_PARAM,
       saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, &checkpoint));
    a.checkpointSize--;
    create(library, &name, &a);
}

static void d37(void)
{
    static const SaTimeT timeouts[] = {SA_TIME_END, SA_TIME_END - 1, SA_TIME_END / 2,
                                       100 * 365 * SA_TIME_ONE_DAY, SA_TIME_ONE_HOUR};
    SaNameT name = name_of("x");
    Attributes a = attributes_with(SA_CKPT_WR_ACTIVE_REPLICA);
    SaCkptHandleT library = initialize();

    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        SaCkptCheckpointHandleT checkpoint;
        note("timeout %lld", timeouts[i]);
        OK(saCkptCheckpointOpen(library, &name, &a, RWC, timeouts[i], &checkpoint));
        OK(saCkptCheckpointSynchronize(checkpoint, timeouts[i]));
        OK(saCkptCheckpointClose(checkpoint));
    }
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        SaCkptCheckpointHandleT checkpoint;
        note("retention %lld", timeouts[i]);
        a.retentionDuration = timeouts[i];
        checkpoint = create(library, &name, &a);
        add_section(checkpoint, SID("a"), "data");
        OK(section_create(checkpoint, SID("b"), timeouts[i] > wall_now() ? timeouts[i] : SA_TIME_END,
                          "data", 4));
        OK(saCkptCheckpointClose(checkpoint));
        STAYS(100, try_open(library, &name) == SA_AIS_OK);
        checkpoint = open_as(library, &name, READ);
        TEXT(checkpoint, SID("a"), "data");
        TEXT(checkpoint, SID("b"), "data");
        OK(saCkptCheckpointUnlink(library, &name));
    }
}

#define MANY_THREADS 40
#define ROUNDS 50

static SaCkptCheckpointHandleT shared;
static atomic_int finished;

static void *use_shared(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;
    SaUint8T id_bytes[2] = {'t', (SaUint8T)number};
    const SaCkptSectionIdT own = {2, id_bytes};
    uint32_t data[8];

    OK(section_create(shared, own, SA_TIME_END, NULL, 0));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        char got[MAX_SIZE];
        SaSizeT size;
        for (int i = 0; i < 8; i++)
            data[i] = number << 16 | round;
        note("thread %u, round %u", number, round);
        if (round % 2 == 0)
            OK(section_write(shared, own, 0, data, sizeof data));
        else
            OK(section_overwrite(shared, own, data, sizeof data));
        CONTENT(shared, own, data, sizeof data);
        OK(section_overwrite(shared, SID("common"), data, sizeof data));
        OK(section_read(shared, SID("common"), got, &size));
        EQUAL(sizeof data, size);
        BYTES(got, got + 4, sizeof data - 4); /* one update, not a mixture of two */
        if (round % 10 == 0)
            TRUE(number_of_sections(shared) > 0);
    }
    OK(section_delete(shared, own));
    atomic_fetch_add(&finished, 1);
    return NULL;
}

static void d38(void)
{
    static const SaCkptCheckpointCreationFlagsT flags[] = {1, 2};
    pthread_t threads[MANY_THREADS];

    for (int mode = 0; mode < 2; mode++) {
        SaNameT name = name_of(mode == 0 ? "all" : "active");
        Attributes a = attributes_with(flags[mode]);
        a.maxSections = MANY_THREADS + 1;
        shared = create(initialize(), &name, &a);
        OK(section_create(shared, SID("common"), SA_TIME_END, NULL, 0));
        atomic_store(&finished, 0);
        for (uintptr_t i = 0; i < MANY_THREADS; i++)
            EQUAL(0, pthread_create(&threads[i], NULL, use_shared, (void *)i));
        for (int i = 0; i < MANY_THREADS; i++)
            EQUAL(0, pthread_join(threads[i], NULL));
        EQUAL(MANY_THREADS, atomic_load(&finished));
        EQUAL(1, number_of_sections(shared));
    }
}

#define BIG (64u << 20) /* the largest single write and read that must work, in bytes */

/* Checks that a read of all of it in one call gives these bytes. */
static void holds(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, const void *want)
{
    SaCkptIOVectorElementT e = element(id, calloc(1, BIG), BIG, 0);

    TRUE(e.dataBuffer != NULL);
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(BIG, e.readSize);
    BYTES(want, e.dataBuffer, BIG);
    free(e.dataBuffer);
}

static void d39(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    uint32_t *data = malloc(BIG);
    SaCkptIOVectorElementT e;

    TRUE(data != NULL);
    for (uint32_t i = 0; i < BIG / 4; i++)
        data[i] = i * 2654435761u;
    a.maxSectionSize = BIG;
    a.checkpointSize = BIG;
    checkpoint = create(initialize(), &name, &a);
    OK(section_create(checkpoint, SID("a"), SA_TIME_END, NULL, 0));
    OK(section_write(checkpoint, SID("a"), 0, data, BIG));
    holds(checkpoint, SID("a"), data);
    note("in memory of the library");
    e = element(SID("a"), NULL, 0, 0);
    OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    EQUAL(BIG, e.readSize);
    BYTES(data, e.dataBuffer, BIG);
    OK(saCkptIOVectorElementDataFree(checkpoint, e.dataBuffer));
    note("overwritten");
    data[0] ^= 1;
    data[BIG / 4 - 1] ^= 1;
    OK(section_overwrite(checkpoint, SID("a"), data, BIG));
    holds(checkpoint, SID("a"), data);
    note("created with it");
    OK(section_create(checkpoint, SID("b"), SA_TIME_END, data, BIG));
    holds(checkpoint, SID("b"), data);
    free(data);
}

#define MANY_SECTIONS 2000

static void d40(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptSectionIterationHandleT iteration;
    SaCkptSectionDescriptorT d;
    SaCkptCheckpointDescriptorT status;
    SaAisErrorT code;
    uint32_t found = 0, last = 0;

    a.maxSections = MANY_SECTIONS;
    checkpoint = create(initialize(), &name, &a);
    for (uint32_t i = 0; i < MANY_SECTIONS; i++) {
        uint32_t number = __builtin_bswap32(i); /* the order of bytes is that of numbers */
        OK(section_create(checkpoint, (SaCkptSectionIdT){4, (SaUint8T *)&number}, SA_TIME_END, &i,
                          sizeof i));
    }
    RC(SA_AIS_ERR_NO_SPACE, section_create(checkpoint, SID("z"), SA_TIME_END, NULL, 0));
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    EQUAL(MANY_SECTIONS, status.numberOfSections);
    EQUAL(MANY_SECTIONS * 4, status.memoryUsed);
    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    while ((code = saCkptSectionIterationNext(iteration, &d)) == SA_AIS_OK) {
        uint32_t number;
        EQUAL(4, d.sectionId.idLen);
        memcpy(&number, d.sectionId.id, 4);
        number = __builtin_bswap32(number);
        TRUE(found == 0 || number > last);
        last = number;
        CONTENT(checkpoint, d.sectionId, &number, sizeof number);
        found++;
    }
    RC(SA_AIS_ERR_NO_SECTIONS, code);
    EQUAL(MANY_SECTIONS, found);
}

#define ELEMENTS 500

static void d41(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    static SaCkptIOVectorElementT e[ELEMENTS];
    static uint32_t numbers[ELEMENTS], got[ELEMENTS];

    a.maxSectionSize = ELEMENTS * 4;
    a.checkpointSize = 0;
    checkpoint = create(initialize(), &name, &a);
    OK(section_create(checkpoint, SID("a"), SA_TIME_END, NULL, 0));
    OK(section_create(checkpoint, SID("b"), SA_TIME_END, NULL, 0));
    for (uint32_t i = 0; i < ELEMENTS; i++) {
        numbers[i] = i * 2654435761u;
        e[i] = element(i % 2 == 0 ? SID("a") : SID("b"), &numbers[i], 4, (SaOffsetT)4 * i);
    }
    OK(saCkptCheckpointWrite(checkpoint, e, ELEMENTS, NULL));
    for (uint32_t i = 0; i < ELEMENTS; i++)
        e[i].dataBuffer = &got[i];
    OK(saCkptCheckpointRead(checkpoint, e, ELEMENTS, NULL));
    for (uint32_t i = 0; i < ELEMENTS; i++) {
        note("element %u", i);
        EQUAL(4, e[i].readSize);
        EQUAL(numbers[i], got[i]);
    }
}

const struct test decision_limit_tests[] = {
    {36, "maxSections 2^32-1, maxSectionSize 2^40 and products above 2^64 open and work", EVERY,
     d36, 0, 0},
    {37, "timeouts, retentions and expirations up to SA_TIME_END do not overflow", EVERY, d37, 0, 0},
    {38, "40 threads on one checkpoint handle: every call succeeds, no update is torn", ONCE, d38, 0,
     90},
    {39, "a Write, an Overwrite, a SectionCreate and a Read of 64 MiB in one call", ONCE, d39, 0,
     120},
    {40, "2,000 sections in one checkpoint", ONCE, d40, 0, 60},
    {41, "500 elements in one Write and one Read", EVERY, d41, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
