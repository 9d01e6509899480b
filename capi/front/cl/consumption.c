/*
 * Immediate consumption: callbacks for what other processes do to a checkpoint, without Dispatch. A service handle gets a
 * thread with its first registration; the thread takes events from a queue of their own in the engine, one after
 * the other, and calls the application's functions with every signal blocked. A callback may call any function: the
 * thread holds no lock and no reference but the one to the service handle meanwhile.
 */
#include <stdlib.h>

#include "client.h"
#include "clock.h"
#include "dispatch.h"
#include "fork.h"
#include "futex.h"
#include "loader.h"
#include "notify.h"
#include "park.h"
#include "public.h"
#include "reading.h"
#include "signals.h"
#include "thread.h"

/* The document's type of callback; the header has one of the two. */
typedef ClRcT notification_23(ClNameT *name, ClCkptHdlT handle);

/* ---- Delivery ---- */

/* Reads the data that did not come along into one new block. A section that is gone has size 0; what cannot be read has
 * no data and readSize 0. */
static void *read_missing(struct cl_checkpoint *c, struct ckpt_part *v, uint32_t n)
{
	uint64_t total = 0, used = 0;
	uint8_t *block;

	for (uint32_t i = 0; i < n; i++)
		if (v[i].data == NULL && __builtin_add_overflow(total, v[i].size, &total))
			return NULL;
	block = total > 0 ? malloc(total) : NULL;
	for (uint32_t i = 0; i < n && block != NULL; i++) {
		uint32_t error, bad;

		if (v[i].data != NULL || v[i].size == 0)
			continue;
		v[i].data = block + used;
		used += v[i].size;
		error = ckpt_read(&c->base, &v[i], 1, true, &bad);
		if (error == SA_AIS_OK) {
			v[i].size = v[i].read_size;
			continue;
		}
		v[i].data = NULL;
		v[i].read_size = 0;
		if (error == SA_AIS_ERR_NOT_EXIST)
			v[i].size = v[i].offset = 0;
	}
	return block;
}

static void call(const struct cl_registration *r, ClCkptHdlT handle, ClNameT *name, const struct ckpt_due *due)
{
	if (r->document)
		((notification_23 *)r->callback)(name, handle);
	else
		((ClCkptNotificationCallbackT)r->callback)(handle, name, (ClCkptIOVectorElementT *)due->vector, due->count,
							   r->cookie);
}

/* Makes the callback of an event, if its handle still has one. */
static void deliver(struct cl_library *l, struct ckpt_event *event)
{
	struct cl_checkpoint *c = cl_checkpoint_acquire(event->tag);
	struct cl_registration registration;
	struct ckpt_due due = {0};
	uint64_t parked[3];
	ClNameT name;
	void *data = NULL;

	if (c == NULL)
		return;
	pthread_mutex_lock(&l->base.lock);
	registration = c->registration;
	pthread_mutex_unlock(&l->base.lock);
	name = c->name;
	if (registration.callback == NULL || event->element_count == 0 || !ckpt_due_elements(&due, event)) {
		ckpt_object_release(&c->base.object);
		return;
	}
	for (uint32_t i = 0; i < due.count; i++)
		due.vector[i].read_size = due.vector[i].size;
	if (!registration.document)
		data = read_missing(c, due.vector, due.count);
	ckpt_object_release(&c->base.object);
	parked[0] = ckpt_park(due.vector);
	parked[1] = ckpt_park(due.elements);
	parked[2] = ckpt_park(data);
	call(&registration, event->tag, &name, &due);
	for (int i = 0; i < 3; i++)
		ckpt_unpark(parked[i]);
}

/* ---- The thread ---- */

/* Says which handle the thread is dealing with an event of, 0 for none. */
static void set_busy(struct cl_library *l, uint64_t handle)
{
	pthread_mutex_lock(&l->base.lock);
	l->consumer.busy = handle;
	pthread_mutex_unlock(&l->base.lock);
	if (handle == 0) {
		__atomic_add_fetch(&l->consumer.turn, 1, __ATOMIC_RELEASE);
		ckpt_futex_wake(&l->consumer.turn);
	}
}

