/*
 * clOsalApi.h: the two functions of OpenClovis' operating system layer that checkpoint programs
 * use, and the system headers that its clOsalApi.h brings in. Threads, locks and the rest of it are
 * not here: use POSIX.
 */
#ifndef CL_OSAL_API_H
#define CL_OSAL_API_H

#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clCommon.h"
#include "clCommonErrors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A compilation for strict ISO C (-std=c99, -std=c11) does not see them in time.h. */
#ifndef CLOCK_MONOTONIC
#define CL_OSAL_CLOCK_MONOTONIC 1
extern int clock_gettime(int clock, struct timespec *now);
#else
#define CL_OSAL_CLOCK_MONOTONIC CLOCK_MONOTONIC
#endif

/*
 * clOsalStopWatchTimeGet: the time, for measuring how long something takes.
 *
 * Returns microseconds since some moment that is fixed while the system is up. Setting the system's
 * clock does not change it. Never fails.
 * Source: SDK 5.
 */
static __inline__ ClTimeT clOsalStopWatchTimeGet(void)
{
    struct timespec now;

    clock_gettime(CL_OSAL_CLOCK_MONOTONIC, &now);
    return (ClTimeT)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*
 * clOsalPrintf: prints on standard output.
 *
 *   fmt, ...  as in printf.
 *
 * Returns CL_OK, or CL_ERR_UNSPECIFIED if standard output does not take it.
 * Source: SDK 2.3.
 */
static __inline__ ClRcT clOsalPrintf(const ClCharT *fmt, ...)
{
    va_list arguments;
    int printed;

    va_start(arguments, fmt);
    printed = vprintf(fmt, arguments);
    va_end(arguments);
    return printed < 0 ? CL_ERR_UNSPECIFIED : CL_OK;
}

#ifdef __cplusplus
}
#endif

#endif /* CL_OSAL_API_H */
