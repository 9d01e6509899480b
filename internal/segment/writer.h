/*
 * writer.h: the writing side of a segment, used by the Go package only. One writer at a time: the caller
 * serializes all calls on one ckpt_writer. Functions return 0 or a negated errno unless they say otherwise:
 * -ENOSPC (tmpfs full or quota used up; nothing changed), -ENOMEM (no process memory; nothing changed), -EIO (another
 * writer left undo records that make no sense; nothing changed).
 */
#ifndef CKPT_SEGMENT_WRITER_H
#define CKPT_SEGMENT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

/* Shared-memory limit over all replicas of a node; both words in bytes, max 0 = none. Changed atomically. */
struct ckpt_quota {
	uint64_t max, used;
};

enum {
	CKPT_OP_CREATE = 1,
	CKPT_OP_WRITE,
	CKPT_OP_OVERWRITE,
	CKPT_OP_DELETE,
	CKPT_OP_SET_EXPIRATION,
	CKPT_OP_PUT,   /* the section becomes data, then zeros up to total bytes, whether or not it existed */
	CKPT_OP_REMOVE /* the section, or its tombstone, goes if it is there */
};

struct ckpt_op {
	uint32_t kind;
	uint32_t id_length; /* <= 65535 */
	const void *id;
	uint64_t offset;
	const void *data;
	uint64_t size;
	int64_t expiration;
	uint64_t total; /* PUT: size of the section, >= size */
	/* stamped: these become the section's own instead of what the update would make them */
	uint64_t number;
	int64_t last_update;
	bool stamped, corrupted;
};

struct ckpt_result_info {
	uint64_t session, number;
	uint32_t slot, length;
	uint8_t blob[CKPT_SEG_RESULT];
};

struct ckpt_update {
	uint64_t number; /* the next one; with jump any greater one, or 0: the segment keeps its number */
	int64_t now;
	const struct ckpt_op *ops;
	uint64_t op_count;
	uint64_t next_generated; /* if set_next_generated */
	uint64_t result_session, result_number; /* if has_result */
	uint8_t result_blob[CKPT_SEG_RESULT];
	uint16_t result_slot, result_length;
	bool has_result, weak, set_next_generated, jump;
	/* the replica is being filled, nobody reads it: a section whose writer is killed may be corrupted, and what follows the
	 * data of a PUT may be anything */
	bool filling;
	bool marked; /* the sections get marks, and what is deleted leaves tombstones */
	/* if replace_results: these become all results there are; has_result is false then */
	const struct ckpt_result_info *results;
	uint64_t result_count;
	bool replace_results;
};

/* Why an op cannot be done (positive results of ckpt_writer_apply). */
enum { CKPT_OP_NO_SECTION = 1, CKPT_OP_EXISTS, CKPT_OP_CORRUPTED, CKPT_OP_TOO_BIG };

struct ckpt_section_info {
	const void *id; /* inside the mapping: valid until the next call that writes */
	uint64_t id_length, size, number, flags;
	int64_t expiration, last_update;
};

struct ckpt_state {
	uint64_t generation, counter, flags, lease;
};

struct ckpt_plan; /* apply.c */

typedef struct ckpt_writer {
	uint8_t *base;
	uint64_t mapped; /* bytes of address space at base */
	int fd;
	int error;  /* why the last ckpt_alloc or record failed: negated errno */
	bool freed; /* this update has freed blocks: it may not allocate any more */
	uint64_t touched; /* end of the last long range that was stored */
	struct ckpt_quota *quota;
	struct ckpt_plan *plan; /* scratch memory of apply.c */
} ckpt_writer;

static inline struct ckpt_seg_header *ckpt_head(const ckpt_writer *w)
{
	return (struct ckpt_seg_header *)w->base;
}

/* writer.c: files and mappings */

/* Fills the new, empty file fd; header holds the immutable part but for version, sizes, seed and checksum. */
int ckpt_writer_create(int fd, const struct ckpt_seg_header *header, uint64_t seed, struct ckpt_quota *quota,
                       ckpt_writer **out);
