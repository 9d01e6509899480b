#include "name.h"

#include <stddef.h>
#include <string.h>

#include "bounds.h"
#include "public.h"

/* Layout of the 258 bytes: a 16-bit length and up to 256 bytes; or the mark below in place of the length and, at
 * offset 8, a pointer to a NUL-terminated string of the caller. */
enum { VALUE_OFFSET = 2, VALUE_BYTES = 256, POINTER_OFFSET = 8 };
#define EXTENDED_MARK 0xcd2bu

static uint16_t length_word(const SaNameT *name)
{
	uint16_t word;

	memcpy(&word, name, sizeof word);
	return word;
}

static const char *value(const SaNameT *name)
{
	return (const char *)name + VALUE_OFFSET;
}

static const char *lent(const SaNameT *name)
{
	const char *string;

	memcpy(&string, (const char *)name + POINTER_OFFSET, sizeof string);
	return string;
}

SaAisErrorT ckpt_name_get(const SaNameT *name, const char **bytes, uint64_t *length)
{
	uint16_t word = length_word(name);

	if (word == EXTENDED_MARK) {
		*bytes = lent(name);
		if (*bytes == NULL)
			return SA_AIS_ERR_INVALID_PARAM;
		*length = strnlen(*bytes, CKPT_NAME_BYTES_MAX + 1);
		return *length > CKPT_NAME_BYTES_MAX ? SA_AIS_ERR_TOO_BIG : SA_AIS_OK;
	}
	if (word > VALUE_BYTES)
		return SA_AIS_ERR_INVALID_PARAM;
	*bytes = value(name);
	*length = strnlen(*bytes, word);
	return SA_AIS_OK;
}

/* Both are weak because a program may carry OpenSAF's own. */
CKPT_PUBLIC __attribute__((weak)) void saAisNameLend(SaConstStringT string, SaNameT *name)
{
	size_t length = strlen(string);
	uint16_t word = (uint16_t)length;

	if (length < VALUE_BYTES) {
		memcpy((char *)name + VALUE_OFFSET, string, length + 1);
	} else {
		word = EXTENDED_MARK;
		memcpy((char *)name + POINTER_OFFSET, &string, sizeof string);
	}
	memcpy(name, &word, sizeof word);
}

CKPT_PUBLIC __attribute__((weak)) SaConstStringT saAisNameBorrow(const SaNameT *name)
{
	uint16_t word = length_word(name);

	if (word == EXTENDED_MARK)
		return lent(name);
	if (word > VALUE_BYTES)
		return NULL;
	return memchr(value(name), '\0', word < VALUE_BYTES ? word + 1u : word) != NULL ? value(name) : NULL;
}
