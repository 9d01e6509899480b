/*
 * clCkptApi.h: the server-based OpenClovis Checkpoint Service.
 *
 * A checkpoint is a named piece of memory that the whole cluster shares. It consists of sections,
 * and is kept in replicas on several nodes, so that a process that takes over from a dead one finds
 * the state it left. It is the same service that saCkpt.h gives access to: a checkpoint created
 * through one of the two opens through the other. A program includes this header and links with
 * -lckpt, or with -lClCkpt, which is the same library under the name that OpenClovis gives it.
 *
 * TWO FLAVOURS. Programs written for the 2007 document (SDK 2.3) compile as they are. Programs
 * written for SDK 5 or 6 are compiled with -DCL_CKPT_SDK=60, for the one function below that takes
 * other arguments there (clCkptImmediateConsumptionRegister) and those of clCkptExtApi.h. The
 * binary interface is that of SDK 5 and 6 on 64-bit systems.
 *
 * RULES FOR ALL FUNCTIONS. The comment at each function adds to these.
 *
 * Codes are those of clCkptErrors.h, without CL_CKPT_ERR_ below; all carry the component of the
 * Checkpoint Service (0x16NNNN). Any function may return:
 *   NOT_INITIALIZED   no clCkptInitialize has succeeded in this process so far.
 *   INVALID_HANDLE    the handle was never given out, is no longer valid, or is of another kind (a
 *                     checkpoint handle in place of a service handle, one of saCkpt.h).
 *   TIMEOUT           no answer within the time a call has. It MAY have been done.
 *   TRY_AGAIN         the service could not be asked, or could not do it now. It has NOT been done
 *                     and will not be; the same call may succeed later. Concurrent calls never
 *                     cause it: they wait their turn.
 *   NO_MEMORY         the library or the service has not enough memory.
 *   NO_RESOURCE       some other resource is short (shared memory, a limit of the service). Nothing
 *                     has been changed.
 *   UNSPECIFIED       the library cannot work in this process: its engine could not be loaded (one
 *                     line on stderr names the file), or this is a child forked after the engine
 *                     was loaded. The child may exec; the parent goes on.
 *   INVALID_STATE     this node was taken out of the cluster by its operator.
 * VERSION_MISMATCH, which the document lists at many functions, comes from clCkptInitialize alone:
 * the versions of library and service are settled there.
 *
 * Order of tests: arguments (NULL, ranges), then NOT_INITIALIZED, then INVALID_HANDLE, then the
 * limits that the checkpoint was created with, then OP_NOT_PERMITTED, then BAD_OPERATION, then a
 * missing active replica (NOT_EXIST), then the rest, unless the function says otherwise. A call
 * that does not return CL_OK leaves its results alone, unless the function says otherwise.
 *
 * Time: a call waits 10 s at most (the site can configure this). Timeout arguments are not
 * supported, as in the original: they are ignored.
 *
 * Concurrency: any function may be called from any number of threads at once, with the same handle
 * too. Handles are valid in the whole process that got them, and not in a forked child. No function
 * may be called from a signal handler. Completion callbacks run only in a thread that is inside
 * clCkptDispatch, notifications in a thread of the library; both may call any function here.
 *
 * Handles are 64-bit values without meaning, never 0 and never used twice. One given back stays
 * invalid for ever, and any value may be passed safely.
 *
 * Memory that the library gives to the caller is freed with clHeapFree (clHeapApi.h) or free().
 * Memory of the caller is never kept after a call.
 *
 * "No active replica" can happen only to a collocated checkpoint with asynchronous update, until
 * some process calls clCkptActiveReplicaSet.
 *
 * Source: OpenClovis SDK 2.3 (the document of March 20, 2007) unless another one is named; where
 * its structures are in alphabetical order, the order is that of SDK 5 and 6.
 */
#ifndef _CL_CKPT_API_H_
#define _CL_CKPT_API_H_

#include "clCommon.h"
#include "clIocApi.h"

#ifndef CL_CKPT_SDK
#define CL_CKPT_SDK 23
#endif
#if CL_CKPT_SDK != 23 && CL_CKPT_SDK < 50
#error "CL_CKPT_SDK is the release a program is written for: 23 (the default), or 50 to 60"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One initialization of the library, an open checkpoint, an iteration over sections. */
typedef ClHandleT ClCkptSvcHdlT;
typedef ClHandleT ClCkptHdlT;
typedef ClHandleT ClCkptSecItrHdlT;

