/* The boundary between the C front (libckpt.so) and the Go engine (libckpt-engine.so).
 *
 * The front owns the API: argument checks, handles, waiting, callbacks. The engine owns the service:
 * the session with the node director, requests, retries, notifications. Every engine function is short; none of
 * them waits. A thread that has to wait does so in the front, on a futex word that the engine wakes,
 * so that signal handlers and pthread_cancel work during the longest call.
 *
 * Memory: whatever the engine hands to the front comes from malloc() and belongs to the front from then on.
 * The engine copies what it needs of the front's memory before a function returns, with one exception:
 * struct ckpt_call itself, which it completes later.
 *
 * Every futex word here is private to the process: both sides wait and wake with FUTEX_PRIVATE_FLAG.
 */
#ifndef CKPT_ENGINE_H
#define CKPT_ENGINE_H

#include <stdint.h>

/* Changes whenever anything in this file does; front and engine refuse each other if they differ. */
#define CKPT_ENGINE_ABI 5u

enum ckpt_op {
	CKPT_OP_INITIALIZE = 1,	/* in: tag, bell, consumption_bell, left. out: id (of the library handle) */
	CKPT_OP_FINALIZE,	/* in: id. Local part (queue, bell, eventfd) is done when submit returns */
	CKPT_OP_OPEN,		/* in: lib, tag, name, attributes, open_flags, compare_retention,
				 * whole_flags, backup. out: id, attributes, fd */
	CKPT_OP_CLOSE,		/* in: id. Pending callbacks of the handle are dropped when submit returns */
	CKPT_OP_UNLINK,		/* in: lib, name */
	CKPT_OP_RETENTION_SET,	/* in: id, time */
	CKPT_OP_ACTIVE_SET,	/* in: id */
	CKPT_OP_STATUS,		/* in: id. out: attributes, sections, memory */
	CKPT_OP_SECTION_CREATE,	/* in: id, elements[0] (generate: id_len 0), time, refuse_past. out: elements[0].id when
				 * generated */
	CKPT_OP_SECTION_DELETE,	/* in: id, elements[0].id */
	CKPT_OP_EXPIRATION_SET,	/* in: id, elements[0].id, time */
	CKPT_OP_WRITE,		/* in: id, elements. out: index */
	CKPT_OP_OVERWRITE,	/* in: id, elements[0] */
	CKPT_OP_READ,		/* in: id, elements (data NULL; size = most bytes wanted). out: elements[i].data, .size; index */
	CKPT_OP_SECTIONS,	/* in: id, chosen, time, elements[0].id = the last section seen (if resume), limit. out: list, list_count, more */
	CKPT_OP_SYNCHRONIZE,	/* in: id */
	CKPT_OP_NOTIFY,		/* in: lib, id, notify (CKPT_NOTIFY_ bits): which notifications are queued, for all checkpoints
				 * of the library handle (id 0), or for this checkpoint handle besides (id not 0) */
	CKPT_OP_REPLICA,	/* in: id. out: fd of the local replica, -1 if there is none */

	/* Library-based checkpoints: databases of this machine, without the service. Those with a dataset give its seat. */
	CKPT_OP_STORE_OPEN,	/* in: environment. out: id (of the store handle) */
	CKPT_OP_STORE_CLOSE,	/* in: id */
	CKPT_OP_STORE_DELETE,	/* in: id, name: the checkpoint */
	CKPT_OP_STORE_CREATE,	/* in: id, name: the checkpoint */
	CKPT_OP_STORE_EXISTS,	/* in: id, name. out: exists */
	CKPT_OP_DATASET_CREATE,	/* in: id, name, dataset, group, order */
	CKPT_OP_DATASET_DELETE,	/* in: id, name, dataset */
	CKPT_OP_DATASET_EXISTS,	/* in: id, name, dataset. out: exists; not if there is no such checkpoint */
	CKPT_OP_DATASET_WRITE,	/* in: id, name, dataset, elements[0] (id_len 0: the dataset's own record) */
	CKPT_OP_DATASET_READ,	/* in: id, name, dataset. out: records, record_count */
	CKPT_OP_ELEMENT_DELETE	/* in: id, name, dataset, elements[0].id */
};

/* DATA: those of CONSUME come with the data written. */
enum { CKPT_NOTIFY_ARRIVAL = 1, CKPT_NOTIFY_TRACK = 2, CKPT_NOTIFY_CONSUME = 4, CKPT_NOTIFY_DATA = 8 };

/* One element of a write or read, and a section named by its id. */
struct ckpt_element {
	uint8_t *id;		/* id_len bytes; NULL when id_len is 0 (the default section) */
	uint64_t id_len;	/* 0..65535 */
	void *data;
	uint64_t size;		/* bytes at data; for a read: most bytes wanted, then bytes delivered */
	uint64_t offset;
};

