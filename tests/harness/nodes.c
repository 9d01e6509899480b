//go:build ignore

/*
 * nodes.c: the nodes of the cluster under test, and the operator's commands about them.
 *
 * CKPT_TEST_CLUSTER lists them, the one that the tests run on first: name and run directory of each, with a space behind
 * every word. CKPT_TEST_COMMAND is the operator's command.
 */
#include "check.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODES_MAX 8

extern char **environ;

struct node {
    char *name, *run_dir;
};

static struct node nodes[NODES_MAX];
static int count = -1;

static void read_nodes(void)
{
    const char *list = getenv("CKPT_TEST_CLUSTER");
    char *copy, *name, *run_dir, *rest = NULL;

    count = 0;
    if (list == NULL || (copy = strdup(list)) == NULL)
        return;
    for (name = strtok_r(copy, " ", &rest); name != NULL && count < NODES_MAX; name = strtok_r(NULL, " ", &rest)) {
        if ((run_dir = strtok_r(NULL, " ", &rest)) == NULL)
            return;
        nodes[count++] = (struct node){name, run_dir};
    }
}

int node_count(void)
{
    if (count < 0)
        read_nodes();
    return count;
}

const char *node_run_dir(int node)
{
    return node < node_count() ? nodes[node].run_dir : NULL;
}

#define OUTPUT_MAX 4096

/* Runs the operator's command on a node and takes its output; false if it failed. */
static bool run(int node, const char *const *words, char *output)
{
    const char *program = getenv("CKPT_TEST_COMMAND");
    posix_spawn_file_actions_t actions;
    int out[2], status;
    size_t length = 0;
    ssize_t n;
    pid_t pid;
    char *argv[8] = {(char *)(uintptr_t) "ckpt"};
    int argc = 1;

    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    argv[argc++] = (char *)(uintptr_t) "--run-dir";
    argv[argc] = nodes[node].run_dir;
    if (program == NULL || pipe2(out, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    status = posix_spawn(&pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    while (status == 0 && length < OUTPUT_MAX - 1 && (n = read(out[0], output + length, OUTPUT_MAX - 1 - length)) > 0)
        length += (size_t)n;
    output[length] = 0;
    close(out[0]);
    return status == 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool change(const char *action, int node)
{
    const char *const words[] = {"node", action, nodes[node].name, NULL};
    char output[OUTPUT_MAX];

    return run(node, words, output);
}

static bool outside(int node)
{
    static const char *const words[] = {"status", "--json", NULL};
    char output[OUTPUT_MAX];

    TRUE(run(node, words, output));
    return strstr(output, "\"outside\": true") != NULL;
}

void node_lock(int node)
{
    TRUE(node < node_count());
    TRUE(change("lock", node));
    EVENTUALLY(WAIT_MS, outside(node));
}

void node_unlock(int node)
{
    TRUE(node < node_count());
    TRUE(change("unlock", node));
    EVENTUALLY(WAIT_MS, !outside(node));
}

bool nodes_unlock(void)
{
    bool done = true;

    for (int i = 0; i < node_count(); i++)
        done = change("unlock", i) && done;
    return done;
}
