/*
 * The service gives sections in pages, in the order of the ids, from behind the last one seen; so
 * a section that exists all the time is found exactly once whatever happens beside it.
 *
 * A page is a look at the past. Where the local replica can tell, each section is looked up again before it is handed
 * out; where it cannot, pages have one section and are fetched when they are wanted.
 */
#include "iteration.h"

#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "call.h"
#include "saAis.h"

#define NEVER INT64_MAX	/* expiration of a section that does not expire */
#define STATE_CORRUPTED 2

struct ckpt_iteration {
	struct ckpt_object object;	/* its parent is the checkpoint handle */
	enum ckpt_choice chosen;
	int64_t time;
	pthread_mutex_t lock;		/* one Next at a time; guards what follows */
	struct ckpt_section *page;
	uint32_t count, position;	/* sections in page; the next one to look at */
	bool more;			/* sections follow behind the page */
	bool started;			/* seen is valid */
	uint8_t *seen;			/* last id looked at, seen_length bytes */
	uint16_t seen_length;
	uint8_t *shown;			/* id the caller may hold */
};

static struct ckpt_checkpoint *checkpoint_of(const struct ckpt_iteration *i)
{
	return (struct ckpt_checkpoint *)i->object.parent;
}

static void iteration_destroy(struct ckpt_object *object)
{
	struct ckpt_iteration *i = (struct ckpt_iteration *)object;

	free(i->page);
	free(i->seen);
	free(i->shown);
	pthread_mutex_destroy(&i->lock);
	free(i);
}

/* A malloc block with a section's id, and a NUL byte behind it. */
static uint8_t *copy_id(const struct ckpt_section *s)
{
	uint8_t *copy = malloc(s->id_len + 1);

	if (copy == NULL)
		return NULL;
	if (s->id_len > 0)
		memcpy(copy, s->id, s->id_len);
	copy[s->id_len] = 0;
	return copy;
}

/* Notes the last section looked at. false: no memory. */
static bool note_seen(struct ckpt_iteration *i, const struct ckpt_section *s)
{
	uint8_t *copy = copy_id(s);

	if (copy == NULL)
		return false;
	free(i->seen);
	i->seen = copy;
	i->seen_length = (uint16_t)s->id_len;
	i->started = true;
	return true;
}

static void unlock(void *iteration)
{
	pthread_mutex_unlock(&((struct ckpt_iteration *)iteration)->lock);
}

/* Replaces the page by the one behind the last section looked at. */
static uint32_t fetch(struct ckpt_iteration *i, uint32_t limit)
{
	struct ckpt_held held = {.object = &i->object, .undo = unlock, .argument = i};
	struct ckpt_call *call = ckpt_checkpoint_call(checkpoint_of(i), CKPT_OP_SECTIONS, 1);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->chosen = i->chosen;
	call->time_ns = i->time;
	call->limit = limit;
	call->resume = i->started;
	call->elements[0].id = i->seen;
	call->elements[0].id_len = i->seen_length;
	error = ckpt_call_run(&call, &held);
	if (error == SA_AIS_OK) {
		free(i->page);
		i->page = call->list;
		i->count = call->list_count;
		i->position = 0;
		i->more = call->more != 0;
		call->list = NULL;
	}
	ckpt_call_free(call);
	return error;
}

static bool matches(const struct ckpt_iteration *i, const struct ckpt_section *s)
{
	switch (i->chosen) {
	case CKPT_SECTIONS_FOREVER:
		return s->expiration_ns == NEVER;
	case CKPT_SECTIONS_LEQ_EXPIRATION_TIME:
		return s->expiration_ns <= i->time;
	case CKPT_SECTIONS_GEQ_EXPIRATION_TIME:
		return s->expiration_ns >= i->time;
	case CKPT_SECTIONS_CORRUPTED:
		return s->state == STATE_CORRUPTED;
	default:
		return true;
	}
}

enum look { LOOK_CURRENT, LOOK_SKIP, LOOK_UNKNOWN };

/* A reader that has what `seen` has not. The thread cannot be cancelled in here: it holds the iteration's lock. */
static ckpt_reader *renew(const struct ckpt_iteration *i, ckpt_reader *seen, int status)
{
	struct ckpt_checkpoint *c = checkpoint_of(i);
	ckpt_reader *r;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	r = ckpt_replica_renew(&c->replica, seen, status, c->id, &c->object);
	pthread_setcancelstate(state, NULL);
	return r;
}

/* Brings a section of the page up to date from the local replica. */
static enum look look_again(const struct ckpt_iteration *i, struct ckpt_section *s)
{
	ckpt_reader *r = atomic_load_explicit(&checkpoint_of(i)->replica.reader, memory_order_acquire);
	struct ckpt_section_stat now;
	int status;