/* Creation attributes, as SaCkptCheckpointCreationAttributesT. */
struct ckpt_attributes {
	uint32_t creation_flags;
	uint32_t max_sections;
	uint64_t checkpoint_size;
	int64_t retention_ns;
	uint64_t max_section_size;
	uint64_t max_section_id_size;
};

/* One section as iteration shows it. */
struct ckpt_section {
	uint8_t *id;		/* points into the block that holds the list */
	uint64_t id_len;
	int64_t expiration_ns;	/* wall clock; INT64_MAX = never */
	uint64_t size;
	uint32_t state;		/* SaCkptSectionStateT */
	int64_t last_update_ns;	/* wall clock; the time of creation until the first update */
};

/* What the environment says about library-based checkpoints; NULL where it says nothing. */
struct ckpt_environment {
	const char *data_dir;	/* CKPT_DATA_DIR */
	const char *asp_rundir;	/* ASP_RUNDIR */
	const char *asp_config;	/* ASP_CONFIG */
	const char *sync;	/* CKPT_DATASET_SYNC */
	const char *state_home;	/* XDG_STATE_HOME */
	const char *home;	/* HOME */
};

/* One record of a dataset. Its data follows, and then, at the next multiple of 16 bytes, the next record. */
struct ckpt_record {
	uint64_t size;		/* bytes of data */
	uint32_t reserved;
	uint32_t element;	/* 1: an element's, 0: the dataset's own */
};

struct ckpt_seat;

enum { CKPT_CALL_PENDING = 0, CKPT_CALL_DONE = 1, CKPT_CALL_ABANDONED = 2 };

/* One call. The front mallocs it (zeroed) and submits it; the engine fills the results and moves state from
 * PENDING to DONE and wakes the futex on it. A front that gives up moves it from PENDING to ABANDONED.
 * Whichever of the two moves fails owns the block and what hangs on it, and frees it:
 * the engine, finding ABANDONED, also undoes an open and closes fd.
 *
 * "What hangs on it" are the results in blocks of their own: elements[i].data of a READ, elements[0].id if the engine
 * generated it, list, records; and the reference to seat. The elements array lies in the same malloc block as the call: one free() releases both.
 * name, ids and data that the front passes in are the application's memory and valid only until submit returns. */
struct ckpt_call {
	uint32_t state;		/* futex word, accessed atomically by both sides */
	uint32_t op;		/* enum ckpt_op */
	uint64_t id;		/* engine's number of the library or checkpoint handle the call is on, or makes */
	uint64_t lib;		/* engine's number of the library handle */
	uint64_t tag;		/* the front's handle value; comes back in events */
	int64_t timeout_ns;	/* > 0; the engine completes the call by then */
	uint32_t async;		/* OPEN, SYNCHRONIZE: complete through an event; the front frees the call when submit returns */
	uint32_t open_flags;	/* SaCkptCheckpointOpenFlagsT */
	uint64_t invocation;	/* async only: comes back in the event */

	const char *name;	/* name_len bytes, any content, no NUL needed */
	uint64_t name_len;	/* 1..2048 */
	uint32_t has_attributes;
	uint32_t compare_retention;	/* compare the retention duration too when the checkpoint exists */
	uint32_t whole_flags;	/* any bits may be set in the creation flags; they are compared as a whole */
	uint32_t backup;	/* a checkpoint made by this keeps a second copy, on another node or on disk */
	struct ckpt_attributes attributes;

	struct ckpt_element *elements;
	uint32_t element_count;
	uint32_t chosen;	/* SaCkptSectionsChosenT */
	int64_t time_ns;	/* expiration or retention */
	uint32_t generate;	/* SECTION_CREATE: 1 asks for an id; it comes back in elements[0].id, a malloc block */
	uint32_t refuse_past;	/* SECTION_CREATE: an expiration before the current second is INVALID_PARAM, else never */
	uint32_t resume;
	uint32_t limit;		/* most sections in list */
	uint32_t notify;
	uint32_t *bell;		/* INITIALIZE: futex word in the front's memory, valid until FINALIZE was submitted.
				 * The engine adds 1 and wakes all waiters when an event is queued and at finalize */
	uint32_t *consumption_bell;	/* INITIALIZE: the same for the events of ckptEngineConsumed */
	uint32_t *left;		/* INITIALIZE: NULL, or a word as bell for a client that is served only on a member of the cluster:
				 * UNAVAILABLE if the node is none; when it leaves the cluster the engine writes 1 and rings bell */

	uint32_t error;		/* out: SaAisErrorT */
	uint32_t index;		/* out: element at fault */
	int fd;			/* out: read-only descriptor of the replica segment, close-on-exec, or -1 */
	uint32_t sections;	/* out: number of sections */
	uint64_t memory;	/* out: bytes stored */
	struct ckpt_section *list;	/* out: one malloc block, ids included */
	uint32_t list_count;
	uint32_t more;		/* out: the list goes on after its last section */

