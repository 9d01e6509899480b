/* Each function under the conditions that mean the same for all of them. */
#include <sys/wait.h>

#include "harness.h"
#include "memory.h"

/* A call that succeeds on a checkpoint of ready() in which dataset DS and its element "e" are written. */
struct function {
	const char *name;
	ClRcT (*call)(ClCkptSvcHdlT h, ClNameT *name);
	unsigned is;
};

enum {
	HANDLE = 1,     /* takes a handle */
	NAME = 2,       /* takes a checkpoint's name */
	DATASET = 4,    /* takes a dataset */
	NEEDS_CKPT = 8, /* is an error without the checkpoint */
	NEEDS_DS = 16,  /* is an error without the dataset */
	NOT_ZERO = 32   /* is an error with dataset 0 */
};

static struct pack text = {.data = "text", .size = 4};
static ClUint32T dataset = DS;

static ClRcT library_initialize(ClCkptSvcHdlT h, ClNameT *name)
{
	(void)name;
	return clCkptLibraryInitialize(&h);
}

static ClRcT library_finalize(ClCkptSvcHdlT h, ClNameT *name)
{
	(void)name;
	return clCkptLibraryFinalize(h);
}

static ClRcT dataset_create(ClCkptSvcHdlT h, ClNameT *name)
{
	return clCkptLibraryCkptDataSetCreate(h, name, dataset, 1, 2, pack_dataset, unpack_dataset);
}

static ClRcT dataset_delete(ClCkptSvcHdlT h, ClNameT *name)
{
	return clCkptLibraryCkptDataSetDelete(h, name, dataset);
}

static ClRcT dataset_write(ClCkptSvcHdlT h, ClNameT *name)
{
	return clCkptLibraryCkptDataSetWrite(h, name, dataset, cookie_of(&text));
}

static ClRcT dataset_read(ClCkptSvcHdlT h, ClNameT *name)
{
	static struct unpacked u;

	return clCkptLibraryCkptDataSetRead(h, name, dataset, cookie_of(&u));
}

static ClRcT does_ckpt_exist(ClCkptSvcHdlT h, ClNameT *name)
{
	ClBoolT exists;

	return clCkptLibraryDoesCkptExist(h, name, &exists);
}

static ClRcT does_dataset_exist(ClCkptSvcHdlT h, ClNameT *name)
{
	ClBoolT exists;

	return clCkptLibraryDoesDatasetExist(h, name, dataset, &exists);
}

static ClRcT element_create(ClCkptSvcHdlT h, ClNameT *name)
{
	return clCkptLibraryCkptElementCreate(h, name, dataset, pack_element, unpack_element);
}

static ClRcT element_write(ClCkptSvcHdlT h, ClNameT *name)
{
	char id[] = "e";

	return clCkptLibraryCkptElementWrite(h, name, dataset, id, 1, cookie_of(&text));
}

static ClRcT element_delete(ClCkptSvcHdlT h, ClNameT *name)
{
	char id[] = "e";

	return clCkptLibraryCkptElementDelete(h, name, dataset, id, 1);
}

static const struct function functions[] = {
	{"LibraryInitialize", library_initialize, 0},
	{"LibraryFinalize", library_finalize, HANDLE},
	{"LibraryCkptCreate", clCkptLibraryCkptCreate, HANDLE | NAME},
	{"LibraryCkptDelete", clCkptLibraryCkptDelete, HANDLE | NAME | NEEDS_CKPT},
	{"LibraryCkptDataSetCreate", dataset_create, HANDLE | NAME | DATASET | NOT_ZERO | NEEDS_CKPT},
	{"LibraryCkptDataSetDelete", dataset_delete, HANDLE | NAME | DATASET | NOT_ZERO | NEEDS_CKPT | NEEDS_DS},
	{"LibraryCkptDataSetWrite", dataset_write, HANDLE | NAME | DATASET | NOT_ZERO | NEEDS_CKPT | NEEDS_DS},
	{"LibraryCkptDataSetRead", dataset_read, HANDLE | NAME | DATASET | NOT_ZERO | NEEDS_CKPT | NEEDS_DS},
	{"LibraryDoesCkptExist", does_ckpt_exist, HANDLE | NAME},
	{"LibraryDoesDatasetExist", does_dataset_exist, HANDLE | NAME | DATASET},
	{"LibraryCkptElementCreate", element_create, HANDLE | NAME | DATASET | NOT_ZERO | NEEDS_CKPT | NEEDS_DS},
	{"LibraryCkptElementWrite", element_write, HANDLE | NAME | DATASET | NOT_ZERO | NEEDS_CKPT | NEEDS_DS},
	{"LibraryCkptElementDelete", element_delete, HANDLE | NAME | DATASET | NOT_ZERO | NEEDS_CKPT | NEEDS_DS},
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static struct fixture filled(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "dataset"));
	OK(put_element(&f, DS, "e", "element"));
	return f;
}

