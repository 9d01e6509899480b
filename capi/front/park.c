#include "park.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "bounds.h"

/* Places in use are in a ring, in the order they were taken, and free ones in a list. The oldest is taken away only if there
 * is no other: a callback may take long while thousands of others come and go. */
struct place {
	struct place *newer, *older;	/* newer: also the next free one */
	uint64_t ticket;		/* 0: free */
	void *block;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place places[CKPT_PARKED_MAX];
static struct place ring = {.newer = &ring, .older = &ring};
static struct place *freed;
static uint32_t taken_ever;
static uint64_t serial;

static void *leave(struct place *p)
{
	p->newer->older = p->older;
	p->older->newer = p->newer;
	p->ticket = 0;
	return p->block;
}

static struct place *take(void **oldest)
{
	struct place *p = freed;

	*oldest = NULL;
	if (p != NULL) {
		freed = p->newer;
	} else if (taken_ever < CKPT_PARKED_MAX) {
		p = &places[taken_ever++];
	} else {
		p = ring.newer;
		*oldest = leave(p);
	}
	p->newer = &ring;
	p->older = ring.older;
	p->newer->older = p->older->newer = p;
	return p;
}

uint64_t ckpt_park(void *block)
{
	struct place *p;
	uint64_t ticket;
	void *oldest;

	if (block == NULL)
		return 0;
	pthread_mutex_lock(&lock);
	p = take(&oldest);
	ticket = p->ticket = ++serial * CKPT_PARKED_MAX + (uint64_t)(p - places);
	p->block = block;
	pthread_mutex_unlock(&lock);
	free(oldest);
	return ticket;
}

void ckpt_unpark(uint64_t ticket)
{
	struct place *p = &places[ticket % CKPT_PARKED_MAX];
	void *block = NULL;

	if (ticket == 0)
		return;
	pthread_mutex_lock(&lock);
	if (p->ticket == ticket) {
		block = leave(p);
		p->newer = freed;
		freed = p;
	}
	pthread_mutex_unlock(&lock);
	free(block);
}
