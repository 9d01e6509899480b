#include "call.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "bounds.h"
#include "clock.h"
#include "futex.h"
#include "loader.h"
#include "saAis.h"
#include "signals.h"
#include "timeout.h"

struct ckpt_call *ckpt_call_new(uint32_t op, uint32_t element_count)
{
	size_t size = sizeof(struct ckpt_call) + (size_t)element_count * sizeof(struct ckpt_element);
	struct ckpt_call *call = calloc(1, size);

	if (call == NULL)
		return NULL;
	call->op = op;
	call->fd = -1;
	call->timeout_ns = ckpt_timeout_default();
	call->element_count = element_count;
	if (element_count > 0)
		call->elements = (struct ckpt_element *)(call + 1);
	return call;
}

void ckpt_call_free(struct ckpt_call *call)
{
	if (call == NULL)
		return;
	if (call->op == CKPT_OP_READ)
		for (uint32_t i = 0; i < call->element_count; i++)
			free(call->elements[i].data);
	if (call->op == CKPT_OP_SECTION_CREATE && call->generate)
		free(call->elements[0].id);
	free(call->list);
	free(call->records);
	if (call->seat != NULL)
		ckpt_engine.seat_release(call->seat);
	if (call->fd >= 0)
		close(call->fd);
	free(call);
}

static uint32_t submit(struct ckpt_call *call)
{
	struct ckpt_entry entry;
	uint32_t error;

	ckpt_engine_enter(&entry);
	error = ckpt_engine.submit(call);
	ckpt_engine_leave(&entry);
	return error;
}

/* true: the engine has the call now. */
static bool abandon(struct ckpt_call *call)
{
	uint32_t pending = CKPT_CALL_PENDING;

	return __atomic_compare_exchange_n(&call->state, &pending, CKPT_CALL_ABANDONED, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

uint32_t ckpt_call_send(struct ckpt_call *call)
{
	bool async = call->async != 0;
	uint32_t error = submit(call);

	if (error != SA_AIS_OK || async || !abandon(call))
		ckpt_call_free(call);
	return error;
}

/* Undoes what a call made that nobody will ever use. */
static void discard(struct ckpt_call *call)
{
	uint32_t op = call->op == CKPT_OP_OPEN ? CKPT_OP_CLOSE :
		      call->op == CKPT_OP_INITIALIZE ? CKPT_OP_FINALIZE :
		      call->op == CKPT_OP_STORE_OPEN ? CKPT_OP_STORE_CLOSE : 0;

	if (op != 0 && call->error == SA_AIS_OK) {
		struct ckpt_call *undo = ckpt_call_new(op, 0);

		if (undo != NULL) {
			undo->id = call->id;
			undo->lib = call->lib;
			ckpt_call_send(undo);
		}
	}
	ckpt_call_free(call);
}

struct wait {
	struct ckpt_call *call;
	const struct ckpt_held *held;
};

static void cancelled(void *argument)
{
	struct wait *w = argument;

	if (!abandon(w->call))
		discard(w->call);
	if (w->held == NULL)
		return;
	if (w->held->undo != NULL)
		w->held->undo(w->held->argument);
	if (w->held->object != NULL)
		ckpt_object_release(w->held->object);
}

static bool pending(struct ckpt_call *call)
{
	return __atomic_load_n(&call->state, __ATOMIC_ACQUIRE) == CKPT_CALL_PENDING;
}

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void spin(struct ckpt_call *call, int64_t until)
{
	while (pending(call) && ckpt_now() < until)
		for (int i = 0; i < 16 && pending(call); i++)
			relax();
}

uint32_t ckpt_call_run(struct ckpt_call **call, const struct ckpt_held *held)
{
	struct wait w = {.call = *call, .held = held};
	int64_t start = ckpt_now();
	int64_t deadline = ckpt_later(start, ckpt_later(w.call->timeout_ns, CKPT_BACKSTOP_NS));
	uint32_t error = submit(w.call);
	int timed_out = 0;

	if (error != SA_AIS_OK)
		return error;
	spin(w.call, start + CKPT_SPIN_NS);
	pthread_cleanup_push(cancelled, &w);
	while (pending(w.call) && timed_out == 0)
		timed_out = ckpt_futex_wait(&w.call->state, CKPT_CALL_PENDING, deadline);
	pthread_cleanup_pop(0);
	if (timed_out != 0 && abandon(w.call)) {
		*call = NULL;
		return SA_AIS_ERR_TIMEOUT;
	}
	return w.call->error;
}

uint32_t ckpt_call_on(struct ckpt_object *object, struct ckpt_call **call)
{
	struct ckpt_held held = {.object = object};

	return ckpt_call_run(call, &held);
}
