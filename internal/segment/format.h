/*
 * format.h: the bytes of a segment, version 1 (described in docs/segment-format.md). Little-endian; every reference
 * is a byte offset from the start of the file; 0 is "none".
 */
#ifndef CKPT_SEGMENT_FORMAT_H
#define CKPT_SEGMENT_FORMAT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A word that one process stores while others load. */
typedef _Atomic uint64_t ckpt_word;

#define CKPT_SEG_MAGIC "ckptseg\n"
enum {
	CKPT_SEG_VERSION = 1,      /* what this code writes */
	CKPT_SEG_VERSION_OLDEST = 1, /* the oldest it attaches */
	CKPT_SEG_HEADER = 8192,    /* bytes of struct ckpt_seg_header */
	CKPT_SEG_IMMUTABLE = 3072, /* bytes covered by the checksum, never stored to after creation */
	CKPT_SEG_UNDO_BASE = 8192, /* offset and size of the built-in undo area */
	CKPT_SEG_HEAP = 16384,     /* first block */
	CKPT_SEG_INITIAL = 32768,  /* bytes of a new file */
	CKPT_SEG_UNIT = 64,        /* blocks begin at, and are, multiples of this */
	CKPT_SEG_BLOCK = 16,       /* bytes of struct ckpt_seg_block in front of a block's payload */
	CKPT_SEG_CLASSES = 192,
	CKPT_SEG_INLINE_ID = 24, /* longest section id kept inside its entry */
	CKPT_SEG_SLAB_HEAD = 48, /* from a slab's payload to its first entry */
	CKPT_SEG_RESULT = 48     /* longest result blob */
};
#define CKPT_SEG_SIZE_MAX (UINT64_C(1) << 46) /* no file and no section is larger */

/* Bits of ckpt_seg_header.flags. */
#define CKPT_SEG_READABLE UINT64_C(1)
#define CKPT_SEG_IN_SYNC UINT64_C(2)
#define CKPT_SEG_DEAD UINT64_C(4)

#define CKPT_SEG_NO_LEASE UINT64_MAX

/* Bits of ckpt_seg_entry.flags; the id length is in bits 32 to 47. */
#define CKPT_ENTRY_VALID UINT64_C(1)     /* the entry is in the table */
#define CKPT_ENTRY_MARKED UINT64_C(2)    /* changed by an update that is not known committed */
#define CKPT_ENTRY_CORRUPTED UINT64_C(4) /* a weak update was cut off */
#define CKPT_ENTRY_TOMBSTONE UINT64_C(8) /* deleted by an update that is not known committed; always MARKED, no content */
#define CKPT_ENTRY_ID_SHIFT 32

/* ckpt_seg_slot.ref of a slot that held an entry once; probing goes on behind it. */
#define CKPT_SLOT_DELETED UINT64_C(1)

/* ckpt_seg_header.table: log2 of the number of slots in the top byte, below it the offset of the first slot. */
#define CKPT_TABLE_SHIFT 56
#define CKPT_TABLE_OFFSET(t) ((t) & ((UINT64_C(1) << CKPT_TABLE_SHIFT) - 1))
#define CKPT_TABLE_LOG2(t) ((unsigned)((t) >> CKPT_TABLE_SHIFT))

/* ckpt_seg_header.undo: bytes of valid undo records; this bit says that their update is committed. */
#define CKPT_UNDO_COMMITTED UINT64_C(1)

/* Kind of an undo record, in the top byte of its length word. */
#define CKPT_UNDO_SHIFT 56
enum { CKPT_UNDO_BYTES = 1, CKPT_UNDO_SEQ = 2, CKPT_UNDO_CORRUPT = 3 };

struct ckpt_seg_header {
	/* 0: never changed after creation */
	char magic[8];
	uint32_t version, header_size;
	uint64_t checksum; /* ckpt_segment_hash(0, first CKPT_SEG_IMMUTABLE bytes with this word zero) */
	uint64_t page_size;
	uint8_t cluster[16], boot_id[16];
	uint64_t checkpoint;
	uint64_t hash_seed; /* of section ids */
	uint64_t checkpoint_size;
	int64_t retention;
	uint64_t max_section_size, max_section_id_size;
	uint32_t creation_flags, max_sections;
	uint32_t name_length, node_length;
	uint8_t reserved0[128];
	uint8_t node[256];
	uint8_t name[2048];
	uint8_t reserved1[512];

