/*
 * reader.h: what the two files of the reader share: segment.c, which reads while nothing is in the way, and cutoff.c,
 * which reads in spite of an update that was cut off. Nobody else includes it.
 */
#ifndef CKPT_SEGMENT_READER_H
#define CKPT_SEGMENT_READER_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "format.h"
#include "segment.h"

struct mapping {
	uint8_t *base;
	_Atomic uint64_t length; /* bytes of address space */
	_Atomic uint64_t limit;  /* bytes known to be in the file; <= length */
	struct mapping *older;
};

struct ckpt_reader {
	_Atomic(struct mapping *) current;
	pthread_mutex_t remapping;
	dev_t device;
	ino_t inode;
	uint64_t hash_seed;
	_Atomic uint64_t given_up; /* cutoff.c: the weak update that was waited for in vain; 0 = none */
};

/* What is looked for. */
struct key {
	const void *id;
	uint64_t hash;
	uint64_t words[3]; /* the id, zero-padded, when it is short enough to be inside the entry */
	uint16_t length;
};

/* What is wanted of it. */
struct request {
	uint64_t offset, size;
	void *buf;
	uint64_t read_size;
	struct ckpt_section_stat *stat; /* NULL: read content */
};

/* Outcomes of one attempt that are no enum ckpt_read_status. */
enum { RETRY = 100, FOUND, DOUBT };

/* One attempt to read beside a writer; RETRY if it was in the way. */
int ckpt_read_attempt(struct mapping *m, const struct key *key, struct request *q);
/* The last resort, when attempts were in vain: an enum ckpt_read_status. */
int ckpt_read_cut_off(ckpt_reader *r, const struct key *key, struct request *q);

static inline void cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield" ::: "memory");
#endif
}

static inline const struct ckpt_seg_header *header_of(const struct mapping *m)
{
	return (const struct ckpt_seg_header *)m->base;
}

static inline uint64_t load_acquire(const ckpt_word *word)
{
	return atomic_load_explicit((ckpt_word *)word, memory_order_acquire);
}

/* Bytes the file is said to hold. The two words differ only while the file grows; the smaller one is then right. */
static inline uint64_t header_allocated(const struct ckpt_seg_header *header)
{
	uint64_t a = load_acquire(&header->allocated);
	uint64_t b = ~ckpt_load(&header->allocated_check);
	return a < b ? a : b;
}

static inline void set_limit(struct mapping *m, uint64_t allocated)
{
	uint64_t length = m->length;
	atomic_store_explicit(&m->limit, allocated < length ? allocated : length, memory_order_relaxed);
}

/* May the bytes [offset, offset + length) be touched? 0, RETRY (not part of the segment) or CKPT_READ_REMAP. */
static inline int reach(struct mapping *m, uint64_t offset, uint64_t length)
{
	if (length > CKPT_SEG_SIZE_MAX || offset > CKPT_SEG_SIZE_MAX || offset < CKPT_SEG_HEAP)
		return RETRY;
	uint64_t end = offset + length;
	if (end <= atomic_load_explicit(&m->limit, memory_order_relaxed))
		return 0;
	uint64_t allocated = header_allocated(header_of(m));
	if (end > allocated)
		return RETRY;
	uint64_t mapped = atomic_load(&m->length);
	if (end > mapped)
		return CKPT_READ_REMAP;
	set_limit(m, allocated);
	return 0;
}

/* Does the entry hold this id? 1, 0, or -1: it is as long as this one, and outside the entry. */
static inline int same_short_id(const struct ckpt_seg_entry *e, uint64_t flags, const struct key *key)
{
	if ((flags & CKPT_ENTRY_VALID) == 0 || (uint16_t)(flags >> CKPT_ENTRY_ID_SHIFT) != key->length)
		return 0;
	if (key->length > CKPT_SEG_INLINE_ID)
		return -1;
	return ckpt_load(&e->id[0]) == key->words[0] && ckpt_load(&e->id[1]) == key->words[1] &&
	       ckpt_load(&e->id[2]) == key->words[2];
}

/* The section's part of an attempt; its outcome holds if the entry, and the content it refers to, held still. */
static inline int take(struct mapping *m, const struct ckpt_seg_entry *e, struct request *q)
{
	uint64_t flags = ckpt_load(&e->flags);
	uint64_t size = ckpt_load(&e->size);
	if ((flags & CKPT_ENTRY_MARKED) != 0)
		return CKPT_READ_ASK;
	if ((flags & CKPT_ENTRY_TOMBSTONE) != 0)
		return CKPT_READ_NO_SECTION;
	if (q->stat != NULL) {
		q->stat->size = size;
		q->stat->expiration = (int64_t)ckpt_load(&e->expiration);
		q->stat->last_update = (int64_t)ckpt_load(&e->last_update);
		q->stat->update_number = ckpt_load(&e->number);
		q->stat->state = (flags & CKPT_ENTRY_CORRUPTED) != 0 ? CKPT_SECTION_CORRUPTED : CKPT_SECTION_VALID;
		return CKPT_READ_OK;
	}
	if ((flags & CKPT_ENTRY_CORRUPTED) != 0)
		return CKPT_READ_CORRUPTED;
	if (q->offset > size)
		return CKPT_READ_BAD_OFFSET;
	uint64_t n = size - q->offset < q->size ? size - q->offset : q->size;
	if (n > 0) {
		uint64_t data = ckpt_load(&e->data);
		if (size > ckpt_load(&e->capacity))
			return RETRY;
		int err = reach(m, data, size);
		if (err != 0)
			return err;
		memcpy(q->buf, m->base + data + q->offset, n);
	}
	q->read_size = n;
	return CKPT_READ_OK;
}

/* What the state words say about reading now. */
static inline int admits(uint64_t flags, uint64_t lease)
{
	if ((flags & CKPT_SEG_DEAD) != 0)
		return CKPT_READ_GONE;
	if ((flags & CKPT_SEG_READABLE) == 0)
		return CKPT_READ_ASK;
	if (lease != CKPT_SEG_NO_LEASE) {
		struct timespec now;
		if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 ||
		    (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec >= lease)
			return CKPT_READ_ASK;
	}
	return CKPT_READ_OK;
}

#endif
