/*
 * clCkptErrors.h: the codes of the OpenClovis Checkpoint Service.
 *
 * clCkptApi.h and clCkptExtApi.h say for each function which of them it returns, and when. The 2007
 * document also writes the bare names of clCommonErrors.h (CL_ERR_NULL_POINTER and so on); what is
 * returned is the composed code, so compare those with CL_GET_ERROR_CODE(rc).
 *
 * Source: OpenClovis SDK 5 and 6; the four aliases at the end: SDK 2.3.
 */
#ifndef CL_CKPT_ERRORS_H
#define CL_CKPT_ERRORS_H

#include "clCommon.h"
#include "clCommonErrors.h"

/* The code of error err reported by the Checkpoint Service. (SDK 5) */
#define CKPT_RC(err) CL_RC(CL_CID_CKPT, err)

#define CL_CKPT_ERR_NO_MEMORY CKPT_RC(CL_ERR_NO_MEMORY)                 /* 0x160001 */
#define CL_CKPT_ERR_INVALID_PARAMETER CKPT_RC(CL_ERR_INVALID_PARAMETER) /* 0x160002 */
#define CL_CKPT_ERR_NULL_POINTER CKPT_RC(CL_ERR_NULL_POINTER)           /* 0x160003 */
#define CL_CKPT_ERR_NOT_EXIST CKPT_RC(CL_ERR_NOT_EXIST)                 /* 0x160004 */
#define CL_CKPT_ERR_INVALID_HANDLE CKPT_RC(CL_ERR_INVALID_HANDLE)       /* 0x160005 */
#define CL_CKPT_ERR_INVALID_BUFFER CKPT_RC(CL_ERR_INVALID_BUFFER)       /* 0x160006 */
#define CL_CKPT_ERR_NOT_IMPLEMENTED CKPT_RC(CL_ERR_NOT_IMPLEMENTED)     /* 0x160007 */
#define CL_CKPT_ERR_DUPLICATE CKPT_RC(CL_ERR_DUPLICATE)                 /* 0x160008 */
#define CL_CKPT_ERR_OUT_OF_RANGE CKPT_RC(CL_ERR_OUT_OF_RANGE)           /* 0x16000a */
#define CL_CKPT_ERR_NO_RESOURCE CKPT_RC(CL_ERR_NO_RESOURCE)             /* 0x16000b */
#define CL_CKPT_ERR_INITIALIZED CKPT_RC(CL_ERR_INITIALIZED)             /* 0x16000c */
#define CL_CKPT_ERR_BUFFER_OVERRUN CKPT_RC(CL_ERR_BUFFER_OVERRUN)       /* 0x16000d */
#define CL_CKPT_ERR_NOT_INITIALIZED CKPT_RC(CL_ERR_NOT_INITIALIZED)     /* 0x16000e */
#define CL_CKPT_ERR_VERSION_MISMATCH CKPT_RC(CL_ERR_VERSION_MISMATCH)   /* 0x16000f */
#define CL_CKPT_ERR_ALREADY_EXIST CKPT_RC(CL_ERR_ALREADY_EXIST)         /* 0x160010 */
#define CL_CKPT_ERR_UNSPECIFIED CKPT_RC(CL_ERR_UNSPECIFIED)             /* 0x160011 */
#define CL_CKPT_ERR_INVALID_STATE CKPT_RC(CL_ERR_INVALID_STATE)         /* 0x160012 */
#define CL_CKPT_ERR_DOESNT_EXIST CKPT_RC(CL_ERR_DOESNT_EXIST)           /* 0x160013 */
#define CL_CKPT_ERR_TIMEOUT CKPT_RC(CL_ERR_TIMEOUT)                     /* 0x160014 */
#define CL_CKPT_ERR_INUSE CKPT_RC(CL_ERR_INUSE)                         /* 0x160015 */
#define CL_CKPT_ERR_TRY_AGAIN CKPT_RC(CL_ERR_TRY_AGAIN)                 /* 0x160016 */
#define CL_CKPT_ERR_NO_CALLBACK CKPT_RC(CL_ERR_NO_CALLBACK)             /* 0x160017 */
#define CL_CKPT_ERR_MUTEX_ERROR CKPT_RC(CL_ERR_MUTEX_ERROR)             /* 0x160018 */
#define CL_CKPT_ERR_OP_NOT_PERMITTED CKPT_RC(CL_ERR_OP_NOT_PERMITTED)   /* 0x160020 */
#define CL_CKPT_ERR_NO_SPACE CKPT_RC(CL_ERR_NO_SPACE)                   /* 0x160021 */
#define CL_CKPT_ERR_BAD_FLAG CKPT_RC(CL_ERR_BAD_FLAG)                   /* 0x160022 */
#define CL_CKPT_ERR_BAD_OPERATION CKPT_RC(CL_ERR_BAD_OPERATION)         /* 0x160023 */

/* The end of an iteration. Not composed: clCkptSectionIterationNext returns 0x160101, and programs
 * compare CL_GET_ERROR_CODE(rc) with this. */
#define CL_CKPT_ERR_NO_SECTIONS 0x101

/* Names that only the 2007 document has. */
#define CL_CKPT_ERR_INIT_NOT_DONE CL_CKPT_ERR_NOT_INITIALIZED
#define CL_CKPT_ERR_BAD_HANDLE CL_CKPT_ERR_INVALID_HANDLE
#define CL_CKPT_INTERNAL_ERROR CL_CKPT_ERR_UNSPECIFIED
#define CL_CKPT_ERR_INVALID_PARAM CL_CKPT_ERR_INVALID_PARAMETER

#endif /* CL_CKPT_ERRORS_H */
