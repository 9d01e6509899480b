/* What serializers are given and may give back. */
#include "harness.h"
#include "heap.h"

enum { LARGE = 1 << 20, ROUNDS = 100, LEAK_MAX = 8 << 20 };

static unsigned char *pattern(ClUint32T size)
{
	unsigned char *data = malloc((size_t)size + 1);

	CHECK(data != NULL);
	for (ClUint32T i = 0; i < size; i++)
		data[i] = (unsigned char)(i * 7 + i / 251);
	return data;
}

static ClRcT write_as(struct fixture *f, struct pack *p, bool element)
{
	char id[] = "e";

	if (element)
		return clCkptLibraryCkptElementWrite(f->h, &f->name, DS, id, 1, cookie_of(p));
	return clCkptLibraryCkptDataSetWrite(f->h, &f->name, DS, cookie_of(p));
}

/* The one record of the dataset is this. */
static void holds(struct fixture *f, bool element, const void *data, ClUint32T size)
{
	struct unpacked u = {0};

	OK(clCkptLibraryCkptDataSetRead(f->h, &f->name, DS, cookie_of(&u)));
	CHECK(u.count == 1 && u.records[0].element == element && u.records[0].ds == DS && u.records[0].size == size);
	CHECK(size == 0 || memcmp(u.records[0].data, data, size) == 0);
	unpacked_clear(&u);
}

/* Runs a test for the dataset's record and for an element. */
static void both(void (*run)(struct fixture *f, bool element))
{
	for (int element = 0; element < 2; element++) {
		struct fixture f = ready_on(initialized(), element ? "elements" : "datasets");

		run(&f, element);
	}
}

static void arguments(struct fixture *f, bool element)
{
	struct pack p = {.data = "data", .size = 4};

	OK(write_as(f, &p, element));
	CHECK(p.calls == 1 && p.ds == DS && p.offered == OFFERED_BYTES && p.buffer_offered == (OFFERED_BYTES > 0));
	OK(write_as(f, &p, element)); /* the same the second time */
	CHECK(p.calls == 2 && p.ds == DS && p.offered == OFFERED_BYTES && p.buffer_offered == (OFFERED_BYTES > 0));
	holds(f, element, "data", 4);
}

static void own_block(struct fixture *f, bool element)
{
	struct pack p = {.data = "own block", .size = 9, .how = OWN};

	OK(write_as(f, &p, element));
	holds(f, element, "own block", 9);
}

static void sizes(struct fixture *f, bool element)
{
	static const ClUint32T size[] = {1, 4095, 4096, 4097, 65535, 65536, 65537, LARGE, 16 << 20, 0, 3};

	for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
		unsigned char *data = pattern(size[i]);
		struct pack p = {.data = data, .size = size[i], .how = OWN};

		OK(write_as(f, &p, element));
		holds(f, element, data, size[i]);
		free(data);
	}
}

static void empty(struct fixture *f, bool element)
{
	struct pack p = {.data = "", .size = 0};

	OK(write_as(f, &p, element));
	holds(f, element, "", 0);
}

/* Everything a record can be made of: all byte values, no byte more, no byte less. */
static void any_bytes(struct fixture *f, bool element)
{
	unsigned char data[512];
	struct pack p = {.data = data, .size = sizeof data};

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)i;
	OK(write_as(f, &p, element));
	holds(f, element, data, sizeof data);
}

static void no_buffer(struct fixture *f, bool element)
{
	static const ClUint32T size[] = {0, 10};
	struct pack good = {.data = "before", .size = 6};

	OK(write_as(f, &good, element));
	for (int i = 0; i < 2; i++) {
		struct pack p = {.size = size[i], .how = NO_BUFFER};

		EXPECT(write_as(f, &p, element), CL_CKPT_ERR_NOT_EXIST);
		holds(f, element, "before", 6);
	}
}

static void no_buffer_first(struct fixture *f, bool element)
{
	struct pack p = {.how = NO_BUFFER};

	EXPECT(write_as(f, &p, element), CL_CKPT_ERR_NOT_EXIST);
	CONTENTS(f, DS, "0x160004");
}

/* A serializer's code comes back as it is, and nothing is stored, whatever it did before. */
static void error_verbatim(struct fixture *f, bool element)
{
	static const ClRcT codes[] = {1, 0x160004, 0x160016, 0x7fffffff, 0x80000000, 0xffffffff};
	static const enum how hows[] = {USUAL, OWN, LEAVE, NO_BUFFER};
	struct pack good = {.data = "before", .size = 6};

	OK(write_as(f, &good, element));
	for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
		for (size_t h = 0; h < sizeof hows / sizeof *hows; h++) {
			struct pack p = {.data = "after", .size = 5, .how = hows[h], .rc = codes[c]};

			EXPECT(write_as(f, &p, element), codes[c]);
			CHECK(p.calls == 1);
			holds(f, element, "before", 6);
		}
}

static void error_first(struct fixture *f, bool element)
{
	struct pack p = {.data = "data", .size = 4, .rc = 0x123456};

	EXPECT(write_as(f, &p, element), 0x123456);
	CONTENTS(f, DS, "0x160004");
}

