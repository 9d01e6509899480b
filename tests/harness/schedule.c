//go:build ignore

/*
 * schedule.c: runs tests in processes of their own, several at once, each with a time limit.
 */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARALLEL_MAX 64
#define KILL_AFTER_S 3   /* beyond a test's own limit, which its watchdog reports better */
#define STDERR_KEPT 1024 /* bytes shown of what a process wrote before it crashed */
#define TICK_MS 10

struct slot {
    struct job *job;
    pid_t pid;
    int out, err; /* pipes from the process, non-blocking */
    size_t out_length, err_length;
    char err_text[STDERR_KEPT];
    int64_t deadline;
    bool overdue;
};

static void close_slot(struct slot *slot)
{
    close(slot->out);
    close(slot->err);
    slot->job = NULL;
}

static void start(const struct suite *suite, struct slot *slot, struct job *job)
{
    int out[2], err[2];
    int seconds = job->timeout_s != 0 ? job->timeout_s : DEFAULT_TIMEOUT_S;
    const char *executable = suite->executable != NULL ? suite->executable(job->client) : NULL;

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        perror(suite->program);
        exit(2);
    }
    fflush(NULL);
    slot->pid = fork();
    if (slot->pid < 0) {
        perror(suite->program);
        exit(2);
    }
    if (slot->pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        if (executable == NULL)
            executable = "/proc/self/exe";
        execl(executable, suite->program, "--one", job->label, "--client",
              suite->clients[job->client], (char *)NULL);
        perror(executable);
        _exit(EXIT_CHILD_BROKEN);
    }
    setpgid(slot->pid, slot->pid);
    close(out[1]);
    close(err[1]);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    slot->job = job;
    slot->out = out[0];
    slot->err = err[0];
    slot->out_length = slot->err_length = 0;
    slot->deadline = monotonic_now() + (seconds + KILL_AFTER_S) * SECOND;
    slot->overdue = false;
    job->outcome = RUNNING;
}

/* Reads what is there, keeps what fits, drops the rest. */
static void drain(int fd, char *text, size_t *length, size_t size)
{
    char rest[4096];
    ssize_t n;
    while ((n = read(fd, rest, sizeof rest)) > 0) {
        size_t take = (size_t)n;
        if (take > size - 1 - *length)
            take = size - 1 - *length;
        memcpy(text + *length, rest, take);
        *length += take;
    }
    text[*length] = 0;
}

/* Only what keeps a result on its one line. */
static void one_line(char *text)
{
    for (; *text != 0; text++)
        if (*text == '\n' || *text == '\t' || *text == '\r')
            *text = ' ';
}

static void finish(struct slot *slot, int status)
{
    struct job *job = slot->job;

    kill(-slot->pid, SIGKILL); /* peers it started */
    drain(slot->out, job->detail, &slot->out_length, sizeof job->detail);
    drain(slot->err, slot->err_text, &slot->err_length, sizeof slot->err_text);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CHILD_PASSED) {
        job->outcome = PASSED;
        job->detail[0] = 0;
    } else {
        job->outcome = FAILED;
        if (slot->overdue)
            snprintf(job->detail, sizeof job->detail, "killed: did not end in its time. %s",
                     slot->err_text);
        else if (WIFSIGNALED(status))
            snprintf(job->detail, sizeof job->detail, "died of signal %d (%s). %s",
                     WTERMSIG(status), strsignal(WTERMSIG(status)), slot->err_text);
        else if (slot->out_length == 0)
            snprintf(job->detail, sizeof job->detail, "exit code %d. %s", WEXITSTATUS(status),
                     slot->err_text);
        one_line(job->detail);
    }
    if ((job->flags & EXCLUSIVE) != 0)
        service_continue();
    if (job->outcome == FAILED && (job->flags & CLUSTER) != 0 && !nodes_unlock())
        fprintf(stderr, "%s: nodes may have stayed locked\n", job->label);
    close_slot(slot);
}

/* Looks after the running processes; returns how many still run. */
static int supervise(struct slot *slots, int parallel)
{
    int running = 0;
    for (int i = 0; i < parallel; i++) {
        struct slot *slot = &slots[i];
        int status;
        if (slot->job == NULL)
            continue;
        drain(slot->out, slot->job->detail, &slot->out_length, sizeof slot->job->detail);
        drain(slot->err, slot->err_text, &slot->err_length, sizeof slot->err_text);
        if (waitpid(slot->pid, &status, WNOHANG) == slot->pid) {
            finish(slot, status);
            continue;
        }
        if (!slot->overdue && monotonic_now() > slot->deadline) {
            slot->overdue = true;
            kill(-slot->pid, SIGKILL);
        }
        running++;
    }
    return running;
}

static void run_kind(const struct suite *suite, struct job *jobs, int count, int parallel,
                     bool exclusive)
{
    struct slot slots[PARALLEL_MAX];
    int next = 0, running = 0;

    memset(slots, 0, sizeof slots);
    for (;;) {
        for (int i = 0; i < parallel && next < count; i++) {
            if (slots[i].job != NULL)
                continue;
            while (next < count && (jobs[next].outcome != WAITING ||
                                    ((jobs[next].flags & EXCLUSIVE) != 0) != exclusive))
                next++;
            if (next < count) {
                start(suite, &slots[i], &jobs[next++]);
                running++;
            }
        }
        if (running == 0 && next >= count)
            return;
        pause_ms(TICK_MS);
        running = supervise(slots, parallel);
    }
}

/* A stopped service must not stay behind when the runner is interrupted. */
static void interrupted(int number)
{
    const char *pid = getenv("CKPT_CONFORMANCE_SERVICE_PID");
    if (pid != NULL && atoi(pid) > 1)
        kill(atoi(pid), SIGCONT);
    signal(number, SIG_DFL);
    raise(number);
}

void run_jobs(const struct suite *suite, struct job *jobs, int count, int parallel)
{
    signal(SIGINT, interrupted);
    signal(SIGTERM, interrupted);
    signal(SIGHUP, interrupted);
    run_kind(suite, jobs, count, parallel < PARALLEL_MAX ? parallel : PARALLEL_MAX, false);
    run_kind(suite, jobs, count, 1, true);
}
