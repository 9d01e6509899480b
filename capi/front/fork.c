#include "fork.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "loader.h"

static atomic_bool forked;

bool ckpt_forked(void)
{
	return atomic_load_explicit(&forked, memory_order_relaxed);
}

/* The service sees the application die when the last copy of the session's socket is closed: a child must not keep
 * one. close and an atomic store are all that is safe in the child of a process with many threads. */
static void in_child(void)
{
	int fd = __atomic_load_n(&ckpt_process.session_fd, __ATOMIC_RELAXED);

	atomic_store_explicit(&forked, true, memory_order_relaxed);
	if (fd >= 0)
		close(fd);
}

int ckpt_fork_watch(void)
{
	return pthread_atfork(NULL, NULL, in_child);
}
