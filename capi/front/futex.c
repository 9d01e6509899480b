#include "futex.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bounds.h"

int ckpt_futex_wait(uint32_t *word, uint32_t value, int64_t deadline)
{
	struct timespec until = {.tv_sec = deadline / CKPT_NS_PER_S, .tv_nsec = deadline % CKPT_NS_PER_S};
	int saved = errno;
	int type, result;
	long rc;

	/* syscall() is no cancellation point of its own. Asynchronous cancellation covers the one system call: the
	 * thread owns nothing in between that its cleanup handlers do not know. */
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
		     deadline == INT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
	result = rc == -1 && errno == ETIMEDOUT ? ETIMEDOUT : 0;
	pthread_setcanceltype(type, NULL);
	errno = saved;
	return result;
}

void ckpt_futex_wake(uint32_t *word)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, NULL, NULL, 0);
	errno = saved;
}
