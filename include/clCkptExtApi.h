/*
 * clCkptExtApi.h: the library-based OpenClovis Checkpoint Service, and two extensions that SDK 6
 * made to the server-based one.
 *
 * A library-based checkpoint is a database in a file of this machine. It outlives the program and
 * the machine's restart, needs no service, and may be used by several processes. It consists of
 * datasets, which the program numbers, and a dataset of one record of its own and any number of
 * elements. The program gives a serializer and a deserializer, and the library calls them to turn
 * records into bytes and back. Server-based and library-based checkpoints know nothing of each
 * other.
 *
 * The flavours, the codes (without CL_CKPT_ERR_ below), memory, concurrency and handles are as in
 * clCkptApi.h.
 *
 * RULES FOR ALL LIBRARY-BASED FUNCTIONS. The comment at each function adds to these.
 *
 * Any function may return:
 *   INVALID_HANDLE     the handle is not one that clCkptLibraryInitialize gave, or was given back.
 *                      Before the first clCkptLibraryInitialize every handle is such a one.
 *   NULL_POINTER       an argument that is a pointer is NULL (the functions say which may be).
 *   INVALID_PARAMETER  a checkpoint's name is empty or its length over 256.
 *   NO_MEMORY          the process has not enough memory.
 *   TRY_AGAIN, TIMEOUT
 *                      other processes, or other threads of this one, have kept the checkpoint busy
 *                      for 10 s.
 *   NO_SPACE           the file system is full.
 *   OP_NOT_PERMITTED   the permissions of directory or file do not allow it.
 *   NO_RESOURCE        the process has too many files open.
 *   0x16001f           the file is damaged, or not one of this library (CL_ERR_FAILED_OPERATION).
 *   UNSPECIFIED        as in clCkptApi.h.
 * After an error nothing has been stored; only after TIMEOUT it may have been. Where the system is
 * at fault, one line on stderr says which file it is about and what to do, and the same call
 * succeeds once the cause is gone.
 *
 * Order of tests: NULL_POINTER, INVALID_PARAMETER, INVALID_HANDLE, then the rest.
 *
 * What a call has stored is on the disk when it returns, unless the site has configured otherwise.
 *
 * Databases are in the directory that the environment variable CKPT_DATA_DIR names, else in
 * ASP_RUNDIR, else in the state directory of the service.
 *
 * Source: OpenClovis SDK 2.3 (the document of March 20, 2007) unless another one is named.
 */
#ifndef _CL_CKPT_EXT_API_H_
#define _CL_CKPT_EXT_API_H_

#include "clCkptApi.h"
#include "clCntApi.h"
#include "clCommon.h"
#include "clEoApi.h"
#include "clOsalApi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The program's own value that serializers and deserializers get. (an address: SDK 5; a number of
 * the same width: SDK 2.3) */
#if CL_CKPT_SDK >= 50
typedef ClPtrT ClCkptCookieT;
#else
typedef ClHandleT ClCkptCookieT;
#endif

/*
 * ClCkptSerializeT: turns a record into bytes.
 *
 *   dsId     the dataset, also when it is an element that is written.
 *   pBuffer  SDK 2.3: in: a buffer of the library. out: the same, filled, or memory that the
 *            serializer has from clHeapAllocate; the library frees that.
 *            SDK 5 and 6: in: NULL. out: memory that the serializer has from clHeapAllocate; the
 *            library frees it, also when the serializer fails.
 *   pLen     SDK 2.3: in: 65,536, the size of the buffer. SDK 5 and 6: in: 0. out: bytes of the
 *            record; 0 is a record without data.
 *   cookie   as given to the write.
 *
 * Returns CL_OK; any other value is the result of the write, and nothing is stored.
 * It runs in the thread that writes, and may call any function, with the same handle too.
 */
typedef ClRcT (*ClCkptSerializeT)(ClUint32T dsId, ClAddrT *pBuffer, ClUint32T *pLen,
                                  ClCkptCookieT cookie);

