/* Processes under unusual conditions: the argument says which. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "threads.h"

enum { SKIPPED = 77 };

static void use(const char *text)
{
	SaCkptHandleT handle = initialize(NULL);
	SaCkptCheckpointHandleT checkpoint = open_named(handle, text);

	OK(section_create(checkpoint, "s", "", 0));
	round_trip(checkpoint, "s");
	OK(saCkptFinalize(handle));
}

/* How many threads of this process have another class than SCHED_OTHER. */
static int real_time_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	int n = 0;

	CHECK(tasks != NULL);
	while ((task = readdir(tasks)) != NULL)
		n += atoi(task->d_name) > 0 && sched_getscheduler(atoi(task->d_name)) > SCHED_OTHER;
	closedir(tasks);
	return n;
}

/* The first Initialize comes from a real-time thread: the engine's threads are ordinary ones. */
static void *real_time(void *unused)
{
	(void)unused;
	use("safCkpt=fifo");
	CHECK(real_time_threads() == 1);
	return NULL;
}

static int fifo(void)
{
	struct sched_param priority = {.sched_priority = 10};
	pthread_attr_t a;
	pthread_t thread;

	CHECK(pthread_attr_init(&a) == 0);
	CHECK(pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED) == 0);
	CHECK(pthread_attr_setschedpolicy(&a, SCHED_FIFO) == 0);
	CHECK(pthread_attr_setschedparam(&a, &priority) == 0);
	if (pthread_create(&thread, &a, real_time, NULL) != 0) {
		fprintf(stderr, "not allowed to use SCHED_FIFO here\n");
		return SKIPPED;
	}
	thread_join(thread);
	return 0;
}

/* All memory locked, now and in future. Where only so much may be locked, the engine does not fit: an error. */
static int locked(void)
{
	SaVersionT version = {'B', 2, 2};
	SaCkptHandleT handle;
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
		perror("mlockall");
		return SKIPPED;
	}
	if (geteuid() == 0 || limit.rlim_cur == RLIM_INFINITY)
		use("safCkpt=locked");
	else
		EXPECT(saCkptInitialize(&handle, NULL, &version), SA_AIS_ERR_NO_MEMORY);
	return 0;
}

/* Too little address space for the engine: an error and one line, and the program goes on. */
static int address_space(void)
{
	struct rlimit limit = {500 << 20, 500 << 20};
	SaVersionT version = {'B', 2, 2};
	SaCkptHandleT handle = 1;

	CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
	for (int i = 0; i < 3; i++) {
		EXPECT(saCkptInitialize(&handle, NULL, &version), SA_AIS_ERR_NO_MEMORY);
		CHECK(handle == 0);
	}
	return 0;
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 4096; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* 500 library handles, each with its selection object and two checkpoints, under 1,024 descriptors; all usable with
 * select(), and all gone afterwards. */
static int handles(void)
{
	enum { HANDLES = 500 };
	static SaCkptHandleT handle[HANDLES];
	struct rlimit limit = {1024, 4096}, after;
	SaCkptHandleT first;
	int before;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	first = initialize(NULL); /* with it comes what all handles share */
	OK(section_create(open_named(first, "safCkpt=handles"), "s", "", 0));
	round_trip(open_named(first, "safCkpt=handles"), "s");
	before = open_descriptors();
	for (int i = 0; i < HANDLES; i++) {
		SaSelectionObjectT selection, again;

		handle[i] = initialize(NULL);
		OK(saCkptSelectionObjectGet(handle[i], &selection));
		OK(saCkptSelectionObjectGet(handle[i], &again));
		CHECK(selection == again && selection < 1024);
		open_named(handle[i], "safCkpt=handles");
		open_named(handle[i], "safCkpt=handles");
	}
	CHECK(getrlimit(RLIMIT_NOFILE, &after) == 0);
	CHECK(after.rlim_cur == limit.rlim_cur && after.rlim_max == limit.rlim_max);
	CHECK(open_descriptors() - before == HANDLES);
	for (int i = 0; i < HANDLES; i++)
		OK(saCkptFinalize(handle[i]));
	CHECK(open_descriptors() == before);
	OK(saCkptFinalize(first));
	return 0;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*run)(void); } conditions[] = {
		{"fifo", fifo},
		{"locked", locked},
		{"address-space", address_space},
		{"handles", handles},
	};

	CHECK(argc == 2);
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
		if (strcmp(argv[1], conditions[i].name) == 0)
			return conditions[i].run();
	CHECK(!"unknown condition");
	return 1;
}
