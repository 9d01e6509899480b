/* calls --list | calls NAME: tests of the library-based functions, one a process. */
#include "harness.h"

static const struct test *const tables[] = {
	library_tests, checkpoint_tests, dataset_tests, buffer_tests, element_tests,
	read_tests, callback_tests, no_return_tests, name_tests, thread_tests,
};

enum { TABLES = sizeof tables / sizeof *tables };

ClNameT named(const char *text)
{
	ClNameT name;

	memset(&name, 0, sizeof name);
	name.length = (ClUint16T)strlen(text);
	memcpy(name.value, text, name.length);
	return name;
}

ClCkptSvcHdlT initialized(void)
{
	ClCkptSvcHdlT h = 0;

	OK(clCkptLibraryInitialize(&h));
	return h;
}

struct fixture ready_on(ClCkptSvcHdlT h, const char *name)
{
	struct fixture f = {h, named(name)};

	OK(clCkptLibraryCkptCreate(f.h, &f.name));
	OK(clCkptLibraryCkptDataSetCreate(f.h, &f.name, DS, 0, 0, pack_dataset, unpack_dataset));
	OK(clCkptLibraryCkptElementCreate(f.h, &f.name, DS, pack_element, unpack_element));
	return f;
}

struct fixture ready(void)
{
	return ready_on(initialized(), "checkpoint");
}

ClRcT put(struct fixture *f, ClUint32T ds, const char *data)
{
	struct pack p = {.data = data, .size = (ClUint32T)strlen(data)};

	return clCkptLibraryCkptDataSetWrite(f->h, &f->name, ds, cookie_of(&p));
}

ClRcT put_element(struct fixture *f, ClUint32T ds, const char *id, const char *data)
{
	struct pack p = {.data = data, .size = (ClUint32T)strlen(data)};

	return clCkptLibraryCkptElementWrite(f->h, &f->name, ds, (ClPtrT)(size_t)id, (ClUint32T)strlen(id), cookie_of(&p));
}

const char *contents(struct fixture *f, ClUint32T ds)
{
	static char text[4096];
	struct unpacked u = {0};
	ClRcT rc = clCkptLibraryCkptDataSetRead(f->h, &f->name, ds, cookie_of(&u));
	size_t used = 0;

	text[0] = '\0';
	CHECK(u.count <= RECORDS_MAX);
	for (unsigned i = 0; i < u.count; i++) {
		const struct record *r = &u.records[i];

		CHECK(r->ds == ds && used + r->size + 4 < sizeof text);
		used += (size_t)sprintf(text + used, "%s%s%s", i > 0 ? " " : "", r->element ? "e:" : "", (char *)r->data);
	}
	if (rc != CL_OK)
		sprintf(text + used, "%s0x%x", u.count > 0 ? " " : "", (unsigned)rc);
	unpacked_clear(&u);
	return text;
}

bool checkpoint_exists(struct fixture *f)
{
	ClBoolT exists = 99;

	OK(clCkptLibraryDoesCkptExist(f->h, &f->name, &exists));
	CHECK(exists == CL_TRUE || exists == CL_FALSE);
	return exists == CL_TRUE;
}

bool dataset_exists(struct fixture *f, ClUint32T ds)
{
	ClBoolT exists = 99;

	OK(clCkptLibraryDoesDatasetExist(f->h, &f->name, ds, &exists));
	CHECK(exists == CL_TRUE || exists == CL_FALSE);
	return exists == CL_TRUE;
}

static void list(void)
{
	for (int i = 0; i < TABLES; i++)
		for (const struct test *t = tables[i]; t->name != NULL; t++)
			puts(t->name);
	function_tests_list();
}

static bool run(const char *name)
{
	for (int i = 0; i < TABLES; i++)
		for (const struct test *t = tables[i]; t->name != NULL; t++)
			if (strcmp(t->name, name) == 0) {
				t->run();
				return true;
			}
	return function_test_run(name);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		list();
		return 0;
	}
	if (argc != 2 || !run(argv[1])) {
		fprintf(stderr, "usage: %s --list | NAME\n", argv[0]);
		return 2;
	}
	return 0;
}
