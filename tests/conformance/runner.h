/* runner.h: what the parts of the runner share. */
#ifndef CONFORMANCE_RUNNER_H
#define CONFORMANCE_RUNNER_H

#include "harness.h"

#include <stdio.h>

/* How the process of a test ends; any other way is a failure too. */
enum { EXIT_CHILD_PASSED = 0, EXIT_CHILD_FAILED = 1, EXIT_CHILD_BROKEN = 3 };

enum outcome { WAITING, RUNNING, PASSED, FAILED, POSTPONED };

#define DETAIL_MAX 2048

/* One run of a test for one client. */
struct job {
    const struct test *test;
    const struct client *as;
    char label[8];       /* "061" or "D4" */
    bool decision;       /* of the second table */
    enum outcome outcome;
    char detail[DETAIL_MAX];
};

/* The label of the test that this process runs. */
extern const char *test_label;

/* All jobs, sorted by table and number; *count of them. */
struct job *all_jobs(int *count);

/* Runs the jobs that wait, so many at once, each in a process of its own. */
void run_jobs(struct job *jobs, int count, int parallel);

/* After so many seconds the process of a test fails where it hangs. */
void watchdog_start(int seconds);

void print_results(FILE *out, const struct job *jobs, int count);
/* A Markdown table of the results; false if the file cannot be written. */
bool write_report(const char *path, const struct job *jobs, int count);

#endif
