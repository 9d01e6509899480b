/*
 * saCkpt.h: the SA Forum AIS Checkpoint Service, B.01.01 and B.02.02.
 *
 * A checkpoint is a named piece of memory that the whole cluster shares. It consists of sections,
 * and is kept in replicas on several nodes, so that a process that takes over from a dead one finds
 * the state it left. A program includes this header and links with -lckpt, or with -lSaCkpt, which
 * is the same library under the name that OpenSAF gives it.
 *
 * RULES FOR ALL FUNCTIONS. The comment at each function adds to these.
 *
 * Errors any function may return:
 *   SA_AIS_ERR_LIBRARY       the library cannot work in this process: its engine could not be
 *                            loaded (one line on stderr names the file), or this is a child forked
 *                            after the first Initialize. The child may exec; the parent goes on.
 *   SA_AIS_ERR_TIMEOUT       no answer within the time the call has. It MAY have been done.
 *   SA_AIS_ERR_TRY_AGAIN     the service could not be asked, or could not do it now. It has NOT
 *                            been done and will not be; the same call may succeed later.
 *                            Concurrent calls never cause it: they wait their turn.
 *   SA_AIS_ERR_BAD_HANDLE    the handle was never given out or is no longer valid. Before the first
 *                            Initialize every handle is such a one.
 *   SA_AIS_ERR_NO_MEMORY     the library or the service has not enough memory.
 *   SA_AIS_ERR_NO_RESOURCES  some other resource is short (shared memory, a limit of the service).
 *                            Nothing has been changed.
 *   SA_AIS_ERR_UNAVAILABLE   this node was taken out of the cluster by its operator. Only clients
 *                            newer than B.01 (see saCkptInitialize) get it, and all handles they
 *                            have stay unusable until saCkptFinalize, also when the node is back.
 *
 * Order of tests: arguments (NULL, ranges), then the handle, then SA_AIS_ERR_UNAVAILABLE, then
 * SA_AIS_ERR_ACCESS, then SA_AIS_ERR_BAD_OPERATION, then a missing active replica
 * (SA_AIS_ERR_NOT_EXIST), then the rest, unless the function says otherwise. A call that does not
 * return SA_AIS_OK leaves its results alone, unless the function says otherwise.
 *
 * Time: a call without a timeout argument waits 10 s at most (the site can configure this). A
 * timeout of 10 ms or more is honoured to the millisecond; 0 and anything below 10 ms means those
 * 10 s, never "for ever"; a negative one is SA_AIS_ERR_INVALID_PARAM.
 *
 * Concurrency: any function may be called from any number of threads at once, with the same handle
 * too. Handles are valid in the whole process that got them, and not in a forked child. No function
 * may be called from a signal handler. Callbacks run only in a thread that is inside
 * saCkptDispatch, and may call any function here. Signal handlers of the program run while a
 * function waits.
 *
 * Handles are 64-bit values without meaning, never 0 and never used twice. One given back stays
 * invalid for ever, and any value may be passed safely.
 *
 * Memory that the library gives to the caller comes from malloc. Free it with the function named
 * there, or with free() as B.01 programs do. Memory of the caller is never kept after a call.
 *
 * "No active replica" can happen only to a collocated checkpoint with asynchronous update, until
 * some process calls saCkptActiveReplicaSet.
 */
#ifndef SA_CKPT_H
#define SA_CKPT_H

#include "saAis.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One initialization of the library, an open checkpoint, an iteration over sections.
 * (AIS B.01.01) */
typedef SaUint64T SaCkptHandleT;
typedef SaUint64T SaCkptCheckpointHandleT;
typedef SaUint64T SaCkptSectionIterationHandleT;

/* How updates reach the replicas: exactly one of the first three, with or without COLLOCATED.
 * (AIS B.01.01) */
#define SA_CKPT_WR_ALL_REPLICAS 0x1        /* synchronous: on every replica when a call returns */
#define SA_CKPT_WR_ACTIVE_REPLICA 0x2      /* asynchronous: on the active one, others follow */
#define SA_CKPT_WR_ACTIVE_REPLICA_WEAK 0x4 /* as before, and a write cut off by a crash of the
                                              service may leave a section corrupted */
#define SA_CKPT_CHECKPOINT_COLLOCATED 0x8  /* a replica on each node that opens it; if updates are
                                              asynchronous, active where saCkptActiveReplicaSet is
                                              called */
typedef SaUint32T SaCkptCheckpointCreationFlagsT;

