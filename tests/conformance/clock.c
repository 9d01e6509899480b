//go:build ignore

/*
 * clock.c: the two clocks, and waiting.
 */
#include "harness.h"

#include <errno.h>
#include <time.h>

static SaTimeT now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (SaTimeT)t.tv_sec * SECOND + t.tv_nsec;
}

SaTimeT wall_now(void)
{
    return now(CLOCK_REALTIME);
}

SaTimeT monotonic_now(void)
{
    return now(CLOCK_MONOTONIC);
}

void sleep_until(SaTimeT monotonic_deadline)
{
    struct timespec t = {.tv_sec = (time_t)(monotonic_deadline / SECOND),
                         .tv_nsec = (long)(monotonic_deadline % SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

void pause_ms(int milliseconds)
{
    sleep_until(monotonic_now() + milliseconds * MS);
}
