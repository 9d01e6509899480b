/*
 * clCntApi.h: so that a program which includes it compiles. Nothing of OpenClovis' containers
 * is here: a program that uses them does not compile, instead of failing when it runs.
 */
#ifndef CL_CNT_API_H
#define CL_CNT_API_H

#include "clCommon.h"

#endif /* CL_CNT_API_H */
