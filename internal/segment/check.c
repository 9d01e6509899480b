/*
 * check.c: is this file, as a whole, a segment? Everything a writer relies on later is proven here, with every offset
 * taken for hostile: blocks tile the heap; every allocated block belongs to exactly one thing, every free one is in its
 * list; every entry is free or found by its id; the sums in the header are right. Memory: three bits for each
 * unit of the file. Time: a few passes over blocks, slots and entries, not over content.
 */
#include <stdlib.h>
#include <string.h>

#include "writer.h"

struct check {
	const ckpt_writer *w;
	const struct ckpt_seg_header *h;
	uint64_t brk;
	uint64_t *blocks;  /* a bit for each unit: an allocated block begins here that nothing was found to own yet */
	uint64_t *frees;   /* likewise: a free block that was in no list yet */
	uint64_t *entries; /* likewise: an entry */
	uint64_t allocated_blocks, free_blocks;
};

static bool take_bit(uint64_t *bits, uint64_t offset)
{
	uint64_t unit = offset / CKPT_SEG_UNIT, mask = UINT64_C(1) << unit % 64;
	bool set = (bits[unit / 64] & mask) != 0;
	bits[unit / 64] &= ~mask;
	return set;
}

static void set_bit(uint64_t *bits, uint64_t offset)
{
	uint64_t unit = offset / CKPT_SEG_UNIT;
	bits[unit / 64] |= UINT64_C(1) << unit % 64;
}

/* Takes the block with this payload for the caller's own, if it is one of at least size bytes and not taken yet. */
static bool own(struct check *c, uint64_t payload, uint64_t size)
{
	if (payload < CKPT_SEG_HEAP + CKPT_SEG_BLOCK || payload >= c->brk || payload % CKPT_SEG_UNIT != CKPT_SEG_BLOCK ||
	    !take_bit(c->blocks, payload - CKPT_SEG_BLOCK))
		return false;
	c->allocated_blocks--;
	return ckpt_alloc_capacity(c->w, payload) >= size;
}

static const char *check_blocks(struct check *c)
{
	uint64_t previous = 0;
	bool previous_free = false;
	for (uint64_t at = CKPT_SEG_HEAP; at < c->brk;) {
		uint64_t word = ckpt_load(&ckpt_block_at(c->w, at)->size);
		uint64_t size = word & ~CKPT_BLOCK_FREE;
		bool is_free = (word & CKPT_BLOCK_FREE) != 0;
		if (size == 0 || size % CKPT_SEG_UNIT != 0 || size > c->brk - at)
			return "block size makes no sense";
		if (ckpt_load(&ckpt_block_at(c->w, at)->previous) != previous)
			return "block does not know its predecessor";
		if (is_free && previous_free)
			return "two free blocks side by side";
		if (is_free) {
			set_bit(c->frees, at);
			c->free_blocks++;
		} else {
			set_bit(c->blocks, at);
			c->allocated_blocks++;
		}
		previous = at;
		previous_free = is_free;
		at += size;
	}
	if (previous_free)
		return "free block at the end of the heap";
	if (ckpt_load(&c->h->last_block) != previous)
		return "last block is not where the header says";
	return NULL;
}

static const char *check_free_lists(struct check *c)
{
	uint64_t found = 0;
	for (unsigned class = 0; class < CKPT_SEG_CLASSES; class++) {
		uint64_t at = ckpt_load(&c->h->class_head[class]), previous = 0;
		if ((at != 0) != ((ckpt_load(&c->h->class_bits[class / 64]) >> class % 64 & 1) != 0))
			return "free list bit does not match its list";
		while (at != 0) {
			if (at >= c->brk || at % CKPT_SEG_UNIT != 0 || !take_bit(c->frees, at))
				return "free list refers to no free block, or twice to one";
			if (ckpt_alloc_class(ckpt_load(&ckpt_block_at(c->w, at)->size) & ~CKPT_BLOCK_FREE) != class)
				return "free block is in the list of another size";
			if (ckpt_load(ckpt_word_at(c->w, at + CKPT_SEG_BLOCK + 8)) != previous)
				return "free list links do not match";
			found++;
			previous = at;
			at = ckpt_load(ckpt_word_at(c->w, at + CKPT_SEG_BLOCK));
		}
	}
	if (found != c->free_blocks)
		return "free block is in no list";
	if (ckpt_load(&c->h->class_bits[3]) != 0)
		return "free list bit of no list";
	return NULL;
}

