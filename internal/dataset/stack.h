/* How much stack the calling thread has left. */
#ifndef CKPT_DATASET_STACK_H
#define CKPT_DATASET_STACK_H

#include <stdbool.h>

/* Whether that is enough for a prepared statement to be run here. Threads of applications may have stacks of 16 KiB. */
bool ckpt_stack_suffices(void);

#endif
