/*
 * segment.h: reading a checkpoint replica in shared memory.
 *
 * A replica is one tmpfs file written by the node director and mapped read-only by applications. This header is
 * the reader's side. segment.c and cutoff.c implement it and include nothing else of this folder but segment.h,
 * format.h and reader.h, so that the C front, the engine and tests compile the very same files.
 * docs/segment-format.md describes the bytes.
 */
#ifndef CKPT_SEGMENT_H
#define CKPT_SEGMENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The mapping (or mappings, after growth) of one replica in this process. Allocated by ckpt_reader_open, released by
 * ckpt_reader_close. All functions but close may be called by any number of threads at once. */
typedef struct ckpt_reader ckpt_reader;

/* What a read attempt found. Only CKPT_READ_OK leaves meaningful bytes in the caller's buffer; with any other
 * result the buffer may have been written with bytes of no meaning. */
enum ckpt_read_status {
	CKPT_READ_OK = 0,
	CKPT_READ_NO_SECTION, /* no section has this id */
	CKPT_READ_BAD_OFFSET, /* offset > section size */
	CKPT_READ_CORRUPTED,  /* the section was left corrupted by a cut-off weak update */
	CKPT_READ_ASK,        /* not to be answered from here: section marked, lease over, replica not readable,
	                         bounded retries used up (not because a writer was killed), or the bytes make no
	                         sense. Ask the node director */
	CKPT_READ_REMAP,      /* what was asked for lies beyond the mapping: ckpt_reader_remap, then read again */
	CKPT_READ_GONE        /* the checkpoint's replica is gone from this node */
};

/*
 * Maps the segment behind fd (open for reading) and checks its header. The descriptor is neither kept nor closed.
 * On success *out is the new reader, owned by the caller.
 * Returns 0, or -EINVAL (not a segment, damaged header, or a version this code does not know), -ENOMEM (no memory
 * or address space), or the negated errno of fstat or mmap.
 */
int ckpt_reader_open(int fd, ckpt_reader **out);

/*
 * Makes everything reachable that fd's file holds now; call it after CKPT_READ_REMAP. fd must be the same file as
 * at open (-EINVAL if it is another one). Reads in other threads may go on; mappings they may be using are kept
 * until ckpt_reader_close. Returns 0, -EINVAL, -ENOMEM, or the negated errno of fstat or mmap; after a failure the
 * reader is as it was.
 */
int ckpt_reader_remap(ckpt_reader *r, int fd);

/* Unmaps everything and frees r (NULL is allowed). The caller guarantees that no other call on r is in flight. */
void ckpt_reader_close(ckpt_reader *r);

/*
 * Reads min(size, section size - offset) bytes at offset of the section named by the id_len bytes at id (id_len 0:
 * the default section) into buf, as one consistent state of that section, and stores their number in *read_size
 * (0 unless CKPT_READ_OK). Returns an enum ckpt_read_status. Takes no lock and makes no system call but, when the replica
 * needs a lease, one clock_gettime (vDSO). If the writer was killed within an update, gives what recovery will make of the
 * section. One thing is waited for, 0.1 s and once: a weak update that seems cut off must not have been held up only, before
 * the section is said to be corrupted.
 */
int ckpt_reader_read(ckpt_reader *r, const void *id, uint16_t id_len, uint64_t offset, void *buf, uint64_t size,
                     uint64_t *read_size);

enum { CKPT_SECTION_VALID = 1, CKPT_SECTION_CORRUPTED = 2 };

struct ckpt_section_stat {
	uint64_t size;          /* bytes */
	int64_t expiration;     /* wall clock, ns since 1970, as set by the application */
	int64_t last_update;    /* wall clock, ns since 1970 */
	uint32_t state;         /* CKPT_SECTION_VALID or CKPT_SECTION_CORRUPTED */
	uint64_t update_number; /* number of the update that changed the section last */
};

/* Describes one section. On CKPT_READ_OK *out is filled (for a corrupted section too), else left alone. Returns an
 * enum ckpt_read_status other than CKPT_READ_BAD_OFFSET and CKPT_READ_CORRUPTED. */
int ckpt_reader_stat(ckpt_reader *r, const void *id, uint16_t id_len, struct ckpt_section_stat *out);

#ifdef __cplusplus
}
#endif
#endif