/* What a checkpoint is opened for: at least one of them. (AIS B.01.01) */
#define SA_CKPT_CHECKPOINT_READ 0x1
#define SA_CKPT_CHECKPOINT_WRITE 0x2
#define SA_CKPT_CHECKPOINT_CREATE 0x4 /* create it if it does not exist */
typedef SaUint32T SaCkptCheckpointOpenFlagsT;

/* What a checkpoint is created with. Memory is used for what is stored, not for what these limits
 * allow. (AIS B.01.01) */
typedef struct {
    SaCkptCheckpointCreationFlagsT creationFlags;
    SaSizeT checkpointSize;      /* bytes, at most maxSections * maxSectionSize; only tested when
                                    the checkpoint is opened, not a limit later */
    SaTimeT retentionDuration;   /* ns that the checkpoint is kept after its last close */
    SaUint32T maxSections;       /* with 1 it has the default section from the start, and no other;
                                    with 0 it can have none */
    SaSizeT maxSectionSize;      /* bytes */
    SaSizeT maxSectionIdSize;    /* bytes; ids have at most 65,535 */
} SaCkptCheckpointCreationAttributesT;

/* The name of a section within its checkpoint: idLen bytes of any value at id. (AIS B.01.01) */
typedef struct {
    SaUint16T idLen;
    SaUint8T *id;
} SaCkptSectionIdT;

/* Both are {0, NULL}, as initialisers: SaCkptSectionIdT a = SA_CKPT_DEFAULT_SECTION_ID;
 * In saCkptSectionCreate it asks for a new id, everywhere else it names the default section.
 * (AIS B.01.01) */
#define SA_CKPT_DEFAULT_SECTION_ID {0, 0}
#define SA_CKPT_GENERATED_SECTION_ID {0, 0}

/* What a section is created with. (AIS B.01.01) */
typedef struct {
    SaCkptSectionIdT *sectionId;
    SaTimeT expirationTime; /* absolute; SA_TIME_END for never */
} SaCkptSectionCreationAttributesT;

/* (AIS B.01.01) */
typedef enum {
    SA_CKPT_SECTION_VALID = 1,
    SA_CKPT_SECTION_CORRUPTED = 2 /* only Overwrite, Delete and iteration work on it */
} SaCkptSectionStateT;

/* A section as an iteration sees it. (AIS B.01.01) */
typedef struct {
    SaCkptSectionIdT sectionId; /* {0, NULL} is the default section; id is the library's memory */
    SaTimeT expirationTime;     /* absolute, as it was set */
    SaSizeT sectionSize;        /* bytes */
    SaCkptSectionStateT sectionState;
    SaTimeT lastUpdate;         /* absolute, ns */
} SaCkptSectionDescriptorT;

/* Which sections an iteration selects. (AIS B.01.01) */
typedef enum {
    SA_CKPT_SECTIONS_FOREVER = 1,             /* those that never expire */
    SA_CKPT_SECTIONS_LEQ_EXPIRATION_TIME = 2, /* those that expire at the given time or earlier */
    SA_CKPT_SECTIONS_GEQ_EXPIRATION_TIME = 3, /* those that expire at the given time or later, or
                                                 never */
    SA_CKPT_SECTIONS_CORRUPTED = 4,           /* those that are corrupted */
    SA_CKPT_SECTIONS_ANY = 5
} SaCkptSectionsChosenT;

/* One part of a read or write. (AIS B.01.01) */
typedef struct {
    SaCkptSectionIdT sectionId; /* {0, NULL} is the default section */
    void *dataBuffer;
    SaSizeT dataSize;           /* bytes at dataBuffer */
    SaOffsetT dataOffset;       /* bytes from the start of the section */
    SaSizeT readSize;           /* set by a read: bytes read */
} SaCkptIOVectorElementT;

/* What saCkptCheckpointStatusGet reports. (AIS B.01.01; OpenAIS has memoryUsed in 32 bits) */
typedef struct {
    SaCkptCheckpointCreationAttributesT checkpointCreationAttributes;
    SaUint32T numberOfSections; /* the default section included */
    SaSizeT memoryUsed;         /* bytes: the sum of the section sizes */
} SaCkptCheckpointDescriptorT;

/* Values that notifications about a checkpoint carry; no function takes or returns them.
 * (AIS B.02.02) */
