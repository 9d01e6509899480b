/*
 * The binary interface, as numbers: what a program compiled elsewhere has built into itself. Every
 * line here is a promise to such a program; none may be changed, only added to.
 */
#include <opensaf/cpsv_papi.h>
#include <saAis.h>
#include <saCkpt.h>
#include <saCkpt_B_02_03.h>

#include "expect.h"

/* ---- Basic types ---- */

EXPECT(sizeof(SaInt8T) == 1);
SIGNED(SaInt16T, 2);
SIGNED(SaInt32T, 4);
SIGNED(SaInt64T, 8);
UNSIGNED(SaUint8T, 1);
UNSIGNED(SaUint16T, 2);
UNSIGNED(SaUint32T, 4);
UNSIGNED(SaUint64T, 8);
EXPECT(sizeof(SaFloatT) == 4);
EXPECT(sizeof(SaDoubleT) == 8);
EXPECT(sizeof(SaStringT) == 8);
EXPECT(sizeof(SaConstStringT) == 8);

SIGNED(SaTimeT, 8);
UNSIGNED(SaInvocationT, 8);
UNSIGNED(SaSizeT, 8);
UNSIGNED(SaOffsetT, 8);
UNSIGNED(SaSelectionObjectT, 8);

ENUMERATION(SaBoolT);
VALUE(SA_FALSE, 0);
VALUE(SA_TRUE, 1);

ENUMERATION(SaDispatchFlagsT);
VALUE(SA_DISPATCH_ONE, 1);
VALUE(SA_DISPATCH_ALL, 2);
VALUE(SA_DISPATCH_BLOCKING, 3);

AGGREGATE(SaVersionT, 3, 1);
FIELD(SaVersionT, 0, releaseCode, SaUint8T);
FIELD(SaVersionT, 1, majorVersion, SaUint8T);
FIELD(SaVersionT, 2, minorVersion, SaUint8T);

AGGREGATE(SaNameT, 258, 2);
FIELD(SaNameT, 0, length, SaUint16T);
typedef SaUint8T name_bytes[256];
FIELD(SaNameT, 2, value, name_bytes);
VALUE(SA_MAX_NAME_LENGTH, 256);

AGGREGATE(SaAnyT, 16, 8);
FIELD(SaAnyT, 0, bufferSize, SaSizeT);
FIELD(SaAnyT, 8, bufferAddr, SaUint8T *);

AGGREGATE(SaLimitValueT, 8, 8);
FIELD(SaLimitValueT, 0, int64Value, SaInt64T);
FIELD(SaLimitValueT, 0, uint64Value, SaUint64T);
FIELD(SaLimitValueT, 0, timeValue, SaTimeT);
FIELD(SaLimitValueT, 0, floatValue, SaFloatT);
FIELD(SaLimitValueT, 0, doubleValue, SaDoubleT);

/* ---- Times and track flags ---- */

VALUE(SA_TIME_BEGIN, 0);
VALUE(SA_TIME_END, 9223372036854775807LL);
VALUE(SA_TIME_MAX, 9223372036854775807LL);
EXPECT(SA_TIME_UNKNOWN < SA_TIME_BEGIN);
EXPECT((SaUint64T)SA_TIME_UNKNOWN == 1ULL << 63);
VALUE(SA_TIME_ONE_MICROSECOND, 1000LL);
VALUE(SA_TIME_ONE_MILLISECOND, 1000 * SA_TIME_ONE_MICROSECOND);
VALUE(SA_TIME_ONE_SECOND, 1000 * SA_TIME_ONE_MILLISECOND);
VALUE(SA_TIME_ONE_MINUTE, 60 * SA_TIME_ONE_SECOND);
VALUE(SA_TIME_ONE_HOUR, 60 * SA_TIME_ONE_MINUTE);
VALUE(SA_TIME_ONE_DAY, 24 * SA_TIME_ONE_HOUR);