static void unharmed(struct fixture *f)
{
	CONTENTS(f, DS, "e:element dataset");
}

static void succeeds(const struct function *function)
{
	struct fixture f = filled();

	OK(function->call(f.h, &f.name));
}

static void invalid_handle(const struct function *function)
{
	struct fixture f = filled();
	ClCkptSvcHdlT gone = initialized();
	const ClCkptSvcHdlT wrong[] = {0, 1, 0xdeadbeef, (ClCkptSvcHdlT)-1, f.h + 1, f.h ^ ((ClCkptSvcHdlT)1 << 63),
				       (ClCkptSvcHdlT)(uintptr_t)&f, gone};

	OK(clCkptLibraryFinalize(gone));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		EXPECT(function->call(wrong[i], &f.name), CL_CKPT_ERR_INVALID_HANDLE);
	unharmed(&f);
}

static void null_name(const struct function *function)
{
	struct fixture f = filled();

	EXPECT(function->call(f.h, NULL), CL_CKPT_ERR_NULL_POINTER);
	unharmed(&f);
}

/* A length of 0 or beyond the array is no name. */
static void bad_name(const struct function *function)
{
	static const ClUint16T lengths[] = {0, CL_MAX_NAME_LENGTH + 1, 65535};
	struct fixture f = filled();
	ClNameT name = f.name;

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		name.length = lengths[i];
		EXPECT(function->call(f.h, &name), CL_CKPT_ERR_INVALID_PARAMETER);
	}
	unharmed(&f);
}

static void dataset_zero(const struct function *function)
{
	struct fixture f = filled();

	dataset = 0;
	EXPECT(function->call(f.h, &f.name), CL_CKPT_ERR_INVALID_PARAMETER);
	unharmed(&f);
}

/* Of several errors the first of NULL_POINTER, INVALID_PARAMETER, INVALID_HANDLE. */
static void order(const struct function *function)
{
	struct fixture f = filled();
	ClNameT bad = {0};

	EXPECT(function->call(0, NULL), CL_CKPT_ERR_NULL_POINTER);
	EXPECT(function->call(0, &bad), CL_CKPT_ERR_INVALID_PARAMETER);
	bad = named("unknown");
	EXPECT(function->call(0, &bad), CL_CKPT_ERR_INVALID_HANDLE);
	unharmed(&f);
}

/* The same before the engine is loaded. */
static void order_unloaded(const struct function *function)
{
	ClNameT bad = {0}, good = named("checkpoint");

	EXPECT(function->call(0, NULL), CL_CKPT_ERR_NULL_POINTER);
	EXPECT(function->call(0, &bad), CL_CKPT_ERR_INVALID_PARAMETER);
	EXPECT(function->call(0, &good), CL_CKPT_ERR_INVALID_HANDLE);
	EXPECT(function->call(77, &good), CL_CKPT_ERR_INVALID_HANDLE);
}

static void unknown_checkpoint(const struct function *function)
{
	struct fixture f = filled();
	struct fixture other = {f.h, named("other")};

	EXPECT(function->call(f.h, &other.name), CL_CKPT_ERR_NOT_EXIST);
	CHECK(!checkpoint_exists(&other));
	unharmed(&f);
}

static void deleted_checkpoint(const struct function *function)
{
	struct fixture f = filled();

	OK(clCkptLibraryCkptDelete(f.h, &f.name));
	EXPECT(function->call(f.h, &f.name), CL_CKPT_ERR_NOT_EXIST);
	CHECK(!checkpoint_exists(&f));
}

static void unknown_dataset(const struct function *function)
{
	struct fixture f = filled();

	dataset = DS + 1;
	EXPECT(function->call(f.h, &f.name), CL_CKPT_ERR_NOT_EXIST);
	CHECK(!dataset_exists(&f, DS + 1));
	unharmed(&f);
}

