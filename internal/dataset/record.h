/* Records of a library-based checkpoint: each function is one short stay in C for what the API does most. */
#ifndef CKPT_DATASET_RECORD_H
#define CKPT_DATASET_RECORD_H

#include "sqlite.h"

/* A record's key is its dataset's number and, in the low bits, the element's number in the order elements were first
 * written. The dataset's own record has the highest number, so that it comes last. */
#define CKPT_NUMBER_BITS 31
#define CKPT_OWN_NUMBER ((INT64_C(1) << CKPT_NUMBER_BITS) - 1)

/* One record of a dataset as it is handed to the front (struct ckpt_record of capi/engine.h): size bytes follow, and up to
 * 15 more, so that the next one, and its data, begin at a multiple of 16. */
struct ckpt_stored {
	uint64_t size;
	uint32_t reserved;
	uint32_t element;	/* 1: an element, 0: the dataset's own record */
};

/* Data to be stored, and where. */
struct ckpt_to_store {
	uint32_t dataset;
	const void *data;
	uint64_t size;
	const void *element;	/* the element's id */
	uint64_t element_size;	/* 0: the dataset's own record */
};

/* Runs a statement with ?1 = key, ?2 = the sum, ?3 = the data, ?4 = the element's id if there is one and the statement takes
 * it (with_id). Nothing is copied but into the database. *changed is set to the number of rows changed. */
int ckpt_record_write(struct ckpt_db *db, struct sqlite3_stmt *statement, int64_t key, const struct ckpt_to_store *record,
		      bool with_id, int64_t *changed);

/* Runs a statement with ?1 = first and ?2 = last key that gives key, sum and data, and collects the rows of a dataset in one
 * malloc block, which is the caller's. *block is NULL if there are none. A record that is not what was stored makes it
 * SQLITE_CORRUPT. */
int ckpt_record_read(struct sqlite3_stmt *statement, uint32_t dataset, struct ckpt_stored **block, uint32_t *count);

#endif