/* How updates reach the replicas, with or without COLLOCATED. Without any of the first three it is
 * CL_CKPT_WR_ACTIVE_REPLICA; with several it is the first of them. Any other bits may be set beside
 * these: they are kept, compared and shown, and have no effect. */
#define CL_CKPT_WR_ALL_REPLICAS 0x1        /* synchronous: on every replica when a call returns */
#define CL_CKPT_WR_ACTIVE_REPLICA 0x2      /* asynchronous: on the active one, others follow */
#define CL_CKPT_WR_ACTIVE_REPLICA_WEAK 0x4 /* as before, and a write cut off by a crash of the
                                              service may leave a section corrupted */
#define CL_CKPT_CHECKPOINT_COLLOCATED 0x8  /* a replica on each node that opens it; if updates are
                                              asynchronous, active where clCkptActiveReplicaSet is
                                              called. (SDK 5) */
#define CL_CKPT_WR_CHECKPOINT_COLLOCATED CL_CKPT_CHECKPOINT_COLLOCATED
typedef ClUint32T ClCkptCreationFlagsT;

/* Creation flags that have no effect here. (DISTRIBUTED and WR_ALL_SAFE: SDK 5; COLLOCATED_SAFE:
 * SDK 5.1; the others: SDK 6) */
#define CL_CKPT_DISTRIBUTED 0x10 /* every checkpoint may be registered for notifications here */
#define CL_CKPT_WR_ALL_SAFE 0x20
#define CL_CKPT_COLLOCATED_SAFE 0x30
#define CL_CKPT_ALL_OPEN_ARE_REPLICAS 0x40
#define CL_CKPT_PEER_TO_PEER_REPLICA 0x80
#define CL_CKPT_PEER_TO_PEER_CACHE_DISABLE 0x100

/* What a checkpoint is opened for. */
#define CL_CKPT_CHECKPOINT_READ 0x1
#define CL_CKPT_CHECKPOINT_WRITE 0x2
#define CL_CKPT_CHECKPOINT_CREATE 0x4 /* create it if it does not exist; also permits to write */
typedef ClUint32T ClCkptOpenFlagsT;

/* In the document, and used by no function: clCkptSelectionObjectGet takes ClSelectionObjectT. */
typedef ClUint32T ClCkptSelectionObjT;

/* What a checkpoint is created with. Memory is used for what is stored, not for what these limits
 * allow. */
typedef struct {
    ClCkptCreationFlagsT creationFlags;
    ClSizeT checkpointSize;    /* bytes, at most maxSections * maxSectionSize; only tested when the
                                  checkpoint is opened, not a limit later */
    ClTimeT retentionDuration; /* ns that the checkpoint is kept after its last close */
    ClUint32T maxSections;     /* with 1 it has the default section from the start, and no other */
    ClSizeT maxSectionSize;    /* bytes, 0 for no limit; 32 bits wide in the document */
    ClSizeT maxSectionIdSize;  /* bytes; ids have at most 65,535 */
} ClCkptCheckpointCreationAttributesT;

/* The name of a section within its checkpoint: idLen bytes of any value at id. */
typedef struct {
    ClUint16T idLen;
    ClUint8T *id;
} ClCkptSectionIdT;

/* Both are {0, NULL}, as initialisers: ClCkptSectionIdT a = CL_CKPT_DEFAULT_SECTION_ID;
 * In clCkptSectionCreate it asks for a new id, everywhere else it names the default section. */
#define CL_CKPT_DEFAULT_SECTION_ID {0, NULL}
#define CL_CKPT_GENERATED_SECTION_ID {0, NULL}

/* What a section is created with. */
typedef struct {
    ClCkptSectionIdT *sectionId;
    ClTimeT expirationTime; /* absolute; CL_TIME_END for never */
} ClCkptSectionCreationAttributesT;

typedef enum {
    CL_CKPT_SECTION_VALID = 1,
    CL_CKPT_SECTION_CORRUPTED = 2 /* only Overwrite, Delete and iteration work on it */
} ClCkptSectionStateT;

/* A section as an iteration sees it. */
typedef struct {
    ClCkptSectionIdT sectionId; /* {0, NULL} is the default section; id is the caller's to free */
    ClTimeT expirationTime;     /* absolute, as it was set */
    ClSizeT sectionSize;        /* bytes */
    ClCkptSectionStateT sectionState;
    ClTimeT lastUpdate;         /* absolute, ns */
} ClCkptSectionDescriptorT;

