//go:build ignore

/*
 * clock.c: the two clocks, and waiting.
 */
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static int64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

int64_t wall_now(void)
{
    return now(CLOCK_REALTIME);
}

int64_t monotonic_now(void)
{
    return now(CLOCK_MONOTONIC);
}

void sleep_until(int64_t monotonic_deadline)
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

bool becomes_readable(int fd, int within_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, within_ms) == 1 && p.revents == POLLIN;
}

bool readable(int fd)
{
    return becomes_readable(fd, 0);
}
