/*
 * A storm of signals over a program that does every kind of call in eight threads. The handlers have frames of 64 KiB and
 * check that nobody else writes into them. Arguments: seconds, and any of
 *   before, after    when the handlers are installed: relative to Initialize
 *   process, thread  what the signals are sent to
 *   blocked          the main thread, which otherwise gets most of what is sent to the process, blocks them: the kernel
 *                    chooses among all other threads, the engine's too
 *   flagged          the handlers have SA_ONSTACK although no thread has an alternate stack (otherwise: signal())
 *   onstack          they have it, and each thread has an alternate stack that suits them
 *   default          SIGPIPE is set to SIG_DFL after Initialize, and is not sent
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "threads.h"

enum { THREADS = 8, FRAME = 65536, RATE = 5000, ALTERNATE = 4 * FRAME };

static const int signals[] = {SIGSEGV, SIGPIPE, SIGALRM, SIGURG, SIGCHLD, SIGINT};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static SaCkptHandleT handle;
static SaCkptCheckpointHandleT checkpoint;
static atomic_bool stop;
static atomic_ulong handled[SIGNALS], calls, callbacks_run;
static atomic_int tids[THREADS];
static int flagged, onstack;

static void handler(int signal)
{
	volatile unsigned char frame[FRAME];

	for (size_t i = 0; i < FRAME; i += 512)
		frame[i] = (unsigned char)(i >> 9 ^ (size_t)signal);
	for (size_t i = 0; i < FRAME; i += 512)
		if (frame[i] != (unsigned char)(i >> 9 ^ (size_t)signal))
			abort();
	for (int i = 0; i < SIGNALS; i++)
		if (signals[i] == signal)
			handled[i]++;
}

static void install(void)
{
	for (int i = 0; i < SIGNALS; i++)
		if (flagged) {
			struct sigaction a = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_RESTART};

			CHECK(sigaction(signals[i], &a, NULL) == 0);
		} else {
			CHECK(signal(signals[i], handler) != SIG_ERR);
		}
}

static void alternate_stack(void)
{
	stack_t own = {.ss_sp = malloc(ALTERNATE), .ss_size = ALTERNATE};

	CHECK(own.ss_sp != NULL && sigaltstack(&own, NULL) == 0);
}

static void on_open(SaInvocationT invocation, SaCkptCheckpointHandleT opened, SaAisErrorT error)
{
	(void)invocation;
	EXPECT(error, SA_AIS_OK);
	OK(saCkptCheckpointClose(opened));
	callbacks_run++;
}

static const SaCkptCallbacksT callbacks = {on_open, NULL};

static void *dispatch(void *unused)
{
	(void)unused;
	OK(saCkptDispatch(handle, SA_DISPATCH_BLOCKING));
	return NULL;
}

static void iterate(const char *mine)
{
	SaCkptSectionIterationHandleT iteration;
	SaCkptSectionDescriptorT section;
	SaCkptSectionIdT id = section_id(mine);
	int found = 0;

	OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
	while (saCkptSectionIterationNext(iteration, &section) == SA_AIS_OK)
		found += section.sectionId.idLen == id.idLen && memcmp(section.sectionId.id, id.id, id.idLen) == 0;
	CHECK(found == 1);
	OK(saCkptSectionIterationFinalize(iteration));
}

static unsigned long opened_async;
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static void open_async(void)
{
	SaCkptCheckpointCreationAttributesT a = attributes();
	SaNameT name;

	name_set(&name, "safCkpt=storm");
	OK(saCkptCheckpointOpenAsync(handle, 1, &name, &a, SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_CREATE));
	pthread_mutex_lock(&opening);
	opened_async++;
	pthread_mutex_unlock(&opening);
}

/* A thread that enters the engine for the first time, in the middle of it all. */
static void *newcomer(void *mine)
{
	if (onstack)
		alternate_stack();
	round_trip(checkpoint, mine);
	return NULL;
}

