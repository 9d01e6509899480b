//go:build ignore

/*
 * open.c: 31 to 61: Open.
 */
#include "harness.h"

#include <stdio.h>
#include <unistd.h>

static SaAisErrorT open_with(SaCkptHandleT library, const SaNameT *name, const Attributes *a,
                             SaCkptCheckpointOpenFlagsT flags)
{
    SaCkptCheckpointHandleT checkpoint = 0;
    SaAisErrorT code = saCkptCheckpointOpen(library, name, a, flags, TIMEOUT, &checkpoint);
    if (code == SA_AIS_OK)
        TRUE(checkpoint != 0);
    return code;
}

static void t31(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    OK(open_with(library, &name, &a, CREATE | WRITE));
    OK(try_open(library, &name));
}

static void t32(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT writer = create(library, &name, &a), reader;

    add_section(writer, SID("a"), "data");
    reader = open_as(library, &name, READ);
    TRUE(reader != writer);
    TEXT(reader, SID("a"), "data");
    note("from another library handle");
    TEXT(open_as(initialize(), &name, READ), SID("a"), "data");
}

static void t33(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();

    RC(SA_AIS_ERR_NOT_EXIST, open_with(library, &name, NULL, READ));
    RC(SA_AIS_ERR_NOT_EXIST, open_with(library, &name, NULL, WRITE));
    RC(SA_AIS_ERR_NOT_EXIST, open_with(library, &name, NULL, READ | WRITE));
}

static void t34(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();

    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &name, NULL, CREATE));
    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &name, NULL, RWC));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void t35(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &name, &a, READ));
    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &name, &a, READ | WRITE));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    create(library, &name, &a);
    note("of an existing checkpoint");
    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &name, &a, READ));
}

static void t36(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();

    a.checkpointSize = (SaSizeT)a.maxSections * a.maxSectionSize;
    OK(open_with(initialize(), &name, &a, CREATE));
}

static void t37(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    a.checkpointSize = (SaSizeT)a.maxSections * a.maxSectionSize + 1;
    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &name, &a, CREATE));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void t38(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;

    RC(SA_AIS_ERR_INVALID_PARAM,
       saCkptCheckpointOpen(library, NULL, &a, RWC, TIMEOUT, &checkpoint));
    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, NULL));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void bad_flags(SaCkptCheckpointOpenFlagsT flags)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    note("flags %#x", flags);
    create(library, &name, &a);
    RC(SA_AIS_ERR_BAD_FLAGS, open_with(library, &name, NULL, flags));
}

static void t39(void)
{
    bad_flags(0);
}

static void t40(void)
{
    bad_flags(0x8);
    bad_flags(0x10);
    bad_flags(0x80000000u);
    bad_flags(0xfffffff8u);
}

static void t41(void)
{
    SaNameT name = name_of("x"), other = name_of("y");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT reader, writer = create(library, &name, &a);

    add_section(writer, SID("a"), "data");
    reader = open_as(library, &name, READ | 0x10);
    TEXT(reader, SID("a"), "data");
    note("the unknown bit gives no right to write");
    RC(SA_AIS_ERR_ACCESS, section_overwrite(reader, SID("a"), "x", 1));
    OK(open_with(library, &other, &a, CREATE | 0x80000000u));
}

static void refused_creation_flags(const SaCkptCheckpointCreationFlagsT *flags, size_t count)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();

    for (size_t i = 0; i < count; i++) {
        Attributes a = attributes_with(flags[i]);
        note("creationFlags %#x", flags[i]);
        RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &name, &a, RWC));
        RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    }
}

static void t42(void)
{
    static const SaCkptCheckpointCreationFlagsT bad[] = {0, 8, 3, 5, 6, 7, 0xb, 0xd, 0xe, 0xf};
    refused_creation_flags(bad, sizeof bad / sizeof bad[0]);
}

static void t43(void)
{
    static const SaCkptCheckpointCreationFlagsT bad[] = {0x10, 0x11, 0x12, 0x19, 0x100,
                                                         0x80000001u};
    refused_creation_flags(bad, sizeof bad / sizeof bad[0]);
}

static void t44(void)
{
    static const SaCkptCheckpointCreationFlagsT good[] = {1, 2, 4, 9, 0xa, 0xc};
    SaCkptHandleT library = initialize();

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        Attributes a = attributes_with(good[i]);
        char suffix[8];
        SaNameT name;
        note("creationFlags %#x", good[i]);
        snprintf(suffix, sizeof suffix, "f%x", good[i]);
        name = name_of(suffix);
        OK(saCkptCheckpointClose(create(library, &name, &a)));
    }
}

