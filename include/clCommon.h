/*
 * clCommon.h: the types that all OpenClovis services share, as far as checkpoint programs use them.
 *
 * Source: OpenClovis SDK 5 and 6, whose binary interface this is, and the 2.3 overview, which has
 * the same names. All sizes and offsets are those of LP64 systems. Programs written for the SDK
 * count on the system headers that its clCommon.h brings in, so this one does, too.
 */
#ifndef CL_COMMON_H
#define CL_COMMON_H

#include <arpa/inet.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whole numbers of a stated width. The 64-bit ones are long long: print them with %lld and %llu.
 * (SDK 2.3) */
typedef signed char ClInt8T;
typedef unsigned char ClUint8T;
typedef char ClCharT;
typedef short ClInt16T;
typedef unsigned short ClUint16T;
typedef int ClInt32T;
typedef unsigned int ClUint32T;
__extension__ typedef long long ClInt64T;
__extension__ typedef unsigned long long ClUint64T;

/* A machine word; a POSIX file descriptor. (SDK 5) */
typedef unsigned long ClWordT;
typedef int ClFdT;

/* CL_TRUE or CL_FALSE, in 16 bits. (SDK 2.3) */
typedef ClUint16T ClBoolT;

/* What a function returns: CL_OK or a code of clCommonErrors.h. (SDK 2.3) */
typedef ClUint32T ClRcT;

/* A value without meaning that stands for something of a service. (SDK 5; 32 bits and signed in
 * SDK 2.3, whose programs are recompiled) */
typedef ClUint64T ClHandleT;

/* A point in time, in nanoseconds since 1970-01-01 00:00:00 UTC, or a duration in nanoseconds,
 * unless the function says otherwise. Signed. (SDK 2.3) */
typedef ClInt64T ClTimeT;

/* A number of bytes. (SDK 2.3) */
typedef ClUint64T ClSizeT;

/* A position in bytes, counted from 0. (SDK 5; unsigned in SDK 2.3) */
typedef ClInt64T ClOffsetT;

/* The caller's own value that comes back in the callback of an asynchronous call. The service
 * never interprets it; all 64 bits come back. (SDK 2.3) */
typedef ClUint64T ClInvocationT;

/* A POSIX file descriptor, widened. Cast it to int for poll, select or epoll. (SDK 2.3) */
typedef ClUint64T ClSelectionObjectT;

/* The identifier of a notification; no function here uses it. (SDK 2.3) */
typedef ClUint64T ClNtfIdentifierT;

/* An address of bytes, and an address of anything. (SDK 2.3) */
typedef ClInt8T *ClAddrT;
typedef void *ClPtrT;

/* Direction of an argument; they expand to nothing. (SDK 2.3) */
#define CL_IN
#define CL_OUT
#define CL_INOUT

/* Values of ClBoolT. (SDK 2.3; CL_ENABLE and CL_DISABLE: SDK 5) */
#define CL_TRUE 1
#define CL_FALSE 0
#define CL_YES 1
#define CL_NO 0
#define CL_ENABLE 1
#define CL_DISABLE 0

/* The latest time; "never" as an expiration, "for ever" as a duration. Unsigned, so cast it to
 * ClTimeT to compare. (SDK 5) */
#define CL_TIME_END 0x7fffffffffffffffULL
#define CL_TIME_FOREVER 0x7fffffffffffffffULL

/* Bytes in the value of a ClNameT. (SDK 2.3) */
#define CL_MAX_NAME_LENGTH 256

/* A name: length bytes of any value. A NUL after them is not required. (SDK 2.3) */
typedef struct {
    ClUint16T length; /* bytes, 0 to 256 */
    ClCharT value[CL_MAX_NAME_LENGTH];
} ClNameT;

/* A version of a service's interface. releaseCode is an upper-case letter in its character code;
 * majorVersion and minorVersion are numbers from 0. (SDK 2.3) */
typedef struct {
    ClUint8T releaseCode;
    ClUint8T majorVersion;
    ClUint8T minorVersion;
} ClVersionT;

/* A string with its length in bytes. (SDK 5) */
typedef struct {
    ClUint32T length;
    ClCharT *pValue;
} ClStringT;

/* How many pending callbacks a Dispatch function runs. (SDK 2.3) */
typedef enum {
    CL_DISPATCH_ONE = 1,     /* at most one; returns at once if none is pending */
    CL_DISPATCH_ALL = 2,     /* all that are pending; returns at once if none is */
    CL_DISPATCH_BLOCKING = 3 /* each as it comes, until the handle is finalized */
} ClDispatchFlagsT;

/* The component whose codes the Checkpoint Service returns; see CL_RC. No code that a function here
 * returns belongs to another component. (SDK 2.3) */
#define CL_CID_CKPT 0x16

/*
 * clNameSet: sets a name from a string.
 *
 *   name  receives the string without its NUL, cut after 255 bytes. A NUL follows in value.
 *   str   a NUL-terminated string.
 * Source: SDK 5.
 */
static __inline__ void clNameSet(ClNameT *name, const ClCharT *str)
{
    size_t length = strlen(str);
    if (length > CL_MAX_NAME_LENGTH - 1)
        length = CL_MAX_NAME_LENGTH - 1;
    memcpy(name->value, str, length);
    name->value[length] = '\0';
    name->length = (ClUint16T)length;
}

/*
 * clNameCopy: copies a name.
 *
 *   nameOut  receives the bytes, cut after 256. A NUL follows them if there is room.
 *   nameIn   the name to copy; may be nameOut.
 * Source: SDK 5.
 */
static __inline__ void clNameCopy(ClNameT *nameOut, const ClNameT *nameIn)
{
    size_t length = nameIn->length;
    if (length > CL_MAX_NAME_LENGTH)
        length = CL_MAX_NAME_LENGTH;
    memmove(nameOut->value, nameIn->value, length);
    if (length < CL_MAX_NAME_LENGTH)
        nameOut->value[length] = '\0';
    nameOut->length = (ClUint16T)length;
}

/*
 * clNameConcat: puts a name together.
 *
 *   nameOut    receives prefix, separator and suffix one after the other, cut after 255 bytes. A
 *              NUL follows in value. May be prefix, but not suffix.
 *   prefix, suffix
 *              names; NULL for none.
 *   separator  a NUL-terminated string; NULL for none.
 * Source: SDK 5.
 */
static __inline__ void clNameConcat(ClNameT *nameOut, const ClNameT *prefix,
                                    const ClCharT *separator, const ClNameT *suffix)
{
    const ClCharT *part[3];
    size_t size[3], length = 0;
    int i;

    part[0] = prefix ? prefix->value : NULL;
    size[0] = prefix ? prefix->length : 0;
    part[1] = separator;
    size[1] = separator ? strlen(separator) : 0;
    part[2] = suffix ? suffix->value : NULL;
    size[2] = suffix ? suffix->length : 0;
    for (i = 0; i < 3; i++) {
        if (size[i] > CL_MAX_NAME_LENGTH - 1 - length)
            size[i] = CL_MAX_NAME_LENGTH - 1 - length;
        if (size[i] > 0)
            memmove(nameOut->value + length, part[i], size[i]);
        length += size[i];
    }
    nameOut->value[length] = '\0';
    nameOut->length = (ClUint16T)length;
}

#ifdef __cplusplus
}
#endif

#endif /* CL_COMMON_H */
