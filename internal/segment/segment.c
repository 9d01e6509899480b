/*
 * segment.c: the fenced steps. Here a reader meets a writer: looking a section up, copying it and checking that it held
 * still; and the writer's odd and even steps. The fences follow C11, so the code is right on processors that reorder
 * loads (arm64) as well.
 *
 * A reader trusts nothing it reads: offsets are checked against what is mapped and allocated before they are
 * followed, loops are bounded. A write in progress, one that was cut off and a damaged segment look alike at first; after
 * bounded retries cutoff.c tells them apart.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
	READ_TRIES = 40,      /* attempts before the update in the way is taken for a long one */
	PAUSES_PER_TRY = 4,   /* the n-th retry first pauses n times this; all in all about 0.1 ms */
	WINDOW_FACTOR = 4,    /* a mapping is this much larger than the file, so that growth needs no new one */
	WINDOW_MIN = 16 << 20 /* bytes */
};

uint64_t ckpt_segment_hash(uint64_t seed, const void *bytes, uint64_t length)
{
	const uint8_t *p = bytes;
	uint64_t h = seed ^ (length * UINT64_C(0x9E3779B97F4A7C15));
	uint64_t v;
	for (; length >= 8; p += 8, length -= 8) {
		memcpy(&v, p, 8);
		h = (h ^ v) * UINT64_C(0xBF58476D1CE4E5B9);
		h ^= h >> 29;
	}
	if (length > 0) {
		v = 0;
		memcpy(&v, p, length);
		h = (h ^ v) * UINT64_C(0xBF58476D1CE4E5B9);
		h ^= h >> 29;
	}
	h *= UINT64_C(0x94D049BB133111EB);
	return h ^ (h >> 31);
}

const char *ckpt_segment_check_header(const struct ckpt_seg_header *header, uint64_t size)
{
	if (size < CKPT_SEG_HEADER)
		return "shorter than a segment header";
	if (memcmp(header->magic, CKPT_SEG_MAGIC, sizeof header->magic) != 0)
		return "not a segment (magic)";
	if (header->version < CKPT_SEG_VERSION_OLDEST || header->version > CKPT_SEG_VERSION)
		return "unknown format version";
	struct ckpt_seg_header copy;
	memcpy(&copy, header, CKPT_SEG_IMMUTABLE);
	copy.checksum = 0;
	if (ckpt_segment_hash(0, &copy, CKPT_SEG_IMMUTABLE) != header->checksum)
		return "header checksum does not match";
	if (header->header_size != CKPT_SEG_HEADER)
		return "header size does not match the version";
	if (header->name_length > sizeof header->name || header->node_length >= sizeof header->node)
		return "name too long";
	return NULL;
}

void ckpt_seq_open(ckpt_word *seq)
{
	uint64_t v = ckpt_load(seq);
	if ((v & 1) == 0)
		ckpt_store(seq, v + 1);
	atomic_thread_fence(memory_order_release);
}

void ckpt_seq_shut(ckpt_word *seq)
{
	uint64_t v = ckpt_load(seq);
	atomic_thread_fence(memory_order_release);
	if ((v & 1) != 0)
		ckpt_store(seq, v + 1);
}

/* ------------------------------------------------------------------ mapping */

/* Address space is scarce when the process limits it: then map what there is, no more. */
static uint64_t window(uint64_t file_size)
{
	struct rlimit as;
	if (sizeof(void *) < 8 || (getrlimit(RLIMIT_AS, &as) == 0 && as.rlim_cur != RLIM_INFINITY))
		return file_size;
	uint64_t want = file_size * WINDOW_FACTOR;
	return want < WINDOW_MIN ? (uint64_t)WINDOW_MIN : want;
}

static int map_file(int fd, uint64_t file_size, struct mapping **out)
{
	struct mapping *m = malloc(sizeof *m);
	if (m == NULL)
		return -ENOMEM;
	uint64_t length = window(file_size);
	void *base = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED && length != file_size) {
		length = file_size;
		base = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (base == MAP_FAILED) {
		int e = errno;
		free(m);
		return -e;
	}
	m->base = base;
	m->older = NULL;
	atomic_init(&m->length, length);
	atomic_init(&m->limit, 0);
	*out = m;
	return 0;
}

static int file_size(int fd, struct stat *st)
{
	if (fstat(fd, st) != 0)
		return -errno;
	if (!S_ISREG(st->st_mode) || st->st_size < CKPT_SEG_HEAP || (uint64_t)st->st_size > CKPT_SEG_SIZE_MAX)
		return -EINVAL;
	return 0;
}

static void unmap(struct mapping *m)
{
	munmap(m->base, m->length);
	free(m);
}

/* What the header says is allocated, if it is believable: the file, which may be growing right now but never gets
 * shorter, has as many bytes when it is asked afterwards. Else 0. */
