//go:build ignore

/*
 * iteration.c: the three functions of an iteration over sections.
 */
#include "clovis.h"

#define NEVER_EXPIRES ((ClTimeT)CL_TIME_END)
#define SHORT "only when memory is short (tests/scale)"

static ClTimeT now;

/* Sections "early", "later" and "never" by their expiration. */
static ClCkptHdlT three(void)
{
    ClCkptHdlT checkpoint = fresh();

    now = wall_now();
    OK(section_create(checkpoint, SID("early"), now + 100 * SECOND, "1", 1));
    OK(section_create(checkpoint, SID("later"), now + 200 * SECOND, "22", 2));
    OK(section_create(checkpoint, SID("never"), NEVER_EXPIRES, "333", 3));
    return checkpoint;
}

static void initialize_ok(void)
{
    ClCkptHdlT checkpoint = three();

    EQUAL(3, iterate(checkpoint, CL_CKPT_SECTIONS_ANY, 0).count);
    EQUAL(0, iterate(fresh_opened(attributes(), 0), CL_CKPT_SECTIONS_ANY, 0).count);
}

/* Which of the three a rule selects, as a string of their first letters. */
static const char *selected(ClCkptHdlT checkpoint, ClCkptSectionsChosenT rule, ClTimeT expiration)
{
    static char letters[4];
    struct sections sections = iterate(checkpoint, rule, expiration);
    int count = 0;

    if (find(&sections, SID("early")) != NULL)
        letters[count++] = 'e';
    if (find(&sections, SID("later")) != NULL)
        letters[count++] = 'l';
    if (find(&sections, SID("never")) != NULL)
        letters[count++] = 'n';
    EQUAL(count, sections.count);
    letters[count] = 0;
    return letters;
}

#define SELECTED(want, rule, expiration) \
    do { \
        note(#rule " " #expiration); \
        TRUE(strcmp(want, selected(checkpoint, rule, expiration)) == 0); \
    } while (0)

static void rules(void)
{
    ClCkptHdlT checkpoint = three();

    SELECTED("eln", CL_CKPT_SECTIONS_ANY, 0);
    SELECTED("eln", CL_CKPT_SECTIONS_ANY, -1);
    SELECTED("n", CL_CKPT_SECTIONS_FOREVER, 0);
    SELECTED("n", CL_CKPT_SECTIONS_FOREVER, -1);
    SELECTED("e", CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, now + 100 * SECOND);
    SELECTED("", CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, now + 100 * SECOND - 1);
    SELECTED("el", CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, now + 300 * SECOND);
    SELECTED("eln", CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, NEVER_EXPIRES);
    SELECTED("ln", CL_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, now + 200 * SECOND);
    SELECTED("n", CL_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, now + 200 * SECOND + 1);
    SELECTED("eln", CL_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, 0);
    SELECTED("n", CL_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, NEVER_EXPIRES);
    SELECTED("", CL_CKPT_SECTIONS_CORRUPTED, 0);
    note("0 is accepted and selects nothing");
    SELECTED("", (ClCkptSectionsChosenT)0, 0);
}

static void initialize_null(void)
{
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionIterationInitialize(fresh(), CL_CKPT_SECTIONS_ANY, 0, NULL));
}

static void initialize_invalid(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClHandleT iteration = 4711;

    RC(CL_CKPT_ERR_INVALID_PARAMETER,
       clCkptSectionIterationInitialize(checkpoint, (ClCkptSectionsChosenT)6, 0, &iteration));
    RC(CL_CKPT_ERR_INVALID_PARAMETER,
       clCkptSectionIterationInitialize(checkpoint, (ClCkptSectionsChosenT)0x7fffffff, 0, &iteration));
    EQUAL(4711, iteration);
}

static void initialize_not_exist(void)
{
    ClHandleT iteration;
    RC(CL_CKPT_ERR_NOT_EXIST,
       clCkptSectionIterationInitialize(without_active_replica(), CL_CKPT_SECTIONS_ANY, 0, &iteration));
}

