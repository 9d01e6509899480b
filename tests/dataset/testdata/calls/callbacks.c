/* Serializers and deserializers that call the library, or take long. */
#include <pthread.h>
#include <time.h>

#include "harness.h"

/* ---- calls from inside ---- */

static void reenter(void *argument)
{
	struct fixture *f = argument;
	struct fixture other = ready_on(f->h, "other");

	OK(put(&other, DS, "from inside"));
	OK(put_element(&other, DS, "e", "element"));
	CONTENTS(&other, DS, "e:element from inside");
	OK(clCkptLibraryCkptElementDelete(other.h, &other.name, DS, (ClPtrT)(uintptr_t)"e", 1));
	OK(clCkptLibraryCkptDataSetDelete(other.h, &other.name, DS));
	OK(clCkptLibraryCkptDelete(other.h, &other.name));
}

static void other_checkpoint(void)
{
	struct fixture f = ready();
	struct pack p = {.data = "data", .size = 4, .hook = reenter, .argument = &f};
	struct unpacked u = {.hook = reenter, .argument = &f};

	OK(clCkptLibraryCkptDataSetWrite(f.h, &f.name, DS, cookie_of(&p)));
	OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u)));
	CHECK(p.calls == 1 && u.count == 1);
	unpacked_clear(&u);
	CONTENTS(&f, DS, "data");
}

/* The same dataset is written and read inside: the outer write comes last. */
static void write_same(void *argument)
{
	struct fixture *f = argument;

	OK(put(f, DS, "inner"));
	OK(put_element(f, DS, "e", "inner element"));
	CONTENTS(f, DS, "e:inner element inner");
}

static void same_dataset_write(void)
{
	struct fixture f = ready();
	struct pack p = {.data = "outer", .size = 5, .hook = write_same, .argument = &f};

	OK(clCkptLibraryCkptDataSetWrite(f.h, &f.name, DS, cookie_of(&p)));
	CONTENTS(&f, DS, "e:inner element outer");
}

/* A read delivers what was there when it began, whatever its deserializers write. */
static void write_more(void *argument)
{
	struct fixture *f = argument;

	OK(put(f, DS, "written inside"));
	OK(put_element(f, DS, "a", "changed"));
	OK(put_element(f, DS, "z", "added"));
}

static void same_dataset_read(void)
{
	struct fixture f = ready();
	struct unpacked u = {.hook = write_more, .argument = &f};

	OK(put_element(&f, DS, "a", "1"));
	OK(put_element(&f, DS, "b", "2"));
	OK(put(&f, DS, "data"));
	OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u)));
	CHECK(u.count == 3);
	CHECK(strcmp((char *)u.records[0].data, "1") == 0 && strcmp((char *)u.records[1].data, "2") == 0);
	CHECK(strcmp((char *)u.records[2].data, "data") == 0);
	unpacked_clear(&u);
	CONTENTS(&f, DS, "e:changed e:2 e:added written inside");
}

/* The checkpoint, the dataset or the handle goes away inside: the call ends with a code, and what is gone stays gone. */
static void delete_checkpoint(void *argument)
{
	struct fixture *f = argument;

	OK(clCkptLibraryCkptDelete(f->h, &f->name));
}

static void deleted_inside_write(void)
{
	struct fixture f = ready();
	struct pack p = {.data = "data", .size = 4, .hook = delete_checkpoint, .argument = &f};

	EXPECT(clCkptLibraryCkptDataSetWrite(f.h, &f.name, DS, cookie_of(&p)), CL_CKPT_ERR_NOT_EXIST);
	CHECK(!checkpoint_exists(&f));
}

static void delete_dataset(void *argument)
{
	struct fixture *f = argument;

	OK(clCkptLibraryCkptDataSetDelete(f->h, &f->name, DS));
}

static void dataset_deleted_inside_write(void)
{
	struct fixture f = ready();
	struct pack p = {.data = "data", .size = 4, .hook = delete_dataset, .argument = &f};

	EXPECT(clCkptLibraryCkptDataSetWrite(f.h, &f.name, DS, cookie_of(&p)), CL_CKPT_ERR_NOT_EXIST);
	CHECK(!dataset_exists(&f, DS));
	f = ready_on(f.h, "checkpoint");
	CONTENTS(&f, DS, "0x160004");
}

static void deleted_inside_read(void)
{
	struct fixture f = ready();
	struct unpacked u = {.hook = delete_checkpoint, .argument = &f};

	OK(put(&f, DS, "data"));
	OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u)));
	CHECK(u.count == 1 && strcmp((char *)u.records[0].data, "data") == 0);
	unpacked_clear(&u);
	CHECK(!checkpoint_exists(&f));
}

static void finalize(void *argument)
{
	struct fixture *f = argument;

	OK(clCkptLibraryFinalize(f->h));
}

