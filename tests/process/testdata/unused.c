/* Linked with the library, and never using it: no thread, no signal handler, no descriptor. With an argument it uses it
 * and must then see the engine's threads, which shows that the look would have found them. */
#include <dirent.h>

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

static unsigned long long caught(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long long set = ~0ull;
	char line[256];

	CHECK(status != NULL);
	while (fgets(line, sizeof line, status) != NULL)
		if (sscanf(line, "SigCgt: %llx", &set) == 1)
			break;
	fclose(status);
	return set;
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
		CHECK(entries("/proc/self/task") > 1);
		/* Not even now has a signal of the program another action; 32 and above are the C library's. */
		CHECK((caught() & 0x7fffffff) == 0);
		OK(saCkptFinalize(handle));
	}
	return 0;
}
