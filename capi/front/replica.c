#include "replica.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "bounds.h"
#include "call.h"
#include "clock.h"
#include "saAis.h"

void ckpt_replica_init(struct ckpt_replica *r, int fd)
{
	ckpt_reader *reader = NULL;

	if (fd >= 0) {
		if (ckpt_reader_open(fd, &reader) != 0)
			reader = NULL;
		close(fd);
	}
	atomic_store_explicit(&r->reader, reader, memory_order_release);
}

void ckpt_replica_end(struct ckpt_replica *r)
{
	ckpt_reader_close(atomic_load_explicit(&r->reader, memory_order_acquire));
	for (uint32_t i = 0; i < r->retired_count; i++)
		ckpt_reader_close(r->retired[i]);
	free(r->retired);
}

static void stop_renewing(void *replica)
{
	atomic_flag_clear_explicit(&((struct ckpt_replica *)replica)->renewing, memory_order_release);
}

/* A descriptor of the local replica, or -1. */
static int ask_descriptor(struct ckpt_replica *r, uint64_t id, struct ckpt_object *holder)
{
	struct ckpt_held held = {.object = holder, .undo = stop_renewing, .argument = r};
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_REPLICA, 0);
	int fd = -1;

	if (call == NULL)
		return -1;
	call->id = id;
	if (ckpt_call_run(&call, &held) == SA_AIS_OK) {
		fd = call->fd;
		call->fd = -1;
	}
	ckpt_call_free(call);
	return fd;
}

static ckpt_reader *replace(struct ckpt_replica *r, ckpt_reader *old, int fd)
{
	ckpt_reader *reader;

	if (old != NULL) {
		ckpt_reader **more = realloc(r->retired, (r->retired_count + 1) * sizeof *more);

		if (more == NULL)
			return NULL;
		r->retired = more;
	}
	if (ckpt_reader_open(fd, &reader) != 0)
		return NULL;
	if (old != NULL)
		r->retired[r->retired_count++] = old;
	atomic_store_explicit(&r->reader, reader, memory_order_release);
	return reader;
}

static ckpt_reader *renew(struct ckpt_replica *r, ckpt_reader *seen, int status, uint64_t id,
			  struct ckpt_object *holder)
{
	ckpt_reader *found = NULL;
	int fd;

	if (ckpt_now() < r->retry_at)
		return NULL;
	fd = ask_descriptor(r, id, holder);
	if (fd >= 0) {
		int rc = status == CKPT_READ_REMAP ? ckpt_reader_remap(seen, fd) : -EINVAL;

		found = rc == 0 ? seen : rc == -EINVAL ? replace(r, seen, fd) : NULL;
		close(fd);
	}
	if (found == NULL)
		r->retry_at = ckpt_later(ckpt_now(), CKPT_REPLICA_RETRY_NS);
	return found;
}

ckpt_reader *ckpt_replica_renew(struct ckpt_replica *r, ckpt_reader *seen, int status, uint64_t id,
				struct ckpt_object *holder)
{
	ckpt_reader *found;

	if (atomic_flag_test_and_set_explicit(&r->renewing, memory_order_acquire))
		return NULL;
	found = atomic_load_explicit(&r->reader, memory_order_acquire);
	if (found == seen)
		found = renew(r, seen, status, id, holder);
	stop_renewing(r);
	return found;
}
