//go:build ignore

/*
 * check.c: checks of a test, and how a failure is reported: one line on standard output, exit 1.
 */
#include "harness.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runner.h"

static _Atomic(const struct site *) last_site;
static _Thread_local char noted[256];

const char *error_name(SaAisErrorT code)
{
    static const char *const names[] = {
        "0", "SA_AIS_OK", "SA_AIS_ERR_LIBRARY", "SA_AIS_ERR_VERSION", "SA_AIS_ERR_INIT",
        "SA_AIS_ERR_TIMEOUT", "SA_AIS_ERR_TRY_AGAIN", "SA_AIS_ERR_INVALID_PARAM",
        "SA_AIS_ERR_NO_MEMORY", "SA_AIS_ERR_BAD_HANDLE", "SA_AIS_ERR_BUSY", "SA_AIS_ERR_ACCESS",
        "SA_AIS_ERR_NOT_EXIST", "SA_AIS_ERR_NAME_TOO_LONG", "SA_AIS_ERR_EXIST",
        "SA_AIS_ERR_NO_SPACE", "SA_AIS_ERR_INTERRUPT", "SA_AIS_ERR_NAME_NOT_FOUND",
        "SA_AIS_ERR_NO_RESOURCES", "SA_AIS_ERR_NOT_SUPPORTED", "SA_AIS_ERR_BAD_OPERATION",
        "SA_AIS_ERR_FAILED_OPERATION", "SA_AIS_ERR_MESSAGE_ERROR", "SA_AIS_ERR_QUEUE_FULL",
        "SA_AIS_ERR_QUEUE_NOT_AVAILABLE", "SA_AIS_ERR_BAD_FLAGS", "SA_AIS_ERR_TOO_BIG",
        "SA_AIS_ERR_NO_SECTIONS", "SA_AIS_ERR_NO_OP", "SA_AIS_ERR_REPAIR_PENDING",
        "SA_AIS_ERR_NO_BINDINGS", "SA_AIS_ERR_UNAVAILABLE",
    };
    static _Thread_local char other[32];
    if ((size_t)code < sizeof names / sizeof names[0])
        return names[code];
    snprintf(other, sizeof other, "error %u", (unsigned)code);
    return other;
}

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

void check_rc(const struct site *site, SaAisErrorT want, SaAisErrorT got)
{
    if (got != want) {
        char name[64];
        snprintf(name, sizeof name, "%s", error_name(got));
        fail_at(site, "got %s, expected %s", name, error_name(want));
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
