/*
 * check.h: what a C test is made of, whatever API it tests.
 *
 * A test is a function that runs alone in a process of its own. It fails at the first check that does
 * not hold: the process reports the place, the expression and the values, and ends. Everything a test
 * waits for has a bound.
 *
 * The C files of the test folders carry a build constraint, since the Go tool would otherwise want to
 * compile them as part of the Go test beside them.
 */
#ifndef HARNESS_CHECK_H
#define HARNESS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- checks ---- */

struct site {
    const char *file;
    int line;
    const char *expression;
};

/* Remembers what is being called, for the report of a test that hangs. */
void check_enter(const struct site *site);
/* Two return codes of an API are the same; name gives a code's name, valid until its next call. */
void check_code(const struct site *site, uint32_t want, uint32_t got, const char *(*name)(uint32_t));
void check_u64(const struct site *site, uint64_t want, uint64_t got);
void check_true(const struct site *site, bool holds);
void check_bytes(const struct site *site, const void *want, const void *got, size_t size);
_Noreturn void fail_at(const struct site *site, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Text added to the report of a failing check of this thread, until the next call. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define SITE(expression) \
    static const struct site site_ = {__FILE__, __LINE__, expression}; \
    check_enter(&site_)

#define EQUAL(want, value) \
    do { SITE(#value); check_u64(&site_, (uint64_t)(want), (uint64_t)(value)); } while (0)
#define TRUE(condition) do { SITE(#condition); check_true(&site_, (condition)); } while (0)
#define BYTES(want, got, size) do { SITE(#got); check_bytes(&site_, (want), (got), (size)); } while (0)
#define FAIL(...) do { SITE("-"); fail_at(&site_, __VA_ARGS__); } while (0)

/* ---- time ---- */

#define MS 1000000LL
#define SECOND 1000000000LL
#define WAIT_MS 8000 /* bound for what must happen soon */

int64_t wall_now(void);      /* ns since 1970 */
int64_t monotonic_now(void); /* ns */
void sleep_until(int64_t monotonic_deadline);
void pause_ms(int milliseconds); /* between two looks at a condition, or to let nothing happen */

/* EVENTUALLY: the condition comes to hold within so many milliseconds. */
#define EVENTUALLY(within_ms, condition) \
    do { \
        SITE(#condition); \
        int64_t until_ = monotonic_now() + (within_ms) * MS; \
        while (!(condition)) { \
            if (monotonic_now() > until_) \
                fail_at(&site_, "did not come to hold within %d ms", (int)(within_ms)); \
            pause_ms(5); \
        } \
    } while (0)

/* STAYS: the condition holds all the time for so many milliseconds. */
#define STAYS(for_ms, condition) \
    do { \
        SITE(#condition); \
        int64_t until_ = monotonic_now() + (for_ms) * MS; \
        do { \
            check_true(&site_, (condition)); \
            pause_ms(5); \
        } while (monotonic_now() < until_); \
    } while (0)

bool readable(int fd); /* now */
bool becomes_readable(int fd, int within_ms);

/* ---- memory ---- */

/* size bytes that end right before a page that may not be touched, never freed. */
void *guarded(size_t size);

/* ---- a second process ---- */

/* A peer is a client in a process of its own that carries out commands, each a line of text. It is
 * this program, started with --peer CLIENT. */
struct peer {
    int pid;
    int to, from;
};

struct peer peer_start(const char *client_name);
/* The same on another node. */
struct peer peer_start_on(int node, const char *client_name);
/* Sends one command and waits for its result code. */
uint32_t peer_do(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void peer_send(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint32_t peer_result(struct peer *peer, int within_ms);
void peer_kill(struct peer *peer); /* SIGKILL, and waits for the process to be gone */

/* The peer's side: answers 0 when ready, then carries out line by line until its input ends. */
int peer_serve(uint32_t (*carry_out)(char *line));

/* ---- the service's process ---- */

/* Stops it so that no call is answered, and lets it go on. The runner does the latter too when the
 * test ends in any way. Only in EXCLUSIVE tests. */
void service_stop(void);
void service_continue(void);

/* ---- the nodes of the cluster ---- */

/* Nodes by number: 0 is the one that the tests run on. */
#define CLUSTER_NODES 3 /* what tests with the flag CLUSTER need */
int node_count(void);
/* The run directory of a node; NULL if the tests were not told of several. */
const char *node_run_dir(int node);
/* The operator's commands; they return when the node has taken notice. Only in EXCLUSIVE tests; the runner unlocks what a failed test leaves behind. */
void node_lock(int node);
void node_unlock(int node);
bool nodes_unlock(void); /* all of them; false if that failed */

#endif
