/*
 * saCkpt_B_02_03.h: OpenSAF's additions to the Checkpoint Service, "version B.02.03": a process is
 * told what others write to the checkpoints it has open.
 *
 * A client must have asked for version {'B', 2, 3}, through saCkptInitialize_2, to use them. This
 * is not a release of the SA Forum. The general rules in the head of saCkpt.h hold here too.
 */
#ifndef SA_CKPT_B_02_03_H
#define SA_CKPT_B_02_03_H

#include "saCkpt.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * SaCkptCheckpointTrackCallbackT: sections of a tracked checkpoint have changed.
 *
 *   checkpointHandle  the handle through which this process has the checkpoint open.
 *   ioVector          numberOfElements elements, one for each section part that one call changed:
 *                     sectionId, dataSize (bytes) and dataOffset (bytes from the start of the
 *                     section) as the writer gave them, dataBuffer NULL, readSize 0. dataSize 0
 *                     with dataOffset 0 also stands for a deleted section: reading it gives
 *                     SA_AIS_ERR_NOT_EXIST.
 *   numberOfElements  1 or more.
 *
 * One call of saCkptCheckpointWrite, saCkptSectionOverwrite, saCkptSectionDelete, or
 * saCkptSectionCreate with initial data gives exactly one callback with all its elements, and a
 * read from inside the callback sees that data or newer. The expiration of a section gives none. A
 * process that falls more than 65,536 callbacks behind receives one whole-section element
 * (dataOffset 0) for each section changed since, instead.
 *
 * Ownership: ioVector and the ids in it are the library's and live until the callback returns. The
 * callback may change the elements (a read does), and may call any function of this interface.
 * Runs in the thread that is inside saCkptDispatch. Source: OpenSAF.
 */
typedef void (*SaCkptCheckpointTrackCallbackT)(SaCkptCheckpointHandleT checkpointHandle,
                                               SaCkptIOVectorElementT *ioVector,
                                               SaUint32T numberOfElements);

/* The callbacks of a client; a NULL member is not registered. The structure is copied. */
typedef struct {
    SaCkptCheckpointOpenCallbackT saCkptCheckpointOpenCallback;
    SaCkptCheckpointSynchronizeCallbackT saCkptCheckpointSynchronizeCallback;
    SaCkptCheckpointTrackCallbackT saCkptCheckpointTrackCallback;
} SaCkptCallbacksT_2;

/*
 * saCkptInitialize_2: saCkptInitialize with three callbacks, for clients of version {'B', 2, 3}.
 *
 * Arguments, ownership, errors and concurrency as saCkptInitialize, but:
 *   SA_AIS_ERR_VERSION  also when *version asks for less than {'B', 2, 3}; *version is then set to
 *                       {'B', 2, 3}. So the minor version counts here, unlike in saCkptInitialize.
 * Source: OpenSAF.
 */
SaAisErrorT saCkptInitialize_2(SaCkptHandleT *ckptHandle, const SaCkptCallbacksT_2 *ckptCallbacks,
                               SaVersionT *version);

/*
 * saCkptTrack: starts the track callback for all checkpoints of a library handle.
 *
 *   ckptHandle  a library handle. Every checkpoint opened through it with
 *               SA_CKPT_CHECKPOINT_READ, before or after this call, is covered; the handle that
 *               wrote is the one handle not called back.
 *
 * Tracking twice is SA_AIS_OK and changes nothing. A checkpoint tracked by saCkptCheckpointTrack
 * as well gives one callback, not two.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_BAD_HANDLE  ckptHandle is not a library handle.
 *   SA_AIS_ERR_VERSION     the client asked for a version below {'B', 2, 3}.
 *   SA_AIS_ERR_INIT        no track callback was registered.
 * Source: OpenSAF.
 */
SaAisErrorT saCkptTrack(SaCkptHandleT ckptHandle);

/*
 * saCkptTrackStop: ends what saCkptTrack started. Callbacks that are pending already are still
 * delivered. Checkpoints tracked by saCkptCheckpointTrack stay tracked.
 *
 *   ckptHandle  a library handle.
 *
 * Errors: as saCkptTrack, and
 *   SA_AIS_ERR_NOT_EXIST   the handle is not tracking.
 * Source: OpenSAF.
 */
SaAisErrorT saCkptTrackStop(SaCkptHandleT ckptHandle);

/*
 * saCkptCheckpointTrack: starts the track callback for one open checkpoint.
 *
 *   checkpointHandle  a checkpoint handle opened with SA_CKPT_CHECKPOINT_READ. Its own writes give
 *                     no callback.
 *
 * Tracking twice is SA_AIS_OK and changes nothing.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_BAD_HANDLE  checkpointHandle is not a checkpoint handle.
 *   SA_AIS_ERR_VERSION     the client asked for a version below {'B', 2, 3}.
 *   SA_AIS_ERR_INIT        no track callback was registered.
 *   SA_AIS_ERR_ACCESS      the checkpoint was not opened with SA_CKPT_CHECKPOINT_READ.
 * Source: OpenSAF, where it is declared but always returns SA_AIS_ERR_NOT_SUPPORTED.
 */
SaAisErrorT saCkptCheckpointTrack(SaCkptCheckpointHandleT checkpointHandle);

/*
 * saCkptCheckpointTrackStop: ends what saCkptCheckpointTrack started. Callbacks that are pending
 * already are still delivered. A library handle that tracks all its checkpoints goes on doing so.
 *
 *   checkpointHandle  a checkpoint handle.
 *
 * Errors: as saCkptCheckpointTrack, and
 *   SA_AIS_ERR_NOT_EXIST   saCkptCheckpointTrack is not in effect for this handle.
 * Source: OpenSAF, where it is declared but always returns SA_AIS_ERR_NOT_SUPPORTED.
 */
SaAisErrorT saCkptCheckpointTrackStop(SaCkptCheckpointHandleT checkpointHandle);

#ifdef __cplusplus
}
#endif

#endif /* SA_CKPT_B_02_03_H */
