//go:build ignore

/*
 * peer.c: a client in a second process, driven line by line over a pair of pipes.
 */
#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 8
#define LINE_MAX_BYTES 512
#define START_MS 15000
#define COMMAND_MS 15000

extern char **environ;

/* ---- the test's side ---- */

struct peer peer_start(void)
{
    struct peer peer;
    int to[2], from[2];
    char name[16];
    char *const argv[] = {"conformance", "--peer", name, NULL};
    posix_spawn_file_actions_t actions;

    snprintf(name, sizeof name, "%s", client->name);
    EQUAL(0, pipe2(to, O_CLOEXEC));
    EQUAL(0, pipe2(from, O_CLOEXEC));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    EQUAL(0, posix_spawn(&peer.pid, "/proc/self/exe", &actions, NULL, argv, environ));
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    peer.to = to[1];
    peer.from = from[0];
    RC(SA_AIS_OK, peer_result(&peer, START_MS));
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

SaAisErrorT peer_result(struct peer *peer, int within_ms)
{
    char line[LINE_MAX_BYTES];
    size_t length = 0;
    SaTimeT until = monotonic_now() + within_ms * MS;

    for (;;) {
        struct pollfd p = {.fd = peer->from, .events = POLLIN};
        SaTimeT left = (until - monotonic_now()) / MS;
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
        return (SaAisErrorT)atoi(line);
    }
}

SaAisErrorT peer_do(struct peer *peer, const char *format, ...)
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

/* ---- the peer's side ---- */

static SaCkptHandleT library;
static SaCkptCheckpointHandleT slots[SLOTS];

static SaCkptSectionIdT id_of(char *text)
{
    return (SaCkptSectionIdT){(SaUint16T)strlen(text), (SaUint8T *)text};
}

static SaAisErrorT series(SaCkptCheckpointHandleT checkpoint, uint64_t count)
{
    for (uint64_t i = 1; i <= count; i++) {
        SaAisErrorT code = section_overwrite(checkpoint, SID("first"), &i, sizeof i);
        if (code == SA_AIS_OK)
            code = section_overwrite(checkpoint, SID("second"), &i, sizeof i);
        if (code != SA_AIS_OK)
            return code;
    }
    return SA_AIS_OK;
}

static SaAisErrorT carry_out(char *line)
{
    char *word[5] = {0};
    char *rest = line;
    unsigned slot;
    SaNameT name;
    Attributes a = attributes();

    for (int i = 0; i < 5; i++)
        word[i] = strsep(&rest, " ");
    if (strcmp(word[0], "finalize") == 0)
        return saCkptFinalize(library);
    TRUE(word[1] != NULL);
    if (strcmp(word[0], "unlink") == 0) {
        name = name_from(word[1], strlen(word[1]));
        return saCkptCheckpointUnlink(library, &name);
    }
    slot = (unsigned)atoi(word[1]);
    TRUE(slot < SLOTS);
    if (strcmp(word[0], "close") == 0)
        return saCkptCheckpointClose(slots[slot]);
    TRUE(word[2] != NULL);
    if (strcmp(word[0], "series") == 0)
        return series(slots[slot], strtoull(word[2], NULL, 10));
    TRUE(word[3] != NULL);
    if (strcmp(word[0], "open") == 0) {
        name = name_from(word[3], strlen(word[3]));
        return saCkptCheckpointOpen(library, &name, NULL, (SaUint32T)atoi(word[2]), TIMEOUT,
                                    &slots[slot]);
    }
    if (strcmp(word[0], "section") == 0)
        return section_create(slots[slot], id_of(word[2]), SA_TIME_END, word[3], strlen(word[3]));
    if (strcmp(word[0], "overwrite") == 0)
        return section_overwrite(slots[slot], id_of(word[2]), word[3], strlen(word[3]));
    if (strcmp(word[0], "expect") == 0) {
        TEXT(slots[slot], id_of(word[2]), word[3]);
        return SA_AIS_OK;
    }
    TRUE(strcmp(word[0], "create") == 0 && word[4] != NULL);
    a.retentionDuration = strtoll(word[2], NULL, 10);
    a.creationFlags = (SaUint32T)atoi(word[3]);
    name = name_from(word[4], strlen(word[4]));
    return saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, &slots[slot]);
}

int peer_main(const char *client_name)
{
    char line[LINE_MAX_BYTES];

    for (int i = 0; i < CLIENT_COUNT; i++)
        if (strcmp(clients[i].name, client_name) == 0)
            client = &clients[i];
    TRUE(client != NULL);
    library = initialize();
    printf("%d\n", (int)SA_AIS_OK);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        printf("%d\n", (int)carry_out(line));
        fflush(stdout);
    }
    return 0;
}
