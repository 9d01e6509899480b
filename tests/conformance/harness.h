/*
 * harness.h: what the tests of saCkpt* have in common, beside tests/harness.
 *
 * Each test runs as one client version (`client`).
 */
#ifndef CONFORMANCE_HARNESS_H
#define CONFORMANCE_HARNESS_H

#include <saAis.h>
#include <saCkpt.h>
#include <saCkpt_B_02_03.h>
#include <opensaf/cpsv_papi.h>

#include "check.h"
#include "runner.h"

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

/* The test that this process runs: "061" or "D4". */
extern const char *test_label;

struct test {
    int number;         /* in its own table: 1 to 200, or 1 and up */
    const char *claim;  /* what holds, in one line */
    unsigned mask;      /* the clients it runs for */
    void (*run)(void);
    unsigned flags;
    int timeout_s;      /* 0: DEFAULT_TIMEOUT_S */
};

/* A table of tests ends with an element whose claim is NULL. */
extern const struct test lifecycle_tests[], dispatch_tests[], open_tests[], open_async_tests[],
    close_tests[], unlink_tests[], status_tests[], section_tests[], generated_id_tests[],
    expiration_tests[], iteration_tests[], write_tests[], read_tests[], synchronize_tests[],
    cluster_tests[];
extern const struct test decision_handle_tests[], decision_name_tests[], decision_data_tests[],
    decision_callback_tests[], decision_notify_tests[], decision_limit_tests[],
    decision_cluster_tests[];

/* ---- checks ---- */

const char *error_name(uint32_t code);
void check_rc(const struct site *site, SaAisErrorT want, SaAisErrorT got);

/* RC: the call returns this code. OK: it returns SA_AIS_OK. */
#define RC(want, call) do { SITE(#call); check_rc(&site_, (want), (call)); } while (0)
#define OK(call) do { SITE(#call); check_rc(&site_, SA_AIS_OK, (call)); } while (0)

/* ---- client and checkpoints ---- */

#define TIMEOUT (10 * SECOND) /* of the calls of a test that have a timeout argument */

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

/* create: opens a new checkpoint for read and write; with CKPT_TEST_CREATOR=1 in the environment it is made on another
 * node, which has the active replica then. open_as: opens an existing one. */
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

/* ---- handles that must be refused ---- */

/* Every function that takes such a handle, with good arguments, gives this code; Finalize is left out. */
void library_calls_give(SaAisErrorT code, SaCkptHandleT library);
void checkpoint_calls_give(SaAisErrorT code, SaCkptCheckpointHandleT checkpoint);
void iteration_calls_give(SaAisErrorT code, SaCkptSectionIterationHandleT iteration);
/* It gives BAD_HANDLE, Finalize too. */
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
/* Dispatches until so many callbacks have run in all since events_clear; fails after WAIT_MS. */
void await_events(SaCkptHandleT library, int count);

/* ---- a second process ---- */

/* The commands of a peer. Slots number its open checkpoints, 0 to 7. Texts hold no spaces.
 *   open SLOT FLAGS NAME | create SLOT RETENTION_NS CREATIONFLAGS NAME | close SLOT | unlink NAME
 *   make NAME_IN_HEX FLAGS SIZE RETENTION_NS SECTIONS SECTION_SIZE ID_SIZE (in slot MADE_SLOT)
 *   section SLOT ID TEXT | overwrite SLOT ID TEXT | expect SLOT ID TEXT | finalize
 *   active SLOT | synchronize SLOT | status SLOT
 *   series SLOT COUNT (overwrites sections "first", then "second" with a counter, COUNT times) */
#define MADE_SLOT 7
int peer_main(const char *client_name);

#endif
