#include "memory.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#if !SANITIZED

static uintptr_t first, last; /* where the front's code is */
static _Thread_local bool counting;
static _Thread_local unsigned count, failing;

static int find_front(struct dl_phdr_info *object, size_t size, void *argument)
{
	(void)size;
	(void)argument;
	if (strstr(object->dlpi_name, "/libckpt.so") == NULL)
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0)
			continue;
		first = object->dlpi_addr + p->p_vaddr;
		last = first + p->p_memsz;
	}
	return 1;
}

void memory_fail(unsigned k)
{
	CHECK(first != 0 || dl_iterate_phdr(find_front, NULL) == 1);
	CHECK(first != 0);
	count = 0;
	failing = k;
	counting = true;
}

unsigned memory_allocations(void)
{
	counting = false;
	return count;
}

static bool fails(void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	if (!counting || from < first || from >= last || ++count != failing)
		return false;
	errno = ENOMEM;
	return true;
}

/* These take the place of the C library's for the whole process. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}

#endif
