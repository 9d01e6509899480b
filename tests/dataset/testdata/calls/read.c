/* clCkptLibraryCkptDataSetRead: what is delivered, in which order, and how a deserializer ends it. */
#include "harness.h"

static struct fixture three_and_data(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "data"));
	OK(put_element(&f, DS, "z", "1"));
	OK(put_element(&f, DS, "y", "2"));
	OK(put_element(&f, DS, "x", "3"));
	return f;
}

/* Every element, then the dataset's own record, though that was written first. */
static void all(void)
{
	struct fixture f = three_and_data();

	CONTENTS(&f, DS, "e:1 e:2 e:3 data");
	CONTENTS(&f, DS, "e:1 e:2 e:3 data");
}

static void elements_only(void)
{
	struct fixture f = ready();

	OK(put_element(&f, DS, "a", "1"));
	OK(put_element(&f, DS, "b", "2"));
	CONTENTS(&f, DS, "e:1 e:2");
}

/* The deserializer's error ends the read and is its result, wherever it comes. */
static void error_stops(void)
{
	static const ClRcT codes[] = {1, 0x160004, 0x160016, 0xffffffff};
	struct fixture f = three_and_data();

	for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
		for (unsigned at = 1; at <= 4; at++) {
			struct unpacked u = {.fail_at = at, .rc = codes[c]};

			EXPECT(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u)), codes[c]);
			CHECK(u.count == at);
			unpacked_clear(&u);
		}
	CONTENTS(&f, DS, "e:1 e:2 e:3 data");
	OK(put(&f, DS, "more"));
}

static void alone(void)
{
	struct fixture f = ready();

	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS + 1, 0, 0, pack_dataset, unpack_dataset));
	OK(put(&f, DS, "one"));
	OK(put(&f, DS + 1, "two"));
	CONTENTS(&f, DS, "one");
	CONTENTS(&f, DS + 1, "two");
}


/* The buffer belongs to the library, but a deserializer may write into it: nothing stored changes. */
#if OFFERED_BYTES > 0
static ClRcT spoil(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, ClHandleT cookie)
{
	(void)ds;
	(void)cookie;
	memset(*buffer, '#', *size);
	*buffer = NULL; /* nor does what it does to its arguments matter */
	*size = 0xffffffff;
	return CL_OK;
}
#else
static ClRcT spoil(ClUint32T ds, ClAddrT buffer, ClUint32T size, ClPtrT cookie)
{
	(void)ds;
	(void)cookie;
	memset(buffer, '#', size);
	return CL_OK;
}
#endif

static void spoiled(void)
{
	struct fixture f = three_and_data();

	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS, 0, 0, pack_dataset, spoil));
	OK(clCkptLibraryCkptElementCreate(f.h, &f.name, DS, pack_element, spoil));
	for (int i = 0; i < 3; i++)
		OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(NULL)));
	f = ready_on(f.h, "checkpoint");
	CONTENTS(&f, DS, "e:1 e:2 e:3 data");
}

/* A cookie is passed as it is. */
static ClUint64T seen[2];

static ClRcT note_pack(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, cookie_t cookie)
{
	(void)ds;
	seen[0] = (ClUint64T)(uintptr_t)from_cookie(cookie);
	if (*buffer == NULL)
		*buffer = clHeapAllocate(1);
	**buffer = 'x';
	*size = 1;
	return CL_OK;
}

#if OFFERED_BYTES > 0
static ClRcT note_unpack(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, cookie_t cookie)
#else
static ClRcT note_unpack(ClUint32T ds, ClAddrT buffer, ClUint32T size, cookie_t cookie)
#endif
{
	(void)ds;
	(void)buffer;
	(void)size;
	seen[1] = (ClUint64T)(uintptr_t)from_cookie(cookie);
	return CL_OK;
}

static void cookies(void)
{
	static const ClUint64T values[] = {0, 1, 0xffffffffu, 0x0123456789abcdefu, 0xffffffffffffffffu};
	struct fixture f = ready();

	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS, 0, 0, note_pack, note_unpack));
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		seen[0] = seen[1] = 77;
		OK(clCkptLibraryCkptDataSetWrite(f.h, &f.name, DS, (cookie_t)values[i]));
		OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, (cookie_t)values[i]));
		CHECK(seen[0] == values[i] && seen[1] == values[i]);
	}
}

const struct test read_tests[] = {
	{"LibraryCkptDataSetRead/all", all},
	{"LibraryCkptDataSetRead/elements-only", elements_only},
	{"LibraryCkptDataSetRead/its-dataset-alone", alone},
	{"deserializer/error-stops", error_stops},
	{"deserializer/spoils-its-buffer", spoiled},
	{"deserializer/cookie", cookies},
	{NULL, NULL},
};
