//go:build ignore

/*
 * peer.c: a client in a second process, driven line by line over a pair of pipes.
 */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512
#define START_MS 15000
#define COMMAND_MS 15000

extern char **environ;

/* The environment with another run directory, in one block to free; NULL: no memory. */
static char **environment_with(const char *run_dir)
{
    const char *variable = "CKPT_RUN_DIR=";
    size_t count = 0, kept = 0, length = strlen(variable);
    char **copy, *entry;

    while (environ[count] != NULL)
        count++;
    copy = malloc((count + 2) * sizeof *copy + length + strlen(run_dir) + 1);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], variable, length) != 0)
            copy[kept++] = environ[i];
    entry = (char *)(copy + count + 2);
    sprintf(entry, "%s%s", variable, run_dir);
    copy[kept++] = entry;
    copy[kept] = NULL;
    return copy;
}

static struct peer start_with(const char *client_name, char **environment)
{
    struct peer peer;
    int to[2], from[2];
    char name[16];
    char program[] = "peer", option[] = "--peer";
    char *const argv[] = {program, option, name, NULL};
    posix_spawn_file_actions_t actions;

    snprintf(name, sizeof name, "%s", client_name);
    EQUAL(0, pipe2(to, O_CLOEXEC));
    EQUAL(0, pipe2(from, O_CLOEXEC));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    EQUAL(0, posix_spawn(&peer.pid, "/proc/self/exe", &actions, NULL, argv, environment));
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    peer.to = to[1];
    peer.from = from[0];
    EQUAL(0, peer_result(&peer, START_MS));
    return peer;
}

struct peer peer_start(const char *client_name)
{
    return start_with(client_name, environ);
}

struct peer peer_start_on(int node, const char *client_name)
{
    char **environment;
    struct peer peer;

    TRUE(node_run_dir(node) != NULL);
    environment = environment_with(node_run_dir(node));
    TRUE(environment != NULL);
    peer = start_with(client_name, environment);
    free(environment);
    return peer;
}

static void send_line(struct peer *peer, const char *format, va_list args)
{
    char line[LINE_MAX_BYTES];
    int length = vsnprintf(line, sizeof line - 1, format, args);
    TRUE(length > 0 && length < (int)sizeof line - 1);
    line[length++] = '\n';
    EQUAL(length, write(peer->to, line, (size_t)length));
}

void peer_send(struct peer *peer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send_line(peer, format, args);
    va_end(args);
}

uint32_t peer_result(struct peer *peer, int within_ms)
{
    char line[LINE_MAX_BYTES];
    size_t length = 0;
    int64_t until = monotonic_now() + within_ms * MS;

    for (;;) {
        struct pollfd p = {.fd = peer->from, .events = POLLIN};
        int64_t left = (until - monotonic_now()) / MS;
        if (left <= 0 || poll(&p, 1, (int)left) != 1)
            FAIL("the second process did not answer within %d ms", within_ms);
        TRUE(length < sizeof line);
        if (read(peer->from, line + length, 1) != 1)
            FAIL("the second process has died");
        if (line[length] != '\n') {
            length++;
            continue;
        }
        line[length] = 0;
        if (line[0] < '0' || line[0] > '9')
            FAIL("in the second process: %s", line);
        return (uint32_t)strtoul(line, NULL, 10);
    }
}

uint32_t peer_do(struct peer *peer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send_line(peer, format, args);
    va_end(args);
    return peer_result(peer, COMMAND_MS);
}

void peer_kill(struct peer *peer)
{
    EQUAL(0, kill(peer->pid, SIGKILL));
    EQUAL(peer->pid, waitpid(peer->pid, NULL, 0));
    close(peer->to);
    close(peer->from);
}

int peer_serve(uint32_t (*carry_out)(char *line))
{
    char line[LINE_MAX_BYTES];

    printf("0\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        printf("%u\n", (unsigned)carry_out(line));
        fflush(stdout);
    }
    return 0;
}
