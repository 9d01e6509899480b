/*
 * The binary interface of the OpenClovis API, as numbers, in both flavours: with CL_CKPT_SDK=60
 * what programs of SDK 5 and 6 have built into themselves, without it what programs of the 2007
 * document compile against. No line may be changed, only added to.
 */
#include <clCkptApi.h>
#include <clCkptErrors.h>
#include <clCkptExtApi.h>
#include <clCkptIpi.h>
#include <clCntApi.h>
#include <clCommon.h>
#include <clCommonErrors.h>
#include <clEoApi.h>
#include <clHeapApi.h>
#include <clIocApi.h>
#include <clLogApi.h>
#include <clOsalApi.h>

#include "expect.h"

/* ---- Basic types ---- */

SIGNED(ClInt8T, 1);
SIGNED(ClInt16T, 2);
SIGNED(ClInt32T, 4);
SIGNED(ClInt64T, 8);
UNSIGNED(ClUint8T, 1);
UNSIGNED(ClUint16T, 2);
UNSIGNED(ClUint32T, 4);
UNSIGNED(ClUint64T, 8);
EXPECT(sizeof(ClCharT) == 1);
UNSIGNED(ClWordT, 8);
SIGNED(ClFdT, 4);
UNSIGNED(ClBoolT, 2);
UNSIGNED(ClRcT, 4);
UNSIGNED(ClHandleT, 8);
SIGNED(ClTimeT, 8);
UNSIGNED(ClSizeT, 8);
SIGNED(ClOffsetT, 8);
UNSIGNED(ClInvocationT, 8);
UNSIGNED(ClSelectionObjectT, 8);
UNSIGNED(ClNtfIdentifierT, 8);
UNSIGNED(ClIocNodeAddressT, 4);
UNSIGNED(ClIocPortT, 4);
EXPECT(sizeof(ClAddrT) == 8);
EXPECT(sizeof(ClPtrT) == 8);

AGGREGATE(ClNameT, 258, 2);
FIELD(ClNameT, 0, length, ClUint16T);
typedef ClCharT name_bytes[256];
FIELD(ClNameT, 2, value, name_bytes);
VALUE(CL_MAX_NAME_LENGTH, 256);

AGGREGATE(ClVersionT, 3, 1);
FIELD(ClVersionT, 0, releaseCode, ClUint8T);
FIELD(ClVersionT, 1, majorVersion, ClUint8T);
FIELD(ClVersionT, 2, minorVersion, ClUint8T);

AGGREGATE(ClStringT, 16, 8);
FIELD(ClStringT, 0, length, ClUint32T);
FIELD(ClStringT, 8, pValue, ClCharT *);

ENUMERATION(ClDispatchFlagsT);
VALUE(CL_DISPATCH_ONE, 1);
VALUE(CL_DISPATCH_ALL, 2);
VALUE(CL_DISPATCH_BLOCKING, 3);

VALUE(CL_TRUE, 1);
VALUE(CL_FALSE, 0);
VALUE(CL_YES, 1);
VALUE(CL_NO, 0);
VALUE(CL_ENABLE, 1);
VALUE(CL_DISABLE, 0);
VALUE(CL_TIME_END, 9223372036854775807ULL);
VALUE(CL_TIME_FOREVER, 9223372036854775807ULL);

#if CL_TIME_END < 1 || CL_OK || CL_CKPT_ERR_NO_SECTIONS != 257
#error "these must be usable by the preprocessor"
#endif

/* ---- Codes ---- */

VALUE(CL_CID_CKPT, 0x16);
VALUE(CL_CID_OFFSET, 16);
VALUE(CL_RC(CL_CID_CKPT, 0), 0);
VALUE(CL_RC(CL_CID_CKPT, 0x101), 0x160101);
VALUE(CL_GET_ERROR_CODE(0x160101), CL_CKPT_ERR_NO_SECTIONS);
VALUE(CL_GET_CID(0x160101), CL_CID_CKPT);