static void next_ok(void)
{
    ClTimeT before = wall_now(), after;
    ClCkptHdlT checkpoint = three();
    ClCkptSectionDescriptorT descriptor;
    ClHandleT iteration;
    unsigned seen = 0;

    after = wall_now();
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    for (int i = 0; i < 3; i++) {
        OK(clCkptSectionIterationNext(iteration, &descriptor));
        EQUAL(5, descriptor.sectionId.idLen);
        EQUAL(0, descriptor.sectionId.id[5]);
        EQUAL(CL_CKPT_SECTION_VALID, descriptor.sectionState);
        TRUE(descriptor.lastUpdate >= before - SECOND && descriptor.lastUpdate <= after);
        seen |= 1u << descriptor.sectionSize;
        if (descriptor.sectionSize == 3)
            EQUAL(NEVER_EXPIRES, descriptor.expirationTime);
        else
            EQUAL(now + (ClTimeT)descriptor.sectionSize * 100 * SECOND, descriptor.expirationTime);
        clHeapFree(descriptor.sectionId.id);
    }
    EQUAL(0xe, seen);
    OK(clCkptSectionIterationFinalize(iteration));
}

/* The end has a code of its own, whose lower half clients compare. */
static void next_end(void)
{
    ClCkptHdlT checkpoint = fresh();
    ClCkptSectionDescriptorT descriptor;
    ClHandleT iteration;
    ClRcT code;

    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    for (int i = 0; i < 3; i++) {
        code = clCkptSectionIterationNext(iteration, &descriptor);
        RC(0x160101, code);
        EQUAL(CL_CKPT_ERR_NO_SECTIONS, CL_GET_ERROR_CODE(code));
        EQUAL(CL_CID_CKPT, CL_GET_CID(code));
    }
    OK(clCkptSectionIterationFinalize(iteration));
}

static void next_null(void)
{
    ClHandleT iteration;

    OK(clCkptSectionIterationInitialize(three(), CL_CKPT_SECTIONS_ANY, 0, &iteration));
    RC(CL_CKPT_ERR_NULL_POINTER, clCkptSectionIterationNext(iteration, NULL));
}

static void finalize_ok(void)
{
    ClCkptSectionDescriptorT descriptor;
    ClHandleT one, two;
    ClCkptHdlT checkpoint = three();

    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &one));
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &two));
    OK(clCkptSectionIterationNext(one, &descriptor));
    clHeapFree(descriptor.sectionId.id);
    OK(clCkptSectionIterationFinalize(one));
    RC(CL_CKPT_ERR_INVALID_HANDLE, clCkptSectionIterationNext(one, &descriptor));
    note("another iteration goes on");
    for (int i = 0; i < 3; i++) {
        OK(clCkptSectionIterationNext(two, &descriptor));
        clHeapFree(descriptor.sectionId.id);
    }
    RC(0x160101, clCkptSectionIterationNext(two, &descriptor));
    OK(clCkptSectionIterationFinalize(two));
}

/* A checkpoint with one section has the default section alone, and shows it. */
static void default_section(void)
{
    ClCkptHdlT checkpoint = fresh_with(one_section());
    ClCkptSectionDescriptorT descriptor;
    ClHandleT iteration;

    OK(section_overwrite(checkpoint, DEFAULT_ID, "12345", 5));
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(clCkptSectionIterationNext(iteration, &descriptor));
    EQUAL(0, descriptor.sectionId.idLen);
    TRUE(descriptor.sectionId.id == NULL);
    EQUAL(5, descriptor.sectionSize);
    EQUAL(NEVER_EXPIRES, descriptor.expirationTime);
    RC(0x160101, clCkptSectionIterationNext(iteration, &descriptor));
    OK(clCkptSectionIterationFinalize(iteration));
    EQUAL(1, iterate(checkpoint, CL_CKPT_SECTIONS_FOREVER, 0).count);
    EQUAL(0, iterate(checkpoint, CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, wall_now()).count);
}

