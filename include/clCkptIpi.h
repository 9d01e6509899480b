/*
 * clCkptIpi.h: the one function that SDK 5 and 6 declare apart from clCkptApi.h, whose rules hold
 * here as well.
 */
#ifndef CL_CKPT_IPI_H
#define CL_CKPT_IPI_H

#include "clCkptApi.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * clCkptSectionCheck: tells whether a section exists, whatever its checkpoint was opened for.
 *
 *   ckptHdl     a checkpoint handle.
 *   pSectionId  its id; {0, NULL} is the default section, which exists if maxSections is 1.
 *
 * Returns CL_OK if it exists. Errors, besides the general ones:
 *   INVALID_PARAMETER  pSectionId is NULL; its id is NULL though idLen is not 0.
 *   NOT_EXIST          there is no such section, or no active replica.
 * Source: SDK 5.
 */
ClRcT clCkptSectionCheck(CL_IN ClCkptHdlT ckptHdl, CL_IN ClCkptSectionIdT *pSectionId);

#ifdef __cplusplus
}
#endif

#endif /* CL_CKPT_IPI_H */
