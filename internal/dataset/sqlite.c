#include "sqlite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "native.h"

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
	db->file = -1;
	db->path = strdup(path);
	if (db->path == NULL)
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
	if (db->file >= 0)
		close(db->file);
	free(db->path);
	free(db);
}

/* A descriptor that can do nothing but this: closing any other one would drop the locks that SQLite has on the file. */
bool ckpt_db_mark(struct ckpt_db *db)
{
	struct stat s;
	int file = open(db->path, O_PATH | O_CLOEXEC);

	if (file < 0)
		return false;
	if (db->file >= 0)
		close(db->file);
	db->file = file;
	if (fstat(file, &s) != 0)
		return false;
	db->device = s.st_dev;
	db->inode = s.st_ino;
	return true;
}

bool ckpt_db_current(const struct ckpt_db *db)
{
	struct stat s;

	return stat(db->path, &s) == 0 && s.st_dev == db->device && s.st_ino == db->inode;
}

bool ckpt_db_named(const struct ckpt_db *db)
{
	struct stat s;

	return fstat(db->file, &s) == 0 && s.st_nlink > 0;
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