typedef enum {
    SA_CKPT_SECTION_RESOURCES_EXHAUSTED = 1,
    SA_CKPT_SECTION_RESOURCES_AVAILABLE = 2
} SaCkptCheckpointStatusT;

typedef enum {
    SA_CKPT_CHECKPOINT_STATUS = 1
} SaCkptStateT;

/*
 * SaCkptCheckpointOpenCallbackT: an OpenAsync has been completed.
 *
 *   invocation        as given to saCkptCheckpointOpenAsync.
 *   checkpointHandle  the handle, if error is SA_AIS_OK; without meaning otherwise.
 *   error             SA_AIS_OK, or what saCkptCheckpointOpen would return: LIBRARY, TIMEOUT,
 *                     TRY_AGAIN, NO_MEMORY, NO_RESOURCES, NOT_EXIST, EXIST, UNAVAILABLE.
 * Source: AIS B.01.01.
 */
typedef void (*SaCkptCheckpointOpenCallbackT)(SaInvocationT invocation,
                                              SaCkptCheckpointHandleT checkpointHandle,
                                              SaAisErrorT error);

/*
 * SaCkptCheckpointSynchronizeCallbackT: a SynchronizeAsync has been completed.
 *
 *   invocation  as given to saCkptCheckpointSynchronizeAsync.
 *   error       SA_AIS_OK once every in-sync replica has all earlier updates; else LIBRARY,
 *               TIMEOUT, TRY_AGAIN, NO_MEMORY, NO_RESOURCES, NOT_EXIST or UNAVAILABLE.
 * Source: AIS B.01.01.
 */
typedef void (*SaCkptCheckpointSynchronizeCallbackT)(SaInvocationT invocation, SaAisErrorT error);

/* The callbacks of a client; a NULL member is not registered. (AIS B.01.01) */
typedef struct {
    SaCkptCheckpointOpenCallbackT saCkptCheckpointOpenCallback;
    SaCkptCheckpointSynchronizeCallbackT saCkptCheckpointSynchronizeCallback;
} SaCkptCallbacksT;

/* ---- Library life cycle -------------------------------------------------------------------- */

/*
 * saCkptInitialize: starts one use of the service. A process may do so many times; each handle has
 * its own callbacks, selection object and checkpoints, and stays valid until its own Finalize.
 *
 *   ckptHandle     receives the library handle; set to 0 by a call that fails after the NULL tests.
 *   ckptCallbacks  the callbacks, copied; NULL registers none.
 *   version        in: the version wanted. {'B', 1, x} gives B.01 behaviour, and so do {'B', 2, 0}
 *                  and {'B', 2, 1}; {'B', 2, 2} and higher minor versions give B.02.02 ("newer than
 *                  B.01" below). Otherwise the minor version does not matter.
 *                  out, with SA_AIS_OK and SA_AIS_ERR_VERSION: {'B', 2, 3}.
 *
 * The first call in a process loads the engine of the library and its threads; a program that is
 * only linked has none. It looks for the service of this node in the directory that the environment
 * variable CKPT_RUN_DIR names, or in the default one.
 *
 * Errors, besides the general ones (SA_AIS_ERR_BAD_HANDLE is not among them):
 *   SA_AIS_ERR_INVALID_PARAM  ckptHandle or version is NULL.
 *   SA_AIS_ERR_VERSION        the release is not 'B', or the major version is not 1 or 2.
 *   SA_AIS_ERR_TRY_AGAIN      the service of this node does not answer.
 *   SA_AIS_ERR_NO_MEMORY      also when RLIMIT_AS leaves the engine less than it needs (1 GiB).
 * Source: AIS B.01.01, B.02.02.
 */
SaAisErrorT saCkptInitialize(SaCkptHandleT *ckptHandle, const SaCkptCallbacksT *ckptCallbacks,
                             SaVersionT *version);