/*
 * ClCkptDeserializeT: takes a record that has been read.
 *
 *   dsId             the dataset, also when it is an element that is read.
 *   pBuffer, buffer  the bytes as the serializer gave them; SDK 2.3 has their address at *pBuffer.
 *   pLen, len        how many there are; SDK 2.3 has the number at *pLen.
 *   cookie           as given to the read.
 *
 * Ownership: the bytes are the library's, and valid until the deserializer returns.
 * Returns CL_OK; any other value ends the read and is its result.
 * It runs in the thread that reads, and may call any function, with the same handle too.
 */
#if CL_CKPT_SDK >= 50
typedef ClRcT (*ClCkptDeserializeT)(ClUint32T dsId, ClAddrT buffer, ClUint32T len,
                                    ClCkptCookieT cookie);
#else
typedef ClRcT (*ClCkptDeserializeT)(ClUint32T dsId, ClAddrT *pBuffer, ClUint32T *pLen,
                                    ClCkptCookieT cookie);
#endif

/* ---- Library life cycle -------------------------------------------------------------------- */

/*
 * clCkptLibraryInitialize: starts one use of library-based checkpoints. It needs neither
 * clCkptInitialize nor a service. A process may do so many times; each handle has its own
 * serializers and deserializers, and stays valid until its own Finalize.
 *
 *   pCkptHdl  receives the handle.
 *
 * If the environment variable ASP_CONFIG leads to a clDbalConfig.xml, it is read, and the engine it
 * names (SQLite, GDBM or Berkeley DB) accepted; SQLite serves them all.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  clDbalConfig.xml is not what it should be; one line on stderr says why.
 *   NOT_EXIST          the directory of the databases does not exist. Only the service's state
 *                      directory is made.
 */
ClRcT clCkptLibraryInitialize(CL_INOUT ClCkptSvcHdlT *pCkptHdl);

/*
 * clCkptLibraryFinalize: ends one use. What has been stored stays.
 *
 *   ckptHdl  a handle; invalid afterwards.
 *
 * Errors: INVALID_HANDLE, NO_MEMORY, UNSPECIFIED.
 */
ClRcT clCkptLibraryFinalize(CL_IN ClCkptSvcHdlT ckptHdl);

/* ---- Checkpoints --------------------------------------------------------------------------- */

/*
 * clCkptLibraryCkptCreate: creates a checkpoint. One that exists is left as it is.
 *
 *   ckptHdl    a handle.
 *   pCkptName  its name: 1 to 256 bytes; it ends at its first NUL, if there is one. A '/' does not
 *              lead to another directory.
 *
 * Errors: the general ones.
 */
ClRcT clCkptLibraryCkptCreate(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName);

/*
 * clCkptLibraryCkptDelete: deletes a checkpoint with all that is in it, and its files. Other
 * processes that use it get NOT_EXIST from then on.
 *
 *   ckptHdl    a handle.
 *   pCkptName  its name.
 *
 * Errors, besides the general ones:
 *   NOT_EXIST  there is no such checkpoint.
 */
ClRcT clCkptLibraryCkptDelete(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName);

/*
 * clCkptLibraryDoesCkptExist: tells whether a checkpoint exists.
 *
 *   ckptHdl    a handle.
 *   pCkptName  its name.
 *   pRetVal    receives CL_TRUE or CL_FALSE.
 *
 * Errors: the general ones.
 */
ClRcT clCkptLibraryDoesCkptExist(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                 CL_OUT ClBoolT *pRetVal);

/* ---- Datasets ------------------------------------------------------------------------------ */

/*
 * clCkptLibraryCkptDataSetCreate: creates a dataset, or gives an existing one its serializer and
 * deserializer. They are not stored: a program that has been started anew calls this again before
 * it writes or reads. Data that is there stays.
 *
 *   ckptHdl    a handle; serializer and deserializer are this handle's.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset's number, not 0.
 *   grpId, order
 *              not used.
 *   dsSerialiser, dsDeserialiser
 *              for the dataset's own record; may be NULL if it is not written, or not read.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  dsId is 0.
 *   NOT_EXIST          there is no such checkpoint.
 * Source: SDK 2.3; the functions' types as SDK 5 for programs written for it.
 */