static const char *check_slabs(struct check *c)
{
	uint64_t total = 0;
	for (uint64_t at = ckpt_load(&c->h->slab); at != 0;) {
		if (!own(c, at, CKPT_SEG_SLAB_HEAD))
			return "slab is no block of its own";
		const struct ckpt_seg_slab *slab = ckpt_at(c->w, at);
		uint64_t count = ckpt_load(&slab->count);
		if (count > (ckpt_alloc_capacity(c->w, at) - CKPT_SEG_SLAB_HEAD) / sizeof(struct ckpt_seg_entry))
			return "slab has more entries than fit";
		for (uint64_t n = 0; n < count; n++)
			set_bit(c->entries, at + CKPT_SEG_SLAB_HEAD + n * sizeof(struct ckpt_seg_entry));
		total += count;
		at = ckpt_load(&slab->next);
	}
	if (total != ckpt_load(&c->h->entry_count))
		return "number of entries does not match";
	uint64_t found = 0;
	for (uint64_t at = ckpt_load(&c->h->entry_free); at != 0; found++) {
		if (at >= c->brk || at % CKPT_SEG_UNIT != 0 || !take_bit(c->entries, at))
			return "list of free entries is damaged";
		const struct ckpt_seg_entry *e = ckpt_entry_at(c->w, at);
		if (ckpt_load(&e->flags) != 0)
			return "free entry is not empty";
		if ((ckpt_load(&e->seq) & 1) != 0)
			return "entry left odd";
		at = ckpt_load(&e->next_free);
	}
	if (found != ckpt_load(&c->h->entry_free_count))
		return "number of free entries does not match";
	return NULL;
}

static const char *check_entry(struct check *c, uint64_t hash, uint64_t ref)
{
	if (ref >= c->brk || ref % CKPT_SEG_UNIT != 0 || !take_bit(c->entries, ref))
		return "table refers to no entry, or twice to one";
	const struct ckpt_seg_entry *e = ckpt_entry_at(c->w, ref);
	uint64_t flags = ckpt_load(&e->flags);
	if ((flags & CKPT_ENTRY_VALID) == 0 || (flags & ~(UINT64_C(0xFFFF) << CKPT_ENTRY_ID_SHIFT) & ~UINT64_C(15)) != 0)
		return "entry flags make no sense";
	if ((ckpt_load(&e->seq) & 1) != 0)
		return "entry left odd";
	uint64_t length = flags >> CKPT_ENTRY_ID_SHIFT & 0xFFFF;
	if (length > CKPT_SEG_INLINE_ID) {
		if (!own(c, ckpt_load(&e->id[0]), length))
			return "section id is no block of its own";
	} else {
		uint8_t padded[CKPT_SEG_INLINE_ID] = {0};
		memcpy(padded, (const void *)e->id, length);
		if (memcmp(padded, (const void *)e->id, sizeof padded) != 0)
			return "section id is not padded with zeros";
	}
	const void *id = ckpt_index_id(c->w, e, &length);
	if (ckpt_load(&e->hash) != hash || ckpt_index_hash(c->w, id, length) != hash)
		return "hash of a section id does not match";
	uint64_t data = ckpt_load(&e->data), capacity = ckpt_load(&e->capacity);
	if ((flags & CKPT_ENTRY_TOMBSTONE) != 0 && ((flags & CKPT_ENTRY_MARKED) == 0 || data != 0 || ckpt_load(&e->size) != 0))
		return "tombstone is not marked, or has content";
	if (ckpt_load(&e->size) > capacity)
		return "section is larger than its block";
	if (data == 0 ? capacity != 0 : !own(c, data, capacity) || ckpt_alloc_capacity(c->w, data) != capacity)
		return "content is no block of its own";
	return NULL;
}

