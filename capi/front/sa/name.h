/* SaNameT, short and extended. */
#ifndef CKPT_FRONT_NAME_H
#define CKPT_FRONT_NAME_H

#include <stdint.h>

#include "saAis.h"

/*
 * Finds the bytes of a name (not NULL). They lie in *name or in the string lent to it and are not NUL-terminated.
 * Returns SA_AIS_OK (length 0 to CKPT_NAME_BYTES_MAX), SA_AIS_ERR_TOO_BIG, or SA_AIS_ERR_INVALID_PARAM (malformed:
 * a length over 256 that is not the mark of an extended name, or an extended name without a string).
 */
SaAisErrorT ckpt_name_get(const SaNameT *name, const char **bytes, uint64_t *length);

#endif
