/*
 * bench: how long the calls of a Checkpoint Service take.
 *
 * Uses the standard interface only, so that any saCkpt library can be put under it:
 *
 *   cc -std=c11 -O2 -I DIRECTORY_OF_saCkpt.h bench.c -L DIRECTORY_OF_LIBRARY -l NAME -o bench
 *   bench [--quick | --seconds S]     S: how long each row is measured, default 0.5
 *
 * Built with -DBENCH_CLCKPT it also makes calls through clCkpt* (clovis.c), on the same checkpoints.
 *
 * Prints one CSV row for each operation, update mode, size and number of processes:
 *
 *   n          measured calls, of all processes together
 *   min, p50, p99, max
 *              time of one call, in microseconds, as its caller sees it
 *   ops_per_s  for each process its calls divided by the time it spent inside them, summed
 *
 * All processes of a row have one checkpoint open and work at the same time, each on a section of
 * its own. Every return code is checked, and what was written is read back and compared, outside
 * the measured time. SA_AIS_ERR_TRY_AGAIN is retried, inside the measured time, and the number of
 * retries goes to stderr. Exits with 1 if a row failed; the others are printed all the same.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <saCkpt.h>

#include "clovis.h"

enum {
    PROCESSES_MAX = 4,
    SAMPLES_MAX = 200000,   /* of one process in one row; the row ends earlier then */
    WARM_UP_CALLS = 16,     /* not measured */
    VERIFY_EVERY = 64,      /* calls between two full comparisons */
    RETRY_MS = 10,          /* between two attempts of a call that returned TRY_AGAIN */
    RETRIES_MAX = 1200,     /* of one call */
    SETUP_MS_MAX = 60000,   /* until a process is ready to be measured */
    FINISH_MS_MAX = 120000, /* beyond the time of the row */
    SMALL_SIZE = 64,        /* bytes, of rows whose size does not vary */
    NO_SERVICE = 2,         /* exit status of a process that could not even initialize */
};

static const SaTimeT open_timeout = 10 * SA_TIME_ONE_SECOND;

/* What a process reports, in memory it shares with the parent. */
struct result {
    uint64_t samples;
    uint64_t busy_ns; /* sum of all samples */
    uint64_t retries;
    uint64_t ns[SAMPLES_MAX];
};

struct mode {
    const char *name;
    SaCkptCheckpointCreationFlagsT flags;
};

static const struct mode modes[] = {
    {"ALL_REPLICAS", SA_CKPT_WR_ALL_REPLICAS},
    {"ACTIVE_REPLICA", SA_CKPT_WR_ACTIVE_REPLICA},
    {"ACTIVE_REPLICA_WEAK", SA_CKPT_WR_ACTIVE_REPLICA_WEAK},
    {"COLLOCATED|ACTIVE_REPLICA", SA_CKPT_CHECKPOINT_COLLOCATED | SA_CKPT_WR_ACTIVE_REPLICA},
};

/* One process at work on one row. */
struct worker {
    const struct mode *mode;
    size_t size; /* bytes of a section */
    SaCkptCheckpointCreationAttributesT attributes;
    SaCkptHandleT library;
    SaCkptCheckpointHandleT checkpoint;
    SaNameT name, own_name;              /* the shared checkpoint; one for this process alone */
    SaUint8T own_id[8], extra_id[8];     /* bytes of the two ids below */
    SaCkptSectionIdT own, extra;         /* a section of this process; one that comes and goes */
    unsigned char *data, *back;          /* what was written last; what is read */
    uint64_t sequence;                   /* of what was written last */
    SaCkptHandleT last_library;          /* finalized last */
    uint64_t clovis;                     /* the shared checkpoint, opened through clCkpt*; 0 = not yet */
    struct result *result;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    _exit(EXIT_FAILURE);
}

