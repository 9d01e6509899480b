//go:build ignore

/*
 * suite.c: the tests of clCkpt*, and what their runner must know.
 */
#include "clovis.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static const struct test *const tables[] = {
    lifecycle_tests, dispatch_tests,    handle_tests,    open_tests,  open_async_tests,
    close_tests,     retention_tests,   replica_tests,   section_tests, expiration_tests,
    iteration_tests, write_tests,       overwrite_tests, read_tests,  synchronize_tests,
    extra_tests,     consumption_tests, delivery_tests,  race_tests,  unanswered_tests,
    shared_tests,    difference_tests,
};
#define TABLES (sizeof tables / sizeof tables[0])

/* The flavours; DOCUMENT and SDK are their bits. */
static const char *const flavours[] = {"document", "sdk"};
#define FLAVOURS ((int)(sizeof flavours / sizeof flavours[0]))

enum { VALUES, BEHAVIOUR, DIFFERENCES };

const char *code_name(uint32_t code)
{
    static const char *const names[] = {
        "OK", "NO_MEMORY", "INVALID_PARAMETER", "NULL_POINTER", "NOT_EXIST", "INVALID_HANDLE",
        "INVALID_BUFFER", "NOT_IMPLEMENTED", "DUPLICATE", "QUEUE_NOT_AVAILABLE", "OUT_OF_RANGE",
        "NO_RESOURCE", "INITIALIZED", "BUFFER_OVERRUN", "NOT_INITIALIZED", "VERSION_MISMATCH",
        "ALREADY_EXIST", "UNSPECIFIED", "INVALID_STATE", "DOESNT_EXIST", "TIMEOUT", "INUSE",
        "TRY_AGAIN", "NO_CALLBACK", "MUTEX_ERROR", "NO_OP", "NAME_TOO_LONG", "NAME_NOT_FOUND",
        "MESSAGE_ERROR", "TOO_BIG", "NO_SECTIONS", "FAILED_OPERATION", "OP_NOT_PERMITTED",
        "NO_SPACE", "BAD_FLAG", "BAD_OPERATION", "LIBRARY", "NOT_SUPPORTED", "INTERRUPT",
    };
    static _Thread_local char text[64];
    uint32_t low = CL_GET_ERROR_CODE(code);

    snprintf(text, sizeof text, "%#x (%s)", (unsigned)code,
             low == CL_CKPT_ERR_NO_SECTIONS           ? "end of the iteration"
             : low < sizeof names / sizeof names[0] ? names[low]
                                                      : "no name");
    return text;
}

static int group_of(const struct test *test)
{
    if (strstr(test->label, " CL_OK") != NULL || strstr(test->label, " CL_ERR_") != NULL ||
        strstr(test->label, " CL_CKPT_") != NULL)
        return VALUES;
    return strncmp(test->label, "difference", strlen("difference")) == 0 ? DIFFERENCES : BEHAVIOUR;
}

static struct job *all_jobs(int *count)
{
    int most = 0;
    struct job *jobs;

    for (size_t t = 0; t < TABLES; t++)
        for (const struct test *test = tables[t]; test->label != NULL; test++)
            most += FLAVOURS;
    jobs = calloc((size_t)most, sizeof *jobs);
    if (jobs == NULL)
        abort();
    *count = 0;
    for (size_t t = 0; t < TABLES; t++)
        for (const struct test *test = tables[t]; test->label != NULL; test++)
            for (int flavour = 0; flavour < FLAVOURS; flavour++) {
                struct job *job = &jobs[*count];
                if ((test->mask & 1u << flavour) == 0)
                    continue;
                job_init(job, test->claim, test->run, test->flags, test->timeout_s);
                job->client = flavour;
                job->group = group_of(test);
                snprintf(job->label, sizeof job->label, "%s", test->label);
                (*count)++;
            }
    return jobs;
}

/* A test is named by its whole label; several by the function they are of. */
static bool names_test(const struct job *job, const char *text)
{
    size_t length = strlen(text);
    return strncmp(job->label, text, length) == 0 &&
           (job->label[length] == 0 || job->label[length] == ' ');
}

/* The program of the SDK's flavour lies beside this one. */
static const char *executable(int flavour)
{
    static char path[PATH_MAX + 8];
    ssize_t length;

    if (flavour == SDK_FLAVOUR)
        return NULL;
    length = readlink("/proc/self/exe", path, PATH_MAX);
    if (length <= 0 || SDK_FLAVOUR) {
        fputs("clovis: the runner is the program of the document's flavour\n", stderr);
        exit(2);
    }
    snprintf(path + length, 8, "-sdk");
    return path;
}

static void prepare(const struct job *job)
{
    if (job->client == SDK_FLAVOUR)
        return;
    fprintf(stderr, "clovis: not the program for the flavour %s\n", flavours[job->client]);
    exit(EXIT_CHILD_BROKEN);
}

int main(int argc, char **argv)
{
    static const char *const groups[] = {"Return values", "Behaviour",
                                         "Where the document and the SDK differ"};
    static const struct suite suite = {
        .program = "clovis",
        .usage = "usage: clovis [--jobs N] [--test LABEL]... [--client document|sdk] [--report FILE]\n"
                 "       clovis --list\n"
                 "       clovis --one LABEL   (runs it in this process; clovis-sdk for the other flavour)\n"
                 "LABEL is all of a test's label or its first words, such as clCkptCheckpointOpen\n"
                 "environment: CKPT_RUN_DIR                  where the service runs\n"
                 "             CKPT_CONFORMANCE_SERVICE_PID  its process, for tests that stop it\n"
                 "             CKPT_TEST_CLUSTER, CKPT_TEST_COMMAND  see tests/harness/nodes.c\n"
                 "             CKPT_TEST_CREATOR=1           checkpoints are made on another node\n"
                 "prints: label, flavour, PASS, FAIL, DUE or NONE, what holds, what went wrong\n",
        .clients = flavours,
        .client_count = FLAVOURS,
        .title = "Conformance report of clCkpt*",
        .introduction =
            "Result of each test for both flavours of the headers: that of the 2007 document and that\n"
            "of SDK 5 and 6. Tests of return values are named as the document's tables name them; a\n"
            "value that cannot occur here is listed with the reason. \"Due\" is what needs several\n"
            "nodes, and there was one.\n",
        .label_heading = "test",
        .groups = groups,
        .group_count = 3,
        .jobs = all_jobs,
        .names = names_test,
        .executable = executable,
        .prepare = prepare,
        .peer = peer_main,
    };

    return run_suite(&suite, argc, argv);
}
