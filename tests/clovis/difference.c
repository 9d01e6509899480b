//go:build ignore

/*
 * difference.c: where the 2007 document and the sources of later SDKs say different things, and what
 * holds here.
 */
#include "clovis.h"

#define NEVER_EXPIRES ((ClTimeT)CL_TIME_END)

static void d1(void)
{
    EQUAL(8, sizeof(ClHandleT));
    TRUE((ClHandleT)-1 > 0);
    EQUAL(8, sizeof(ClOffsetT));
    TRUE((ClOffsetT)-1 < 0);
}

static void d2(void)
{
    Attributes a;
    EQUAL(8, sizeof a.maxSectionSize);
    EQUAL(48, sizeof a);
}

/* As positional initialisers of shipped programs need it. */
static void d3(void)
{
    ClCkptSectionIdT id = {3, (ClUint8T *)(uintptr_t)"abc"};
    ClNameT name = {4, "name"};
    ClVersionT version = {'B', 1, 2};
    Attributes a = {1, 2, 3, 4, 5, 6};
    ClCkptIOVectorElementT e = {{1, (ClUint8T *)(uintptr_t)"i"}, &id, 7, 8, 9};
    ClCkptSectionCreationAttributesT s = {&id, 10};

    EQUAL(3, id.idLen);
    EQUAL(4, name.length);
    EQUAL(2, version.minorVersion);
    EQUAL(1, a.creationFlags);
    EQUAL(2, a.checkpointSize);
    EQUAL(3, a.retentionDuration);
    EQUAL(4, a.maxSections);
    EQUAL(5, a.maxSectionSize);
    EQUAL(6, a.maxSectionIdSize);
    TRUE(e.dataBuffer == &id);
    EQUAL(7, e.dataSize);
    EQUAL(8, e.dataOffset);
    EQUAL(9, e.readSize);
    TRUE(s.sectionId == &id);
    EQUAL(10, s.expirationTime);
    EQUAL(48, offsetof(ClCkptCheckpointDescriptorT, numberOfSections));
    EQUAL(52, offsetof(ClCkptCheckpointDescriptorT, memoryUsed));
    EQUAL(16, offsetof(ClCkptSectionDescriptorT, expirationTime));
}

static void d4(void)
{
    EQUAL(8, CL_CKPT_CHECKPOINT_COLLOCATED);
    EQUAL(8, CL_CKPT_WR_CHECKPOINT_COLLOCATED);
}

static void d5(void)
{
    EQUAL(1, CL_CKPT_SECTIONS_FOREVER);
    EQUAL(2, CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME);
    EQUAL(3, CL_CKPT_SECTIONS_GEQ_EXPIRATION_TIME);
    EQUAL(4, CL_CKPT_SECTIONS_CORRUPTED);
    EQUAL(5, CL_CKPT_SECTIONS_ANY);
}

static void d6(void)
{
    struct peer peer = start_peer();
    ClCkptSvcHdlT service = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes(); /* without CL_CKPT_DISTRIBUTED */
    ClCkptHdlT checkpoint = create(service, &name, &a);

    add_section(checkpoint, SID("a"), "data");
    OK(consume(checkpoint, NULL));
    OK(peer_do(&peer, "open 0 %d %.*s", WRITE, name.length, name.value));
    OK(section_overwrite(checkpoint, SID("a"), "own", 3));
    STAYS(200, event_count() == 0);
    OK(peer_do(&peer, "overwrite 0 a other"));
    await_consumed(1);
    EQUAL(checkpoint, event_at(0).checkpoint);
}

static void d8(void)
{
    ClNameT name = name_of("x");
    ClCkptHdlT checkpoint;
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptCheckpointOpen(initialize(), &name, NULL, CREATE, 0, &checkpoint));
}

static void d9(void)
{
    ClVersionT version = {'B', 2, 1};
    ClCkptSvcHdlT service;
    ClRcT code = clCkptInitialize(&service, NULL, &version);

    EQUAL(CL_ERR_VERSION_MISMATCH, CL_GET_ERROR_CODE(code));
    EQUAL(CL_CID_CKPT, CL_GET_CID(code));
    EQUAL('B', version.releaseCode);
    EQUAL(1, version.majorVersion);
    EQUAL(1, version.minorVersion);
}

static void d10(void)
{
    ClCkptSvcHdlT service;
    ClVersionT version = {'B', 1, 1};

    RC(CL_CKPT_ERR_NULL_POINTER, clCkptInitialize(NULL, NULL, &version));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptInitialize(&service, NULL, NULL));
}

static void d11(void)
{
    ClCkptSvcHdlT service = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes();
    ClCkptHdlT checkpoint = create(service, &name, &a);

    RC(CL_OK, clCkptCheckpointDelete(service, &name));
    add_section(checkpoint, SID("a"), "data");
}

