/*
 * undo.c: all or nothing. Before an update stores to live bytes, their old value goes into an undo record and the
 * record is published by the one store that moves the undo word past it. Commit is one store too. Whoever finds the
 * undo word set afterwards, be it after a crash or because the update gave up, finishes or undoes the update with
 * ckpt_undo_recover, any number of times if it is itself cut off.
 *
 * A record is [old bytes, padded to 8][offset][kind | length]: read from the end, so that undoing in reverse order
 * needs no index. Sequence counters are never set back, or a reader could take two different states for one:
 * a record names the counter, and finishing and undoing both move it on to the next even value.
 *
 * Readers use the records too, after a crash and while the writer is held up (cutoff.c says what they rely on).
 */
#include <errno.h>
#include <string.h>

#include "writer.h"

uint64_t ckpt_undo_cost(uint64_t length)
{
	return ckpt_undo_padded(length) + CKPT_UNDO_TRAILER;
}

void ckpt_copy_in(ckpt_writer *w, uint64_t offset, const void *bytes, uint64_t length)
{
	uint8_t *to = ckpt_at(w, offset);
	atomic_signal_fence(memory_order_seq_cst);
#ifdef CKPT_SEGMENT_STORE_HOOK
	const uint8_t *from = bytes;
	while (length > 0) {
		uint64_t n = length < 8 ? length : 8;
		CKPT_STORE_HOOK();
		memcpy(to, from, n);
		atomic_signal_fence(memory_order_seq_cst);
		to += n;
		from += n;
		length -= n;
	}
#else
	if (length > 0)
		memcpy(to, bytes, length);
#endif
	atomic_signal_fence(memory_order_seq_cst);
}

void ckpt_fill_zero(ckpt_writer *w, uint64_t offset, uint64_t length)
{
	CKPT_STORE_HOOK();
	atomic_signal_fence(memory_order_seq_cst);
	memset(ckpt_at(w, offset), 0, length);
	atomic_signal_fence(memory_order_seq_cst);
}

/* The area grows and shrinks in updates of its own, recorded in the built-in area. */
static int resize_area(ckpt_writer *w, uint64_t need)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	ckpt_store(&h->undo_area, CKPT_SEG_UNDO_BASE);
	ckpt_store(&h->undo_capacity, CKPT_SEG_UNDO_BASE);
	uint64_t old = ckpt_load(&h->undo_extra);
	w->freed = false;
	uint64_t area = 0;
	if (need > 0) {
		area = ckpt_alloc(w, need, true);
		if (area == 0) {
			ckpt_undo_recover(w);
			return w->error;
		}
	}
	h = ckpt_head(w);
	ckpt_undo_put(w, &h->undo_extra, area);
	if (old != 0)
		ckpt_free(w, old);
	ckpt_undo_commit(w);
	return 0;
}

/* An extension is kept for the next update unless it is larger than this. */
enum { EXTRA_KEPT = 256 << 10 };

int ckpt_undo_begin(ckpt_writer *w, uint64_t need)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	w->freed = false;
	uint64_t extra = ckpt_load(&h->undo_extra);
	uint64_t area = CKPT_SEG_UNDO_BASE, capacity = CKPT_SEG_UNDO_BASE;
	if (need <= capacity) {
		if (extra != 0 && ckpt_alloc_capacity(w, extra) > EXTRA_KEPT)
			resize_area(w, 0);
	} else {
		if (extra == 0 || ckpt_alloc_capacity(w, extra) < need) {
			int err = resize_area(w, need);
			if (err != 0)
				return err;
		}
		h = ckpt_head(w);
		area = ckpt_load(&h->undo_extra);
		capacity = ckpt_alloc_capacity(w, area);
	}
	h = ckpt_head(w);
	w->error = 0;
	w->freed = false;
	if (ckpt_load(&h->undo_area) != area)
		ckpt_store(&h->undo_area, area);
	if (ckpt_load(&h->undo_capacity) != capacity)
		ckpt_store(&h->undo_capacity, capacity);
	return 0;
}

/* Readers see it after everything stored before, and before everything stored after. */
static void set_undo(ckpt_writer *w, uint64_t value)
{
	atomic_thread_fence(memory_order_release);
	ckpt_store(&ckpt_head(w)->undo, value);
	atomic_thread_fence(memory_order_release);
}

static void publish(ckpt_writer *w, uint64_t at, uint64_t offset, uint64_t word)
{
	uint64_t area = ckpt_load(&ckpt_head(w)->undo_area);
	ckpt_store(ckpt_word_at(w, area + at), offset);
	ckpt_store(ckpt_word_at(w, area + at + 8), word);
	set_undo(w, at + CKPT_UNDO_TRAILER);
}