/* Which sections an iteration selects. (values: SDK 5) */
typedef enum {
    CL_CKPT_SECTIONS_FOREVER = 1,             /* those that never expire */
    CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME = 2, /* those that expire at the given time or earlier;
                                                 with CL_TIME_END all sections */
    CL_CKPT_SECTIONS_GEQ_EXPIRATION_TIME = 3, /* those that expire at the given time or later, or
                                                 never */
    CL_CKPT_SECTIONS_CORRUPTED = 4,           /* those that are corrupted */
    CL_CKPT_SECTIONS_ANY = 5
} ClCkptSectionsChosenT;

/* One part of a read or write. */
typedef struct {
    ClCkptSectionIdT sectionId; /* {0, NULL} is the default section */
    ClPtrT dataBuffer;
    ClSizeT dataSize;           /* bytes at dataBuffer */
    ClOffsetT dataOffset;       /* bytes from the start of the section, 0 or more */
    ClSizeT readSize;           /* set by a read: bytes read */
} ClCkptIOVectorElementT;

/* What clCkptCheckpointStatusGet reports. */
typedef struct {
    ClCkptCheckpointCreationAttributesT checkpointCreationAttributes;
    ClUint32T numberOfSections; /* the default section included */
    ClUint32T memoryUsed;       /* bytes: the sum of the section sizes, 4,294,967,295 if more */
} ClCkptCheckpointDescriptorT;

/*
 * ClCkptCheckpointOpenCallbackT: an OpenAsync has been completed.
 *
 *   invocation        as given to clCkptCheckpointOpenAsync.
 *   checkpointHandle  the handle, if error is CL_OK; else all bits are 1.
 *   error             CL_OK, or what clCkptCheckpointOpen would return: TIMEOUT, TRY_AGAIN,
 *                     NO_MEMORY, NO_RESOURCE, NOT_EXIST, ALREADY_EXIST, INVALID_STATE, UNSPECIFIED.
 */
typedef void (*ClCkptCheckpointOpenCallbackT)(ClInvocationT invocation, ClCkptHdlT checkpointHandle,
                                              ClRcT error);

/*
 * ClCkptCheckpointSynchronizeCallbackT: a SynchronizeAsync has been completed.
 *
 *   invocation  as given to clCkptCheckpointSynchronizeAsync.
 *   error       CL_OK once every in-sync replica has all earlier updates; else TIMEOUT, TRY_AGAIN,
 *               NO_MEMORY, NO_RESOURCE, NOT_EXIST, INVALID_STATE or UNSPECIFIED.
 */
typedef void (*ClCkptCheckpointSynchronizeCallbackT)(ClInvocationT invocation, ClRcT error);

/* The callbacks of a client; a NULL member is not registered. */
typedef struct {
    ClCkptCheckpointOpenCallbackT checkpointOpenCallback;
    ClCkptCheckpointSynchronizeCallbackT checkpointSynchronizeCallback;
} ClCkptCallbacksT;

/*
 * ClCkptNotificationCallbackT: another process has updated a checkpoint, or a section of it has
 * expired. See clCkptImmediateConsumptionRegister.
 *
 *   ckptHdl, pName  the handle it was registered with, and the name of its checkpoint.
 *   pIOVector       SDK 5 and 6 only: numSections elements. Overwrite gives one, with all data of
 *                   the section (dataOffset 0); Write its elements, with what was written and
 *                   where; Delete and expiry one with dataSize 0. dataSize and readSize are the
 *                   bytes at dataBuffer. Large data is read for the callback, so it may be newer
 *                   than the update; if it cannot be read, dataBuffer is NULL and readSize 0.
 *                   {0, NULL} is the default section.
 *   cookie          SDK 5 and 6 only: as registered.
 *
 * Ownership: name, elements, ids and data are the library's, and valid until the callback returns.
 * The result of the callback is ignored.
 * Source: SDK 2.3; SDK 5 for the five arguments.
 */
#if CL_CKPT_SDK >= 50
typedef ClRcT (*ClCkptNotificationCallbackT)(ClCkptHdlT ckptHdl, ClNameT *pName,
                                             ClCkptIOVectorElementT *pIOVector,
                                             ClUint32T numSections, ClPtrT cookie);
#else
typedef ClRcT (*ClCkptNotificationCallbackT)(ClNameT *pName, ClCkptHdlT ckptHdl);
#endif

/* ---- Library life cycle -------------------------------------------------------------------- */

