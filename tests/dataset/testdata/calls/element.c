/* clCkptLibraryCkptElementCreate, -Write, -Delete. */
#include "harness.h"

/* An element record holding data is written with any id. */
static ClRcT write_id(struct fixture *f, const void *id, ClUint32T length, const char *data)
{
	struct pack p = {.data = data, .size = (ClUint32T)strlen(data)};

	return clCkptLibraryCkptElementWrite(f->h, &f->name, DS, (ClPtrT)(uintptr_t)id, length, cookie_of(&p));
}

static ClRcT delete_id(struct fixture *f, const void *id, ClUint32T length)
{
	return clCkptLibraryCkptElementDelete(f->h, &f->name, DS, (ClPtrT)(uintptr_t)id, length);
}

static void write_empty_id(void)
{
	struct fixture f = ready();

	EXPECT(write_id(&f, "e", 0, "data"), CL_CKPT_ERR_INVALID_PARAMETER);
	CONTENTS(&f, DS, "0x160004");
}

static void write_null_id(void)
{
	struct fixture f = ready();

	EXPECT(write_id(&f, NULL, 1, "data"), CL_CKPT_ERR_NULL_POINTER);
	CONTENTS(&f, DS, "0x160004");
}

static void delete_empty_id(void)
{
	struct fixture f = ready();

	OK(write_id(&f, "e", 1, "data"));
	EXPECT(delete_id(&f, "e", 0), CL_CKPT_ERR_INVALID_PARAMETER);
	CONTENTS(&f, DS, "e:data");
}

static void delete_null_id(void)
{
	struct fixture f = ready();

	OK(write_id(&f, "e", 1, "data"));
	EXPECT(delete_id(&f, NULL, 1), CL_CKPT_ERR_NULL_POINTER);
	CONTENTS(&f, DS, "e:data");
}

static void delete_missing(void)
{
	struct fixture f = ready();

	OK(write_id(&f, "e", 1, "data"));
	EXPECT(delete_id(&f, "f", 1), CL_CKPT_ERR_NOT_EXIST);
	EXPECT(delete_id(&f, "ee", 2), CL_CKPT_ERR_NOT_EXIST);
	OK(delete_id(&f, "e", 1));
	EXPECT(delete_id(&f, "e", 1), CL_CKPT_ERR_NOT_EXIST);
	CONTENTS(&f, DS, "0x160004");
}

/* A dataset created here, but not its elements' functions. */
static void unregistered_write(void)
{
	struct fixture f = {initialized(), named("checkpoint")};

	OK(clCkptLibraryCkptCreate(f.h, &f.name));
	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS, 0, 0, pack_dataset, unpack_dataset));
	EXPECT(write_id(&f, "e", 1, "data"), CL_CKPT_ERR_NULL_POINTER);
	CONTENTS(&f, DS, "0x160004");
}

static void unregistered_read(void)
{
	struct fixture f = ready(), g = {initialized(), f.name};
	struct unpacked u = {0};

	OK(write_id(&f, "e", 1, "data"));
	OK(clCkptLibraryCkptDataSetCreate(g.h, &g.name, DS, 0, 0, pack_dataset, unpack_dataset));
	EXPECT(clCkptLibraryCkptDataSetRead(g.h, &g.name, DS, cookie_of(&u)), CL_CKPT_ERR_NULL_POINTER);
	CHECK(u.count == 0);
}

/* Ids are bytes: of one length or another, with any content. */
static void any_id(void)
{
	static unsigned char large[65536];
	struct fixture f = ready();

	memset(large, 0xff, sizeof large);
	OK(write_id(&f, "\0", 1, "1"));
	OK(write_id(&f, "\0\0", 2, "2"));
	OK(write_id(&f, "a\0b", 3, "3"));
	OK(write_id(&f, "a\0c", 3, "4"));
	OK(write_id(&f, "a", 1, "5"));
	OK(write_id(&f, large, sizeof large, "6"));
	OK(write_id(&f, large, sizeof large - 1, "7"));
	CONTENTS(&f, DS, "e:1 e:2 e:3 e:4 e:5 e:6 e:7");
	OK(delete_id(&f, "a\0b", 3));
	OK(delete_id(&f, "\0", 1));
	OK(delete_id(&f, large, sizeof large));
	CONTENTS(&f, DS, "e:2 e:4 e:5 e:7");
}