static void *consume(void *library);

/* The thread ends because a callback has called pthread_exit: another one goes on, and takes over the reference. */
static void replaced(void *library)
{
	struct cl_library *l = library;
	struct cl_consumer *t = &l->consumer;
	pthread_t next;
	bool goes_on;

	set_busy(l, 0);		/* first: with the reference the next thread may free l */
	pthread_mutex_lock(&l->base.lock);
	goes_on = t->started && ckpt_thread_start(&next, 0, consume, l) == 0;
	if (goes_on) {
		pthread_detach(t->thread);
		t->thread = next;
	} else {
		t->over = true;
	}
	pthread_mutex_unlock(&l->base.lock);
	if (!goes_on)
		ckpt_object_release(&l->base.object);
}

/* Takes the oldest event: 1 taken, 0 none waits, -1 the handle has been finalized. */
static int take(struct cl_library *l, struct ckpt_event *event)
{
	struct ckpt_entry entry;
	int taken;

	if (atomic_load_explicit(&l->base.finalized, memory_order_acquire))
		return -1;
	ckpt_engine_enter(&entry);
	taken = ckpt_engine.consumed(l->base.id, event);
	ckpt_engine_leave(&entry);
	return taken;
}

static void *consume(void *library)
{
	struct cl_library *l = library;
	int taken, enabled;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &enabled);
	pthread_cleanup_push(replaced, l);
	for (;;) {
		uint32_t heard = __atomic_load_n(l->base.consumption_bell, __ATOMIC_ACQUIRE);
		struct ckpt_event event = {.fd = -1};

		taken = take(l, &event);
		if (taken < 0)
			break;
		if (taken == 0) {
			ckpt_wait_for_bell(&l->base, l->base.consumption_bell, heard);
			continue;
		}
		set_busy(l, event.tag);
		deliver(l, &event);
		free(event.elements);
		set_busy(l, 0);
	}
	pthread_cleanup_pop(0);
	ckpt_object_release(&l->base.object);
	return NULL;
}

/* Starts the thread unless there is one. The caller holds the library's lock. */
static uint32_t start_locked(struct cl_library *l)
{
	struct cl_consumer *t = &l->consumer;

	if (atomic_load_explicit(&l->base.finalized, memory_order_relaxed))
		return SA_AIS_ERR_BAD_HANDLE;
	if (t->started && !t->over)
		return SA_AIS_OK;
	if (t->started)	/* a callback has ended it, and there was no other */
		pthread_detach(t->thread);
	t->over = false;
	t->started = cl_library_acquire(l->base.object.handle) != NULL;
	if (!t->started)
		return SA_AIS_ERR_BAD_HANDLE;
	if (ckpt_thread_start(&t->thread, 0, consume, l) == 0)
		return SA_AIS_OK;
	t->started = false;
	ckpt_object_release(&l->base.object);	/* not the last one: the caller has one */
	return SA_AIS_ERR_NO_RESOURCES;
}

/* Waits for a callback that is running, of one handle or (0) of any; for a moment, and not in the callback itself.
 * The thread cannot be cancelled in here: it holds a reference. */
static void settle(struct cl_library *l, uint64_t handle)
{
	int64_t deadline = ckpt_later(ckpt_now(), CKPT_CONSUMPTION_WAIT_NS);
	struct cl_consumer *t = &l->consumer;
	bool timed_out = false;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&l->base.lock);
	while (!timed_out && t->started && t->busy != 0 && (handle == 0 || t->busy == handle) &&
	       !pthread_equal(t->thread, pthread_self())) {
		uint32_t turn = __atomic_load_n(&t->turn, __ATOMIC_ACQUIRE);

		pthread_mutex_unlock(&l->base.lock);
		timed_out = ckpt_futex_wait(&t->turn, turn, deadline) != 0;
		pthread_mutex_lock(&l->base.lock);
	}
	pthread_mutex_unlock(&l->base.lock);
	pthread_setcancelstate(state, NULL);
}

