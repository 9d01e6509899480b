/* clCkptLibraryCkptCreate, clCkptLibraryCkptDelete, clCkptLibraryDoesCkptExist. */
#include "harness.h"

/* Creating what exists keeps its data. */
static void create_again(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "data"));
	OK(put_element(&f, DS, "e", "element"));
	OK(clCkptLibraryCkptCreate(f.h, &f.name));
	CHECK(dataset_exists(&f, DS));
	CONTENTS(&f, DS, "e:element data");
}

static void deleted_with_all(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "data"));
	OK(put_element(&f, DS, "e", "element"));
	OK(clCkptLibraryCkptDelete(f.h, &f.name));
	CHECK(!checkpoint_exists(&f) && !dataset_exists(&f, DS));
	OK(clCkptLibraryCkptCreate(f.h, &f.name));
	CHECK(checkpoint_exists(&f) && !dataset_exists(&f, DS));
	EXPECT(put(&f, DS, "x"), CL_CKPT_ERR_NOT_EXIST);
	f = ready_on(f.h, "checkpoint");
	CONTENTS(&f, DS, "0x160004");
}

static void deleted_alone(void)
{
	ClCkptSvcHdlT h = initialized();
	struct fixture a = ready_on(h, "a"), b = ready_on(h, "b");

	OK(put(&a, DS, "of a"));
	OK(put(&b, DS, "of b"));
	OK(clCkptLibraryCkptDelete(h, &a.name));
	CHECK(!checkpoint_exists(&a) && checkpoint_exists(&b));
	CONTENTS(&b, DS, "of b");
}

/* A handle of the process that has the checkpoint in use finds it gone, and does not bring it back. */
static void deleted_through_other_handle(void)
{
	struct fixture f = ready(), g = ready();

	OK(put(&f, DS, "data"));
	CONTENTS(&g, DS, "data");
	OK(clCkptLibraryCkptDelete(f.h, &f.name));
	EXPECT(put(&g, DS, "more"), CL_CKPT_ERR_NOT_EXIST);
	CONTENTS(&g, DS, "0x160004");
	CHECK(!checkpoint_exists(&g));
}

/* Made anew by one handle, the checkpoint holds nothing of the old one for another. */
static void made_anew(void)
{
	struct fixture f = ready(), g = ready();

	OK(put(&g, DS, "old"));
	OK(clCkptLibraryCkptDelete(f.h, &f.name));
	f = ready_on(f.h, "checkpoint");
	OK(put(&f, DS, "new"));
	g = ready_on(g.h, "checkpoint");
	CONTENTS(&g, DS, "new");
}

static void exist_null(void)
{
	struct fixture f = ready();

	EXPECT(clCkptLibraryDoesCkptExist(f.h, &f.name, NULL), CL_CKPT_ERR_NULL_POINTER);
}

static void exist_answers(void)
{
	struct fixture f = ready(), no = {f.h, named("no")};

	CHECK(checkpoint_exists(&f) && !checkpoint_exists(&no));
	CHECK(!checkpoint_exists(&no)); /* asking makes nothing */
}

/* More checkpoints at a time than a process keeps open. */
static void many(void)
{
	enum { MANY = 150 };
	ClCkptSvcHdlT h = initialized();
	char text[32];

	for (int i = 0; i < MANY; i++) {
		struct fixture f;

		sprintf(text, "number %d", i);
		f = ready_on(h, text);
		OK(put(&f, DS, text));
	}
	for (int i = 0; i < MANY; i++) {
		struct fixture f;

		sprintf(text, "number %d", i);
		f = (struct fixture){h, named(text)};
		CONTENTS(&f, DS, text);
		OK(put_element(&f, DS, "e", "more"));
	}
}

const struct test checkpoint_tests[] = {
	{"LibraryCkptCreate/again-keeps-data", create_again},
	{"LibraryCkptCreate/many", many},
	{"LibraryCkptDelete/deletes-all", deleted_with_all},
	{"LibraryCkptDelete/deletes-no-other", deleted_alone},
	{"LibraryCkptDelete/for-all-handles", deleted_through_other_handle},
	{"LibraryCkptDelete/made-anew", made_anew},
	{"LibraryDoesCkptExist/NULL_POINTER-result", exist_null},
	{"LibraryDoesCkptExist/answers", exist_answers},
	{NULL, NULL},
};