static ClRcT next(ClHandleT iteration)
{
    ClCkptSectionDescriptorT descriptor;
    ClRcT code = clCkptSectionIterationNext(iteration, &descriptor);

    if (code == CL_OK)
        clHeapFree(descriptor.sectionId.id);
    return code;
}

/* The node of the active replica leaves the cluster; what is left is found when another has been set. */
static void next_not_exist(void)
{
    struct peer peer;
    ClCkptHdlT checkpoint = active_elsewhere(&peer);
    ClHandleT iteration;

    EQUAL(CL_OK, peer_do(&peer, "section 0 b %lld second", (long long)CL_TIME_END));
    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(next(iteration));
    EQUAL(CL_OK, peer_do(&peer, "synchronize 0"));
    node_lock(1);
    EVENTUALLY(WAIT_MS, section_overwrite(checkpoint, SID("a"), "third", 5) == CL_CKPT_ERR_NOT_EXIST);
    RC(CL_CKPT_ERR_NOT_EXIST, next(iteration));
    OK(clCkptActiveReplicaSet(checkpoint));
    OK(next(iteration));
    RC(0x160101, next(iteration));
    node_unlock(1);
}

/* A section deleted meanwhile is left out or seen; those that stay are seen once. */
static void meanwhile(void)
{
    ClCkptHdlT checkpoint = three();
    ClCkptSectionDescriptorT descriptor;
    ClHandleT iteration;
    ClRcT code;
    int stayed = 0, other = 0;

    OK(clCkptSectionIterationInitialize(checkpoint, CL_CKPT_SECTIONS_ANY, 0, &iteration));
    OK(section_delete(checkpoint, SID("early")));
    add_section(checkpoint, SID("added"), "data");
    while ((code = clCkptSectionIterationNext(iteration, &descriptor)) == CL_OK) {
        bool stays = same_id(descriptor.sectionId, SID("later")) || same_id(descriptor.sectionId, SID("never"));
        stayed += stays;
        other += !stays;
        clHeapFree(descriptor.sectionId.id);
    }
    RC(0x160101, code);
    EQUAL(2, stayed);
    TRUE(other <= 2);
}

const struct test iteration_tests[] = {
    TEST("clCkptSectionIterationInitialize CL_OK", "whatever the checkpoint was opened for", initialize_ok),
    TEST("clCkptSectionIterationInitialize CL_CKPT_ERR_NOT_EXIST", "no active replica", initialize_not_exist),
    NEVER("clCkptSectionIterationInitialize CL_ERR_NO_MEMORY", SHORT),
    TEST("clCkptSectionIterationInitialize CL_CKPT_ERR_NULL_POINTER", "the iteration handle is NULL",
         initialize_null),
    TEST("clCkptSectionIterationInitialize CL_CKPT_ERR_INVALID_PARAMETER", "sectionsChosen above 5",
         initialize_invalid),
    TEST("clCkptSectionIterationInitialize rules", "what each selects; 0 selects nothing", rules),
    TEST("clCkptSectionIterationNext CL_OK", "the whole descriptor; the id is the caller's to free", next_ok),
    ON_CLUSTER("clCkptSectionIterationNext CL_CKPT_ERR_NOT_EXIST", "the active replica is lost during an iteration",
               next_not_exist),
    NEVER("clCkptSectionIterationNext CL_ERR_NO_MEMORY", SHORT),
    TEST("clCkptSectionIterationNext CL_ERR_NULL_POINTER", "the descriptor is NULL", next_null),
    NEVER("clCkptSectionIterationNext CL_CKPT_ERR_VERSION_MISMATCH", "clCkptInitialize settles the versions"),
    TEST("clCkptSectionIterationNext CL_CKPT_ERR_NO_SECTIONS", "0x160101 at the end, at every later call too",
         next_end),
    TEST("clCkptSectionIterationFinalize CL_OK", "ends this iteration and no other", finalize_ok),
    TEST("iteration of the default section", "is found, with the id {0, NULL}", default_section),
    TEST("iteration during changes", "what stays is found exactly once", meanwhile),
    END_OF_TESTS,
};
