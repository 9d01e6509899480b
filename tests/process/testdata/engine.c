/* An engine that cannot be loaded: prints what Initialize returns, in eight threads at once and then alone. */
#include "threads.h"

enum { THREADS = 8 };

static void *try_it(void *error)
{
	SaVersionT version = {'B', 2, 2};
	SaCkptHandleT handle = 1;

	*(SaAisErrorT *)error = saCkptInitialize(&handle, NULL, &version);
	CHECK(handle == 0);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	SaAisErrorT errors[THREADS + 1];

	for (int i = 0; i < THREADS; i++)
		threads[i] = thread_start(0, try_it, &errors[i]);
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	try_it(&errors[THREADS]);
	for (int i = 0; i <= THREADS; i++)
		printf("%d\n", (int)errors[i]);
	return 0;
}
