/*
 * writer: fills a checkpoint with records until there is no memory for more, and remembers what was acknowledged.
 *
 *   writer NAME
 *
 * Prints "open", creates records of random sizes and overwrites some, then smaller and smaller ones, until not even the
 * smallest can be created; prints "full REFUSALS". From then on it overwrites records, which may succeed or be refused with
 * NO_RESOURCES, until a line of standard input tells it to do something else, after which it goes on:
 *
 *   verify   reads every record and compares it with what was acknowledged  prints "verified RECORDS BYTES"
 *   look     calls that read or change no record                           prints "looked SLOWEST_MS"
 *   free     deletes every other record; then writing must work again      prints "freed DELETED"
 *   unlink   verifies, unlinks, closes and opens anew under another name    prints "unlinked"
 *   end      verifies, finalizes                                           prints "end OK REFUSED"
 *
 * An update that ended with TRY_AGAIN or TIMEOUT is made again.
 */
#include <poll.h>

#include "record.h"

enum { NUMBERS = 1 << 16, REFUSALS_MIN = 20, OPENINGS = 200, AGAIN_MS = 60000 };

static struct slot {
    uint64_t version; /* last one tried */
    uint64_t size;    /* acknowledged; 0 = there is no such section */
    uint64_t acknowledged;
} slots[NUMBERS];

static const char *name;
static SaCkptHandleT library;
static SaCkptCheckpointHandleT checkpoint;
static uint64_t used, state, accepted, refused; /* sections numbered from used on have never been there */
static unsigned char data[RECORD_MAX];

static SaAisErrorT attempt(uint64_t number, bool create)
{
    struct slot *s = &slots[number];
    struct record r;
    char text[16];
    SaCkptSectionIdT id = numbered(text, number);

    memcpy(&r, data, sizeof r);
    if (create)
        return create_section(checkpoint, number, data, r.size);
    if (r.size == s->size) /* in place; an overwrite would do as well */
        return write_section(checkpoint, number, 0, data, r.size);
    return saCkptSectionOverwrite(checkpoint, &id, data, r.size);
}

/* Whether a section holds this very record. */
static bool holds(const struct record *r)
{
    static unsigned char found[RECORD_MAX];
    SaSizeT size = sizeof found;
    SaAisErrorT error = read_section(checkpoint, r->number, found, &size);

    if (error == SA_AIS_ERR_NOT_EXIST)
        return false;
    must(error, "CheckpointRead");
    return record_check(name, r->number, found, size).version == r->version;
}

/* Puts a new record in a section, which is created if there is none; false if there is no memory for it. */
static bool put(uint64_t number, uint64_t size)
{
    struct slot *s = &slots[number];
    struct record r = {number, ++s->version, size};
    bool create = s->size == 0, unsure = false;
    long long begin = now_ms();
    SaAisErrorT error;

    record_make(&r, data);
    do {
        error = attempt(number, create);
        unsure = unsure || error == SA_AIS_ERR_TIMEOUT;
        if (create && unsure && error == SA_AIS_ERR_EXIST)
            error = SA_AIS_OK; /* that was the one that ended with TIMEOUT */
    } while ((error == SA_AIS_ERR_TRY_AGAIN || error == SA_AIS_ERR_TIMEOUT) && now_ms() - begin < AGAIN_MS);
    if (error == SA_AIS_ERR_NO_RESOURCES && unsure && holds(&r))
        error = SA_AIS_OK;
    if (error == SA_AIS_ERR_NO_RESOURCES) {
        refused++;
        return false;
    }
    must(error, create ? "SectionCreate" : "an overwrite");
    accepted++;
    s->size = size;
    s->acknowledged = r.version;
    if (number >= used)
        used = number + 1;
    return true;
}

