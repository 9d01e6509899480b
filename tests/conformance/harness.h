/*
 * harness.h: what a conformance test is made of.
 *
 * A test is a function that runs alone in a process of its own, as one client version (`client`).
 * It fails at the first check that does not hold: the process reports the place, the expression and
 * the values, and ends. Everything a test waits for has a bound.
 *
 * The files of this folder carry a build constraint, since the Go tool would otherwise want to
 * compile them as part of the Go test beside them.
 */
#ifndef CONFORMANCE_HARNESS_H
#define CONFORMANCE_HARNESS_H

#include <saAis.h>
#include <saCkpt.h>
#include <saCkpt_B_02_03.h>
#include <opensaf/cpsv_papi.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- tests and clients ---- */

/* Versions a client can ask for, as bits of a test's mask. */
enum {
    B_01_01 = 1,
    B_02_02 = 2,
    B_02_03 = 4,
    EVERY = B_01_01 | B_02_02 | B_02_03,
    FROM_B_02_02 = B_02_02 | B_02_03,
    ONCE = B_02_02 /* the client's version cannot matter, or the test is costly */
};

struct client {
    const char *name; /* "B.02.02" */
    unsigned bit;
    SaVersionT version;
};

#define CLIENT_COUNT 3
extern const struct client clients[CLIENT_COUNT];

/* The client this process is; set before the test function runs. */
extern const struct client *client;

enum {
    EXCLUSIVE = 1, /* no other test may run meanwhile: it stops the service or uses up a limit */
    DUE = 2        /* needs several nodes: listed, not run */
};

struct test {
    int number;         /* in its own table: 1 to 200, or 1 and up */
    const char *claim;  /* what holds, in one line */
    unsigned mask;      /* the clients it runs for */
    void (*run)(void);
    unsigned flags;
    int timeout_s;      /* 0: DEFAULT_TIMEOUT_S */
};

#define DEFAULT_TIMEOUT_S 20

/* A table of tests ends with an element whose claim is NULL. */
extern const struct test lifecycle_tests[], dispatch_tests[], open_tests[], open_async_tests[],
    close_tests[], unlink_tests[], status_tests[], section_tests[], generated_id_tests[],
    expiration_tests[], iteration_tests[], write_tests[], read_tests[], synchronize_tests[];
extern const struct test decision_handle_tests[], decision_name_tests[], decision_data_tests[],
    decision_callback_tests[], decision_notify_tests[], decision_limit_tests[];

/* ---- checks ---- */

struct site {
    const char *file;
    int line;
    const char *expression;
};

const char *error_name(SaAisErrorT code);