static void freed(struct fixture *f, bool element)
{
	unsigned char *data = pattern(LARGE / 4);
	struct pack p = {.data = data, .size = LARGE / 4, .how = OWN};
	size_t before;

	OK(write_as(f, &p, element));
	before = heap_bytes();
	for (int i = 0; i < ROUNDS; i++)
		OK(write_as(f, &p, element));
	CHECK(heap_bytes() < before + LEAK_MAX);
	free(data);
}

/* The block is the library's also if the serializer fails. */
static void freed_on_error(struct fixture *f, bool element)
{
	unsigned char *data = pattern(LARGE);
	struct pack p = {.data = data, .size = LARGE, .how = OWN, .rc = 5};
	size_t before = heap_bytes();

	for (int i = 0; i < ROUNDS; i++)
		EXPECT(write_as(f, &p, element), 5);
	CHECK(heap_bytes() < before + LEAK_MAX);
	free(data);
}

/* malloc is as good as clHeapAllocate: clHeapFree releases both. */
static ClRcT pack_malloc(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, cookie_t cookie)
{
	(void)ds;
	(void)cookie;
	*buffer = malloc(6);
	CHECK(*buffer != NULL);
	memcpy(*buffer, "malloc", 6);
	*size = 6;
	return CL_OK;
}

static void from_malloc(void)
{
	struct fixture f = ready();

	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS, 0, 0, pack_malloc, unpack_dataset));
	for (int i = 0; i < ROUNDS; i++)
		OK(put(&f, DS, "ignored"));
	CONTENTS(&f, DS, "malloc");
}

#if OFFERED_BYTES > 0

static void whole_buffer(struct fixture *f, bool element)
{
	unsigned char *data = pattern(OFFERED_BYTES);
	struct pack p = {.data = data, .size = OFFERED_BYTES};

	OK(write_as(f, &p, element));
	holds(f, element, data, OFFERED_BYTES);
	free(data);
}

/* A length that the offered buffer cannot have. */
static void too_long(struct fixture *f, bool element)
{
	static const ClUint32T size[] = {OFFERED_BYTES + 1, LARGE, 0x7fffffff, 0x80000000u, 0xffffffffu};
	struct pack good = {.data = "before", .size = 6};

	OK(write_as(f, &good, element));
	for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
		struct pack p = {.size = size[i], .only_length = true};

		EXPECT(write_as(f, &p, element), CL_CKPT_ERR_INVALID_PARAMETER);
		holds(f, element, "before", 6);
	}
}

/* A serializer that touches nothing leaves the capacity as the length: a whole buffer of what the library put there. What
 * is stored is nothing of an earlier record. */
static void untouched(struct fixture *f, bool element)
{
	unsigned char *data = pattern(OFFERED_BYTES);
	struct pack secret = {.data = data, .size = OFFERED_BYTES};
	struct pack p = {.how = LEAVE};
	struct unpacked u = {0};

	OK(write_as(f, &secret, element));
	OK(write_as(f, &p, element));
	OK(clCkptLibraryCkptDataSetRead(f->h, &f->name, DS, cookie_of(&u)));
	CHECK(u.count == 1 && u.records[0].size == OFFERED_BYTES);
	for (ClUint32T i = 0; i < OFFERED_BYTES; i++)
		CHECK(u.records[0].data[i] == 0);
	unpacked_clear(&u);
	free(data);
}

#else

/* A serializer that touches nothing has left the buffer NULL. */
static void untouched(struct fixture *f, bool element)
{
	struct pack p = {.how = LEAVE};

	EXPECT(write_as(f, &p, element), CL_CKPT_ERR_NOT_EXIST);
	CONTENTS(f, DS, "0x160004");
}

#endif

#define BOTH(function) static void function##_of_both(void) { both(function); }

BOTH(arguments)
BOTH(own_block)
BOTH(sizes)
BOTH(empty)
BOTH(any_bytes)
BOTH(no_buffer)
BOTH(no_buffer_first)
BOTH(error_verbatim)
BOTH(error_first)
BOTH(freed)
BOTH(freed_on_error)
BOTH(untouched)
#if OFFERED_BYTES > 0
BOTH(whole_buffer)
BOTH(too_long)
#endif

const struct test buffer_tests[] = {
	{"serializer/arguments", arguments_of_both},
	{"serializer/own-block", own_block_of_both},
	{"serializer/sizes", sizes_of_both},
	{"serializer/empty", empty_of_both},
	{"serializer/any-bytes", any_bytes_of_both},
	{"serializer/NOT_EXIST-NULL", no_buffer_of_both},
	{"serializer/NOT_EXIST-NULL-first", no_buffer_first_of_both},
	{"serializer/error-verbatim", error_verbatim_of_both},
	{"serializer/error-first", error_first_of_both},
	{"serializer/block-freed", freed_of_both},
	{"serializer/block-freed-on-error", freed_on_error_of_both},
	{"serializer/block-of-malloc", from_malloc},
	{"serializer/touches-nothing", untouched_of_both},
#if OFFERED_BYTES > 0
	{"serializer/whole-buffer", whole_buffer_of_both},
	{"serializer/INVALID_PARAMETER-length", too_long_of_both},
#endif
	{NULL, NULL},
};