/*
 * saCkptSelectionObjectGet: the descriptor that tells when to call saCkptDispatch.
 *
 *   ckptHandle       a library handle.
 *   selectionObject  receives a file descriptor for poll, select or epoll: readable while a
 *                    callback waits. One exception: when a waiting callback is dropped because its
 *                    checkpoint was closed, the descriptor stays readable until the next Dispatch,
 *                    which then returns SA_AIS_OK having run nothing.
 *
 * Ownership: the descriptor is the library's: do not read, write or close it. Each call gives the
 * same one; it is closed by saCkptFinalize. It is close-on-exec.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  selectionObject is NULL (tested before the handle).
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptSelectionObjectGet(SaCkptHandleT ckptHandle,
                                     SaSelectionObjectT *selectionObject);

/*
 * saCkptDispatch: runs pending callbacks in the calling thread.
 *
 *   ckptHandle     a library handle.
 *   dispatchFlags  SA_DISPATCH_ONE: the next one, if any. SA_DISPATCH_ALL: all that are pending.
 *                  SA_DISPATCH_BLOCKING: waits for them and runs them, and returns SA_AIS_OK once
 *                  another thread, or a callback, has finalized the handle.
 *
 * Callbacks of a checkpoint that has been closed meanwhile are dropped, and the next ones run.
 * Several threads may dispatch one handle; each callback runs once. The wait is a cancellation
 * point. A callback may leave by longjmp, a C++ exception or pthread_exit.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_BAD_HANDLE     ckptHandle is not a library handle; with SA_DISPATCH_ALL also when a
 *                             callback has finalized it.
 *   SA_AIS_ERR_INVALID_PARAM  dispatchFlags is none of the three.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptDispatch(SaCkptHandleT ckptHandle, SaDispatchFlagsT dispatchFlags);

/*
 * saCkptFinalize: ends one use of the service. Closes every checkpoint opened through the handle as
 * saCkptCheckpointClose does, drops its callbacks, undoes its OpenAsync calls in flight, and closes
 * its selection object. Succeeds without the service, too. Memory of generated ids and of reads
 * stays the caller's. A process that dies is finalized by the service.
 *
 *   ckptHandle  a library handle; invalid afterwards, as are its checkpoint and iteration handles.
 *
 * Errors:
 *   SA_AIS_ERR_LIBRARY     see the rules for all functions.
 *   SA_AIS_ERR_BAD_HANDLE  ckptHandle is not a library handle, or has been finalized.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptFinalize(SaCkptHandleT ckptHandle);

/* ---- Checkpoints --------------------------------------------------------------------------- */

/*
 * saCkptCheckpointOpen: opens a checkpoint, and creates it if asked to. Every call gives a new
 * handle. Opening ends a retention period that is running.
 *
 *   ckptHandle      a library handle.
 *   checkpointName  its name, 1 to 2,048 bytes; OpenSAF's form "safCkpt=..." is not required.
 *   checkpointCreationAttributes
 *                   with SA_CKPT_CHECKPOINT_CREATE: what to create it with, or what an existing one
 *                   must have been created with (retentionDuration is compared only for B.01
 *                   clients). Without it: NULL.
 *   checkpointOpenFlags
 *                   at least one of READ, WRITE, CREATE; unknown bits beside them are ignored.
 *   timeout         ns, see "Time" above. After SA_AIS_ERR_TIMEOUT the checkpoint may exist.
 *   checkpointHandle
 *                   receives the handle.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  checkpointName or checkpointHandle is NULL; the name is empty or
 *                             malformed; timeout is negative; attributes without CREATE or CREATE
 *                             without attributes; creationFlags is not one of 0x1, 0x2, 0x4, 0x9,
 *                             0xA, 0xC; checkpointSize exceeds maxSections * maxSectionSize.
 *   SA_AIS_ERR_TOO_BIG        the name is longer than 2,048 bytes.
 *   SA_AIS_ERR_BAD_FLAGS      none of READ, WRITE, CREATE is set.
 *   SA_AIS_ERR_NOT_EXIST      no checkpoint has this name, and CREATE is not set.
 *   SA_AIS_ERR_EXIST          it exists with other attributes.
 *   SA_AIS_ERR_NO_RESOURCES   the node that would hold the active replica has all the replicas it
 *                             may have (1,000 unless configured otherwise).
 * Source: AIS B.01.01, B.02.02; names of over 256 bytes: OpenSAF.
 */
SaAisErrorT
saCkptCheckpointOpen(SaCkptHandleT ckptHandle, const SaNameT *checkpointName,
                     const SaCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
                     SaCkptCheckpointOpenFlagsT checkpointOpenFlags, SaTimeT timeout,
                     SaCkptCheckpointHandleT *checkpointHandle);

/*
 * saCkptCheckpointOpenAsync: saCkptCheckpointOpen without waiting. The handle arrives through the
 * open callback. One that is in flight when its library handle is finalized is undone.
 *
 *   invocation  any value; comes back in the callback.
 *   The others as in saCkptCheckpointOpen; name and attributes are copied.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM, SA_AIS_ERR_TOO_BIG, SA_AIS_ERR_BAD_FLAGS
 *                             as in saCkptCheckpointOpen, from this call; no callback follows.
 *   SA_AIS_ERR_INIT           no open callback was registered (tested after the handle).
 * All other failures arrive through the callback, SA_AIS_ERR_TIMEOUT after 10 s.
 * Source: AIS B.01.01.
 */