static const char *check_table(struct check *c)
{
	uint64_t table = ckpt_load(&c->h->table), used = 0, live = 0, buried = 0, memory = 0;
	unsigned log2 = CKPT_TABLE_LOG2(table);
	if (log2 > 40 || !own(c, CKPT_TABLE_OFFSET(table), sizeof(struct ckpt_seg_slot) << log2))
		return "table is no block of its own";
	uint64_t slots = UINT64_C(1) << log2;
	const struct ckpt_seg_slot *slot = ckpt_at(c->w, CKPT_TABLE_OFFSET(table));
	for (uint64_t n = 0; n < slots; n++) {
		uint64_t ref = ckpt_load(&slot[n].ref);
		used += ref != 0;
		if (ref == 0 || ref == CKPT_SLOT_DELETED)
			continue;
		const char *wrong = check_entry(c, ckpt_load(&slot[n].hash), ref);
		if (wrong != NULL)
			return wrong;
		bool tombstone = (ckpt_load(&ckpt_entry_at(c->w, ref)->flags) & CKPT_ENTRY_TOMBSTONE) != 0;
		live += !tombstone;
		buried += tombstone;
		memory += ckpt_load(&ckpt_entry_at(c->w, ref)->size);
	}
	if (used >= slots)
		return "table has no empty slot";
	if (used != ckpt_load(&c->h->table_used) || live != ckpt_load(&c->h->section_count) || live > UINT32_MAX)
		return "number of sections does not match";
	if (memory != ckpt_load(&c->h->memory_used))
		return "sum of section sizes does not match";
	if (buried != ckpt_load(&c->h->tombstones))
		return "number of tombstones does not match";
	if (live + buried + ckpt_load(&c->h->entry_free_count) != ckpt_load(&c->h->entry_count))
		return "entry is neither free nor in the table";
	for (uint64_t n = 0; n < slots; n++) {
		uint64_t ref = ckpt_load(&slot[n].ref);
		if (ref == 0 || ref == CKPT_SLOT_DELETED)
			continue;
		uint64_t length;
		const void *id = ckpt_index_id(c->w, ckpt_entry_at(c->w, ref), &length);
		if (ckpt_index_find(c->w, id, length, ckpt_load(&slot[n].hash)) != ref)
			return "section is not found by its id";
	}
	return NULL;
}

static const char *check_results(struct check *c)
{
	uint64_t slots = ckpt_load(&c->h->results_slots), used = 0, live = 0;
	if (slots == 0)
		return ckpt_load(&c->h->results) == 0 && ckpt_load(&c->h->results_used) == 0 &&
		                       ckpt_load(&c->h->results_live) == 0
		               ? NULL
		               : "results without a table";
	if (slots > c->brk / sizeof(struct ckpt_seg_result) || (slots & (slots - 1)) != 0 ||
	    !own(c, ckpt_load(&c->h->results), slots * sizeof(struct ckpt_seg_result)))
		return "results table is no block of its own";
	const struct ckpt_seg_result *r = ckpt_at(c->w, ckpt_load(&c->h->results));
	for (uint64_t n = 0; n < slots; n++) {
		uint64_t word = ckpt_load(&r[n].slot);
		used += word != 0;
		if (word == 0 || word == CKPT_RESULT_DELETED)
			continue;
		live++;
		if ((word & 0xFFFF) != CKPT_RESULT_LIVE || word >> 48 != 0 || (word >> 16 & 0xFFFF) > CKPT_SEG_RESULT)
			return "result makes no sense";
	}
	if (used >= slots || used != ckpt_load(&c->h->results_used) || live != ckpt_load(&c->h->results_live))
		return "number of results does not match";
	return NULL;
}

static const char *check_rest(struct check *c)
{
	uint64_t config = ckpt_load(&c->h->config), length = ckpt_load(&c->h->config_length);
	if (config == 0 ? length != 0 : length == 0 || !own(c, config, length))
		return "configuration is no block of its own";
	uint64_t extra = ckpt_load(&c->h->undo_extra);
	if (extra != 0 && !own(c, extra, 0))
		return "undo extension is no block of its own";
	if (c->allocated_blocks != 0)
		return "block belongs to nothing";
	if (((ckpt_load(&c->h->state_seq) | ckpt_load(&c->h->index_seq) | ckpt_load(&c->h->table_seq)) & 1) != 0)
		return "sequence counter left odd";
	if ((ckpt_load(&c->h->flags) & ~(CKPT_SEG_READABLE | CKPT_SEG_IN_SYNC | CKPT_SEG_DEAD)) != 0)
		return "state flags make no sense";
	return NULL;
}

const char *ckpt_check(const ckpt_writer *w)
{
	struct check c = {.w = w, .h = ckpt_head(w), .brk = ckpt_load(&ckpt_head(w)->brk)};
	if (c.brk < CKPT_SEG_HEAP || c.brk > ckpt_load(&c.h->allocated) || c.brk % CKPT_SEG_UNIT != 0)
		return "end of the heap is out of bounds";
	uint64_t words = c.brk / CKPT_SEG_UNIT / 64 + 1;
	c.blocks = calloc(words, 8);
	c.frees = calloc(words, 8);
	c.entries = calloc(words, 8);
	const char *wrong = "not enough memory to check it";
	if (c.blocks != NULL && c.frees != NULL && c.entries != NULL) {
		wrong = check_blocks(&c);
		const char *(*const steps[])(struct check *) = {check_free_lists, check_slabs, check_table, check_results,
		                                                check_rest};
		for (size_t n = 0; wrong == NULL && n < sizeof steps / sizeof *steps; n++)
			wrong = steps[n](&c);
	}
	free(c.blocks);
	free(c.frees);
	free(c.entries);
	return wrong;
}
