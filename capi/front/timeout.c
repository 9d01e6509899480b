#include "timeout.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bounds.h"

static int64_t default_ns = CKPT_CALL_TIMEOUT_MS_DEFAULT * CKPT_NS_PER_MS;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_environment(void)
{
	const char *text = secure_getenv("CKPT_CALL_TIMEOUT_MS");
	char *end;
	long ms;

	if (text == NULL)
		return;
	ms = strtol(text, &end, 10);
	if (end == text || *end != '\0' || ms < CKPT_CALL_TIMEOUT_MS_MIN || ms > CKPT_CALL_TIMEOUT_MS_MAX) {
		fprintf(stderr, "libckpt: CKPT_CALL_TIMEOUT_MS=%s is not a number from %d to %d; using %d\n", text,
			CKPT_CALL_TIMEOUT_MS_MIN, CKPT_CALL_TIMEOUT_MS_MAX, CKPT_CALL_TIMEOUT_MS_DEFAULT);
		return;
	}
	default_ns = ms * CKPT_NS_PER_MS;
}

int64_t ckpt_timeout_default(void)
{
	pthread_once(&once, read_environment);
	return default_ns;
}

int64_t ckpt_timeout_of(int64_t given)
{
	return given < CKPT_TIMEOUT_SHORTEST_NS ? ckpt_timeout_default() : given;
}