SaAisErrorT
saCkptCheckpointOpenAsync(SaCkptHandleT ckptHandle, SaInvocationT invocation,
                          const SaNameT *checkpointName,
                          const SaCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
                          SaCkptCheckpointOpenFlagsT checkpointOpenFlags);

/*
 * saCkptCheckpointClose: gives a checkpoint handle back, with its iterations and pending callbacks.
 * After the last close in the cluster an unlinked checkpoint is deleted at once, any other when
 * nobody has opened it for its retention duration; if that is under 10 ms, before this call
 * returns.
 *
 *   checkpointHandle  a checkpoint handle; invalid afterwards.
 *
 * Errors: the general ones. Source: AIS B.01.01.
 */
SaAisErrorT saCkptCheckpointClose(SaCkptCheckpointHandleT checkpointHandle);

/*
 * saCkptCheckpointUnlink: takes the name away from a checkpoint at once. Processes that have it
 * open go on using it; it is deleted with their last close, or now if nobody has it open. The name
 * is free for a new checkpoint meanwhile. Any process may unlink, an opener or not.
 *
 *   ckptHandle      a library handle.
 *   checkpointName  the name.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  checkpointName is NULL or malformed.
 *   SA_AIS_ERR_TOO_BIG        the name is longer than 2,048 bytes.
 *   SA_AIS_ERR_NOT_EXIST      no checkpoint has this name.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptCheckpointUnlink(SaCkptHandleT ckptHandle, const SaNameT *checkpointName);

/*
 * saCkptCheckpointRetentionDurationSet: changes how long a checkpoint is kept after its last close.
 *
 *   checkpointHandle   a checkpoint handle.
 *   retentionDuration  ns, 0 or more; below 10 ms means not at all.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  retentionDuration is negative (tested before the handle).
 *   SA_AIS_ERR_ACCESS         not opened with WRITE (only for clients newer than B.01).
 *   SA_AIS_ERR_BAD_OPERATION  the checkpoint has been unlinked.
 * Source: AIS B.01.01, B.02.02.
 */
SaAisErrorT saCkptCheckpointRetentionDurationSet(SaCkptCheckpointHandleT checkpointHandle,
                                                 SaTimeT retentionDuration);

/*
 * saCkptActiveReplicaSet: makes the replica of this node the active one, until another node asks
 * for it. The replica has all earlier updates when the call returns.
 *
 *   checkpointHandle  a checkpoint handle.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_ACCESS         not opened with WRITE.
 *   SA_AIS_ERR_BAD_OPERATION  the checkpoint is not collocated, or its updates are synchronous.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptActiveReplicaSet(SaCkptCheckpointHandleT checkpointHandle);

/*
 * saCkptCheckpointStatusGet: what a checkpoint was created with, and how much is in it.
 *
 *   checkpointHandle  a checkpoint handle.
 *   checkpointStatus  receives the descriptor. retentionDuration is the current one.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  checkpointStatus is NULL.
 *   SA_AIS_ERR_ACCESS         not opened with READ (only for clients newer than B.01).
 *   SA_AIS_ERR_NOT_EXIST      there is no active replica.
 * Source: AIS B.01.01, B.02.02.
 */
SaAisErrorT saCkptCheckpointStatusGet(SaCkptCheckpointHandleT checkpointHandle,
                                      SaCkptCheckpointDescriptorT *checkpointStatus);

/* ---- Sections ------------------------------------------------------------------------------ */