static void d12(void)
{
    Attributes two = attributes();
    ClNameT name = name_of("two");
    ClCkptSectionIdT default_id = CL_CKPT_DEFAULT_SECTION_ID;
    ClCkptHdlT checkpoint = fresh_with(one_section());

    OK(clCkptSectionCheck(checkpoint, &default_id));
    EQUAL(1, status_of(checkpoint).numberOfSections);
    two.maxSections = 2;
    two.checkpointSize = 2 * MAX_SIZE;
    checkpoint = create(initialize(), &name, &two);
    EQUAL(0, status_of(checkpoint).numberOfSections);
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptSectionCheck(checkpoint, &default_id));
    add_section(checkpoint, SID("a"), "1");
    add_section(checkpoint, SID("b"), "2");
}

static void d13(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClCkptIOVectorElementT elements[] = {element(SID("a"), "1", 1, 0), element(SID("b"), "2", 1, 0)};
    ClUint32T index = 4711;

    add_section(checkpoint, SID("a"), "data");
    RC(CL_CKPT_ERR_NOT_EXIST, clCkptCheckpointWrite(checkpoint, elements, 2, &index));
    EQUAL(1, index);
    TEXT(checkpoint, SID("a"), "data");
    index = 4711;
    OK(clCkptCheckpointWrite(checkpoint, elements, 1, &index));
    EQUAL(4711, index);
}

static void d14(void)
{
    ClCkptHdlT checkpoint = fresh();
    char buffer[MAX_SIZE];
    ClCkptIOVectorElementT e = element(SID("a"), buffer, 50, 1);
    ClUint32T index = 4711;

    add_section(checkpoint, SID("a"), "data");
    OK(clCkptCheckpointRead(checkpoint, &e, 1, &index));
    EQUAL(0, index);
    EQUAL(3, e.readSize);
    EQUAL(50, e.dataSize);
    EQUAL(1, e.dataOffset);
}

static void d15(void)
{
    Attributes a = attributes_with(CL_CKPT_WR_ACTIVE_REPLICA);
    ClCkptHdlT reads = fresh_opened(a, READ);

    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_write(reads, SID("a"), 0, "x", 1));
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_overwrite(reads, SID("a"), "x", 1));
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_delete(reads, SID("a")));
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, section_expire(reads, SID("a"), NEVER_EXPIRES));
    RC(CL_CKPT_ERR_OP_NOT_PERMITTED, clCkptCheckpointSynchronize(reads, 0));
}

static void d16(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());
    ClCkptSectionDescriptorT descriptor;
    ClHandleT iteration;

    EQUAL(0x101, CL_CKPT_ERR_NO_SECTIONS);
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(clCkptSectionIterationNext(iteration, &descriptor));
    EQUAL(0, descriptor.sectionId.idLen);
    RC(0x160101, clCkptSectionIterationNext(iteration, &descriptor));
}

static void d17(void)
{
    ClCkptHdlT checkpoint = without_active_replica();

    OK(clCkptActiveReplicaSet(checkpoint));
    OK(clCkptActiveReplicaSet(checkpoint));
    RC(CL_CKPT_ERR_BAD_OPERATION, clCkptActiveReplicaSet(fresh()));
}

static void d18(void)
{
    ClCkptSvcHdlT one = initialize(), two = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes();
    ClCkptHdlT checkpoint = create(two, &name, &a);

    open_as(one, &name, READ);
    OK(clCkptFinalize(one));
    add_section(checkpoint, SID("a"), "data");
    OK(try_open(two, &name));
    OK(clCkptCheckpointClose(checkpoint));
}

static ClCkptSvcHdlT dispatched;

static void finalize_dispatched(const struct event *event)
{
    (void)event;
    OK(clCkptFinalize(dispatched));
}

static void d19(void)
{
    ClNameT name = name_of("x");
    Attributes a = attributes();

    dispatched = initialize();
    on_event = finalize_dispatched;
    OK(clCkptCheckpointOpenAsync(dispatched, 1, &name, &a, RWC));
    OK(clCkptDispatch(dispatched, CL_DISPATCH_BLOCKING));
    EQUAL(1, event_count());
}

static void d20(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());

    OK(section_overwrite(checkpoint, DEFAULT_ID, "1234567", 7));
    EQUAL(7, status_of(checkpoint).memoryUsed);
    EQUAL(1, status_of(checkpoint).numberOfSections);
}

static void d21(void)
{
    ClCkptHdlT checkpoint = fresh();

    OK(section_create(checkpoint, SID("a"), NEVER_EXPIRES, NULL, 0));
    RC(CL_CKPT_ERR_NULL_POINTER, section_create(checkpoint, SID("b"), NEVER_EXPIRES, NULL, 1));
    TEXT(checkpoint, SID("a"), "");
}

