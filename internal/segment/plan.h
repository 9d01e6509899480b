/* plan.h: what an update will make of each section it names. */
#ifndef CKPT_SEGMENT_PLAN_H
#define CKPT_SEGMENT_PLAN_H

#include "writer.h"

#define NONE UINT32_MAX

/* Bytes to put at an offset of the section; NULL: zeros. */
struct piece {
	const void *bytes;
	uint64_t offset, size;
	uint32_t next;
};

enum content {
	CONTENT_SAME,     /* only attributes change */
	CONTENT_IN_PLACE, /* pieces go to the present block */
	CONTENT_FRESH     /* a new block takes the place of the present one */
};

struct section_plan {
	uint64_t entry; /* 0: none yet */
	const void *id;
	uint64_t hash;
	uint64_t id_ref, old_id_ref;
	uint64_t old_data, old_capacity, old_size;
	uint64_t data, capacity, size;
	uint64_t flags, covered;
	int64_t expiration;
	uint32_t id_length;
	uint32_t first_piece, last_piece;
	uint32_t next_same_bucket;
	enum content content;
	uint64_t number;
	int64_t last_update;
	bool existed, exists;
	bool fresh;      /* the entry is new in the table */
	bool buried;     /* the entry is a tombstone */
	bool bury;       /* the entry will be one */
	bool removed;    /* ... unless this: the last op was REMOVE */
	bool written;    /* by any op but set-expiration */
	bool keeps_old;  /* old bytes that no piece covers stay */
	bool unrecorded; /* weak: content changes without undo records */
};

/* The number that the sections changed by an update get, unless they are stamped with one. */
static inline uint64_t ckpt_update_number(const ckpt_writer *w, const struct ckpt_update *u)
{
	return u->number != 0 ? u->number : ckpt_load(&ckpt_head(w)->number);
}

struct ckpt_plan {
	struct section_plan *sections;
	struct piece *pieces;
	uint32_t *buckets;
	uint32_t section_count, section_room;
	uint32_t piece_count, piece_room;
	uint32_t bucket_count, bucket_room;
	uint64_t creates, deletes; /* sections */
	uint64_t inserts, removes; /* table entries */
	uint64_t buries, exhumes;  /* tombstones */
	uint64_t bytes_added, bytes_removed;
	bool filling; /* of the update */
};

/* 0 and *plan (owned by w, valid until the next call); -ENOMEM; or CKPT_OP_* with the op in *index. */
int ckpt_plan_update(ckpt_writer *w, const struct ckpt_update *u, struct ckpt_plan **plan, uint64_t *index);

#endif