VALUE(CL_OK, 0);
VALUE(CL_ERR_NO_MEMORY, 1);
VALUE(CL_ERR_INVALID_PARAMETER, 2);
VALUE(CL_ERR_NULL_POINTER, 3);
VALUE(CL_ERR_NOT_EXIST, 4);
VALUE(CL_ERR_INVALID_HANDLE, 5);
VALUE(CL_ERR_INVALID_BUFFER, 6);
VALUE(CL_ERR_NOT_IMPLEMENTED, 7);
VALUE(CL_ERR_DUPLICATE, 8);
VALUE(CL_ERR_QUEUE_NOT_AVAILABLE, 9);
VALUE(CL_ERR_OUT_OF_RANGE, 10);
VALUE(CL_ERR_NO_RESOURCE, 11);
VALUE(CL_ERR_INITIALIZED, 12);
VALUE(CL_ERR_BUFFER_OVERRUN, 13);
VALUE(CL_ERR_NOT_INITIALIZED, 14);
VALUE(CL_ERR_VERSION_MISMATCH, 15);
VALUE(CL_ERR_ALREADY_EXIST, 16);
VALUE(CL_ERR_UNSPECIFIED, 17);
VALUE(CL_ERR_INVALID_STATE, 18);
VALUE(CL_ERR_DOESNT_EXIST, 19);
VALUE(CL_ERR_TIMEOUT, 20);
VALUE(CL_ERR_INUSE, 21);
VALUE(CL_ERR_TRY_AGAIN, 22);
VALUE(CL_ERR_NO_CALLBACK, 23);
VALUE(CL_ERR_MUTEX_ERROR, 24);
VALUE(CL_ERR_NO_OP, 25);
VALUE(CL_ERR_NAME_TOO_LONG, 26);
VALUE(CL_ERR_NAME_NOT_FOUND, 27);
VALUE(CL_ERR_MESSAGE_ERROR, 28);
VALUE(CL_ERR_TOO_BIG, 29);
VALUE(CL_ERR_NO_SECTIONS, 30);
VALUE(CL_ERR_FAILED_OPERATION, 31);
VALUE(CL_ERR_OP_NOT_PERMITTED, 32);
VALUE(CL_ERR_NO_SPACE, 33);
VALUE(CL_ERR_BAD_FLAG, 34);
VALUE(CL_ERR_BAD_OPERATION, 35);
VALUE(CL_ERR_LIBRARY, 36);
VALUE(CL_ERR_NOT_SUPPORTED, 37);
VALUE(CL_ERR_INTERRUPT, 38);
VALUE(CL_ERR_CONTINUE, 39);
VALUE(CL_ERR_COMMON_MAX, 255);

