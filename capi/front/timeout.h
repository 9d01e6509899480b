/* How long calls may take. */
#ifndef CKPT_FRONT_TIMEOUT_H
#define CKPT_FRONT_TIMEOUT_H

#include <stdint.h>

/* The time of a call that has no timeout argument, ns: CKPT_CALL_TIMEOUT_MS, else 10 s. The variable is read once; a bad
 * value counts as none, and one line on stderr says so. */
int64_t ckpt_timeout_default(void);

/* The time a caller's timeout of 0 ns or more stands for. */
int64_t ckpt_timeout_of(int64_t given);

#endif
