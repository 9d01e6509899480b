/*
 * clovis.h: what the tests of the server-based clCkpt* have in common, beside tests/harness.
 *
 * All files are compiled twice, once for each flavour of the headers: that of the 2007 document, and
 * that of SDK 5 and 6. The runner is the first of the two programs; it executes the second for the
 * tests of the second flavour. A test is named by its function and the return value as the document
 * spells it, or by its function and what it shows.
 */
#ifndef CLOVIS_H
#define CLOVIS_H

#include <clCommon.h>
#include <clCommonErrors.h>
#include <clCkptApi.h>
#include <clCkptErrors.h>
#include <clCkptExtApi.h>
#include <clCkptIpi.h>
#include <clHeapApi.h>

#include "check.h"
#include "runner.h"

#if defined CL_CKPT_SDK && CL_CKPT_SDK >= 50
#define SDK_FLAVOUR 1
#else
#define SDK_FLAVOUR 0
#endif

/* ---- tests ---- */

/* Flavours as bits of a test's mask. */
enum { DOCUMENT = 1, SDK = 2, BOTH = DOCUMENT | SDK, ONCE = DOCUMENT };

struct test {
    const char *label;
    const char *claim;
    unsigned mask;
    void (*run)(void); /* NULL in the program that is not of the test's flavour, and if CANNOT */
    unsigned flags;
    int timeout_s; /* 0: DEFAULT_TIMEOUT_S */
};

/* A table of tests ends with an element whose label is NULL. */
#define TEST(label, claim, run) {label, claim, BOTH, run, 0, 0}
#define ON_CLUSTER(label, claim, run) {label, claim, BOTH, run, CLUSTER | EXCLUSIVE, 40}
#define NEVER(label, reason) {label, reason, ONCE, NULL, CANNOT, 0}
#define END_OF_TESTS {NULL, NULL, 0, NULL, 0, 0}

extern const struct test lifecycle_tests[], dispatch_tests[], handle_tests[], open_tests[],
    open_async_tests[], close_tests[], retention_tests[], replica_tests[], section_tests[],
    expiration_tests[], iteration_tests[], write_tests[], overwrite_tests[], read_tests[],
    synchronize_tests[], consumption_tests[], delivery_tests[], race_tests[], unanswered_tests[],
    extra_tests[], shared_tests[], difference_tests[];

/* ---- checks ---- */

const char *code_name(uint32_t code);

/* RC: the call returns this code. OK: it returns CL_OK. */
#define RC(want, call) do { SITE(#call); check_code(&site_, (want), (call), code_name); } while (0)
#define OK(call) RC(CL_OK, call)

/* ---- every function that takes a handle ---- */

enum kind { SERVICE, CHECKPOINT, ITERATION };

struct handle_call {
    const char *name;
    enum kind kind;
    /* Calls the function with arguments that would do for a good handle. */
    ClRcT (*call)(ClHandleT handle);
};

extern const struct handle_call handle_calls[];
extern const int handle_call_count;

/* ---- clients and checkpoints ---- */

/* initialize: a service handle with the callbacks recorded below; initialize_bare: without. */
ClCkptSvcHdlT initialize(void);
ClCkptSvcHdlT initialize_bare(void);
ClRcT initialize_with(ClCkptSvcHdlT *handle, const ClCkptCallbacksT *callbacks);

/* A name that no other test or run uses; the same for the same suffix. */
ClNameT name_of(const char *suffix);
ClNameT name_from(const void *bytes, size_t length);

typedef ClCkptCheckpointCreationAttributesT Attributes;

/* Synchronous update, 4 sections of up to 100 bytes, ids of up to 16 bytes, retention 0. */
#define MAX_SECTIONS 4
#define MAX_SIZE 100
#define MAX_ID 16
Attributes attributes(void);
Attributes attributes_with(ClCkptCreationFlagsT flags);
Attributes one_section(void);

enum {
    READ = CL_CKPT_CHECKPOINT_READ,
    WRITE = CL_CKPT_CHECKPOINT_WRITE,
    CREATE = CL_CKPT_CHECKPOINT_CREATE,
    RWC = READ | WRITE | CREATE
};

/* create: opens a new checkpoint for read and write. open_as: opens an existing one. */
ClCkptHdlT create(ClCkptSvcHdlT service, const ClNameT *name, const Attributes *with);
ClCkptHdlT open_as(ClCkptSvcHdlT service, const ClNameT *name, ClCkptOpenFlagsT flags);
/* Result of opening an existing checkpoint for read, closed again at once if it worked. */
ClRcT try_open(ClCkptSvcHdlT service, const ClNameT *name);
/* A new checkpoint, in a service handle of its own. */
ClCkptHdlT fresh(void);
ClCkptHdlT fresh_with(Attributes with);
/* The same opened for these flags only. */
ClCkptHdlT fresh_opened(Attributes with, ClCkptOpenFlagsT flags);
/* A collocated asynchronous checkpoint, which has no active replica yet. */
ClCkptHdlT without_active_replica(void);

/* ---- sections ---- */

/* SID: the section id whose bytes are those of a string literal. */
#define SID(literal) ((ClCkptSectionIdT){sizeof(literal) - 1, (ClUint8T *)(uintptr_t)(literal)})
#define DEFAULT_ID ((ClCkptSectionIdT){0, NULL})

ClRcT section_create(ClCkptHdlT checkpoint, ClCkptSectionIdT id, ClTimeT expiration, const void *data,
                     ClSizeT size);
