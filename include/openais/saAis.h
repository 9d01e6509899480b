/*
 * openais/saAis.h: <saAis.h> where programs written for OpenAIS look for it, with the two names
 * that only OpenAIS had.
 */
#ifndef OPENAIS_SA_AIS_H
#define OPENAIS_SA_AIS_H

#include "../saAis.h"

/* A value that is never a handle. (OpenAIS) */
#define SA_HANDLE_INVALID 0x0ULL

/* No function of the Checkpoint Service returns this code. (OpenAIS) */
#define SA_AIS_ERR_SECURITY ((SaAisErrorT)100)

#endif /* OPENAIS_SA_AIS_H */