static void expect(SaAisErrorT want, SaAisErrorT got, const char *what)
{
    char why[64];
    if (got == want)
        return;
    snprintf(why, sizeof why, "returned %d, not %d", (int)got, (int)want);
    fail(what, why);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Whether a call that returned this is to be made again; waits before it is. attempts counts. */
static int again(struct worker *w, SaAisErrorT error, int *attempts)
{
    if (error != SA_AIS_ERR_TRY_AGAIN || ++*attempts > RETRIES_MAX)
        return 0;
    w->result->retries++;
    nanosleep(&(struct timespec){0, RETRY_MS * 1000000L}, NULL);
    return 1;
}

/* Makes a call until it is not refused with TRY_AGAIN; it must return want then. */
#define CALL(w, want, call)                                              \
    do {                                                                 \
        int attempts_ = 0;                                               \
        SaAisErrorT error_;                                              \
        do                                                               \
            error_ = (call);                                             \
        while (again((w), error_, &attempts_));                          \
        expect((want), error_, #call);                                   \
    } while (0)

/* ---- Data ---- */

static void stamp(struct worker *w)
{
    w->sequence++;
    memcpy(w->data, &w->sequence, sizeof w->sequence);
    memcpy(w->data + w->size - sizeof w->sequence, &w->sequence, sizeof w->sequence);
}

static void fill(struct worker *w, int index)
{
    uint32_t x = 2463534242U + (uint32_t)index;
    for (size_t i = 0; i < w->size; i++) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        w->data[i] = (unsigned char)x;
    }
    stamp(w);
}

/* Spoils the buffer where the stamps will be, so that a read that does nothing is noticed. */
static void spoil(struct worker *w)
{
    memset(w->back, 0, sizeof w->sequence);
    memset(w->back + w->size - sizeof w->sequence, 0, sizeof w->sequence);
}

static void read_section(struct worker *w, SaCkptCheckpointHandleT checkpoint,
                         const SaCkptSectionIdT *id, SaAisErrorT want)
{
    SaCkptIOVectorElementT e;
    memset(&e, 0, sizeof e);
    e.sectionId = *id;
    e.dataBuffer = w->back;
    e.dataSize = w->size;
    CALL(w, want, saCkptCheckpointRead(checkpoint, &e, 1, NULL));
    if (want == SA_AIS_OK && e.readSize != w->size)
        fail("saCkptCheckpointRead", "wrong readSize");
}

static void compare(struct worker *w, size_t offset, size_t size)
{
    if (memcmp(w->data + offset, w->back + offset, size) != 0)
        fail("saCkptCheckpointRead", "the data read is not the data written");
}

static void read_back(struct worker *w, SaCkptCheckpointHandleT checkpoint,
                      const SaCkptSectionIdT *id)
{
    spoil(w);
    read_section(w, checkpoint, id, SA_AIS_OK);
    compare(w, 0, w->size);
}

static void create_section(struct worker *w, SaCkptSectionIdT *id)
{
    SaCkptSectionCreationAttributesT a;
    a.sectionId = id;
    a.expirationTime = SA_TIME_END;
    CALL(w, SA_AIS_OK, saCkptSectionCreate(w->checkpoint, &a, w->data, w->size));
}

/* ---- Operations: what is measured, and what surrounds it ---- */

static void nothing(struct worker *w) { (void)w; }

static void measure_read(struct worker *w) { read_section(w, w->checkpoint, &w->own, SA_AIS_OK); }

static void check_stamps(struct worker *w)
{
    compare(w, 0, sizeof w->sequence);
    compare(w, w->size - sizeof w->sequence, sizeof w->sequence);
}

static void check_all_read(struct worker *w) { compare(w, 0, w->size); }

static void measure_write(struct worker *w)
{
    SaCkptIOVectorElementT e;
    memset(&e, 0, sizeof e);
    e.sectionId = w->own;
    e.dataBuffer = w->data;
    e.dataSize = w->size;
    CALL(w, SA_AIS_OK, saCkptCheckpointWrite(w->checkpoint, &e, 1, NULL));
}

static void measure_overwrite(struct worker *w)
{
    CALL(w, SA_AIS_OK, saCkptSectionOverwrite(w->checkpoint, &w->own, w->data, w->size));
}

static void check_written(struct worker *w) { read_back(w, w->checkpoint, &w->own); }

static void create_extra(struct worker *w) { create_section(w, &w->extra); }

static void delete_extra(struct worker *w)
{
    CALL(w, SA_AIS_OK, saCkptSectionDelete(w->checkpoint, &w->extra));
}

static void check_created(struct worker *w) { read_back(w, w->checkpoint, &w->extra); }

static void check_deleted(struct worker *w)
{
    read_section(w, w->checkpoint, &w->extra, SA_AIS_ERR_NOT_EXIST);
}

static void open_existing(struct worker *w, SaCkptCheckpointHandleT *checkpoint)
{
    CALL(w, SA_AIS_OK, saCkptCheckpointOpen(w->library, &w->name, NULL, SA_CKPT_CHECKPOINT_READ,
                                            open_timeout, checkpoint));
}

static void measure_open_close(struct worker *w)
{
    SaCkptCheckpointHandleT checkpoint;
    open_existing(w, &checkpoint);
    CALL(w, SA_AIS_OK, saCkptCheckpointClose(checkpoint));
}

static void check_open(struct worker *w)
{
    SaCkptCheckpointHandleT checkpoint;
    open_existing(w, &checkpoint);
    read_back(w, checkpoint, &w->own);
    CALL(w, SA_AIS_OK, saCkptCheckpointClose(checkpoint));
    spoil(w);
    read_section(w, checkpoint, &w->own, SA_AIS_ERR_BAD_HANDLE);
}

static void measure_create_unlink_close(struct worker *w)
{
    SaCkptCheckpointHandleT checkpoint;
    CALL(w, SA_AIS_OK, saCkptCheckpointOpen(w->library, &w->own_name, &w->attributes,
                                            SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_WRITE,
                                            open_timeout, &checkpoint));
    CALL(w, SA_AIS_OK, saCkptCheckpointUnlink(w->library, &w->own_name));
    CALL(w, SA_AIS_OK, saCkptCheckpointClose(checkpoint));
}

static void check_unlinked(struct worker *w)
{
    SaCkptCheckpointHandleT checkpoint;
    CALL(w, SA_AIS_ERR_NOT_EXIST,
         saCkptCheckpointOpen(w->library, &w->own_name, NULL, SA_CKPT_CHECKPOINT_READ,
                              open_timeout, &checkpoint));
}

/* Asks for B.02.02, and for B.01.01 if that is all the library has. */
static void initialize(struct worker *w, SaCkptHandleT *library)
{
    SaVersionT version = {'B', 2, 2};
    int attempts = 0;
    SaAisErrorT error;
    do {
        error = saCkptInitialize(library, NULL, &version);
        if (error == SA_AIS_ERR_VERSION) {
            version = (SaVersionT){'B', 1, 1};
            error = saCkptInitialize(library, NULL, &version);
        }
    } while (again(w, error, &attempts));
    if (error != SA_AIS_OK) {
        fprintf(stderr, "bench: saCkptInitialize returned %d: is the service running?\n",
                (int)error);
        _exit(NO_SERVICE);
    }
}

static void measure_initialize_finalize(struct worker *w)
{
    initialize(w, &w->last_library);
    CALL(w, SA_AIS_OK, saCkptFinalize(w->last_library));
}

static void check_finalized(struct worker *w)
{
    CALL(w, SA_AIS_ERR_BAD_HANDLE, saCkptFinalize(w->last_library));
}

#ifdef BENCH_CLCKPT
static uint64_t clovis(struct worker *w)
{
    if (w->clovis == 0)
        w->clovis = clovis_open(w->name.value, w->name.length);
    return w->clovis;
}

static void spoil_clovis(struct worker *w)
{
    clovis(w);
    spoil(w);
}

static void measure_clovis_read(struct worker *w)
{
    if (clovis_read(w->clovis, w->own.id, w->own.idLen, w->back, w->size) != w->size)
        fail("clCkptCheckpointRead", "wrong readSize");
}

static void stamp_clovis(struct worker *w)
{
    clovis(w);
    stamp(w);
}

static void measure_clovis_write(struct worker *w)
{
    clovis_write(w->clovis, w->own.id, w->own.idLen, w->data, w->size);
}

static void measure_clovis_overwrite(struct worker *w)
{
    clovis_overwrite(w->clovis, w->own.id, w->own.idLen, w->data, w->size);
}
#endif

struct operation {
    const char *name;
    void (*before)(struct worker *);  /* before each call */
    void (*measured)(struct worker *);
    void (*check)(struct worker *);   /* after the last call and each VERIFY_EVERYth */
    void (*after)(struct worker *);   /* after each call, and after check */
    int data;                         /* in all modes and sizes, or in the first of each */
};

static const struct operation operations[] = {
    {"read", spoil, measure_read, check_all_read, check_stamps, 1},
    {"write", stamp, measure_write, check_written, nothing, 1},
    {"overwrite", stamp, measure_overwrite, check_written, nothing, 1},
    {"section_create", stamp, create_extra, check_created, delete_extra, 0},
    {"section_delete", create_extra, delete_extra, check_deleted, nothing, 0},
    {"open_close", nothing, measure_open_close, check_open, nothing, 0},
    {"create_unlink_close", nothing, measure_create_unlink_close, check_unlinked, nothing, 0},
#ifdef BENCH_CLCKPT
    {"clckpt_read", spoil_clovis, measure_clovis_read, check_all_read, check_stamps, 0},
    {"clckpt_write", stamp_clovis, measure_clovis_write, check_written, nothing, 0},
    {"clckpt_overwrite", stamp_clovis, measure_clovis_overwrite, check_written, nothing, 0},
#endif
    {"initialize_finalize", nothing, measure_initialize_finalize, check_finalized, nothing, 0},
};

/* ---- One process ---- */

static void set_name(SaNameT *name, const char *kind, int number)
{
    int length = snprintf((char *)name->value, sizeof name->value, "safCkpt=bench_%s_%d_%d", kind,
                          (int)getppid(), number);
    name->length = (SaUint16T)length;
}

static void set_id(SaCkptSectionIdT *id, SaUint8T *bytes, char kind, int index)
{
    bytes[0] = (SaUint8T)kind;
    bytes[1] = (SaUint8T)('0' + index);
    id->idLen = 2;
    id->id = bytes;
}

static void set_up(struct worker *w, int index, int row)
{
    w->data = malloc(w->size);
    w->back = calloc(1, w->size);
    if (w->data == NULL || w->back == NULL)
        fail("malloc", "out of memory");
    fill(w, index);
    set_name(&w->name, "row", row);
    set_name(&w->own_name, "own", index);
    set_id(&w->own, w->own_id, 'p', index);
    set_id(&w->extra, w->extra_id, 'x', index);
    w->attributes.creationFlags = w->mode->flags;
    w->attributes.maxSections = 2 * PROCESSES_MAX;
    w->attributes.maxSectionSize = w->size;
    w->attributes.maxSectionIdSize = sizeof w->own_id;
    w->attributes.checkpointSize = w->attributes.maxSections * w->attributes.maxSectionSize;
    w->attributes.retentionDuration = 0;

    initialize(w, &w->library);
    CALL(w, SA_AIS_OK, saCkptCheckpointOpen(w->library, &w->name, &w->attributes,
                                            SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ |
                                                SA_CKPT_CHECKPOINT_WRITE,
                                            open_timeout, &w->checkpoint));
    if (index == 0 && (w->mode->flags & SA_CKPT_CHECKPOINT_COLLOCATED))
        CALL(w, SA_AIS_OK, saCkptActiveReplicaSet(w->checkpoint));
    create_section(w, &w->own);
    read_back(w, w->checkpoint, &w->own);
}

static void measure(struct worker *w, const struct operation *op, uint64_t duration_ns)
{
    uint64_t end = now_ns() + duration_ns;
    int last = 0;

    for (uint64_t call = 0; !last; call++) {
        op->before(w);
        uint64_t start = now_ns();
        op->measured(w);
        uint64_t stop = now_ns();

        if (call >= WARM_UP_CALLS) {
            w->result->ns[w->result->samples++] = stop - start;
            w->result->busy_ns += stop - start;
            last = stop >= end || w->result->samples == SAMPLES_MAX;
        }
        if (last || call % VERIFY_EVERY == 0)
            op->check(w);
        op->after(w);
    }
}

/* The whole life of a process; index is its place among those of the row. */
static void work(struct worker *w, const struct operation *op, int index, int row, int ready,
                 int go, uint64_t duration_ns)
{
    char byte = 0;

    set_up(w, index, row);
    if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 0)
        fail(op->name, "the parent is gone");
    measure(w, op, duration_ns);
    CALL(w, SA_AIS_OK, saCkptCheckpointClose(w->checkpoint)); /* the last one deletes it */
    CALL(w, SA_AIS_OK, saCkptFinalize(w->library));
    _exit(EXIT_SUCCESS);
}