static void t45(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT first, second;

    a.retentionDuration = 5 * SECOND;
    first = create(library, &name, &a);
    add_section(first, SID("a"), "data");
    second = create(library, &name, &a);
    TRUE(second != first);
    TEXT(second, SID("a"), "data");
}

static void t46(void)
{
    SaNameT name = name_of("x");
    const Attributes original = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint = create(library, &name, &original);
    SaCkptCheckpointDescriptorT status;
    Attributes a;

    add_section(checkpoint, SID("a"), "data");
    a = original;
    a.maxSections++;
    note("another maxSections");
    RC(SA_AIS_ERR_EXIST, open_with(library, &name, &a, RWC));
    a = original;
    a.creationFlags = SA_CKPT_WR_ACTIVE_REPLICA;
    note("another creationFlags");
    RC(SA_AIS_ERR_EXIST, open_with(library, &name, &a, RWC));
    a.creationFlags = SA_CKPT_WR_ALL_REPLICAS | SA_CKPT_CHECKPOINT_COLLOCATED;
    RC(SA_AIS_ERR_EXIST, open_with(library, &name, &a, RWC));
    a = original;
    a.checkpointSize--;
    note("another checkpointSize");
    RC(SA_AIS_ERR_EXIST, open_with(library, &name, &a, RWC));
    a = original;
    a.maxSectionSize++;
    note("another maxSectionSize");
    RC(SA_AIS_ERR_EXIST, open_with(library, &name, &a, RWC));
    a = original;
    a.maxSectionIdSize++;
    note("another maxSectionIdSize");
    RC(SA_AIS_ERR_EXIST, open_with(library, &name, &a, RWC));
    note("afterwards");
    TEXT(checkpoint, SID("a"), "data");
    OK(saCkptCheckpointStatusGet(checkpoint, &status));
    EQUAL(original.maxSections, status.checkpointCreationAttributes.maxSections);
    EQUAL(original.checkpointSize, status.checkpointCreationAttributes.checkpointSize);
}

static void t47(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    a.retentionDuration = 3 * SECOND;
    create(library, &name, &a);
    a.retentionDuration = 4 * SECOND;
    RC(client->bit == B_01_01 ? SA_AIS_ERR_EXIST : SA_AIS_OK, open_with(library, &name, &a, RWC));
}

static void t48(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT first = create(library, &name, &a);
    SaCkptCheckpointHandleT second = open_as(library, &name, READ | WRITE);

    TRUE(first != second);
    add_section(first, SID("a"), "one");
    OK(saCkptCheckpointClose(first));
    TEXT(second, SID("a"), "one");
    OK(section_overwrite(second, SID("a"), "two", 3));
    TEXT(second, SID("a"), "two");
    checkpoint_handle_is_bad(first);
}

/* The time that the call took was the timeout, give or take what a busy machine adds. */
#define TOOK(timeout, began) \
    do { \
        SaTimeT took_ = monotonic_now() - (began); \
        note("timeout %lld ms, took %lld ms", (timeout) / MS, took_ / MS); \
        TRUE(took_ >= (timeout) && took_ < (timeout) + 2 * SECOND); \
        note("%s", ""); \
    } while (0)

static void t49(void)
{
    static const SaTimeT timeouts[] = {10 * MS, 200 * MS, 1234567890};
    SaNameT name = name_of("x"), existing = name_of("y");
    Attributes a = attributes();
    SaCkptHandleT library = initialize(), after;
    SaCkptCheckpointHandleT checkpoint, working;
    Attributes asynchronous = attributes_with(SA_CKPT_WR_ACTIVE_REPLICA);

    working = create(library, &existing, &asynchronous);
    service_stop();
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        SaTimeT began = monotonic_now();
        RC(SA_AIS_ERR_TIMEOUT,
           saCkptCheckpointOpen(library, &name, &a, RWC, timeouts[i], &checkpoint));
        TOOK(timeouts[i], began);
        began = monotonic_now();
        RC(SA_AIS_ERR_TIMEOUT, saCkptCheckpointSynchronize(working, timeouts[i]));
        TOOK(timeouts[i], began);
    }
    service_continue();
    note("the service goes on");
    create(library, &name, &a);
    OK(saCkptFinalize(library));
    after = initialize();
    EVENTUALLY(WAIT_MS, try_open(after, &name) == SA_AIS_ERR_NOT_EXIST);
}

static void t50(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;

    RC(SA_AIS_ERR_INVALID_PARAM, saCkptCheckpointOpen(library, &name, &a, RWC, -1, &checkpoint));
    RC(SA_AIS_ERR_INVALID_PARAM,
       saCkptCheckpointOpen(library, &name, &a, RWC, (SaTimeT)SA_TIME_UNKNOWN, &checkpoint));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
}

