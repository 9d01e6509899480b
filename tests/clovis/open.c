//go:build ignore

/*
 * open.c: CheckpointOpen.
 */
#include "clovis.h"

static ClCkptSvcHdlT service;
static ClNameT name;

static void begin(void)
{
    service = initialize();
    name = name_of("x");
}

static ClRcT open_with(const Attributes *with, ClCkptOpenFlagsT flags)
{
    ClCkptHdlT checkpoint = 4711;
    ClRcT code = clCkptCheckpointOpen(service, &name, with, flags, 0, &checkpoint);
    if (code == CL_OK)
        TRUE(checkpoint != 0 && checkpoint != 4711);
    else
        EQUAL(4711, checkpoint);
    return code;
}

static void ok(void)
{
    Attributes a = attributes();
    ClCkptHdlT one, two;

    begin();
    one = create(service, &name, &a);
    two = create(service, &name, &a);
    TRUE(one != two);
    add_section(one, SID("a"), "data");
    TEXT(two, SID("a"), "data");
    TEXT(open_as(service, &name, READ), SID("a"), "data");
    OK(clCkptCheckpointClose(one));
    TEXT(two, SID("a"), "data");
}

static void null_pointer(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;

    begin();
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpen(service, NULL, &a, RWC, 0, &checkpoint));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpen(service, &name, &a, RWC, 0, NULL));
    RC(CL_CKPT_ERR_NULL_POINTER, open_with(NULL, CREATE));
    RC(CL_CKPT_ERR_NULL_POINTER, open_with(NULL, RWC));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
    note("CREATE without attributes, also of one that exists");
    create(service, &name, &a);
    RC(CL_CKPT_ERR_NULL_POINTER, open_with(NULL, RWC));
}

static void already_exists(void)
{
    Attributes a = attributes(), b;

    begin();
    a.retentionDuration = SECOND;
    create(service, &name, &a);
    OK(open_with(&a, RWC));
    for (int i = 0; i < 6; i++) {
        note("attribute %d differs", i);
        b = a;
        switch (i) {
        case 0: b.creationFlags = CL_CKPT_WR_ACTIVE_REPLICA; break;
        case 1: b.checkpointSize--; break;
        case 2: b.retentionDuration++; break;
        case 3: b.maxSections++; break;
        case 4: b.maxSectionSize++; break;
        default: b.maxSectionIdSize++; break;
        }
        RC(CL_CKPT_ERR_ALREADY_EXIST, open_with(&b, RWC));
    }
    OK(open_with(&a, RWC));
}

static void already_exists_retention(void)
{
    Attributes a = attributes();
    ClCkptHdlT checkpoint;

    begin();
    a.retentionDuration = 3 * SECOND;
    checkpoint = create(service, &name, &a);
    OK(clCkptCheckpointRetentionDurationSet(checkpoint, 0));
    RC(CL_CKPT_ERR_ALREADY_EXIST, open_with(&a, RWC));
    a.retentionDuration = 0;
    OK(open_with(&a, RWC));
}

static void bad_flag(void)
{
    static const ClCkptOpenFlagsT bad[] = {8, 9, 15, 16, 0x80000001u, 0xffffffffu};
    Attributes a = attributes();

    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        note("flags %#x", bad[i]);
        RC(CL_CKPT_ERR_BAD_FLAG, open_with(&a, bad[i]));
    }
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

static void size_too_large(void)
{
    Attributes a = attributes();

    begin();
    a.checkpointSize++;
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(&a, RWC));
    a.checkpointSize = ~0ULL;
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(&a, RWC));
    a = attributes();
    a.checkpointSize = 0;
    OK(open_with(&a, RWC));
    name = name_of("unlimited");
    a = attributes();
    a.maxSectionSize = 0;
    OK(open_with(&a, RWC));
    name = name_of("product beyond 64 bits");
    a = attributes();
    a.maxSections = 0xffffffff;
    a.maxSectionSize = 1ULL << 40;
    OK(open_with(&a, RWC));
}

