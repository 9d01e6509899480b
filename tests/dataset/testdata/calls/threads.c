/* Many threads on one handle, and on handles of their own. */
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "harness.h"

enum { THREADS = 8, CALLS = 60, SMALL_STACK = 64 << 10 };

struct worker {
	struct fixture f;
	int index;
};

static void *work(void *argument)
{
	struct worker *w = argument;
	ClUint32T own = 100 + (ClUint32T)w->index;
	struct unpacked *u = calloc(1, sizeof *u);
	char text[32], id[16];

	CHECK(u != NULL);
	OK(clCkptLibraryCkptDataSetCreate(w->f.h, &w->f.name, own, 0, 0, pack_dataset, unpack_dataset));
	for (int i = 0; i < CALLS; i++) {
		sprintf(text, "%d of %d", i, w->index);
		OK(put(&w->f, own, text));
		OK(clCkptLibraryCkptDataSetRead(w->f.h, &w->f.name, own, cookie_of(u)));
		CHECK(u->count == 1 && strcmp((char *)u->records[0].data, text) == 0);
		unpacked_clear(u);
		sprintf(id, "t%d", w->index);
		OK(put_element(&w->f, DS, id, text)); /* a dataset of all, an element each */
	}
	free(u);
	return NULL;
}

static void together(bool own_handles, size_t stack)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	struct fixture f = ready();
	struct unpacked u = {0};
	pthread_attr_t a;

	CHECK(pthread_attr_init(&a) == 0 && (stack == 0 || pthread_attr_setstacksize(&a, stack) == 0));
	for (int i = 0; i < THREADS; i++) {
		workers[i].f = own_handles ? ready() : f;
		workers[i].index = i;
		CHECK(pthread_create(&threads[i], &a, work, &workers[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	OK(clCkptLibraryCkptDataSetRead(f.h, &f.name, DS, cookie_of(&u)));
	CHECK(u.count == THREADS);
	unpacked_clear(&u);
}

static void one_handle(void)
{
	together(false, 0);
}

static void handle_each(void)
{
	together(true, 0);
}

static void small_stacks(void)
{
	together(false, SMALL_STACK);
}

/* Threads that take a handle away under others that use it: they get the code for that, and no more. */
static void *use_until_gone(void *argument)
{
	struct worker *w = argument;
	ClRcT rc;

	do
		rc = put(&w->f, DS, "data");
	while (rc == CL_OK);
	EXPECT(rc, CL_CKPT_ERR_INVALID_HANDLE);
	return NULL;
}

static void finalized_in_use(void)
{
	for (int round = 0; round < 10; round++) {
		struct worker workers[THREADS];
		pthread_t threads[THREADS];
		struct fixture f = ready();
		struct timespec t = {0, 2000000L * (round + 1)};

		for (int i = 0; i < THREADS; i++) {
			workers[i].f = f;
			CHECK(pthread_create(&threads[i], NULL, use_until_gone, &workers[i]) == 0);
		}
		nanosleep(&t, NULL); /* so that the calls are at different places each round; nothing depends on it */
		OK(clCkptLibraryFinalize(f.h));
		for (int i = 0; i < THREADS; i++)
			CHECK(pthread_join(threads[i], NULL) == 0);
	}
}

/* Signals, with and without a flag to restart calls, disturb nothing. */
static volatile sig_atomic_t signals;

static void count(int signal)
{
	(void)signal;
	signals++;
}

static void signal_storm(void)
{
	struct sigaction a = {.sa_handler = count};
	struct itimerval often = {{0, 500}, {0, 500}}, off = {{0, 0}, {0, 0}};
	struct worker w = {ready(), 0};

	CHECK(sigaction(SIGALRM, &a, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
	work(&w);
	CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
	CHECK(signals > 0);
}

const struct test thread_tests[] = {
	{"threads/one-handle", one_handle},
	{"threads/handle-each", handle_each},
	{"threads/small-stacks", small_stacks},
	{"threads/finalized-in-use", finalized_in_use},
	{"threads/signal-storm", signal_storm},
	{NULL, NULL},
};
