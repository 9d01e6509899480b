/*
 * snapshot write | snapshot read COUNT: a writer raises elements "a" and "b" and the dataset's record, in this order, for
 * ever from one number to the next; a reader whose deserializers take their time sees them as they were at one moment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

enum { DS = 1 };

static ClCkptSvcHdlT h;
static ClNameT name = {8, "snapshot"};

static void must(ClRcT rc, const char *what)
{
	if (rc == CL_OK)
		return;
	fprintf(stderr, "snapshot: %s: 0x%x\n", what, (unsigned)rc);
	exit(1);
}

static void write_for_ever(void)
{
	for (uint64_t k = 1;; k++) {
		struct pack p = {.data = &k, .size = sizeof k, .how = OWN};
		char a = 'a', b = 'b';

		must(clCkptLibraryCkptElementWrite(h, &name, DS, &a, 1, cookie_of(&p)), "ElementWrite");
		must(clCkptLibraryCkptElementWrite(h, &name, DS, &b, 1, cookie_of(&p)), "ElementWrite");
		must(clCkptLibraryCkptDataSetWrite(h, &name, DS, cookie_of(&p)), "DataSetWrite");
		if (k == 1) {
			puts("ready");
			fflush(stdout);
		}
	}
}

/* Long enough that the writer gets on meanwhile. */
static void take_time(void *unused)
{
	struct timespec t = {0, 2000000};

	(void)unused;
	nanosleep(&t, NULL);
}

static int read_times(int count)
{
	struct unpacked u = {.hook = take_time};
	uint64_t v[3], last = 0, advanced = 0;

	for (int i = 0; i < count; i++) {
		must(clCkptLibraryCkptDataSetRead(h, &name, DS, cookie_of(&u)), "DataSetRead");
		if (u.count != 3) {
			fprintf(stderr, "snapshot: %u records\n", u.count);
			return 1;
		}
		for (int r = 0; r < 3; r++)
			memcpy(&v[r], u.records[r].data, sizeof v[r]);
		if (v[0] < v[1] || v[1] < v[2] || v[0] > v[2] + 1 || v[2] < last) {
			fprintf(stderr, "snapshot: read %d is of several moments: %llu %llu %llu, before %llu\n", i,
				(unsigned long long)v[0], (unsigned long long)v[1], (unsigned long long)v[2],
				(unsigned long long)last);
			return 1;
		}
		advanced += v[2] - last;
		last = v[2];
		unpacked_clear(&u);
	}
	printf("%llu\n", (unsigned long long)advanced);
	return 0;
}

int main(int argc, char **argv)
{
	must(clCkptLibraryInitialize(&h), "Initialize");
	must(clCkptLibraryCkptCreate(h, &name), "CkptCreate");
	must(clCkptLibraryCkptDataSetCreate(h, &name, DS, 0, 0, pack_dataset, unpack_dataset), "DataSetCreate");
	must(clCkptLibraryCkptElementCreate(h, &name, DS, pack_element, unpack_element), "ElementCreate");
	if (argc == 3 && strcmp(argv[1], "read") == 0)
		return read_times(atoi(argv[2]));
	if (argc == 2 && strcmp(argv[1], "write") == 0)
		write_for_ever();
	return 2;
}
