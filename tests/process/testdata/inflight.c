/* Eight threads make calls until a line arrives on standard input; meanwhile every daemon is killed, and started again.
 * Whatever the calls return then, the program lives, although SIGPIPE is at its default, every call ends in time, and
 * calls succeed again at the end. With an argument the daemons stay dead: calls fail, and Finalize succeeds. */
#include <signal.h>
#include <stdatomic.h>

#include "threads.h"

enum { THREADS = 8, CALLS_BEFORE = 1000 };

static SaCkptCheckpointHandleT checkpoint;
static atomic_bool stop;
static atomic_int failed, made;

static void one(int kind, const char *mine)
{
	SaCkptCheckpointDescriptorT status;
	SaCkptSectionIdT id = section_id(mine);
	char data[64] = "data";
	SaAisErrorT error;
	double before = now_s();

	switch (kind % 4) {
	case 0:
		error = section_write(checkpoint, mine, data, sizeof data);
		break;
	case 1:
		error = section_read(checkpoint, mine, data, sizeof data);
		break;
	case 2:
		error = saCkptSectionOverwrite(checkpoint, &id, data, sizeof data);
		break;
	default:
		error = saCkptCheckpointStatusGet(checkpoint, &status);
	}
	CHECK(error == SA_AIS_OK || error == SA_AIS_ERR_TIMEOUT || error == SA_AIS_ERR_TRY_AGAIN);
	CHECK(now_s() - before < 6);
	made++;
	if (error != SA_AIS_OK)
		failed++;
}

static void *run(void *number)
{
	char mine[16];

	snprintf(mine, sizeof mine, "s%d", *(int *)number);
	for (int i = 0; !stop; i++)
		one(i, mine);
	return NULL;
}

int main(int argc, char **argv)
{
	SaCkptHandleT handle = initialize(NULL);
	pthread_t threads[THREADS];
	int numbers[THREADS];
	char line[16], mine[16];

	(void)argv;
	CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	checkpoint = open_named(handle, "safCkpt=inflight");
	for (int i = 0; i < THREADS; i++) {
		snprintf(mine, sizeof mine, "s%d", i);
		OK(section_create(checkpoint, mine, "data", 4));
	}
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		threads[i] = thread_start(0, run, &numbers[i]);
	}
	while (made < CALLS_BEFORE)
		sched_yield();
	printf("ready\n");
	fflush(stdout);
	CHECK(fgets(line, sizeof line, stdin) != NULL);
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	for (int i = 0; i < THREADS && argc == 1; i++) {
		snprintf(mine, sizeof mine, "s%d", i);
		round_trip(checkpoint, mine);
	}
	CHECK(made > 0 && (argc == 1 || failed > 0));
	OK(saCkptFinalize(handle));
	printf("%d calls, %d failed\n", (int)made, (int)failed);
	return 0;
}
