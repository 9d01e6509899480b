/* clCkptLibraryCkptDataSetCreate, -Delete, -Write, clCkptLibraryDoesDatasetExist. */
#include "harness.h"

/* Group and order are kept for nothing; the largest id is one as well. */
static void create_any(void)
{
	struct fixture f = ready();
	const ClUint32T ids[] = {1, 0x80000000u, 0xffffffffu};

	for (int i = 0; i < 3; i++) {
		OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, ids[i], 0xffffffffu, 0xffffffffu, pack_dataset, unpack_dataset));
		CHECK(dataset_exists(&f, ids[i]));
		OK(put(&f, ids[i], "some"));
		CONTENTS(&f, ids[i], "some");
	}
	CONTENTS(&f, DS, "0x160004");
}

static ClRcT other_pack(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, cookie_t cookie)
{
	(void)cookie;
	(void)ds;
	if (*buffer == NULL)
		*buffer = clHeapAllocate(5);
	memcpy(*buffer, "other", 5);
	*size = 5;
	return CL_OK;
}

/* Created again, a dataset keeps its data and gets the new functions. */
static void create_again(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "data"));
	OK(put_element(&f, DS, "e", "element"));
	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS, 0, 0, other_pack, unpack_dataset));
	CONTENTS(&f, DS, "e:element data");
	OK(put(&f, DS, "ignored"));
	CONTENTS(&f, DS, "e:element other");
}

/* The functions are those of the handle that gave them. */
static void functions_of_the_handle(void)
{
	struct fixture f = ready(), g = ready();

	OK(clCkptLibraryCkptDataSetCreate(g.h, &g.name, DS, 0, 0, other_pack, unpack_dataset));
	OK(put(&f, DS, "mine"));
	CONTENTS(&g, DS, "mine");
	OK(put(&g, DS, "ignored"));
	CONTENTS(&f, DS, "other");
}

static void deleted_with_elements(void)
{
	struct fixture f = ready();

	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS + 1, 0, 0, pack_dataset, unpack_dataset));
	OK(put(&f, DS + 1, "another"));
	OK(put(&f, DS, "data"));
	OK(put_element(&f, DS, "e", "element"));
	OK(clCkptLibraryCkptDataSetDelete(f.h, &f.name, DS));
	CHECK(!dataset_exists(&f, DS) && dataset_exists(&f, DS + 1));
	CONTENTS(&f, DS + 1, "another");
	f = ready_on(f.h, "checkpoint");
	CONTENTS(&f, DS, "0x160004"); /* nothing of the old one is in the new one */
}

static void unregistered_write(void)
{
	struct fixture f = ready(), g = {initialized(), f.name};

	EXPECT(put(&g, DS, "data"), CL_CKPT_ERR_NULL_POINTER);
	CONTENTS(&f, DS, "0x160004");
}

static void unregistered_read(void)
{
	struct fixture f = ready(), g = {initialized(), f.name};

	OK(put(&f, DS, "data"));
	CONTENTS(&g, DS, "0x160003");
}

static void replaced(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "a longer text than the next"));
	OK(put(&f, DS, "short"));
	CONTENTS(&f, DS, "short");
	OK(put(&f, DS, "a longer one again"));
	CONTENTS(&f, DS, "a longer one again");
}

static void exist_null(void)
{
	struct fixture f = ready();

	EXPECT(clCkptLibraryDoesDatasetExist(f.h, &f.name, DS, NULL), CL_CKPT_ERR_NULL_POINTER);
}

static void exist_answers(void)
{
	struct fixture f = ready(), no = {f.h, named("no")};

	CHECK(dataset_exists(&f, DS) && !dataset_exists(&f, DS + 1) && !dataset_exists(&f, 0));
	CHECK(!dataset_exists(&no, DS) && !checkpoint_exists(&no));
}

/* An existing dataset never written: there is nothing to read. */
static void never_written(void)
{
	struct fixture f = ready();

	CHECK(dataset_exists(&f, DS));
	CONTENTS(&f, DS, "0x160004");
}

const struct test dataset_tests[] = {
	{"LibraryCkptDataSetCreate/any-id", create_any},
	{"LibraryCkptDataSetCreate/again", create_again},
	{"LibraryCkptDataSetCreate/functions-of-the-handle", functions_of_the_handle},
	{"LibraryCkptDataSetDelete/with-elements", deleted_with_elements},
	{"LibraryCkptDataSetWrite/NULL_POINTER-unregistered", unregistered_write},
	{"LibraryCkptDataSetWrite/replaces", replaced},
	{"LibraryCkptDataSetRead/NULL_POINTER-unregistered", unregistered_read},
	{"LibraryCkptDataSetRead/NOT_EXIST-never-written", never_written},
	{"LibraryDoesDatasetExist/NULL_POINTER-result", exist_null},
	{"LibraryDoesDatasetExist/answers", exist_answers},
	{NULL, NULL},
};