/*
 * clCkptInitialize: starts one use of the service. A process may do so many times; each handle has
 * its own callbacks, selection object and checkpoints, and stays valid until its own Finalize.
 *
 *   ckptSvcHandle  receives the service handle; all bits are 1 after a call that fails after the
 *                  NULL tests.
 *   callbacks      the callbacks, copied; NULL registers none.
 *   version        in: the version wanted, {'B', 1, 1}; the minor version does not matter.
 *                  out, with CL_OK and VERSION_MISMATCH: {'B', 1, 1}.
 *
 * The first call in a process loads the engine of the library and its threads; a program that is
 * only linked has none. It looks for the service of this node in the directory that the environment
 * variable CKPT_RUN_DIR names, or in the default one.
 *
 * Errors, besides the general ones (NOT_INITIALIZED and INVALID_HANDLE are not among them):
 *   NULL_POINTER      ckptSvcHandle or version is NULL.
 *   VERSION_MISMATCH  the release is not 'B', or the major version is above 1.
 *   TRY_AGAIN         the service of this node does not answer.
 */
ClRcT clCkptInitialize(CL_OUT ClCkptSvcHdlT *ckptSvcHandle,
                       CL_IN const ClCkptCallbacksT *callbacks, CL_INOUT ClVersionT *version);

/*
 * clCkptSelectionObjectGet: the descriptor that tells when to call clCkptDispatch.
 *
 *   ckptHandle        a service handle.
 *   pSelectionObject  receives a file descriptor for poll, select or epoll: readable while a
 *                     callback waits. Notifications do not wait: they need no Dispatch.
 *
 * Ownership: the descriptor is the library's: do not read, write or close it. Each call gives the
 * same one; it is closed by clCkptFinalize. It is close-on-exec.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER  pSelectionObject is NULL.
 */
ClRcT clCkptSelectionObjectGet(CL_IN ClCkptSvcHdlT ckptHandle,
                               CL_OUT ClSelectionObjectT *pSelectionObject);

/*
 * clCkptDispatch: runs pending callbacks in the calling thread. clCkptSelectionObjectGet need not
 * have been called before.
 *
 *   ckptHandle     a service handle.
 *   dispatchFlags  CL_DISPATCH_ONE: the next one, if any. CL_DISPATCH_ALL: all that are pending.
 *                  CL_DISPATCH_BLOCKING: waits for them and runs them, and returns CL_OK once
 *                  another thread, or a callback, has finalized the handle.
 *
 * Callbacks of a checkpoint that has been closed meanwhile are dropped, and the next ones run.
 * Several threads may dispatch one handle; each callback runs once. The wait is a cancellation
 * point. A callback may leave by longjmp, a C++ exception or pthread_exit.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  dispatchFlags is none of the three.
 *   INVALID_HANDLE     with CL_DISPATCH_ALL also when a callback has finalized the handle.
 */
ClRcT clCkptDispatch(CL_IN ClCkptSvcHdlT ckptHandle, CL_IN ClDispatchFlagsT dispatchFlags);

/*
 * clCkptFinalize: ends one use of the service. Closes every checkpoint opened through the handle
 * (and none of another handle), drops its callbacks and notifications, undoes its OpenAsync calls
 * in flight, and closes its selection object. Succeeds without the service, too. Memory given to
 * the caller stays the caller's. A process that dies is finalized by the service.
 *
 *   ckptHandle  a service handle; invalid afterwards, as are its checkpoint and iteration handles.
 *
 * Errors: NOT_INITIALIZED, INVALID_HANDLE, UNSPECIFIED.
 */
ClRcT clCkptFinalize(CL_IN ClCkptSvcHdlT ckptHandle);

/* ---- Checkpoints --------------------------------------------------------------------------- */

/*
 * clCkptCheckpointOpen: opens a checkpoint, and creates it if asked to. Every call gives a new
 * handle. Opening ends a retention period that is running.
 *
 *   ckptHandle      a service handle.
 *   checkpointName  its name, 1 to 256 bytes; it ends at its first NUL, if there is one.
 *   checkpointCreationAttributes
 *                   with CL_CKPT_CHECKPOINT_CREATE: what to create it with, or what an existing one
 *                   must have; all six are compared, retentionDuration with the present one.
 *                   Without it: NULL.
 *   checkpointOpenFlags
 *                   READ, WRITE, CREATE; CREATE also permits to write. 0 permits neither.
 *   timeout         ignored.
 *   checkpointHandle
 *                   receives the handle.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       checkpointName or checkpointHandle is NULL; CREATE without attributes.
 *   BAD_FLAG           a bit other than READ, WRITE, CREATE is set in checkpointOpenFlags.
 *   INVALID_PARAMETER  the name is empty or its length over 256; attributes without CREATE;
 *                      checkpointSize exceeds maxSections * maxSectionSize (if neither size is 0);
 *                      maxSections is 0.
 *   NOT_EXIST          no checkpoint has this name, and CREATE is not set.
 *   ALREADY_EXIST      it exists with other attributes.
 *   NO_RESOURCE        the node that would hold the active replica has all the replicas it may
 *                      have.
 */
