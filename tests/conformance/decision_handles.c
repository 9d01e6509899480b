//go:build ignore

/*
 * decision_handles.c: D1 to D6: handles, and the version gates of early B.02 clients.
 */
#include "harness.h"

#include <sys/resource.h>

/* Values of all kinds that are no handle. */
static const uint64_t garbage[] = {
    0, 1, 2, 3, 255, 256, 65536, 1ULL << 31, 1ULL << 32, ~0ULL, ~0ULL - 1, 1ULL << 63,
    0x7fffffffffffffffULL, 0xdeadbeefdeadbeefULL, 0x00007f0000000000ULL, 4096,
};

static void d1(void)
{
    arguments_are_tested_first(0);
    arguments_are_tested_first(0xdeadbeefdeadbeefULL);
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        note("handle %#llx", (unsigned long long)garbage[i]);
        library_handle_is_bad(garbage[i]);
        checkpoint_handle_is_bad(garbage[i]);
        iteration_handle_is_bad(garbage[i]);
    }
}

static void d2(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);
    SaCkptSectionIterationHandleT iteration;
    uint64_t valid[4];

    add_section(checkpoint, SID("a"), "data");
    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        note("handle %#llx", (unsigned long long)garbage[i]);
        library_handle_is_bad(garbage[i]);
        checkpoint_handle_is_bad(garbage[i]);
        iteration_handle_is_bad(garbage[i]);
    }
    note("a handle of another kind");
    library_handle_is_bad(checkpoint);
    library_handle_is_bad(iteration);
    checkpoint_handle_is_bad(library);
    checkpoint_handle_is_bad(iteration);
    iteration_handle_is_bad(library);
    iteration_handle_is_bad(checkpoint);
    note("close to a valid one");
    valid[0] = library;
    valid[1] = checkpoint;
    valid[2] = iteration;
    valid[3] = (uint64_t)(uintptr_t)&valid;
    for (int i = 0; i < 4; i++)
        for (int bit = 0; bit < 64; bit++) {
            library_handle_is_bad(valid[i] ^ 1ULL << bit);
            checkpoint_handle_is_bad(valid[i] ^ 1ULL << bit);
            iteration_handle_is_bad(valid[i] ^ 1ULL << bit);
        }
    TEXT(checkpoint, SID("a"), "data");
}

#define HANDLES 200

static void all_unlike(const SaUint64T handles[HANDLES])
{
    for (int i = 0; i < HANDLES; i++)
        for (int j = 0; j < i; j++) {
            SaUint64T difference = handles[i] - handles[j];
            note("handles %#llx and %#llx", handles[j], handles[i]);
            /* By chance two random values are this close once in 10^9 runs. */
            TRUE(difference > 1 << 16 && -difference > 1 << 16);
        }
    note("%s", "");
}

static void d3(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT first = create(library, &name, &a);
    SaUint64T opened[HANDLES], iterations[HANDLES], libraries[HANDLES];

    for (int i = 0; i < HANDLES; i++) {
        opened[i] = open_as(library, &name, READ);
        OK(saCkptCheckpointClose(opened[i]));
        OK(saCkptSectionIterationInitialize(first, SA_CKPT_SECTIONS_ANY, 0, &iterations[i]));
        OK(saCkptSectionIterationFinalize(iterations[i]));
        libraries[i] = initialize();
        OK(saCkptFinalize(libraries[i]));
    }
    all_unlike(opened);
    all_unlike(iterations);
    all_unlike(libraries);
    for (int i = 0; i < HANDLES; i += 20) {
        checkpoint_handle_is_bad(opened[i]);
        iteration_handle_is_bad(iterations[i]);
        library_handle_is_bad(libraries[i]);
    }
}

