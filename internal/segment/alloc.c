/*
 * alloc.c: blocks of the heap. Every block has a header with its size and its predecessor, so that a freed block
 * merges with its free neighbours; free blocks are in lists by size class, four classes per power of two. What is
 * free at the end of the heap goes back to the untouched rest of the file.
 *
 * Everything that was there before the update is recorded before it is changed. Blocks taken by an update hold no
 * live bytes until it commits, so their content is stored without records. Within an update all allocations come before
 * all frees: a block that is still needed to undo the update is never handed out by the same update.
 */
#include <errno.h>

#include "writer.h"

enum {
	SCAN_FIRST = 8,  /* blocks of the fitting class looked at first, for exact reuse */
	SCAN_LAST = 4096 /* and when there is no other way */
};

unsigned ckpt_alloc_class(uint64_t size)
{
	uint64_t units = size / CKPT_SEG_UNIT;
	if (units < 4)
		return (unsigned)units - 1;
	unsigned log2 = 63 - (unsigned)__builtin_clzll(units);
	return (log2 - 2) * 4 + (unsigned)((units >> (log2 - 2)) & 3) + 3;
}

static uint64_t block_size(const ckpt_writer *w, uint64_t block)
{
	return ckpt_load(&ckpt_block_at(w, block)->size) & ~CKPT_BLOCK_FREE;
}

uint64_t ckpt_alloc_capacity(const ckpt_writer *w, uint64_t payload)
{
	return block_size(w, payload - CKPT_SEG_BLOCK) - CKPT_SEG_BLOCK;
}

static ckpt_word *next_free(const ckpt_writer *w, uint64_t block)
{
	return ckpt_word_at(w, block + CKPT_SEG_BLOCK);
}

static ckpt_word *previous_free(const ckpt_writer *w, uint64_t block)
{
	return ckpt_word_at(w, block + CKPT_SEG_BLOCK + 8);
}

static void list_remove(ckpt_writer *w, uint64_t block)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	unsigned class = ckpt_alloc_class(block_size(w, block));
	uint64_t next = ckpt_load(next_free(w, block)), previous = ckpt_load(previous_free(w, block));
	if (next != 0)
		ckpt_undo_put(w, previous_free(w, next), previous);
	if (previous != 0) {
		ckpt_undo_put(w, next_free(w, previous), next);
		return;
	}
	ckpt_undo_put(w, &h->class_head[class], next);
	if (next == 0) {
		ckpt_word *bits = &h->class_bits[class / 64];
		ckpt_undo_put(w, bits, ckpt_load(bits) & ~(UINT64_C(1) << class % 64));
	}
}

/* The block's header says its size and that it is free already. */
static void list_insert(ckpt_writer *w, uint64_t block)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	unsigned class = ckpt_alloc_class(block_size(w, block));
	uint64_t head = ckpt_load(&h->class_head[class]);
	ckpt_undo_record(w, block + CKPT_SEG_BLOCK, 16);
	ckpt_store(next_free(w, block), head);
	ckpt_store(previous_free(w, block), 0);
	if (head != 0)
		ckpt_undo_put(w, previous_free(w, head), block);
	ckpt_undo_put(w, &h->class_head[class], block);
	if (head == 0) {
		ckpt_word *bits = &h->class_bits[class / 64];
		ckpt_undo_put(w, bits, ckpt_load(bits) | UINT64_C(1) << class % 64);
	}
}

static void set_header(ckpt_writer *w, uint64_t block, uint64_t size, uint64_t previous)
{
	ckpt_undo_record(w, block, CKPT_SEG_BLOCK);
	ckpt_store(&ckpt_block_at(w, block)->size, size);
	ckpt_store(&ckpt_block_at(w, block)->previous, previous);
}

static void set_successor(ckpt_writer *w, uint64_t after, uint64_t block)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	if (after < ckpt_load(&h->brk))
		ckpt_undo_put(w, &ckpt_block_at(w, after)->previous, block);
	else
		ckpt_undo_put(w, &h->last_block, block);
}

static uint64_t scan(const ckpt_writer *w, uint64_t need, int steps)
{
	uint64_t block = ckpt_load(&ckpt_head(w)->class_head[ckpt_alloc_class(need)]);
	while (block != 0 && steps-- > 0) {
		if (block_size(w, block) >= need)
			return block;
		block = ckpt_load(next_free(w, block));
	}
	return 0;
}

