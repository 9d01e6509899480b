/*
 * takeover: a standby process finishes what a dead active process has begun.
 *
 * Two processes run this program on the same text, each perhaps on a node of its own. The active
 * one counts the words of the text, line by line. After each line it puts into a checkpoint how far
 * it is and what it has counted. The standby looks at the checkpoint until the active has finished,
 * or has been silent for a second, and then counts on from there. The total is that of
 * `wc -w`, wherever the active was killed: position and counts are written in one call, so they
 * always belong together.
 *
 *   takeover active  FILE [MILLISECONDS]    MILLISECONDS: how long to rest after each line
 *   takeover standby FILE [MILLISECONDS]
 */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <string.h>
#include <time.h>

#include <saCkpt.h>

#include "aiserror.h"

enum {
    BEAT_MS = 50,                          /* the active writes at least this often */
    SILENT_BEATS = 1000 / BEAT_MS,         /* with so many missing it is taken for dead */
    FIRST_BEATS_MAX = 30 * 1000 / BEAT_MS, /* how long a standby waits for an active to appear */
};

/* What the active leaves to the standby. */
struct state {
    SaUint64T owner;    /* which process is active: the time at which it became so, ns */
    SaUint64T beat;     /* goes up with every write */
    SaUint64T position, lines, words; /* how many bytes, lines and words have been counted */
    SaUint64T finished; /* 1 when the whole text has been counted */
};

static SaCkptCheckpointHandleT checkpoint;

/* Reads the state: all 0 if nobody has written one yet. */
static void load(struct state *s)
{
    memset(s, 0, sizeof *s);
    SaCkptIOVectorElementT e = {SA_CKPT_DEFAULT_SECTION_ID, s, sizeof *s, 0, 0};
    must(saCkptCheckpointRead(checkpoint, &e, 1, NULL), "saCkptCheckpointRead");
}

static void store(struct state *s)
{
    s->beat++;
    SaCkptIOVectorElementT e = {SA_CKPT_DEFAULT_SECTION_ID, s, sizeof *s, 0, 0};
    must(saCkptCheckpointWrite(checkpoint, &e, 1, NULL), "saCkptCheckpointWrite");
}

/* Silence is a suspicion, not a proof: an active that was only slow finds another owner here. */
static void store_if_still_active(struct state *s)
{
    struct state there;
    load(&there);
    if (there.owner != s->owner)
        give_up("active: another process has taken over");
    store(s);
}

static void rest(long ms)
{
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

/* Counts from where the state says to the end of the text. */
static void be_active(FILE *text, struct state *s, long rest_ms)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    s->owner = (SaUint64T)now.tv_sec * 1000000000U + (SaUint64T)now.tv_nsec;
    store(s);
    printf("active: counting from line %llu\n", s->lines + 1);
    if (fseek(text, (long)s->position, SEEK_SET) != 0)
        give_up("cannot go to the position where the last active was");
    while ((length = getline(&line, &room, text)) >= 0) {
        for (ssize_t i = 0; i < length; i++)
            if (!isspace((unsigned char)line[i]) && (i == 0 || isspace((unsigned char)line[i - 1])))
                s->words++;
        s->position += (SaUint64T)length;
        s->lines++;
        store_if_still_active(s);
        for (long left = rest_ms; left > 0; left -= BEAT_MS) {
            rest(left < BEAT_MS ? left : BEAT_MS);
            store_if_still_active(s);
        }
    }
    free(line);
    s->finished = 1;
    store_if_still_active(s);
}

/* Waits until the active has finished or is silent; s is then its last state. */
static void be_standby(struct state *s)
{
    SaUint64T beat = 0;
    int missing = 0;

    printf("standby: waiting\n");
    for (load(s); !s->finished && (beat == 0 || missing < SILENT_BEATS); load(s)) {
        missing = s->beat == beat ? missing + 1 : 0;
        beat = s->beat;
        if (missing > FIRST_BEATS_MAX)
            give_up("standby: no active process has appeared");
        rest(BEAT_MS);
    }
    printf("standby: the active %s after %llu lines and %llu words\n",
           s->finished ? "has finished" : "is silent", s->lines, s->words);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4 || (strcmp(argv[1], "active") && strcmp(argv[1], "standby")))
        give_up("usage: takeover active|standby FILE [MILLISECONDS]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    FILE *text = fopen(argv[2], "r");
    if (text == NULL)
        give_up("cannot open the text");
    SaVersionT version = {'B', 2, 2};
    SaCkptHandleT library;
    must(saCkptInitialize(&library, NULL, &version), "saCkptInitialize");
    const SaCkptCheckpointCreationAttributesT attributes = {
        SA_CKPT_WR_ALL_REPLICAS, sizeof(struct state), SA_TIME_ONE_MINUTE, 1, sizeof(struct state), 1
    };
    SaNameT name;
    saAisNameLend("safCkpt=takeover", &name);
    must(saCkptCheckpointOpen(library, &name, &attributes, SA_CKPT_CHECKPOINT_CREATE |
                              SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE,
                              5 * SA_TIME_ONE_SECOND, &checkpoint), "saCkptCheckpointOpen");

    struct state s;
    load(&s); /* so an active that is started after a crash goes on, too */
    if (strcmp(argv[1], "standby") == 0)
        be_standby(&s);
    if (!s.finished) {
        be_active(text, &s, argc > 3 ? atol(argv[3]) : 0);
        must(saCkptCheckpointUnlink(library, &name), "saCkptCheckpointUnlink");
    }
    printf("%llu words in %llu lines\n", s.words, s.lines);
    must(saCkptFinalize(library), "saCkptFinalize");
    return EXIT_SUCCESS;
}
