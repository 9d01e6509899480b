/* Codes of clCkpt*. */
#ifndef CKPT_FRONT_CL_CODE_H
#define CKPT_FRONT_CL_CODE_H

#include "clCommon.h"
#include "saAis.h"

/* The ClRcT of what the front and the engine report. */
ClRcT cl_code(SaAisErrorT error);

#endif
