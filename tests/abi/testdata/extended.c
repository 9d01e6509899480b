/*
 * What a program that asks for extended names sees: the same 258 bytes, opaque.
 */
#define SA_EXTENDED_NAME_SOURCE
#include <saAis.h>
#include <saCkpt.h>

#include "expect.h"

AGGREGATE(SaNameT, 258, 2);
VALUE(SA_MAX_UNEXTENDED_NAME_LENGTH, 256);

#ifdef SA_MAX_NAME_LENGTH
#error "SA_MAX_NAME_LENGTH says nothing about an extended name"
#endif

SaConstStringT there_and_back(SaConstStringT value, SaNameT *name);

SaConstStringT there_and_back(SaConstStringT value, SaNameT *name)
{
    saAisNameLend(value, name);
    return saAisNameBorrow(name);
}