	if (r == NULL)
		return LOOK_UNKNOWN;
	status = ckpt_reader_stat(r, s->id, (uint16_t)s->id_len, &now);
	if (status == CKPT_READ_REMAP || status == CKPT_READ_GONE) {
		r = renew(i, r, status);
		if (r == NULL)
			return LOOK_UNKNOWN;
		status = ckpt_reader_stat(r, s->id, (uint16_t)s->id_len, &now);
	}
	if (status == CKPT_READ_NO_SECTION)
		return LOOK_SKIP;
	if (status != CKPT_READ_OK)
		return LOOK_UNKNOWN;
	s->size = now.size;
	s->expiration_ns = now.expiration;
	s->last_update_ns = now.last_update;
	s->state = now.state;
	return matches(i, s) ? LOOK_CURRENT : LOOK_SKIP;
}

static uint32_t page_size(const struct ckpt_iteration *i)
{
	bool local = atomic_load_explicit(&checkpoint_of(i)->replica.reader, memory_order_acquire) != NULL;

	return local ? CKPT_SECTIONS_PER_PAGE : 1;
}

/* Finds the next section to hand out. *found is in the page, which it has been counted off. */
static uint32_t advance(struct ckpt_iteration *i, struct ckpt_section **found)
{
	bool fresh = false;	/* the page is the one section that the service has just told */

	for (;;) {
		enum look look = LOOK_CURRENT;
		uint32_t error;

		if (i->position == i->count) {
			if (!i->more)
				return SA_AIS_ERR_NO_SECTIONS;
			error = fetch(i, page_size(i));
			if (error != SA_AIS_OK)
				return error;
			fresh = true;
			if (i->count == 0)
				i->more = false;
			continue;
		}
		*found = &i->page[i->position];
		if (!fresh || i->count > 1)
			look = look_again(i, *found);
		if (look == LOOK_UNKNOWN) {
			error = fetch(i, 1);
			if (error != SA_AIS_OK)
				return error;
			fresh = true;
			if (i->count == 0)
				i->more = false;
			continue;
		}
		if (!note_seen(i, *found))
			return SA_AIS_ERR_NO_MEMORY;
		i->position++;
		if (look == LOOK_CURRENT)
			return SA_AIS_OK;
	}
}

static uint32_t show(struct ckpt_iteration *i, bool give, struct ckpt_section *out)
{
	struct ckpt_section *s;
	uint32_t error = advance(i, &s);
	uint8_t *id;

	if (error != SA_AIS_OK)
		return error;
	id = copy_id(s);
	if (id == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	*out = *s;
	out->id = s->id_len > 0 ? id : NULL;
	if (!give) {
		free(i->shown);
		i->shown = id;
	} else if (s->id_len == 0) {
		free(id);
	}
	return SA_AIS_OK;
}

static void iteration_abandon(struct ckpt_iteration *i)
{
	ckpt_object_retire(&i->object);
	ckpt_object_release(&i->object);
}

/* An iteration that is not usable yet, with a reference for the caller. NULL: no memory, or c was closed. */
static struct ckpt_iteration *iteration_new(struct ckpt_checkpoint *c, enum ckpt_choice chosen, int64_t time)
{
	enum ckpt_kind kind = ckpt_library_of(c)->api->iteration;
	struct ckpt_iteration *i = calloc(1, sizeof *i);

	if (i == NULL)
		return NULL;
	i->chosen = chosen;
	i->time = time;
	i->more = true;
	pthread_mutex_init(&i->lock, NULL);
	if (!ckpt_object_register(&i->object, kind, &c->object, iteration_destroy)) {
		iteration_destroy(&i->object);
		return NULL;
	}
	return ckpt_object_acquire_pending(i->object.handle, kind);
}

/* The service is asked once even if nothing is kept of the answer: it alone knows whether there is an active replica. */
static uint32_t start(struct ckpt_iteration *i)
{
	uint32_t error;

	pthread_mutex_lock(&i->lock);
	error = fetch(i, page_size(i));
	if (error == SA_AIS_OK && i->count == 1) {
		i->count = 0;
		i->more = true;
	}
	unlock(i);
	return error;
}

uint32_t ckpt_iteration_start(struct ckpt_checkpoint *c, enum ckpt_choice chosen, int64_t time_ns, uint64_t *handle)
{
	struct ckpt_iteration *i = iteration_new(c, chosen, time_ns);
	uint32_t error;

	ckpt_object_release(&c->object);
	if (i == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	error = start(i);
	if (error == SA_AIS_OK && !ckpt_object_activate(&i->object))
		error = SA_AIS_ERR_BAD_HANDLE;
	if (error != SA_AIS_OK) {
		iteration_abandon(i);
		return error;
	}
	*handle = i->object.handle;
	ckpt_object_release(&i->object);
	return SA_AIS_OK;
}

uint32_t ckpt_iteration_next(struct ckpt_iteration *i, bool give, struct ckpt_section *s)
{
	uint32_t error;

	pthread_mutex_lock(&i->lock);
	error = show(i, give, s);
	unlock(i);
	return error;
}

uint32_t ckpt_iteration_end(struct ckpt_iteration *i)
{
	return ckpt_object_retire(&i->object) ? SA_AIS_OK : SA_AIS_ERR_BAD_HANDLE;
}

const struct ckpt_library *ckpt_iteration_library(const struct ckpt_iteration *i)
{
	return ckpt_library_of(checkpoint_of(i));
}

void ckpt_iteration_release(struct ckpt_iteration *i)
{
	ckpt_object_release(&i->object);
}