/* ---- All processes of a row ---- */

/* Waits for one byte, or for the end of file; returns what read does, -1 after the time. */
static ssize_t read_within(int fd, int ms)
{
    struct pollfd p = {fd, POLLIN, 0};
    char byte;
    int n;
    do
        n = poll(&p, 1, ms);
    while (n < 0 && errno == EINTR);
    return n == 1 ? read(fd, &byte, 1) : -1;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_row(const struct operation *op, const struct mode *mode, size_t size,
                      int processes, const struct result *results)
{
    static uint64_t all[PROCESSES_MAX * SAMPLES_MAX];
    uint64_t retries = 0;
    size_t n = 0;
    double rate = 0;

    for (int i = 0; i < processes; i++) {
        const struct result *r = &results[i];
        memcpy(all + n, r->ns, r->samples * sizeof *all);
        n += r->samples;
        retries += r->retries;
        rate += (double)r->samples * 1e9 / (double)r->busy_ns;
    }
    qsort(all, n, sizeof *all, compare_ns);
    printf("%s,%s,%zu,%d,%zu,%.2f,%.2f,%.2f,%.2f,%.0f\n", op->name, mode->name, size, processes, n,
           (double)all[0] / 1e3, (double)all[n / 2] / 1e3, (double)all[n * 99 / 100] / 1e3,
           (double)all[n - 1] / 1e3, rate);
    if (retries > 0)
        fprintf(stderr, "bench: %s,%s,%zu,%d: %llu retries after SA_AIS_ERR_TRY_AGAIN\n", op->name,
                mode->name, size, processes, (unsigned long long)retries);
}

/* Measures one row and prints it. The parent never calls the library: a process that has, may not
 * fork. Returns whether every process succeeded; ends the program if there is no service. */
static int run_row(const struct operation *op, const struct mode *mode, size_t size, int processes,
                   struct result *results, uint64_t duration_ns)
{
    static int row;
    struct worker w = {.mode = mode, .size = size};
    pid_t pids[PROCESSES_MAX];
    int ready[PROCESSES_MAX]; /* one byte when a process is ready, the end of file when it ended */
    int go[2];                /* the end of file when all may start */
    int started, good = 1, no_service = 0, status = 0;

    row++;
    fflush(NULL);
    if (pipe(go) != 0)
        fail("pipe", strerror(errno));
    for (started = 0; good && started < processes; started++) {
        int ends[2];
        if (pipe(ends) != 0)
            fail("pipe", strerror(errno));
        w.result = &results[started];
        w.result->samples = w.result->busy_ns = w.result->retries = 0;
        pids[started] = fork();
        if (pids[started] < 0)
            fail("fork", strerror(errno));
        if (pids[started] == 0) {
            close(go[1]);
            work(&w, op, started, row, ends[1], go[0], duration_ns);
        }
        close(ends[1]);
        ready[started] = ends[0];
        good = read_within(ready[started], SETUP_MS_MAX) == 1;
    }
    close(go[1]); /* go; those that cannot, because another is not ready, are killed below */
    for (int i = 0; i < started; i++) {
        if (good && read_within(ready[i], (int)(duration_ns / 1000000) + FINISH_MS_MAX) != 0)
            good = 0;
        if (!good)
            kill(pids[i], SIGKILL); /* it has not been waited for, so the id is still its own */
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
            good = 0;
        no_service |= WIFEXITED(status) && WEXITSTATUS(status) == NO_SERVICE;
        close(ready[i]);
    }
    close(go[0]);
    if (no_service)
        exit(EXIT_FAILURE);
    if (good)
        print_row(op, mode, size, processes, results);
    else
        fprintf(stderr, "bench: %s,%s,%zu,%d failed\n", op->name, mode->name, size, processes);
    return good;
}

static double seconds_from(int argc, char **argv)
{
    double seconds = 0.5;
    char *end = "";

    if (argc == 2 && strcmp(argv[1], "--quick") == 0)
        seconds = 0.05;
    else if (argc == 3 && strcmp(argv[1], "--seconds") == 0)
        seconds = strtod(argv[2], &end);
    else if (argc != 1)
        seconds = 0;
    if (*end != '\0' || !(seconds > 0 && seconds <= 3600)) {
        fprintf(stderr, "usage: %s [--quick | --seconds S]   (S: of each row, up to 3600)\n",
                argv[0]);
        exit(EXIT_FAILURE);
    }
    return seconds;
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {SMALL_SIZE, 1024, 65536, 1048576};
    static const int processes[] = {1, 2, PROCESSES_MAX};
    uint64_t duration_ns = (uint64_t)(seconds_from(argc, argv) * 1e9);
    int good = 1;

    struct result *results = mmap(NULL, PROCESSES_MAX * sizeof *results, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED)
        fail("mmap", strerror(errno));

    printf("operation,flags,size,processes,n,min_us,p50_us,p99_us,max_us,ops_per_s\n");
    for (size_t o = 0; o < sizeof operations / sizeof *operations; o++) {
        const struct operation *op = &operations[o];
        for (size_t m = 0; m < (op->data ? sizeof modes / sizeof *modes : 1); m++)
            for (size_t s = 0; s < (op->data ? sizeof sizes / sizeof *sizes : 1); s++)
                for (size_t p = 0; p < sizeof processes / sizeof *processes; p++)
                    good &= run_row(op, &modes[m], sizes[s], processes[p], results, duration_ns);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