static void t51(void)
{
    static const SaTimeT defaults[] = {0, 1, 10 * MS - 1};
    SaNameT name = name_of("x"), other = name_of("y");
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;
    SaTimeT began;

    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        note("timeout %lld ns", defaults[i]);
        OK(saCkptCheckpointOpen(library, &name, &a, RWC, defaults[i], &checkpoint));
        OK(saCkptCheckpointClose(checkpoint));
    }
    service_stop();
    began = monotonic_now();
    RC(SA_AIS_ERR_TIMEOUT, saCkptCheckpointOpen(library, &other, &a, RWC, 0, &checkpoint));
    TOOK(10 * SECOND, began);
    service_continue();
}

static void t52(void)
{
    static const char *const prefixes[] = {"plain-", "a ", "ckpt=", "SAFCKPT=", "=",   "",
                                           "safCkpt", "\xc3\xa4", "..", "a/b/../", "*.>", "#"};
    SaCkptHandleT library = initialize();
    Attributes a = attributes();

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        char text[100];
        /* The time and the process make it unique. */
        int length = snprintf(text, sizeof text, "%s%lld.%d", prefixes[i], (long long)wall_now(),
                              (int)getpid());
        SaNameT name = name_from(text, (size_t)length);
        SaCkptCheckpointHandleT checkpoint;

        note("name beginning with %s", prefixes[i]);
        checkpoint = create(library, &name, &a);
        add_section(checkpoint, SID("a"), text);
        TEXT(open_as(library, &name, READ), SID("a"), text);
        OK(saCkptCheckpointUnlink(library, &name));
        RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &name));
    }
}

static void t53(void)
{
    SaNameT empty = name_from("", 0);
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &empty, &a, RWC));
    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &empty, NULL, READ));
    memset(empty.value, 'x', sizeof empty.value);
    RC(SA_AIS_ERR_INVALID_PARAM, open_with(library, &empty, &a, RWC));
}

static void t54(void)
{
    static char text[2050];
    SaNameT name;
    Attributes a = attributes();
    SaCkptHandleT library = initialize();

    memset(text, 'n', 2049);
    saAisNameLend(text, &name);
    RC(SA_AIS_ERR_TOO_BIG, open_with(library, &name, &a, RWC));
    RC(SA_AIS_ERR_TOO_BIG, open_with(library, &name, NULL, READ));
}

static void t55(void)
{
    char text[200];
    SaNameT plain = name_of("x"), name;
    Attributes a = attributes();
    SaCkptHandleT library = initialize();
    int length = snprintf(text, sizeof text, "%.*s,safApp=no such parent", (int)plain.length,
                          (const char *)plain.value);

    name = name_from(text, (size_t)length);
    OK(open_with(library, &name, &a, RWC));
    OK(try_open(library, &name));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(library, &plain));
}

static void t56(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptHandleT other = initialize(), library = initialize();

    OK(saCkptFinalize(library));
    RC(SA_AIS_ERR_BAD_HANDLE, open_with(library, &name, &a, RWC));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointOpenAsync(library, 1, &name, &a, RWC));
    RC(SA_AIS_ERR_NOT_EXIST, try_open(other, &name));
}

static void t57(void)
{
    SaCkptHandleT library = initialize(), finalized = initialize();

    OK(saCkptFinalize(finalized));
    arguments_are_tested_first(finalized);
    arguments_are_tested_first(~library);
}

static void t58(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptSectionIdT generated = SA_CKPT_GENERATED_SECTION_ID;
    SaCkptSectionCreationAttributesT section = {&generated, SA_TIME_END};

    a.maxSections = 0;
    a.checkpointSize = 0;
    checkpoint = create(initialize(), &name, &a);
    RC(SA_AIS_ERR_NO_SPACE, section_create(checkpoint, SID("a"), SA_TIME_END, "x", 1));
    RC(SA_AIS_ERR_NO_SPACE, saCkptSectionCreate(checkpoint, &section, "x", 1));
    TRUE(generated.id == NULL && generated.idLen == 0);
    EQUAL(0, number_of_sections(checkpoint));
    RC(SA_AIS_ERR_NOT_EXIST, section_read(checkpoint, SID("a"), (char[MAX_SIZE]){0}, NULL));
}

static void t59(void)
{
    SaNameT name = name_of("x");
    Attributes a = one_section();

    EQUAL(1, number_of_sections(create(initialize(), &name, &a)));
}

static void t60(void)
{
    SaNameT name = name_of("x");
    Attributes a = attributes();

    EQUAL(0, number_of_sections(create(initialize(), &name, &a)));
}

