//go:build ignore

/*
 * lifecycle.c: 1 to 18 and 26 to 30: Initialize, SelectionObjectGet, Finalize.
 */
#include "harness.h"

static const SaVersionT newest = {'B', 2, 3};

#define VERSION_IS(want, got) BYTES(&(want), &(got), sizeof(SaVersionT))

/* Result of Initialize without callbacks; the version and handle as it leaves them. */
static SaAisErrorT ask(SaVersionT *version, SaCkptHandleT *handle)
{
    *handle = 4711;
    return saCkptInitialize(handle, NULL, version);
}

static void t1(void)
{
    SaVersionT version = client->version;
    SaCkptHandleT handle = 0;

    OK(saCkptInitialize(&handle, NULL, &version));
    TRUE(handle != 0);
    VERSION_IS(newest, version);
    OK(saCkptFinalize(handle));
}

static void t2(void)
{
    SaVersionT good = client->version, bad = {'B', 9, client->version.minorVersion};
    SaCkptHandleT handle;

    OK(ask(&good, &handle));
    VERSION_IS(newest, good);
    RC(SA_AIS_ERR_VERSION, ask(&bad, &handle));
    VERSION_IS(newest, bad);
}

static void t3(void)
{
    SaVersionT version = {'B', client->version.majorVersion, 0xff};
    SaCkptHandleT handle;

    OK(ask(&version, &handle));
    TRUE(handle != 0);
    VERSION_IS(newest, version);
    OK(saCkptFinalize(handle));
}

static void refused(SaUint8T release, SaUint8T major, SaUint8T minor)
{
    SaVersionT version = {release, major, minor};
    SaCkptHandleT handle;

    note("asked for {%u, %u, %u}", release, major, minor);
    RC(SA_AIS_ERR_VERSION, ask(&version, &handle));
    VERSION_IS(newest, version);
    EQUAL(0, handle);
}

static void t4(void)
{
    refused('B', 3, 0);
    refused('B', 3, 1);
    refused('B', 255, 255);
}

static void t5(void)
{
    refused('A', 1, 1);
    refused('A', 2, 3);
    refused('A', 9, 9);
    refused(0, 1, 1);
}

static void t6(void)
{
    refused('C', 1, 1);
    refused('Z', 2, 3);
    refused('b', 2, 3);
    refused(255, 0, 0);
}

static void t7(void)
{
    refused('B', 0, 0);
    refused('B', 0, 1);
    refused('B', 0, 255);
}

static void t8(void)
{
    SaVersionT version = client->version;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptInitialize(NULL, NULL, &version));
    version = newest;
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptInitialize_2(NULL, NULL, &version));
}

static void t9(void)
{
    SaCkptHandleT handle = 0;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptInitialize(&handle, NULL, NULL));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptInitialize_2(&handle, NULL, NULL));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptInitialize(NULL, NULL, NULL));
}

static void asynchronous_calls_need_callbacks(SaCkptHandleT library, const SaNameT *name)
{
    Attributes a = attributes_with(SA_CKPT_WR_ACTIVE_REPLICA);
    SaCkptCheckpointHandleT checkpoint = create(library, name, &a);
    int fd = selection_object(library);

    RC(SA_AIS_ERR_INIT, saCkptCheckpointOpenAsync(library, 1, name, NULL, READ));
    RC(SA_AIS_ERR_INIT, saCkptCheckpointSynchronizeAsync(checkpoint, 1));
    STAYS(100, !readable(fd));
    OK(saCkptCheckpointClose(checkpoint));
}

static void t10(void)
{
    const SaCkptCallbacksT none = {NULL, NULL};
    SaVersionT version = client->version;
    SaCkptHandleT library;
    SaNameT name = name_of("x");

    asynchronous_calls_need_callbacks(initialize_bare(), &name);
    note("structure with NULL members");
    OK(saCkptInitialize(&library, &none, &version));
    asynchronous_calls_need_callbacks(library, &name);
}

static void t11(void)
{
    SaVersionT version = {'B', 77, client->version.minorVersion};
    SaCkptHandleT handle = 4711;

    RC(SA_AIS_ERR_VERSION, saCkptInitialize(&handle, NULL, &version));
    EQUAL(0, handle);
    version = (SaVersionT){'B', 2, 0};
    handle = 4711;
    RC(SA_AIS_ERR_VERSION, saCkptInitialize_2(&handle, NULL, &version));
    EQUAL(0, handle);
}

