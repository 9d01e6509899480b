/* Starting and joining threads, in any number and with a given stack. */
#ifndef PROCESS_THREADS_H
#define PROCESS_THREADS_H

#include <pthread.h>

#include "check.h"

/* stack in bytes, 0 for the usual size. */
static inline pthread_t thread_start(size_t stack, void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes_;
	pthread_t thread;

	CHECK(pthread_attr_init(&attributes_) == 0);
	if (stack > 0)
		CHECK(pthread_attr_setstacksize(&attributes_, stack) == 0);
	CHECK(pthread_create(&thread, &attributes_, run, argument) == 0);
	pthread_attr_destroy(&attributes_);
	return thread;
}

static inline void *thread_join(pthread_t thread)
{
	void *result;

	CHECK(pthread_join(thread, &result) == 0);
	return result;
}

#endif
