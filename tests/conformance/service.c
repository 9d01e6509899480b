//go:build ignore

/*
 * service.c: the process of the service under test.
 */
#include "harness.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>

static pid_t service_pid(void)
{
    const char *text = getenv("CKPT_CONFORMANCE_SERVICE_PID");
    return text != NULL && atoi(text) > 1 ? atoi(text) : 0;
}

void service_stop(void)
{
    if (service_pid() == 0)
        FAIL("CKPT_CONFORMANCE_SERVICE_PID must name the process of the service");
    EQUAL(0, kill(service_pid(), SIGSTOP));
}

void service_continue(void)
{
    if (service_pid() != 0)
        kill(service_pid(), SIGCONT);
}