static void gates(SaUint8T minor)
{
    SaNameT name = name_of(minor == 0 ? "zero" : "one");
    Attributes a = attributes();
    SaCkptHandleT library;
    SaCkptCheckpointHandleT reader, writer, again;
    SaCkptCheckpointDescriptorT status;
    SaCkptSectionIterationHandleT iteration;

    note("client {B, 2, %u}", minor);
    OK(initialize_as((SaVersionT){'B', 2, minor}, &library));
    a.retentionDuration = SECOND;
    create(library, &name, &a);
    reader = open_as(library, &name, READ);
    writer = open_as(library, &name, WRITE);
    OK(saCkptCheckpointStatusGet(writer, &status));
    OK(saCkptSectionIterationInitialize(writer, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(saCkptCheckpointRetentionDurationSet(reader, SECOND));
    a.retentionDuration = 2 * SECOND;
    RC(SA_AIS_ERR_EXIST, saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, &again));
    RC(SA_AIS_ERR_VERSION, saCkptTrack(library));
}

static void d4(void)
{
    gates(0);
    gates(1);
}

static void d5(void)
{
    SaCkptHandleT one = initialize(), two = initialize();
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint = create(one, &name, &a);
    SaCkptCheckpointHandleT other = open_as(two, &name, READ | WRITE);
    SaCkptSectionIterationHandleT iteration;
    SaCkptSectionDescriptorT d;

    add_section(checkpoint, SID("a"), "data");
    OK(saCkptSectionIterationInitialize(other, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    for (int i = 0; i < 5; i++) {
        SaCkptHandleT passing = initialize();
        SaCkptCheckpointHandleT c = open_as(passing, &name, READ | WRITE);
        OK(section_overwrite(c, SID("a"), "more", 4));
        OK(saCkptFinalize(passing));
    }
    OK(saCkptCheckpointClose(checkpoint));
    TEXT(other, SID("a"), "more");
    OK(saCkptSectionIterationNext(iteration, &d));
    EQUAL(1, d.sectionId.idLen);
    OK(saCkptFinalize(one));
    TEXT(other, SID("a"), "more");
    OK(saCkptSectionIterationFinalize(iteration));
}

#define LIBRARY_HANDLES 500
#define DESCRIPTORS 1024

static void d6(void)
{
    struct rlimit limit = {DESCRIPTORS, DESCRIPTORS}, after;
    static SaCkptHandleT libraries[LIBRARY_HANDLES];
    SaNameT name = name_of("x");
    Attributes a = attributes();

    EQUAL(0, setrlimit(RLIMIT_NOFILE, &limit));
    for (int i = 0; i < LIBRARY_HANDLES; i++) {
        note("library handle %d", i);
        libraries[i] = initialize();
        TRUE(selection_object(libraries[i]) < DESCRIPTORS);
        if (i == 0)
            create(libraries[i], &name, &a);
        else
            open_as(libraries[i], &name, READ | WRITE);
    }
    EQUAL(0, getrlimit(RLIMIT_NOFILE, &after));
    EQUAL(DESCRIPTORS, after.rlim_cur);
    for (int i = 0; i < LIBRARY_HANDLES; i += 50) {
        events_clear();
        note("library handle %d", i);
        OK(saCkptCheckpointOpenAsync(libraries[i], (SaInvocationT)i, &name, NULL, READ));
        await_events(libraries[i], 1);
        EQUAL(i, event_at(0).invocation);
        EQUAL(SA_AIS_OK, event_at(0).error);
    }
    for (int i = 0; i < LIBRARY_HANDLES; i++) {
        note("library handle %d", i);
        OK(saCkptFinalize(libraries[i]));
    }
    note("after the last one");
    RC(SA_AIS_ERR_NOT_EXIST, try_open(initialize(), &name));
}

const struct test decision_handle_tests[] = {
    {1, "before the first Initialize a call tests its arguments, then gives BAD_HANDLE", ONCE, d1,
     0, 0},
    {2, "garbage, foreign and nearly right handles give BAD_HANDLE in every call", EVERY, d2, 0, 60},
    {3, "no handle is given out twice or can be guessed from another", ONCE, d3, 0, 60},
    {4, "clients {B,2,0} and {B,2,1} have the access rights of B.01", ONCE, d4, 0, 0},
    {5, "handles work on whatever other handles of the process come and go", EVERY, d5, 0, 0},
    {6, "500 library handles in one process with 1,024 descriptors, which stay the limit", ONCE, d6,
     0, 90},
    {0, NULL, 0, NULL, 0, 0},
};
