/*
 * The engine's runtime starts its threads when it is loaded, and they do not survive a fork. So the engine is loaded as
 * late as possible, by the first Initialize, when a daemon has forked into the background already; a process that
 * is linked with the library and never uses it has no trace of the engine.
 */
#include "loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bounds.h"
#include "elfcheck.h"
#include "fork.h"
#include "location.h"
#include "saAis.h"
#include "signals.h"
#include "thread.h"

struct ckpt_engine ckpt_engine;
struct ckpt_process ckpt_process = {.abi = CKPT_ENGINE_ABI, .session_fd = -1};

enum state { UNLOADED, LOADED, FAILED };
static atomic_int state = UNLOADED;
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

/* One line on stderr, in one write so that lines of several processes do not mix. */
static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	char line[PATH_MAX + 512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof line - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n > sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

/* Go ends the process if it cannot reserve its address space, for RLIMIT_AS or for the limit on locked memory. */
static bool address_space_left(void)
{
	void *p = mmap(NULL, CKPT_ADDRESS_SPACE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	munmap(p, CKPT_ADDRESS_SPACE_BYTES);
	return true;
}

static bool resolve(void *image, const char *path)
{
#define X(member, symbol, type)								\
	{										\
		void *address = dlsym(image, symbol);					\
		if (address == NULL) {							\
			complain("libckpt: %s has no function %s", path, symbol);	\
			return false;							\
		}									\
		memcpy(&ckpt_engine.member, &address, sizeof address);			\
	}
	CKPT_ENGINE_FUNCTIONS(X)
#undef X
	return true;
}

static bool open_engine(const char *path)
{
	const char *damage = ckpt_elf_check(path);
	uint32_t abi;
	void *image;

	if (damage != NULL) {
		complain("libckpt: cannot load %s: %s", path, damage);
		return false;
	}
	image = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (image == NULL) {
		complain("libckpt: cannot load %s: %s", path, dlerror());
		return false;
	}
	if (!resolve(image, path))
		return false;
	abi = ckpt_engine.start(&ckpt_process);
	if (abi != CKPT_ENGINE_ABI) {
		complain("libckpt: %s has engine interface %u, this library needs %u", path, (unsigned)abi, CKPT_ENGINE_ABI);
		return false;
	}
	return true;
}

/* The loading thread: all signals blocked, ordinary scheduling, a stack of its own. The engine's threads inherit all
 * that, so that they run neither a handler of the application nor with the real-time class of its threads.
 * Go raises RLIMIT_NOFILE and changes signal actions; both are put back when its start-up is over, that is when
 * the first function of the engine has returned. */
static void *load(void *result)
{
	struct ckpt_signal_actions actions;
	struct rlimit before, after;
	char path[PATH_MAX];
	bool limited = getrlimit(RLIMIT_NOFILE, &before) == 0;
	bool loaded;

	if (!ckpt_engine_path(path, sizeof path)) {
		complain("libckpt: cannot tell where libckpt-engine.so is; CKPT_ENGINE can name it");
		return NULL;
	}
	ckpt_signals_save(&actions);
	loaded = open_engine(path);
	ckpt_signals_restore(&actions);
	if (limited && getrlimit(RLIMIT_NOFILE, &after) == 0 && after.rlim_cur != before.rlim_cur)
		setrlimit(RLIMIT_NOFILE, &before);
	if (loaded)
		ckpt_front_stay();
	*(bool *)result = loaded;
	return NULL;
}

/* The caller holds loading. */
static uint32_t load_once(void)
{
	static bool complained;
	bool loaded = false;
	pthread_t thread;
	int rc;

	if (!address_space_left()) {
		if (!complained)
			complain("libckpt: not loading libckpt-engine.so: it needs %llu MiB of address space, and RLIMIT_AS "
				 "or RLIMIT_MEMLOCK leaves less", (unsigned long long)(CKPT_ADDRESS_SPACE_BYTES >> 20));
		complained = true;
		return SA_AIS_ERR_NO_MEMORY;
	}
	rc = ckpt_thread_start(&thread, CKPT_LOADER_STACK_BYTES, load, &loaded);
	if (rc != 0) {
		if (!complained)
			complain("libckpt: cannot start a thread to load libckpt-engine.so: %s", strerror(rc));
		complained = true;
		return rc == ENOMEM || rc == EAGAIN ? SA_AIS_ERR_NO_MEMORY : SA_AIS_ERR_LIBRARY;
	}
	pthread_join(thread, NULL);
	atomic_store_explicit(&state, loaded ? LOADED : FAILED, memory_order_release);
	return loaded ? SA_AIS_OK : SA_AIS_ERR_LIBRARY;
}

uint32_t ckpt_engine_load(void)
{
	uint32_t error;
	int now = atomic_load_explicit(&state, memory_order_acquire);
	int cancel;

	if (now == LOADED)
		return SA_AIS_OK;
	ckpt_fork_matters();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&loading);
	now = atomic_load_explicit(&state, memory_order_acquire);
	if (now == UNLOADED)
		error = load_once();
	else
		error = now == LOADED ? SA_AIS_OK : SA_AIS_ERR_LIBRARY;
	pthread_mutex_unlock(&loading);
	pthread_setcancelstate(cancel, NULL);
	return error;
}