static void attributes_without_create(void)
{
    Attributes a = attributes();

    begin();
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(&a, READ));
    create(service, &name, &a);
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(&a, READ));
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(&a, READ | WRITE));
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(&a, 0));
}

static void no_sections(void)
{
    Attributes a = attributes();

    begin();
    a.maxSections = 0;
    a.checkpointSize = 0;
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(&a, RWC));
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

static void bad_names(void)
{
    begin();
    name.length = 0;
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(NULL, READ));
    name.length = CL_MAX_NAME_LENGTH + 1;
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(NULL, READ));
    name.length = 0xffff;
    RC(CL_CKPT_ERR_INVALID_PARAM, open_with(NULL, READ));
}

static void not_exist(void)
{
    begin();
    RC(CL_CKPT_ERR_NOT_EXIST, open_with(NULL, READ));
    RC(CL_CKPT_ERR_NOT_EXIST, open_with(NULL, 0));
    RC(CL_CKPT_ERR_NOT_EXIST, open_with(NULL, READ | WRITE));
}

static void longest_name(void)
{
    char bytes[CL_MAX_NAME_LENGTH];
    ClNameT prefix = name_of("x");
    Attributes a = attributes();

    begin();
    memset(bytes, 'n', sizeof bytes);
    memcpy(bytes, prefix.value, prefix.length);
    name = name_from(bytes, sizeof bytes);
    add_section(create(service, &name, &a), SID("a"), "long");
    TEXT(open_as(service, &name, READ), SID("a"), "long");
    bytes[sizeof bytes - 1] = 'm';
    name = name_from(bytes, sizeof bytes);
    RC(CL_CKPT_ERR_NOT_EXIST, try_open(service, &name));
}

/* Programs count the NUL in, or not: it is the same name. */
static void name_with_nul(void)
{
    Attributes a = attributes();

    begin();
    create(service, &name, &a);
    name.length++;
    EQUAL(0, name.value[name.length - 1]);
    OK(try_open(service, &name));
}

/* The timeout is not supported: no value of it makes a difference. */
static void timeouts(void)
{
    static const ClTimeT values[] = {0, 1, -1, -1000000000, 1000, (ClTimeT)CL_TIME_END};
    Attributes a = attributes();
    ClCkptHdlT checkpoint;

    begin();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        note("timeout %lld", (long long)values[i]);
        OK(clCkptCheckpointOpen(service, &name, &a, RWC, values[i], &checkpoint));
        OK(clCkptCheckpointClose(checkpoint));
    }
}

/* No creation flag is refused, and those that mean nothing here are kept and shown. */
static void creation_flags(void)
{
    static const ClCkptCreationFlagsT flags[] = {
        0, CL_CKPT_WR_ALL_REPLICAS, CL_CKPT_WR_ACTIVE_REPLICA, CL_CKPT_WR_ACTIVE_REPLICA_WEAK, 3, 5, 6, 7,
        CL_CKPT_DISTRIBUTED, CL_CKPT_DISTRIBUTED | 1, CL_CKPT_WR_ALL_SAFE | 2, CL_CKPT_COLLOCATED_SAFE | 1,
        CL_CKPT_ALL_OPEN_ARE_REPLICAS | 1, CL_CKPT_PEER_TO_PEER_REPLICA | 2,
        CL_CKPT_PEER_TO_PEER_CACHE_DISABLE | 1, 0x1f1, 0xfffffff7u,
    };

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        Attributes a = attributes_with(flags[i]);
        char suffix[16];
        ClCkptHdlT checkpoint;

        snprintf(suffix, sizeof suffix, "%zu", i);
        service = initialize();
        name = name_of(suffix);
        note("creationFlags %#x", flags[i]);
        checkpoint = create(service, &name, &a);
        add_section(checkpoint, SID("a"), "data");
        TEXT(checkpoint, SID("a"), "data");
        EQUAL(flags[i], status_of(checkpoint).checkpointCreationAttributes.creationFlags);
        OK(open_with(&a, RWC));
        a.creationFlags ^= CL_CKPT_DISTRIBUTED;
        RC(CL_CKPT_ERR_ALREADY_EXIST, open_with(&a, RWC));
        OK(clCkptFinalize(service));
    }
}

