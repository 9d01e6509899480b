//go:build ignore

/*
 * iteration.c: 146 to 162: iterating over sections.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

static SaCkptSectionIterationHandleT iterate(SaCkptCheckpointHandleT checkpoint,
                                             SaCkptSectionsChosenT chosen, SaTimeT time)
{
    SaCkptSectionIterationHandleT iteration = 0;
    OK(saCkptSectionIterationInitialize(checkpoint, chosen, time, &iteration));
    TRUE(iteration != 0);
    return iteration;
}

static SaCkptSectionIterationHandleT iterate_any(SaCkptCheckpointHandleT checkpoint)
{
    return iterate(checkpoint, SA_CKPT_SECTIONS_ANY, 0);
}

static SaCkptSectionDescriptorT next(SaCkptSectionIterationHandleT iteration)
{
    SaCkptSectionDescriptorT descriptor;
    memset(&descriptor, 0xee, sizeof descriptor);
    OK(saCkptSectionIterationNext(iteration, &descriptor));
    return descriptor;
}

static void at_end(SaCkptSectionIterationHandleT iteration)
{
    SaCkptSectionDescriptorT descriptor;
    RC(SA_AIS_ERR_NO_SECTIONS, saCkptSectionIterationNext(iteration, &descriptor));
    RC(SA_AIS_ERR_NO_SECTIONS, saCkptSectionIterationNext(iteration, &descriptor));
}

/* The sections chosen are exactly these, named by one letter each, in this order. */
static void chooses(SaCkptCheckpointHandleT checkpoint, SaCkptSectionsChosenT chosen, SaTimeT time,
                    const char *letters)
{
    SaCkptSectionIterationHandleT iteration = iterate(checkpoint, chosen, time);
    char got[MAX_SECTIONS * 2] = "";
    SaCkptSectionDescriptorT d;
    SaAisErrorT code;

    for (size_t i = 0; (code = saCkptSectionIterationNext(iteration, &d)) == SA_AIS_OK; i++) {
        TRUE(i < sizeof got - 1 && d.sectionId.idLen == 1);
        got[i] = (char)d.sectionId.id[0];
    }
    RC(SA_AIS_ERR_NO_SECTIONS, code);
    note("chosen: %s, expected: %s", got, letters);
    TRUE(strcmp(got, letters) == 0);
    note("%s", "");
    OK(saCkptSectionIterationFinalize(iteration));
}

static void t146(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIterationHandleT iteration;
    unsigned seen = 0;

    add_section(checkpoint, SID("a"), "1");
    add_section(checkpoint, SID("b"), "2");
    add_section(checkpoint, SID("c"), "3");
    iteration = iterate_any(checkpoint);
    for (int i = 0; i < 3; i++) {
        SaCkptSectionDescriptorT d = next(iteration);
        EQUAL(1, d.sectionId.idLen);
        TRUE(d.sectionId.id[0] >= 'a' && d.sectionId.id[0] <= 'c');
        seen |= 1u << (d.sectionId.id[0] - 'a');
    }
    EQUAL(7, seen);
    at_end(iteration);
    OK(saCkptSectionIterationFinalize(iteration));
}

static void t147(void)
{
    static const SaUint8T ids[][4] = {"b", "aaa", {0xff}, "ab", {0x00}, "a", "aa", {0x80, 0x01}};
    static const SaUint16T lengths[] = {1, 3, 1, 2, 1, 1, 2, 2};
    static const int order[] = {4, 5, 0, 2, 6, 3, 7, 1};
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptSectionIterationHandleT iteration;

    a.maxSections = 8;
    checkpoint = create(initialize(), &name, &a);
    for (int i = 0; i < 8; i++) {
        SaUint8T copy[4];
        memcpy(copy, ids[i], sizeof copy);
        OK(section_create(checkpoint, (SaCkptSectionIdT){lengths[i], copy}, SA_TIME_END, NULL, 0));
    }
    iteration = iterate_any(checkpoint);
    for (int i = 0; i < 8; i++) {
        SaCkptSectionDescriptorT d = next(iteration);
        note("section number %d", i);
        EQUAL(lengths[order[i]], d.sectionId.idLen);
        BYTES(ids[order[i]], d.sectionId.id, d.sectionId.idLen);
    }
    at_end(iteration);
}

