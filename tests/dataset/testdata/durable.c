/*
 * durable: counts how often the library waits for the disk. Prints for each of 100 writes how many calls of fsync,
 * fdatasync and their like happened inside it. The program's functions take the place of the C library's.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record.h"

enum { WRITES = 100, DS = 1 };

static unsigned syncs;

int fsync(int fd)
{
	__atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED);
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	__atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED);
	return (int)syscall(SYS_fdatasync, fd);
}

static void must(ClRcT rc, const char *what)
{
	if (rc == CL_OK)
		return;
	fprintf(stderr, "durable: %s: 0x%x\n", what, (unsigned)rc);
	exit(1);
}

int main(void)
{
	ClNameT name = {7, "durable"};
	ClCkptSvcHdlT h;
	int i;
	struct pack p = {.data = &i, .size = sizeof i, .how = OWN}; /* other data each time: the same need not be written */

	must(clCkptLibraryInitialize(&h), "Initialize");
	must(clCkptLibraryCkptCreate(h, &name), "CkptCreate");
	must(clCkptLibraryCkptDataSetCreate(h, &name, DS, 0, 0, pack_dataset, unpack_dataset), "DataSetCreate");
	must(clCkptLibraryCkptElementCreate(h, &name, DS, pack_element, unpack_element), "ElementCreate");
	for (i = 0; i < WRITES; i++) {
		unsigned before = __atomic_load_n(&syncs, __ATOMIC_RELAXED);

		if (i % 2 == 0)
			must(clCkptLibraryCkptDataSetWrite(h, &name, DS, cookie_of(&p)), "DataSetWrite");
		else
			must(clCkptLibraryCkptElementWrite(h, &name, DS, &i, sizeof i, cookie_of(&p)), "ElementWrite");
		printf("%u\n", __atomic_load_n(&syncs, __ATOMIC_RELAXED) - before);
	}
	return 0;
}
