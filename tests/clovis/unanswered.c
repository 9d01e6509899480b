//go:build ignore

/*
 * unanswered.c: calls that the service does not answer, since its process is stopped.
 */
#include "clovis.h"

#include <pthread.h>

#define CALL_MS 10000 /* what a call waits */
#define SLACK_MS 2500

static ClCkptHdlT checkpoint;

struct waiting {
    const char *name;
    ClRcT (*call)(ClHandleT handle);
    ClHandleT handle;
    pthread_t thread;
    ClRcT code;
    int64_t took; /* ns */
};

static void *wait_for_it(void *argument)
{
    struct waiting *waiting = argument;
    int64_t start = monotonic_now();

    waiting->code = waiting->call(waiting->handle);
    waiting->took = monotonic_now() - start;
    return NULL;
}

static void unanswered(void)
{
    static const char *const names[] = {"clCkptCheckpointOpen", "clCkptCheckpointDelete",
                                        "clCkptCheckpointRetentionDurationSet", "clCkptSectionCreate",
                                        "clCkptSectionDelete", "clCkptSectionExpirationTimeSet",
                                        "clCkptCheckpointWrite", "clCkptSectionOverwrite",
                                        "clCkptCheckpointSynchronize"};
    enum { CALLS = sizeof names / sizeof names[0] };
    struct waiting calls[CALLS];
    ClCkptSvcHdlT service = initialize(), other = initialize();
    ClNameT name = name_of("x");
    Attributes a = attributes_with(CL_CKPT_WR_ACTIVE_REPLICA);
    int64_t start;

    checkpoint = create(service, &name, &a);
    add_section(checkpoint, SID("abc"), "data");
    service_stop();
    OK(clCkptCheckpointOpenAsync(service, 5, &name, NULL, READ));
    for (int i = 0; i < CALLS; i++) {
        for (int j = 0; j < handle_call_count; j++)
            if (strcmp(handle_calls[j].name, names[i]) == 0)
                calls[i] = (struct waiting){names[i], handle_calls[j].call,
                                            handle_calls[j].kind == SERVICE ? service : checkpoint, 0, 0, 0};
        EQUAL(0, pthread_create(&calls[i].thread, NULL, wait_for_it, &calls[i]));
    }
    note("Finalize does not need the service");
    start = monotonic_now();
    OK(clCkptFinalize(other));
    TRUE(monotonic_now() - start < 3 * SECOND);
    for (int i = 0; i < CALLS; i++) {
        EQUAL(0, pthread_join(calls[i].thread, NULL));
        note("%s after %lld ms", calls[i].name, (long long)(calls[i].took / MS));
        RC(CL_CKPT_ERR_TIMEOUT, calls[i].code);
        TRUE(calls[i].took >= (CALL_MS - 500) * MS && calls[i].took <= (CALL_MS + SLACK_MS) * MS);
    }
    note("OpenAsync");
    EVENTUALLY(WAIT_MS, (clCkptDispatch(service, CL_DISPATCH_ALL), event_count() == 1));
    RC(CL_CKPT_ERR_TIMEOUT, event_at(0).error);
    service_continue();
    note("afterwards all is well");
    add_section(checkpoint, SID("later"), "data");
}

const struct test unanswered_tests[] = {
    {"clCkptCheckpointOpen CL_CKPT_ERR_TIMEOUT", "and of every call that asks the service: after 10 s", ONCE,
     unanswered, EXCLUSIVE, 60},
    END_OF_TESTS,
};