static void t148(void)
{
    at_end(iterate_any(fresh("x")));
}

static void t149(void)
{
    SaNameT name = name_of("x");
    Attributes a = one_section();
    SaCkptCheckpointHandleT checkpoint = create(initialize(), &name, &a);
    SaCkptSectionIterationHandleT iteration = iterate_any(checkpoint);

    EQUAL(0, next(iteration).sectionId.idLen);
    at_end(iteration);
    iteration = iterate(checkpoint, SA_CKPT_SECTIONS_FOREVER, 0);
    EQUAL(0, next(iteration).sectionId.idLen);
    at_end(iteration);
}

/* Sections "a" to "c" expire in 100, 200 and 300 s, "d" never. Returns the time of "b". */
static SaTimeT with_times(SaCkptCheckpointHandleT checkpoint)
{
    SaTimeT b = wall_now() + 200 * SECOND;
    OK(section_create(checkpoint, SID("a"), b - 100 * SECOND, NULL, 0));
    OK(section_create(checkpoint, SID("b"), b, NULL, 0));
    OK(section_create(checkpoint, SID("c"), b + 100 * SECOND, NULL, 0));
    OK(section_create(checkpoint, SID("d"), SA_TIME_END, NULL, 0));
    return b;
}

static void t150(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    const SaCkptSectionIdT a = SID("a");

    with_times(checkpoint);
    chooses(checkpoint, SA_CKPT_SECTIONS_FOREVER, 0, "d");
    chooses(checkpoint, SA_CKPT_SECTIONS_FOREVER, 1234, "d");
    OK(saCkptSectionExpirationTimeSet(checkpoint, &a, SA_TIME_END));
    chooses(checkpoint, SA_CKPT_SECTIONS_FOREVER, 0, "ad");
}

static void t151(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaTimeT b = with_times(checkpoint);

    chooses(checkpoint, SA_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, b, "ab");
    chooses(checkpoint, SA_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, b - 1, "a");
    chooses(checkpoint, SA_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, b + 100 * SECOND, "abc");
    chooses(checkpoint, SA_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, 0, "");
    chooses(checkpoint, SA_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, b, "bcd");
    chooses(checkpoint, SA_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, b + 1, "cd");
    chooses(checkpoint, SA_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, 0, "abcd");
    chooses(checkpoint, SA_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, SA_TIME_END, "d");
    chooses(checkpoint, SA_CKPT_SECTIONS_ANY, b, "abcd");
}

static void t152(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    add_section(checkpoint, SID("a"), "data");
    OK(section_write(checkpoint, SID("a"), 50, "data", 4));
    at_end(iterate(checkpoint, SA_CKPT_SECTIONS_CORRUPTED, 0));
}

static void t153(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    static const unsigned bad[] = {0, 6, 99, 0x80000001u};
    SaCkptSectionIterationHandleT iteration = 4711;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        note("sectionsChosen %#x", bad[i]);
        RC(SA_AIS_ERR_INVALID_PARAM,
           saCkptSectionIterationInitialize(checkpoint, (SaCkptSectionsChosenT)bad[i], 0,
                                            &iteration));
        EQUAL(4711, iteration);
    }
    RC(SA_AIS_ERR_INVALID_PARAM,
       saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, NULL));
}

static void t154(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIterationHandleT iteration;

    for (unsigned chosen = 1; chosen <= 5; chosen++) {
        note("sectionsChosen %u", chosen);
        RC(SA_AIS_ERR_INVALID_PARAM,
           saCkptSectionIterationInitialize(checkpoint, (SaCkptSectionsChosenT)chosen, -1,
                                            &iteration));
        OK(saCkptSectionIterationInitialize(checkpoint, (SaCkptSectionsChosenT)chosen, 0,
                                            &iteration));
    }
}