#if SA_TIME_END < 1 || SA_TIME_UNKNOWN > 0
#error "the times must be usable by the preprocessor"
#endif

VALUE(SA_TRACK_CURRENT, 1);
VALUE(SA_TRACK_CHANGES, 2);
VALUE(SA_TRACK_CHANGES_ONLY, 4);
VALUE(SA_TRACK_LOCAL, 8);
VALUE(SA_TRACK_START_STEP, 16);
VALUE(SA_TRACK_VALIDATE_STEP, 32);

/* ---- Errors and services ---- */

ENUMERATION(SaAisErrorT);
VALUE(SA_AIS_OK, 1);
VALUE(SA_AIS_ERR_LIBRARY, 2);
VALUE(SA_AIS_ERR_VERSION, 3);
VALUE(SA_AIS_ERR_INIT, 4);
VALUE(SA_AIS_ERR_TIMEOUT, 5);
VALUE(SA_AIS_ERR_TRY_AGAIN, 6);
VALUE(SA_AIS_ERR_INVALID_PARAM, 7);
VALUE(SA_AIS_ERR_NO_MEMORY, 8);
VALUE(SA_AIS_ERR_BAD_HANDLE, 9);
VALUE(SA_AIS_ERR_BUSY, 10);
VALUE(SA_AIS_ERR_ACCESS, 11);
VALUE(SA_AIS_ERR_NOT_EXIST, 12);
VALUE(SA_AIS_ERR_NAME_TOO_LONG, 13);
VALUE(SA_AIS_ERR_EXIST, 14);
VALUE(SA_AIS_ERR_NO_SPACE, 15);
VALUE(SA_AIS_ERR_INTERRUPT, 16);
VALUE(SA_AIS_ERR_NAME_NOT_FOUND, 17);
VALUE(SA_AIS_ERR_NO_RESOURCES, 18);
VALUE(SA_AIS_ERR_NOT_SUPPORTED, 19);
VALUE(SA_AIS_ERR_BAD_OPERATION, 20);
VALUE(SA_AIS_ERR_FAILED_OPERATION, 21);
VALUE(SA_AIS_ERR_MESSAGE_ERROR, 22);
VALUE(SA_AIS_ERR_QUEUE_FULL, 23);
VALUE(SA_AIS_ERR_QUEUE_NOT_AVAILABLE, 24);
VALUE(SA_AIS_ERR_BAD_FLAGS, 25);
VALUE(SA_AIS_ERR_TOO_BIG, 26);
VALUE(SA_AIS_ERR_NO_SECTIONS, 27);
VALUE(SA_AIS_ERR_NO_OP, 28);
VALUE(SA_AIS_ERR_REPAIR_PENDING, 29);
VALUE(SA_AIS_ERR_NO_BINDINGS, 30);
VALUE(SA_AIS_ERR_UNAVAILABLE, 31);
VALUE(SA_AIS_ERR_CAMPAIGN_ERROR_DETECTED, 32);
VALUE(SA_AIS_ERR_CAMPAIGN_PROC_FAILED, 33);
VALUE(SA_AIS_ERR_CAMPAIGN_CANCELED, 34);
VALUE(SA_AIS_ERR_CAMPAIGN_FAILED, 35);
VALUE(SA_AIS_ERR_CAMPAIGN_SUSPENDED, 36);
VALUE(SA_AIS_ERR_CAMPAIGN_SUSPENDING, 37);
VALUE(SA_AIS_ERR_ACCESS_DENIED, 38);
VALUE(SA_AIS_ERR_NOT_READY, 39);
VALUE(SA_AIS_ERR_DEPLOYMENT, 40);

