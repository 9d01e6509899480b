/*
 * clerror.h: what the OpenClovis examples do with an error: say which call failed, and how, and
 * give up.
 */
#ifndef CLERROR_H
#define CLERROR_H

#include <stdio.h>
#include <stdlib.h>

#include <clCkptErrors.h>

/* The name of a code of the Checkpoint Service. The upper half of a code tells which component
 * reports it, the lower half what happened; comparing the lower half is enough here. */
static inline const char *cl_error_name(ClRcT rc)
{
    switch (CL_GET_ERROR_CODE(rc)) {
    case CL_OK: return "CL_OK";
    case CL_ERR_NO_MEMORY: return "CL_ERR_NO_MEMORY";
    case CL_ERR_INVALID_PARAMETER: return "CL_ERR_INVALID_PARAMETER";
    case CL_ERR_NULL_POINTER: return "CL_ERR_NULL_POINTER";
    case CL_ERR_NOT_EXIST: return "CL_ERR_NOT_EXIST";
    case CL_ERR_INVALID_HANDLE: return "CL_ERR_INVALID_HANDLE";
    case CL_ERR_NO_RESOURCE: return "CL_ERR_NO_RESOURCE";
    case CL_ERR_INITIALIZED: return "CL_ERR_INITIALIZED";
    case CL_ERR_NOT_INITIALIZED: return "CL_ERR_NOT_INITIALIZED";
    case CL_ERR_VERSION_MISMATCH: return "CL_ERR_VERSION_MISMATCH";
    case CL_ERR_ALREADY_EXIST: return "CL_ERR_ALREADY_EXIST";
    case CL_ERR_UNSPECIFIED: return "CL_ERR_UNSPECIFIED";
    case CL_ERR_INVALID_STATE: return "CL_ERR_INVALID_STATE";
    case CL_ERR_TIMEOUT: return "CL_ERR_TIMEOUT";
    case CL_ERR_TRY_AGAIN: return "CL_ERR_TRY_AGAIN (is the checkpoint service running?)";
    case CL_ERR_FAILED_OPERATION: return "CL_ERR_FAILED_OPERATION";
    case CL_ERR_OP_NOT_PERMITTED: return "CL_ERR_OP_NOT_PERMITTED";
    case CL_ERR_NO_SPACE: return "CL_ERR_NO_SPACE";
    case CL_ERR_BAD_FLAG: return "CL_ERR_BAD_FLAG";
    case CL_ERR_BAD_OPERATION: return "CL_ERR_BAD_OPERATION";
    case CL_CKPT_ERR_NO_SECTIONS: return "CL_CKPT_ERR_NO_SECTIONS";
    default: return "a code that the Checkpoint Service does not have";
    }
}

/* Ends the program, with exit status 1, unless rc is CL_OK. what is the call. */
static inline void must(ClRcT rc, const char *what)
{
    if (rc != CL_OK) {
        fprintf(stderr, "%s: 0x%x, %s\n", what, rc, cl_error_name(rc));
        exit(EXIT_FAILURE);
    }
}

/* Ends the program, with exit status 1, because of something that is not a call's code. */
static inline void give_up(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(EXIT_FAILURE);
}

#endif /* CLERROR_H */
