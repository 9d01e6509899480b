/* What becomes of the library in a forked child. */
#ifndef CKPT_FRONT_FORK_H
#define CKPT_FRONT_FORK_H

#include <stdbool.h>

/* Whether this process was forked from one that had loaded the engine, or was loading it. The engine's threads do not
 * exist here, so that no call may go on: each returns SA_AIS_ERR_LIBRARY before it takes a lock. */
bool ckpt_forked(void);

/* Has forks watched from now on. Returns 0 or an errno value. */
int ckpt_fork_watch(void);

#endif