static void t155(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a), writer;
    SaCkptSectionIterationHandleT iteration;

    add_section(checkpoint, SID("a"), "data");
    writer = open_as(library, &name, WRITE);
    RC(client->bit == B_01_01 ? SA_AIS_OK : SA_AIS_ERR_ACCESS,
       saCkptSectionIterationInitialize(writer, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    if (client->bit == B_01_01) {
        EQUAL(1, next(iteration).sectionId.idLen);
        at_end(iteration);
    }
}

static void t156(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");

    add_section(checkpoint, SID("a"), "12345");
    EQUAL(5, describe(checkpoint, SID("a")).sectionSize);
    EQUAL(SA_CKPT_SECTION_VALID, describe(checkpoint, SID("a")).sectionState);
    OK(section_write(checkpoint, SID("a"), 70, "12345", 5));
    EQUAL(75, describe(checkpoint, SID("a")).sectionSize);
    OK(section_overwrite(checkpoint, SID("a"), "1", 1));
    EQUAL(1, describe(checkpoint, SID("a")).sectionSize);
    EQUAL(SA_CKPT_SECTION_VALID, describe(checkpoint, SID("a")).sectionState);
}

/* The clock that stamps an update may be a few ticks behind the one read here. */
#define CLOCK_SLACK (20 * MS)

static void t157(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaTimeT before, after, last;

    add_section(checkpoint, SID("a"), "data");
    for (int i = 0; i < 2; i++) {
        pause_ms(60);
        before = wall_now();
        if (i == 0)
            OK(section_write(checkpoint, SID("a"), 0, "DATA", 4));
        else
            OK(section_overwrite(checkpoint, SID("a"), "DATA", 4));
        after = wall_now();
        last = describe(checkpoint, SID("a")).lastUpdate;
        note("lastUpdate %lld, the call was from %lld to %lld", last, before, after);
        TRUE(last >= before - CLOCK_SLACK && last <= after + CLOCK_SLACK);
        pause_ms(20);
        EQUAL(last, describe(checkpoint, SID("a")).lastUpdate);
    }
}

static void t158(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIterationHandleT iteration;

    add_section(checkpoint, SID("a"), "1");
    iteration = iterate_any(checkpoint);
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSectionIterationNext(iteration, NULL));
    note("the section has not been skipped");
    TRUE(same_id(SID("a"), next(iteration).sectionId));
}

static void t159(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIterationHandleT ended, other;

    add_section(checkpoint, SID("a"), "1");
    ended = iterate_any(checkpoint);
    other = iterate_any(checkpoint);
    next(ended);
    OK(saCkptSectionIterationFinalize(ended));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionIterationFinalize(ended));
    iteration_handle_is_bad(ended);
    next(other);
    OK(saCkptSectionIterationFinalize(other));
}

static void t160(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIterationHandleT first, second;
    SaCkptSectionDescriptorT d;

    add_section(checkpoint, SID("first-section"), "1");
    add_section(checkpoint, SID("second-section"), "2");
    first = iterate_any(checkpoint);
    d = next(first);
    second = iterate_any(checkpoint);
    next(second);
    next(second);
    OK(saCkptSectionIterationFinalize(second));
    OK(section_delete(checkpoint, SID("first-section")));
    for (int i = 0; i < 100; i++)
        free(malloc(32));
    EQUAL(13, d.sectionId.idLen);
    BYTES("first-section", d.sectionId.id, 13);
}

static void t161(void)
{
    SaCkptCheckpointHandleT checkpoint = fresh("x");
    SaCkptSectionIterationHandleT one, two;
    SaCkptSectionDescriptorT d;

    add_section(checkpoint, SID("a"), "1");
    add_section(checkpoint, SID("b"), "2");
    one = iterate_any(checkpoint);
    two = iterate_any(checkpoint);
    TRUE(one != two);
    d = next(one);
    TRUE(same_id(SID("a"), d.sectionId));
    TRUE(same_id(SID("b"), next(one).sectionId));
    TRUE(same_id(SID("a"), next(two).sectionId));
    at_end(one);
    TRUE(same_id(SID("b"), next(two).sectionId));
    at_end(two);
}

#define STABLE 60 /* sections present throughout, with ids "s00" to "s59" */

/* Iterates once while after each step a further section is created or, in turn, deleted again:
 * before, between and after those that are counted. */
