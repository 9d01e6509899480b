/* Every limit of the front, with its unit. */
#ifndef CKPT_FRONT_BOUNDS_H
#define CKPT_FRONT_BOUNDS_H

#include <stdint.h>

#define CKPT_NS_PER_MS INT64_C(1000000)
#define CKPT_NS_PER_S INT64_C(1000000000)

/* How long a call without a timeout of its own may take; CKPT_CALL_TIMEOUT_MS overrides it within these bounds. */
#define CKPT_CALL_TIMEOUT_MS_DEFAULT 10000
#define CKPT_CALL_TIMEOUT_MS_MIN 10
#define CKPT_CALL_TIMEOUT_MS_MAX 3600000

/* A caller's timeout below this means the default. */
#define CKPT_TIMEOUT_SHORTEST_NS (10 * CKPT_NS_PER_MS)

/* The engine completes a call within its timeout. A front that has heard nothing this much later gives up. */
#define CKPT_BACKSTOP_NS (2 * CKPT_NS_PER_S)

/* How long a caller looks for its result before it sleeps. An answer takes 25 microseconds at best, so a longer look seldom
 * ends a call sooner, and takes the processor from whoever is to answer. Three rounds on two cores that had other work, too,
 * medians: of 0, 10, 30 and 60 microseconds 10 gave one caller the shortest median call (47 microseconds, against 52, 73
 * and 123) and four callers the most calls; single rounds varied by a factor of two. */
#define CKPT_SPIN_NS (INT64_C(10) * 1000)

/* Longest checkpoint name, bytes. */
#define CKPT_NAME_BYTES_MAX 2048

/* Handles of all kinds that a process may have at once. The table grows by a chunk at a time. */
#define CKPT_HANDLE_CHUNKS_MAX 1024u
#define CKPT_HANDLES_PER_CHUNK 1024u

/* Sections fetched at once by an iteration that can check each of them against the local replica. */
#define CKPT_SECTIONS_PER_PAGE 64u

/* Attempts of a read that allocates its own buffer while the section keeps growing, and of a read whose replica keeps
 * asking for a new mapping. */
#define CKPT_READ_ATTEMPTS_MAX 4

/* A checkpoint handle without a usable local replica looks for one at most this often. */
#define CKPT_REPLICA_RETRY_NS CKPT_NS_PER_S

/* Blocks of callbacks that have not returned which are kept; beyond it the oldest is freed. It bounds what a program
 * leaks that leaves its callbacks by longjmp, and is far above the callbacks that run at once. */
#define CKPT_PARKED_MAX 1024u

/* Buffer that a serializer of SDK 2.3 is offered, bytes. */
#define CKPT_SERIALIZE_BYTES UINT32_C(65536)

/* How long ending notifications waits for a callback that is running. One that waits for the thread that ends them, on a
 * lock of the application, must not stop it for longer. */
#define CKPT_CONSUMPTION_WAIT_NS CKPT_NS_PER_S

/* Address space the engine's runtime reserves at start, bytes. */
#define CKPT_ADDRESS_SPACE_BYTES (UINT64_C(1) << 30)

/* Stack of the thread that loads the engine, bytes. */
#define CKPT_LOADER_STACK_BYTES (UINT64_C(1) << 20)

#endif
