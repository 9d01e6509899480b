/* Threads of the library's own. */
#ifndef CKPT_FRONT_THREAD_H
#define CKPT_FRONT_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Starts a thread with all signals blocked, ordinary scheduling whatever the caller's is, and the main thread's processors.
 * stack is its size in bytes, 0 for the process's default. Returns 0 or an errno value. */
int ckpt_thread_start(pthread_t *thread, size_t stack, void *(*run)(void *argument), void *argument);

#endif
