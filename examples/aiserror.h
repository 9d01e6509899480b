/*
 * aiserror.h: what the examples do with an error: say which call failed, and how, and give up.
 */
#ifndef AISERROR_H
#define AISERROR_H

#include <stdio.h>
#include <stdlib.h>

#include <saAis.h>

/* The name of an error code, as the Checkpoint Service uses it. */
static inline const char *ais_error_name(SaAisErrorT error)
{
    switch (error) {
    case SA_AIS_OK: return "SA_AIS_OK";
    case SA_AIS_ERR_LIBRARY: return "SA_AIS_ERR_LIBRARY";
    case SA_AIS_ERR_VERSION: return "SA_AIS_ERR_VERSION";
    case SA_AIS_ERR_INIT: return "SA_AIS_ERR_INIT";
    case SA_AIS_ERR_TIMEOUT: return "SA_AIS_ERR_TIMEOUT";
    case SA_AIS_ERR_TRY_AGAIN: return "SA_AIS_ERR_TRY_AGAIN (is the checkpoint service running?)";
    case SA_AIS_ERR_INVALID_PARAM: return "SA_AIS_ERR_INVALID_PARAM";
    case SA_AIS_ERR_NO_MEMORY: return "SA_AIS_ERR_NO_MEMORY";
    case SA_AIS_ERR_BAD_HANDLE: return "SA_AIS_ERR_BAD_HANDLE";
    case SA_AIS_ERR_ACCESS: return "SA_AIS_ERR_ACCESS";
    case SA_AIS_ERR_NOT_EXIST: return "SA_AIS_ERR_NOT_EXIST";
    case SA_AIS_ERR_EXIST: return "SA_AIS_ERR_EXIST";
    case SA_AIS_ERR_NO_SPACE: return "SA_AIS_ERR_NO_SPACE";
    case SA_AIS_ERR_NO_RESOURCES: return "SA_AIS_ERR_NO_RESOURCES";
    case SA_AIS_ERR_NOT_SUPPORTED: return "SA_AIS_ERR_NOT_SUPPORTED";
    case SA_AIS_ERR_BAD_OPERATION: return "SA_AIS_ERR_BAD_OPERATION";
    case SA_AIS_ERR_FAILED_OPERATION: return "SA_AIS_ERR_FAILED_OPERATION";
    case SA_AIS_ERR_BAD_FLAGS: return "SA_AIS_ERR_BAD_FLAGS";
    case SA_AIS_ERR_TOO_BIG: return "SA_AIS_ERR_TOO_BIG";
    case SA_AIS_ERR_NO_SECTIONS: return "SA_AIS_ERR_NO_SECTIONS";
    case SA_AIS_ERR_UNAVAILABLE: return "SA_AIS_ERR_UNAVAILABLE";
    default: return "an error that the Checkpoint Service does not have";
    }
}

/* Ends the program, with exit status 1, unless error is SA_AIS_OK. what is the call. */
static inline void must(SaAisErrorT error, const char *what)
{
    if (error != SA_AIS_OK) {
        fprintf(stderr, "%s: %s\n", what, ais_error_name(error));
        exit(EXIT_FAILURE);
    }
}

/* Ends the program, with exit status 1, because of something that is not a call's error code. */
static inline void give_up(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(EXIT_FAILURE);
}

#endif /* AISERROR_H */