#if CL_CKPT_SDK < 50
/* Its name in the library; the plain name there is that of SDK 5 and 6. */
#define clCkptLibraryCkptDataSetCreate clCkptLibraryCkptDataSetCreate_23
#endif
ClRcT clCkptLibraryCkptDataSetCreate(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                     CL_IN ClUint32T dsId, CL_IN ClUint32T grpId,
                                     CL_IN ClUint32T order, CL_IN ClCkptSerializeT dsSerialiser,
                                     CL_IN ClCkptDeserializeT dsDeserialiser);

/*
 * clCkptLibraryCkptDataSetDelete: deletes a dataset with its record and its elements.
 *
 *   ckptHdl    a handle.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset, not 0.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  dsId is 0.
 *   NOT_EXIST          there is no such checkpoint or dataset.
 */
ClRcT clCkptLibraryCkptDataSetDelete(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                     CL_IN ClUint32T dsId);

/*
 * clCkptLibraryCkptDataSetWrite: calls the dataset's serializer, and stores what it gives as the
 * dataset's record in place of the earlier one.
 *
 *   ckptHdl    a handle.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset, not 0.
 *   cookie     handed to the serializer; never looked at.
 *
 * Errors, besides the general ones; nothing is stored then:
 *   INVALID_PARAMETER  dsId is 0; SDK 2.3: the serializer set a length beyond the library's buffer.
 *   NOT_EXIST          there is no such checkpoint or dataset; the serializer left no buffer in
 *                      *pBuffer.
 *   0x16001d           the serializer gave more than 900 MiB (CL_ERR_TOO_BIG).
 *   NULL_POINTER       clCkptLibraryCkptDataSetCreate has not given this handle a serializer.
 *   any other          what the serializer returned.
 */
ClRcT clCkptLibraryCkptDataSetWrite(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                    CL_IN ClUint32T dsId, CL_IN ClCkptCookieT cookie);

/*
 * clCkptLibraryCkptDataSetRead: reads a dataset as it is at one moment: calls the element
 * deserializer for each element, in the order in which they were first written, then the dataset's
 * deserializer for its record, if there is one. Elements cannot be read one by one.
 *
 *   ckptHdl    a handle.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset, not 0.
 *   cookie     handed to the deserializers; never looked at.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  dsId is 0.
 *   NOT_EXIST          there is no such checkpoint or dataset, or nothing in it.
 *   NULL_POINTER       there is a record, or an element, and this handle has no deserializer for
 *                      it; no deserializer has been called.
 *   any other          what a deserializer returned.
 */
ClRcT clCkptLibraryCkptDataSetRead(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                   CL_IN ClUint32T dsId, CL_IN ClCkptCookieT cookie);

/*
 * clCkptLibraryDoesDatasetExist: tells whether a dataset exists.
 *
 *   ckptHdl    a handle.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset.
 *   pRetVal    receives CL_TRUE or CL_FALSE; CL_FALSE also if there is no such checkpoint.
 *
 * Errors: the general ones.
 */
ClRcT clCkptLibraryDoesDatasetExist(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                    CL_IN ClUint32T dsId, CL_OUT ClBoolT *pRetVal);

/* ---- Elements ------------------------------------------------------------------------------ */

/*
 * clCkptLibraryCkptElementCreate: gives a dataset the serializer and deserializer of its elements,
 * one pair for all of them. They are not stored: a program that has been started anew calls this
 * again before it writes or reads.
 *
 *   ckptHdl    a handle; serializer and deserializer are this handle's.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset, not 0.
 *   elemSerialiser, elemDeserialiser
 *              may be NULL if no element is written, or read.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  dsId is 0.
 *   NOT_EXIST          there is no such checkpoint or dataset.
 * Source: SDK 2.3; the functions' types as SDK 5 for programs written for it.
 */
#if CL_CKPT_SDK < 50
/* Its name in the library; the plain name there is that of SDK 5 and 6. */
#define clCkptLibraryCkptElementCreate clCkptLibraryCkptElementCreate_23
#endif
ClRcT clCkptLibraryCkptElementCreate(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                     CL_IN ClUint32T dsId, CL_IN ClCkptSerializeT elemSerialiser,
                                     CL_IN ClCkptDeserializeT elemDeserialiser);