/* The same id again replaces, in its place. */
static void same_id_again(void)
{
	struct fixture f = ready();

	OK(put_element(&f, DS, "a", "1"));
	OK(put_element(&f, DS, "b", "2"));
	OK(put_element(&f, DS, "c", "3"));
	OK(put_element(&f, DS, "a", "one, and longer than before"));
	OK(put_element(&f, DS, "b", ""));
	CONTENTS(&f, DS, "e:one, and longer than before e: e:3");
}

/* The order is that of the first writing, whatever the ids sort like; an element that was deleted comes anew. */
static void order(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "data"));
	OK(put_element(&f, DS, "z", "1"));
	OK(put_element(&f, DS, "a", "2"));
	OK(put_element(&f, DS, "m", "3"));
	CONTENTS(&f, DS, "e:1 e:2 e:3 data");
	OK(put(&f, DS, "data again"));
	OK(put_element(&f, DS, "z", "1 again"));
	CONTENTS(&f, DS, "e:1 again e:2 e:3 data again");
	OK(delete_id(&f, "z", 1));
	OK(put_element(&f, DS, "z", "4"));
	CONTENTS(&f, DS, "e:2 e:3 e:4 data again");
	OK(delete_id(&f, "z", 1)); /* also the last one's place is not given to the next */
	OK(put_element(&f, DS, "y", "5"));
	OK(put_element(&f, DS, "z", "6"));
	CONTENTS(&f, DS, "e:2 e:3 e:5 e:6 data again");
}

/* Elements belong to their dataset. */
static void of_its_dataset(void)
{
	struct fixture f = ready();

	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS + 1, 0, 0, pack_dataset, unpack_dataset));
	OK(clCkptLibraryCkptElementCreate(f.h, &f.name, DS + 1, pack_element, unpack_element));
	OK(put_element(&f, DS, "e", "of one"));
	OK(put_element(&f, DS + 1, "e", "of the other"));
	CONTENTS(&f, DS, "e:of one");
	CONTENTS(&f, DS + 1, "e:of the other");
	OK(delete_id(&f, "e", 1));
	CONTENTS(&f, DS, "0x160004");
	CONTENTS(&f, DS + 1, "e:of the other");
}

/* Created again: one pair of functions a dataset, the last one. */
static void create_again(void)
{
	struct fixture f = ready();

	OK(put_element(&f, DS, "e", "data"));
	OK(clCkptLibraryCkptElementCreate(f.h, &f.name, DS, pack_element, unpack_dataset));
	CONTENTS(&f, DS, "data");
	OK(put_element(&f, DS, "f", "more"));
	CONTENTS(&f, DS, "data more");
}

static void many(void)
{
	enum { MANY = 1000 };
	struct fixture f = ready();
	struct unpacked u = {0};
	char id[16];

	for (int i = 0; i < MANY; i++) {
		sprintf(id, "%d", i);
		OK(put_element(&f, DS, id, id));
	}
	OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u)));
	CHECK(u.count == MANY);
	for (int i = MANY - 10; i < MANY; i++) {
		sprintf(id, "%d", i);
		CHECK(strcmp((char *)u.records[i % RECORDS_MAX].data, id) == 0);
	}
	unpacked_clear(&u);
}

const struct test element_tests[] = {
	{"LibraryCkptElementWrite/INVALID_PARAMETER-empty-id", write_empty_id},
	{"LibraryCkptElementWrite/NULL_POINTER-id", write_null_id},
	{"LibraryCkptElementWrite/NULL_POINTER-unregistered", unregistered_write},
	{"LibraryCkptElementWrite/any-id", any_id},
	{"LibraryCkptElementWrite/same-id-again", same_id_again},
	{"LibraryCkptElementWrite/order", order},
	{"LibraryCkptElementWrite/of-its-dataset", of_its_dataset},
	{"LibraryCkptElementWrite/many", many},
	{"LibraryCkptElementCreate/again", create_again},
	{"LibraryCkptElementDelete/INVALID_PARAMETER-empty-id", delete_empty_id},
	{"LibraryCkptElementDelete/NULL_POINTER-id", delete_null_id},
	{"LibraryCkptElementDelete/NOT_EXIST", delete_missing},
	{"LibraryCkptDataSetRead/NULL_POINTER-unregistered-elements", unregistered_read},
	{NULL, NULL},
};
