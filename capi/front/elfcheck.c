#include "elfcheck.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "not a supported machine"
#endif

static bool within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

static const char *check(int fd)
{
	ElfW(Ehdr) header;
	struct stat file;
	uint64_t size;

	if (fstat(fd, &file) != 0)
		return strerror(errno);
	size = (uint64_t)file.st_size;
	if (pread(fd, &header, sizeof header, 0) != sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return "not a shared library";
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE || header.e_type != ET_DYN)
		return "not a shared library for this machine";
	if (header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum == 0)
		return "damaged";
	if (!within(header.e_phoff, (uint64_t)header.e_phnum * sizeof(ElfW(Phdr)), size) ||
	    !within(header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize, size))
		return "damaged: the file is cut off";
	for (unsigned i = 0; i < header.e_phnum; i++) {
		ElfW(Phdr) part;

		if (pread(fd, &part, sizeof part, (off_t)(header.e_phoff + i * sizeof part)) != sizeof part)
			return "damaged: the file is cut off";
		if (part.p_type == PT_LOAD && !within(part.p_offset, part.p_filesz, size))
			return "damaged: the file is cut off";
	}
	return NULL;
}

const char *ckpt_elf_check(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *damage;

	if (fd < 0)
		return strerror(errno);
	damage = check(fd);
	close(fd);
	return damage;
}
