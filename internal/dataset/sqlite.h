/* One connection to an SQLite database, and its statements, as the Go side of this package uses them.
 *
 * Neither a connection nor its statements may be used by two threads at a time. Results are SQLite's extended result
 * codes. A function that steps a statement also resets it and forgets what was bound, whatever its result is, except
 * ckpt_db_step itself.
 */
#ifndef CKPT_DATASET_SQLITE_H
#define CKPT_DATASET_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sqlite3;
struct sqlite3_stmt;

struct ckpt_db {
	struct sqlite3 *sqlite;
	char *path;
	dev_t device;		/* the file, once ckpt_db_mark was called */
	ino_t inode;
	int file;		/* the same file as O_PATH, -1 before */
	int64_t busy_until;	/* CLOCK_MONOTONIC, ns: until then a lock of somebody else is waited for */
};

/* Opens an existing file for reading and writing. *db is set unless there is no memory, even if the result is an error,
 * so that ckpt_db_errno and ckpt_db_message can tell more; it is released by ckpt_db_close. */
int ckpt_db_open(const char *path, struct ckpt_db **db);
void ckpt_db_close(struct ckpt_db *db);

/* Remembers which file the path stands for now; false: none, or no descriptor left. Whether it still does (current), and,
 * which takes half the time, whether it has a name at all (named): a file that was deleted or replaced can be used as long
 * as it is open, but nobody will ever see what is written to it. */
bool ckpt_db_mark(struct ckpt_db *db);
bool ckpt_db_current(const struct ckpt_db *db);
bool ckpt_db_named(const struct ckpt_db *db);

/* From now on locks are waited for at most wait_ns nanoseconds. */
void ckpt_db_wait(struct ckpt_db *db, int64_t wait_ns);

/* Runs SQL without parameters and results. */
int ckpt_db_exec(struct ckpt_db *db, const char *sql);
int ckpt_db_prepare(struct ckpt_db *db, const char *sql, struct sqlite3_stmt **statement);
void ckpt_db_finalize(struct sqlite3_stmt *statement);

/* errno of the system call behind the latest CANTOPEN or IOERR; the latest error in words, valid until the next call. */
int ckpt_db_errno(struct ckpt_db *db);
const char *ckpt_db_message(struct ckpt_db *db);

/* Rows changed by the statement that ended last. */
int64_t ckpt_db_changes(struct ckpt_db *db);

/* Parameter i, from 1. ckpt_db_bind_bytes copies. */
int ckpt_db_bind_integer(struct sqlite3_stmt *statement, int i, int64_t value);
int ckpt_db_bind_bytes(struct sqlite3_stmt *statement, int i, const void *bytes, uint64_t size);
int ckpt_db_bind_null(struct sqlite3_stmt *statement, int i);

/* SQLITE_ROW (100), SQLITE_DONE (101) or an error. */
int ckpt_db_step(struct sqlite3_stmt *statement);
/* The result of the last step if that was an error, else 0. */
int ckpt_db_reset(struct sqlite3_stmt *statement);

/* Column i, from 0, of the row; bytes are valid until the next step or reset. *size is 0 for NULL. */
int64_t ckpt_db_integer(struct sqlite3_stmt *statement, int i);
const void *ckpt_db_bytes(struct sqlite3_stmt *statement, int i, uint64_t *size);

#endif
