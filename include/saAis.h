/*
 * saAis.h: the types that all SA Forum AIS services share.
 *
 * Source: AIS B.01.01 and B.02.02, with what OpenSAF's header adds, so that a program written for
 * either compiles here and a program compiled against OpenSAF's header runs here unchanged. All
 * sizes and offsets are those of LP64 systems. Names may be longer than 256 bytes: see
 * saAis_B_5_14.h, which this header includes.
 */
#ifndef SA_AIS_H
#define SA_AIS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Whole numbers of a stated width. SaInt8T is the plain char of the platform. (AIS B.01.01; the
 * 64-bit ones are long long as in OpenSAF, so print them with %lld and %llu.) */
typedef char SaInt8T;
typedef short SaInt16T;
typedef int SaInt32T;
typedef unsigned char SaUint8T;
typedef unsigned short SaUint16T;
typedef unsigned int SaUint32T;
__extension__ typedef long long SaInt64T;
__extension__ typedef unsigned long long SaUint64T;

/* IEEE 754 single and double precision. (AIS B.02.02) */
typedef float SaFloatT;
typedef double SaDoubleT;

/* A NUL-terminated string that its receiver may change. (AIS B.02.02) */
typedef char *SaStringT;

/* A point in time, in nanoseconds since 1970-01-01 00:00:00 UTC, or a duration in nanoseconds.
 * Signed. (AIS B.01.01) */
typedef SaInt64T SaTimeT;

/* The caller's own value that comes back in the callback of an asynchronous call. The service
 * never interprets it; all 64 bits come back. (AIS B.01.01) */
typedef SaUint64T SaInvocationT;

/* A number of bytes. (AIS B.01.01) */
typedef SaUint64T SaSizeT;

/* A position in bytes, counted from 0. (AIS B.01.01) */
typedef SaUint64T SaOffsetT;

/* A POSIX file descriptor, widened. Cast it to int for poll, select or epoll. (AIS B.01.01) */
typedef SaUint64T SaSelectionObjectT;

typedef enum {
    SA_FALSE = 0,
    SA_TRUE = 1
} SaBoolT;

/* How many pending callbacks a Dispatch function runs. (AIS B.01.01) */
typedef enum {
    SA_DISPATCH_ONE = 1,     /* at most one; returns at once if none is pending */
    SA_DISPATCH_ALL = 2,     /* all that are pending; returns at once if none is */
    SA_DISPATCH_BLOCKING = 3 /* each as it comes, until the handle is finalized */
} SaDispatchFlagsT;

/* A version of a service's interface. releaseCode is an upper-case letter in its character code;
 * majorVersion and minorVersion are numbers from 0. (AIS B.01.01) */
typedef struct {
    SaUint8T releaseCode;
    SaUint8T majorVersion;
    SaUint8T minorVersion;
} SaVersionT;

/* A block of bytes of any content. Which side owns bufferAddr is stated where the type is used.
 * (AIS B.02.02) */
typedef struct {
    SaSizeT bufferSize; /* bytes at bufferAddr */
    SaUint8T *bufferAddr;
} SaAnyT;

/* A limit of an implementation, in the type that fits it. (AIS B.02.02) */
typedef union {
    SaInt64T int64Value;
    SaUint64T uint64Value;
    SaTimeT timeValue;
    SaFloatT floatValue;
    SaDoubleT doubleValue;
} SaLimitValueT;

/* Values of SaTimeT. (AIS B.01.01) */
#define SA_TIME_BEGIN 0x0LL                  /* the earliest time */
#define SA_TIME_END 0x7FFFFFFFFFFFFFFFLL     /* the latest time; "never" as an expiration */
#define SA_TIME_MAX SA_TIME_END              /* the longest duration */
#define SA_TIME_UNKNOWN (-SA_TIME_END - 1LL) /* 0x8000000000000000 as a bit pattern */

#define SA_TIME_ONE_MICROSECOND 1000LL
#define SA_TIME_ONE_MILLISECOND 1000000LL
#define SA_TIME_ONE_SECOND 1000000000LL
#define SA_TIME_ONE_MINUTE 60000000000LL
#define SA_TIME_ONE_HOUR 3600000000000LL
#define SA_TIME_ONE_DAY 86400000000000LL

/* Flags of the Track functions of other services; the Checkpoint Service uses none of them.
 * (AIS B.01.01; from SA_TRACK_LOCAL on: OpenSAF) */
#define SA_TRACK_CURRENT 0x01
#define SA_TRACK_CHANGES 0x02
#define SA_TRACK_CHANGES_ONLY 0x04
#define SA_TRACK_LOCAL 0x08
#define SA_TRACK_START_STEP 0x10
#define SA_TRACK_VALIDATE_STEP 0x20