ClRcT clCkptCheckpointOpen(
    CL_IN ClCkptSvcHdlT ckptHandle, CL_IN const ClNameT *checkpointName,
    CL_IN const ClCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
    CL_IN ClCkptOpenFlagsT checkpointOpenFlags, CL_IN ClTimeT timeout,
    CL_OUT ClCkptHdlT *checkpointHandle);

/*
 * clCkptCheckpointOpenAsync: clCkptCheckpointOpen without waiting. The handle arrives through the
 * open callback. One that is in flight when its service handle is finalized is undone.
 *
 *   invocation  any value; comes back in the callback.
 *   The others as in clCkptCheckpointOpen; name and attributes are copied.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER, BAD_FLAG, INVALID_PARAMETER
 *                as in clCkptCheckpointOpen, from this call; no callback follows.
 *   INITIALIZED  no open callback was registered (tested after the handle).
 * All other failures arrive through the callback, TIMEOUT after 10 s.
 */
ClRcT clCkptCheckpointOpenAsync(
    CL_IN ClCkptSvcHdlT ckptHandle, CL_IN ClInvocationT invocation,
    CL_IN const ClNameT *checkpointName,
    CL_IN const ClCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
    CL_IN ClCkptOpenFlagsT checkpointOpenFlags);

/*
 * clCkptCheckpointClose: gives a checkpoint handle back, with its iterations, pending callbacks and
 * notifications. After the last close in the cluster a deleted checkpoint goes at once, any other
 * when nobody has opened it for its retention duration; if that is under 10 ms, before this call
 * returns.
 *
 *   checkpointHandle  a checkpoint handle; invalid afterwards.
 *
 * Errors: the general ones.
 */
ClRcT clCkptCheckpointClose(CL_IN ClCkptHdlT checkpointHandle);

/*
 * clCkptCheckpointDelete: takes the name away from a checkpoint at once. Processes that have it
 * open go on using it (INUSE, which the document lists, is never returned); it goes with their last
 * close, or now if nobody has it open. The name is free for a new checkpoint meanwhile. Any process
 * may delete, an opener or not.
 *
 *   ckptHandle      a service handle.
 *   checkpointName  the name.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       checkpointName is NULL.
 *   INVALID_PARAMETER  the name is empty or its length over 256.
 *   NOT_EXIST          no checkpoint has this name.
 */
ClRcT clCkptCheckpointDelete(CL_IN ClCkptSvcHdlT ckptHandle, CL_IN const ClNameT *checkpointName);

/*
 * clCkptCheckpointRetentionDurationSet: changes how long a checkpoint is kept after its last close,
 * whatever it was opened for.
 *
 *   checkpointHandle   a checkpoint handle.
 *   retentionDuration  ns; CL_TIME_END for ever; below 10 ms, or negative, not at all.
 *
 * Errors, besides the general ones:
 *   BAD_OPERATION  the checkpoint has been deleted.
 */
ClRcT clCkptCheckpointRetentionDurationSet(CL_IN ClCkptHdlT checkpointHandle,
                                           CL_IN ClTimeT retentionDuration);

/*
 * clCkptActiveReplicaSet: makes the replica of this node the active one, until another node asks
 * for it. The replica has all earlier updates when the call returns.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *
 * Errors, besides the general ones:
 *   OP_NOT_PERMITTED  opened with neither WRITE nor CREATE.
 *   BAD_OPERATION     the checkpoint is not collocated, or its updates are synchronous.
 */
ClRcT clCkptActiveReplicaSet(CL_IN ClCkptHdlT checkpointHandle);

/*
 * clCkptCheckpointStatusGet: what a checkpoint was created with, and how much is in it, whatever it
 * was opened for.
 *
 *   checkpointHandle  a checkpoint handle.
 *   checkpointStatus  receives the descriptor. retentionDuration is the present one.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER  checkpointStatus is NULL.
 *   NOT_EXIST     there is no active replica.
 */
ClRcT clCkptCheckpointStatusGet(CL_IN ClCkptHdlT checkpointHandle,
                                CL_OUT ClCkptCheckpointDescriptorT *checkpointStatus);