VALUE(CL_CKPT_ERR_NO_MEMORY, 0x160001);
VALUE(CL_CKPT_ERR_INVALID_PARAMETER, 0x160002);
VALUE(CL_CKPT_ERR_NULL_POINTER, 0x160003);
VALUE(CL_CKPT_ERR_NOT_EXIST, 0x160004);
VALUE(CL_CKPT_ERR_INVALID_HANDLE, 0x160005);
VALUE(CL_CKPT_ERR_INVALID_BUFFER, 0x160006);
VALUE(CL_CKPT_ERR_NOT_IMPLEMENTED, 0x160007);
VALUE(CL_CKPT_ERR_DUPLICATE, 0x160008);
VALUE(CL_CKPT_ERR_OUT_OF_RANGE, 0x16000a);
VALUE(CL_CKPT_ERR_NO_RESOURCE, 0x16000b);
VALUE(CL_CKPT_ERR_INITIALIZED, 0x16000c);
VALUE(CL_CKPT_ERR_BUFFER_OVERRUN, 0x16000d);
VALUE(CL_CKPT_ERR_NOT_INITIALIZED, 0x16000e);
VALUE(CL_CKPT_ERR_VERSION_MISMATCH, 0x16000f);
VALUE(CL_CKPT_ERR_ALREADY_EXIST, 0x160010);
VALUE(CL_CKPT_ERR_UNSPECIFIED, 0x160011);
VALUE(CL_CKPT_ERR_INVALID_STATE, 0x160012);
VALUE(CL_CKPT_ERR_DOESNT_EXIST, 0x160013);
VALUE(CL_CKPT_ERR_TIMEOUT, 0x160014);
VALUE(CL_CKPT_ERR_INUSE, 0x160015);
VALUE(CL_CKPT_ERR_TRY_AGAIN, 0x160016);
VALUE(CL_CKPT_ERR_NO_CALLBACK, 0x160017);
VALUE(CL_CKPT_ERR_MUTEX_ERROR, 0x160018);
VALUE(CL_CKPT_ERR_OP_NOT_PERMITTED, 0x160020);
VALUE(CL_CKPT_ERR_NO_SPACE, 0x160021);
VALUE(CL_CKPT_ERR_BAD_FLAG, 0x160022);
VALUE(CL_CKPT_ERR_BAD_OPERATION, 0x160023);
VALUE(CL_CKPT_ERR_NO_SECTIONS, 0x101);
VALUE(CL_CKPT_ERR_INIT_NOT_DONE, CL_CKPT_ERR_NOT_INITIALIZED);
VALUE(CL_CKPT_ERR_BAD_HANDLE, CL_CKPT_ERR_INVALID_HANDLE);
VALUE(CL_CKPT_INTERNAL_ERROR, CL_CKPT_ERR_UNSPECIFIED);
VALUE(CL_CKPT_ERR_INVALID_PARAM, CL_CKPT_ERR_INVALID_PARAMETER);

/* ---- Checkpoint types ---- */

UNSIGNED(ClCkptSvcHdlT, 8);
UNSIGNED(ClCkptHdlT, 8);
UNSIGNED(ClCkptSecItrHdlT, 8);
UNSIGNED(ClCkptSelectionObjT, 4);

UNSIGNED(ClCkptCreationFlagsT, 4);
VALUE(CL_CKPT_WR_ALL_REPLICAS, 1);
VALUE(CL_CKPT_WR_ACTIVE_REPLICA, 2);
VALUE(CL_CKPT_WR_ACTIVE_REPLICA_WEAK, 4);
VALUE(CL_CKPT_CHECKPOINT_COLLOCATED, 8);
VALUE(CL_CKPT_WR_CHECKPOINT_COLLOCATED, 8);
VALUE(CL_CKPT_DISTRIBUTED, 0x10);
VALUE(CL_CKPT_WR_ALL_SAFE, 0x20);
VALUE(CL_CKPT_COLLOCATED_SAFE, 0x30);
VALUE(CL_CKPT_ALL_OPEN_ARE_REPLICAS, 0x40);
VALUE(CL_CKPT_PEER_TO_PEER_REPLICA, 0x80);
VALUE(CL_CKPT_PEER_TO_PEER_CACHE_DISABLE, 0x100);

UNSIGNED(ClCkptOpenFlagsT, 4);
VALUE(CL_CKPT_CHECKPOINT_READ, 1);
VALUE(CL_CKPT_CHECKPOINT_WRITE, 2);
VALUE(CL_CKPT_CHECKPOINT_CREATE, 4);

AGGREGATE(ClCkptCheckpointCreationAttributesT, 48, 8);
FIELD(ClCkptCheckpointCreationAttributesT, 0, creationFlags, ClCkptCreationFlagsT);
FIELD(ClCkptCheckpointCreationAttributesT, 8, checkpointSize, ClSizeT);
FIELD(ClCkptCheckpointCreationAttributesT, 16, retentionDuration, ClTimeT);
FIELD(ClCkptCheckpointCreationAttributesT, 24, maxSections, ClUint32T);
FIELD(ClCkptCheckpointCreationAttributesT, 32, maxSectionSize, ClSizeT);
FIELD(ClCkptCheckpointCreationAttributesT, 40, maxSectionIdSize, ClSizeT);

