#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "native.h"

int ckpt_record_write(struct ckpt_db *db, struct sqlite3_stmt *statement, int64_t key, uint32_t sum, const void *data,
		      uint64_t size, const void *element, uint64_t element_size, int64_t *changed)
{
	int result = sqlite3_bind_int64(statement, 1, key);

	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(statement, 2, sum);
	if (result == SQLITE_OK) /* a NULL pointer would make it NULL */
		result = sqlite3_bind_blob64(statement, 3, size > 0 ? data : "", size, SQLITE_STATIC);
	if (result == SQLITE_OK && element_size > 0)
		result = sqlite3_bind_blob64(statement, 4, element, element_size, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	*changed = result == SQLITE_DONE ? sqlite3_changes64(db->sqlite) : 0;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result;
}

/* Room for one more record of size bytes at *end; the block doubles, but the first record gets no more than it needs. */
static struct ckpt_stored *room(char **block, uint64_t *capacity, uint64_t *end, uint64_t size)
{
	uint64_t whole = sizeof(struct ckpt_stored) + ((size + 15) & ~(uint64_t)15);
	uint64_t at = *end;

	if (at + whole > *capacity) {
		uint64_t grown = 2 * *capacity > at + whole ? 2 * *capacity : at + whole;
		char *moved = realloc(*block, grown);

		if (moved == NULL)
			return NULL;
		*block = moved;
		*capacity = grown;
	}
	*end = at + whole;
	return (struct ckpt_stored *)(*block + at);
}

int ckpt_record_read(struct sqlite3_stmt *statement, int64_t first, int64_t last, struct ckpt_stored **out,
		     uint64_t *block_size, uint64_t *count)
{
	uint64_t capacity = 0;
	char *block = NULL;
	int result;

	*out = NULL;
	*block_size = *count = 0;
	sqlite3_bind_int64(statement, 1, first);
	sqlite3_bind_int64(statement, 2, last);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const void *data = sqlite3_column_blob(statement, 2);
		uint64_t size = (uint64_t)sqlite3_column_bytes(statement, 2);
		struct ckpt_stored *record;

		if (data == NULL && size == 0 && sqlite3_column_type(statement, 2) == SQLITE_BLOB &&
		    sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM)
			record = NULL;
		else
			record = room(&block, &capacity, block_size, size);
		if (record == NULL) {
			result = SQLITE_NOMEM;
			break;
		}
		record->size = size;
		record->sum = (uint32_t)sqlite3_column_int64(statement, 1);
		record->element = sqlite3_column_int64(statement, 0) != last;
		if (size > 0)
			memcpy(record + 1, data, size);
		++*count;
	}
	sqlite3_reset(statement);
	if (result != SQLITE_DONE) {
		free(block);
		return result;
	}
	*out = (struct ckpt_stored *)block;
	return result;
}
