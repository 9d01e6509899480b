#include "fork.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "loader.h"

static atomic_bool matters;
static atomic_bool forked;

bool ckpt_forked(void)
{
	return atomic_load_explicit(&forked, memory_order_relaxed);
}

void ckpt_fork_matters(void)
{
	atomic_store_explicit(&matters, true, memory_order_relaxed);
}

/* The service sees the application die when the last copy of the session's socket is closed: a child must not keep
 * one. close and atomic accesses are all that is safe in the child of a process with many threads. */
static void in_child(void)
{
	int fd = __atomic_load_n(&ckpt_process.session_fd, __ATOMIC_RELAXED);

	if (!atomic_load_explicit(&matters, memory_order_relaxed))
		return;
	atomic_store_explicit(&forked, true, memory_order_relaxed);
	if (fd >= 0)
		close(fd);
}

/* When the library is loaded, because a program that has started to use it may fork at any time. */
__attribute__((constructor)) static void watch(void)
{
	pthread_atfork(NULL, NULL, in_child);
}