	/* 3072: what every read looks at */
	ckpt_word state_seq; /* odd while flags or epoch change (DEAD alone is set without it) */
	ckpt_word flags;
	ckpt_word lease; /* CLOCK_MONOTONIC ns, or CKPT_SEG_NO_LEASE */
	ckpt_word epoch_generation, epoch_counter;
	ckpt_word index_seq; /* odd while entries enter or leave the table */
	ckpt_word table;
	ckpt_word table_seq; /* odd while the table is replaced by another */

	/* 3136 */
	ckpt_word allocated;       /* bytes of the file that may be touched */
	ckpt_word allocated_check; /* ~allocated; stored first when the file grows */
	ckpt_word brk;             /* end of the last block */
	ckpt_word last_block;
	ckpt_word number; /* the last update applied */
	ckpt_word section_count;
	ckpt_word memory_used; /* sum of section sizes */
	ckpt_word next_generated;

	/* 3200 */
	ckpt_word undo;
	ckpt_word undo_area, undo_capacity; /* area in use; changes only while undo is 0 */
	ckpt_word undo_extra;               /* payload of the block that extends the built-in area */
	ckpt_word table_used;               /* slots that are not empty */
	ckpt_word entry_free, entry_free_count;
	ckpt_word slab;        /* payload of the newest slab */
	ckpt_word entry_count; /* in all slabs */
	ckpt_word config, config_length;
	ckpt_word results; /* payload of the results table */
	ckpt_word results_slots, results_used, results_live;
	ckpt_word undo_seq; /* counts updates: stored before the first record of one; never goes back */

	/* 3328: for writers in application processes, not used by version 1; tombstones */
	uint8_t mutex[64];
	ckpt_word doorbell;
	ckpt_word tombstones; /* entries with CKPT_ENTRY_TOMBSTONE: in the table, not in section_count */
	uint8_t reserved3[688];

	/* 4096: free lists */
	ckpt_word class_bits[4];
	ckpt_word class_head[CKPT_SEG_CLASSES]; /* block offsets */
	uint8_t reserved4[2528];
};

/* In front of every block. A free block's payload begins with the offsets of the next and previous free block of
 * its class. */
struct ckpt_seg_block {
	ckpt_word size;     /* of the whole block, a multiple of CKPT_SEG_UNIT; bit 0: free */
	ckpt_word previous; /* the block that ends where this one begins */
};
#define CKPT_BLOCK_FREE UINT64_C(1)

struct ckpt_seg_entry {
	ckpt_word seq;   /* odd while the section changes; never goes back */
	ckpt_word flags;
	ckpt_word hash;
	ckpt_word id[3]; /* zero-padded id, or in id[0] the offset of a longer one */
	ckpt_word data;  /* offset of the content */
	ckpt_word size;
	ckpt_word capacity;
	ckpt_word expiration, last_update;
	ckpt_word number;
	ckpt_word next_free; /* while the entry is free */
	ckpt_word reserved[3];
};

struct ckpt_seg_slot {
	ckpt_word hash, ref;
};

struct ckpt_seg_slab {
	ckpt_word next, count;
};

struct ckpt_seg_result {
	ckpt_word session;
	ckpt_word slot; /* CKPT_RESULT_*, blob length << 16, slot << 32 */
	ckpt_word number;
	ckpt_word blob[CKPT_SEG_RESULT / 8];
	ckpt_word reserved;
};
#define CKPT_RESULT_LIVE UINT64_C(1)
#define CKPT_RESULT_DELETED UINT64_C(2)

_Static_assert(sizeof(struct ckpt_seg_header) == CKPT_SEG_HEADER, "header size");
_Static_assert(offsetof(struct ckpt_seg_header, state_seq) == CKPT_SEG_IMMUTABLE, "immutable part");
_Static_assert(offsetof(struct ckpt_seg_header, name) == 512, "name");
_Static_assert(offsetof(struct ckpt_seg_header, allocated) == 3136, "second line");
_Static_assert(offsetof(struct ckpt_seg_header, undo) == 3200, "third line");
_Static_assert(offsetof(struct ckpt_seg_header, mutex) == 3328, "mutex");
_Static_assert(offsetof(struct ckpt_seg_header, class_bits) == 4096, "free lists");
_Static_assert(sizeof(struct ckpt_seg_entry) == 128, "entry size");
_Static_assert(sizeof(struct ckpt_seg_result) == 80, "result size");

