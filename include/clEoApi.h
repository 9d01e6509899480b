/*
 * clEoApi.h: so that a program which includes it compiles. Nothing of OpenClovis' execution objects
 * is here: a program that uses them does not compile, instead of failing when it runs.
 */
#ifndef CL_EO_API_H
#define CL_EO_API_H

#include "clCommon.h"

#endif /* CL_EO_API_H */
