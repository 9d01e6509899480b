/* As a careful programmer would write it: one table, statements prepared once, write-ahead log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "subject.h"

static sqlite3 *database;
static sqlite3_stmt *put, *get;
static unsigned char *packed; /* a record is copied here first, as a serializer does */

static void must(int result, int wanted, const char *what)
{
	if (result != wanted)
		fail(what, sqlite3_errmsg(database));
}

static void run(const char *sql)
{
	must(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK, sql);
}

static sqlite3_stmt *prepared(const char *sql)
{
	sqlite3_stmt *statement = NULL;

	must(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), SQLITE_OK, sql);
	return statement;
}

static void open_plain(const char *directory, size_t size_max, int full)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/plain.db", directory);
	packed = malloc(size_max);
	if (packed == NULL)
		fail("malloc", "out of memory");
	must(sqlite3_open(path, &database), SQLITE_OK, path);
	run("PRAGMA journal_mode=WAL");
	run(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
	run("CREATE TABLE datasets(number INTEGER PRIMARY KEY, data BLOB NOT NULL)");
	put = prepared("INSERT INTO datasets VALUES(?1, ?2) ON CONFLICT(number) DO UPDATE SET data=excluded.data");
	get = prepared("SELECT data FROM datasets WHERE number=?1");
}

static void write_plain(uint32_t number, const void *data, size_t size)
{
	memcpy(packed, data, size);
	must(sqlite3_bind_int64(put, 1, number), SQLITE_OK, "bind");
	must(sqlite3_bind_blob64(put, 2, packed, size, SQLITE_STATIC), SQLITE_OK, "bind");
	must(sqlite3_step(put), SQLITE_DONE, "write");
	must(sqlite3_reset(put), SQLITE_OK, "reset");
}

static size_t read_plain(uint32_t number, void *data)
{
	size_t size;

	must(sqlite3_bind_int64(get, 1, number), SQLITE_OK, "bind");
	must(sqlite3_step(get), SQLITE_ROW, "read");
	size = (size_t)sqlite3_column_bytes(get, 0);
	memcpy(data, sqlite3_column_blob(get, 0), size);
	must(sqlite3_reset(get), SQLITE_OK, "reset");
	return size;
}

static void close_plain(void)
{
	sqlite3_finalize(put);
	sqlite3_finalize(get);
	must(sqlite3_close(database), SQLITE_OK, "close");
	free(packed);
}

const struct subject plain = {"sqlite", open_plain, write_plain, read_plain, close_plain};
