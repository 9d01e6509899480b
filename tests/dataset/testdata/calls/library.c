/* clCkptLibraryInitialize, clCkptLibraryFinalize. */
#include <fcntl.h>
#include <sys/resource.h>

#include <saCkpt.h>

#include "harness.h"
#include "memory.h"

static void handles_differ(void)
{
	ClCkptSvcHdlT a = initialized(), b = initialized();

	CHECK(a != 0 && b != 0 && a != b);
	OK(clCkptLibraryFinalize(a));
	OK(clCkptLibraryFinalize(b));
}

static void initialize_null(void)
{
	EXPECT(clCkptLibraryInitialize(NULL), CL_CKPT_ERR_NULL_POINTER);
}

#if !SANITIZED

/* Too little address space for the engine; with enough of it the same process goes on. */
static void no_memory(void)
{
	struct rlimit before, little;
	ClCkptSvcHdlT h = 0;

	CHECK(getrlimit(RLIMIT_AS, &before) == 0);
	little = before;
	little.rlim_cur = 500 << 20;
	CHECK(setrlimit(RLIMIT_AS, &little) == 0);
	for (int i = 0; i < 3; i++)
		EXPECT(clCkptLibraryInitialize(&h), CL_CKPT_ERR_NO_MEMORY);
	CHECK(setrlimit(RLIMIT_AS, &before) == 0);
	ready();
}

#endif

static void finalize_twice(void)
{
	ClCkptSvcHdlT h = initialized();

	OK(clCkptLibraryFinalize(h));
	EXPECT(clCkptLibraryFinalize(h), CL_CKPT_ERR_INVALID_HANDLE);
	h = initialized();
	OK(clCkptLibraryFinalize(h));
}

/* What a handle knows goes with it: another handle of the process keeps its own callbacks, a later one has none. */
static void finalize_keeps_others(void)
{
	struct fixture f = ready(), g = ready(), later;

	OK(put(&f, DS, "data"));
	OK(clCkptLibraryFinalize(f.h));
	CONTENTS(&g, DS, "data");
	OK(put(&g, DS, "more"));
	OK(clCkptLibraryFinalize(g.h));
	later = (struct fixture){initialized(), g.name};
	CHECK(checkpoint_exists(&later) && dataset_exists(&later, DS));
	EXPECT(put(&later, DS, "x"), CL_CKPT_ERR_NULL_POINTER);
	later = ready_on(later.h, "checkpoint");
	CONTENTS(&later, DS, "more");
}

/* A handle of the library-based functions is none of the others. */
static void of_another_kind(void)
{
	struct fixture f = ready();
	SaSelectionObjectT selection;
	SaCkptCheckpointDescriptorT status;

	CHECK(saCkptFinalize(f.h) == SA_AIS_ERR_BAD_HANDLE);
	CHECK(saCkptDispatch(f.h, SA_DISPATCH_ALL) == SA_AIS_ERR_BAD_HANDLE);
	CHECK(saCkptSelectionObjectGet(f.h, &selection) == SA_AIS_ERR_BAD_HANDLE);
	CHECK(saCkptCheckpointClose(f.h) == SA_AIS_ERR_BAD_HANDLE);
	CHECK(saCkptCheckpointStatusGet(f.h, &status) == SA_AIS_ERR_BAD_HANDLE);
	/* the library-based functions' own Initialize does not count as the server-based ones' */
	EXPECT(clCkptFinalize(f.h), CL_CKPT_ERR_NOT_INITIALIZED);
	EXPECT(clCkptCheckpointClose(f.h), CL_CKPT_ERR_NOT_INITIALIZED);
	OK(put(&f, DS, "data"));
	CONTENTS(&f, DS, "data");
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* Handles come and go without leaving descriptors behind. */
static void many_handles(void)
{
	enum { HANDLES = 200 };
	static ClCkptSvcHdlT h[HANDLES];
	struct fixture f = ready();
	int before;

	OK(put(&f, DS, "data"));
	before = open_descriptors();
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < HANDLES; i++) {
			struct fixture each = ready_on(initialized(), "checkpoint");

			h[i] = each.h;
			CONTENTS(&each, DS, "data");
		}
		for (int i = 0; i < HANDLES; i++)
			OK(clCkptLibraryFinalize(h[i]));
	}
	CHECK(open_descriptors() <= before);
}

const struct test library_tests[] = {
	{"LibraryInitialize/handles-differ", handles_differ},
	{"LibraryInitialize/NULL_POINTER", initialize_null},
#if !SANITIZED
	{"LibraryInitialize/NO_MEMORY", no_memory},
#endif
	{"LibraryFinalize/INVALID_HANDLE-twice", finalize_twice},
	{"LibraryFinalize/keeps-other-handles", finalize_keeps_others},
	{"LibraryFinalize/many-handles", many_handles},
	{"LibraryInitialize/handle-of-its-own-kind", of_another_kind},
	{NULL, NULL},
};