void add_section(ClCkptHdlT checkpoint, ClCkptSectionIdT id, const char *text);
ClRcT section_write(ClCkptHdlT checkpoint, ClCkptSectionIdT id, ClOffsetT offset, const void *data,
                    ClSizeT size);
ClRcT section_overwrite(ClCkptHdlT checkpoint, ClCkptSectionIdT id, const void *data, ClSizeT size);
ClRcT section_delete(ClCkptHdlT checkpoint, ClCkptSectionIdT id);
ClRcT section_expire(ClCkptHdlT checkpoint, ClCkptSectionIdT id, ClTimeT expiration);
/* Code of a read of up to MAX_SIZE bytes from the start; size read to *size unless NULL. */
ClRcT section_read(ClCkptHdlT checkpoint, ClCkptSectionIdT id, void *buffer, ClSizeT *size);
ClCkptIOVectorElementT element(ClCkptSectionIdT id, const void *buffer, ClSizeT size, ClOffsetT offset);
bool same_id(ClCkptSectionIdT a, ClCkptSectionIdT b);

/* The section holds exactly these bytes (at most MAX_SIZE of them), or this text. */
#define CONTENT(checkpoint, id, want, size) \
    do { SITE("content of " #id); check_content(&site_, (checkpoint), (id), (want), (size)); } while (0)
#define TEXT(checkpoint, id, text) CONTENT(checkpoint, id, text, strlen(text))
void check_content(const struct site *site, ClCkptHdlT checkpoint, ClCkptSectionIdT id,
                   const void *want, ClSizeT size);

ClCkptCheckpointDescriptorT status_of(ClCkptHdlT checkpoint);

/* What an iteration with this rule yields, to its end, which must have the right code. The ids are
 * copies; those of the descriptors are not to be used once the struct was copied. */
#define SECTIONS_MAX 8
struct sections {
    int count;
    ClCkptSectionDescriptorT descriptors[SECTIONS_MAX];
    ClUint8T ids[SECTIONS_MAX][MAX_SIZE];
};
struct sections iterate(ClCkptHdlT checkpoint, ClCkptSectionsChosenT rule, ClTimeT expiration);
/* The descriptor of one section; NULL if it was not found. */
const ClCkptSectionDescriptorT *find(const struct sections *sections, ClCkptSectionIdT id);

/* ---- callbacks ---- */

enum event_kind { OPENED, SYNCHRONIZED, CONSUMED };

#define EVENT_ELEMENTS 8
#define EVENT_DATA 128
#define EVENTS_MAX 4096

struct event {
    enum event_kind kind;
    ClInvocationT invocation;
    ClCkptHdlT checkpoint;
    ClRcT error;
    uint64_t thread; /* pthread_self of the thread it ran in */
    ClNameT name;
    ClPtrT cookie;
    ClUint32T count; /* 0 in the document's flavour, which tells no elements */
    struct {
        ClUint16T id_length;
        ClUint8T id[EVENT_DATA];
        bool has_data;
        ClUint8T data[EVENT_DATA];
        ClSizeT size, read_size;
        ClOffsetT offset;
    } elements[EVENT_ELEMENTS];
};

/* The callbacks run so far, in order. */
int event_count(void);
struct event event_at(int index);
void events_clear(void);
/* Called by each recording callback after it has recorded; NULL for none. */
extern void (*on_event)(const struct event *event);

extern const ClCkptCallbacksT recording_callbacks;

int selection_object(ClCkptSvcHdlT service);
/* Dispatches until so many callbacks have run in all since events_clear; fails after WAIT_MS. */
void await_events(ClCkptSvcHdlT service, int count);
/* Waits, without Dispatch, until so many callbacks have run in all since events_clear. */
void await_consumed(int count);

/* Registers the recording callback for immediate consumption; the cookie in the SDK's flavour. */
ClRcT consume(ClCkptHdlT checkpoint, ClPtrT cookie);
ClRcT stop_consuming(ClCkptHdlT checkpoint);

/* ---- a second process ---- */

/* The commands of a peer, a client of the same flavour. Slots number its open checkpoints, 0 to 7.
 * Texts hold no spaces; the id "-" is the default section.
 *   open SLOT FLAGS NAME | create SLOT FLAGS CREATIONFLAGS NAME | close SLOT | delete NAME
 *   section SLOT ID EXPIRATION TEXT | remove SLOT ID | expire SLOT ID EXPIRATION
 *   overwrite SLOT ID TEXT | write SLOT ID OFFSET TEXT [ID OFFSET TEXT] | expect SLOT ID TEXT
 *   large SLOT ID SIZE (overwrites with a pattern) | series SLOT ID COUNT (overwrites with 1 to COUNT)
 *   make NAME_IN_HEX CREATIONFLAGS SIZE RETENTION_NS SECTIONS SECTION_SIZE ID_SIZE (in slot MADE_SLOT)
 *   active SLOT | synchronize SLOT
 *   consume SLOT | events (how many callbacks have run) | finalize
 *   ais NAME ID TEXT (opens, overwrites and closes through saCkpt*)
 *   told COUNT TEXT (waits for so many callbacks in all; the last one was told of this data) */
#define MADE_SLOT 7
struct peer start_peer(void);
struct peer start_peer_on(int node);
/* A new checkpoint whose active replica is at a new peer on node 1, in its slot 0, with section "a" holding "first". */
ClCkptHdlT active_elsewhere(struct peer *peer);
uint32_t overwrite_by_sa(const char *of, const char *id, const char *text); /* for the peer */
int peer_main(const char *client_name);

#endif
