//go:build ignore

/*
 * check.c: checks of a test, and how a failure is reported: one line on standard output, exit 1.
 */
#include "runner.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic(const struct site *) last_site;
static _Thread_local char noted[256];

void check_enter(const struct site *site)
{
    atomic_store(&last_site, site);
}

void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(noted, sizeof noted, format, args);
    va_end(args);
}

void fail_at(const struct site *site, const char *format, ...)
{
    char line[2048];
    size_t length = 0;
    va_list args;

    length += (size_t)snprintf(line, 1024, "%s:%d: %.600s: ", site->file, site->line, site->expression);
    if (length > 1000)
        length = 1000;
    va_start(args, format);
    vsnprintf(line + length, 600, format, args);
    va_end(args);
    length = strlen(line);
    if (noted[0] != 0)
        snprintf(line + length, sizeof line - length, " [%s]", noted);
    length = strlen(line);
    if (write(STDOUT_FILENO, line, length) != (ssize_t)length)
        _exit(EXIT_CHILD_BROKEN);
    _exit(EXIT_CHILD_FAILED);
}

void check_code(const struct site *site, uint32_t want, uint32_t got, const char *(*name)(uint32_t))
{
    if (got != want) {
        char text[64];
        snprintf(text, sizeof text, "%s", name(got));
        fail_at(site, "got %s, expected %s", text, name(want));
    }
}

void check_u64(const struct site *site, uint64_t want, uint64_t got)
{
    if (got != want)
        fail_at(site, "got %llu, expected %llu", (unsigned long long)got, (unsigned long long)want);
}

void check_true(const struct site *site, bool holds)
{
    if (!holds)
        fail_at(site, "does not hold");
}

void check_bytes(const struct site *site, const void *want, const void *got, size_t size)
{
    const unsigned char *w = want, *g = got;
    for (size_t i = 0; i < size; i++)
        if (w[i] != g[i])
            fail_at(site, "byte %zu of %zu: got 0x%02x, expected 0x%02x", i, size, g[i], w[i]);
}

static void *watch(void *seconds)
{
    const struct site *site;
    sleep_until(monotonic_now() + *(int *)seconds * SECOND);
    site = atomic_load(&last_site);
    if (site == NULL) {
        static const struct site none = {"-", 0, "-"};
        site = &none;
    }
    fail_at(site, "hung: the test was still here after %d s", *(int *)seconds);
}

void watchdog_start(int seconds)
{
    static int allowed;
    pthread_t thread;
    allowed = seconds;
    if (pthread_create(&thread, NULL, watch, &allowed) != 0)
        _exit(EXIT_CHILD_BROKEN);
    pthread_detach(thread);
}

void *guarded(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = (size + page - 1) / page;
    char *memory = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(memory != MAP_FAILED);
    EQUAL(0, mprotect(memory + pages * page, page, PROT_NONE));
    return memory + pages * page - size;
}
