/* A daemon: linked with the library, forked into the background, and only then initialized. */
#include "check.h"

int main(void)
{
	int report[2];
	pid_t pid;
	char result = 0;

	CHECK(pipe(report) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		SaCkptHandleT handle;
		SaCkptCheckpointHandleT checkpoint;

		CHECK(daemon(0, 1) == 0);
		handle = initialize(NULL);
		checkpoint = open_named(handle, "safCkpt=daemonize");
		OK(section_create(checkpoint, "s", "", 0));
		round_trip(checkpoint, "s");
		OK(saCkptFinalize(handle));
		CHECK(write(report[1], "!", 1) == 1);
		return 0;
	}
	close(report[1]);
	CHECK(read(report[0], &result, 1) == 1 && result == '!');
	return 0;
}