/*
 * saCkptSectionCreate: creates a section.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE.
 *   sectionCreationAttributes
 *                     sectionId: the id, of 1 to maxSectionIdSize bytes; or {0, NULL}, for which a
 *                     new id of min(8, maxSectionIdSize) bytes is generated and stored there. It is
 *                     not used again while the checkpoint lives, unless all have been used.
 *                     expirationTime: when the section is deleted, in absolute time; SA_TIME_END
 *                     for never. A time already past at creation means never, and is logged.
 *   initialData       initialDataSize bytes; may be NULL if that is 0.
 *   initialDataSize   bytes, 0 to maxSectionSize; the size of the section.
 *
 * Ownership: a generated id is the caller's; free it with saCkptSectionIdFree, or with free()
 * (after Close and Finalize too). A NUL byte that is not counted follows its last byte.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  sectionCreationAttributes or its sectionId is NULL; initialData is
 *                             NULL though the size is not 0; only one of idLen and id is 0; idLen
 *                             exceeds maxSectionIdSize; maxSectionIdSize is 0 and an id is to be
 *                             generated; initialDataSize exceeds maxSectionSize (tested before
 *                             initialData is read).
 *   SA_AIS_ERR_ACCESS         not opened with WRITE.
 *   SA_AIS_ERR_NOT_EXIST      there is no active replica.
 *   SA_AIS_ERR_EXIST          the id is in use, or maxSections is 1. Tested before NO_SPACE.
 *   SA_AIS_ERR_NO_SPACE       there are maxSections sections.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptSectionCreate(SaCkptCheckpointHandleT checkpointHandle,
                                SaCkptSectionCreationAttributesT *sectionCreationAttributes,
                                const void *initialData, SaSizeT initialDataSize);

/*
 * saCkptSectionIdFree: frees an id that saCkptSectionCreate generated.
 *
 *   checkpointHandle  the checkpoint handle it was generated through.
 *   id                the id's bytes.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_BAD_HANDLE     the handle is not a checkpoint handle. The id is not freed then.
 *   SA_AIS_ERR_INVALID_PARAM  id is NULL.
 * Source: AIS B.02.02.
 */
SaAisErrorT saCkptSectionIdFree(SaCkptCheckpointHandleT checkpointHandle, SaUint8T *id);

/*
 * saCkptSectionDelete: deletes a section and its data.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE.
 *   sectionId         its id; the default section cannot be deleted.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  sectionId is NULL or {0, NULL}; maxSections is 1.
 *   SA_AIS_ERR_ACCESS         not opened with WRITE.
 *   SA_AIS_ERR_NOT_EXIST      there is no such section, or no active replica.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptSectionDelete(SaCkptCheckpointHandleT checkpointHandle,
                                const SaCkptSectionIdT *sectionId);

/*
 * saCkptSectionExpirationTimeSet: changes when a section is deleted by itself.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE.
 *   sectionId         its id; the default section never expires.
 *   expirationTime    absolute, ns, not before the current whole second; SA_TIME_END for never.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  sectionId is NULL or {0, NULL}; maxSections is 1; expirationTime is
 *                             negative (tested before the handle), or before the current second
 *                             (tested after SA_AIS_ERR_ACCESS).
 *   SA_AIS_ERR_ACCESS         not opened with WRITE.
 *   SA_AIS_ERR_NOT_EXIST      there is no such section, or no active replica.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptSectionExpirationTimeSet(SaCkptCheckpointHandleT checkpointHandle,
                                           const SaCkptSectionIdT *sectionId,
                                           SaTimeT expirationTime);

/*
 * saCkptSectionIterationInitialize: starts going through the sections of a checkpoint. A section
 * that exists the whole time is found exactly once, whatever is created and deleted meanwhile; one
 * created or deleted meanwhile is found once or not at all. The order is by length of the id, then
 * by its bytes.
 *
 *   checkpointHandle  a checkpoint handle.
 *   sectionsChosen    which sections to select.
 *   expirationTime    absolute, ns, 0 or more; used by LEQ and GEQ only.
 *   sectionIterationHandle
 *                     receives the iteration handle, valid until saCkptSectionIterationFinalize or
 *                     until the checkpoint handle is closed.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  sectionIterationHandle is NULL; sectionsChosen is none of the five;
 *                             expirationTime is negative, even if it is not used.
 *   SA_AIS_ERR_ACCESS         not opened with READ (only for clients newer than B.01).
 *   SA_AIS_ERR_NOT_EXIST      there is no active replica.
 * Source: AIS B.01.01, B.02.02.
 */
SaAisErrorT
saCkptSectionIterationInitialize(SaCkptCheckpointHandleT checkpointHandle,
                                 SaCkptSectionsChosenT sectionsChosen, SaTimeT expirationTime,
                                 SaCkptSectionIterationHandleT *sectionIterationHandle);

