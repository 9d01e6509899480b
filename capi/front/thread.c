#include "thread.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

int ckpt_thread_start(pthread_t *thread, size_t stack, void *(*run)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	struct sched_param ordinary = {.sched_priority = 0};
	sigset_t all, mine;
	cpu_set_t main_thread;
	int rc = pthread_attr_init(&attributes);

	if (rc != 0)
		return rc;
	if (stack > 0)
		pthread_attr_setstacksize(&attributes, stack);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_OTHER);
	pthread_attr_setschedparam(&attributes, &ordinary);
	if (sched_getaffinity(getpid(), sizeof main_thread, &main_thread) == 0)
		pthread_attr_setaffinity_np(&attributes, sizeof main_thread, &main_thread);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mine);
	rc = pthread_create(thread, &attributes, run, argument);
	pthread_sigmask(SIG_SETMASK, &mine, NULL);
	pthread_attr_destroy(&attributes);
	return rc;
}