static uint64_t larger_class(const ckpt_writer *w, uint64_t need)
{
	const struct ckpt_seg_header *h = ckpt_head(w);
	unsigned class = ckpt_alloc_class(need) + 1;
	if (class >= CKPT_SEG_CLASSES)
		return 0;
	uint64_t bits = ckpt_load(&h->class_bits[class / 64]) & (~UINT64_C(0) << class % 64);
	for (unsigned n = class / 64; n < CKPT_SEG_CLASSES / 64; bits = ckpt_load(&h->class_bits[++n]))
		if (bits != 0)
			return ckpt_load(&h->class_head[n * 64 + (unsigned)__builtin_ctzll(bits)]);
	return 0;
}

static uint64_t from_free(ckpt_writer *w, uint64_t block, uint64_t need)
{
	uint64_t size = block_size(w, block);
	list_remove(w, block);
	ckpt_undo_record(w, block, CKPT_SEG_BLOCK + 16); /* header and list words */
	if (size > need) {
		uint64_t rest = block + need;
		set_header(w, rest, (size - need) | CKPT_BLOCK_FREE, block);
		set_successor(w, block + size, rest);
		list_insert(w, rest);
	}
	ckpt_store(&ckpt_block_at(w, block)->size, need);
	return block + CKPT_SEG_BLOCK;
}

static uint64_t from_end(ckpt_writer *w, uint64_t need)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t block = ckpt_load(&h->brk);
	ckpt_store(&ckpt_block_at(w, block)->size, need);
	ckpt_store(&ckpt_block_at(w, block)->previous, ckpt_load(&h->last_block));
	ckpt_undo_put(w, &h->last_block, block);
	ckpt_undo_put(w, &h->brk, block + need);
	return block + CKPT_SEG_BLOCK;
}

uint64_t ckpt_alloc(ckpt_writer *w, uint64_t size, bool may_grow)
{
	if (w->freed)
		__builtin_trap();
	w->error = -ENOSPC;
	if (size > CKPT_SEG_SIZE_MAX)
		return 0;
	uint64_t need = (size + CKPT_SEG_BLOCK + CKPT_SEG_UNIT - 1) & ~(uint64_t)(CKPT_SEG_UNIT - 1);
	uint64_t block = scan(w, need, SCAN_FIRST);
	if (block == 0)
		block = larger_class(w, need);
	if (block != 0)
		return from_free(w, block, need);
	struct ckpt_seg_header *h = ckpt_head(w);
	if (ckpt_load(&h->allocated) - ckpt_load(&h->brk) >= need)
		return from_end(w, need);
	if (may_grow) {
		w->error = ckpt_writer_grow(w, need);
		if (w->error == 0)
			return from_end(w, need);
	}
	block = scan(w, need, SCAN_LAST);
	return block != 0 ? from_free(w, block, need) : 0;
}

void ckpt_free(ckpt_writer *w, uint64_t payload)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	w->freed = true;
	uint64_t block = payload - CKPT_SEG_BLOCK;
	uint64_t size = block_size(w, block);
	uint64_t brk = ckpt_load(&h->brk);
	uint64_t previous = ckpt_load(&ckpt_block_at(w, block)->previous);
	uint64_t after = block + size;
	if (after < brk && (ckpt_load(&ckpt_block_at(w, after)->size) & CKPT_BLOCK_FREE) != 0) {
		size += block_size(w, after);
		list_remove(w, after);
	}
	if (previous != 0 && (ckpt_load(&ckpt_block_at(w, previous)->size) & CKPT_BLOCK_FREE) != 0) {
		list_remove(w, previous);
		size += block_size(w, previous);
		block = previous;
		previous = ckpt_load(&ckpt_block_at(w, block)->previous);
	}
	if (block + size == brk) {
		ckpt_undo_put(w, &h->last_block, previous);
		ckpt_undo_put(w, &h->brk, block);
		return;
	}
	set_header(w, block, size | CKPT_BLOCK_FREE, previous);
	set_successor(w, block + size, block);
	list_insert(w, block);
}
