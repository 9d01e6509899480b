//go:build ignore

/*
 * runner.c: the command.
 *
 * The runner never initializes the library itself, since calls in a child forked after that are
 * refused: each test runs in this program executed anew with --one.
 */
#include "runner.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_JOBS 8

static const struct test *const statement_tables[] = {
    lifecycle_tests, dispatch_tests,   open_tests,      open_async_tests, close_tests,
    unlink_tests,    status_tests,     section_tests,   generated_id_tests, expiration_tests,
    iteration_tests, write_tests,      read_tests,      synchronize_tests,
};
static const struct test *const decision_tables[] = {
    decision_handle_tests,   decision_name_tests,   decision_data_tests,
    decision_callback_tests, decision_notify_tests, decision_limit_tests,
};

static int by_number(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    if (x->decision != y->decision)
        return x->decision - y->decision;
    if (x->test->number != y->test->number)
        return x->test->number - y->test->number;
    return (int)(x->as - y->as);
}

static int add_table(struct job *jobs, int count, const struct test *table, bool decision)
{
    for (const struct test *test = table; test->claim != NULL; test++)
        for (int i = 0; i < CLIENT_COUNT; i++) {
            struct job *job;
            if ((test->mask & clients[i].bit) == 0)
                continue;
            job = &jobs[count++];
            memset(job, 0, sizeof *job);
            job->test = test;
            job->as = &clients[i];
            job->decision = decision;
            job->outcome = (test->flags & DUE) != 0 ? POSTPONED : WAITING;
            snprintf(job->label, sizeof job->label, decision ? "D%d" : "%03d", test->number);
        }
    return count;
}

static int table_size(const struct test *table)
{
    int size = 0;
    while (table[size].claim != NULL)
        size++;
    return size;
}

struct job *all_jobs(int *count)
{
    const size_t statements = sizeof statement_tables / sizeof statement_tables[0];
    const size_t decisions = sizeof decision_tables / sizeof decision_tables[0];
    int most = 0;
    struct job *jobs;

    for (size_t i = 0; i < statements; i++)
        most += table_size(statement_tables[i]) * CLIENT_COUNT;
    for (size_t i = 0; i < decisions; i++)
        most += table_size(decision_tables[i]) * CLIENT_COUNT;
    jobs = calloc((size_t)most, sizeof *jobs);
    if (jobs == NULL)
        abort();
    *count = 0;
    for (size_t i = 0; i < statements; i++)
        *count = add_table(jobs, *count, statement_tables[i], false);
    for (size_t i = 0; i < decisions; i++)
        *count = add_table(jobs, *count, decision_tables[i], true);
    qsort(jobs, (size_t)*count, sizeof *jobs, by_number);
    return jobs;
}

/* "61", "061", "D4" and "d4" name a test. */
static bool names_test(const struct job *job, const char *label)
{
    bool decision = label[0] == 'D' || label[0] == 'd';
    return job->decision == decision && atoi(label + decision) == job->test->number;
}

static int run_one(struct job *jobs, int count, const char *label, const char *as)
{
    for (int i = 0; i < count; i++) {
        const struct test *test = jobs[i].test;
        if (!names_test(&jobs[i], label) || (as != NULL && strcmp(jobs[i].as->name, as) != 0))
            continue;
        if ((test->flags & DUE) != 0) {
            printf("due: needs several nodes\n");
            return EXIT_CHILD_BROKEN;
        }
        client = jobs[i].as;
        test_label = jobs[i].label;
        signal(SIGPIPE, SIG_IGN);
        watchdog_start(test->timeout_s != 0 ? test->timeout_s : DEFAULT_TIMEOUT_S);
        test->run();
        return EXIT_CHILD_PASSED;
    }
    fprintf(stderr, "conformance: no test %s for this client\n", label);
    return EXIT_CHILD_BROKEN;
}

static void usage(FILE *out)
{
    fputs("usage: conformance [--jobs N] [--number N|DN]... [--client B.0x.0y] [--report FILE]\n"
          "       conformance --list\n"
          "       conformance --one N|DN [--client B.0x.0y]   (runs it in this process)\n"
          "environment: CKPT_RUN_DIR                  where the service runs\n"
          "             CKPT_CONFORMANCE_SERVICE_PID  its process, for tests that stop it\n"
          "prints: number, client, PASS, FAIL or DUE, what holds, what went wrong\n",
          out);
}

int main(int argc, char **argv)
{
    enum { LIST = 1, ONE, CLIENT, NUMBER, JOBS, REPORT, PEER, HELP };
    static const struct option options[] = {
        {"list", no_argument, NULL, LIST},           {"one", required_argument, NULL, ONE},
        {"client", required_argument, NULL, CLIENT}, {"number", required_argument, NULL, NUMBER},
        {"jobs", required_argument, NULL, JOBS},     {"report", required_argument, NULL, REPORT},
        {"peer", required_argument, NULL, PEER},     {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    const char *one = NULL, *as = NULL, *report = NULL;
    const char *wanted[64];
    int wanted_count = 0, parallel = DEFAULT_JOBS, count, selected = 0, failed = 0, option;
    bool list = false;
    struct job *jobs;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case LIST: list = true; break;
        case ONE: one = optarg; break;
        case CLIENT: as = optarg; break;
        case JOBS: parallel = atoi(optarg); break;
        case REPORT: report = optarg; break;
        case PEER: return peer_main(optarg);
        case HELP: usage(stdout); return 0;
        case NUMBER:
            if (wanted_count < (int)(sizeof wanted / sizeof wanted[0])) {
                wanted[wanted_count++] = optarg;
                break;
            }
            /* fall through */
        default: usage(stderr); return 2;
        }
    }
    if (optind != argc || parallel < 1) {
        usage(stderr);
        return 2;
    }
    jobs = all_jobs(&count);
    if (one != NULL)
        return run_one(jobs, count, one, as);

    for (int i = 0; i < count; i++) {
        bool keep = wanted_count == 0;
        for (int w = 0; w < wanted_count; w++)
            keep = keep || names_test(&jobs[i], wanted[w]);
        if (keep && (as == NULL || strcmp(jobs[i].as->name, as) == 0))
            jobs[selected++] = jobs[i];
    }
    if (selected == 0) {
        fputs("conformance: no such test\n", stderr);
        return 2;
    }
    if (list) {
        for (int i = 0; i < selected; i++)
            printf("%s\t%s\t%s\n", jobs[i].label, jobs[i].as->name, jobs[i].test->claim);
        free(jobs);
        return 0;
    }
    run_jobs(jobs, selected, parallel);
    print_results(stdout, jobs, selected);
    if (report != NULL && !write_report(report, jobs, selected)) {
        perror(report);
        return 2;
    }
    for (int i = 0; i < selected; i++)
        failed += jobs[i].outcome == FAILED;
    free(jobs);
    return failed != 0;
}