AGGREGATE(ClCkptSectionIdT, 16, 8);
FIELD(ClCkptSectionIdT, 0, idLen, ClUint16T);
FIELD(ClCkptSectionIdT, 8, id, ClUint8T *);

AGGREGATE(ClCkptSectionCreationAttributesT, 16, 8);
FIELD(ClCkptSectionCreationAttributesT, 0, sectionId, ClCkptSectionIdT *);
FIELD(ClCkptSectionCreationAttributesT, 8, expirationTime, ClTimeT);

AGGREGATE(ClCkptSectionDescriptorT, 48, 8);
FIELD(ClCkptSectionDescriptorT, 0, sectionId, ClCkptSectionIdT);
FIELD(ClCkptSectionDescriptorT, 16, expirationTime, ClTimeT);
FIELD(ClCkptSectionDescriptorT, 24, sectionSize, ClSizeT);
FIELD(ClCkptSectionDescriptorT, 32, sectionState, ClCkptSectionStateT);
FIELD(ClCkptSectionDescriptorT, 40, lastUpdate, ClTimeT);

AGGREGATE(ClCkptIOVectorElementT, 48, 8);
FIELD(ClCkptIOVectorElementT, 0, sectionId, ClCkptSectionIdT);
FIELD(ClCkptIOVectorElementT, 16, dataBuffer, ClPtrT);
FIELD(ClCkptIOVectorElementT, 24, dataSize, ClSizeT);
FIELD(ClCkptIOVectorElementT, 32, dataOffset, ClOffsetT);
FIELD(ClCkptIOVectorElementT, 40, readSize, ClSizeT);

AGGREGATE(ClCkptCheckpointDescriptorT, 56, 8);
FIELD(ClCkptCheckpointDescriptorT, 0, checkpointCreationAttributes,
      ClCkptCheckpointCreationAttributesT);
FIELD(ClCkptCheckpointDescriptorT, 48, numberOfSections, ClUint32T);
FIELD(ClCkptCheckpointDescriptorT, 52, memoryUsed, ClUint32T);

AGGREGATE(ClCkptCallbacksT, 16, 8);
FIELD(ClCkptCallbacksT, 0, checkpointOpenCallback, ClCkptCheckpointOpenCallbackT);
FIELD(ClCkptCallbacksT, 8, checkpointSynchronizeCallback, ClCkptCheckpointSynchronizeCallbackT);

ENUMERATION(ClCkptSectionStateT);
VALUE(CL_CKPT_SECTION_VALID, 1);
VALUE(CL_CKPT_SECTION_CORRUPTED, 2);

ENUMERATION(ClCkptSectionsChosenT);
VALUE(CL_CKPT_SECTIONS_FOREVER, 1);
VALUE(CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME, 2);
VALUE(CL_CKPT_SECTIONS_GEQ_EXPIRATION_TIME, 3);
VALUE(CL_CKPT_SECTIONS_CORRUPTED, 4);
VALUE(CL_CKPT_SECTIONS_ANY, 5);

/* Programs use both as initialisers, of variables and of members. */
static const ClCkptSectionIdT default_section = CL_CKPT_DEFAULT_SECTION_ID;
static const ClCkptIOVectorElementT generated_section = {CL_CKPT_GENERATED_SECTION_ID, 0, 0, 0, 0};

CALLBACK(ClCkptCheckpointOpenCallbackT, ClInvocationT, ClCkptHdlT, ClRcT);
CALLBACK(ClCkptCheckpointSynchronizeCallbackT, ClInvocationT, ClRcT);

/* ---- What depends on the flavour ---- */

#if CL_CKPT_SDK >= 50
typedef ClPtrT cookie_type;
RETURNS(ClRcT, ClCkptNotificationCallbackT, ClCkptHdlT, ClNameT *, ClCkptIOVectorElementT *,
        ClUint32T, ClPtrT);
