/*
 * opensaf/cpsv_papi.h: the arrival callback of NCS and OpenSAF.
 *
 * A hot standby wants to know what the active process has just written, when it has arrived. Any
 * client may register, whatever version it initialized with; saCkpt_B_02_03.h has the newer form of
 * the same service. The general rules in the head of saCkpt.h hold here too.
 */
#ifndef OPENSAF_CPSV_PAPI_H
#define OPENSAF_CPSV_PAPI_H

#include "../saCkpt.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * ncsCkptCkptArrivalCallbackT: data of a checkpoint has arrived.
 *
 *   checkpointHandle  the handle through which this process has the checkpoint open.
 *   ioVector          numberOfElements elements, one for each section part that one call wrote:
 *                     sectionId, dataSize (bytes) and dataOffset (bytes from the start of the
 *                     section) as the writer gave them, dataBuffer NULL, readSize 0. Passed as it
 *                     is to saCkptCheckpointRead it reads from the written offset to the end of the
 *                     section, in memory the library allocates.
 *   numberOfElements  1 or more.
 *
 * One call of saCkptCheckpointWrite, saCkptSectionOverwrite, or saCkptSectionCreate with initial
 * data gives exactly one callback with all its elements, and a read from inside the callback sees
 * that data or newer. saCkptSectionDelete and the expiration of a section give none. A reader that
 * falls more than 65,536 callbacks behind receives one whole-section element (dataOffset 0) for
 * each section changed since, instead.
 *
 * Ownership: ioVector and the ids in it are the library's and live until the callback returns. The
 * callback may change the elements (a read does), and may call any function of this interface.
 * Runs in the thread that is inside saCkptDispatch. Source: NCS, OpenSAF.
 */
typedef void (*ncsCkptCkptArrivalCallbackT)(const SaCkptCheckpointHandleT checkpointHandle,
                                            SaCkptIOVectorElementT *ioVector,
                                            SaUint32T numberOfElements);

/*
 * ncsCkptRegisterCkptArrivalCallback: asks for arrival callbacks.
 *
 *   ckptHandle           a library handle. Every checkpoint opened through it with
 *                        SA_CKPT_CHECKPOINT_READ, before or after this call, is covered; the handle
 *                        that wrote is the one handle not called back.
 *   ckptArrivalCallback  the function to call, not NULL. It replaces one registered before.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_BAD_HANDLE     ckptHandle is not a library handle.
 *   SA_AIS_ERR_INVALID_PARAM  ckptArrivalCallback is NULL.
 * Source: NCS, OpenSAF.
 */
SaAisErrorT ncsCkptRegisterCkptArrivalCallback(SaCkptHandleT ckptHandle,
                                               ncsCkptCkptArrivalCallbackT ckptArrivalCallback);

#ifdef __cplusplus
}
#endif

#endif /* OPENSAF_CPSV_PAPI_H */
