/* fork and exec with everything open: the new program inherits no descriptor. */
#include <dirent.h>
#include <sys/wait.h>

#include "check.h"

/* The new program: lists what it has besides standard input, output, error and the directory it reads. */
static int inherited(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;
	int extra = 0;

	CHECK(d != NULL);
	while ((entry = readdir(d)) != NULL) {
		int fd = atoi(entry->d_name);

		if (fd > 2 && fd != dirfd(d)) {
			fprintf(stderr, "descriptor %d was inherited\n", fd);
			extra++;
		}
	}
	closedir(d);
	return extra;
}

int main(int argc, char **argv)
{
	SaCkptHandleT handle;
	SaCkptCheckpointHandleT checkpoint;
	SaSelectionObjectT selection;
	int status;
	pid_t pid;

	if (argc > 1)
		return inherited();
	handle = initialize(NULL);
	OK(saCkptSelectionObjectGet(handle, &selection));
	checkpoint = open_named(handle, "safCkpt=exec");
	OK(section_create(checkpoint, "s", "", 0));
	round_trip(checkpoint, "s");
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		execl("/proc/self/exe", argv[0], "inherited", (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	OK(saCkptFinalize(handle));
	return 0;
}
