/* Names of checkpoints: 1 to 256 bytes, of any value but NUL, one checkpoint each. */
#include "harness.h"

static ClNameT bytes(const void *value, size_t length)
{
	ClNameT name;

	memset(&name, 0, sizeof name);
	name.length = (ClUint16T)length;
	memcpy(name.value, value, length);
	return name;
}

/* Writes each name's own text under it, then looks that all are there. */
static void all_differ(const ClNameT *names, int count)
{
	ClCkptSvcHdlT h = initialized();
	char text[32];

	for (int i = 0; i < count; i++) {
		struct fixture f = {h, names[i]};

		CHECK(!checkpoint_exists(&f));
		OK(clCkptLibraryCkptCreate(h, &f.name));
		OK(clCkptLibraryCkptDataSetCreate(h, &f.name, DS, 0, 0, pack_dataset, unpack_dataset));
		sprintf(text, "text %d", i);
		OK(put(&f, DS, text));
	}
	for (int i = 0; i < count; i++) {
		struct fixture f = {h, names[i]};

		sprintf(text, "text %d", i);
		CONTENTS(&f, DS, text);
	}
	for (int i = 0; i < count; i++) {
		struct fixture f = {h, names[i]};

		OK(clCkptLibraryCkptDelete(h, &f.name));
		CHECK(!checkpoint_exists(&f));
		if (i + 1 < count) {
			struct fixture next = {h, names[i + 1]};

			CHECK(checkpoint_exists(&next));
		}
	}
}

static void texts(void)
{
	static const char *const text[] = {
		"a", "A", "a b", " a", "a ", "a/b", "/a", "a/", "/", "//", ".", "..", "../a", "../../etc/a", "./a",
		"a.db", "a.db-wal", "a.db-shm", "a-journal", "-a", "%", "%2f", "a%2fb", "a%2Fb", "a_b", "a\\b", "a:b",
		"a?mode=ro", "file:a", ":memory:", "a#b", "a'b", "a\"b", "a;b", "a*b", "a\nb", "a\tb", "a\x7f", "a\xff",
		"\xc3\xa4", "\xe4", "$HOME", "~", "safCkpt=a,o=b", "|", "&", "con",
	};
	ClNameT names[sizeof text / sizeof *text];

	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		names[i] = bytes(text[i], strlen(text[i]));
	all_differ(names, (int)(sizeof text / sizeof *text));
}

/* Of 256 bytes, which differ in the last one alone; of any byte, each of which takes the most room in a file's name. */
static void longest(void)
{
	ClNameT names[8];
	char value[CL_MAX_NAME_LENGTH];
	int n = 0;

	memset(value, 'n', sizeof value);
	names[n++] = bytes(value, sizeof value);
	names[n++] = bytes(value, sizeof value - 1);
	value[sizeof value - 1] = 'm';
	names[n++] = bytes(value, sizeof value);
	memset(value, '/', sizeof value);
	names[n++] = bytes(value, sizeof value);
	names[n++] = bytes(value, sizeof value - 1);
	value[sizeof value - 1] = 'm';
	names[n++] = bytes(value, sizeof value);
	memset(value, 0xfe, sizeof value);
	names[n++] = bytes(value, sizeof value);
	value[0] = 'm';
	names[n++] = bytes(value, sizeof value);
	all_differ(names, n);
}

static void each_byte(void)
{
	ClNameT names[255];

	for (int b = 1; b < 256; b++) {
		char value = (char)b;

		names[b - 1] = bytes(&value, 1);
	}
	all_differ(names, 255);
}

/* Bytes of the array beyond the length do not matter. */
static void beyond_length(void)
{
	struct fixture f = ready();
	ClNameT name = f.name;

	memset(name.value + name.length, 'x', sizeof name.value - name.length);
	OK(put(&f, DS, "data"));
	f.name = name;
	CHECK(checkpoint_exists(&f));
	CONTENTS(&f, DS, "data");
}

/* A name ends at its first NUL, as clients count that in or not. */
static void ends_at_nul(void)
{
	struct fixture f = ready_on(initialized(), "name");
	struct fixture counted = {f.h, bytes("name\0", 5)}, more = {f.h, bytes("name\0and more", 13)};
	struct fixture full = {f.h, {.length = CL_MAX_NAME_LENGTH, .value = "name"}};
	ClNameT empty = bytes("\0name", 5);

	OK(put(&f, DS, "data"));
	CONTENTS(&counted, DS, "data");
	CONTENTS(&more, DS, "data");
	OK(put(&full, DS, "new"));
	CONTENTS(&f, DS, "new");
	EXPECT(clCkptLibraryCkptCreate(f.h, &empty), CL_CKPT_ERR_INVALID_PARAMETER);
	OK(clCkptLibraryCkptDelete(f.h, &counted.name));
	CHECK(!checkpoint_exists(&f));
}

const struct test name_tests[] = {
	{"names/texts", texts},
	{"names/longest", longest},
	{"names/each-byte", each_byte},
	{"names/beyond-length", beyond_length},
	{"names/end-at-NUL", ends_at_nul},
	{NULL, NULL},
};