static void finalized_inside(void)
{
	struct fixture f = ready();
	struct pack p = {.data = "data", .size = 4, .hook = finalize, .argument = &f};
	struct unpacked u = {.hook = finalize, .argument = &f};
	ClRcT rc = clCkptLibraryCkptDataSetWrite(f.h, &f.name, DS, cookie_of(&p));

	CHECK(p.calls == 1);
	EXPECT(clCkptLibraryFinalize(f.h), CL_CKPT_ERR_INVALID_HANDLE);
	f = ready();
	CONTENTS(&f, DS, rc == CL_OK ? "data" : "0x160004"); /* done or not, but as it was said */
	OK(put(&f, DS, "more"));
	OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u)));
	CHECK(u.count == 1);
	unpacked_clear(&u);
	EXPECT(clCkptLibraryFinalize(f.h), CL_CKPT_ERR_INVALID_HANDLE);
}

/* Nested calls, each inside a callback of the last. */
struct nest {
	struct fixture *f;
	int depth;
};

static void nested(void *argument)
{
	struct nest *n = argument, next = {n->f, n->depth - 1};
	struct unpacked u = {.hook = nested, .argument = &next};
	struct pack p = {.data = "data", .size = 4, .hook = nested, .argument = &next};

	if (n->depth == 0)
		return;
	OK(clCkptLibraryCkptDataSetRead(n->f->h, &n->f->name, DS, cookie_of(&u)));
	CHECK(u.count == 1);
	OK(clCkptLibraryCkptDataSetWrite(n->f->h, &n->f->name, DS, cookie_of(&p)));
	unpacked_clear(&u);
}

static void nesting(void)
{
	struct fixture f = ready();
	struct nest n = {&f, 5};

	OK(put(&f, DS, "data"));
	nested(&n);
	CONTENTS(&f, DS, "data");
}

/* ---- another thread meanwhile ---- */

struct meanwhile {
	struct fixture f;
	pthread_t thread;
};

static void *work(void *argument)
{
	struct fixture *f = argument;

	for (int i = 0; i < 5; i++) {
		struct pack p = {.data = "thread", .size = 6};
		struct unpacked u = {0};
		ClBoolT exists;

		OK(clCkptLibraryCkptDataSetWrite(f->h, &f->name, DS, cookie_of(&p)));
		OK(clCkptLibraryCkptDataSetRead(f->h, &f->name, DS, cookie_of(&u)));
		CHECK(u.count == 1);
		OK(clCkptLibraryDoesDatasetExist(f->h, &f->name, DS, &exists));
		OK(clCkptLibraryCkptDataSetCreate(f->h, &f->name, DS + 1, 0, 0, pack_dataset, unpack_dataset));
		unpacked_clear(&u);
	}
	return NULL;
}

/* Returns only when another thread has used the same handle, checkpoint and dataset. */
static void wait_for_other(void *argument)
{
	struct meanwhile *m = argument;
	struct timespec end;

	CHECK(pthread_create(&m->thread, NULL, work, &m->f) == 0);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	CHECK(pthread_timedjoin_np(m->thread, NULL, &end) == 0);
}

static void other_thread_in_write(void)
{
	struct meanwhile m = {.f = ready()};
	struct pack p = {.data = "outer", .size = 5, .hook = wait_for_other, .argument = &m};

	OK(clCkptLibraryCkptDataSetWrite(m.f.h, &m.f.name, DS, cookie_of(&p)));
	CONTENTS(&m.f, DS, "outer");
}

static void other_thread_in_read(void)
{
	struct meanwhile m = {.f = ready()};
	struct unpacked u = {.hook = wait_for_other, .argument = &m};

	OK(put(&m.f, DS, "data"));
	OK(clCkptLibraryCkptDataSetRead(m.f.h, &m.f.name, DS, cookie_of(&u)));
	CHECK(u.count == 1 && strcmp((char *)u.records[0].data, "data") == 0);
	unpacked_clear(&u);
	CONTENTS(&m.f, DS, "thread");
}

const struct test callback_tests[] = {
	{"callback/other-checkpoint", other_checkpoint},
	{"callback/same-dataset-in-write", same_dataset_write},
	{"callback/same-dataset-in-read", same_dataset_read},
	{"callback/checkpoint-deleted-in-write", deleted_inside_write},
	{"callback/checkpoint-deleted-in-read", deleted_inside_read},
	{"callback/dataset-deleted-in-write", dataset_deleted_inside_write},
	{"callback/finalized-inside", finalized_inside},
	{"callback/nesting", nesting},
	{"callback/other-thread-in-write", other_thread_in_write},
	{"callback/other-thread-in-read", other_thread_in_read},
	{NULL, NULL},
};
