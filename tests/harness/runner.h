/*
 * runner.h: a program that runs tests, each in a process of its own, and reports them.
 *
 * The program of a suite calls run_suite from main with what the suite consists of.
 */
#ifndef HARNESS_RUNNER_H
#define HARNESS_RUNNER_H

#include "check.h"

#include <stdio.h>

/* How the process of a test ends; any other way is a failure too. */
enum { EXIT_CHILD_PASSED = 0, EXIT_CHILD_FAILED = 1, EXIT_CHILD_BROKEN = 3 };

/* Flags of a test. */
enum {
    EXCLUSIVE = 1, /* no other test may run meanwhile: it stops the service or uses up a limit */
    CLUSTER = 2,   /* needs several nodes: on a single one listed as due, not run. EXCLUSIVE too if it locks one */
    CANNOT = 4     /* cannot occur here: listed with the reason, not run */
};

enum outcome { WAITING, RUNNING, PASSED, FAILED, POSTPONED, IMPOSSIBLE };

#define LABEL_MAX 80
#define DETAIL_MAX 2048
#define DEFAULT_TIMEOUT_S 20

/* One run of a test for one client. */
struct job {
    char label[LABEL_MAX]; /* names the test in its suite */
    const char *claim;     /* what holds, in one line, or why it cannot be tested */
    int client;            /* index in the suite's clients */
    int group;             /* index in the suite's groups */
    unsigned flags;
    int timeout_s;         /* 0: DEFAULT_TIMEOUT_S */
    void (*run)(void);
    enum outcome outcome;
    char detail[DETAIL_MAX];
};

struct suite {
    const char *program; /* its name, for messages */
    const char *usage;   /* what --help prints */
    const char *const *clients;
    int client_count;
    /* The report: title and first words, heading of the labels' column, a heading for each group. */
    const char *title, *introduction, *label_heading;
    const char *const *groups;
    int group_count;
    /* All jobs in order, from malloc, outcome WAITING; *count of them. */
    struct job *(*jobs)(int *count);
    /* Whether text on the command line names the job's test. */
    bool (*names)(const struct job *job, const char *text);
    /* The program to execute for a client: a path, or NULL for this program itself. */
    const char *(*executable)(int client);
    /* Before the test function runs in this process. */
    void (*prepare)(const struct job *job);
    /* The whole of a peer's process. */
    int (*peer)(const char *client);
};

/* The command: runs what the arguments say. Returns the exit code: 0 all passed, 1 some test failed,
 * 2 wrong usage. */
int run_suite(const struct suite *suite, int argc, char **argv);

/* ---- parts of the runner ---- */

/* A job that waits, with what a suite knows of it. */
void job_init(struct job *job, const char *claim, void (*run)(void), unsigned flags, int timeout_s);

/* Runs the jobs that wait, so many at once, each in a process of its own. */
void run_jobs(const struct suite *suite, struct job *jobs, int count, int parallel);

/* After so many seconds the process of a test fails where it hangs. */
void watchdog_start(int seconds);

void print_results(FILE *out, const struct suite *suite, const struct job *jobs, int count);
/* A Markdown table of the results; false if the file cannot be written. */
bool write_report(const char *path, const struct suite *suite, const struct job *jobs, int count);

#endif