/* ---- Sections ------------------------------------------------------------------------------ */

/*
 * clCkptSectionCreate: creates a section. Sends no notification.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *   sectionCreationAttributes
 *                     sectionId: the id, of 1 to maxSectionIdSize bytes; or {0, NULL}, for which a
 *                     new id is generated and stored there. It is not used again while the
 *                     checkpoint lives, unless all have been used.
 *                     expirationTime: when the section is deleted, in absolute time; CL_TIME_END
 *                     for never.
 *   initialData       initialDataSize bytes; NULL if that is 0.
 *   initialDataSize   bytes, 0 to maxSectionSize; the size of the section.
 *
 * Ownership: a generated id is the caller's; free it with clHeapFree (after Close and Finalize
 * too). A NUL byte that is not counted follows its last byte.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       sectionCreationAttributes or its sectionId is NULL; id is NULL though idLen
 *                      is not 0; initialData is NULL though initialDataSize is not 0.
 *   INVALID_PARAMETER  initialData is given though initialDataSize is 0, or id though idLen is 0;
 *                      idLen exceeds maxSectionIdSize; maxSectionIdSize is 0 and an id is to be
 *                      generated; initialDataSize exceeds maxSectionSize (tested before initialData
 *                      is read); expirationTime is before the current second.
 *   OP_NOT_PERMITTED   opened with neither WRITE nor CREATE.
 *   NOT_EXIST          there is no active replica.
 *   ALREADY_EXIST      the id is in use, or maxSections is 1. Tested before NO_SPACE.
 *   NO_SPACE           there are maxSections sections.
 */
ClRcT clCkptSectionCreate(CL_IN ClCkptHdlT checkpointHandle,
                          CL_IN ClCkptSectionCreationAttributesT *sectionCreationAttributes,
                          CL_IN const ClUint8T *initialData, CL_IN ClSizeT initialDataSize);

/*
 * clCkptSectionDelete: deletes a section and its data.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *   sectionId         its id; the default section cannot be deleted.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       sectionId is NULL.
 *   INVALID_PARAMETER  idLen is 0 or id is NULL.
 *   OP_NOT_PERMITTED   opened with neither WRITE nor CREATE.
 *   NOT_EXIST          there is no such section, or no active replica.
 */
ClRcT clCkptSectionDelete(CL_IN ClCkptHdlT checkpointHandle,
                          CL_IN const ClCkptSectionIdT *sectionId);

/*
 * clCkptSectionExpirationTimeSet: changes when a section is deleted by itself.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *   sectionId         its id; the default section never expires.
 *   expirationTime    absolute, ns, not before the current second; CL_TIME_END for never.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       sectionId is NULL.
 *   INVALID_PARAMETER  idLen is 0 or id is NULL; maxSections is 1; expirationTime is before the
 *                      current second.
 *   OP_NOT_PERMITTED   opened with neither WRITE nor CREATE.
 *   NOT_EXIST          there is no such section, or no active replica.
 */
ClRcT clCkptSectionExpirationTimeSet(CL_IN ClCkptHdlT checkpointHandle,
                                     CL_IN const ClCkptSectionIdT *sectionId,
                                     CL_IN ClTimeT expirationTime);

/*
 * clCkptSectionIterationInitialize: starts going through the sections of a checkpoint, whatever it
 * was opened for. A section that exists the whole time is found exactly once, whatever is created
 * and deleted meanwhile; one created or deleted meanwhile is found once or not at all. The order is
 * by length of the id, then by its bytes.
 *
 *   checkpointHandle  a checkpoint handle. With maxSections 1 its default section is found.
 *   sectionsChosen    which sections to select; 0 selects none.
 *   expirationTime    absolute, ns; used by LEQ and GEQ only.
 *   sectionIterationHandle
 *                     receives the iteration handle, valid until clCkptSectionIterationFinalize or
 *                     until the checkpoint handle is closed.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       sectionIterationHandle is NULL.
 *   INVALID_PARAMETER  sectionsChosen is above 5.
 *   NOT_EXIST          there is no active replica.
 */
ClRcT clCkptSectionIterationInitialize(CL_IN ClCkptHdlT checkpointHandle,
                                       CL_IN ClCkptSectionsChosenT sectionsChosen,
                                       CL_IN ClTimeT expirationTime,
                                       CL_OUT ClHandleT *sectionIterationHandle);