ENUMERATION(SaServicesT);
VALUE(SA_SVC_HPI, 1);
VALUE(SA_SVC_AMF, 2);
VALUE(SA_SVC_CLM, 3);
VALUE(SA_SVC_CKPT, 4);
VALUE(SA_SVC_EVT, 5);
VALUE(SA_SVC_MSG, 6);
VALUE(SA_SVC_LCK, 7);
VALUE(SA_SVC_IMMS, 8);
VALUE(SA_SVC_LOG, 9);
VALUE(SA_SCV_LOG, 9);
VALUE(SA_SVC_NTF, 10);
VALUE(SA_SVC_NAM, 11);
VALUE(SA_SVC_TMR, 12);
VALUE(SA_SVC_SMF, 13);
VALUE(SA_SVC_SEC, 14);
VALUE(SA_SVC_PLM, 15);

/* ---- Checkpoint types ---- */

UNSIGNED(SaCkptHandleT, 8);
UNSIGNED(SaCkptCheckpointHandleT, 8);
UNSIGNED(SaCkptSectionIterationHandleT, 8);

UNSIGNED(SaCkptCheckpointCreationFlagsT, 4);
VALUE(SA_CKPT_WR_ALL_REPLICAS, 1);
VALUE(SA_CKPT_WR_ACTIVE_REPLICA, 2);
VALUE(SA_CKPT_WR_ACTIVE_REPLICA_WEAK, 4);
VALUE(SA_CKPT_CHECKPOINT_COLLOCATED, 8);

UNSIGNED(SaCkptCheckpointOpenFlagsT, 4);
VALUE(SA_CKPT_CHECKPOINT_READ, 1);
VALUE(SA_CKPT_CHECKPOINT_WRITE, 2);
VALUE(SA_CKPT_CHECKPOINT_CREATE, 4);

AGGREGATE(SaCkptCheckpointCreationAttributesT, 48, 8);
FIELD(SaCkptCheckpointCreationAttributesT, 0, creationFlags, SaCkptCheckpointCreationFlagsT);
FIELD(SaCkptCheckpointCreationAttributesT, 8, checkpointSize, SaSizeT);
FIELD(SaCkptCheckpointCreationAttributesT, 16, retentionDuration, SaTimeT);
FIELD(SaCkptCheckpointCreationAttributesT, 24, maxSections, SaUint32T);
FIELD(SaCkptCheckpointCreationAttributesT, 32, maxSectionSize, SaSizeT);
FIELD(SaCkptCheckpointCreationAttributesT, 40, maxSectionIdSize, SaSizeT);

AGGREGATE(SaCkptSectionIdT, 16, 8);
FIELD(SaCkptSectionIdT, 0, idLen, SaUint16T);
FIELD(SaCkptSectionIdT, 8, id, SaUint8T *);

AGGREGATE(SaCkptSectionCreationAttributesT, 16, 8);
FIELD(SaCkptSectionCreationAttributesT, 0, sectionId, SaCkptSectionIdT *);
FIELD(SaCkptSectionCreationAttributesT, 8, expirationTime, SaTimeT);

AGGREGATE(SaCkptSectionDescriptorT, 48, 8);
FIELD(SaCkptSectionDescriptorT, 0, sectionId, SaCkptSectionIdT);
FIELD(SaCkptSectionDescriptorT, 16, expirationTime, SaTimeT);
FIELD(SaCkptSectionDescriptorT, 24, sectionSize, SaSizeT);
FIELD(SaCkptSectionDescriptorT, 32, sectionState, SaCkptSectionStateT);
FIELD(SaCkptSectionDescriptorT, 40, lastUpdate, SaTimeT);

AGGREGATE(SaCkptIOVectorElementT, 48, 8);
FIELD(SaCkptIOVectorElementT, 0, sectionId, SaCkptSectionIdT);
FIELD(SaCkptIOVectorElementT, 16, dataBuffer, void *);
FIELD(SaCkptIOVectorElementT, 24, dataSize, SaSizeT);
FIELD(SaCkptIOVectorElementT, 32, dataOffset, SaOffsetT);
FIELD(SaCkptIOVectorElementT, 40, readSize, SaSizeT);

AGGREGATE(SaCkptCheckpointDescriptorT, 64, 8);
FIELD(SaCkptCheckpointDescriptorT, 0, checkpointCreationAttributes,
      SaCkptCheckpointCreationAttributesT);