static uint64_t believable_allocated(int fd, const struct mapping *m)
{
	struct stat st;
	uint64_t allocated = header_allocated(header_of(m));
	if (file_size(fd, &st) != 0 || allocated < CKPT_SEG_HEAP || allocated > (uint64_t)st.st_size)
		return 0;
	return allocated;
}

int ckpt_reader_open(int fd, ckpt_reader **out)
{
	*out = NULL;
	struct stat st;
	int err = file_size(fd, &st);
	if (err != 0)
		return err;
	struct mapping *m;
	err = map_file(fd, (uint64_t)st.st_size, &m);
	if (err != 0)
		return err;
	const struct ckpt_seg_header *header = header_of(m);
	uint64_t allocated = 0;
	if (ckpt_segment_check_header(header, (uint64_t)st.st_size) == NULL)
		allocated = believable_allocated(fd, m);
	ckpt_reader *r = allocated != 0 ? malloc(sizeof *r) : NULL;
	if (r == NULL) {
		unmap(m);
		return allocated == 0 ? -EINVAL : -ENOMEM;
	}
	set_limit(m, allocated);
	atomic_init(&r->current, m);
	pthread_mutex_init(&r->remapping, NULL);
	r->device = st.st_dev;
	r->inode = st.st_ino;
	r->hash_seed = header->hash_seed;
	atomic_init(&r->given_up, 0);
	*out = r;
	return 0;
}

static int remap_locked(ckpt_reader *r, int fd)
{
	struct stat st;
	struct mapping *m = atomic_load(&r->current);
	uint64_t allocated = believable_allocated(fd, m);
	int err = file_size(fd, &st);
	if (err != 0)
		return err;
	if (allocated == 0 || st.st_dev != r->device || st.st_ino != r->inode)
		return -EINVAL;
	if (allocated <= m->length)
		return 0;
	uint64_t want = window((uint64_t)st.st_size);
	if (mremap(m->base, m->length, want, 0) != MAP_FAILED) {
		atomic_store(&m->length, want);
		return 0;
	}
	struct mapping *bigger;
	err = map_file(fd, (uint64_t)st.st_size, &bigger);
	if (err != 0)
		return err;
	set_limit(bigger, allocated);
	bigger->older = m;
	atomic_store_explicit(&r->current, bigger, memory_order_release);
	return 0;
}

int ckpt_reader_remap(ckpt_reader *r, int fd)
{
	pthread_mutex_lock(&r->remapping);
	int err = remap_locked(r, fd);
	pthread_mutex_unlock(&r->remapping);
	return err;
}

void ckpt_reader_close(ckpt_reader *r)
{
	if (r == NULL)
		return;
	struct mapping *m = atomic_load(&r->current);
	while (m != NULL) {
		struct mapping *older = m->older;
		unmap(m);
		m = older;
	}
	pthread_mutex_destroy(&r->remapping);
	free(r);
}

/* ------------------------------------------------------------------ reading */

/* Does the entry hold this id? 1, 0, RETRY or CKPT_READ_REMAP. Means nothing until the entry's seq was checked. */
static int same_id(struct mapping *m, const struct ckpt_seg_entry *e, uint64_t flags, const struct key *key)
{
	int same = same_short_id(e, flags, key);
	if (same >= 0)
		return same;
	uint64_t ref = ckpt_load(&e->id[0]);
	int err = reach(m, ref, key->length);
	if (err != 0)
		return err;
	return memcmp(m->base + ref, key->id, key->length) == 0;
}

/*
 * Probes the table. FOUND with the entry and the (even) seq its id was compared under, CKPT_READ_NO_SECTION, RETRY or
 * CKPT_READ_REMAP. Entries are never put to another use, so an entry's seq vouches for its bytes; what vouches
 * for the reference to it is that the table was not replaced meanwhile.
 */