/* Maps an existing file, finishes or undoes what its last writer left, checks everything. -EINVAL: refused, and
 * *reason says why (static text). As for create, the writer owns fd on success only. */
int ckpt_writer_attach(int fd, struct ckpt_quota *quota, ckpt_writer **out, const char **reason);
/* Unmaps, closes the descriptor, returns the quota. */
void ckpt_writer_close(ckpt_writer *w);
/* Copies to live bytes, as ckpt_copy_in, a long range that is perhaps not in the mapping yet: a page at a time, as it is
 * touched, that takes several times as long. once: it is not going to be stored again soon. */
void ckpt_writer_copy_long(ckpt_writer *w, uint64_t offset, const void *bytes, uint64_t length, bool once);
/* Makes allocated - brk at least need bytes. The base address may change. -ENOSPC. */
int ckpt_writer_grow(ckpt_writer *w, uint64_t need);

/* undo.c: all or nothing */

/* First of all in whatever stores: finishes or undoes what a writer in another process was killed in. -EIO: its records
 * make no sense. */
int ckpt_undo_settle(ckpt_writer *w);
/* First in an update: reserves room for need bytes of undo records (with their overhead). */
int ckpt_undo_begin(ckpt_writer *w, uint64_t need);
/* Room that a record of length bytes takes. */
uint64_t ckpt_undo_cost(uint64_t length);
/* Saves the old value of [offset, offset + length) before the caller stores to it. */
void ckpt_undo_record(ckpt_writer *w, uint64_t offset, uint64_t length);
/* Makes the sequence counter at seq odd; commit and undo make it even again. */
void ckpt_undo_open(ckpt_writer *w, ckpt_word *seq);
/* Undoing the update will mark the entry corrupted. */
void ckpt_undo_corrupts(ckpt_writer *w, uint64_t entry);
/* Record, then store. */
void ckpt_undo_put(ckpt_writer *w, ckpt_word *word, uint64_t value);
/* Room that the records of an update of nothing take, and those of each section it creates, deletes or moves, and of
 * each it changes in place (besides the content itself). */
enum { CKPT_UNDO_FIXED = 2560, CKPT_UNDO_MOVED = 2048, CKPT_UNDO_CHANGED = 256 };
void ckpt_undo_commit(ckpt_writer *w);
/* Finishes a committed update, undoes another. Also what a new writer calls when it finds the undo word set.
 * Returns NULL, or what is wrong with the records (static text; nothing was changed). */
const char *ckpt_undo_recover(ckpt_writer *w);

/* alloc.c: blocks. Both need an update begun; payload offsets. */

/* 0 and w->error when there is no room; may_grow: the file may be extended. */
uint64_t ckpt_alloc(ckpt_writer *w, uint64_t size, bool may_grow);
void ckpt_free(ckpt_writer *w, uint64_t payload);
/* Bytes that fit into the payload of an allocated block. */
uint64_t ckpt_alloc_capacity(const ckpt_writer *w, uint64_t payload);
unsigned ckpt_alloc_class(uint64_t size);

/* index.c: entries and the table that finds them */

uint64_t ckpt_index_hash(const ckpt_writer *w, const void *id, uint64_t length);
uint64_t ckpt_index_find(const ckpt_writer *w, const void *id, uint64_t length, uint64_t hash);
const void *ckpt_index_id(const ckpt_writer *w, const struct ckpt_seg_entry *e, uint64_t *length);
/* The first table, of a new segment. */
int ckpt_index_create(ckpt_writer *w);
/* First part of changing the table, for that many entries more and less, of which at most fills take a slot that was never
 * used: makes a bigger (or smaller) one aside when needed; *table is it, or 0. */
