/*
 * cutoff.c: reading a section that the writer was killed in the middle of changing, before anybody has undone or
 * finished the update. Its counters are odd and stay so; but the undo records say what it was. Readers give what whoever
 * recovers the segment will make of it: the state before the update, or the state after it if it is committed.
 *
 * Every range that is looked at is copied, and the old bytes of all records are laid over the copy, from the last record
 * to the first. It does not matter whether the writer, or one that is undoing the update meanwhile, stores to
 * the range at the same time: whatever such a store can change is under a record, or no part of the state before (new
 * blocks, what lies beyond a section's size). So the copy is right if these records are those of one update and complete.
 * That is what is checked at the end, by two words: undo has not moved, so no record was added; undo_seq has not, so the
 * records are of the same update, even if the next one has got to the same number of bytes. Counters of entries,
 * index, table and state need no look: they move with an update.
 *
 * Why this holds where processors reorder (arm64):
 *  - The reader loads undo_seq and undo with acquire, then everything else; then, behind an acquire fence, undo with
 *    acquire and undo_seq again. So what it saw is not older than the first values, and what it would have seen of
 *    anything stored after the second ones it would have seen of these words too.
 *  - The writer has a release fence before each store to undo: who sees the new value sees the record it covers, and with
 *    the committed bit all that the update has stored.
 *  - And one behind each: who sees a byte stored after that sees undo moved. That goes for what a record permits to
 *    be changed, and for what may be reused once undo is 0.
 *  - And one between storing undo_seq and the first record of the update: who sees a byte of a record of a later
 *    update sees undo_seq moved.
 *
 * Weak updates may leave content without records; recovery then sets the section CORRUPTED. That would be a lie about a
 * section whose writer is alive and has only been held up, so such an update must not have moved for WAITS
 * milliseconds. A reader remembers the one it has waited for, so that only the first read waits.
 *
 * All of it takes the segment for hostile: each record is checked by itself, and the number of looks at records is bounded.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "reader.h"

enum {
	TRIES = 8,             /* attempts before CKPT_READ_ASK */
	PAUSES_PER_TRY = 100,  /* the n-th retry first pauses n times this; some 0.1 ms in all */
	LOOKS_MAX = 1 << 23,   /* at undo records, in one read: 0.1 s or so. An update of 10,000 sections needs a million */
	WAITS = 100,           /* times WAIT_NS for a weak update that seems cut off */
	WAIT_NS = 1000000,
	SLOTS_PER_COPY = 32,
	ID_BYTES_PER_COPY = 512
};

/* The segment as it was before the update under way, or is after it. */
struct view {
	struct mapping *m;
	uint64_t undo_seq, undo;          /* as found at first */
	struct ckpt_undo_records records; /* none if the update is committed: they do not count any more */
	uint64_t *looks;                  /* left */
	bool corrupts;                    /* a record sets the entry that was copied last CORRUPTED */
};

/* The words at the beginning of the header's mutable part. */
struct state {
	uint64_t state_seq, flags, lease, epoch_generation, epoch_counter, index_seq, table, table_seq;
};
_Static_assert(offsetof(struct ckpt_seg_header, lease) - CKPT_SEG_IMMUTABLE == offsetof(struct state, lease), "lease");
_Static_assert(offsetof(struct ckpt_seg_header, table_seq) - CKPT_SEG_IMMUTABLE == offsetof(struct state, table_seq),
               "table_seq");

/* 0; RETRY: no update, or words that make no sense; CKPT_READ_REMAP. */
static int open_view(struct view *v)
{
	const struct ckpt_seg_header *header = header_of(v->m);
	v->undo_seq = load_acquire(&header->undo_seq);
	v->undo = load_acquire(&header->undo);
	v->records = (struct ckpt_undo_records){.base = v->m->base};
	if (v->undo == 0)
		return RETRY;
	if ((v->undo & CKPT_UNDO_COMMITTED) != 0)
		return 0;
	uint64_t area = ckpt_load(&header->undo_area), capacity = ckpt_load(&header->undo_capacity);
	v->records.area = area;
	v->records.used = v->undo;
	v->records.allocated = header_allocated(header);
	if (area < CKPT_SEG_UNDO_BASE || (area & 7) != 0 || area > CKPT_SEG_SIZE_MAX || capacity > CKPT_SEG_SIZE_MAX ||
	    v->undo > capacity || (v->undo & 7) != 0)
		return RETRY;
	uint64_t heap = area < CKPT_SEG_HEAP ? (uint64_t)CKPT_SEG_HEAP : area; /* what is before it is always mapped */
	return area + capacity <= heap ? 0 : reach(v->m, heap, area + capacity - heap);
}

