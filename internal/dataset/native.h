/* What is used of SQLite's own interface. */
#ifndef CKPT_DATASET_NATIVE_H
#define CKPT_DATASET_NATIVE_H

/* SQLite comes from mattn/go-sqlite3. The C compiler does not see that package's header, and cgo links this file once
 * without that package, hence the declarations and why they are weak. */
#define SQLITE __attribute__((weak))
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
SQLITE int sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
SQLITE int sqlite3_close_v2(sqlite3 *db);
SQLITE int sqlite3_busy_handler(sqlite3 *db, int (*handler)(void *, int), void *argument);
SQLITE int sqlite3_file_control(sqlite3 *db, const char *name, int op, void *argument);
SQLITE int sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *argument,
			char **message);
SQLITE int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **statement,
			      const char **tail);
SQLITE int sqlite3_finalize(sqlite3_stmt *statement);
SQLITE int sqlite3_system_errno(sqlite3 *db);
SQLITE const char *sqlite3_errmsg(sqlite3 *db);
SQLITE long long sqlite3_changes64(sqlite3 *db);
SQLITE int sqlite3_bind_int64(sqlite3_stmt *statement, int i, long long value);
SQLITE int sqlite3_bind_blob64(sqlite3_stmt *statement, int i, const void *bytes, unsigned long long size,
			       void (*release)(void *));
SQLITE int sqlite3_bind_null(sqlite3_stmt *statement, int i);
SQLITE int sqlite3_clear_bindings(sqlite3_stmt *statement);
SQLITE int sqlite3_step(sqlite3_stmt *statement);
SQLITE int sqlite3_reset(sqlite3_stmt *statement);
SQLITE long long sqlite3_column_int64(sqlite3_stmt *statement, int i);
SQLITE const void *sqlite3_column_blob(sqlite3_stmt *statement, int i);
SQLITE int sqlite3_column_bytes(sqlite3_stmt *statement, int i);
SQLITE int sqlite3_column_type(sqlite3_stmt *statement, int i);
SQLITE int sqlite3_errcode(sqlite3 *db);
SQLITE sqlite3 *sqlite3_db_handle(sqlite3_stmt *statement);

enum {
	SQLITE_OK = 0,
	SQLITE_BLOB = 4,
	SQLITE_NOMEM = 7,
	SQLITE_CORRUPT = 11,
	SQLITE_ROW = 100,
	SQLITE_DONE = 101,
	SQLITE_OPEN_READWRITE = 0x2,
	SQLITE_OPEN_NOMUTEX = 0x8000,
	SQLITE_OPEN_PRIVATECACHE = 0x40000,
	SQLITE_OPEN_EXRESCODE = 0x2000000,
	SQLITE_PREPARE_PERSISTENT = 1,
	SQLITE_FCNTL_PERSIST_WAL = 10
};

/* What becomes of memory that is bound: it is used where it is; it is copied. */
#define SQLITE_STATIC ((void (*)(void *))0)
#define SQLITE_TRANSIENT ((void (*)(void *))-1)

#endif