/*
 * saCkptSectionIterationNext: the next section of an iteration.
 *
 *   sectionIterationHandle  an iteration handle.
 *   sectionDescriptor       receives the descriptor.
 *
 * Ownership: the bytes of the id are the library's, and live until the next call with this handle
 * that succeeds, or until the iteration is finalized or its checkpoint closed. A NUL byte that is
 * not counted follows them.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  sectionDescriptor is NULL.
 *   SA_AIS_ERR_NO_SECTIONS    there are no further sections, at this and every later call.
 *   SA_AIS_ERR_NOT_EXIST      there is no active replica.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptSectionIterationNext(SaCkptSectionIterationHandleT sectionIterationHandle,
                                       SaCkptSectionDescriptorT *sectionDescriptor);

/*
 * saCkptSectionIterationFinalize: ends an iteration.
 *
 *   sectionIterationHandle  an iteration handle; invalid afterwards.
 *
 * Errors: the general ones. Source: AIS B.01.01.
 */
SaAisErrorT saCkptSectionIterationFinalize(SaCkptSectionIterationHandleT sectionIterationHandle);

/* ---- Data ---------------------------------------------------------------------------------- */

/*
 * saCkptCheckpointWrite: writes into sections, all elements or none. A section grows as needed;
 * bytes between its old end and dataOffset become 0. Elements take effect in their order. Only a
 * crash of the service during a write to a checkpoint with SA_CKPT_WR_ACTIVE_REPLICA_WEAK may leave
 * some elements written, and sections corrupted.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE.
 *   ioVector          numberOfElements elements. dataBuffer holds the dataSize bytes to write, and
 *                     may be NULL if that is 0; readSize is left alone.
 *   numberOfElements  1 or more.
 *   erroneousVectorIndex
 *                     may be NULL; else set to 0 at first, and to the index of the first bad
 *                     element where an error below says so.
 *
 * Returns when the data is on every in-sync replica (SA_CKPT_WR_ALL_REPLICAS) or the active one.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_INVALID_PARAM     ioVector is NULL.
 *   SA_AIS_ERR_BAD_HANDLE        the handle is not a checkpoint handle.
 *   SA_AIS_ERR_INVALID_PARAM     dataSize exceeds maxSectionSize (index; tested before dataBuffer
 *                                is read); dataBuffer is NULL though dataSize is not 0 (index).
 *   SA_AIS_ERR_ACCESS            not opened with WRITE.
 *   SA_AIS_ERR_NOT_EXIST         there is no active replica.
 *   SA_AIS_ERR_INVALID_PARAM     numberOfElements is 0.
 *   SA_AIS_ERR_NOT_EXIST         there is no such section (index).
 *   SA_AIS_ERR_NO_RESOURCES      dataOffset + dataSize exceeds maxSectionSize (index).
 *   SA_AIS_ERR_FAILED_OPERATION  the section is corrupted (index).
 * Source: AIS B.01.01; index and order as OpenSAF.
 */
SaAisErrorT saCkptCheckpointWrite(SaCkptCheckpointHandleT checkpointHandle,
                                  const SaCkptIOVectorElementT *ioVector,
                                  SaUint32T numberOfElements, SaUint32T *erroneousVectorIndex);