/* Is everything that was seen through the view of the same moment? */
static bool held_still(const struct view *v)
{
	const struct ckpt_seg_header *header = header_of(v->m);
	atomic_thread_fence(memory_order_acquire);
	return load_acquire(&header->undo) == v->undo && ckpt_load(&header->undo_seq) == v->undo_seq;
}

static bool look(struct view *v)
{
	return *v->looks > 0 && (*v->looks)-- > 0;
}

/* What undoing a record does to the length bytes at offset, done to their copy at to. */
static void undo_bytes(const struct view *v, const struct ckpt_undo_record *r, uint64_t offset, uint64_t length,
                       uint8_t *to)
{
	uint64_t from = r->offset > offset ? r->offset : offset;
	uint64_t end = r->offset + r->length < offset + length ? r->offset + r->length : offset + length;
	if (from < end)
		memcpy(to + (from - offset), v->m->base + r->bytes + (from - r->offset), end - from);
}

static void undo_corrupted(struct view *v, const struct ckpt_undo_record *r, uint64_t offset, uint64_t length,
                           uint8_t *to)
{
	uint64_t at = r->offset + offsetof(struct ckpt_seg_entry, flags), flags;
	if (at < offset || at + sizeof flags > offset + length)
		return;
	memcpy(&flags, to + (at - offset), sizeof flags);
	flags |= CKPT_ENTRY_CORRUPTED;
	memcpy(to + (at - offset), &flags, sizeof flags);
	v->corrupts = true;
}

/* Lays the records over the copy at to of the length bytes at offset. 0; RETRY: a record makes no sense; CKPT_READ_ASK:
 * there are too many. */
static int overlay(struct view *v, uint64_t offset, uint64_t length, void *to)
{
	struct ckpt_undo_record r;
	for (uint64_t at = v->records.used; at != 0; at = r.bytes - v->records.area) {
		if (!look(v))
			return CKPT_READ_ASK;
		if (!ckpt_undo_previous(&v->records, at, &r))
			return RETRY;
		if (r.kind == CKPT_UNDO_BYTES)
			undo_bytes(v, &r, offset, length, to);
		else if (r.kind == CKPT_UNDO_CORRUPT)
			undo_corrupted(v, &r, offset, length, to);
	}
	return 0;
}

/* Copies bytes that may be touched, as the view shows them. Result as of overlay. */
static int copy(struct view *v, uint64_t offset, uint64_t length, void *to)
{
	if (!look(v))
		return CKPT_READ_ASK;
	memcpy(to, v->m->base + offset, length);
	return overlay(v, offset, length, to);
}

/* As same_short_id, for the others: 1, 0, or an outcome greater than 1. */
static int same_long_id(struct view *v, uint64_t ref, const struct key *key)
{
	uint8_t bytes[ID_BYTES_PER_COPY];
	int err = reach(v->m, ref, key->length);
	for (uint64_t at = 0; err == 0 && at < key->length; at += sizeof bytes) {
		uint64_t n = key->length - at < sizeof bytes ? key->length - at : sizeof bytes;
		err = copy(v, ref + at, n, bytes);
		if (err == 0 && memcmp(bytes, (const uint8_t *)key->id + at, n) != 0)
			return 0;
	}
	return err == 0 ? 1 : err;
}

/* Copies the entry a slot refers to; is it the one? 1, 0, or an outcome greater than 1. */
static int is_entry(struct view *v, uint64_t ref, const struct key *key, struct ckpt_seg_entry *entry)
{
	if ((ref & (CKPT_SEG_UNIT - 1)) != 0)
		return RETRY;
	int err = reach(v->m, ref, sizeof *entry);
	if (err != 0)
		return err;
	v->corrupts = false;
	err = copy(v, ref, sizeof *entry, entry);
	if (err != 0)
		return err;
	int same = same_short_id(entry, ckpt_load(&entry->flags), key);
	return same >= 0 ? same : same_long_id(v, ckpt_load(&entry->id[0]), key);
}

