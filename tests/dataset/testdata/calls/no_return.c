/* Serializers and deserializers that never return: by longjmp, or as their thread ends. */
#include <pthread.h>
#include <setjmp.h>
#include <time.h>

#include "harness.h"

static jmp_buf out;

static void leap(void *argument)
{
	(void)argument;
	longjmp(out, 1);
}

enum { LEAPS = 200, WAL_MAX = 16 << 20 };

/* Size of the largest file in the data directory. */
static off_t largest_file(void)
{
	char command[512], line[64];
	FILE *p;
	off_t largest;

	snprintf(command, sizeof command, "find '%s' -type f -printf '%%s\\n' | sort -n | tail -1", getenv("CKPT_DATA_DIR"));
	p = popen(command, "r");
	CHECK(p != NULL && fgets(line, sizeof line, p) != NULL);
	largest = atoll(line);
	CHECK(pclose(p) == 0);
	return largest;
}

/* After many leaps all functions work, and no transaction was left open: the log is written back as ever. */
static void usable_and_bounded(struct fixture *f)
{
	static char data[65536];
	struct pack p = {.data = data, .size = sizeof data, .how = OWN};

	OK(put(f, DS, "after"));
	CONTENTS(f, DS, "e:1 e:2 after");
	for (int i = 0; i < 600; i++) {
		memset(data, i, sizeof data);
		OK(clCkptLibraryCkptDataSetWrite(f->h, &f->name, DS, cookie_of(&p)));
	}
	CHECK(largest_file() < WAL_MAX);
	OK(clCkptLibraryCkptElementDelete(f->h, &f->name, DS, (ClPtrT)(uintptr_t)"a", 1));
	OK(clCkptLibraryCkptDataSetDelete(f->h, &f->name, DS));
	OK(clCkptLibraryCkptDelete(f->h, &f->name));
	OK(clCkptLibraryFinalize(f->h));
}

static struct fixture with_elements(void)
{
	struct fixture f = ready();

	OK(put(&f, DS, "data"));
	OK(put_element(&f, DS, "a", "1"));
	OK(put_element(&f, DS, "b", "2"));
	return f;
}

static void leap_out_of_read(void)
{
	static struct fixture f;
	static struct unpacked u;
	static volatile int leaps;

	f = with_elements();
	u.hook = leap;
	for (leaps = 0; leaps < LEAPS; leaps++)
		if (setjmp(out) == 0) {
			clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u));
			CHECK(!"the deserializer returned");
		}
	usable_and_bounded(&f);
}

static void leap_out_of_write(void)
{
	static struct fixture f;
	static struct pack p = {.data = "lost", .size = 4, .hook = leap};
	static volatile int leaps;

	f = with_elements();
	for (leaps = 0; leaps < LEAPS; leaps++)
		if (setjmp(out) == 0) {
			clCkptLibraryCkptDataSetWrite(f.h, &f.name, DS, cookie_of(&p));
			CHECK(!"the serializer returned");
		}
	CONTENTS(&f, DS, "e:1 e:2 data");
	usable_and_bounded(&f);
}

static void end_thread(void *argument)
{
	(void)argument;
	pthread_exit(NULL);
}

static void *read_and_end(void *argument)
{
	static struct unpacked u = {.hook = end_thread};
	struct fixture *f = argument;

	clCkptLibraryCkptDataSetRead(f->h, &f->name, DS, cookie_of(&u));
	CHECK(!"the deserializer returned");
	return NULL;
}

static void *write_and_end(void *argument)
{
	static struct pack p = {.data = "lost", .size = 4, .hook = end_thread};
	struct fixture *f = argument;

	clCkptLibraryCkptDataSetWrite(f->h, &f->name, DS, cookie_of(&p));
	CHECK(!"the serializer returned");
	return NULL;
}

static void thread_ends(void *(*start)(void *))
{
	struct fixture f = with_elements();

	for (int i = 0; i < LEAPS; i++) {
		pthread_t thread;
		struct timespec end;

		CHECK(pthread_create(&thread, NULL, start, &f) == 0);
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += PATIENCE_S;
		CHECK(pthread_timedjoin_np(thread, NULL, &end) == 0);
	}
	CONTENTS(&f, DS, "e:1 e:2 data");
	usable_and_bounded(&f);
}

static void thread_ends_in_read(void)
{
	thread_ends(read_and_end);
}

static void thread_ends_in_write(void)
{
	thread_ends(write_and_end);
}

const struct test no_return_tests[] = {
	{"callback/longjmp-out-of-read", leap_out_of_read},
	{"callback/longjmp-out-of-write", leap_out_of_write},
	{"callback/thread-ends-in-read", thread_ends_in_read},
	{"callback/thread-ends-in-write", thread_ends_in_write},
	{NULL, NULL},
};
