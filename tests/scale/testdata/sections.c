/*
 * sections: very many sections in one checkpoint.
 *
 *   sections NAME COUNT SIZE THREADS
 *
 * Step by step, each after a line on standard input but the first; each prints its name and the milliseconds it took:
 * "created" (by THREADS threads, in no order), "read" (every section, its whole content), "iterated" (each exactly once, by
 * length of the id and then by its bytes), "status" (number and memoryUsed), "deleted" (every section; the
 * handle and the checkpoint stay), "again" (a tenth of them created anew and read), "unlinked" (and closed; the
 * library handle stays), "end".
 */
#include <pthread.h>

#include "scale.h"

static SaCkptCheckpointHandleT checkpoint;
static uint64_t count, threads;
static SaSizeT section_size;

typedef void work(uint64_t n, unsigned char *data);

static void create(uint64_t n, unsigned char *data)
{
    fill(n, data, section_size);
    must(create_section(checkpoint, n, data, section_size), "SectionCreate");
}

static void check(uint64_t n, unsigned char *data)
{
    SaSizeT size = section_size;
    size_t at;

    must(read_section(checkpoint, n, data, &size), "CheckpointRead");
    if (size != section_size)
        fail("section %llu has %llu bytes", (unsigned long long)n, (unsigned long long)size);
    if ((at = differs(n, data, size)) != size)
        fail("section %llu is wrong at byte %zu", (unsigned long long)n, at);
}

static void delete(uint64_t n, unsigned char *data)
{
    (void)data;
    must(delete_section(checkpoint, n), "SectionDelete");
}

struct share {
    pthread_t thread;
    uint64_t first, end;
    work *work;
};

/* Odd shares go backwards, so that the order of creation is not the order of ids. */
static void *run_share(void *argument)
{
    struct share *s = argument;
    unsigned char *data = malloc(section_size);
    uint64_t steps = s->end > s->first ? (s->end - s->first + threads - 1) / threads : 0;

    if (data == NULL)
        fail("out of memory");
    for (uint64_t i = 0; i < steps; i++)
        s->work(s->first + (s->first % 2 != 0 ? steps - 1 - i : i) * threads, data);
    free(data);
    return NULL;
}

static void step(const char *name, work *work, uint64_t end)
{
    struct share *shares = calloc(threads, sizeof *shares);
    long long begin = now_ms();

    if (shares == NULL)
        fail("out of memory");
    for (uint64_t t = 0; t < threads; t++) {
        shares[t] = (struct share){.first = t, .end = end, .work = work};
        if (pthread_create(&shares[t].thread, NULL, run_share, &shares[t]) != 0)
            fail("no thread");
    }
    for (uint64_t t = 0; t < threads; t++)
        pthread_join(shares[t].thread, NULL);
    free(shares);
    say("%s %lld", name, now_ms() - begin);
}

static void iterate(void)
{
    SaCkptSectionIterationHandleT iteration;
    unsigned char *seen = calloc(count, 1), last[16];
    SaUint16T last_length = 0;
    uint64_t found = 0;
    long long begin = now_ms();

    must(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration), "IterationInitialize");
    for (;;) {
        SaCkptSectionDescriptorT d;
        SaAisErrorT error = saCkptSectionIterationNext(iteration, &d);
        uint64_t n = 0;

        if (error == SA_AIS_ERR_NO_SECTIONS)
            break;
        must(error, "IterationNext");
        if (d.sectionId.idLen < last_length ||
            (d.sectionId.idLen == last_length && memcmp(d.sectionId.id, last, last_length) <= 0))
            fail("iteration is not in order at section %llu", (unsigned long long)found);
        last_length = d.sectionId.idLen;
        if (last_length > sizeof last)
            fail("an id of %d bytes", (int)last_length);
        memcpy(last, d.sectionId.id, last_length);
        for (int i = 0; i < last_length; i++)
            n = n * 10 + (uint64_t)(last[i] - '0');
        if (n >= count || seen[n] != 0 || d.sectionSize != section_size || d.sectionState != SA_CKPT_SECTION_VALID)
            fail("iteration gave %.*s: seen %d, size %llu, state %d", (int)last_length, (const char *)last,
                 n < count ? seen[n] : -1, (unsigned long long)d.sectionSize, (int)d.sectionState);
        seen[n] = 1;
        found++;
    }
    must(saCkptSectionIterationFinalize(iteration), "IterationFinalize");
    if (found != count)
        fail("iteration gave %llu of %llu sections", (unsigned long long)found, (unsigned long long)count);
    free(seen);
    say("iterated %lld", now_ms() - begin);
}

static void expect_status(uint64_t sections)
{
    SaCkptCheckpointDescriptorT status = status_of(checkpoint);

    if (status.numberOfSections != sections || status.memoryUsed != sections * section_size)
        fail("status: %u sections, %llu bytes", status.numberOfSections, (unsigned long long)status.memoryUsed);
}

int main(int argc, char **argv)
{
    SaCkptCheckpointCreationAttributesT with;
    SaCkptHandleT library;

    if (argc != 5)
        return 2;
    count = strtoull(argv[2], NULL, 10);
    section_size = strtoull(argv[3], NULL, 10);
    threads = strtoull(argv[4], NULL, 10);
    with = attributes((SaUint32T)count, section_size);
    library = initialize();
    checkpoint = open_checkpoint(library, argv[1], &with);

    step("created", create, count);
    expect(create_section(checkpoint, count, "x", 1), SA_AIS_ERR_NO_SPACE, "SectionCreate beyond maxSections");
    await_line();
    step("read", check, count);
    await_line();
    iterate();
    await_line();
    expect_status(count);
    say("status 0");
    await_line();
    step("deleted", delete, count);
    expect_status(0);
    await_line();
    step("created", create, count / 10);
    step("again", check, count / 10);
    expect_status(count / 10);
    await_line();
    must(unlink_checkpoint(library, argv[1]), "CheckpointUnlink");
    must(saCkptCheckpointClose(checkpoint), "CheckpointClose");
    say("unlinked 0");
    await_line();
    must(saCkptFinalize(library), "Finalize");
    say("end");
    return 0;
}
