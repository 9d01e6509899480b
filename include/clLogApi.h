/*
 * clLogApi.h: so that a program which includes it compiles. Nothing of OpenClovis' log service is
 * here: a program that uses it does not compile, instead of failing when it runs.
 */
#ifndef CL_LOG_API_H
#define CL_LOG_API_H

#include "clCommon.h"

#endif /* CL_LOG_API_H */