FIELD(SaCkptCheckpointDescriptorT, 48, numberOfSections, SaUint32T);
FIELD(SaCkptCheckpointDescriptorT, 56, memoryUsed, SaSizeT);

AGGREGATE(SaCkptCallbacksT, 16, 8);
FIELD(SaCkptCallbacksT, 0, saCkptCheckpointOpenCallback, SaCkptCheckpointOpenCallbackT);
FIELD(SaCkptCallbacksT, 8, saCkptCheckpointSynchronizeCallback,
      SaCkptCheckpointSynchronizeCallbackT);

AGGREGATE(SaCkptCallbacksT_2, 24, 8);
FIELD(SaCkptCallbacksT_2, 0, saCkptCheckpointOpenCallback, SaCkptCheckpointOpenCallbackT);
FIELD(SaCkptCallbacksT_2, 8, saCkptCheckpointSynchronizeCallback,
      SaCkptCheckpointSynchronizeCallbackT);
FIELD(SaCkptCallbacksT_2, 16, saCkptCheckpointTrackCallback, SaCkptCheckpointTrackCallbackT);

ENUMERATION(SaCkptSectionStateT);
VALUE(SA_CKPT_SECTION_VALID, 1);
VALUE(SA_CKPT_SECTION_CORRUPTED, 2);

ENUMERATION(SaCkptSectionsChosenT);
VALUE(SA_CKPT_SECTIONS_FOREVER, 1);
VALUE(SA_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, 2);
VALUE(SA_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, 3);
VALUE(SA_CKPT_SECTIONS_CORRUPTED, 4);
VALUE(SA_CKPT_SECTIONS_ANY, 5);

ENUMERATION(SaCkptCheckpointStatusT);
VALUE(SA_CKPT_SECTION_RESOURCES_EXHAUSTED, 1);
VALUE(SA_CKPT_SECTION_RESOURCES_AVAILABLE, 2);

ENUMERATION(SaCkptStateT);
VALUE(SA_CKPT_CHECKPOINT_STATUS, 1);

/* Programs use both as initialisers, of variables and of members. */
static const SaCkptSectionIdT default_section = SA_CKPT_DEFAULT_SECTION_ID;
static const SaCkptIOVectorElementT generated_section = {SA_CKPT_GENERATED_SECTION_ID, 0, 0, 0, 0};

/* ---- Functions ---- */

FUNCTION(SaAisErrorT, saCkptInitialize, SaCkptHandleT *, const SaCkptCallbacksT *, SaVersionT *);
FUNCTION(SaAisErrorT, saCkptInitialize_2, SaCkptHandleT *, const SaCkptCallbacksT_2 *,
         SaVersionT *);
FUNCTION(SaAisErrorT, saCkptSelectionObjectGet, SaCkptHandleT, SaSelectionObjectT *);
FUNCTION(SaAisErrorT, saCkptDispatch, SaCkptHandleT, SaDispatchFlagsT);
FUNCTION(SaAisErrorT, saCkptFinalize, SaCkptHandleT);
FUNCTION(SaAisErrorT, saCkptCheckpointOpen, SaCkptHandleT, const SaNameT *,
         const SaCkptCheckpointCreationAttributesT *, SaCkptCheckpointOpenFlagsT, SaTimeT,
         SaCkptCheckpointHandleT *);
FUNCTION(SaAisErrorT, saCkptCheckpointOpenAsync, SaCkptHandleT, SaInvocationT, const SaNameT *,
         const SaCkptCheckpointCreationAttributesT *, SaCkptCheckpointOpenFlagsT);