RETURNS(ClRcT, ClCkptSerializeT, ClUint32T, ClAddrT *, ClUint32T *, ClPtrT);
RETURNS(ClRcT, ClCkptDeserializeT, ClUint32T, ClAddrT, ClUint32T, ClPtrT);
FUNCTION(ClRcT, clCkptImmediateConsumptionRegister, ClCkptHdlT, ClCkptNotificationCallbackT,
         ClPtrT);
#else
typedef ClHandleT cookie_type;
RETURNS(ClRcT, ClCkptNotificationCallbackT, ClNameT *, ClCkptHdlT);
RETURNS(ClRcT, ClCkptSerializeT, ClUint32T, ClAddrT *, ClUint32T *, ClHandleT);
RETURNS(ClRcT, ClCkptDeserializeT, ClUint32T, ClAddrT *, ClUint32T *, ClHandleT);
FUNCTION(ClRcT, clCkptImmediateConsumptionRegister, ClCkptHdlT, ClCkptNotificationCallbackT);
FUNCTION(ClRcT, clCkptImmediateConsumptionRegister_23, ClCkptHdlT, ClCkptNotificationCallbackT);
FUNCTION(ClRcT, clCkptLibraryCkptDataSetCreate_23, ClCkptSvcHdlT, ClNameT *, ClUint32T, ClUint32T,
         ClUint32T, ClCkptSerializeT, ClCkptDeserializeT);
FUNCTION(ClRcT, clCkptLibraryCkptElementCreate_23, ClCkptSvcHdlT, ClNameT *, ClUint32T,
         ClCkptSerializeT, ClCkptDeserializeT);
#endif

/* ---- Functions ---- */

FUNCTION(ClRcT, clCkptInitialize, ClCkptSvcHdlT *, const ClCkptCallbacksT *, ClVersionT *);
FUNCTION(ClRcT, clCkptSelectionObjectGet, ClCkptSvcHdlT, ClSelectionObjectT *);
FUNCTION(ClRcT, clCkptDispatch, ClCkptSvcHdlT, ClDispatchFlagsT);
FUNCTION(ClRcT, clCkptFinalize, ClCkptSvcHdlT);
FUNCTION(ClRcT, clCkptCheckpointOpen, ClCkptSvcHdlT, const ClNameT *,
         const ClCkptCheckpointCreationAttributesT *, ClCkptOpenFlagsT, ClTimeT, ClCkptHdlT *);
FUNCTION(ClRcT, clCkptCheckpointOpenAsync, ClCkptSvcHdlT, ClInvocationT, const ClNameT *,
         const ClCkptCheckpointCreationAttributesT *, ClCkptOpenFlagsT);
FUNCTION(ClRcT, clCkptCheckpointClose, ClCkptHdlT);
FUNCTION(ClRcT, clCkptCheckpointDelete, ClCkptSvcHdlT, const ClNameT *);
FUNCTION(ClRcT, clCkptCheckpointRetentionDurationSet, ClCkptHdlT, ClTimeT);
FUNCTION(ClRcT, clCkptActiveReplicaSet, ClCkptHdlT);
FUNCTION(ClRcT, clCkptCheckpointStatusGet, ClCkptHdlT, ClCkptCheckpointDescriptorT *);
FUNCTION(ClRcT, clCkptSectionCreate, ClCkptHdlT, ClCkptSectionCreationAttributesT *,
         const ClUint8T *, ClSizeT);
FUNCTION(ClRcT, clCkptSectionDelete, ClCkptHdlT, const ClCkptSectionIdT *);
FUNCTION(ClRcT, clCkptSectionExpirationTimeSet, ClCkptHdlT, const ClCkptSectionIdT *, ClTimeT);
FUNCTION(ClRcT, clCkptSectionIterationInitialize, ClCkptHdlT, ClCkptSectionsChosenT, ClTimeT,
         ClHandleT *);
FUNCTION(ClRcT, clCkptSectionIterationNext, ClHandleT, ClCkptSectionDescriptorT *);
FUNCTION(ClRcT, clCkptSectionIterationFinalize, ClHandleT);
FUNCTION(ClRcT, clCkptCheckpointWrite, ClCkptHdlT, const ClCkptIOVectorElementT *, ClUint32T,
         ClUint32T *);