/*
 * What every function returns. The comment beside each code is its general meaning; saCkpt.h says
 * for each function which of them it returns, and when. errno is not part of any interface here.
 * (1 to 27: AIS B.01.01; 28 to 40: AIS B.02 and OpenSAF)
 */
typedef enum {
    SA_AIS_OK = 1,
    SA_AIS_ERR_LIBRARY = 2,        /* the library is broken in this process */
    SA_AIS_ERR_VERSION = 3,        /* the version asked for does not offer this */
    SA_AIS_ERR_INIT = 4,           /* a callback this call needs was not registered */
    SA_AIS_ERR_TIMEOUT = 5,        /* no answer in time; it may have been done */
    SA_AIS_ERR_TRY_AGAIN = 6,      /* not done, and never will be; a later call may succeed */
    SA_AIS_ERR_INVALID_PARAM = 7,  /* an argument is out of its range */
    SA_AIS_ERR_NO_MEMORY = 8,      /* the library or the service is out of memory */
    SA_AIS_ERR_BAD_HANDLE = 9,     /* the handle was never given out, or has been given back */
    SA_AIS_ERR_BUSY = 10,          /* in use */
    SA_AIS_ERR_ACCESS = 11,        /* not opened for this */
    SA_AIS_ERR_NOT_EXIST = 12,     /* what the call names does not exist */
    SA_AIS_ERR_NAME_TOO_LONG = 13,
    SA_AIS_ERR_EXIST = 14,         /* it exists already, perhaps differently */
    SA_AIS_ERR_NO_SPACE = 15,      /* a limit set by the creator is reached */
    SA_AIS_ERR_INTERRUPT = 16,     /* cancelled */
    SA_AIS_ERR_NAME_NOT_FOUND = 17,
    SA_AIS_ERR_NO_RESOURCES = 18,  /* a limit of the service or the system is reached */
    SA_AIS_ERR_NOT_SUPPORTED = 19, /* not offered by this service */
    SA_AIS_ERR_BAD_OPERATION = 20, /* not allowed for this kind of object */
    SA_AIS_ERR_FAILED_OPERATION = 21,
    SA_AIS_ERR_MESSAGE_ERROR = 22,
    SA_AIS_ERR_QUEUE_FULL = 23,
    SA_AIS_ERR_QUEUE_NOT_AVAILABLE = 24,
    SA_AIS_ERR_BAD_FLAGS = 25,     /* no known flag is set */
    SA_AIS_ERR_TOO_BIG = 26,       /* larger than the largest accepted */
    SA_AIS_ERR_NO_SECTIONS = 27,   /* the iteration has no further section */
    SA_AIS_ERR_NO_OP = 28,
    SA_AIS_ERR_REPAIR_PENDING = 29,
    SA_AIS_ERR_NO_BINDINGS = 30,
    SA_AIS_ERR_UNAVAILABLE = 31,   /* this node is not in the cluster */
    SA_AIS_ERR_CAMPAIGN_ERROR_DETECTED = 32,
    SA_AIS_ERR_CAMPAIGN_PROC_FAILED = 33,
    SA_AIS_ERR_CAMPAIGN_CANCELED = 34,
    SA_AIS_ERR_CAMPAIGN_FAILED = 35,
    SA_AIS_ERR_CAMPAIGN_SUSPENDED = 36,
    SA_AIS_ERR_CAMPAIGN_SUSPENDING = 37,
    SA_AIS_ERR_ACCESS_DENIED = 38,
    SA_AIS_ERR_NOT_READY = 39,
    SA_AIS_ERR_DEPLOYMENT = 40
} SaAisErrorT;

/* The services of the SA Forum. OpenSAF spells SA_SVC_LOG as SA_SCV_LOG; both names are given.
 * (AIS B.02.02, OpenSAF) */
typedef enum {
    SA_SVC_HPI = 1,
    SA_SVC_AMF = 2,
    SA_SVC_CLM = 3,
    SA_SVC_CKPT = 4,
    SA_SVC_EVT = 5,
    SA_SVC_MSG = 6,
    SA_SVC_LCK = 7,
    SA_SVC_IMMS = 8,
    SA_SVC_LOG = 9,
    SA_SCV_LOG = 9,
    SA_SVC_NTF = 10,
    SA_SVC_NAM = 11,
    SA_SVC_TMR = 12,
    SA_SVC_SMF = 13,
    SA_SVC_SEC = 14,
    SA_SVC_PLM = 15
} SaServicesT;

#ifdef __cplusplus
}
#endif

#include "saAis_B_5_14.h"

#endif /* SA_AIS_H */
