/*
 * own_sqlite FILE: an application that is linked with an SQLite of its own (libsqlite3.so, another version than the
 * library's) and uses both at the same time, on many threads. own_sqlite make FILE: makes a database with its SQLite.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "ensure.h"
#include "record.h"

enum { THREADS = 4, ROUNDS = 50, DS = 1 };

static sqlite3 *own;
static ClCkptSvcHdlT h;
static ClNameT name = {4, "both"};

static void run(const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(own, sql, NULL, NULL, &message) != SQLITE_OK) {
		fprintf(stderr, "own_sqlite: %s: %s\n", sql, message);
		exit(1);
	}
}

static void open_own(const char *path)
{
	CHECK(strstr(sqlite3_libversion(), "-own") != NULL);
	CHECK(sqlite3_open(path, &own) == SQLITE_OK);
	run("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, data BLOB)");
}

static void insert(int id)
{
	sqlite3_stmt *s;

	CHECK(sqlite3_prepare_v2(own, "INSERT OR REPLACE INTO t VALUES(?1, 'own')", -1, &s, NULL) == SQLITE_OK);
	CHECK(sqlite3_bind_int(s, 1, id) == SQLITE_OK);
	CHECK(sqlite3_step(s) == SQLITE_DONE);
	CHECK(sqlite3_finalize(s) == SQLITE_OK);
}

static void *use_both(void *argument)
{
	ClUint32T ds = 1 + (ClUint32T)(uintptr_t)argument;
	struct unpacked *u = calloc(1, sizeof *u);

	CHECK(u != NULL);
	CHECK(clCkptLibraryCkptDataSetCreate(h, &name, ds, 0, 0, pack_dataset, unpack_dataset) == CL_OK);
	for (int i = 0; i < ROUNDS; i++) {
		struct pack p = {.data = &i, .size = sizeof i, .how = OWN};

		insert((int)ds * ROUNDS + i);
		CHECK(clCkptLibraryCkptDataSetWrite(h, &name, ds, cookie_of(&p)) == CL_OK);
		CHECK(clCkptLibraryCkptDataSetRead(h, &name, ds, cookie_of(u)) == CL_OK);
		CHECK(u->count == 1 && memcmp(u->records[0].data, &i, sizeof i) == 0);
		unpacked_clear(u);
	}
	free(u);
	return NULL;
}

static int rows(void)
{
	sqlite3_stmt *s;
	int n;

	CHECK(sqlite3_prepare_v2(own, "SELECT count(*) FROM t", -1, &s, NULL) == SQLITE_OK);
	CHECK(sqlite3_step(s) == SQLITE_ROW);
	n = sqlite3_column_int(s, 0);
	CHECK(sqlite3_finalize(s) == SQLITE_OK);
	return n;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		open_own(argv[2]);
		insert(1);
		CHECK(sqlite3_close(own) == SQLITE_OK);
		return 0;
	}
	CHECK(argc == 2);
	open_own(argv[1]);
	run("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF");
	CHECK(clCkptLibraryInitialize(&h) == CL_OK);
	CHECK(clCkptLibraryCkptCreate(h, &name) == CL_OK);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, use_both, (void *)(uintptr_t)i) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(rows() == THREADS * ROUNDS);
	CHECK(clCkptLibraryFinalize(h) == CL_OK);
	CHECK(sqlite3_close(own) == SQLITE_OK && sqlite3_shutdown() == SQLITE_OK);
	CHECK(clCkptLibraryInitialize(&h) == CL_OK); /* whatever became of the other one */
	CHECK(clCkptLibraryFinalize(h) == CL_OK);
	return 0;
}