FUNCTION(ClRcT, clCkptSectionOverwrite, ClCkptHdlT, const ClCkptSectionIdT *, const void *,
         ClSizeT);
FUNCTION(ClRcT, clCkptCheckpointRead, ClCkptHdlT, ClCkptIOVectorElementT *, ClUint32T, ClUint32T *);
FUNCTION(ClRcT, clCkptCheckpointSynchronize, ClCkptHdlT, ClTimeT);
FUNCTION(ClRcT, clCkptCheckpointSynchronizeAsync, ClCkptHdlT, ClInvocationT);
FUNCTION(ClRcT, clCkptSectionCheck, ClCkptHdlT, ClCkptSectionIdT *);
FUNCTION(ClRcT, clCkptCheckpointReadSections, ClCkptHdlT, ClCkptIOVectorElementT **, ClUint32T *);
FUNCTION(ClRcT, clCkptIOVectorFree, ClCkptIOVectorElementT *, ClUint32T);

FUNCTION(ClRcT, clCkptLibraryInitialize, ClCkptSvcHdlT *);
FUNCTION(ClRcT, clCkptLibraryFinalize, ClCkptSvcHdlT);
FUNCTION(ClRcT, clCkptLibraryCkptCreate, ClCkptSvcHdlT, ClNameT *);
FUNCTION(ClRcT, clCkptLibraryCkptDelete, ClCkptSvcHdlT, ClNameT *);
FUNCTION(ClRcT, clCkptLibraryDoesCkptExist, ClCkptSvcHdlT, ClNameT *, ClBoolT *);
FUNCTION(ClRcT, clCkptLibraryCkptDataSetCreate, ClCkptSvcHdlT, ClNameT *, ClUint32T, ClUint32T,
         ClUint32T, ClCkptSerializeT, ClCkptDeserializeT);
FUNCTION(ClRcT, clCkptLibraryCkptDataSetDelete, ClCkptSvcHdlT, ClNameT *, ClUint32T);
FUNCTION(ClRcT, clCkptLibraryCkptDataSetWrite, ClCkptSvcHdlT, ClNameT *, ClUint32T, cookie_type);
FUNCTION(ClRcT, clCkptLibraryCkptDataSetRead, ClCkptSvcHdlT, ClNameT *, ClUint32T, cookie_type);
FUNCTION(ClRcT, clCkptLibraryDoesDatasetExist, ClCkptSvcHdlT, ClNameT *, ClUint32T, ClBoolT *);
FUNCTION(ClRcT, clCkptLibraryCkptElementCreate, ClCkptSvcHdlT, ClNameT *, ClUint32T,
         ClCkptSerializeT, ClCkptDeserializeT);
FUNCTION(ClRcT, clCkptLibraryCkptElementWrite, ClCkptSvcHdlT, ClNameT *, ClUint32T, ClPtrT,
         ClUint32T, cookie_type);
FUNCTION(ClRcT, clCkptLibraryCkptElementDelete, ClCkptSvcHdlT, ClNameT *, ClUint32T, ClPtrT,
         ClUint32T);

FUNCTION(ClPtrT, clHeapAllocate, ClUint32T);
FUNCTION(ClPtrT, clHeapCalloc, ClUint32T, ClUint32T);
FUNCTION(ClPtrT, clHeapRealloc, ClPtrT, ClUint32T);
FUNCTION(void, clHeapFree, ClPtrT);

FUNCTION(ClTimeT, clOsalStopWatchTimeGet, void);
FUNCTION(ClRcT, clOsalPrintf, const ClCharT *, ...);
FUNCTION(void, clNameSet, ClNameT *, const ClCharT *);
FUNCTION(void, clNameCopy, ClNameT *, const ClNameT *);
FUNCTION(void, clNameConcat, ClNameT *, const ClNameT *, const ClCharT *, const ClNameT *);

int main(void)
{
    return default_section.idLen == 0 && generated_section.sectionId.id == NULL;
}
