/* Keeping the application's signals away from the engine, and the engine's hands off the application's signals.
 * The reasons are at the top of signals.c. */
#ifndef CKPT_FRONT_SIGNALS_H
#define CKPT_FRONT_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* The kernel's signal set: bit n - 1 stands for signal n. */
typedef uint64_t ckpt_signal_mask;

/* A thread's own signal state while it is inside the engine. */
struct ckpt_entry {
	ckpt_signal_mask mask;
	stack_t stack;
	bool first;	/* stack is valid */
};

/* Every entry of the engine lies between these two. They change neither errno nor anything else of the thread. */
void ckpt_engine_enter(struct ckpt_entry *e);
void ckpt_engine_leave(const struct ckpt_entry *e);

/* The actions of all signals, as the kernel stores them. */
#define CKPT_SIGNALS 64
struct ckpt_signal_actions {
	struct { uint64_t words[4]; } action[CKPT_SIGNALS + 1];
};

void ckpt_signals_save(struct ckpt_signal_actions *a);

/* Puts back every action that has changed since, but those of the threading library's own signals. */
void ckpt_signals_restore(const struct ckpt_signal_actions *a);

#endif
