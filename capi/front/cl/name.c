#include <string.h>

#include "client.h"

bool cl_name_get(const ClNameT *name, const char **bytes, uint64_t *length)
{
	if (name->length > CL_MAX_NAME_LENGTH)
		return false;
	*bytes = name->value;
	*length = strnlen(name->value, name->length);
	return *length > 0;
}
