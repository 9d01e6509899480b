/*
 * openais/saCkpt.h: <saCkpt.h> where programs written for OpenAIS look for it.
 *
 * Such programs must be compiled anew: OpenAIS declares SaCkptCheckpointDescriptorT.memoryUsed with
 * 32 bits, against the standard.
 */
#ifndef OPENAIS_SA_CKPT_H
#define OPENAIS_SA_CKPT_H

#include "saAis.h"
#include "../saCkpt.h"

#endif /* OPENAIS_SA_CKPT_H */
