/* Linked with the library, and never using it: no thread, no signal handler, no descriptor. With an argument it uses the
 * library: then there are threads, which block every signal, and still no handler. */
#include <dirent.h>
#include <signal.h>

#include "check.h"

static int entries(const char *directory)
{
	DIR *d = opendir(directory);
	int n = 0;

	CHECK(d != NULL);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

/* One of the signal sets of a thread, signals 1 to 31: bit n - 1 stands for signal n. */
static unsigned long long signal_set(const char *thread, const char *which)
{
	char path[64], line[256];
	unsigned long long set = 0;
	int found = 0;
	FILE *status;

	snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
	status = fopen(path, "r");
	CHECK(status != NULL);
	while (!found && fgets(line, sizeof line, status) != NULL)
		if (strncmp(line, which, strlen(which)) == 0)
			found = sscanf(line + strlen(which), ": %llx", &set) == 1;
	CHECK(found);
	fclose(status);
	return set & 0x7fffffff;
}

static unsigned long long caught(void)
{
	char self[16];

	snprintf(self, sizeof self, "%d", (int)getpid());
	return signal_set(self, "SigCgt");
}

/* Every signal that can be blocked is, in all threads but the program's own: none of its handlers ever runs there. */
static void check_engine_threads(void)
{
	const unsigned long long all = 0x7fffffff & ~(1ull << (SIGKILL - 1)) & ~(1ull << (SIGSTOP - 1));
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	int looked_at = 0;

	CHECK(tasks != NULL);
	while ((task = readdir(tasks)) != NULL)
		if (atoi(task->d_name) > 0 && atoi(task->d_name) != (int)getpid()) {
			CHECK(signal_set(task->d_name, "SigBlk") == all);
			looked_at++;
		}
	closedir(tasks);
	CHECK(looked_at > 0);
}

int main(int argc, char **argv)
{
	SaCkptHandleT handle = 17;

	(void)argv;
	EXPECT(saCkptFinalize(handle), SA_AIS_ERR_BAD_HANDLE);
	CHECK(entries("/proc/self/task") == 1);
	CHECK(caught() == 0);
	CHECK(entries("/proc/self/fd") == 4); /* standard input, output and error, and the directory being read */
	if (argc > 1) {
		handle = initialize(NULL);
		check_engine_threads();
		CHECK(caught() == 0);
		OK(saCkptFinalize(handle));
	}
	return 0;
}
