#include "record.h"

#include <stdlib.h>

#include "native.h"
#include "sum.h"

int ckpt_record_write(struct ckpt_db *db, struct sqlite3_stmt *statement, int64_t key, const struct ckpt_to_store *record,
		      bool with_id, int64_t *changed)
{
	int64_t sum = ckpt_sum_copy(NULL, record->data, record->size, record->dataset, record->element_size > 0);
	int result = sqlite3_bind_int64(statement, 1, key);

	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(statement, 2, sum);
	if (result == SQLITE_OK) /* a NULL pointer would make it NULL */
		result = sqlite3_bind_blob64(statement, 3, record->size > 0 ? record->data : "", record->size, SQLITE_STATIC);
	if (result == SQLITE_OK && with_id)
		result = sqlite3_bind_blob64(statement, 4, record->element, record->element_size, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	*changed = result == SQLITE_DONE ? sqlite3_changes64(db->sqlite) : 0;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result;
}

/* A block of records that grows. */
struct block {
	char *bytes;
	uint64_t capacity;
	uint64_t end;
};

/* Room for one more record of size bytes; the block doubles, but the first record gets no more than it needs. */
static struct ckpt_stored *room(struct block *b, uint64_t size)
{
	uint64_t end = b->end + sizeof(struct ckpt_stored) + ((size + 15) & ~(uint64_t)15);
	struct ckpt_stored *record;

	if (end > b->capacity) {
		uint64_t grown = 2 * b->capacity > end ? 2 * b->capacity : end;
		char *moved = realloc(b->bytes, grown);

		if (moved == NULL)
			return NULL;
		b->bytes = moved;
		b->capacity = grown;
	}
	record = (struct ckpt_stored *)(b->bytes + b->end);
	b->end = end;
	return record;
}

static int add_row(struct block *b, struct sqlite3_stmt *statement, uint32_t dataset)
{
	bool element = (sqlite3_column_int64(statement, 0) & CKPT_OWN_NUMBER) != CKPT_OWN_NUMBER;
	const void *data = sqlite3_column_blob(statement, 2);
	uint64_t size = (uint64_t)sqlite3_column_bytes(statement, 2);
	struct ckpt_stored *record;

	if (data == NULL && sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM)
		return SQLITE_NOMEM;
	record = room(b, size);
	if (record == NULL)
		return SQLITE_NOMEM;
	*record = (struct ckpt_stored){.size = size, .element = element};
	if (ckpt_sum_copy(record + 1, data, size, dataset, element) != sqlite3_column_int64(statement, 1))
		return SQLITE_CORRUPT;
	return SQLITE_ROW;
}

int ckpt_record_read(struct sqlite3_stmt *statement, uint32_t dataset, struct ckpt_stored **out, uint32_t *count)
{
	int64_t first = (int64_t)dataset << CKPT_NUMBER_BITS;
	struct block b = {0};
	int result;

	*out = NULL;
	*count = 0;
	sqlite3_bind_int64(statement, 1, first);
	sqlite3_bind_int64(statement, 2, first | CKPT_OWN_NUMBER);
	do {
		result = sqlite3_step(statement);
		if (result != SQLITE_ROW)
			break;
		result = add_row(&b, statement, dataset);
		++*count;
	} while (result == SQLITE_ROW);
	sqlite3_reset(statement);
	if (result != SQLITE_DONE) {
		free(b.bytes);
		return result;
	}
	*out = (struct ckpt_stored *)b.bytes;
	return result;
}
