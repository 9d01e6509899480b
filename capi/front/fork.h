/* What becomes of the library in a forked child. */
#ifndef CKPT_FRONT_FORK_H
#define CKPT_FRONT_FORK_H

#include <stdbool.h>

/* Whether this process was forked from one that had loaded the engine, or was loading it. The engine's threads do not
 * exist here, so that no call may go on: each returns SA_AIS_ERR_LIBRARY before it takes a lock. */
bool ckpt_forked(void);

/* Says that the engine is about to be loaded: whatever is forked from now on is such a child. To be called before any
 * lock is taken that a fork at that moment would leave locked in the child for ever. */
void ckpt_fork_matters(void);

#endif