static void verify(void)
{
    static unsigned char found[RECORD_MAX];
    uint64_t records = 0, bytes = 0;
    SaCkptCheckpointDescriptorT status;

    for (uint64_t n = 0; n < used; n++) {
        SaSizeT size = sizeof found;
        SaAisErrorT error = read_section(checkpoint, n, found, &size);
        struct record r;

        if (slots[n].size == 0) {
            expect(error, SA_AIS_ERR_NOT_EXIST, "CheckpointRead of a deleted section");
            continue;
        }
        must(error, "CheckpointRead of an acknowledged section");
        r = record_check(name, n, found, size);
        if (r.version != slots[n].acknowledged || r.size != slots[n].size)
            fail("section %llu holds version %llu, acknowledged was %llu", (unsigned long long)n,
                 (unsigned long long)r.version, (unsigned long long)slots[n].acknowledged);
        records++;
        bytes += size;
    }
    status = status_of(checkpoint);
    if (status.numberOfSections != records || status.memoryUsed != bytes)
        fail("status: %u sections and %llu bytes, not %llu and %llu", status.numberOfSections,
             (unsigned long long)status.memoryUsed, (unsigned long long)records, (unsigned long long)bytes);
    say("verified %llu %llu", (unsigned long long)records, (unsigned long long)bytes);
}

static long long slowest, begun;

static SaAisErrorT timed(SaAisErrorT error)
{
    if (now_ms() - begun > slowest)
        slowest = now_ms() - begun;
    begun = now_ms();
    return error;
}

static void iterate(void)
{
    SaCkptSectionIterationHandleT iteration;
    uint64_t found = 0, want = 0;
    SaAisErrorT error;
    SaCkptSectionDescriptorT d;

    must(timed(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration)), "IterationInitialize");
    while ((error = timed(saCkptSectionIterationNext(iteration, &d))) == SA_AIS_OK)
        found++;
    expect(error, SA_AIS_ERR_NO_SECTIONS, "the last IterationNext");
    must(timed(saCkptSectionIterationFinalize(iteration)), "IterationFinalize");
    for (uint64_t n = 0; n < used; n++)
        want += slots[n].size != 0;
    if (found != want)
        fail("iteration gave %llu of %llu sections", (unsigned long long)found, (unsigned long long)want);
}

/* A code that is documented for a lack of memory, or OK. */
static bool done(SaAisErrorT error, const char *call)
{
    if (error != SA_AIS_OK)
        expect(error, SA_AIS_ERR_NO_RESOURCES, call);
    return error == SA_AIS_OK;
}

/*
 * So many openings that what the service keeps of them does not fit where it has room by chance; then as many closings, none
 * of which may be forgotten.
 */
static void open_and_close_many(void)
{
    SaCkptCheckpointHandleT handles[OPENINGS];
    int count = 0;

    while (count < OPENINGS && done(timed(try_open(library, name, NULL, &handles[count])), "CheckpointOpen of an existing one")) {
        SaSizeT size = sizeof data;
        must(read_section(handles[count++], 0, data, &size), "CheckpointRead");
        record_check(name, 0, data, size);
    }
    while (count > 0)
        must(timed(saCkptCheckpointClose(handles[--count])), "CheckpointClose");
}

static void look(void)
{
    const SaCkptCheckpointCreationAttributesT with = record_attributes();
    SaCkptCheckpointHandleT other;
    char text[16], created[64];
    SaCkptSectionIdT first = numbered(text, 0);

    begun = now_ms();
    slowest = 0;
    (void)status_of(checkpoint);
    iterate();
    done(timed(saCkptSectionExpirationTimeSet(checkpoint, &first, SA_TIME_END)), "SectionExpirationTimeSet");
    done(timed(saCkptCheckpointRetentionDurationSet(checkpoint, SA_TIME_ONE_HOUR)), "RetentionDurationSet");
    expect(timed(unlink_checkpoint(library, "no such name")), SA_AIS_ERR_NOT_EXIST, "CheckpointUnlink");
    expect(timed(try_open(library, "no such name", NULL, &other)), SA_AIS_ERR_NOT_EXIST, "CheckpointOpen");
    for (int i = 0; i < 20; i++) {
        snprintf(created, sizeof created, "%s-%d", name, i);
        expect(timed(try_open(library, created, &with, &other)), SA_AIS_ERR_NO_RESOURCES, "CheckpointOpen of a new one");
        expect(timed(try_open(library, created, NULL, &other)), SA_AIS_ERR_NOT_EXIST, "CheckpointOpen of a refused one");
    }
    open_and_close_many();
    say("looked %lld", slowest);
}