/*
 * The only way to store to a live segment. The signal fences keep the compiler from moving one store across another:
 * a writer may be killed between any two, and what was stored so far must be a prefix of the program's order.
 * CKPT_SEGMENT_STORE_HOOK is for the crash test, which stops the writer before the k-th store.
 */
#ifdef CKPT_SEGMENT_STORE_HOOK
extern void (*ckpt_store_hook)(void);
#define CKPT_STORE_HOOK() (ckpt_store_hook != NULL ? ckpt_store_hook() : (void)0)
#else
#define CKPT_STORE_HOOK() ((void)0)
#endif

static inline void ckpt_store(ckpt_word *word, uint64_t value)
{
	CKPT_STORE_HOOK();
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(word, value, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
}

static inline uint64_t ckpt_load(const ckpt_word *word)
{
	return atomic_load_explicit((ckpt_word *)word, memory_order_relaxed);
}

/* Where undo records are: the first used bytes at area, in a segment of which allocated bytes may be touched. */
struct ckpt_undo_records {
	const uint8_t *base; /* the segment */
	uint64_t area, used, allocated;
};

struct ckpt_undo_record {
	unsigned kind;
	uint64_t offset, length; /* of what it says to undo */
	uint64_t bytes;          /* offset of the old bytes; the records before this one end there */
};

enum { CKPT_UNDO_TRAILER = 16 }; /* bytes of a record behind the old bytes */

static inline uint64_t ckpt_undo_padded(uint64_t length)
{
	return (length + 7) & ~UINT64_C(7);
}

/* The record that ends end bytes (> 0) into the area. False: it makes no sense. Readers refuse just what recovery refuses,
 * so that no reader goes on with records the writer has given up. */
static inline bool ckpt_undo_previous(const struct ckpt_undo_records *all, uint64_t end, struct ckpt_undo_record *r)
{
	if (end < CKPT_UNDO_TRAILER)
		return false;
	const ckpt_word *trailer = (const ckpt_word *)(all->base + all->area + end - CKPT_UNDO_TRAILER);
	uint64_t word = ckpt_load(&trailer[1]), room = end - CKPT_UNDO_TRAILER;
	r->offset = ckpt_load(&trailer[0]);
	r->kind = (unsigned)(word >> CKPT_UNDO_SHIFT);
	r->length = word & ((UINT64_C(1) << CKPT_UNDO_SHIFT) - 1);
	uint64_t reached = r->length;
	if (r->kind != CKPT_UNDO_BYTES) {
		if ((r->kind != CKPT_UNDO_SEQ && r->kind != CKPT_UNDO_CORRUPT) || r->length != 0 || (r->offset & 7) != 0)
			return false;
		reached = r->kind == CKPT_UNDO_SEQ ? sizeof(ckpt_word) : sizeof(struct ckpt_seg_entry);
	}
	if (r->offset < CKPT_SEG_IMMUTABLE || r->offset > all->allocated || reached > all->allocated - r->offset ||
	    ckpt_undo_padded(r->length) > room)
		return false;
	uint64_t words = offsetof(struct ckpt_seg_header, undo), words_end = offsetof(struct ckpt_seg_header, undo_extra);
	if (r->offset < all->area + all->used && all->area < r->offset + reached)
		return false; /* would change records */
	if (r->offset < words_end && words < r->offset + reached)
		return false; /* would change where they are */
	r->bytes = all->area + room - ckpt_undo_padded(r->length);
	return true;
}

/* segment.c: what readers and writer share. */

/* Hash of section ids and header checksums. */
uint64_t ckpt_segment_hash(uint64_t seed, const void *bytes, uint64_t length);
/* NULL when the size bytes at header are a header this code accepts, else what is wrong with it (static text). */
const char *ckpt_segment_check_header(const struct ckpt_seg_header *header, uint64_t size);
/* Makes *seq odd, and lets readers see that before any store that follows. No effect if it is odd already. */
void ckpt_seq_open(ckpt_word *seq);
/* Makes *seq even, visible to readers after every store before it. No effect if it is even already. */
void ckpt_seq_shut(ckpt_word *seq);

#endif