static void deleted_dataset(const struct function *function)
{
	struct fixture f = filled();

	OK(clCkptLibraryCkptDataSetDelete(f.h, &f.name, DS));
	EXPECT(function->call(f.h, &f.name), CL_CKPT_ERR_NOT_EXIST);
	CHECK(!dataset_exists(&f, DS));
}

#if !SANITIZED

/* Whichever allocation of the library fails, the call says so or does without, and nothing else changes. */
static void no_memory(const struct function *function)
{
	unsigned made;

	for (unsigned k = 1; k < 100; k++) {
		struct fixture f = filled();
		ClRcT rc;

		memory_fail(k);
		rc = function->call(f.h, &f.name);
		made = memory_allocations();
		if (made < k) {
			OK(rc);
			return;
		}
		if (rc == CL_OK)
			continue;
		EXPECT(rc, CL_CKPT_ERR_NO_MEMORY);
		unharmed(&f);
		OK(function->call(f.h, &f.name));
		clCkptLibraryFinalize(f.h);
		f.h = initialized();
		clCkptLibraryCkptDelete(f.h, &f.name);
	}
	CHECK(!"every call allocates without end");
}

#endif

static ClRcT status_of(pid_t pid)
{
	int status = 0;

	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		fprintf(stderr, "the child was killed by signal %d\n", WTERMSIG(status));
	CHECK(WIFEXITED(status));
	return (ClRcT)WEXITSTATUS(status);
}

/* In a forked child the engine is gone: the call says so at once, and the parent's handle and data are untouched. */
static void forked(const struct function *function)
{
	enum { PROMPT_S = 5 };
	struct fixture f = filled();
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		alarm(PROMPT_S);
		EXPECT(function->call(f.h, &f.name), CL_CKPT_ERR_UNSPECIFIED);
		EXPECT(function->call(f.h, &f.name), CL_CKPT_ERR_UNSPECIFIED);
		_exit(0);
	}
	CHECK(status_of(pid) == 0);
	unharmed(&f);
	OK(put(&f, DS, "again"));
	CONTENTS(&f, DS, "e:element again");
}

static const struct condition {
	const char *name;
	void (*run)(const struct function *function);
	unsigned of; /* of functions with all these bits */
} conditions[] = {
	{"OK", succeeds, 0},
	{"INVALID_HANDLE", invalid_handle, HANDLE},
	{"NULL_POINTER-name", null_name, NAME},
	{"INVALID_PARAMETER-name", bad_name, NAME},
	{"INVALID_PARAMETER-dataset", dataset_zero, NOT_ZERO},
	{"order-of-checks", order, NAME},
	{"order-of-checks-unloaded", order_unloaded, NAME},
#if !SANITIZED
	{"NO_MEMORY-allocation", no_memory, 0},
#endif
	{"NOT_EXIST-checkpoint", unknown_checkpoint, NEEDS_CKPT},
	{"NOT_EXIST-deleted-checkpoint", deleted_checkpoint, NEEDS_CKPT},
	{"NOT_EXIST-dataset", unknown_dataset, NEEDS_DS},
	{"NOT_EXIST-deleted-dataset", deleted_dataset, NEEDS_DS},
	{"UNSPECIFIED-forked", forked, 0},
};

enum { CONDITIONS = sizeof conditions / sizeof *conditions };

static void test_name(char *text_out, size_t size, const struct function *f, const struct condition *c)
{
	snprintf(text_out, size, "%s/%s", f->name, c->name);
}

void function_tests_list(void)
{
	for (int f = 0; f < FUNCTIONS; f++)
		for (int c = 0; c < CONDITIONS; c++) {
			char name[128];

			if ((functions[f].is & conditions[c].of) != conditions[c].of)
				continue;
			test_name(name, sizeof name, &functions[f], &conditions[c]);
			puts(name);
		}
}

bool function_test_run(const char *wanted)
{
	for (int f = 0; f < FUNCTIONS; f++)
		for (int c = 0; c < CONDITIONS; c++) {
			char name[128];

			test_name(name, sizeof name, &functions[f], &conditions[c]);
			if (strcmp(name, wanted) != 0)
				continue;
			conditions[c].run(&functions[f]);
			return true;
		}
	return false;
}