/*
 * clCkptLibraryCkptElementWrite: calls the element serializer, and stores what it gives as the
 * element's data in place of the earlier one. The serializer is not told which element it is:
 * let the cookie tell.
 *
 *   ckptHdl    a handle.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset, not 0.
 *   elemId     elemLen bytes of any value that name the element; compared by length and bytes.
 *   elemLen    1 or more.
 *   cookie     handed to the serializer; never looked at.
 *
 * Errors, besides the general ones; nothing is stored then:
 *   INVALID_PARAMETER  dsId or elemLen is 0; SDK 2.3: the serializer set a length beyond the
 *                      library's buffer.
 *   NOT_EXIST          there is no such checkpoint or dataset; the serializer left no buffer in
 *                      *pBuffer.
 *   0x16001d           the serializer gave more than 900 MiB (CL_ERR_TOO_BIG).
 *   NULL_POINTER       clCkptLibraryCkptElementCreate has not given this handle a serializer.
 *   any other          what the serializer returned.
 */
ClRcT clCkptLibraryCkptElementWrite(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                    CL_IN ClUint32T dsId, CL_IN ClPtrT elemId,
                                    CL_IN ClUint32T elemLen, CL_IN ClCkptCookieT cookie);

/*
 * clCkptLibraryCkptElementDelete: deletes an element.
 *
 *   ckptHdl    a handle.
 *   pCkptName  the checkpoint.
 *   dsId       the dataset, not 0.
 *   elemId     elemLen bytes, as written.
 *   elemLen    1 or more.
 *
 * Errors, besides the general ones:
 *   INVALID_PARAMETER  dsId or elemLen is 0.
 *   NOT_EXIST          there is no such checkpoint, dataset or element.
 * Source: SDK 5.
 */
ClRcT clCkptLibraryCkptElementDelete(CL_IN ClCkptSvcHdlT ckptHdl, CL_IN ClNameT *pCkptName,
                                     CL_IN ClUint32T dsId, CL_IN ClPtrT elemId,
                                     CL_IN ClUint32T elemLen);

/* ---- Extensions of the server-based service ------------------------------------------------ */

/*
 * clCkptCheckpointReadSections: reads all sections of a server-based checkpoint, each whole. The
 * order is that of an iteration. A section is the state between two updates; different ones may be
 * of different moments, and one that is deleted meanwhile may be left out.
 *
 *   ckptHdl      a checkpoint handle opened with READ.
 *   pVec         receives an array with an element for each section, the default section
 *                included; NULL if there are none. dataSize and readSize are the section's size,
 *                dataOffset is 0, dataBuffer is NULL if the size is 0.
 *   numElements  receives the number of elements.
 *
 * Ownership: the array, its ids and its buffers are the caller's. clCkptIOVectorFree frees ids and
 * buffers, clHeapFree the array. Nothing is allocated after an error.
 *
 * Errors: those of all functions of clCkptApi.h, and
 *   NULL_POINTER      pVec or numElements is NULL.
 *   OP_NOT_PERMITTED  not opened with READ.
 *   NOT_EXIST         there is no active replica.
 *   0x16001f          a section is corrupted (CL_ERR_FAILED_OPERATION).
 * Source: SDK 6.
 */
ClRcT clCkptCheckpointReadSections(CL_IN ClCkptHdlT ckptHdl, CL_OUT ClCkptIOVectorElementT **pVec,
                                   CL_OUT ClUint32T *numElements);

/*
 * clCkptIOVectorFree: frees the ids and buffers of elements, and sets them to NULL. The array
 * itself stays. It needs no Initialize.
 *
 *   pVec         numElements elements.
 *   numElements  how many; 0 does nothing.
 *
 * Errors:
 *   CL_ERR_INVALID_PARAMETER  pVec is NULL. As in SDK 6 this code is not composed.
 * Source: SDK 6.
 */
ClRcT clCkptIOVectorFree(CL_INOUT ClCkptIOVectorElementT *pVec, CL_IN ClUint32T numElements);

#ifdef __cplusplus
}
#endif

#endif /* _CL_CKPT_EXT_API_H_ */
