#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clCkptExtApi.h>
#include <clCkptErrors.h>

#include "subject.h"

struct buffer {
	unsigned char *data;
	size_t size;
};

static ClCkptSvcHdlT handle;
static ClNameT name = {5, "bench"};

static void must(ClRcT rc, const char *what)
{
	char why[32];

	if (rc == CL_OK)
		return;
	snprintf(why, sizeof why, "0x%x", (unsigned)rc);
	fail(what, why);
}

/* Into the buffer of the library, which holds 64 KiB. */
static ClRcT pack(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, ClHandleT cookie)
{
	const struct buffer *b = (const struct buffer *)(uintptr_t)cookie;

	(void)ds;
	if (b->size > *size)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	memcpy(*buffer, b->data, b->size);
	*size = (ClUint32T)b->size;
	return CL_OK;
}

static ClRcT unpack(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, ClHandleT cookie)
{
	struct buffer *b = (struct buffer *)(uintptr_t)cookie;

	(void)ds;
	memcpy(b->data, *buffer, *size);
	b->size = *size;
	return CL_OK;
}

static void open_library(const char *directory, size_t size_max, int full)
{
	(void)size_max;
	if (setenv("CKPT_DATA_DIR", directory, 1) != 0 || setenv("CKPT_DATASET_SYNC", full ? "full" : "normal", 1) != 0)
		fail("setenv", "out of memory");
	must(clCkptLibraryInitialize(&handle), "clCkptLibraryInitialize");
	must(clCkptLibraryCkptCreate(handle, &name), "clCkptLibraryCkptCreate");
	for (ClUint32T number = 1; number <= RECORDS; number++)
		must(clCkptLibraryCkptDataSetCreate(handle, &name, number, 0, 0, pack, unpack), "clCkptLibraryCkptDataSetCreate");
}

static void write_library(uint32_t number, const void *data, size_t size)
{
	struct buffer b = {(unsigned char *)(uintptr_t)data, size};

	must(clCkptLibraryCkptDataSetWrite(handle, &name, number, (ClHandleT)(uintptr_t)&b), "clCkptLibraryCkptDataSetWrite");
}

static size_t read_library(uint32_t number, void *data)
{
	struct buffer b = {data, 0};

	must(clCkptLibraryCkptDataSetRead(handle, &name, number, (ClHandleT)(uintptr_t)&b), "clCkptLibraryCkptDataSetRead");
	return b.size;
}

static void close_library(void)
{
	must(clCkptLibraryFinalize(handle), "clCkptLibraryFinalize");
}

const struct subject library = {"dataset", open_library, write_library, read_library, close_library};