/* Which calls an open permits: READ to read, WRITE or CREATE to write. */
static void permissions(void)
{
    Attributes a = attributes();
    char buffer[MAX_SIZE];

    begin();
    add_section(create(service, &name, &a), SID("a"), "data");
    for (ClCkptOpenFlagsT flags = 0; flags <= 7; flags++) {
        ClRcT for_read = flags & READ ? CL_OK : CL_CKPT_ERR_OP_NOT_PERMITTED;
        ClRcT for_write = flags & (WRITE | CREATE) ? CL_OK : CL_CKPT_ERR_OP_NOT_PERMITTED;
        ClCkptHdlT checkpoint;

        note("opened with flags %u", flags);
        OK(clCkptCheckpointOpen(service, &name, flags & CREATE ? &a : NULL, flags, 0, &checkpoint));
        RC(for_read, section_read(checkpoint, SID("a"), buffer, NULL));
        RC(for_write, section_write(checkpoint, SID("a"), 0, "x", 1));
        RC(for_write, section_overwrite(checkpoint, SID("a"), "x", 1));
        RC(for_write, section_create(checkpoint, SID("b"), (ClTimeT)CL_TIME_END, NULL, 0));
        RC(for_write, section_expire(checkpoint, SID("a"), (ClTimeT)CL_TIME_END));
        RC(for_write, section_delete(checkpoint, SID("b")));
        status_of(checkpoint);
        EQUAL(1, iterate(checkpoint, CL_CKPT_SECTIONS_ANY, 0).count);
        OK(clCkptCheckpointRetentionDurationSet(checkpoint, 0));
    }
}

const struct test open_tests[] = {
    TEST("clCkptCheckpointOpen CL_OK", "creates, opens again with the same attributes or none", ok),
    TEST("clCkptCheckpointOpen CL_ERR_NULL_POINTER", "name, handle, or attributes with CREATE are NULL",
         null_pointer),
    TEST("clCkptCheckpointOpen CL_ERR_ALREADY_EXIST", "any of the six attributes differs", already_exists),
    TEST("clCkptCheckpointOpen CL_ERR_ALREADY_EXIST, retention", "compared with the present duration",
         already_exists_retention),
    NEVER("clCkptCheckpointOpen CL_ERR_NO_MEMORY", "only when memory is short (tests/scale)"),
    TEST("clCkptCheckpointOpen CL_CKPT_ERR_BAD_FLAG", "a bit beyond READ, WRITE, CREATE", bad_flag),
    TEST("clCkptCheckpointOpen CL_CKPT_ERR_INVALID_PARAM, checkpointSize",
         "beyond maxSections * maxSectionSize; not if either size is 0", size_too_large),
    TEST("clCkptCheckpointOpen CL_CKPT_ERR_INVALID_PARAM, attributes", "given without CREATE",
         attributes_without_create),
    TEST("clCkptCheckpointOpen CL_CKPT_ERR_INVALID_PARAM, maxSections", "0", no_sections),
    TEST("clCkptCheckpointOpen CL_CKPT_ERR_INVALID_PARAM, name", "length 0 or beyond 256", bad_names),
    NEVER("clCkptCheckpointOpen CL_CKPT_ERR_VERSION_MISMATCH", "clCkptInitialize settles the versions"),
    TEST("clCkptCheckpointOpen CL_CKPT_ERR_NOT_EXIST", "no such name, and no CREATE", not_exist),
    TEST("clCkptCheckpointOpen longest name", "256 bytes without a NUL, all of them compared", longest_name),
    TEST("clCkptCheckpointOpen name with its NUL counted", "is the same name", name_with_nul),
    TEST("clCkptCheckpointOpen timeout", "is ignored", timeouts),
    TEST("clCkptCheckpointOpen creation flags", "none is refused; all are kept, shown and compared",
         creation_flags),
    TEST("clCkptCheckpointOpen permissions", "READ to read, WRITE or CREATE to write, 0 for neither",
         permissions),
    END_OF_TESTS,
};