/*
 * saCkptSectionOverwrite: replaces all data of a section, and its size. Makes a corrupted section
 * valid again.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE.
 *   sectionId         its id; {0, NULL} is the default section.
 *   dataBuffer        dataSize bytes, not NULL.
 *   dataSize          bytes, 0 to maxSectionSize.
 *
 * Returns when the data is on every in-sync replica (SA_CKPT_WR_ALL_REPLICAS) or the active one.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_INVALID_PARAM  sectionId is NULL; dataBuffer is NULL, even if dataSize is 0.
 *   SA_AIS_ERR_BAD_HANDLE     the handle is not a checkpoint handle.
 *   SA_AIS_ERR_ACCESS         not opened with WRITE.
 *   SA_AIS_ERR_INVALID_PARAM  dataSize exceeds maxSectionSize (tested before dataBuffer is read).
 *   SA_AIS_ERR_NOT_EXIST      there is no such section, or no active replica.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptSectionOverwrite(SaCkptCheckpointHandleT checkpointHandle,
                                   const SaCkptSectionIdT *sectionId, const void *dataBuffer,
                                   SaSizeT dataSize);

/*
 * saCkptCheckpointRead: reads from sections. What it gives of one section is the state between two
 * updates, never a mixture. With SA_CKPT_WR_ALL_REPLICAS a read sees every update that was
 * acknowledged before it began, on whatever node. Otherwise it sees the active replica.
 *
 *   checkpointHandle  a checkpoint handle opened with READ.
 *   ioVector          numberOfElements elements.
 *                     dataBuffer given: up to dataSize (1 to maxSectionSize) bytes are read.
 *                     dataBuffer NULL: dataSize is ignored; the library allocates a buffer with all
 *                     from dataOffset to the end of the section, and sets dataBuffer. If there is
 *                     nothing to read, it stays NULL.
 *                     readSize receives the bytes read: fewer than dataSize at the end of the
 *                     section, 0 if dataOffset is its size.
 *   numberOfElements  1 or more.
 *   erroneousVectorIndex
 *                     may be NULL; else set to 0 at first, and to the index of the first bad
 *                     element where an error below says so.
 *
 * Ownership: allocated buffers are the caller's; free them with saCkptIOVectorElementDataFree, or
 * with free(). After an error the contents of given buffers are undefined; nothing is allocated.
 *
 * Errors, besides the general ones, in the order in which they are tested:
 *   SA_AIS_ERR_INVALID_PARAM     ioVector is NULL; dataBuffer is given with dataSize 0.
 *   SA_AIS_ERR_BAD_HANDLE        the handle is not a checkpoint handle.
 *   SA_AIS_ERR_ACCESS            not opened with READ.
 *   SA_AIS_ERR_NOT_EXIST         there is no active replica.
 *   SA_AIS_ERR_INVALID_PARAM     dataBuffer is given, and dataSize or dataOffset + dataSize exceeds
 *                                maxSectionSize (index; tested before dataBuffer is touched).
 *   SA_AIS_ERR_INVALID_PARAM     numberOfElements is 0.
 *   SA_AIS_ERR_NOT_EXIST         there is no such section (index).
 *   SA_AIS_ERR_INVALID_PARAM     dataOffset is beyond the end of the section (index).
 *   SA_AIS_ERR_FAILED_OPERATION  the section is corrupted (index).
 * Source: AIS B.01.01; order as OpenSAF.
 */
SaAisErrorT saCkptCheckpointRead(SaCkptCheckpointHandleT checkpointHandle,
                                 SaCkptIOVectorElementT *ioVector, SaUint32T numberOfElements,
                                 SaUint32T *erroneousVectorIndex);

/*
 * saCkptIOVectorElementDataFree: frees a buffer that saCkptCheckpointRead allocated.
 *
 *   checkpointHandle  the checkpoint handle it was read through.
 *   data              the buffer.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  data is NULL (tested before the handle).
 *   SA_AIS_ERR_BAD_HANDLE     the handle is not a checkpoint handle. The buffer is not freed then.
 * Source: AIS B.02.02.
 */
SaAisErrorT saCkptIOVectorElementDataFree(SaCkptCheckpointHandleT checkpointHandle, void *data);

/*
 * saCkptCheckpointSynchronize: waits until every in-sync replica has acknowledged all updates that
 * the active replica had when the call was made.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE.
 *   timeout           ns, see "Time" above. After SA_AIS_ERR_TIMEOUT propagation goes on.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_INVALID_PARAM  timeout is negative (tested before the handle).
 *   SA_AIS_ERR_ACCESS         not opened with WRITE.
 *   SA_AIS_ERR_BAD_OPERATION  the checkpoint has SA_CKPT_WR_ALL_REPLICAS.
 *   SA_AIS_ERR_NOT_EXIST      there is no active replica.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptCheckpointSynchronize(SaCkptCheckpointHandleT checkpointHandle,
                                        SaTimeT timeout);

/*
 * saCkptCheckpointSynchronizeAsync: saCkptCheckpointSynchronize without waiting; the synchronize
 * callback tells the result.
 *
 *   checkpointHandle  a checkpoint handle opened with WRITE.
 *   invocation        any value; comes back in the callback.
 *
 * Errors, besides the general ones:
 *   SA_AIS_ERR_ACCESS, SA_AIS_ERR_BAD_OPERATION, SA_AIS_ERR_NOT_EXIST
 *                    as above, from this call; no callback follows.
 *   SA_AIS_ERR_INIT  no synchronize callback was registered (tested after BAD_OPERATION).
 * Other failures arrive through the callback, SA_AIS_ERR_TIMEOUT after 10 s.
 * Source: AIS B.01.01.
 */
SaAisErrorT saCkptCheckpointSynchronizeAsync(SaCkptCheckpointHandleT checkpointHandle,
                                             SaInvocationT invocation);

#ifdef __cplusplus
}
#endif

#endif /* SA_CKPT_H */
