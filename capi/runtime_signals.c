#define _GNU_SOURCE
/*
 * Keeping the Go runtime away from signals.
 *
 * This library runs inside programs that have signal handlers of their own, with frames of any size and with or without
 * SA_ONSTACK. Such a handler must never interrupt Go code, whose stacks are small. But the runtime unblocks SIGSEGV, SIGBUS,
 * SIGFPE, SIGILL, SIGTRAP, SIGSTKFLT, SIGCHLD and SIGPROF in each thread it starts and in every foreign thread that
 * enters it for the first time, and it installs handlers of its own, one of which aborts the process on a SIGSEGV that
 * somebody sent. Nothing in its interface turns that off. All of it is driven by one table, runtime.sigtable,
 * which is read for the first time when the runtime starts: a constructor of higher priority empties it before.
 *
 *   - an empty entry: no handler, never unblocked;
 *   - signals 32 to 34 (thread cancellation and setuid of the C libraries): no longer unblocked, but the runtime still
 *     gives their handlers SA_ONSTACK, which they need because they do reach its threads.
 *
 * What is lost: a nil dereference in the engine ends the process with SIGSEGV instead of a panic that could be recovered,
 * and os/signal does not work in here.
 *
 * The table has no symbol that C could name, so it is found by what it holds. If a release of Go changes that, nothing is
 * touched; tests/process looks at the signal masks of the runtime's threads and fails then.
 */
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct entry {		/* runtime.sigTabT */
	int32_t flags;
	const char *name;
	intptr_t length;
};

enum { SIGNALS = 65, SIGNAL_SEGV = 11, LIBC_FIRST = 32, LIBC_LAST = 34 };

struct span {
	uintptr_t first, end;
};

static bool named(const struct entry *e, const char *name, struct span image)
{
	size_t n = strlen(name);
	uintptr_t at = (uintptr_t)e->name;

	return e->length == (intptr_t)n && at >= image.first && at <= image.end - n && memcmp(e->name, name, n) == 0;
}

static bool is_table(const struct entry *t, struct span image)
{
	return named(&t[0], "SIGNONE: no trap", image) && named(&t[SIGNAL_SEGV], "SIGSEGV: segmentation violation", image) &&
	       named(&t[LIBC_FIRST], "signal 32", image) && named(&t[SIGNALS - 1], "signal 64", image);
}

static void empty(struct entry *t)
{
	/* _SigUnblock is the one flag that SIGSEGV has in common with signal 32. */
	int32_t unblock = t[SIGNAL_SEGV].flags & t[LIBC_FIRST].flags;

	for (int s = 0; s < SIGNALS; s++)
		if (s >= LIBC_FIRST && s <= LIBC_LAST)
			t[s].flags &= ~unblock;
		else
			t[s].flags = 0;
}

static struct span span_of(const struct dl_phdr_info *image, const ElfW(Phdr) *part, uint64_t size)
{
	uintptr_t first = image->dlpi_addr + part->p_vaddr;

	return (struct span){first, first + size};
}

static void search(const struct dl_phdr_info *image, struct span whole)
{
	const size_t table = SIGNALS * sizeof(struct entry);

	for (int i = 0; i < image->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &image->dlpi_phdr[i];
		struct span s = span_of(image, part, part->p_filesz);

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_W))
			continue;
		for (uintptr_t at = (s.first + 7) & ~(uintptr_t)7; at + table <= s.end; at += 8)
			if (is_table((struct entry *)at, whole)) {
				empty((struct entry *)at);
				return;
			}
	}
}

/* Called for each loaded library until it returns non-zero; looks into the one that this function is part of. */
static int look(struct dl_phdr_info *image, size_t size, void *unused)
{
	struct span whole = {UINTPTR_MAX, 0};
	bool ours = false;

	(void)size;
	(void)unused;
	for (int i = 0; i < image->dlpi_phnum; i++) {
		struct span s = span_of(image, &image->dlpi_phdr[i], image->dlpi_phdr[i].p_memsz);

		if (image->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		if (s.first < whole.first)
			whole.first = s.first;
		if (s.end > whole.end)
			whole.end = s.end;
		ours = ours || ((uintptr_t)look >= s.first && (uintptr_t)look < s.end);
	}
	if (ours)
		search(image, whole);
	return ours;
}

/* The runtime starts from a constructor without a priority, which is after this one. */
__attribute__((constructor(101))) static void before_the_runtime(void)
{
	dl_iterate_phdr(look, NULL);
}