/*
 * clCkptSectionIterationNext: the next section of an iteration.
 *
 *   sectionIterationHandle  an iteration handle.
 *   sectionDescriptor       receives the descriptor.
 *
 * Ownership: the bytes of the id are the caller's; free them with clHeapFree. A NUL byte that is
 * not counted follows them. They are NULL for the default section.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER  sectionDescriptor is NULL.
 *   0x160101      there are no further sections, at this and every later call. Compare
 *                 CL_GET_ERROR_CODE(rc) with CL_CKPT_ERR_NO_SECTIONS.
 *   NOT_EXIST     there is no active replica.
 */
ClRcT clCkptSectionIterationNext(CL_IN ClHandleT sectionIterationHandle,
                                 CL_OUT ClCkptSectionDescriptorT *sectionDescriptor);

/*
 * clCkptSectionIterationFinalize: ends an iteration.
 *
 *   sectionIterationHandle  an iteration handle; invalid afterwards.
 *
 * Errors: the general ones.
 */
ClRcT clCkptSectionIterationFinalize(CL_IN ClHandleT sectionIterationHandle);

/* ---- Data ---------------------------------------------------------------------------------- */

/*
 * clCkptCheckpointWrite: writes into sections, all elements or none. A section grows as needed;
 * bytes between its old end and dataOffset become 0. Elements take effect in their order. Only a
 * crash of the service during a write to a checkpoint with CL_CKPT_WR_ACTIVE_REPLICA_WEAK may leave
 * some elements written, and sections corrupted.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *   ioVector          numberOfElements elements. dataBuffer holds the dataSize bytes to write.
 *                     readSize is left alone.
 *   numberOfElements  1 or more.
 *   erroneousVectorIndex
 *                     may be NULL; else receives the index of the first bad element when the call
 *                     fails because of one.
 *
 * Returns when the data is on every in-sync replica (CL_CKPT_WR_ALL_REPLICAS) or the active one.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  ioVector is NULL; numberOfElements is 0; in an element: dataBuffer is NULL
 *                      though dataSize is not 0; dataOffset is negative; dataOffset + dataSize
 *                      exceeds maxSectionSize; idLen is 0 though maxSections is not 1; id is NULL
 *                      though idLen is not 0.
 *   OP_NOT_PERMITTED   opened with neither WRITE nor CREATE.
 *   NOT_EXIST          there is no such section, or no active replica.
 *   0x16001f           the section is corrupted (CL_ERR_FAILED_OPERATION).
 */
ClRcT clCkptCheckpointWrite(CL_IN ClCkptHdlT checkpointHandle,
                            CL_IN const ClCkptIOVectorElementT *ioVector,
                            CL_IN ClUint32T numberOfElements,
                            CL_OUT ClUint32T *erroneousVectorIndex);

/*
 * clCkptSectionOverwrite: replaces all data of a section, and its size. Makes a corrupted section
 * valid again.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *   sectionId         its id; {0, NULL} is the default section.
 *   dataBuffer        dataSize bytes.
 *   dataSize          bytes, 1 to maxSectionSize.
 *
 * Returns when the data is on every in-sync replica (CL_CKPT_WR_ALL_REPLICAS) or the active one.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       sectionId or dataBuffer is NULL; id is NULL though idLen is not 0.
 *   INVALID_PARAMETER  dataSize is 0 or exceeds maxSectionSize (tested before dataBuffer is read);
 *                      idLen is 0 though maxSections is not 1.
 *   OP_NOT_PERMITTED   opened with neither WRITE nor CREATE.
 *   NOT_EXIST          there is no such section, or no active replica.
 */
ClRcT clCkptSectionOverwrite(CL_IN ClCkptHdlT checkpointHandle,
                             CL_IN const ClCkptSectionIdT *sectionId, CL_IN const void *dataBuffer,
                             CL_IN ClSizeT dataSize);

