//go:build ignore

/*
 * runner.c: the command.
 *
 * The runner never initializes the library itself, since calls in a child forked after that are
 * refused: each test runs in the suite's program executed anew with --one.
 */
#include "runner.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_JOBS 8
#define WANTED_MAX 64

void job_init(struct job *job, const char *claim, void (*run)(void), unsigned flags, int timeout_s)
{
    memset(job, 0, sizeof *job);
    job->claim = claim;
    job->run = run;
    job->flags = flags;
    job->timeout_s = timeout_s;
    job->outcome = (flags & CLUSTER) != 0 && node_count() < CLUSTER_NODES ? POSTPONED
                   : (flags & CANNOT) != 0                                 ? IMPOSSIBLE
                                                                           : WAITING;
}

static bool for_client(const struct suite *suite, const struct job *job, const char *as)
{
    return as == NULL || strcmp(suite->clients[job->client], as) == 0;
}

/* The test that has this label, or else the first one that it names; NULL if there is none. */
static struct job *find_job(const struct suite *suite, struct job *jobs, int count, const char *label,
                            const char *as)
{
    struct job *named = NULL;

    for (int i = count - 1; i >= 0; i--) {
        if (!for_client(suite, &jobs[i], as))
            continue;
        if (strcmp(jobs[i].label, label) == 0)
            return &jobs[i];
        if (suite->names(&jobs[i], label))
            named = &jobs[i];
    }
    return named;
}

static int run_one(const struct suite *suite, struct job *job)
{
    if (job->outcome == POSTPONED) {
        printf("due: needs several nodes\n");
        return EXIT_CHILD_BROKEN;
    }
    if ((job->flags & CANNOT) != 0) {
        printf("cannot occur: %s\n", job->claim);
        return EXIT_CHILD_BROKEN;
    }
    suite->prepare(job);
    signal(SIGPIPE, SIG_IGN);
    watchdog_start(job->timeout_s != 0 ? job->timeout_s : DEFAULT_TIMEOUT_S);
    job->run();
    return EXIT_CHILD_PASSED;
}

static int usage_error(const struct suite *suite)
{
    fputs(suite->usage, stderr);
    return 2;
}

static int run_selected(const struct suite *suite, struct job *jobs, int count, int parallel,
                        const char *report)
{
    int failed = 0;

    run_jobs(suite, jobs, count, parallel);
    print_results(stdout, suite, jobs, count);
    if (report != NULL && !write_report(report, suite, jobs, count)) {
        perror(report);
        return 2;
    }
    for (int i = 0; i < count; i++)
        failed += jobs[i].outcome == FAILED;
    return failed != 0;
}

int run_suite(const struct suite *suite, int argc, char **argv)
{
    enum { LIST = 1, ONE, CLIENT, NUMBER, JOBS, REPORT, PEER, HELP };
    static const struct option options[] = {
        {"list", no_argument, NULL, LIST},           {"one", required_argument, NULL, ONE},
        {"client", required_argument, NULL, CLIENT}, {"number", required_argument, NULL, NUMBER},
        {"test", required_argument, NULL, NUMBER},   {"jobs", required_argument, NULL, JOBS},
        {"report", required_argument, NULL, REPORT}, {"peer", required_argument, NULL, PEER},
        {"help", no_argument, NULL, HELP},           {NULL, 0, NULL, 0},
    };
    const char *one = NULL, *as = NULL, *report = NULL;
    const char *wanted[WANTED_MAX];
    int wanted_count = 0, parallel = DEFAULT_JOBS, count, selected = 0, option, code = 0;
    bool list = false;
    struct job *jobs;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case LIST: list = true; break;
        case ONE: one = optarg; break;
        case CLIENT: as = optarg; break;
        case JOBS: parallel = atoi(optarg); break;
        case REPORT: report = optarg; break;
        case PEER: return suite->peer(optarg);
        case HELP: fputs(suite->usage, stdout); return 0;
        case NUMBER:
            if (wanted_count == WANTED_MAX)
                return usage_error(suite);
            wanted[wanted_count++] = optarg;
            break;
        default: return usage_error(suite);
        }
    }
    if (optind != argc || parallel < 1)
        return usage_error(suite);
    jobs = suite->jobs(&count);
    if (one != NULL) {
        struct job *job = find_job(suite, jobs, count, one, as);
        if (job == NULL)
            fprintf(stderr, "%s: no test %s for this client\n", suite->program, one);
        code = job != NULL ? run_one(suite, job) : EXIT_CHILD_BROKEN;
        free(jobs);
        return code;
    }

    for (int i = 0; i < count; i++) {
        bool keep = wanted_count == 0;
        for (int w = 0; w < wanted_count; w++)
            keep = keep || suite->names(&jobs[i], wanted[w]);
        if (keep && for_client(suite, &jobs[i], as))
            jobs[selected++] = jobs[i];
    }
    if (selected == 0) {
        fprintf(stderr, "%s: no such test\n", suite->program);
        code = 2;
    } else if (list) {
        for (int i = 0; i < selected; i++)
            printf("%s\t%s\t%s\n", jobs[i].label, suite->clients[jobs[i].client], jobs[i].claim);
    } else {
        code = run_selected(suite, jobs, selected, parallel, report);
    }
    free(jobs);
    return code;
}