/* The reservation made by ckpt_undo_begin covers every record; anything else would be a fault in this program, and going on
 * without a record would cost the promise of the whole file. */
static uint64_t room(ckpt_writer *w, uint64_t length)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t used = ckpt_load(&h->undo);
	if (used + ckpt_undo_cost(length) > ckpt_load(&h->undo_capacity))
		__builtin_trap();
	if (used == 0) {
		ckpt_store(&h->undo_seq, ckpt_load(&h->undo_seq) + 1);
		atomic_thread_fence(memory_order_release);
	}
	return used;
}

void ckpt_undo_record(ckpt_writer *w, uint64_t offset, uint64_t length)
{
	uint64_t used = room(w, length);
	uint64_t area = ckpt_load(&ckpt_head(w)->undo_area);
	ckpt_copy_in(w, area + used, ckpt_at(w, offset), length);
	publish(w, used + ckpt_undo_padded(length), offset, length | (uint64_t)CKPT_UNDO_BYTES << CKPT_UNDO_SHIFT);
}

void ckpt_undo_open(ckpt_writer *w, ckpt_word *seq)
{
	if ((ckpt_load(seq) & 1) == 0) {
		uint64_t used = room(w, 0);
		publish(w, used, (uint64_t)((uint8_t *)seq - w->base), (uint64_t)CKPT_UNDO_SEQ << CKPT_UNDO_SHIFT);
	}
	ckpt_seq_open(seq);
}

void ckpt_undo_corrupts(ckpt_writer *w, uint64_t entry)
{
	publish(w, room(w, 0), entry, (uint64_t)CKPT_UNDO_CORRUPT << CKPT_UNDO_SHIFT);
}

void ckpt_undo_put(ckpt_writer *w, ckpt_word *word, uint64_t value)
{
	ckpt_undo_record(w, (uint64_t)((uint8_t *)word - w->base), 8);
	ckpt_store(word, value);
}

static void shut_all(ckpt_writer *w, const struct ckpt_undo_records *all)
{
	struct ckpt_undo_record r;
	for (uint64_t at = all->used; at != 0; at = r.bytes - all->area) {
		if (!ckpt_undo_previous(all, at, &r))
			return;
		if (r.kind == CKPT_UNDO_SEQ)
			ckpt_seq_shut(ckpt_word_at(w, r.offset));
	}
}

static struct ckpt_undo_records records(const ckpt_writer *w)
{
	const struct ckpt_seg_header *h = ckpt_head(w);
	return (struct ckpt_undo_records){.base = w->base,
	                                  .area = ckpt_load(&h->undo_area),
	                                  .used = ckpt_load(&h->undo) & ~CKPT_UNDO_COMMITTED,
	                                  .allocated = ckpt_load(&h->allocated)};
}

void ckpt_undo_commit(ckpt_writer *w)
{
	struct ckpt_undo_records all = records(w);
	set_undo(w, all.used | CKPT_UNDO_COMMITTED);
	shut_all(w, &all);
	set_undo(w, 0);
}

static void undo_all(ckpt_writer *w, const struct ckpt_undo_records *all)
{
	struct ckpt_undo_record r;
	for (uint64_t at = all->used; at != 0 && ckpt_undo_previous(all, at, &r); at = r.bytes - all->area) {
		if (r.kind == CKPT_UNDO_BYTES)
			ckpt_copy_in(w, r.offset, ckpt_at(w, r.bytes), r.length);
		else if (r.kind == CKPT_UNDO_CORRUPT) {
			ckpt_word *flags = &ckpt_entry_at(w, r.offset)->flags;
			ckpt_store(flags, ckpt_load(flags) | CKPT_ENTRY_CORRUPTED);
		}
	}
}

const char *ckpt_undo_recover(ckpt_writer *w)
{
	uint64_t undo = ckpt_load(&ckpt_head(w)->undo), capacity = ckpt_load(&ckpt_head(w)->undo_capacity);
	if (undo == 0)
		return NULL;
	struct ckpt_undo_records all = records(w);
	if (all.area < CKPT_SEG_UNDO_BASE || (all.area & 7) != 0 || all.area > all.allocated ||
	    capacity > all.allocated - all.area || all.used > capacity || (all.used & 7) != 0)
		return "undo area out of bounds";
	struct ckpt_undo_record r;
	for (uint64_t at = all.used; at != 0; at = r.bytes - all.area)
		if (!ckpt_undo_previous(&all, at, &r))
			return "undo record makes no sense";
	if ((undo & CKPT_UNDO_COMMITTED) == 0)
		undo_all(w, &all);
	shut_all(w, &all);
	set_undo(w, 0);
	return NULL;
}

int ckpt_undo_settle(ckpt_writer *w)
{
	return ckpt_undo_recover(w) == NULL ? 0 : -EIO;
}