/* Remembers what is being called, for the report of a test that hangs. */
void check_enter(const struct site *site);
void check_rc(const struct site *site, SaAisErrorT want, SaAisErrorT got);
void check_u64(const struct site *site, uint64_t want, uint64_t got);
void check_true(const struct site *site, bool holds);
void check_bytes(const struct site *site, const void *want, const void *got, size_t size);
_Noreturn void fail_at(const struct site *site, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Text added to the report of a failing check of this thread, until the next call. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define SITE(expression) \
    static const struct site site_ = {__FILE__, __LINE__, expression}; \
    check_enter(&site_)

/* RC: the call returns this code. OK: it returns SA_AIS_OK. */
#define RC(want, call) do { SITE(#call); check_rc(&site_, (want), (call)); } while (0)
#define OK(call) do { SITE(#call); check_rc(&site_, SA_AIS_OK, (call)); } while (0)
#define EQUAL(want, value) \
    do { SITE(#value); check_u64(&site_, (uint64_t)(want), (uint64_t)(value)); } while (0)
#define TRUE(condition) do { SITE(#condition); check_true(&site_, (condition)); } while (0)
#define BYTES(want, got, size) do { SITE(#got); check_bytes(&site_, (want), (got), (size)); } while (0)
#define FAIL(...) do { SITE("-"); fail_at(&site_, __VA_ARGS__); } while (0)

/* ---- time ---- */

#define MS 1000000LL
#define SECOND SA_TIME_ONE_SECOND

SaTimeT wall_now(void);      /* ns since 1970 */
SaTimeT monotonic_now(void); /* ns */
void sleep_until(SaTimeT monotonic_deadline);
void pause_ms(int milliseconds); /* between two looks at a condition, or to let nothing happen */

/* EVENTUALLY: the condition comes to hold within so many milliseconds. */
#define EVENTUALLY(within_ms, condition) \
    do { \
        SITE(#condition); \
        SaTimeT until_ = monotonic_now() + (within_ms) * MS; \
        while (!(condition)) { \
            if (monotonic_now() > until_) \
                fail_at(&site_, "did not come to hold within %d ms", (int)(within_ms)); \
            pause_ms(5); \
        } \
    } while (0)

/* STAYS: the condition holds all the time for so many milliseconds. */
#define STAYS(for_ms, condition) \
    do { \
        SITE(#condition); \
        SaTimeT until_ = monotonic_now() + (for_ms) * MS; \
        do { \
            check_true(&site_, (condition)); \
            pause_ms(5); \
        } while (monotonic_now() < until_); \
    } while (0)

/* ---- client and checkpoints ---- */

#define TIMEOUT (10 * SECOND) /* of the calls of a test that have a timeout argument */
#define WAIT_MS 8000          /* bound for what must happen soon */

enum {
    READ = SA_CKPT_CHECKPOINT_READ,
    WRITE = SA_CKPT_CHECKPOINT_WRITE,
    CREATE = SA_CKPT_CHECKPOINT_CREATE,
    RWC = READ | WRITE | CREATE
};

typedef SaCkptCheckpointCreationAttributesT Attributes;

/* initialize: a library handle of this client's version with every callback recorded below.
 * initialize_bare: one without callbacks. initialize_as: result of asking for another version
 * through saCkptInitialize, callbacks recorded. */
SaCkptHandleT initialize(void);
SaCkptHandleT initialize_bare(void);
SaAisErrorT initialize_as(SaVersionT version, SaCkptHandleT *handle);

/* A name that no other test, client or run uses; the same for the same suffix. */
SaNameT name_of(const char *suffix);
SaNameT name_from(const char *bytes, size_t length);

/* Synchronous update, 4 sections of up to 100 bytes, ids of up to 16 bytes, retention 0. */
#define MAX_SECTIONS 4
#define MAX_SIZE 100
#define MAX_ID 16
Attributes attributes(void);
Attributes attributes_with(SaCkptCheckpointCreationFlagsT flags);
Attributes one_section(void);

/* create: opens a new checkpoint for read and write. open_as: opens an existing one. */
SaCkptCheckpointHandleT create(SaCkptHandleT library, const SaNameT *name, const Attributes *with);
SaCkptCheckpointHandleT open_as(SaCkptHandleT library, const SaNameT *name,
                                SaCkptCheckpointOpenFlagsT flags);
/* Result of opening an existing checkpoint for read, closed again at once if it worked. */
SaAisErrorT try_open(SaCkptHandleT library, const SaNameT *name);
/* A new default checkpoint named by suffix, in a library handle of its own. */
SaCkptCheckpointHandleT fresh(const char *suffix);

/* ---- sections ---- */

/* SID: the section id whose bytes are those of a string literal. */
#define SID(literal) ((SaCkptSectionIdT){sizeof(literal) - 1, (SaUint8T *)(uintptr_t)(literal)})
#define DEFAULT_SECTION ((SaCkptSectionIdT){0, NULL})

SaAisErrorT section_create(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id,
                           SaTimeT expiration, const void *data, SaSizeT size);
void add_section(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, const char *text);
SaAisErrorT section_write(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id,
                          SaOffsetT offset, const void *data, SaSizeT size);
SaAisErrorT section_overwrite(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id,
                              const void *data, SaSizeT size);
SaAisErrorT section_delete(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id);
/* Code of a read of up to MAX_SIZE bytes from the start; size read to *size unless NULL. */
SaAisErrorT section_read(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id, void *buffer,
                         SaSizeT *size);
SaCkptIOVectorElementT element(SaCkptSectionIdT id, const void *buffer, SaSizeT size,
                               SaOffsetT offset);

/* The section holds exactly these bytes (at most MAX_SIZE of them), or this text. */
#define CONTENT(checkpoint, id, want, size) \
    do { SITE("content of " #id); check_content(&site_, (checkpoint), (id), (want), (size)); } while (0)
#define TEXT(checkpoint, id, text) CONTENT(checkpoint, id, text, strlen(text))
void check_content(const struct site *site, SaCkptCheckpointHandleT checkpoint,
                   SaCkptSectionIdT id, const void *want, SaSizeT size);

SaUint32T number_of_sections(SaCkptCheckpointHandleT checkpoint);

/* The descriptor of one section, its id pointing at the given one; fails if there is none. */
SaCkptSectionDescriptorT describe(SaCkptCheckpointHandleT checkpoint, SaCkptSectionIdT id);

bool same_id(SaCkptSectionIdT a, SaCkptSectionIdT b);

/* size bytes that end right before a page that may not be touched, never freed. */
void *guarded(size_t size);

/* ---- handles that must be refused ---- */

/* Every function that takes such a handle, with good arguments, answers BAD_HANDLE. */
void library_handle_is_bad(SaCkptHandleT library);
void checkpoint_handle_is_bad(SaCkptCheckpointHandleT checkpoint);
void iteration_handle_is_bad(SaCkptSectionIterationHandleT iteration);
/* Every function with a bad argument and such a handle answers what is tested first. */
void arguments_are_tested_first(uint64_t bad_handle);

/* ---- callbacks ---- */

enum event_kind { OPENED, SYNCHRONIZED, TRACKED, ARRIVED };

#define EVENT_ELEMENTS 8
#define EVENT_ID 64
#define EVENTS_MAX 4096

struct event {
    enum event_kind kind;
    SaInvocationT invocation;
    SaCkptCheckpointHandleT checkpoint;
    SaAisErrorT error;
    uint64_t thread; /* pthread_self of the thread it ran in */
    SaUint32T count;
    struct {
        SaUint16T id_length;
        SaUint8T id[EVENT_ID + 1]; /* with the byte behind the id */
        const void *buffer;
        SaSizeT size, read_size;
        SaOffsetT offset;
    } elements[EVENT_ELEMENTS];
};

/* The callbacks run so far, in order. */
int event_count(void);
struct event event_at(int index);
void events_clear(void);
/* Called by each recording callback after it has recorded; NULL for none. */
extern void (*on_event)(const struct event *event);
/* The recording arrival callback, for ncsCkptRegisterCkptArrivalCallback. */
void record_arrival(const SaCkptCheckpointHandleT checkpoint, SaCkptIOVectorElementT *elements,
                    SaUint32T count);

int selection_object(SaCkptHandleT library);
bool readable(int fd);                   /* now */
bool becomes_readable(int fd, int within_ms);
/* Dispatches until so many callbacks have run in all since events_clear; fails after WAIT_MS. */
void await_events(SaCkptHandleT library, int count);

/* ---- a second process ---- */

/* A peer is a client in a process of its own that carries out commands. Slots number its open
 * checkpoints, 0 to 7. Texts hold no spaces. */
struct peer {
    int pid;
    int to, from;
};

struct peer peer_start(void);
/* Sends one command and waits for its result code:
 *   open SLOT FLAGS NAME | create SLOT RETENTION_NS CREATIONFLAGS NAME | close SLOT | unlink NAME
 *   section SLOT ID TEXT | overwrite SLOT ID TEXT | expect SLOT ID TEXT | finalize
 *   series SLOT COUNT (overwrites sections "first", then "second" with a counter, COUNT times) */
SaAisErrorT peer_do(struct peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void peer_send(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
SaAisErrorT peer_result(struct peer *peer, int within_ms);
void peer_kill(struct peer *peer); /* SIGKILL, and waits for the process to be gone */
int peer_main(const char *client_name);

/* ---- the service's process ---- */

/* Stops it so that no call is answered, and lets it go on. The runner does the latter too when the
 * test ends in any way. Only in EXCLUSIVE tests. */
void service_stop(void);
void service_continue(void);

#endif
