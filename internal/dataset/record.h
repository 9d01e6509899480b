/* Records of a library-based checkpoint: each function is one short stay in C for what the API does most. */
#ifndef CKPT_DATASET_RECORD_H
#define CKPT_DATASET_RECORD_H

#include "sqlite.h"

/* One record of a dataset as it is handed to the front (struct ckpt_record of capi/engine.h): size bytes follow, and up to
 * 15 more, so that the next one, and its data, begin at a multiple of 16. */
struct ckpt_stored {
	uint64_t size;
	uint32_t sum;		/* CRC-32C of what sum() in record.go says */
	uint32_t element;	/* 1: an element, 0: the dataset's own record */
};

/* Runs a statement with ?1 = key, ?2 = sum, ?3 = the data, ?4 = the element's id if that is given. Nothing is copied but
 * into the database. *changed is set to the number of rows changed. */
int ckpt_record_write(struct ckpt_db *db, struct sqlite3_stmt *statement, int64_t key, uint32_t sum, const void *data,
		      uint64_t size, const void *element, uint64_t element_size, int64_t *changed);

/* Runs a statement with ?1 = first and ?2 = last key that gives key, sum and data, and collects its rows in one malloc block,
 * which is the caller's. The row with the last key is the dataset's own record. *block is NULL if there are none. */
int ckpt_record_read(struct sqlite3_stmt *statement, int64_t first, int64_t last, struct ckpt_stored **block,
		     uint64_t *block_size, uint64_t *count);

#endif