static void free_some(void)
{
    uint64_t deleted = 0, bytes = 0, size = RECORD_MIN;

    for (uint64_t n = 1; n < used; n += 2) {
        if (slots[n].size == 0)
            continue;
        must(delete_section(checkpoint, n), "SectionDelete");
        deleted++;
        bytes += slots[n].size;
        slots[n].size = 0;
    }
    /* As many records of a quarter of the size must find room at once. */
    if (deleted > 0 && bytes / deleted / 4 > size)
        size = bytes / deleted / 4;
    for (uint64_t n = 1; n < used; n += 2)
        if (slots[n].size == 0 && !put(n, size))
            fail("no room for %llu bytes in section %llu after %llu were deleted", (unsigned long long)size,
                 (unsigned long long)n, (unsigned long long)bytes);
    say("freed %llu", (unsigned long long)deleted);
}

static uint64_t some_size(uint64_t largest)
{
    return RECORD_MIN + next_random(&state) % (largest - RECORD_MIN + 1);
}

static void fill_up(void)
{
    uint64_t largest = RECORD_MAX;

    while (largest > RECORD_MIN || refused < REFUSALS_MIN) {
        if (!put(used, some_size(largest)))
            largest = largest / 2 > RECORD_MIN ? largest / 2 : RECORD_MIN;
        if (used % 4 == 3)
            put(next_random(&state) % used, some_size(largest));
        if (used == NUMBERS)
            fail("there is no end to the memory");
    }
    while (put(used, RECORD_MIN)) {
    }
    say("full %llu", (unsigned long long)refused);
}

static void unlink_own(void)
{
    static char other[64];
    const SaCkptCheckpointCreationAttributesT with = record_attributes();

    verify();
    must(unlink_checkpoint(library, name), "CheckpointUnlink");
    must(saCkptCheckpointClose(checkpoint), "CheckpointClose");
    snprintf(other, sizeof other, "%s-anew", name);
    name = other;
    checkpoint = open_checkpoint(library, name, &with);
    memset(slots, 0, sizeof slots);
    for (used = 0; used < 10;)
        if (!put(used, 1024))
            fail("no room after a checkpoint was unlinked");
    say("unlinked");
}

static bool obey(void)
{
    char line[64];
    struct pollfd in = {.fd = 0, .events = POLLIN};

    if (poll(&in, 1, 0) == 0)
        return true;
    if (fgets(line, sizeof line, stdin) == NULL || strcmp(line, "end\n") == 0)
        return false;
    if (strcmp(line, "verify\n") == 0)
        verify();
    else if (strcmp(line, "look\n") == 0)
        look();
    else if (strcmp(line, "free\n") == 0)
        free_some();
    else if (strcmp(line, "unlink\n") == 0)
        unlink_own();
    else
        fail("what is %s", line);
    return true;
}

int main(int argc, char **argv)
{
    const SaCkptCheckpointCreationAttributesT with = record_attributes();

    if (argc != 2)
        return 2;
    name = argv[1];
    setvbuf(stdin, NULL, _IONBF, 0); /* poll must see what is there */
    state = mix((uint64_t)getpid());
    library = initialize();
    checkpoint = open_checkpoint(library, name, &with);
    if (!put(0, RECORD_MIN))
        fail("no room for the first record");
    say("open");
    fill_up();
    while (obey()) {
        uint64_t number = next_random(&state) % used;
        if (slots[number].size != 0)
            put(number, some_size(RECORD_MAX));
    }
    verify();
    must(saCkptFinalize(library), "Finalize");
    say("end %llu %llu", (unsigned long long)accepted, (unsigned long long)refused);
    return 0;
}
