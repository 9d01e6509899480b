#include "sqlite.h"

#include <stdlib.h>
#include <time.h>

/* SQLite comes from mattn/go-sqlite3. The C compiler does not see that package's header, and cgo links this file once
 * without that package, hence the declarations and why they are weak. */
#define SQLITE __attribute__((weak))
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
SQLITE int sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
SQLITE int sqlite3_close_v2(sqlite3 *db);
SQLITE int sqlite3_busy_handler(sqlite3 *db, int (*handler)(void *, int), void *argument);
SQLITE int sqlite3_file_control(sqlite3 *db, const char *name, int op, void *argument);
SQLITE int sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *argument, char **message);
SQLITE int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **statement, const char **tail);
SQLITE int sqlite3_finalize(sqlite3_stmt *statement);
SQLITE int sqlite3_system_errno(sqlite3 *db);
SQLITE const char *sqlite3_errmsg(sqlite3 *db);
SQLITE long long sqlite3_changes64(sqlite3 *db);
SQLITE int sqlite3_bind_int64(sqlite3_stmt *statement, int i, long long value);
SQLITE int sqlite3_bind_blob64(sqlite3_stmt *statement, int i, const void *bytes, unsigned long long size, void (*release)(void *));
SQLITE int sqlite3_bind_null(sqlite3_stmt *statement, int i);
SQLITE int sqlite3_clear_bindings(sqlite3_stmt *statement);
SQLITE int sqlite3_step(sqlite3_stmt *statement);
SQLITE int sqlite3_reset(sqlite3_stmt *statement);
SQLITE long long sqlite3_column_int64(sqlite3_stmt *statement, int i);
SQLITE const void *sqlite3_column_blob(sqlite3_stmt *statement, int i);
SQLITE int sqlite3_column_bytes(sqlite3_stmt *statement, int i);

enum {
	SQLITE_OK = 0,
	SQLITE_NOMEM = 7,
	SQLITE_OPEN_READWRITE = 0x2,
	SQLITE_OPEN_NOMUTEX = 0x8000,
	SQLITE_OPEN_PRIVATECACHE = 0x40000,
	SQLITE_OPEN_EXRESCODE = 0x2000000,
	SQLITE_PREPARE_PERSISTENT = 1,
	SQLITE_FCNTL_PERSIST_WAL = 10
};
#define SQLITE_TRANSIENT ((void (*)(void *))-1)

/* Pauses between attempts to get a lock: the first, and the longest. Commits take from tens of microseconds to a few
 * milliseconds. */
#define PAUSE_FIRST_NS (INT64_C(20) * 1000)
#define PAUSE_LONGEST_NS (INT64_C(5) * 1000 * 1000)

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Called by SQLite when a lock is taken; true asks it to try again. */
static int busy(void *argument, int attempts)
{
	const struct ckpt_db *db = argument;
	int64_t left = db->busy_until - now();
	int64_t pause = attempts < 8 ? PAUSE_FIRST_NS << attempts : PAUSE_LONGEST_NS;

	if (left <= 0)
		return 0;
	if (pause > left)
		pause = left;
	nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
	return 1;
}

int ckpt_db_open(const char *path, struct ckpt_db **out)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	struct ckpt_db *db = calloc(1, sizeof *db);
	int keep = 1;
	int result;

	*out = db;
	if (db == NULL)
		return SQLITE_NOMEM;
	result = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
	if (result != SQLITE_OK)
		return result;
	sqlite3_busy_handler(db->sqlite, busy, db);
	/* By default the last connection deletes the log, by name. If the file was deleted and made again meanwhile, that
	 * would be the new file's log. */
	return sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

void ckpt_db_close(struct ckpt_db *db)
{
	if (db == NULL)
		return;
	sqlite3_close_v2(db->sqlite);
	free(db);
}

void ckpt_db_wait(struct ckpt_db *db, int64_t wait_ns)
{
	db->busy_until = now() + wait_ns;
}

int ckpt_db_exec(struct ckpt_db *db, const char *sql)
{
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
}

int ckpt_db_prepare(struct ckpt_db *db, const char *sql, struct sqlite3_stmt **statement)
{
	return sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
}

void ckpt_db_finalize(struct sqlite3_stmt *statement)
{
	sqlite3_finalize(statement);
}

int ckpt_db_errno(struct ckpt_db *db)
{
	return sqlite3_system_errno(db->sqlite);
}

const char *ckpt_db_message(struct ckpt_db *db)
{
	return sqlite3_errmsg(db->sqlite);
}

int64_t ckpt_db_changes(struct ckpt_db *db)
{
	return sqlite3_changes64(db->sqlite);
}

int ckpt_db_bind_integer(struct sqlite3_stmt *statement, int i, int64_t value)
{
	return sqlite3_bind_int64(statement, i, value);
}

int ckpt_db_bind_bytes(struct sqlite3_stmt *statement, int i, const void *bytes, uint64_t size)
{
	return sqlite3_bind_blob64(statement, i, bytes != NULL ? bytes : "", size, SQLITE_TRANSIENT);
}

int ckpt_db_bind_null(struct sqlite3_stmt *statement, int i)
{
	return sqlite3_bind_null(statement, i);
}

int ckpt_db_step(struct sqlite3_stmt *statement)
{
	return sqlite3_step(statement);
}

int ckpt_db_reset(struct sqlite3_stmt *statement)
{
	int result = sqlite3_reset(statement);

	sqlite3_clear_bindings(statement);
	return result;
}

int64_t ckpt_db_integer(struct sqlite3_stmt *statement, int i)
{
	return sqlite3_column_int64(statement, i);
}

const void *ckpt_db_bytes(struct sqlite3_stmt *statement, int i, uint64_t *size)
{
	const void *bytes = sqlite3_column_blob(statement, i);

	*size = (uint64_t)sqlite3_column_bytes(statement, i);
	return bytes;
}
