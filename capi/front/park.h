/* Memory that a callback of the application is using. */
#ifndef CKPT_FRONT_PARK_H
#define CKPT_FRONT_PARK_H

#include <stdint.h>

/*
 * A callback may leave by longjmp, an exception or pthread_exit, and then nothing after it runs. What it was given is
 * kept here meanwhile, so that it is not lost. park takes a malloc block (NULL allowed) and returns a ticket; unpark
 * frees the block when the callback has returned.
 */
uint64_t ckpt_park(void *block);
void ckpt_unpark(uint64_t ticket);

#endif