FUNCTION(SaAisErrorT, saCkptCheckpointClose, SaCkptCheckpointHandleT);
FUNCTION(SaAisErrorT, saCkptCheckpointUnlink, SaCkptHandleT, const SaNameT *);
FUNCTION(SaAisErrorT, saCkptCheckpointRetentionDurationSet, SaCkptCheckpointHandleT, SaTimeT);
FUNCTION(SaAisErrorT, saCkptActiveReplicaSet, SaCkptCheckpointHandleT);
FUNCTION(SaAisErrorT, saCkptCheckpointStatusGet, SaCkptCheckpointHandleT,
         SaCkptCheckpointDescriptorT *);
FUNCTION(SaAisErrorT, saCkptSectionCreate, SaCkptCheckpointHandleT,
         SaCkptSectionCreationAttributesT *, const void *, SaSizeT);
FUNCTION(SaAisErrorT, saCkptSectionIdFree, SaCkptCheckpointHandleT, SaUint8T *);
FUNCTION(SaAisErrorT, saCkptSectionDelete, SaCkptCheckpointHandleT, const SaCkptSectionIdT *);
FUNCTION(SaAisErrorT, saCkptSectionExpirationTimeSet, SaCkptCheckpointHandleT,
         const SaCkptSectionIdT *, SaTimeT);
FUNCTION(SaAisErrorT, saCkptSectionIterationInitialize, SaCkptCheckpointHandleT,
         SaCkptSectionsChosenT, SaTimeT, SaCkptSectionIterationHandleT *);
FUNCTION(SaAisErrorT, saCkptSectionIterationNext, SaCkptSectionIterationHandleT,
         SaCkptSectionDescriptorT *);
FUNCTION(SaAisErrorT, saCkptSectionIterationFinalize, SaCkptSectionIterationHandleT);
FUNCTION(SaAisErrorT, saCkptCheckpointWrite, SaCkptCheckpointHandleT,
         const SaCkptIOVectorElementT *, SaUint32T, SaUint32T *);
FUNCTION(SaAisErrorT, saCkptSectionOverwrite, SaCkptCheckpointHandleT, const SaCkptSectionIdT *,
         const void *, SaSizeT);
FUNCTION(SaAisErrorT, saCkptCheckpointRead, SaCkptCheckpointHandleT, SaCkptIOVectorElementT *,
         SaUint32T, SaUint32T *);
FUNCTION(SaAisErrorT, saCkptIOVectorElementDataFree, SaCkptCheckpointHandleT, void *);
FUNCTION(SaAisErrorT, saCkptCheckpointSynchronize, SaCkptCheckpointHandleT, SaTimeT);
FUNCTION(SaAisErrorT, saCkptCheckpointSynchronizeAsync, SaCkptCheckpointHandleT, SaInvocationT);
FUNCTION(SaAisErrorT, saCkptTrack, SaCkptHandleT);
FUNCTION(SaAisErrorT, saCkptTrackStop, SaCkptHandleT);
FUNCTION(SaAisErrorT, saCkptCheckpointTrack, SaCkptCheckpointHandleT);
FUNCTION(SaAisErrorT, saCkptCheckpointTrackStop, SaCkptCheckpointHandleT);
FUNCTION(SaAisErrorT, ncsCkptRegisterCkptArrivalCallback, SaCkptHandleT,
         ncsCkptCkptArrivalCallbackT);

FUNCTION(void, saAisNameLend, SaConstStringT, SaNameT *);
FUNCTION(SaConstStringT, saAisNameBorrow, const SaNameT *);

CALLBACK(SaCkptCheckpointOpenCallbackT, SaInvocationT, SaCkptCheckpointHandleT, SaAisErrorT);
CALLBACK(SaCkptCheckpointSynchronizeCallbackT, SaInvocationT, SaAisErrorT);
CALLBACK(SaCkptCheckpointTrackCallbackT, SaCkptCheckpointHandleT, SaCkptIOVectorElementT *,
         SaUint32T);
CALLBACK(ncsCkptCkptArrivalCallbackT, SaCkptCheckpointHandleT, SaCkptIOVectorElementT *, SaUint32T);

int main(void)
{
    return default_section.idLen == 0 && generated_section.sectionId.id == 0;
}
