/* The short way to a checkpoint's connection: for threads of the application, without Go.
 *
 * A seat is what front and engine share of a connection. The engine puts an open connection into it; whoever has taken the
 * seat may use that. The functions here never wait for another thread, and for another process half a millisecond; they
 * do what they can do at once or nothing at all, and then the engine is to be asked, which waits, opens files, and knows
 * what an error means.
 */
#ifndef CKPT_DATASET_SEAT_H
#define CKPT_DATASET_SEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct ckpt_seat {
	uint32_t references;	/* atomic; the block is freed with the last one */
	uint32_t taken;		/* atomic: 1 while somebody uses what follows the next two */
	uint32_t wanted;	/* atomic: how many wait in the engine; nobody else takes the seat meanwhile */
	uint32_t used;		/* atomic: it was used since the engine has looked */
	struct ckpt_db *db;	/* NULL: not open */
	struct sqlite3_stmt *write, *overwrite, *read;
};

/* A seat with one reference, or NULL: no memory. */
struct ckpt_seat *ckpt_seat_new(void);
void ckpt_seat_hold(struct ckpt_seat *seat);
void ckpt_seat_release(struct ckpt_seat *seat);

/* Takes the seat if it is free. */
bool ckpt_seat_take(struct ckpt_seat *seat);
void ckpt_seat_leave(struct ckpt_seat *seat);

/* Adds to the number of those that wait. */
void ckpt_seat_want(struct ckpt_seat *seat, int32_t more);
/* Whether it was used since the last such question. */
bool ckpt_seat_was_used(struct ckpt_seat *seat);

/* Stores what has been stored before; true: it is done. */
bool ckpt_seat_write(struct ckpt_seat *seat, const struct ckpt_to_store *record);
/* Reads a dataset; true: *block and *count are set, as of ckpt_record_read, and there are records. */
bool ckpt_seat_read(struct ckpt_seat *seat, uint32_t dataset, struct ckpt_stored **block, uint32_t *count);

#endif