int ckpt_index_reserve(ckpt_writer *w, uint64_t inserts, uint64_t removes, uint64_t fills, uint64_t *table);
/* Would an entry of this hash take a slot that was never used? */
bool ckpt_index_fills(const ckpt_writer *w, uint64_t hash);
/* Second part: switches to it. */
void ckpt_index_switch(ckpt_writer *w, uint64_t table);
void ckpt_index_insert(ckpt_writer *w, uint64_t hash, uint64_t entry);
void ckpt_index_remove(ckpt_writer *w, uint64_t hash, uint64_t entry);
/* A free entry, off the list; 0 and w->error. */
uint64_t ckpt_entry_alloc(ckpt_writer *w);
void ckpt_entry_free(ckpt_writer *w, uint64_t entry);

/* results.c */

/* Makes sure that one more record fits. *old: a table that is not needed any more, for the caller to free once all is
 * allocated; or 0. */
int ckpt_results_reserve(ckpt_writer *w, uint64_t *old);
/* Within an update: what it says become all results; *old as above. 0 or -ENOSPC. */
int ckpt_results_replace(ckpt_writer *w, const struct ckpt_update *u, uint64_t *old);
void ckpt_results_put(ckpt_writer *w, const struct ckpt_update *u);
#define CKPT_RESULTS_ALL_SLOTS UINT32_MAX
int ckpt_results_drop(ckpt_writer *w, uint64_t session, uint32_t slot);
/* The record at or after *cursor (0 to begin), which moves on. False: no more. */
bool ckpt_results_next(const ckpt_writer *w, uint64_t *cursor, struct ckpt_result_info *out);

/* apply.c */

/* 0; -ENOSPC; -ENOMEM; -EPROTO (number out of order); or CKPT_OP_* and *index, the first op that cannot be done. */
int ckpt_writer_apply(ckpt_writer *w, const struct ckpt_update *u, uint64_t *index);
void ckpt_plan_free(struct ckpt_plan *plan);

/* state.c: what is not an update */

/* Needs no space. With undo records that make no sense, it closes the replica to readers instead. */
void ckpt_writer_set_state(ckpt_writer *w, const struct ckpt_state *s);
void ckpt_writer_state(const ckpt_writer *w, struct ckpt_state *s);
void ckpt_writer_set_dead(ckpt_writer *w);
int ckpt_writer_set_config(ckpt_writer *w, const void *blob, uint64_t length);
/* Takes the mark off a section whose last update has at most this number; a tombstone goes. Needs no space; no effect on others. */
int ckpt_writer_unmark(ckpt_writer *w, const void *id, uint64_t length, uint64_t number);
bool ckpt_writer_lookup(const ckpt_writer *w, const void *id, uint64_t length, struct ckpt_section_info *out);
/* The section at or after *cursor (0 to begin), which moves on; with marked, only those with a mark, and tombstones. False: no more. */
bool ckpt_writer_next(const ckpt_writer *w, bool marked, uint64_t *cursor, struct ckpt_section_info *out);
/* Copies at most size bytes; *n of them. -ENOENT, -EILSEQ (corrupted), -ERANGE (offset beyond the section). */
int ckpt_writer_read(const ckpt_writer *w, const void *id, uint64_t length, uint64_t offset, void *buf, uint64_t size,
                     uint64_t *n);

/* check.c: NULL, or what is wrong with the segment (static text). */
const char *ckpt_check(const ckpt_writer *w);

/* Copies to live bytes. With the crash hook, in steps of at most 8 bytes. */
void ckpt_copy_in(ckpt_writer *w, uint64_t offset, const void *bytes, uint64_t length);
void ckpt_fill_zero(ckpt_writer *w, uint64_t offset, uint64_t length);

static inline void *ckpt_at(const ckpt_writer *w, uint64_t offset)
{
	return w->base + offset;
}

static inline ckpt_word *ckpt_word_at(const ckpt_writer *w, uint64_t offset)
{
	return (ckpt_word *)(w->base + offset);
}

static inline struct ckpt_seg_entry *ckpt_entry_at(const ckpt_writer *w, uint64_t offset)
{
	return (struct ckpt_seg_entry *)(w->base + offset);
}

static inline struct ckpt_seg_block *ckpt_block_at(const ckpt_writer *w, uint64_t offset)
{
	return (struct ckpt_seg_block *)(w->base + offset);
}

#endif
