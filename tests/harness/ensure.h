/*
 * ensure.h: checks of a program that is a test by itself: the first one that does not hold is told on standard error, and
 * ends the process with status 1. In C and C++.
 */
#ifndef HARNESS_ENSURE_H
#define HARNESS_ENSURE_H

#include <stdio.h>
#include <unistd.h>

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1); \
		} \
	} while (0)

/* call returns the code that is expected. */
#define EXPECT(call, expected) \
	do { \
		int got_ = (int)(call), want_ = (int)(expected); \
		if (got_ != want_) { \
			fprintf(stderr, "%s:%d: %s is %d (0x%x), not %d (0x%x) %s\n", __FILE__, __LINE__, #call, got_, \
				(unsigned)got_, want_, (unsigned)want_, #expected); \
			_exit(1); \
		} \
	} while (0)

#endif