static void t61(void)
{
    SaNameT name = name_of("x");
    SaCkptHandleT library = initialize();
    SaCkptCheckpointDescriptorT status;
    const Attributes a = {.creationFlags = SA_CKPT_WR_ACTIVE_REPLICA_WEAK,
                          .checkpointSize = 7 * 1235 - 3,
                          .retentionDuration = 1234567891,
                          .maxSections = 7,
                          .maxSectionSize = 1235,
                          .maxSectionIdSize = 77};
    SaCkptCheckpointHandleT handles[2];

    handles[0] = create(library, &name, &a);
    handles[1] = open_as(library, &name, READ);
    for (int i = 0; i < 2; i++) {
        const Attributes *got = &status.checkpointCreationAttributes;
        memset(&status, 0xee, sizeof status);
        OK(saCkptCheckpointStatusGet(handles[i], &status));
        EQUAL(a.creationFlags, got->creationFlags);
        EQUAL(a.checkpointSize, got->checkpointSize);
        EQUAL(a.retentionDuration, got->retentionDuration);
        EQUAL(a.maxSections, got->maxSections);
        EQUAL(a.maxSectionSize, got->maxSectionSize);
        EQUAL(a.maxSectionIdSize, got->maxSectionIdSize);
        EQUAL(0, status.numberOfSections);
        EQUAL(0, status.memoryUsed);
    }
    OK(saCkptCheckpointUnlink(library, &name));
}

const struct test open_tests[] = {
    {31, "Open with CREATE of an unknown name creates the checkpoint", EVERY, t31, 0, 0},
    {32, "Open without CREATE of an existing name gives its data", EVERY, t32, 0, 0},
    {33, "Open without CREATE of an unknown name: NOT_EXIST", EVERY, t33, 0, 0},
    {34, "Open with CREATE but no attributes: INVALID_PARAM", EVERY, t34, 0, 0},
    {35, "Open with attributes but no CREATE: INVALID_PARAM", EVERY, t35, 0, 0},
    {36, "checkpointSize may be maxSections x maxSectionSize", EVERY, t36, 0, 0},
    {37, "checkpointSize above maxSections x maxSectionSize: INVALID_PARAM", EVERY, t37, 0, 0},
    {38, "Open without a name or a place for the handle: INVALID_PARAM", EVERY, t38, 0, 0},
    {39, "Open with flags 0: BAD_FLAGS", EVERY, t39, 0, 0},
    {40, "Open with unknown flags alone: BAD_FLAGS", EVERY, t40, 0, 0},
    {41, "Open ignores unknown flags beside a known one", EVERY, t41, 0, 0},
    {42, "creationFlags with none or several update modes: INVALID_PARAM", EVERY, t42, 0, 0},
    {43, "creationFlags with unknown bits: INVALID_PARAM", EVERY, t43, 0, 0},
    {44, "all six legal creationFlags are accepted", EVERY, t44, 0, 0},
    {45, "Open with CREATE and the same attributes opens the existing checkpoint", EVERY, t45, 0, 0},
    {46, "Open with CREATE and another size, limit or mode: EXIST, nothing changed", EVERY, t46, 0,
     0},
    {47, "Open with CREATE and another retention: EXIST for B.01 clients, else OK", EVERY, t47, 0, 0},
    {48, "two opens give two handles; closing one leaves the other", EVERY, t48, 0, 0},
    {49, "a timeout of 10 ms or more is honoured with TIMEOUT; the call may have been done", EVERY,
     t49, EXCLUSIVE, 30},
    {50, "a negative timeout: INVALID_PARAM", EVERY, t50, 0, 0},
    {51, "a timeout under 10 ms means the service's own 10 s, not at once and not for ever", ONCE,
     t51, EXCLUSIVE, 30},
    {52, "any non-empty name is accepted, with or without safCkpt=", EVERY, t52, 0, 0},
    {53, "an empty name: INVALID_PARAM", EVERY, t53, 0, 0},
    {54, "a name of 2,049 bytes: TOO_BIG", EVERY, t54, 0, 0},
    {55, "the parent in a DN need not exist", EVERY, t55, 0, 0},
    {56, "Open on a finalized library handle: BAD_HANDLE, nothing created", EVERY, t56, 0, 0},
    {57, "arguments are tested before the handle", EVERY, t57, 0, 0},
    {58, "maxSections 0 is accepted; every SectionCreate then gives NO_SPACE", EVERY, t58, 0, 0},
    {59, "with maxSections 1 there is one section from the start", EVERY, t59, 0, 0},
    {60, "with maxSections 4 there is none at the start", EVERY, t60, 0, 0},
    {61, "StatusGet returns the attributes given at creation", EVERY, t61, 0, 0},
    {0, NULL, 0, NULL, 0, 0},
};
