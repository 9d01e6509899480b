/* What is measured: datasets of the library, and the same with the C API of SQLite. Each keeps records of one size under a
 * few numbers in a directory. Every function ends the program with a message if a call fails. */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

enum { RECORDS = 4 }; /* numbered from 1 */

struct subject {
	const char *name;
	/* Opens the database in the directory, for records of up to so many bytes; full: a write is on disk when it returns. */
	void (*open)(const char *directory, size_t size_max, int full);
	void (*write)(uint32_t number, const void *data, size_t size);
	/* Copies the record to data and gives its size, size_max at most. */
	size_t (*read)(uint32_t number, void *data);
	void (*close)(void);
};

extern const struct subject library, plain;

void fail(const char *what, const char *why) __attribute__((noreturn));

#endif