static void d22(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClTimeT later = wall_now() + 100 * SECOND;
    struct sections sections;

    RC(CL_CKPT_ERR_INVALID_PARAMETER, section_create(checkpoint, SID("a"), 100 * SECOND, "x", 1));
    OK(section_create(checkpoint, SID("a"), later, "x", 1));
    sections = iterate(checkpoint, CL_CKPT_SECTIONS_ANY, 0);
    EQUAL(later, find(&sections, SID("a"))->expirationTime);
}

static void d23(void)
{
    __typeof__(clCkptLibraryInitialize) *initialize_library = NULL; /* clCkptExtApi.h has declared it */
    TRUE(initialize_library == NULL);
}

static void d26(void)
{
    RC(0x16000e, clCkptFinalize(1));
    RC(0x160003, clCkptInitialize(NULL, NULL, NULL));
    EQUAL(0x160004, CL_CKPT_ERR_NOT_EXIST);
    EQUAL(0, CL_RC(CL_CID_CKPT, CL_OK));
    EQUAL(4, CL_GET_ERROR_CODE(CL_CKPT_ERR_NOT_EXIST));
    EQUAL(0x16, CL_GET_CID(CL_CKPT_ERR_NOT_EXIST));
}

static void d27(void)
{
    EQUAL(CL_CKPT_ERR_NOT_INITIALIZED, CL_CKPT_ERR_INIT_NOT_DONE);
    EQUAL(CL_CKPT_ERR_INVALID_HANDLE, CL_CKPT_ERR_BAD_HANDLE);
    EQUAL(CL_CKPT_ERR_UNSPECIFIED, CL_CKPT_INTERNAL_ERROR);
    EQUAL(CL_CKPT_ERR_INVALID_PARAMETER, CL_CKPT_ERR_INVALID_PARAM);
}

static void d28(void)
{
    ClSelectionObjectT object = ~0ULL;

    EQUAL(4, sizeof(ClCkptSelectionObjT));
    EQUAL(8, sizeof object);
    OK(clCkptSelectionObjectGet(initialize(), &object));
    TRUE(object < 1 << 20);
}

#define LIBRARY_BASED "library-based checkpoints: tests/dataset"

const struct test difference_tests[] = {
    TEST("difference 1", "ClHandleT is 64 bits, unsigned; ClOffsetT is signed", d1),
    TEST("difference 2", "maxSectionSize is a ClSizeT", d2),
    TEST("difference 3", "structures in the order of their declaration, not of the alphabet", d3),
    TEST("difference 4", "CL_CKPT_CHECKPOINT_COLLOCATED and CL_CKPT_WR_CHECKPOINT_COLLOCATED are 0x8", d4),
    TEST("difference 5", "ClCkptSectionsChosenT begins with 1", d5),
    TEST("difference 6", "any checkpoint can be consumed; the writing process is not told", d6),
    NEVER("difference 7", LIBRARY_BASED),
    TEST("difference 8", "CREATE without attributes: NULL_POINTER", d8),
    TEST("difference 9", "a version not served: the checkpoint component's VERSION_MISMATCH", d9),
    TEST("difference 10", "clCkptInitialize tells of NULL pointers", d10),
    TEST("difference 11", "Delete of what is open: CL_OK", d11),
    TEST("difference 12", "a default section only with maxSections 1", d12),
    TEST("difference 13", "Write: all or nothing, index of the first bad element, unchanged on success", d13),
    TEST("difference 14", "Read: index 0 on success, dataSize and dataOffset left alone", d14),
    TEST("difference 15", "what changes data needs WRITE or CREATE", d15),
    TEST("difference 16", "end of an iteration 0x160101; the default section is found", d16),
    TEST("difference 17", "ActiveReplicaSet moves it; BAD_OPERATION if not collocated", d17),
    TEST("difference 18", "Finalize closes its own handle's checkpoints", d18),
    TEST("difference 19", "CL_DISPATCH_BLOCKING works", d19),
    TEST("difference 20", "memoryUsed and numberOfSections are real, the default section counts", d20),
    TEST("difference 21", "initialData NULL with size 0", d21),
    TEST("difference 22", "expirationTime is absolute; the past is refused", d22),
    TEST("difference 23", "the library-based functions are declared in clCkptExtApi.h", d23),
    NEVER("difference 24", LIBRARY_BASED),
    NEVER("difference 25", LIBRARY_BASED),
    TEST("difference 26", "codes are composed: 0x16NNNN", d26),
    TEST("difference 27", "the document's four other names are aliases", d27),
    TEST("difference 28", "the selection object is 64 bits wide; ClCkptSelectionObjT exists, unused", d28),
    END_OF_TESTS,
};