static void t12(void)
{
    SaCkptHandleT first = initialize(), second = initialize();
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;

    TRUE(first != second);
    TRUE(selection_object(first) != selection_object(second));
    checkpoint = create(second, &name, &a);
    OK(saCkptFinalize(first));
    add_section(checkpoint, SID("a"), "still-here");
    TEXT(checkpoint, SID("a"), "still-here");
    OK(saCkptDispatch(second, SA_DISPATCH_ALL));
    OK(saCkptFinalize(second));
    library_handle_is_bad(first);
    library_handle_is_bad(second);
}

static void t14(void)
{
    const SaCkptCallbacksT_2 callbacks = {NULL, NULL, NULL};
    static const SaVersionT good[] = {{'B', 2, 3}, {'B', 2, 4}, {'B', 2, 255}};
    static const SaVersionT bad[] = {{'B', 2, 0}, {'B', 2, 2}, {'B', 1, 1}, {'B', 1, 3},
                                     {'B', 0, 3}, {'B', 3, 3}, {'A', 2, 3}, {'C', 2, 3}};
    SaCkptHandleT handle;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        SaVersionT version = good[i];
        note("asked for {%u, %u, %u}", version.releaseCode, version.majorVersion,
             version.minorVersion);
        handle = 0;
        OK(saCkptInitialize_2(&handle, &callbacks, &version));
        TRUE(handle != 0);
        VERSION_IS(newest, version);
        OK(saCkptFinalize(handle));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        SaVersionT version = bad[i];
        note("asked for {%u, %u, %u}", version.releaseCode, version.majorVersion,
             version.minorVersion);
        handle = 4711;
        RC(SA_AIS_ERR_VERSION, saCkptInitialize_2(&handle, &callbacks, &version));
        VERSION_IS(newest, version);
        EQUAL(0, handle);
    }
}

static void t15(void)
{
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSelectionObjectGet(initialize(), NULL));
}

static void t16(void)
{
    SaCkptHandleT library = initialize();
    SaCkptHandleT gone = initialize();

    OK(saCkptFinalize(gone));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSelectionObjectGet(gone, NULL));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSelectionObjectGet(0, NULL));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptSelectionObjectGet(~library, NULL));
}

static void t17(void)
{
    SaCkptHandleT library = initialize();
    const SaCkptHandleT never[] = {0, 1, 2, ~0ULL, library + 1, library - 1, library ^ 1, ~library};
    SaSelectionObjectT object = 4711;

    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        note("handle number %zu", i);
        RC(SA_AIS_ERR_BAD_HANDLE, saCkptSelectionObjectGet(never[i], &object));
        EQUAL(4711, object);
    }
}

static void t18(void)
{
    SaCkptHandleT library = initialize();
    int fd = selection_object(library);

    EQUAL(fd, selection_object(library));
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    EQUAL(fd, selection_object(library));
}

static void t26(void)
{
    SaCkptHandleT other = initialize(), library = initialize();

    selection_object(library);
    OK(saCkptFinalize(library));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptFinalize(library));
    library_handle_is_bad(library);
    selection_object(other);
    OK(saCkptFinalize(other));
}

static void t27(void)
{
    SaCkptHandleT other = initialize(), library = initialize();
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT kept = create(other, &name, &a), lost, lost_too;

    add_section(kept, SID("abc"), "data");
    lost = open_as(library, &name, READ | WRITE);
    lost_too = open_as(library, &name, READ | WRITE);
    OK(saCkptFinalize(library));
    checkpoint_handle_is_bad(lost);
    checkpoint_handle_is_bad(lost_too);
    TEXT(kept, SID("abc"), "data");
    EQUAL(1, number_of_sections(kept));
}

static void t28(void)
{
    SaCkptHandleT other = initialize(), library = initialize();
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);
    SaCkptSectionIterationHandleT fresh_one, used;
    SaCkptSectionDescriptorT descriptor;

    add_section(checkpoint, SID("a"), "1");
    add_section(checkpoint, SID("b"), "2");
    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &fresh_one));
    OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &used));
    OK(saCkptSectionIterationNext(used, &descriptor));
    OK(saCkptFinalize(library));
    iteration_handle_is_bad(fresh_one);
    iteration_handle_is_bad(used);
    OK(saCkptFinalize(other));
}