static void iterate_under_change(SaCkptCheckpointHandleT checkpoint, int round)
{
    SaCkptSectionIterationHandleT iteration = iterate_any(checkpoint);
    SaCkptSectionDescriptorT d;
    SaAisErrorT code;
    int seen[100] = {0};
    char extra[16];
    const SaCkptSectionIdT extra_id = {3, (SaUint8T *)extra};
    bool there = false;

    for (int step = 0; (code = saCkptSectionIterationNext(iteration, &d)) == SA_AIS_OK; step++) {
        TRUE(step < 4 * STABLE && d.sectionId.idLen == 3);
        if (d.sectionId.id[0] == 's')
            seen[(d.sectionId.id[1] - '0') * 10 + d.sectionId.id[2] - '0']++;
        if (there) {
            OK(section_delete(checkpoint, extra_id));
        } else {
            snprintf(extra, sizeof extra, "%c%02d", "rst"[(step / 2 + round) % 3],
                     STABLE + step % (100 - STABLE));
            OK(section_create(checkpoint, extra_id, SA_TIME_END, NULL, 0));
        }
        there = !there;
    }
    RC(SA_AIS_ERR_NO_SECTIONS, code);
    OK(saCkptSectionIterationFinalize(iteration));
    if (there)
        OK(section_delete(checkpoint, extra_id));
    for (int i = 0; i < STABLE; i++) {
        note("round %d: section s%02d was returned %d times", round, i, seen[i]);
        EQUAL(1, seen[i]);
    }
}

static void t162(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptSectionIterationHandleT iteration;

    a.maxSections = 200;
    checkpoint = create(initialize(), &name, &a);
    for (int i = 0; i < STABLE; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%02d", i);
        OK(section_create(checkpoint, (SaCkptSectionIdT){3, (SaUint8T *)id}, SA_TIME_END, NULL, 0));
    }
    for (int round = 0; round < 4; round++)
        iterate_under_change(checkpoint, round);
    note("each section is deleted as it is returned");
    iteration = iterate_any(checkpoint);
    for (int i = 0; i < STABLE; i++) {
        SaCkptSectionDescriptorT d = next(iteration);
        char id[16];
        snprintf(id, sizeof id, "s%02d", i);
        BYTES(id, d.sectionId.id, 3);
        OK(section_delete(checkpoint, (SaCkptSectionIdT){3, (SaUint8T *)id}));
    }
    at_end(iteration);
    EQUAL(0, number_of_sections(checkpoint));
}

const struct test iteration_tests[] = {
    {146, "ANY returns each section once, then NO_SECTIONS at every further call", EVERY, t146, 0,
     0},
    {147, "the order is by length of the id, then by its bytes", EVERY, t147, 0, 0},
    {148, "without sections the first Next gives NO_SECTIONS", EVERY, t148, 0, 0},
    {149, "the default section is returned with an id of length 0", EVERY, t149, 0, 0},
    {150, "FOREVER returns the sections that never expire", EVERY, t150, 0, 0},
    {151, "LEQ and GEQ compare the expiration time; sections that never expire match GEQ", EVERY,
     t151, 0, 0},
    {152, "CORRUPTED returns none of a healthy checkpoint", EVERY, t152, 0, 0},
    {153, "another selector, or no place for the handle: INVALID_PARAM", EVERY, t153, 0, 0},
    {154, "a negative expirationTime: INVALID_PARAM whatever the selector", EVERY, t154, 0, 0},
    {155, "iterating on a handle without READ: OK for B.01 clients, else ACCESS", EVERY, t155, 0, 0},
    {156, "the descriptor shows the current size, and VALID", EVERY, t156, 0, 0},
    {157, "lastUpdate is the time of the last update in nanoseconds", EVERY, t157, 0, 0},
    {158, "Next without a place for the descriptor: INVALID_PARAM, no section skipped", EVERY, t158,
     0, 0},
    {159, "IterationFinalize succeeds once; afterwards the handle is BAD_HANDLE", EVERY, t159, 0, 0},
    {160, "the id in a descriptor stays readable until the next Next", EVERY, t160, 0, 0},
    {161, "two iterations advance independently", EVERY, t161, 0, 0},
    {162, "a section present throughout is returned exactly once, whatever comes and goes", EVERY,
     t162, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