	const struct ckpt_environment *environment;
	uint32_t dataset;	/* number of a dataset, not 0 */
	uint32_t group;
	uint32_t order;
	uint32_t exists;	/* out: 1 yes, 0 no */
	struct ckpt_record *records;	/* out: one malloc block: elements in the order they were first written, then the
					 * dataset's own record; NULL: none */
	uint32_t record_count;
	struct ckpt_seat *seat;	/* out: the short way to this checkpoint from now on, with a reference; NULL: none */
};

enum ckpt_event_kind {
	CKPT_EVENT_OPENED = 1,	/* an asynchronous open ended */
	CKPT_EVENT_SYNCHRONIZED,/* an asynchronous synchronize ended */
	CKPT_EVENT_ARRIVAL,	/* another handle wrote: NCS arrival callback */
	CKPT_EVENT_TRACK,	/* another handle wrote or deleted: track callback */
	CKPT_EVENT_CONSUMED	/* another process wrote or deleted, or a section expired: immediate consumption */
};

/* One callback due. */
struct ckpt_event {
	uint32_t kind;		/* enum ckpt_event_kind */
	uint32_t error;		/* OPENED, SYNCHRONIZED: SaAisErrorT */
	uint64_t invocation;
	uint64_t tag;		/* checkpoint handle of the front */
	uint64_t id;		/* OPENED: engine's number of the checkpoint handle */
	struct ckpt_attributes attributes;	/* OPENED */
	int fd;			/* OPENED: as in ckpt_call */
	uint32_t element_count;	/* ARRIVAL, TRACK: data NULL, size and offset as written. CONSUMED: data also NULL if it has
				 * to be read: not asked for, too much to come along, or updates were missed */
	struct ckpt_element *elements;	/* one malloc block, ids and data included; a NUL byte follows each of them */
};

/* State shared for the life of the process; owned by the front. */
struct ckpt_process {
	uint32_t abi;		/* CKPT_ENGINE_ABI of the front */
	int session_fd;		/* the engine keeps the session socket's descriptor here, -1 without one (atomic):
				 * the front closes it in a forked child */
};

/* The engine's exported functions (resolved by name with dlsym; no Go caller).
 * Each must be called with asynchronous signals blocked.
 *
 * uint32_t ckptEngineStart(struct ckpt_process *p);
 *	Once, before all others. Returns CKPT_ENGINE_ABI of the engine; nothing is started if they differ.
 * uint32_t ckptEngineSubmit(struct ckpt_call *call);
 *	Starts a call. SA_AIS_OK: accepted, completion follows (it may already have). Anything else: refused with
 *	that code, the call is still the front's alone and never completed.
 * int ckptEngineNext(uint64_t lib, struct ckpt_event *event);
 *	Takes the oldest event of a library handle: 1 taken, 0 none waiting, -1 no such handle (finalised).
 * int ckptEngineConsumed(uint64_t lib, struct ckpt_event *event);
 *	The same for immediate consumption, whose events (CONSUMED) have a queue and a bell of their own.
 * int ckptEngineSelection(uint64_t lib, int fd);
 *	Gives the library handle an eventfd (non-blocking, the front's until finalize; the engine stops using it when
 *	FINALIZE was submitted). The engine keeps it readable exactly while an event waits, and after events were
 *	dropped by a close until the next ckptEngineNext besides. 0, or -1 no such handle.
 *
 * The following ones are no Go: no signal needs to be blocked, and they are no cancellation points. A seat stands for the
 * engine's connection to the database of one library-based checkpoint; it may be used as long as there is a reference to it.
 *
 * int ckptEngineSeatWrite(struct ckpt_seat *seat, uint32_t dataset, const struct ckpt_element *element);
 *	DATASET_WRITE on the calling thread. 1: done. 0: nothing was done, submit the call: another thread or process is
 *	in the way, the record is a new one, or something is wrong.
 * int ckptEngineSeatRead(struct ckpt_seat *seat, uint32_t dataset, struct ckpt_record **records, uint32_t *count);
 *	DATASET_READ in the same way.
 * void ckptEngineSeatHold(struct ckpt_seat *seat); void ckptEngineSeatRelease(struct ckpt_seat *seat);
 *	One more reference; one less.
 */
typedef uint32_t ckpt_engine_start_fn(struct ckpt_process *p);
typedef uint32_t ckpt_engine_submit_fn(struct ckpt_call *call);
typedef int ckpt_engine_next_fn(uint64_t lib, struct ckpt_event *event);
typedef int ckpt_engine_selection_fn(uint64_t lib, int fd);
typedef int ckpt_engine_seat_write_fn(struct ckpt_seat *seat, uint32_t dataset, const struct ckpt_element *element);
typedef int ckpt_engine_seat_read_fn(struct ckpt_seat *seat, uint32_t dataset, struct ckpt_record **records, uint32_t *count);
typedef void ckpt_engine_seat_hold_fn(struct ckpt_seat *seat);
typedef void ckpt_engine_seat_release_fn(struct ckpt_seat *seat);

#endif
