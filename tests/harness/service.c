//go:build ignore

/*
 * service.c: the process of the service under test.
 */
#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

static pid_t service_pid(void)
{
    const char *text = getenv("CKPT_CONFORMANCE_SERVICE_PID");
    return text != NULL && atoi(text) > 1 ? atoi(text) : 0;
}

/* The thread has stopped, or has ended meanwhile. */
static bool stopped(pid_t pid, const char *thread)
{
    char path[300], line[256] = "";
    const char *state;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)pid, thread);
    if ((file = fopen(path, "r")) == NULL)
        return true;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = 0;
    fclose(file);
    state = strrchr(line, ')'); /* ends the program's name, which may hold anything */
    return state == NULL || state[2] == 'T';
}

static bool all_stopped(pid_t pid)
{
    char path[64];
    struct dirent *entry;
    bool all = true;
    DIR *tasks;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    TRUE(tasks != NULL);
    while ((entry = readdir(tasks)) != NULL)
        if (entry->d_name[0] != '.')
            all = stopped(pid, entry->d_name) && all;
    closedir(tasks);
    return all;
}

void service_stop(void)
{
    pid_t pid = service_pid();

    if (pid == 0)
        FAIL("CKPT_CONFORMANCE_SERVICE_PID must name the process of the service");
    EQUAL(0, kill(pid, SIGSTOP));
    /* The signal reaches the threads one by one; until then they answer. */
    EVENTUALLY(WAIT_MS, all_stopped(pid));
}

void service_continue(void)
{
    if (service_pid() != 0)
        kill(service_pid(), SIGCONT);
}