static void t29(void)
{
    SaCkptHandleT first = initialize(), second = initialize(), third;
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT lost = create(first, &name, &a);
    SaCkptCheckpointHandleT kept = open_as(second, &name, READ | WRITE);

    OK(saCkptFinalize(first));
    add_section(kept, SID("a"), "kept");
    TEXT(kept, SID("a"), "kept");
    OK(saCkptFinalize(second));
    note("after the last Finalize");
    library_handle_is_bad(first);
    library_handle_is_bad(second);
    checkpoint_handle_is_bad(lost);
    checkpoint_handle_is_bad(kept);
    third = initialize();
    note("after a new Initialize");
    TRUE(third != first && third != second);
    library_handle_is_bad(first);
    library_handle_is_bad(second);
    checkpoint_handle_is_bad(lost);
    checkpoint_handle_is_bad(kept);
    selection_object(third);
    OK(saCkptFinalize(third));
}

static void t30(void)
{
    SaCkptHandleT library = initialize(), idle = initialize(), after;
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &a);
    SaTimeT began;

    service_stop();
    began = monotonic_now();
    OK(saCkptFinalize(library));
    OK(saCkptFinalize(idle));
    /* Each may wait its 10 s for the service to hear of it. */
    TRUE(monotonic_now() - began < 23 * SECOND);
    library_handle_is_bad(library);
    library_handle_is_bad(idle);
    checkpoint_handle_is_bad(checkpoint);
    service_continue();
    after = initialize();
    EVENTUALLY(WAIT_MS, try_open(after, &name) == SA_AIS_ERR_NOT_EXIST);
}

const struct test lifecycle_tests[] = {
    {1, "Initialize with a supported version succeeds and reports {B,2,3}, the highest supported",
     EVERY, t1, 0, 0},
    {2, "the version reported is {B,2,3}, also when Initialize fails with VERSION", EVERY, t2, 0, 0},
    {3, "Initialize ignores the minor version", B_01_01 | B_02_02, t3, 0, 0},
    {4, "Initialize with too high a major version: VERSION, {B,2,3} reported", ONCE, t4, 0, 0},
    {5, "Initialize with a release below B: VERSION, {B,2,3} reported", ONCE, t5, 0, 0},
    {6, "Initialize with a release above B: VERSION, {B,2,3} reported", ONCE, t6, 0, 0},
    {7, "Initialize with major version 0: VERSION", ONCE, t7, 0, 0},
    {8, "Initialize without a place for the handle: INVALID_PARAM", EVERY, t8, 0, 0},
    {9, "Initialize without a version: INVALID_PARAM", ONCE, t9, 0, 0},
    {10, "Initialize without callbacks succeeds; asynchronous calls then fail with INIT", EVERY, t10,
     0, 0},
    {11, "an Initialize refused for its version sets the handle to 0", EVERY, t11, 0, 0},
    {12, "two Initialize calls give different handles, each finalized by itself", EVERY, t12, 0, 0},
    {14, "Initialize_2 accepts {B,2,3} and higher minors, else VERSION with {B,2,3} reported", ONCE,
     t14, 0, 0},
    {15, "SelectionObjectGet without a place for the object: INVALID_PARAM", EVERY, t15, 0, 0},
    {16, "SelectionObjectGet tests its pointer before the handle", EVERY, t16, 0, 0},
    {17, "SelectionObjectGet of a handle never given out: BAD_HANDLE", EVERY, t17, 0, 0},
    {18, "SelectionObjectGet gives the same descriptor each time", EVERY, t18, 0, 0},
    {26, "Finalize succeeds once; afterwards every call on the handle gives BAD_HANDLE", EVERY, t26,
     0, 0},
    {27, "Finalize closes the checkpoints of its handle, and no others", EVERY, t27, 0, 0},
    {28, "Finalize ends the iterations of its handle", EVERY, t28, 0, 0},
    {29, "a handle stays valid until its own Finalize, and no old one becomes valid again", EVERY,
     t29, 0, 0},
    {30, "Finalize succeeds while the service does not answer, and takes effect when it does", EVERY,
     t30, EXCLUSIVE, 40},
    {0, NULL, 0, NULL, 0, 0},
};
