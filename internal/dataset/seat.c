#include "seat.h"

#include <pthread.h>
#include <stdlib.h>

#include "native.h"
#include "stack.h"

/* How long a thread of the application waits for another process' commit. */
#define WAIT_NS (INT64_C(500) * 1000)

struct ckpt_seat *ckpt_seat_new(void)
{
	struct ckpt_seat *seat = calloc(1, sizeof *seat);

	if (seat != NULL)
		seat->references = 1;
	return seat;
}

void ckpt_seat_hold(struct ckpt_seat *seat)
{
	__atomic_add_fetch(&seat->references, 1, __ATOMIC_RELAXED);
}

void ckpt_seat_release(struct ckpt_seat *seat)
{
	if (seat != NULL && __atomic_sub_fetch(&seat->references, 1, __ATOMIC_ACQ_REL) == 0)
		free(seat);
}

bool ckpt_seat_take(struct ckpt_seat *seat)
{
	return __atomic_exchange_n(&seat->taken, 1, __ATOMIC_ACQUIRE) == 0;
}

void ckpt_seat_leave(struct ckpt_seat *seat)
{
	__atomic_store_n(&seat->taken, 0, __ATOMIC_RELEASE);
}

void ckpt_seat_want(struct ckpt_seat *seat, int32_t more)
{
	__atomic_add_fetch(&seat->wanted, (uint32_t)more, __ATOMIC_RELAXED);
}

bool ckpt_seat_was_used(struct ckpt_seat *seat)
{
	return __atomic_exchange_n(&seat->used, 0, __ATOMIC_RELAXED) != 0;
}

/* SQLite's system calls are cancellation points. A thread that is cancelled in one would leave the seat taken. */
static bool begin(struct ckpt_seat *seat, bool (*usable)(const struct ckpt_db *), int *cancel)
{
	if (__atomic_load_n(&seat->wanted, __ATOMIC_RELAXED) != 0 || !ckpt_stack_suffices())
		return false;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, cancel);
	if (ckpt_seat_take(seat)) {
		if (seat->db != NULL && usable(seat->db)) {
			__atomic_store_n(&seat->used, 1, __ATOMIC_RELAXED);
			ckpt_db_wait(seat->db, WAIT_NS);
			return true;
		}
		ckpt_seat_leave(seat);
	}
	pthread_setcancelstate(*cancel, NULL);
	return false;
}

static void end(struct ckpt_seat *seat, int cancel)
{
	ckpt_seat_leave(seat);
	pthread_setcancelstate(cancel, NULL);
}

bool ckpt_seat_write(struct ckpt_seat *seat, const struct ckpt_to_store *record)
{
	bool element = record->element_size > 0;
	int64_t changed = 0;
	int cancel, result;

	if (!begin(seat, ckpt_db_current, &cancel))
		return false;
	if (element)
		result = ckpt_record_write(seat->db, seat->overwrite, record->dataset, record, true, &changed);
	else
		result = ckpt_record_write(seat->db, seat->write, (int64_t)record->dataset << CKPT_NUMBER_BITS | CKPT_OWN_NUMBER,
					   record, false, &changed);
	end(seat, cancel);
	return result == SQLITE_DONE && changed > 0;
}

bool ckpt_seat_read(struct ckpt_seat *seat, uint32_t dataset, struct ckpt_stored **block, uint32_t *count)
{
	int cancel, result;

	if (!begin(seat, ckpt_db_named, &cancel))
		return false;
	result = ckpt_record_read(seat->read, dataset, block, count);
	end(seat, cancel);
	return result == SQLITE_DONE && *count > 0;
}
