/*
 * saAis_B_5_14.h: names, short and extended.
 *
 * SaNameT has 258 bytes in two equivalent forms, which one program may mix freely:
 *
 *   short     a length (0 to 256) and the bytes of the name in the structure itself;
 *   extended  a reference to a string of the caller, for names of 256 bytes and more.
 *
 * A program that defines SA_EXTENDED_NAME_SOURCE before it includes any SA Forum header sees an
 * opaque SaNameT, which it fills with saAisNameLend and reads with saAisNameBorrow; a program that
 * does not sees the length and value fields of the short form. Extended names need no environment
 * variable here. Source: OpenSAF.
 */
#ifndef SA_AIS_B_5_14_H
#define SA_AIS_B_5_14_H

#include "saAis.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A NUL-terminated string that its receiver does not change. */
typedef const char *SaConstStringT;

#ifdef SA_EXTENDED_NAME_SOURCE

/* The longest name, in bytes, that SaNameT can hold in itself. */
#define SA_MAX_UNEXTENDED_NAME_LENGTH 256

/* A name. Only saAisNameLend and saAisNameBorrow know what the array holds. */
typedef struct {
    SaUint16T _opaque[129];
} SaNameT;

#else

/* Bytes in SaNameT.value. */
#define SA_MAX_NAME_LENGTH 256

/* A name: the first length bytes of value. They need not end in a NUL byte; if there is one among
 * them, the name ends before it (many programs count the NUL in). A length over 256 is a malformed
 * name, which is SA_AIS_ERR_INVALID_PARAM wherever it is passed. (AIS B.01.01) */
typedef struct {
    SaUint16T length;
    SaUint8T value[SA_MAX_NAME_LENGTH];
} SaNameT;

#endif

/*
 * saAisNameLend: makes *name stand for a string.
 *
 *   value  the string, NUL-terminated, not NULL. The Checkpoint Service accepts up to 2,048 bytes
 *          without the NUL; a longer one is lent all the same and refused where it is used
 *          (SA_AIS_ERR_TOO_BIG).
 *   name   receives the name; whatever it held before is overwritten.
 *
 * Ownership: a string of up to 255 bytes is copied into *name with its NUL. A longer one stays the
 * caller's and is only referenced: it must stay in place, unchanged, as long as *name or a copy of
 * it is in use. Nothing is allocated, so nothing is to be freed.
 *
 * Cannot fail. May be called at any time, before Initialize too, from any thread; two threads must
 * not use the same *name at once. Source: OpenSAF.
 */
void saAisNameLend(SaConstStringT value, SaNameT *name);

/*
 * saAisNameBorrow: the string that a name stands for.
 *
 *   name  a name in either form, not NULL.
 *
 * Returns the string, NUL-terminated, or NULL if name is malformed or is a short one without a NUL
 * byte behind its last byte (a name filled in by hand may lack it; one from saAisNameLend has it).
 *
 * Ownership: the string lies in *name itself, or is the one that was lent: it lives as long as that
 * does, and must be neither changed nor freed.
 *
 * May be called at any time, before Initialize too, from any thread. Source: OpenSAF.
 */
SaConstStringT saAisNameBorrow(const SaNameT *name);

#ifdef __cplusplus
}
#endif

#endif /* SA_AIS_B_5_14_H */
