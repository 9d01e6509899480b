/*
 * clIocApi.h: two types of OpenClovis' Intelligent Object Communication, which clCkptApi.h brings
 * in. Nothing else of it is here: a program that communicates by it does not compile.
 */
#ifndef CL_IOC_API_H
#define CL_IOC_API_H

#include "clCommon.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The address of a node, and of a program on it. (SDK 5) */
typedef ClUint32T ClIocNodeAddressT;
typedef ClUint32T ClIocPortT;

#ifdef __cplusplus
}
#endif

#endif /* CL_IOC_API_H */