/* Lets go of the thread of a finalized handle: joins it unless it is in a callback, or is the caller. */
static void end_thread(struct cl_library *l)
{
	struct cl_consumer *t = &l->consumer;
	bool started, busy;
	int state;

	pthread_mutex_lock(&l->base.lock);
	started = t->started;
	busy = t->busy != 0;
	t->started = false;
	pthread_mutex_unlock(&l->base.lock);
	if (!started)
		return;
	if (busy) {
		pthread_detach(t->thread);
		return;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_join(t->thread, NULL);
	pthread_setcancelstate(state, NULL);
}

void cl_consumption_end(struct cl_library *l, uint64_t handle)
{
	settle(l, handle);
	if (handle == 0)
		end_thread(l);
}

/* ---- Registering ---- */

/* One registration at a time in the process. */
static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;

static void unlock(void *mutex)
{
	pthread_mutex_unlock(mutex);
}

/* The notifications that a registration takes. */
static uint32_t notifications(const struct cl_registration *r)
{
	if (r->callback == NULL)
		return 0;
	return CKPT_NOTIFY_CONSUME | (r->document ? 0u : (uint32_t)CKPT_NOTIFY_DATA);
}

static uint32_t exchange(struct cl_checkpoint *c, const struct cl_registration *new, struct cl_registration *old)
{
	struct cl_library *l = cl_library_of(c);
	uint32_t error = SA_AIS_OK;

	pthread_mutex_lock(&l->base.lock);
	*old = c->registration;
	if (new->callback != NULL)
		error = start_locked(l);
	if (error == SA_AIS_OK)
		c->registration = *new;
	pthread_mutex_unlock(&l->base.lock);
	return error;
}

/* The caller holds registering. */
static uint32_t change(struct cl_checkpoint *c, const struct cl_registration *new)
{
	struct ckpt_held held = {.object = &c->base.object, .undo = unlock, .argument = &registering};
	struct cl_registration old, unused;
	uint32_t error = exchange(c, new, &old);

	if (error != SA_AIS_OK || notifications(new) == notifications(&old))
		return error;
	error = ckpt_notify(&cl_library_of(c)->base, c->base.id, notifications(new), &held);
	if (new->callback == NULL)	/* whatever the engine says: nothing is delivered any more */
		return error == SA_AIS_ERR_BAD_HANDLE ? error : SA_AIS_OK;
	if (error != SA_AIS_OK)
		exchange(c, &old, &unused);
	return error;
}

static ClRcT set(ClCkptHdlT handle, const struct cl_registration *new)
{
	struct cl_checkpoint *c;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	c = cl_checkpoint_acquire(handle);
	if (c == NULL)
		return cl_no_handle();
	pthread_mutex_lock(&registering);
	error = change(c, new);
	pthread_mutex_unlock(&registering);
	if (new->callback == NULL)
		settle(cl_library_of(c), handle);
	return cl_checkpoint_done(c, error);
}

CKPT_PUBLIC ClRcT clCkptImmediateConsumptionRegister(ClCkptHdlT checkpointHandle, ClCkptNotificationCallbackT callback,
						     ClPtrT cookie)
{
	struct cl_registration new = {.callback = (ckpt_function *)callback, .cookie = cookie};

	return set(checkpointHandle, &new);
}

/* What the plain name is mapped to for programs written for the document. */
ClRcT clCkptImmediateConsumptionRegister_23(ClCkptHdlT checkpointHandle, notification_23 *callback);

CKPT_PUBLIC ClRcT clCkptImmediateConsumptionRegister_23(ClCkptHdlT checkpointHandle, notification_23 *callback)
{
	struct cl_registration new = {.callback = (ckpt_function *)callback, .document = true};

	return set(checkpointHandle, &new);
}
