//go:build ignore

/*
 * suite.c: the tests of saCkpt*, and what their runner must know.
 */
#include "harness.h"

#include <stdlib.h>

static const struct test *const statement_tables[] = {
    lifecycle_tests, dispatch_tests,   open_tests,      open_async_tests, close_tests,
    unlink_tests,    status_tests,     section_tests,   generated_id_tests, expiration_tests,
    iteration_tests, write_tests,      read_tests,      synchronize_tests,
    cluster_tests,
};
static const struct test *const decision_tables[] = {
    decision_handle_tests,   decision_name_tests,   decision_data_tests,
    decision_callback_tests, decision_notify_tests, decision_limit_tests,
    decision_cluster_tests,
};

enum { STATEMENT, DECISION };

const char *test_label;

const char *error_name(uint32_t code)
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

void check_rc(const struct site *site, SaAisErrorT want, SaAisErrorT got)
{
    check_code(site, want, got, error_name);
}

static int by_number(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    int x_number = atoi(x->label + x->group), y_number = atoi(y->label + y->group);

    if (x->group != y->group)
        return x->group - y->group;
    if (x_number != y_number)
        return x_number - y_number;
    return x->client - y->client;
}

static int add_table(struct job *jobs, int count, const struct test *table, int group)
{
    for (const struct test *test = table; test->claim != NULL; test++)
        for (int i = 0; i < CLIENT_COUNT; i++) {
            struct job *job;
            if ((test->mask & clients[i].bit) == 0)
                continue;
            job = &jobs[count++];
            job_init(job, test->claim, test->run, test->flags, test->timeout_s);
            job->client = i;
            job->group = group;
            snprintf(job->label, sizeof job->label, group == DECISION ? "D%d" : "%03d", test->number);
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

static struct job *all_jobs(int *count)
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
        *count = add_table(jobs, *count, statement_tables[i], STATEMENT);
    for (size_t i = 0; i < decisions; i++)
        *count = add_table(jobs, *count, decision_tables[i], DECISION);
    qsort(jobs, (size_t)*count, sizeof *jobs, by_number);
    return jobs;
}

/* "61", "061", "D4" and "d4" name a test. */
static bool names_test(const struct job *job, const char *text)
{
    int group = text[0] == 'D' || text[0] == 'd' ? DECISION : STATEMENT;
    return job->group == group && atoi(text + group) == atoi(job->label + group);
}

static void prepare(const struct job *job)
{
    client = &clients[job->client];
    test_label = job->label;
}

int main(int argc, char **argv)
{
    static const char *const names[CLIENT_COUNT] = {"B.01.01", "B.02.02", "B.02.03"};
    static const char *const groups[] = {"Statements", "Beyond the statements"};
    static const struct suite suite = {
        .program = "conformance",
        .usage = "usage: conformance [--jobs N] [--number N|DN]... [--client B.0x.0y] [--report FILE]\n"
                 "       conformance --list\n"
                 "       conformance --one N|DN [--client B.0x.0y]   (runs it in this process)\n"
                 "environment: CKPT_RUN_DIR                  where the service runs\n"
                 "             CKPT_CONFORMANCE_SERVICE_PID  its process, for tests that stop it\n"
                 "             CKPT_TEST_CLUSTER, CKPT_TEST_COMMAND  see tests/harness/nodes.c\n"
                 "             CKPT_TEST_CREATOR=1           checkpoints are made on another node\n"
                 "prints: number, client, PASS, FAIL or DUE, what holds, what went wrong\n",
        .clients = names,
        .client_count = CLIENT_COUNT,
        .title = "Conformance report",
        .introduction =
            "Result of each statement for a client of each version; a dash where the version makes\n"
            "no difference and the statement was tested for another, \"due\" where it needs several\n"
            "nodes and there was one.\n",
        .label_heading = "number",
        .groups = groups,
        .group_count = 2,
        .jobs = all_jobs,
        .names = names_test,
        .prepare = prepare,
        .peer = peer_main,
    };

    return run_suite(&suite, argc, argv);
}
