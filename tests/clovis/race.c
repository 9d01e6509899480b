//go:build ignore

/*
 * race.c: callbacks for immediate consumption while registrations come and go, and when there are more
 * updates than the library keeps.
 */
#include "clovis.h"

#include <pthread.h>

#include "scene.h"

#define ROUNDS 100
#define SERIES_MS 60000 /* bound for a long series of updates */

/* The peer writes all the time; its result must be read before another command. */
static void writer_busy(int updates)
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    peer_send(&writer, "series 0 a %d", updates);
}

static void writer_done(void)
{
    OK(peer_result(&writer, SERIES_MS));
}

/* Once the call with NULL, Close or Finalize has returned, no callback begins. */
static void ends_at_once(void)
{
    int begun = 0;

    writer_busy(5000);
    for (int round = 0; round < ROUNDS; round++) {
        ClCkptSvcHdlT own = initialize();
        ClCkptHdlT checkpoint = open_as(own, &name, READ);
        int count;

        note("round %d", round);
        events_clear();
        OK(consume(checkpoint, NULL));
        pause_ms(round % 7);
        if (round % 3 == 0)
            OK(stop_consuming(checkpoint));
        else if (round % 3 == 1)
            OK(clCkptCheckpointClose(checkpoint));
        else
            OK(clCkptFinalize(own));
        pause_ms(1); /* one that had begun may still end */
        count = event_count();
        begun += count;
        STAYS(10, event_count() == count);
        if (round % 3 != 2)
            OK(clCkptFinalize(own));
    }
    writer_done();
    TRUE(begun > 0);
}

static _Atomic bool stop_churning;
static _Atomic int churned;

static void *churn(void *unused)
{
    ClCkptHdlT checkpoint = open_as(service, &name, READ);

    while (!stop_churning) {
        OK(consume(checkpoint, NULL));
        OK(stop_consuming(checkpoint));
        churned++;
    }
    OK(clCkptCheckpointClose(checkpoint));
    return unused;
}

/* Registering and ending in several threads of one service handle loses nothing of another handle. */
static void churning(void)
{
    pthread_t threads[3];
    int own = 0;

    writer_busy(1000);
    writer_done();
    OK(consume(reader, NULL));
    for (int i = 0; i < 3; i++)
        EQUAL(0, pthread_create(&threads[i], NULL, churn, NULL));
    EVENTUALLY(WAIT_MS, churned > 10);
    OK(peer_do(&writer, "series 0 a 300"));
    stop_churning = true;
    for (int i = 0; i < 3; i++)
        EQUAL(0, pthread_join(threads[i], NULL));
    for (int64_t until = monotonic_now() + WAIT_MS * MS; own < 300 && monotonic_now() < until; pause_ms(20)) {
        own = 0;
        for (int i = 0; i < event_count(); i++)
            own += event_at(i).checkpoint == reader;
    }
    EQUAL(300, own);
}

/* ---- more updates than are kept ---- */

#if SDK_FLAVOUR
#define UPDATES 67000

static _Atomic bool held;
static _Atomic int calls, deletes, last_number;

static ClRcT count_updates(ClCkptHdlT checkpoint, ClNameT *of, ClCkptIOVectorElementT *elements,
                           ClUint32T count, ClPtrT cookie)
{
    int number = 0;

    (void)checkpoint, (void)of, (void)cookie;
    while (held)
        pause_ms(5);
    for (ClUint32T e = 0; e < count; e++) {
        const char *digits = elements[e].dataBuffer;
        if (elements[e].sectionId.id[0] == 'b') {
            deletes += elements[e].dataSize == 0;
            continue;
        }
        number = 0;
        for (ClSizeT i = 0; i < elements[e].dataSize; i++)
            number = 10 * number + digits[i] - '0';
        last_number = number;
    }
    calls++;
    return CL_OK;
}

/* What was not kept is told of as a whole: the callback ends up with the last state of each section. */
static void overflow(void)
{
    begin(CL_CKPT_WR_ALL_REPLICAS);
    OK(peer_do(&writer, "section 0 b %lld data", (long long)CL_TIME_END));
    held = true;
    OK(clCkptImmediateConsumptionRegister(reader, count_updates, NULL));
    peer_send(&writer, "series 0 a %d", UPDATES);
    OK(peer_result(&writer, SERIES_MS));
    OK(peer_do(&writer, "remove 0 b"));
    held = false;
    EVENTUALLY(SERIES_MS, last_number == UPDATES && deletes == 1);
    TRUE(calls <= UPDATES + 1);
    note("and it goes on as before");
    OK(peer_do(&writer, "overwrite 0 a 9"));
    EVENTUALLY(WAIT_MS, last_number == 9);
    EQUAL(1, deletes);
}
#else
#define overflow NULL
#endif

const struct test race_tests[] = {
    {"consumption ended while updates come", "by NULL, Close or Finalize: no callback begins afterwards", BOTH,
     ends_at_once, 0, 60},
    {"consumption registered and ended in many threads", "the callbacks of another handle all come", BOTH,
     churning, 0, 60},
    {"consumption of more than 65,536 waiting updates", "ends with the last state of each section, a delete too",
     SDK, overflow, 0, 180},
    END_OF_TESTS,
};