/*
 * clCkptCheckpointRead: reads from sections. What it gives of one section is the state between two
 * updates, never a mixture. With CL_CKPT_WR_ALL_REPLICAS a read sees every update that was
 * acknowledged before it began, on whatever node. Otherwise it sees the active replica.
 *
 *   checkpointHandle  a checkpoint handle opened with READ.
 *   ioVector          numberOfElements elements.
 *                     dataBuffer given: up to dataSize bytes are read.
 *                     dataBuffer NULL: dataSize is ignored; the library allocates a buffer with all
 *                     from dataOffset to the end of the section, and sets dataBuffer. If there is
 *                     nothing to read, it stays NULL.
 *                     readSize receives the bytes read: fewer than dataSize at the end of the
 *                     section, 0 if dataOffset is at or beyond it. dataSize and dataOffset are left
 *                     alone.
 *   numberOfElements  1 or more.
 *   erroneousVectorIndex
 *                     may be NULL; else set to 0 at first, and to the index of the first bad
 *                     element when the call fails because of one.
 *
 * Ownership: allocated buffers are the caller's; free them with clHeapFree. After an error the
 * contents of given buffers are undefined; nothing is allocated.
 *
 * Errors, besides the general ones:
 *   NULL_POINTER       ioVector is NULL.
 *   INVALID_PARAMETER  numberOfElements is 0; dataSize (with a given buffer) or dataOffset exceeds
 *                      maxSectionSize (tested before dataBuffer is touched); dataOffset is
 *                      negative.
 *   OP_NOT_PERMITTED   not opened with READ.
 *   NULL_POINTER       in an element: idLen is 0 though maxSections is not 1; id is NULL though
 *                      idLen is not 0.
 *   NOT_EXIST          there is no such section, or no active replica.
 *   0x16001f           the section is corrupted (CL_ERR_FAILED_OPERATION).
 */
ClRcT clCkptCheckpointRead(CL_IN ClCkptHdlT checkpointHandle,
                           CL_INOUT ClCkptIOVectorElementT *ioVector,
                           CL_IN ClUint32T numberOfElements,
                           CL_OUT ClUint32T *erroneousVectorIndex);

/*
 * clCkptCheckpointSynchronize: waits until every in-sync replica has acknowledged all updates that
 * the active replica had when the call was made.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *   timeout           ignored. After TIMEOUT propagation goes on.
 *
 * Errors, besides the general ones:
 *   OP_NOT_PERMITTED  opened with neither WRITE nor CREATE.
 *   BAD_OPERATION     the checkpoint has CL_CKPT_WR_ALL_REPLICAS.
 *   NOT_EXIST         there is no active replica.
 */
ClRcT clCkptCheckpointSynchronize(CL_IN ClCkptHdlT checkpointHandle, CL_IN ClTimeT timeout);

/*
 * clCkptCheckpointSynchronizeAsync: clCkptCheckpointSynchronize without waiting; the synchronize
 * callback tells the result.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE or CREATE.
 *   invocation        any value; comes back in the callback.
 *
 * Errors, besides the general ones:
 *   OP_NOT_PERMITTED, BAD_OPERATION, NOT_EXIST
 *                as above, from this call; no callback follows.
 *   INITIALIZED  no synchronize callback was registered.
 * Other failures arrive through the callback, TIMEOUT after 10 s.
 */
ClRcT clCkptCheckpointSynchronizeAsync(CL_IN ClCkptHdlT checkpointHandle,
                                       CL_IN ClInvocationT invocation);

/*
 * clCkptImmediateConsumptionRegister: has a callback called for each Write, Overwrite and Delete of
 * a section that another process makes, and when a section expires. It runs without clCkptDispatch,
 * in a thread of the library that has all signals blocked; one at a time for a service handle. No
 * callback is made in the process that writes, whatever handle it uses.
 *
 *   checkpointHandle  a checkpoint handle, of any checkpoint, whatever it was opened for.
 *   callback          the callback; replaces an earlier one of this handle. NULL ends it: no call
 *                     of it begins after this one has returned, which waits up to 1 s for one that
 *                     is running. So do clCkptCheckpointClose and clCkptFinalize.
 *   cookie            SDK 5 and 6 only: any value; comes back in the callback.
 *
 * When more updates wait than the library keeps (65,536), each section changed since is told of
 * once, as a whole, and so is each that is gone; this may include updates of the own process. Data
 * over 256 KiB, and data of updates that were told of late, are read when the callback is made.
 *
 * Errors: the general ones.
 * Source: SDK 2.3; SDK 5 for the three arguments.
 */
#if CL_CKPT_SDK >= 50
ClRcT clCkptImmediateConsumptionRegister(CL_IN ClCkptHdlT checkpointHandle,
                                         CL_IN ClCkptNotificationCallbackT callback,
                                         CL_IN ClPtrT cookie);
#else
/* Its name in the library; the plain name there is that of SDK 5 and 6. */
#define clCkptImmediateConsumptionRegister clCkptImmediateConsumptionRegister_23
ClRcT clCkptImmediateConsumptionRegister(CL_IN ClCkptHdlT checkpointHandle,
                                         CL_IN ClCkptNotificationCallbackT callback);
#endif

#ifdef __cplusplus
}
#endif

#endif /* _CL_CKPT_API_H_ */
