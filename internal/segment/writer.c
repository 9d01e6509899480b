/* writer.c: the file of a segment: making it, mapping it, growing it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	GROWTH_MIN = 64 << 10,  /* bytes a file grows by at least... */
	GROWTH_SHARE = 4,       /* ...and a quarter of its size when there is room... */
	GROWTH_MAX = 4 << 20,   /* ...up to this, which takes less than a millisecond */
	PIECE = 8 << 20,        /* bytes asked of fallocate at once: a signal makes it start over */
	INTERRUPTS_MAX = 10000, /* per piece, then the growth is given up as if there were no room */
	WINDOW_FACTOR = 4,      /* a mapping is this much larger than the file */
	WINDOW_MIN = 16 << 20,
	LONG_MIN_BYTES = 64 << 10, /* what is worth a system call */
	RESERVE_SHARE = 64,     /* part of the file system that is left to other files... */
	RESERVE_MAX = 1 << 20   /* ...up to this many bytes */
};

#ifdef CKPT_SEGMENT_STORE_HOOK
void (*ckpt_store_hook)(void);
enum { HOOKED = 1 }; /* every store is to be seen */
#else
enum { HOOKED = 0 };
#endif

static bool quota_take(struct ckpt_quota *q, uint64_t bytes, bool force)
{
	if (q == NULL)
		return true;
	uint64_t used = __atomic_load_n(&q->used, __ATOMIC_RELAXED);
	do {
		if (!force && q->max != 0 && (used > q->max || bytes > q->max - used))
			return false;
	} while (!__atomic_compare_exchange_n(&q->used, &used, used + bytes, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

static void quota_return(struct ckpt_quota *q, uint64_t bytes)
{
	if (q != NULL)
		__atomic_fetch_sub(&q->used, bytes, __ATOMIC_RELAXED);
}

static int allocate(int fd, uint64_t from, uint64_t to)
{
	int interrupts = 0;
	while (from < to) {
		uint64_t n = to - from < PIECE ? to - from : (uint64_t)PIECE;
		if (fallocate(fd, 0, (off_t)from, (off_t)n) != 0) {
			if (errno == EINTR && interrupts++ < INTERRUPTS_MAX)
				continue;
			return errno == ENOMEM || errno == EINTR || errno == EFBIG || errno == EDQUOT ? -ENOSPC : -errno;
		}
		interrupts = 0;
		from += n;
	}
	return 0;
}

/* Makes the mapping reach size bytes. Where address space is limited, no more than that. */
static int map(ckpt_writer *w, uint64_t size)
{
	if (size <= w->mapped)
		return 0;
	struct rlimit as;
	uint64_t want = size * WINDOW_FACTOR < WINDOW_MIN ? (uint64_t)WINDOW_MIN : size * WINDOW_FACTOR;
	if (sizeof(void *) < 8 || (getrlimit(RLIMIT_AS, &as) == 0 && as.rlim_cur != RLIM_INFINITY))
		want = size;
	for (;; want = size) {
		void *base = w->base == NULL ? mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0)
		                             : mremap(w->base, w->mapped, want, MREMAP_MAYMOVE);
		if (base != MAP_FAILED) {
			w->base = base;
			w->mapped = want;
			return 0;
		}
		if (want == size)
			return -ENOMEM;
	}
}

/*
 * Asked first, so as not to eat up the machine's memory only to find out at the end that it is not enough. A little is
 * left for the node director's own small files on the same tmpfs: without them it can admit no process, not even
 * one that makes room. A tmpfs without a limit has no blocks at all.
 */
static bool hopeless(int fd, uint64_t bytes)
{
	struct statvfs fs;
	if (fstatvfs(fd, &fs) != 0 || fs.f_blocks == 0)
		return false;
	uint64_t left = fs.f_blocks / RESERVE_SHARE;
	if (left > RESERVE_MAX / fs.f_frsize)
		left = RESERVE_MAX / fs.f_frsize;
	return bytes / fs.f_frsize + left > fs.f_bavail;
}

static int extend(ckpt_writer *w, uint64_t to)
{
	uint64_t from = ckpt_load(&ckpt_head(w)->allocated);
	if (to > CKPT_SEG_SIZE_MAX || hopeless(w->fd, to - from) || !quota_take(w->quota, to - from, false))
		return -ENOSPC;
	int err = allocate(w->fd, from, to);
	if (err == 0)
		err = map(w, to);
	if (err != 0) {
		/* Nobody touches what lies beyond allocated, so cutting that off is safe. */
		(void)!ftruncate(w->fd, (off_t)from);
		quota_return(w->quota, to - from);
		return err;
	}
	ckpt_store(&ckpt_head(w)->allocated_check, ~to);
	ckpt_store(&ckpt_head(w)->allocated, to);
	return 0;
}

int ckpt_writer_grow(ckpt_writer *w, uint64_t need)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t page = h->page_size, allocated = ckpt_load(&h->allocated), brk = ckpt_load(&h->brk);
	uint64_t least = (brk + need + page - 1) / page * page;
	uint64_t step = allocated / GROWTH_SHARE > GROWTH_MIN ? allocated / GROWTH_SHARE : (uint64_t)GROWTH_MIN;
	if (step > GROWTH_MAX)
		step = GROWTH_MAX;
	uint64_t good = (allocated + step + page - 1) / page * page;
	if (good > least && extend(w, good) == 0)
		return 0;
	return extend(w, least);
}

/* Stores without mapping the pages, which need not be cleared then. What is left: where it failed. */
static uint64_t store_once(ckpt_writer *w, uint64_t offset, const void *bytes, uint64_t length)
{
	while (length > 0) {
		ssize_t n = pwrite(w->fd, bytes, length, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		bytes = (const uint8_t *)bytes + n;
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
	return length;
}

void ckpt_writer_copy_long(ckpt_writer *w, uint64_t offset, const void *bytes, uint64_t length, bool once)
{
	uint64_t page = ckpt_head(w)->page_size, to = offset + length;
	uint64_t from = offset > w->touched ? offset / page * page : w->touched / page * page;
	if (to > w->touched && length >= LONG_MIN_BYTES) {
		w->touched = to;
		if (once && !HOOKED) {
			uint64_t left = store_once(w, offset, bytes, length);
			bytes = (const uint8_t *)bytes + (length - left);
			offset = to - left;
			length = left;
		}
#ifdef MADV_POPULATE_WRITE
		if (length > 0)
			(void)madvise(w->base + from, to - from, MADV_POPULATE_WRITE); /* else the pages come as they are touched */
#endif
	}
	ckpt_copy_in(w, offset, bytes, length);
}

static void discard(ckpt_writer *w)
{
	if (w->base != NULL)
		munmap(w->base, w->mapped);
	ckpt_plan_free(w->plan);
	free(w);
}

void ckpt_writer_close(ckpt_writer *w)
{
	quota_return(w->quota, ckpt_load(&ckpt_head(w)->allocated));
	close(w->fd);
	discard(w);
}

/* The first contents need no undo records, nobody knows the file yet; but the allocator makes them. */
static int fill(ckpt_writer *w, const struct ckpt_seg_header *header, uint64_t seed)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	memcpy(h, header, CKPT_SEG_IMMUTABLE);
	memcpy(h->magic, CKPT_SEG_MAGIC, sizeof h->magic);
	h->version = CKPT_SEG_VERSION;
	h->header_size = CKPT_SEG_HEADER;
	h->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	h->hash_seed = seed;
	h->checksum = 0;
	h->checksum = ckpt_segment_hash(0, h, CKPT_SEG_IMMUTABLE);
	ckpt_store(&h->lease, CKPT_SEG_NO_LEASE);
	ckpt_store(&h->allocated, CKPT_SEG_INITIAL);
	ckpt_store(&h->allocated_check, ~(uint64_t)CKPT_SEG_INITIAL);
	ckpt_store(&h->brk, CKPT_SEG_HEAP);
	ckpt_store(&h->undo_area, CKPT_SEG_UNDO_BASE);
	ckpt_store(&h->undo_capacity, CKPT_SEG_UNDO_BASE);
	int err = ckpt_undo_begin(w, CKPT_UNDO_FIXED);
	if (err == 0)
		err = ckpt_index_create(w);
	if (err == 0)
		ckpt_undo_commit(w);
	return err;
}

int ckpt_writer_create(int fd, const struct ckpt_seg_header *header, uint64_t seed, struct ckpt_quota *quota,
                       ckpt_writer **out)
{
	*out = NULL;
	ckpt_writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		return -ENOMEM;
	w->fd = fd;
	w->quota = quota;
	int err = !hopeless(fd, CKPT_SEG_INITIAL) && quota_take(quota, CKPT_SEG_INITIAL, false) ? 0 : -ENOSPC;
	if (err == 0) {
		err = allocate(fd, 0, CKPT_SEG_INITIAL);
		if (err == 0)
			err = map(w, CKPT_SEG_INITIAL);
		if (err == 0)
			err = fill(w, header, seed);
		if (err != 0)
			quota_return(quota, CKPT_SEG_INITIAL);
	}
	if (err != 0) {
		discard(w);
		return err;
	}
	*out = w;
	return 0;
}

/* The header's idea of the file against the file. Growth may have been cut off at any point. */
static const char *settle_size(ckpt_writer *w, uint64_t size)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t allocated = ckpt_load(&h->allocated), announced = ~ckpt_load(&h->allocated_check);
	if (h->page_size != (uint64_t)sysconf(_SC_PAGESIZE))
		return "written with another page size";
	if (announced != allocated && (announced < allocated || announced > size))
		return "size words do not match";
	if (announced < CKPT_SEG_INITIAL || announced > size || announced % h->page_size != 0)
		return "file is shorter than its header says";
	ckpt_store(&h->allocated, announced);
	if (size > announced)
		(void)!ftruncate(w->fd, (off_t)announced);
	return NULL;
}

static int attach(ckpt_writer *w, const char **reason)
{
	struct stat st;
	if (fstat(w->fd, &st) != 0)
		return -errno;
	*reason = NULL;
	if (!S_ISREG(st.st_mode))
		*reason = "not a regular file";
	else if (st.st_size < CKPT_SEG_INITIAL || (uint64_t)st.st_size > CKPT_SEG_SIZE_MAX)
		*reason = "size is not that of a segment";
	if (*reason != NULL)
		return -EINVAL;
	int err = map(w, (uint64_t)st.st_size);
	if (err != 0)
		return err;
	*reason = ckpt_segment_check_header(ckpt_head(w), (uint64_t)st.st_size);
	if (*reason == NULL)
		*reason = settle_size(w, (uint64_t)st.st_size);
	if (*reason != NULL)
		return -EINVAL;
	uint64_t allocated = ckpt_load(&ckpt_head(w)->allocated);
	if ((uint64_t)st.st_blocks * 512 < allocated) {
		err = allocate(w->fd, 0, allocated); /* holes: touching one could kill a reader */
		if (err != 0)
			return err;
	}
	*reason = ckpt_undo_recover(w);
	if (*reason == NULL && ckpt_load(&ckpt_head(w)->allocated) != allocated)
		*reason = "undo record changes the size";
	if (*reason == NULL)
		*reason = ckpt_check(w);
	return *reason == NULL ? 0 : -EINVAL;
}

int ckpt_writer_attach(int fd, struct ckpt_quota *quota, ckpt_writer **out, const char **reason)
{
	*out = NULL;
	*reason = NULL;
	ckpt_writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		return -ENOMEM;
	w->fd = fd;
	w->quota = quota;
	int err = attach(w, reason);
	if (err != 0) {
		discard(w);
		return err;
	}
	quota_take(quota, ckpt_load(&ckpt_head(w)->allocated), true);
	*out = w;
	return 0;
}