/* Probes the table. FOUND and a copy of the entry, CKPT_READ_NO_SECTION, or another outcome. */
static int find(struct view *v, uint64_t table, const struct key *key, struct ckpt_seg_entry *entry)
{
	if (CKPT_TABLE_LOG2(table) > 40 || (CKPT_TABLE_OFFSET(table) & 15) != 0)
		return RETRY;
	uint64_t slots = UINT64_C(1) << CKPT_TABLE_LOG2(table), at = key->hash & (slots - 1);
	int err = reach(v->m, CKPT_TABLE_OFFSET(table), slots * sizeof(struct ckpt_seg_slot));
	uint64_t slot[SLOTS_PER_COPY][2]; /* hash, reference */
	for (uint64_t n = 0; err == 0 && n < slots;) {
		uint64_t count = slots - at < SLOTS_PER_COPY ? slots - at : (uint64_t)SLOTS_PER_COPY;
		err = copy(v, CKPT_TABLE_OFFSET(table) + at * sizeof slot[0], count * sizeof slot[0], slot);
		for (uint64_t i = 0; err == 0 && i < count; i++) {
			if (slot[i][1] == 0)
				return CKPT_READ_NO_SECTION;
			if (slot[i][1] == CKPT_SLOT_DELETED || slot[i][0] != key->hash)
				continue;
			int same = is_entry(v, slot[i][1], key, entry);
			if (same == 1)
				return FOUND;
			err = same;
		}
		n += count;
		at = (at + count) & (slots - 1);
	}
	return err == 0 ? CKPT_READ_NO_SECTION : err;
}

static int copy_state(struct view *v, struct state *state)
{
	return copy(v, CKPT_SEG_IMMUTABLE, sizeof *state, state);
}

/* Nothing is recorded when a replica dies, so that is looked for in the flags as they are. */
static int gate(struct view *v)
{
	struct state state;
	int err = copy_state(v, &state);
	if (err != 0)
		return err;
	return admits(state.flags | (ckpt_load(&header_of(v->m)->flags) & CKPT_SEG_DEAD), state.lease);
}

static uint64_t name_of(const struct view *v)
{
	uint64_t words[2] = {v->undo_seq, v->undo};
	return ckpt_segment_hash(0, words, sizeof words) | 1;
}

/* DOUBT: the answer would be that a weak update has corrupted the section, if its writer is dead. */
static int attempt(struct view *v, const struct key *key, struct request *q, uint64_t given_up)
{
	struct state state;
	struct ckpt_seg_entry entry;
	int status = open_view(v);
	if (status == 0)
		status = copy_state(v, &state);
	if (status == 0)
		status = find(v, state.table, key, &entry);
	bool corrupts = status == FOUND && v->corrupts;
	if (status == FOUND) {
		status = take(v->m, &entry, q);
		if (status == CKPT_READ_OK && q->stat == NULL && q->read_size > 0) {
			int err = overlay(v, ckpt_load(&entry.data) + q->offset, q->read_size, q->buf);
			status = err == 0 ? CKPT_READ_OK : err;
		}
	}
	if (status == RETRY || status == CKPT_READ_REMAP)
		return status;
	int open = gate(v);
	if (!held_still(v))
		return RETRY;
	if (open != CKPT_READ_OK)
		return open;
	return corrupts && name_of(v) != given_up ? DOUBT : status;
}

__attribute__((cold, noinline)) int ckpt_read_cut_off(ckpt_reader *r, const struct key *key, struct request *q)
{
	uint64_t looks = LOOKS_MAX, doubted = 0;
	for (int tries = 0, waits = 0; tries < TRIES;) {
		struct mapping *m = atomic_load_explicit(&r->current, memory_order_acquire);
		struct view v = {.m = m, .looks = &looks};
		int status = ckpt_load(&header_of(m)->undo) == 0 ? ckpt_read_attempt(m, key, q)
		                                                 : attempt(&v, key, q, atomic_load(&r->given_up));
		if (status != RETRY && status != DOUBT)
			return status;
		if (status == DOUBT && name_of(&v) == doubted) {
			if (waits++ < WAITS)
				nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
			else
				atomic_store(&r->given_up, doubted);
			continue;
		}
		if (status == DOUBT) {
			doubted = name_of(&v);
			waits = 0;
		}
		tries++;
		for (int pauses = tries * PAUSES_PER_TRY; pauses > 0; pauses--)
			cpu_pause();
	}
	return CKPT_READ_ASK;
}
