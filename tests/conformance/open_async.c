//go:build ignore

/*
 * open_async.c: 62 to 69: OpenAsync and its callback.
 */
#include "harness.h"

static void t62(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    struct event event;

    OK(saCkptCheckpointOpenAsync(library, 42, &name, &a, RWC));
    await_events(library, 1);
    event = event_at(0);
    EQUAL(OPENED, event.kind);
    EQUAL(42, event.invocation);
    EQUAL(SA_AIS_OK, event.error);
    TRUE(event.checkpoint != 0);
    add_section(event.checkpoint, SID("a"), "data");
    TEXT(event.checkpoint, SID("a"), "data");
    TEXT(open_as(library, &name, READ), SID("a"), "data");
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    STAYS(50, event_count() == 1 && !readable(selection_object(library)));
    OK(saCkptCheckpointClose(event.checkpoint));
}

static void t63(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize_bare();

    RC(SA_AIS_ERR_INIT, saCkptCheckpointOpenAsync(library, 1, &name, &a, RWC));
    STAYS(50, !readable(selection_object(library)));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void t64(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();

    OK(saCkptCheckpointOpenAsync(library, 5, &name, NULL, READ));
    await_events(library, 1);
    EQUAL(5, event_at(0).invocation);
    EQUAL(SA_AIS_ERR_NOT_EXIST, event_at(0).error);
}

static void t65(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    create(library, &name, &a);
    a.maxSections++;
    OK(saCkptCheckpointOpenAsync(library, 6, &name, &a, RWC));
    await_events(library, 1);
    EQUAL(6, event_at(0).invocation);
    EQUAL(SA_AIS_ERR_EXIST, event_at(0).error);
}

static void t66(void)
{
    SaNameT name = name_of("x"), empty = name_from("", 0);
    Attributes a = attributes(), oversized = attributes(), without_mode = attributes_with(0);
    SaCkptHandleT library = initialize();
    const SaAisErrorT invalid = SA_AIS_ERR_INVALID_PARAM;

    oversized.checkpointSize++;
    RC(invalid, saCkptCheckpointOpenAsync(library, 1, &name, NULL, CREATE));
    RC(invalid, saCkptCheckpointOpenAsync(library, 1, &name, NULL, RWC));
    RC(invalid, saCkptCheckpointOpenAsync(library, 1, &name, &a, READ));
    RC(invalid, saCkptCheckpointOpenAsync(library, 1, &name, &oversized, RWC));
    RC(invalid, saCkptCheckpointOpenAsync(library, 1, &name, &without_mode, RWC));
    RC(invalid, saCkptCheckpointOpenAsync(library, 1, NULL, &a, RWC));
    RC(invalid, saCkptCheckpointOpenAsync(library, 1, &empty, &a, RWC));
    RC(SA_AIS_ERR_BAD_FLAGS, saCkptCheckpointOpenAsync(library, 1, &name, NULL, 0));
    STAYS(100, !readable(selection_object(library)));
    OK(saCkptDispatch(library, SA_DISPATCH_ALL));
    EQUAL(0, event_count());
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void t67(void)
{
    static const SaInvocationT values[] = {0, ~0ULL, 1ULL << 63, 0x123456789abcdef0ULL};
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    create(library, &name, &a);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        events_clear();
        OK(saCkptCheckpointOpenAsync(library, values[i], &name, NULL, READ));
        await_events(library, 1);
        EQUAL(values[i], event_at(0).invocation);
        EQUAL(SA_AIS_OK, event_at(0).error);
    }
}

static void t68(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT other = initialize(), library = initialize();

    OK(saCkptCheckpointOpenAsync(library, 1, &name, &a, RWC));
    TRUE(becomes_readable(selection_object(library), WAIT_MS));
    OK(saCkptFinalize(library));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptDispatch(library, SA_DISPATCH_ALL));
    OK(saCkptDispatch(other, SA_DISPATCH_ALL));
    EQUAL(0, event_count());
    note("the open is undone");
    RC(SA_AIS_ERR_NOT_EXIST, try_open(other, &name));
}

static void t69(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();

    OK(saCkptCheckpointOpenAsync(library, 5, &name, NULL, READ));
    await_events(library, 1);
    EQUAL(SA_AIS_ERR_NOT_EXIST, event_at(0).error);
    TRUE(event_at(0).checkpoint != 0);
    checkpoint_handle_is_bad(event_at(0).checkpoint);
}

const struct test open_async_tests[] = {
    {62, "OpenAsync gives one callback with its invocation, OK and a working handle", EVERY, t62, 0,
     0},
    {63, "OpenAsync without an open callback: INIT, nothing created", EVERY, t63, 0, 0},
    {64, "OpenAsync of an unknown name without CREATE: callback with NOT_EXIST", EVERY, t64, 0, 0},
    {65, "OpenAsync with other attributes: callback with EXIST", EVERY, t65, 0, 0},
    {66, "OpenAsync with bad arguments fails itself; no callback follows", EVERY, t66, 0, 0},
    {67, "any 64-bit invocation value comes back unchanged", EVERY, t67, 0, 0},
    {68, "OpenAsync, then Finalize before Dispatch: no callback, and the open is undone", EVERY, t68,
     0, 0},
    {69, "a failed OpenAsync hands its callback a handle other than 0 that opens nothing", EVERY,
     t69, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
