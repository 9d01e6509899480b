//go:build ignore

/*
 * open_async.c: CheckpointOpenAsync and its callback.
 */
#include "clovis.h"

static ClCkptSvcHdlT service;
static ClNameT name;

static void begin(void)
{
    service = initialize();
    name = name_of("x");
}

static void ok(void)
{
    Attributes a = attributes();
    struct event event;

    begin();
    OK(clCkptCheckpointOpenAsync(service, 42, &name, &a, RWC));
    await_events(service, 1);
    event = event_at(0);
    EQUAL(OPENED, event.kind);
    EQUAL(42, event.invocation);
    EQUAL(CL_OK, event.error);
    add_section(event.checkpoint, SID("a"), "data");
    TEXT(open_as(service, &name, READ), SID("a"), "data");
    STAYS(50, event_count() == 1 && !readable(selection_object(service)));
    OK(clCkptCheckpointClose(event.checkpoint));
}

static void bad_flag(void)
{
    Attributes a = attributes();

    begin();
    RC(CL_CKPT_ERR_BAD_FLAG, clCkptCheckpointOpenAsync(service, 1, &name, &a, 8));
    RC(CL_CKPT_ERR_BAD_FLAG, clCkptCheckpointOpenAsync(service, 1, &name, NULL, ~0u));
    STAYS(100, !readable(selection_object(service)));
}

static void invalid(Attributes a, ClCkptOpenFlagsT flags)
{
    begin();
    RC(CL_CKPT_ERR_INVALID_PARAM, clCkptCheckpointOpenAsync(service, 1, &name, &a, flags));
    STAYS(100, !readable(selection_object(service)));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

static void size_too_large(void)
{
    Attributes a = attributes();
    a.checkpointSize++;
    invalid(a, RWC);
}

static void attributes_without_create(void)
{
    invalid(attributes(), READ);
    invalid(attributes(), 0);
}

static void bad_arguments(void)
{
    Attributes a = attributes();

    a.maxSections = 0;
    a.checkpointSize = 0;
    invalid(a, RWC);
    a = attributes();
    name.length = 0;
    RC(CL_CKPT_ERR_INVALID_PARAM, clCkptCheckpointOpenAsync(service, 1, &name, &a, RWC));
    name.length = CL_MAX_NAME_LENGTH + 1;
    RC(CL_CKPT_ERR_INVALID_PARAM, clCkptCheckpointOpenAsync(service, 1, &name, &a, RWC));
    STAYS(100, !readable(selection_object(service)));
}

static void null_pointer(void)
{
    Attributes a = attributes();

    begin();
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpenAsync(service, 1, NULL, &a, RWC));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpenAsync(service, 1, &name, NULL, CREATE));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpenAsync(service, 1, &name, NULL, RWC));
    STAYS(100, !readable(selection_object(service)));
}

static void no_callback(void)
{
    const ClCkptCallbacksT without_open = {NULL, recording_callbacks.checkpointSynchronizeCallback};
    Attributes a = attributes();

    begin();
    service = initialize_bare();
    RC(CL_CKPT_ERR_INITIALIZED, clCkptCheckpointOpenAsync(service, 1, &name, &a, RWC));
    OK(initialize_with(&service, &without_open));
    RC(CL_CKPT_ERR_INITIALIZED, clCkptCheckpointOpenAsync(service, 1, &name, &a, RWC));
    STAYS(100, !readable(selection_object(service)));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

static void fails_by_callback(void)
{
    Attributes a = attributes();

    begin();
    OK(clCkptCheckpointOpenAsync(service, 5, &name, NULL, READ));
    await_events(service, 1);
    EQUAL(5, event_at(0).invocation);
    RC(CL_CKPT_ERR_NOT_EXIST, event_at(0).error);
    EQUAL(~0ULL, event_at(0).checkpoint);
    create(service, &name, &a);
    a.maxSections++;
    OK(clCkptCheckpointOpenAsync(service, 6, &name, &a, RWC));
    await_events(service, 2);
    RC(CL_CKPT_ERR_ALREADY_EXIST, event_at(1).error);
    EQUAL(~0ULL, event_at(1).checkpoint);
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptCheckpointClose(event_at(1).checkpoint));
}

static void invocations(void)
{
    static const ClInvocationT values[] = {0, ~0ULL, 1ULL << 63, 0x123456789abcdef0ULL};
    Attributes a = attributes();

    begin();
    create(service, &name, &a);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        events_clear();
        OK(clCkptCheckpointOpenAsync(service, values[i], &name, NULL, READ));
        await_events(service, 1);
        EQUAL(values[i], event_at(0).invocation);
        OK(event_at(0).error);
    }
}

/* Name and attributes may go when the call has returned. */
static void copied(void)
{
    Attributes a = attributes();
    ClNameT passing;

    begin();
    passing = name;
    OK(clCkptCheckpointOpenAsync(service, 1, &passing, &a, RWC));
    memset(&passing, 0xee, sizeof passing);
    memset(&a, 0xee, sizeof a);
    await_events(service, 1);
    OK(event_at(0).error);
    a = attributes();
    create(service, &name, &a);
}

const struct test open_async_tests[] = {
    TEST("clCkptCheckpointOpenAsync CL_OK", "one callback with its invocation and a working handle", ok),
    TEST("clCkptCheckpointOpenAsync CL_CKPT_ERR_BAD_FLAG", "a bit beyond READ, WRITE, CREATE; no callback",
         bad_flag),
    TEST("clCkptCheckpointOpenAsync CL_CKPT_ERR_INVALID_PARAM, checkpointSize",
         "beyond maxSections * maxSectionSize; no callback", size_too_large),
    TEST("clCkptCheckpointOpenAsync CL_CKPT_ERR_INVALID_PARAM, attributes", "given without CREATE; no callback",
         attributes_without_create),
    TEST("clCkptCheckpointOpenAsync CL_CKPT_ERR_INVALID_PARAM, other", "maxSections 0, length of the name",
         bad_arguments),
    TEST("clCkptCheckpointOpenAsync CL_CKPT_ERR_NULL_POINTER", "name, or attributes with CREATE, are NULL",
         null_pointer),
    TEST("clCkptCheckpointOpenAsync CL_CKPT_ERR_INITIALIZED", "no open callback is registered", no_callback),
    NEVER("clCkptCheckpointOpenAsync CL_CKPT_ERR_VERSION_MISMATCH", "clCkptInitialize settles the versions"),
    TEST("clCkptCheckpointOpenAsync failing", "NOT_EXIST and ALREADY_EXIST come by callback, the handle all ones",
         fails_by_callback),
    TEST("clCkptCheckpointOpenAsync invocation", "all 64 bits come back", invocations),
    TEST("clCkptCheckpointOpenAsync arguments", "are copied", copied),
    END_OF_TESTS,
};
