/* Long waits: a call while the service stands still, and Dispatch(BLOCKING) while nothing happens. Handlers of the
 * program run on time, and the waits go on after them. Prints "ready", waits for a line (the service is stopped now),
 * waits, also in threads that are cancelled there, and prints "waited", whereupon the service goes on. */
#include <signal.h>
#include <sys/time.h>

#include "threads.h"

static volatile sig_atomic_t ticks;
static SaCkptHandleT handle;

static void tick(int signal)
{
	(void)signal;
	ticks++;
}

/* A tick every 20 ms in this thread's process; the other threads block it. */
static void ticking(int on)
{
	struct itimerval every = {{0, on ? 20000 : 0}, {0, on ? 20000 : 0}};

	CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

static SaCkptCheckpointHandleT checkpoint, open_checkpoint;
static SaCkptHandleT spare;

/* Calls that wait in various places, each in a thread of its own. */
static void *wait_write(void *unused)
{
	section_write(checkpoint, "s", "x", 1);
	return unused;
}

static void *wait_open(void *unused)
{
	open_named(handle, "safCkpt=waits");
	return unused;
}

static void *wait_iteration(void *unused)
{
	SaCkptSectionIterationHandleT other;

	saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &other);
	return unused;
}

static void *wait_close(void *unused)
{
	saCkptCheckpointClose(open_checkpoint);
	return unused;
}

static void *wait_finalize(void *unused)
{
	saCkptFinalize(spare);
	return unused;
}

/* A thread that waits for a call can be cancelled and joined at once; nothing it held stays held. */
static void cancel_calls(void)
{
	void *(*const calls[])(void *) = {wait_write, wait_open, wait_iteration, wait_close, wait_finalize};
	enum { CALLS = sizeof calls / sizeof calls[0] };
	struct timespec moment = {0, 100000000};
	pthread_t threads[CALLS];
	double before;

	for (int i = 0; i < CALLS; i++)
		threads[i] = thread_start(0, calls[i], NULL);
	nanosleep(&moment, NULL); /* they wait, or are on their way to it: both must do */
	before = now_s();
	for (int i = 0; i < CALLS; i++)
		CHECK(pthread_cancel(threads[i]) == 0);
	for (int i = 0; i < CALLS; i++) {
		void *result = thread_join(threads[i]);

		CHECK(result == PTHREAD_CANCELED || calls[i] == wait_finalize || calls[i] == wait_close);
	}
	CHECK(now_s() - before < 1);
	EXPECT(saCkptCheckpointClose(open_checkpoint), SA_AIS_ERR_BAD_HANDLE);
	EXPECT(saCkptFinalize(spare), SA_AIS_ERR_BAD_HANDLE);
}

static void *finalize_later(void *unused)
{
	struct timespec second = {1, 0};

	(void)unused;
	nanosleep(&second, NULL);
	OK(saCkptFinalize(handle));
	return NULL;
}

int main(void)
{
	SaAisErrorT error;
	sigset_t alarm;
	pthread_t thread;
	double before;
	char line[16];

	handle = initialize(NULL);
	checkpoint = open_named(handle, "safCkpt=waits");
	OK(section_create(checkpoint, "s", "", 0));
	round_trip(checkpoint, "s");
	spare = initialize(NULL);
	open_checkpoint = open_named(handle, "safCkpt=waits");
	CHECK(signal(SIGALRM, tick) != SIG_ERR);

	printf("ready\n");
	fflush(stdout);
	CHECK(fgets(line, sizeof line, stdin) != NULL);
	ticking(1);
	before = now_s();
	error = section_write(checkpoint, "s", "x", 1);
	ticking(0);
	CHECK(error == SA_AIS_ERR_TIMEOUT || error == SA_AIS_ERR_TRY_AGAIN);
	CHECK(now_s() - before > 1.5 && now_s() - before < 6);
	CHECK(ticks > 40);
	cancel_calls();
	printf("waited\n");
	fflush(stdout);
	CHECK(fgets(line, sizeof line, stdin) != NULL);
	round_trip(checkpoint, "s");

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	thread = thread_start(0, finalize_later, NULL);
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	ticks = 0;
	ticking(1);
	OK(saCkptDispatch(handle, SA_DISPATCH_BLOCKING));
	ticking(0);
	CHECK(ticks > 20);
	thread_join(thread);
	return 0;
}
