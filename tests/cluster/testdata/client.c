//go:build ignore

/*
 * client: makes calls as it is told, with several threads, and prints what came of each.
 *
 *   client THREADS RECORD_BYTES
 *
 * Standard input has a line for each call, "THREAD COMMAND ARGUMENT..."; a thread that is busy takes the next one when it
 * has finished. Standard output has "ready", then for each call
 *
 *   THREAD CODE BEGIN_NS END_NS VALUE NAME...
 *
 * with CODE the SaAisErrorT, or "torn" if what was read is no record that was ever written, and the times those of
 * CLOCK_MONOTONIC right before and after the call; and for what it is told without asking a line of listen.c. It ends at
 * the end of its input, when all calls have ended. The commands are in call.c.
 */
#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_MAX = 64,        /* commands that wait for one thread */
    RETRY_MS = 50,         /* between two tries to initialize */
    INITIALIZE_TRIES = 600,
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char lines[QUEUE_MAX][LINE_BYTES_MAX];
    unsigned first, count;
    bool closed;
    struct worker worker;
    pthread_t thread;
};

SaCkptHandleT library;
size_t record_size;
static struct queue queues[THREADS_MAX];

static void put(struct queue *q, const char *line)
{
    pthread_mutex_lock(&q->lock);
    while (q->count == QUEUE_MAX)
        pthread_cond_wait(&q->changed, &q->lock);
    if (line == NULL)
        q->closed = true;
    else
        memcpy(q->lines[(q->first + q->count++) % QUEUE_MAX], line, strlen(line) + 1);
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

static bool take(struct queue *q, char *line)
{
    bool taken;

    pthread_mutex_lock(&q->lock);
    while (q->count == 0 && !q->closed)
        pthread_cond_wait(&q->changed, &q->lock);
    taken = q->count > 0;
    if (taken) {
        memcpy(line, q->lines[q->first], LINE_BYTES_MAX);
        q->first = (q->first + 1) % QUEUE_MAX;
        q->count--;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    return taken;
}

static void *work(void *argument)
{
    struct queue *q = argument;
    char line[LINE_BYTES_MAX];

    while (take(q, line)) {
        struct outcome o = {.code = SA_AIS_OK, .listed = ""};
        char code[16] = "torn";
        int64_t begin = now_ns(), end;

        if (!perform(&q->worker, line, &o)) {
            fprintf(stderr, "client: no such command: %s\n", line);
            exit(2);
        }
        end = now_ns();
        if (!o.torn)
            snprintf(code, sizeof code, "%d", (int)o.code);
        SAY("%d %s %lld %lld %llu%s", q->worker.number, code, (long long)begin, (long long)end, (unsigned long long)o.value,
            o.listed);
    }
    return NULL;
}

static SaAisErrorT initialize(void)
{
    const SaCkptCallbacksT_2 callbacks = {
        .saCkptCheckpointSynchronizeCallback = on_synchronized,
        .saCkptCheckpointTrackCallback = on_track,
    };
    SaAisErrorT error = SA_AIS_ERR_TRY_AGAIN;

    for (int i = 0; i < INITIALIZE_TRIES && error == SA_AIS_ERR_TRY_AGAIN; i++) {
        SaVersionT version = {'B', 2, 3};
        error = saCkptInitialize_2(&library, &callbacks, &version);
        if (error == SA_AIS_ERR_TRY_AGAIN)
            nanosleep(&(struct timespec){0, RETRY_MS * 1000000L}, NULL);
    }
    return error;
}

int main(int argc, char **argv)
{
    char line[LINE_BYTES_MAX];
    int threads = argc == 3 ? atoi(argv[1]) : 0;
    SaAisErrorT error;

    record_size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (threads < 1 || threads > THREADS_MAX || record_size < 8 || record_size > RECORD_BYTES_MAX || record_size % 8 != 0) {
        fprintf(stderr, "usage: client THREADS RECORD_BYTES\n");
        return 2;
    }
    if ((error = initialize()) != SA_AIS_OK) {
        fprintf(stderr, "client: saCkptInitialize_2: %d\n", (int)error);
        return 1;
    }
    for (int i = 0; i < threads; i++) {
        queues[i].worker.number = i;
        pthread_mutex_init(&queues[i].lock, NULL);
        pthread_cond_init(&queues[i].changed, NULL);
        if ((errno = pthread_create(&queues[i].thread, NULL, work, &queues[i])) != 0) {
            perror("client: pthread_create");
            return 1;
        }
    }
    SAY("ready");
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *command;
        long thread = strtol(line, &command, 10);

        line[strcspn(line, "\n")] = '\0';
        if (thread < 0 || thread >= threads || *command != ' ') {
            fprintf(stderr, "client: not a command: %s\n", line);
            return 2;
        }
        put(&queues[thread], command + 1);
    }
    for (int i = 0; i < threads; i++)
        put(&queues[i], NULL);
    for (int i = 0; i < threads; i++)
        pthread_join(queues[i].thread, NULL);
    return saCkptFinalize(library) == SA_AIS_OK ? 0 : 1;
}
