/*
 * harness.h: what a test of the library-based functions is made of.
 *
 * A test runs alone in a process of its own, in an empty directory (CKPT_DATA_DIR). It ends the process with a message at
 * the first check that does not hold.
 */
#ifndef CALLS_HARNESS_H
#define CALLS_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ensure.h"

#include "../record.h"

struct test {
	const char *name; /* function and what of it */
	void (*run)(void);
};

/* Each table ends with an element whose name is NULL. */
extern const struct test library_tests[], checkpoint_tests[], dataset_tests[], buffer_tests[], element_tests[],
	read_tests[], callback_tests[], no_return_tests[], name_tests[], thread_tests[];

/* Tests made of each function and one condition; false if there is no test of this name. */
void function_tests_list(void);
bool function_test_run(const char *name);

enum { PATIENCE_S = 20 }; /* bounds every wait */

#define OK(call) EXPECT(call, CL_OK)

enum { DS = 7 }; /* the dataset most tests use */

/* A library handle and a checkpoint with dataset DS, its callbacks and those of its elements registered. */
struct fixture {
	ClCkptSvcHdlT h;
	ClNameT name;
};

ClNameT named(const char *text);
ClCkptSvcHdlT initialized(void);
struct fixture ready(void);
struct fixture ready_on(ClCkptSvcHdlT h, const char *name);

/* Writes; the data is a string whose NUL is not stored. */
ClRcT put(struct fixture *f, ClUint32T ds, const char *data);
ClRcT put_element(struct fixture *f, ClUint32T ds, const char *id, const char *data);

/* Reads the dataset as text, records separated by blanks, an element's with "e:" before it; "0x..." for an error. The
 * text is valid until the next call. */
const char *contents(struct fixture *f, ClUint32T ds);

#define CONTENTS(f, ds, want) \
	do { \
		const char *got_ = contents(f, ds); \
		if (strcmp(got_, want) != 0) { \
			fprintf(stderr, "%s:%d: contents are \"%s\", not \"%s\"\n", __FILE__, __LINE__, got_, want); \
			_exit(1); \
		} \
	} while (0)

bool checkpoint_exists(struct fixture *f);
bool dataset_exists(struct fixture *f, ClUint32T ds);

#endif