static void *run(void *number)
{
	int n = *(int *)number;
	char mine[16];
	SaCkptSectionIdT id;

	snprintf(mine, sizeof mine, "s%d", n);
	id = section_id(mine);
	if (onstack)
		alternate_stack();
	tids[n] = (int)gettid();
	for (unsigned long i = 0; !stop; i++) {
		SaCkptCheckpointDescriptorT status;
		SaCkptHandleT other;

		OK(section_create(checkpoint, mine, "first", 5));
		round_trip(checkpoint, mine);
		OK(saCkptSectionOverwrite(checkpoint, &id, "second", 6));
		OK(saCkptCheckpointStatusGet(checkpoint, &status));
		iterate(mine);
		OK(saCkptSectionDelete(checkpoint, &id));
		if (i % 8 == 0) {
			OK(section_create(checkpoint, mine, "", 0));
			thread_join(thread_start(0, newcomer, mine));
			OK(saCkptSectionDelete(checkpoint, &id));
			open_async();
			other = initialize(NULL);
			OK(saCkptCheckpointClose(open_named(other, "safCkpt=storm")));
			OK(saCkptFinalize(other));
		}
		calls += 8;
	}
	return NULL;
}

/* Sends signals at RATE a second in all, but not the spared one, in a process of its own so that no thread here is special. */
static pid_t storm(int to_threads, int spared)
{
	pid_t target = getpid();
	double begin = now_s();
	int list[THREADS];
	pid_t pid;

	for (int i = 0; i < THREADS; i++)
		list[i] = tids[i];
	pid = fork();
	CHECK(pid >= 0);
	if (pid > 0)
		return pid;
	for (int i = 0; i < SIGNALS; i++)
		signal(signals[i], SIG_DFL);
	for (unsigned long n = 0; getppid() == target; n++) {
		int signal = signals[n % SIGNALS];
		double due = begin + (double)n / RATE;

		if (signal == spared)
			continue;
		if (due > now_s())
			nanosleep(&(struct timespec){0, 1000000000 / RATE}, NULL);
		if (to_threads)
			syscall(SYS_tgkill, target, list[n / SIGNALS % THREADS], signal);
		else
			kill(target, signal);
	}
	_exit(0);
}

static int is_given(int argc, char **argv, const char *what)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], what) == 0)
			return 1;
	return 0;
}

/* sleep() ends with the first signal. */
static void sleep_until(double until)
{
	while (now_s() < until) {
		struct timespec rest = {0, 10000000};

		nanosleep(&rest, NULL);
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS], dispatcher;
	int numbers[THREADS];
	pid_t sender;

	CHECK(argc >= 3);
	onstack = is_given(argc, argv, "onstack");
	flagged = onstack || is_given(argc, argv, "flagged");
	if (onstack)
		alternate_stack();
	if (is_given(argc, argv, "before"))
		install();
	handle = initialize(&callbacks);
	if (is_given(argc, argv, "after"))
		install();
	if (is_given(argc, argv, "default"))
		CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	checkpoint = open_named(handle, "safCkpt=storm");
	dispatcher = thread_start(0, dispatch, NULL);
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		threads[i] = thread_start(0, run, &numbers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		while (tids[i] == 0)
			sched_yield();
	if (is_given(argc, argv, "blocked")) {
		sigset_t all;

		sigfillset(&all);
		CHECK(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
	}
	sender = storm(is_given(argc, argv, "thread"), is_given(argc, argv, "default") ? SIGPIPE : 0);
	sleep_until(now_s() + atof(argv[1]));
	CHECK(kill(sender, SIGKILL) == 0);
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	/* No call is lost, the asynchronous ones included. */
	for (double limit = now_s() + 20; callbacks_run < opened_async;) {
		CHECK(now_s() < limit);
		sleep_until(now_s() + 0.01);
	}
	OK(saCkptFinalize(handle));
	thread_join(dispatcher);
	for (int i = 0; i < SIGNALS; i++)
		CHECK(handled[i] > 0 || (signals[i] == SIGPIPE && is_given(argc, argv, "default")));
	printf("%lu calls, %lu callbacks; signals handled:", calls, callbacks_run);
	for (int i = 0; i < SIGNALS; i++)
		printf(" %lu", handled[i]);
	printf("\n");
	return 0;
}
