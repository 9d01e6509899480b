#include "park.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "bounds.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { uint64_t ticket; void *block; } places[CKPT_PARKED_MAX];
static uint64_t last_ticket;

uint64_t ckpt_park(void *block)
{
	void *oldest;
	uint64_t ticket;

	if (block == NULL)
		return 0;
	pthread_mutex_lock(&lock);
	ticket = ++last_ticket;
	oldest = places[ticket % CKPT_PARKED_MAX].block;
	places[ticket % CKPT_PARKED_MAX].ticket = ticket;
	places[ticket % CKPT_PARKED_MAX].block = block;
	pthread_mutex_unlock(&lock);
	free(oldest);
	return ticket;
}

void ckpt_unpark(uint64_t ticket)
{
	void *block = NULL;

	if (ticket == 0)
		return;
	pthread_mutex_lock(&lock);
	if (places[ticket % CKPT_PARKED_MAX].ticket == ticket) {
		block = places[ticket % CKPT_PARKED_MAX].block;
		places[ticket % CKPT_PARKED_MAX].block = NULL;
	}
	pthread_mutex_unlock(&lock);
	free(block);
}
