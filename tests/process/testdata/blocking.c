/* Threads inside Dispatch(BLOCKING): another thread finalizes the handle, or cancels and joins them. */
#include "threads.h"

enum { DISPATCHERS = 4, ROUNDS = 20 };

static SaCkptHandleT handle;

static void on_open(SaInvocationT invocation, SaCkptCheckpointHandleT checkpoint, SaAisErrorT error)
{
	(void)invocation;
	(void)checkpoint;
	(void)error;
}

static const SaCkptCallbacksT callbacks = {on_open, NULL};

static void *dispatch(void *unused)
{
	(void)unused;
	OK(saCkptDispatch(handle, SA_DISPATCH_BLOCKING));
	return NULL;
}

/* Asleep in the kernel: state S in its stat line, whose second field may hold anything. */
static int asleep(int tid)
{
	char path[64], line[512], *state;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	CHECK(fgets(line, sizeof line, f) != NULL);
	fclose(f);
	state = strrchr(line, ')');
	return state != NULL && state[2] == 'S';
}

static volatile int tids[DISPATCHERS];

static void *dispatch_known(void *number)
{
	tids[*(int *)number] = (int)gettid();
	return dispatch(NULL);
}

static void start(pthread_t threads[DISPATCHERS], int numbers[DISPATCHERS])
{
	for (int i = 0; i < DISPATCHERS; i++) {
		numbers[i] = i;
		tids[i] = 0;
		threads[i] = thread_start(0, dispatch_known, &numbers[i]);
	}
	for (int i = 0; i < DISPATCHERS; i++)
		while (tids[i] == 0 || !asleep(tids[i]))
			sched_yield();
}

static void finalize_beside(void)
{
	pthread_t threads[DISPATCHERS];
	int numbers[DISPATCHERS];

	handle = initialize(&callbacks);
	start(threads, numbers);
	OK(saCkptFinalize(handle));
	for (int i = 0; i < DISPATCHERS; i++)
		CHECK(thread_join(threads[i]) == NULL);
	EXPECT(saCkptDispatch(handle, SA_DISPATCH_BLOCKING), SA_AIS_ERR_BAD_HANDLE);
}

static void cancel(void)
{
	pthread_t threads[DISPATCHERS];
	int numbers[DISPATCHERS];
	SaCkptCheckpointHandleT checkpoint;
	double before;

	handle = initialize(&callbacks);
	start(threads, numbers);
	before = now_s();
	for (int i = 0; i < DISPATCHERS; i++)
		CHECK(pthread_cancel(threads[i]) == 0);
	for (int i = 0; i < DISPATCHERS; i++)
		CHECK(thread_join(threads[i]) == PTHREAD_CANCELED);
	CHECK(now_s() - before < 5);
	checkpoint = open_named(handle, "safCkpt=blocking");
	OK(saCkptCheckpointClose(checkpoint));
	OK(saCkptDispatch(handle, SA_DISPATCH_ALL));
	OK(saCkptFinalize(handle));
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		finalize_beside();
		cancel();
	}
	return 0;
}
