/*
 * Signals of the application and the Go runtime of the engine. What happens without each of these was measured with Go
 * 1.26 on x86-64 and tests/process/testdata/storm.c (up to 5,000 signals a second, handler frames of 64 KiB, eight threads
 * making calls; with all of it in place it runs without fault):
 *
 * 1. A handler without SA_ONSTACK that interrupts Go code runs on a goroutine's stack of a few KiB, one with SA_ONSTACK
 *    on the runtime's alternate stack of 32 KiB; its frame destroys what lies below. Therefore a thread enters the
 *    engine only with every signal blocked. Every one: SIGSEGV, SIGBUS and SIGFPE can be sent by kill() too, and the
 *    threading library's own (32, 33) have handlers without SA_ONSTACK; the mask is set by the bare system call because
 *    that alone blocks them. A real fault inside the engine ends the process with that signal.
 *
 * 2. The runtime unblocks SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSTKFLT, SIGCHLD and SIGPROF in every thread it
 *    starts, and in any other thread during its first entry, whatever mask that came with. As soon as the main thread
 *    blocks signals, the kernel delivers them there: three storms of three crashed within four seconds. Only the
 *    runtime's signal table says which ones to unblock, so the engine empties it before the runtime starts
 *    (capi/runtime_signals.c).
 *
 * 3. The runtime installs handlers. The one for SIGSEGV aborts the process on a SIGSEGV that was sent by kill(),
 *    although the application had a handler: with it left in place, a run with handlers installed before Initialize
 *    ended at once. Therefore SIGSEGV, SIGBUS and SIGFPE are the application's too; the price is that a nil dereference
 *    in the engine is a SIGSEGV and not a panic. With the table empty the runtime installs none; the front nevertheless
 *    saves all actions before the engine is loaded and puts back what has changed, in case another release of Go does.
 *    Signals 32 to 34 are not put back: there the runtime only adds SA_ONSTACK, and must, because those signals reach
 *    its threads (setuid() in a program with threads).
 *
 * 4. At its first entry a thread gets the runtime's 32 KiB as its alternate signal stack, where later a handler with
 *    SA_ONSTACK of the application would run: one run crashed within three seconds. The front gives the thread its own
 *    setting back.
 */
#include "signals.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Signals 32 to 34 belong to the C libraries: thread cancellation, setuid in all threads, musl's equivalent. */
enum { LIBC_SIGNAL_FIRST = 32, LIBC_SIGNAL_LAST = 34 };

static void set_mask(ckpt_signal_mask mask, ckpt_signal_mask *old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof mask);
}

void ckpt_engine_enter(struct ckpt_entry *e)
{
	/* Initial-exec: one byte of the space every process has spare, and no help of the dynamic loader to find it. */
	static __thread __attribute__((tls_model("initial-exec"))) bool entered;
	int saved = errno;

	set_mask(~(ckpt_signal_mask)0, &e->mask);
	e->first = !entered;
	entered = true;
	if (e->first)
		sigaltstack(NULL, &e->stack);
	errno = saved;
}

void ckpt_engine_leave(const struct ckpt_entry *e)
{
	int saved = errno;

	if (e->first && !(e->stack.ss_flags & SS_ONSTACK))
		sigaltstack(&e->stack, NULL);
	set_mask(e->mask, NULL);
	errno = saved;
}

static void action(int signal, const void *set, void *get)
{
	syscall(SYS_rt_sigaction, signal, set, get, sizeof(ckpt_signal_mask));
}

void ckpt_signals_save(struct ckpt_signal_actions *a)
{
	memset(a, 0, sizeof *a);
	for (int s = 1; s <= CKPT_SIGNALS; s++)
		action(s, NULL, &a->action[s]);
}

void ckpt_signals_restore(const struct ckpt_signal_actions *a)
{
	struct ckpt_signal_actions now;

	ckpt_signals_save(&now);
	for (int s = 1; s <= CKPT_SIGNALS; s++) {
		if (s >= LIBC_SIGNAL_FIRST && s <= LIBC_SIGNAL_LAST)
			continue;
		if (memcmp(&now.action[s], &a->action[s], sizeof now.action[s]) != 0)
			action(s, &a->action[s], NULL);
	}
}
