/*
 * index.c: entries, and the table that finds them by section id. Entries live in slabs and stay entries for ever:
 * a reader that holds a stale reference finds an entry there, and its sequence counter tells. The table is
 * open addressing with linear probing; it is replaced by a fresh one when it gets too full or far too empty.
 */
#include <errno.h>
#include <string.h>

#include "writer.h"

enum {
	TABLE_MIN_LOG2 = 6,
	TABLE_SHRINK = 16, /* a table with fewer than 1/16 of its slots in use is replaced */
	SLAB_MIN = 16,     /* entries; a new slab doubles their number, up to: */
	SLAB_MAX = 512
};

uint64_t ckpt_index_hash(const ckpt_writer *w, const void *id, uint64_t length)
{
	return ckpt_segment_hash(ckpt_head(w)->hash_seed, id, length);
}

const void *ckpt_index_id(const ckpt_writer *w, const struct ckpt_seg_entry *e, uint64_t *length)
{
	*length = ckpt_load(&e->flags) >> CKPT_ENTRY_ID_SHIFT & 0xFFFF;
	return *length <= CKPT_SEG_INLINE_ID ? (const void *)e->id : ckpt_at(w, ckpt_load(&e->id[0]));
}

static struct ckpt_seg_slot *slots_of(const ckpt_writer *w, uint64_t table, uint64_t *mask)
{
	*mask = (UINT64_C(1) << CKPT_TABLE_LOG2(table)) - 1;
	return ckpt_at(w, CKPT_TABLE_OFFSET(table));
}

uint64_t ckpt_index_find(const ckpt_writer *w, const void *id, uint64_t length, uint64_t hash)
{
	uint64_t mask;
	const struct ckpt_seg_slot *slot = slots_of(w, ckpt_load(&ckpt_head(w)->table), &mask);
	for (uint64_t n = 0, at = hash & mask; n <= mask; n++, at = (at + 1) & mask) {
		uint64_t ref = ckpt_load(&slot[at].ref);
		if (ref == 0)
			return 0;
		if (ref == CKPT_SLOT_DELETED || ckpt_load(&slot[at].hash) != hash)
			continue;
		uint64_t have;
		const void *bytes = ckpt_index_id(w, ckpt_entry_at(w, ref), &have);
		if (have == length && (length == 0 || memcmp(bytes, id, length) == 0))
			return ref;
	}
	return 0;
}

static void insert_into(struct ckpt_seg_slot *slot, uint64_t mask, uint64_t hash, uint64_t ref)
{
	uint64_t at = hash & mask;
	while (ckpt_load(&slot[at].ref) != 0)
		at = (at + 1) & mask;
	ckpt_store(&slot[at].hash, hash);
	ckpt_store(&slot[at].ref, ref);
}

int ckpt_index_create(ckpt_writer *w)
{
	uint64_t size = sizeof(struct ckpt_seg_slot) << TABLE_MIN_LOG2;
	uint64_t fresh = ckpt_alloc(w, size, false);
	if (fresh == 0)
		return w->error;
	ckpt_fill_zero(w, fresh, size);
	ckpt_undo_put(w, &ckpt_head(w)->table, fresh | (uint64_t)TABLE_MIN_LOG2 << CKPT_TABLE_SHIFT);
	return 0;
}

int ckpt_index_reserve(ckpt_writer *w, uint64_t creates, uint64_t deletes, uint64_t *table)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	*table = 0;
	uint64_t mask;
	uint64_t live = ckpt_load(&h->section_count) + ckpt_load(&h->tombstones);
	slots_of(w, ckpt_load(&h->table), &mask);
	uint64_t slots = mask + 1;
	bool full = creates > 0 && (ckpt_load(&h->table_used) + creates) * 4 > slots * 3;
	bool empty = deletes > 0 && slots > UINT64_C(1) << TABLE_MIN_LOG2 && (live + creates) * TABLE_SHRINK < slots;
	if (!full && !empty)
		return 0;
	unsigned log2 = TABLE_MIN_LOG2;
	while (UINT64_C(1) << log2 < (live + creates) * 2)
		log2++;
	uint64_t size = sizeof(struct ckpt_seg_slot) << log2;
	uint64_t fresh = ckpt_alloc(w, size, full);
	h = ckpt_head(w);
	if (fresh == 0) {
		/* No room for another table: the present one serves, more slowly, while it has a slot that was never used. */
		bool fits = ckpt_load(&h->table_used) + creates < slots;
		return fits ? 0 : w->error;
	}
	ckpt_fill_zero(w, fresh, size);
	const struct ckpt_seg_slot *old = slots_of(w, ckpt_load(&h->table), &mask);
	for (uint64_t n = 0; n <= mask; n++) {
		uint64_t ref = ckpt_load(&old[n].ref);
		if (ref != 0 && ref != CKPT_SLOT_DELETED)
			insert_into(ckpt_at(w, fresh), (UINT64_C(1) << log2) - 1, ckpt_load(&old[n].hash), ref);
	}
	*table = fresh | (uint64_t)log2 << CKPT_TABLE_SHIFT;
	return 0;
}

