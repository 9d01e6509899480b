/*
 * undo.c: all or nothing. Before an update stores to live bytes, their old value goes into an undo record and the
 * record is published by the one store that moves the undo word past it. Commit is one store too. Whoever finds the
 * undo word set afterwards, be it after a crash or because the update gave up, finishes or undoes the update with
 * ckpt_undo_recover, any number of times if it is itself cut off.
 *
 * A record is [old bytes, padded to 8][offset][kind | length]: read from the end, so that undoing in reverse order
 * needs no index. Sequence counters are never set back, or a reader could take two different states for one:
 * a record names the counter, and finishing and undoing both move it on to the next even value.
 */
#include <errno.h>
#include <string.h>

#include "writer.h"

enum { TRAILER = 16 };

static uint64_t padded(uint64_t length)
{
	return (length + 7) & ~UINT64_C(7);
}

uint64_t ckpt_undo_cost(uint64_t length)
{
	return padded(length) + TRAILER;
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

static void publish(ckpt_writer *w, uint64_t at, uint64_t offset, uint64_t word)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t area = ckpt_load(&h->undo_area);
	ckpt_store(ckpt_word_at(w, area + at), offset);
	ckpt_store(ckpt_word_at(w, area + at + 8), word);
	ckpt_store(&h->undo, at + TRAILER);
}

/* The reservation made by ckpt_undo_begin covers every record; anything else would be a fault in this program, and going on
 * without a record would cost the promise of the whole file. */
static uint64_t room(ckpt_writer *w, uint64_t length)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t used = ckpt_load(&h->undo);
	if (used + ckpt_undo_cost(length) > ckpt_load(&h->undo_capacity))
		__builtin_trap();
	return used;
}

void ckpt_undo_record(ckpt_writer *w, uint64_t offset, uint64_t length)
{
	uint64_t used = room(w, length);
	uint64_t area = ckpt_load(&ckpt_head(w)->undo_area);
	ckpt_copy_in(w, area + used, ckpt_at(w, offset), length);
	publish(w, used + padded(length), offset, length | (uint64_t)CKPT_UNDO_BYTES << CKPT_UNDO_SHIFT);
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

/* One record, from its end. Returns the bytes before it, or UINT64_MAX when it makes no sense. */
static uint64_t previous(const ckpt_writer *w, uint64_t area, uint64_t used, uint64_t allocated, unsigned *kind,
                         uint64_t *offset, uint64_t *length)
{
	if (used < TRAILER)
		return UINT64_MAX;
	uint64_t word = ckpt_load(ckpt_word_at(w, area + used - 8));
	*offset = ckpt_load(ckpt_word_at(w, area + used - TRAILER));
	*kind = (unsigned)(word >> CKPT_UNDO_SHIFT);
	*length = word & ((UINT64_C(1) << CKPT_UNDO_SHIFT) - 1);
	uint64_t reached = *kind == CKPT_UNDO_BYTES ? *length : *kind == CKPT_UNDO_SEQ ? 8 : sizeof(struct ckpt_seg_entry);
	if (*kind < CKPT_UNDO_BYTES || *kind > CKPT_UNDO_CORRUPT || (*kind != CKPT_UNDO_BYTES && *length != 0) ||
	    *offset < CKPT_SEG_IMMUTABLE || *offset > allocated || reached > allocated - *offset ||
	    (*kind != CKPT_UNDO_BYTES && (*offset & 7) != 0) || padded(*length) > used - TRAILER)
		return UINT64_MAX;
	return used - TRAILER - padded(*length);
}

static void shut_all(ckpt_writer *w, uint64_t area, uint64_t used, uint64_t allocated)
{
	unsigned kind;
	uint64_t offset, length;
	while (used != 0) {
		used = previous(w, area, used, allocated, &kind, &offset, &length);
		if (used == UINT64_MAX)
			return;
		if (kind == CKPT_UNDO_SEQ)
			ckpt_seq_shut(ckpt_word_at(w, offset));
	}
}

void ckpt_undo_commit(ckpt_writer *w)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t used = ckpt_load(&h->undo);
	ckpt_store(&h->undo, used | CKPT_UNDO_COMMITTED);
	shut_all(w, ckpt_load(&h->undo_area), used, ckpt_load(&h->allocated));
	ckpt_store(&h->undo, 0);
}

const char *ckpt_undo_recover(ckpt_writer *w)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t undo = ckpt_load(&h->undo);
	if (undo == 0)
		return NULL;
	uint64_t used = undo & ~CKPT_UNDO_COMMITTED;
	uint64_t area = ckpt_load(&h->undo_area), capacity = ckpt_load(&h->undo_capacity);
	uint64_t allocated = ckpt_load(&h->allocated);
	if (area < CKPT_SEG_UNDO_BASE || (area & 7) != 0 || area > allocated || capacity > allocated - area ||
	    used > capacity || (used & 7) != 0)
		return "undo area out of bounds";
	unsigned kind;
	uint64_t offset, length, at;
	for (at = used; at != 0;) {
		at = previous(w, area, at, allocated, &kind, &offset, &length);
		if (at == UINT64_MAX)
			return "undo record makes no sense";
		uint64_t reached = kind == CKPT_UNDO_BYTES ? length : 8;
		if (offset < area + used && area < offset + reached)
			return "undo record points into the undo area";
		uint64_t control = offsetof(struct ckpt_seg_header, undo);
		if (offset < control + 24 && control < offset + reached)
			return "undo record points at the undo words";
	}
	if ((undo & CKPT_UNDO_COMMITTED) == 0) {
		for (at = used; at != 0;) {
			at = previous(w, area, at, allocated, &kind, &offset, &length);
			if (kind == CKPT_UNDO_BYTES)
				ckpt_copy_in(w, offset, ckpt_at(w, area + at), length);
			else if (kind == CKPT_UNDO_CORRUPT) {
				ckpt_word *flags = &ckpt_entry_at(w, offset)->flags;
				ckpt_store(flags, ckpt_load(flags) | CKPT_ENTRY_CORRUPTED);
			}
		}
	}
	shut_all(w, area, used, allocated);
	ckpt_store(&h->undo, 0);
	return NULL;
}

int ckpt_undo_settle(ckpt_writer *w)
{
	return ckpt_undo_recover(w) == NULL ? 0 : -EIO;
}
