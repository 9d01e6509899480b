/*
 * bench-dataset: how long it takes to write and read a dataset, and how long the same takes with the C API of the same
 * SQLite. Needs no service.
 *
 *   bench-dataset [--quick | --seconds S] [--dir DIRECTORY]
 *
 * S: how long each row is measured, default 0.5. DIRECTORY: where databases are made and removed, default the present one;
 * on tmpfs FULL costs nothing, and shows nothing.
 *
 * CSV in the form of bench: operation dataset_write or sqlite_write, dataset_read or sqlite_read; flags FULL (a write is on
 * disk when it returns) or NORMAL. Both of a pair are measured in turns within one run, a few calls each, so that
 * whatever else the machine does meets both. What was written is read back and compared, outside the measured time.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "subject.h"

enum {
	SAMPLES_MAX = 200000, /* of one subject in one row; the row ends earlier then */
	TURN_CALLS = 8,       /* of one subject before the other one's turn */
	WARM_UP_TURNS = 2,    /* not measured */
	SIZE_MAX_BYTES = 65536
};

static const size_t sizes[] = {64, 65536};

void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench-dataset: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct row {
	const struct subject *subject;
	uint64_t ns[SAMPLES_MAX];
	size_t samples;
	uint64_t busy_ns;
};

static unsigned char data[SIZE_MAX_BYTES], back[SIZE_MAX_BYTES];

/* Each call writes other bytes, at both ends at least. */
static void stamp(size_t size)
{
	static uint64_t sequence;

	sequence++;
	memcpy(data, &sequence, sizeof sequence);
	memcpy(data + size - sizeof sequence, &sequence, sizeof sequence);
}

static void compare(const struct subject *s, uint32_t number, size_t size)
{
	memset(back, 0, size);
	if (s->read(number, back) != size || memcmp(back, data, size) != 0)
		fail(s->name, "what was read is not what was written");
}

static void measure(struct row *row, int writes, size_t size, int warm_up)
{
	const struct subject *s = row->subject;
	uint32_t number = 1;

	for (int call = 0; call < TURN_CALLS && row->samples < SAMPLES_MAX; call++) {
		uint64_t start, stop;

		number = 1 + (uint32_t)call % RECORDS;
		if (writes)
			stamp(size);
		else
			memset(back, 0, sizeof(uint64_t));
		start = now_ns();
		if (writes)
			s->write(number, data, size);
		else
			s->read(number, back);
		stop = now_ns();
		if (warm_up)
			continue;
		row->ns[row->samples++] = stop - start;
		row->busy_ns += stop - start;
	}
	if (writes)
		compare(s, number, size);
}

static int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print(struct row *r, const char *operation, const char *flags, size_t size)
{
	size_t n = r->samples;

	qsort(r->ns, n, sizeof *r->ns, compare_ns);
	printf("%s_%s,%s,%zu,1,%zu,%.2f,%.2f,%.2f,%.2f,%.0f\n", r->subject->name, operation, flags, size, n,
	       (double)r->ns[0] / 1e3, (double)r->ns[n / 2] / 1e3, (double)r->ns[n * 99 / 100] / 1e3, (double)r->ns[n - 1] / 1e3,
	       (double)n * 1e9 / (double)r->busy_ns);
}

static void run_pair(int writes, const char *flags, size_t size, uint64_t duration_ns)
{
	static struct row rows[2];
	uint64_t end = 0;
	int turn;

	rows[0].subject = &library;
	rows[1].subject = &plain;
	for (int i = 0; i < 2; i++)
		rows[i].samples = rows[i].busy_ns = 0;
	stamp(size);
	for (uint32_t number = 1; number <= RECORDS; number++)
		for (int i = 0; i < 2; i++) {
			rows[i].subject->write(number, data, size);
			compare(rows[i].subject, number, size);
		}
	for (turn = 0; turn <= WARM_UP_TURNS || now_ns() < end; turn++) {
		int first = turn % 2;

		if (turn == WARM_UP_TURNS)
			end = now_ns() + 2 * duration_ns;
		measure(&rows[first], writes, size, turn < WARM_UP_TURNS);
		measure(&rows[!first], writes, size, turn < WARM_UP_TURNS);
		if (rows[0].samples >= SAMPLES_MAX || rows[1].samples >= SAMPLES_MAX)
			break;
	}
	for (int i = 0; i < 2; i++)
		print(&rows[i], writes ? "write" : "read", flags, size);
	fflush(stdout);
}

/* In a process of its own: how a library syncs is decided when it is first used. */
static void run_mode(const char *directory, int full, uint64_t duration_ns)
{
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i * 7);
	library.open(directory, SIZE_MAX_BYTES, full);
	plain.open(directory, SIZE_MAX_BYTES, full);
	for (int writes = 1; writes >= 0; writes--)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			run_pair(writes, full ? "FULL" : "NORMAL", sizes[i], duration_ns);
	library.close();
	plain.close();
}

static void remove_directory(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		char file[8192];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		if (unlink(file) != 0)
			remove_directory(file);
	}
	closedir(d);
	rmdir(path);
}

static int run_in_child(const char *base, int full, uint64_t duration_ns)
{
	char real[PATH_MAX], directory[PATH_MAX + 32];
	int status = 0;
	pid_t pid;

	if (realpath(base, real) == NULL)
		fail(base, strerror(errno));
	snprintf(directory, sizeof directory, "%s/bench-dataset-XXXXXX", real);
	if (mkdtemp(directory) == NULL)
		fail(directory, strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail("fork", strerror(errno));
	if (pid == 0) {
		run_mode(directory, full, duration_ns);
		exit(EXIT_SUCCESS);
	}
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid", strerror(errno));
	remove_directory(directory);
	return status == 0;
}

int main(int argc, char **argv)
{
	const char *base = ".";
	double seconds = 0.5;
	int good = 1;

	for (int i = 1; i < argc; i++) {
		char *end = "";

		if (strcmp(argv[i], "--quick") == 0)
			seconds = 0.05;
		else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
			seconds = strtod(argv[++i], &end);
		else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
			base = argv[++i];
		else
			seconds = 0;
		if (*end != '\0' || !(seconds > 0 && seconds <= 3600)) {
			fprintf(stderr, "usage: %s [--quick | --seconds S] [--dir DIRECTORY]   (S: of each row, up to 3600)\n", argv[0]);
			return EXIT_FAILURE;
		}
	}
	printf("operation,flags,size,processes,n,min_us,p50_us,p99_us,max_us,ops_per_s\n");
	for (int full = 1; full >= 0; full--)
		good &= run_in_child(base, full, (uint64_t)(seconds * 1e9));
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