static int find(struct mapping *m, const struct key *key, const struct ckpt_seg_entry **entry, uint64_t *seq)
{
	const struct ckpt_seg_header *header = header_of(m);
	uint64_t index_seq = atomic_load_explicit((ckpt_word *)&header->index_seq, memory_order_acquire);
	uint64_t table_seq = atomic_load_explicit((ckpt_word *)&header->table_seq, memory_order_acquire);
	if ((table_seq & 1) != 0)
		return RETRY;
	uint64_t table = ckpt_load(&header->table);
	if (CKPT_TABLE_LOG2(table) > 40 || (CKPT_TABLE_OFFSET(table) & 15) != 0)
		return RETRY;
	uint64_t slots = UINT64_C(1) << CKPT_TABLE_LOG2(table);
	int err = reach(m, CKPT_TABLE_OFFSET(table), slots * sizeof(struct ckpt_seg_slot));
	if (err != 0)
		return err;
	const struct ckpt_seg_slot *slot = (const struct ckpt_seg_slot *)(m->base + CKPT_TABLE_OFFSET(table));
	uint64_t at = key->hash & (slots - 1);
	for (uint64_t n = 0; n < slots; n++, at = (at + 1) & (slots - 1)) {
		uint64_t ref = ckpt_load(&slot[at].ref);
		if (ref == 0)
			break;
		if (ref == CKPT_SLOT_DELETED || ckpt_load(&slot[at].hash) != key->hash)
			continue;
		if ((ref & (CKPT_SEG_UNIT - 1)) != 0)
			return RETRY;
		err = reach(m, ref, sizeof(struct ckpt_seg_entry));
		if (err != 0)
			return err;
		const struct ckpt_seg_entry *e = (const struct ckpt_seg_entry *)(m->base + ref);
		*seq = atomic_load_explicit((ckpt_word *)&e->seq, memory_order_acquire);
		if ((*seq & 1) != 0)
			return RETRY;
		err = same_id(m, e, ckpt_load(&e->flags), key);
		if (err > 1)
			return err;
		if (err == 1) {
			atomic_thread_fence(memory_order_acquire);
			if (ckpt_load(&header->table_seq) != table_seq)
				return RETRY;
			*entry = e;
			return FOUND;
		}
	}
	atomic_thread_fence(memory_order_acquire);
	if ((index_seq & 1) != 0 || ckpt_load(&header->index_seq) != index_seq ||
	    ckpt_load(&header->table_seq) != table_seq)
		return RETRY;
	return CKPT_READ_NO_SECTION;
}

/* Was this replica to be read all the time since state_seq had this value, and now? */
static int gate(const struct ckpt_seg_header *header, uint64_t state_seq)
{
	atomic_thread_fence(memory_order_acquire);
	int status = admits(ckpt_load(&header->flags), ckpt_load(&header->lease));
	if (status != CKPT_READ_OK)
		return status;
	atomic_thread_fence(memory_order_acquire);
	if (ckpt_load(&header->state_seq) != state_seq)
		return RETRY;
	return CKPT_READ_OK;
}

int ckpt_read_attempt(struct mapping *m, const struct key *key, struct request *q)
{
	const struct ckpt_seg_header *header = header_of(m);
	uint64_t state_seq = atomic_load_explicit((ckpt_word *)&header->state_seq, memory_order_acquire);
	uint64_t flags = ckpt_load(&header->flags);
	if ((flags & CKPT_SEG_DEAD) != 0)
		return CKPT_READ_GONE;
	if ((state_seq & 1) != 0)
		return RETRY;
	if ((flags & CKPT_SEG_READABLE) == 0)
		return CKPT_READ_ASK;
	const struct ckpt_seg_entry *entry = NULL;
	uint64_t seq = 0;
	int status = find(m, key, &entry, &seq);
	if (status == FOUND) {
		status = take(m, entry, q);
		atomic_thread_fence(memory_order_acquire);
		if (ckpt_load(&entry->seq) != seq)
			return RETRY;
	}
	if (status == RETRY || status == CKPT_READ_REMAP)
		return status;
	int open = gate(header, state_seq);
	return open == CKPT_READ_OK ? status : open;
}

static int run(ckpt_reader *r, const void *id, uint16_t id_len, struct request *q)
{
	struct key key = {.id = id, .length = id_len};
	if (id_len > 0 && id_len <= CKPT_SEG_INLINE_ID)
		memcpy(key.words, id, id_len);
	key.hash = ckpt_segment_hash(r->hash_seed, id, id_len);
	for (int n = 0; n < READ_TRIES; n++) {
		for (int pauses = n * PAUSES_PER_TRY; pauses > 0; pauses--)
			cpu_pause();
		struct mapping *m = atomic_load_explicit(&r->current, memory_order_acquire);
		int status = ckpt_read_attempt(m, &key, q);
		if (status != RETRY)
			return status;
	}
	return ckpt_read_cut_off(r, &key, q);
}

int ckpt_reader_read(ckpt_reader *r, const void *id, uint16_t id_len, uint64_t offset, void *buf, uint64_t size,
                     uint64_t *read_size)
{
	struct request q = {.offset = offset, .size = size, .buf = buf};
	int status = run(r, id, id_len, &q);
	*read_size = status == CKPT_READ_OK ? q.read_size : 0;
	return status;
}

int ckpt_reader_stat(ckpt_reader *r, const void *id, uint16_t id_len, struct ckpt_section_stat *out)
{
	struct ckpt_section_stat stat;
	struct request q = {.stat = &stat};
	int status = run(r, id, id_len, &q);
	if (status == CKPT_READ_OK)
		*out = stat;
	return status;
}