void ckpt_index_switch(ckpt_writer *w, uint64_t table)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	ckpt_undo_open(w, &h->table_seq);
	ckpt_undo_put(w, &h->table, table);
	ckpt_undo_put(w, &h->table_used, ckpt_load(&h->section_count) + ckpt_load(&h->tombstones));
}

void ckpt_index_insert(ckpt_writer *w, uint64_t hash, uint64_t entry)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t mask;
	struct ckpt_seg_slot *slot = slots_of(w, ckpt_load(&h->table), &mask);
	uint64_t at = hash & mask;
	while (ckpt_load(&slot[at].ref) > CKPT_SLOT_DELETED)
		at = (at + 1) & mask;
	ckpt_undo_record(w, (uint64_t)((uint8_t *)&slot[at] - w->base), sizeof *slot);
	if (ckpt_load(&slot[at].ref) == 0)
		ckpt_undo_put(w, &h->table_used, ckpt_load(&h->table_used) + 1);
	ckpt_store(&slot[at].hash, hash);
	ckpt_store(&slot[at].ref, entry);
}

void ckpt_index_remove(ckpt_writer *w, uint64_t hash, uint64_t entry)
{
	uint64_t mask;
	struct ckpt_seg_slot *slot = slots_of(w, ckpt_load(&ckpt_head(w)->table), &mask);
	uint64_t at = hash & mask;
	while (ckpt_load(&slot[at].ref) != entry)
		at = (at + 1) & mask;
	ckpt_undo_put(w, &slot[at].ref, CKPT_SLOT_DELETED);
}

static int add_slab(ckpt_writer *w)
{
	uint64_t count = ckpt_load(&ckpt_head(w)->entry_count);
	count = count < SLAB_MIN ? SLAB_MIN : count > SLAB_MAX ? SLAB_MAX : count;
	uint64_t size = CKPT_SEG_SLAB_HEAD + count * sizeof(struct ckpt_seg_entry);
	uint64_t payload = ckpt_alloc(w, size, true);
	if (payload == 0)
		return w->error;
	struct ckpt_seg_header *h = ckpt_head(w);
	ckpt_fill_zero(w, payload, size);
	struct ckpt_seg_slab *slab = ckpt_at(w, payload);
	ckpt_store(&slab->next, ckpt_load(&h->slab));
	ckpt_store(&slab->count, count);
	uint64_t first = payload + CKPT_SEG_SLAB_HEAD;
	for (uint64_t n = 0; n + 1 < count; n++) {
		struct ckpt_seg_entry *e = ckpt_entry_at(w, first + n * sizeof *e);
		ckpt_store(&e->next_free, first + (n + 1) * sizeof *e);
	}
	ckpt_undo_put(w, &h->slab, payload);
	ckpt_undo_put(w, &h->entry_count, ckpt_load(&h->entry_count) + count);
	ckpt_undo_put(w, &h->entry_free, first); /* the list was empty */
	ckpt_undo_put(w, &h->entry_free_count, count);
	return 0;
}

uint64_t ckpt_entry_alloc(ckpt_writer *w)
{
	if (ckpt_load(&ckpt_head(w)->entry_free) == 0) {
		w->error = add_slab(w);
		if (w->error != 0)
			return 0;
	}
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t entry = ckpt_load(&h->entry_free);
	ckpt_undo_put(w, &h->entry_free, ckpt_load(&ckpt_entry_at(w, entry)->next_free));
	ckpt_undo_put(w, &h->entry_free_count, ckpt_load(&h->entry_free_count) - 1);
	return entry;
}

/* The caller has opened the entry's seq and recorded its words. */
void ckpt_entry_free(ckpt_writer *w, uint64_t entry)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	struct ckpt_seg_entry *e = ckpt_entry_at(w, entry);
	ckpt_store(&e->flags, 0);
	ckpt_undo_put(w, &e->next_free, ckpt_load(&h->entry_free));
	ckpt_undo_put(w, &h->entry_free, entry);
	ckpt_undo_put(w, &h->entry_free_count, ckpt_load(&h->entry_free_count) + 1);
}
