/*
 * Going through the sections. The service gives them in pages, in the order of the ids, from behind the last one seen; so
 * a section that exists all the time is found exactly once whatever happens beside it.
 *
 * A page is a look at the past. Where the local replica can tell, each section is looked up again before it is handed
 * out; where it cannot, pages have one section and are fetched when they are wanted.
 */
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "client.h"
#include "fork.h"
#include "public.h"

struct iteration {
	struct ckpt_object object;	/* its parent is the checkpoint handle */
	SaCkptSectionsChosenT chosen;
	SaTimeT time;
	pthread_mutex_t lock;		/* one Next at a time; guards what follows */
	struct ckpt_section *page;
	uint32_t count, position;	/* sections in page; the next one to look at */
	bool more;			/* sections follow behind the page */
	bool started;			/* seen is valid */
	struct bytes { uint8_t *at; uint16_t length; } seen, shown;	/* last id looked at; id the caller may hold */
};

static struct checkpoint *checkpoint_of(const struct iteration *i)
{
	return (struct checkpoint *)i->object.parent;
}

static void iteration_destroy(struct ckpt_object *object)
{
	struct iteration *i = (struct iteration *)object;

	free(i->page);
	free(i->seen.at);
	free(i->shown.at);
	pthread_mutex_destroy(&i->lock);
	free(i);
}

/* A NUL byte that is not counted follows. */
static bool bytes_set(struct bytes *b, const struct ckpt_section *s)
{
	uint8_t *copy = malloc(s->id_len + 1);

	if (copy == NULL)
		return false;
	if (s->id_len > 0)
		memcpy(copy, s->id, s->id_len);
	copy[s->id_len] = 0;
	free(b->at);
	b->at = copy;
	b->length = (uint16_t)s->id_len;
	return true;
}

static void unlock(void *iteration)
{
	pthread_mutex_unlock(&((struct iteration *)iteration)->lock);
}

/* Replaces the page by the one behind the last section looked at. */
static SaAisErrorT fetch(struct iteration *i, uint32_t limit)
{
	struct ckpt_held held = {.object = &i->object, .undo = unlock, .argument = i};
	struct ckpt_call *call = checkpoint_call(checkpoint_of(i), CKPT_OP_SECTIONS, 1);
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->chosen = i->chosen;
	call->time_ns = i->time;
	call->limit = limit;
	call->resume = i->started;
	call->elements[0].id = i->seen.at;
	call->elements[0].id_len = i->seen.length;
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

static bool matches(const struct iteration *i, const struct ckpt_section *s)
{
	switch (i->chosen) {
	case SA_CKPT_SECTIONS_FOREVER:
		return s->expiration_ns == SA_TIME_END;
	case SA_CKPT_SECTIONS_LEQ_EXPIRATION_TIME:
		return s->expiration_ns <= i->time;
	case SA_CKPT_SECTIONS_GEQ_EXPIRATION_TIME:
		return s->expiration_ns >= i->time;
	case SA_CKPT_SECTIONS_CORRUPTED:
		return s->state == SA_CKPT_SECTION_CORRUPTED;
	default:
		return true;
	}
}

enum look { LOOK_CURRENT, LOOK_SKIP, LOOK_UNKNOWN };

/* A reader that has what `seen` has not. The thread cannot be cancelled in here: it holds the iteration's lock. */
static ckpt_reader *renew(const struct iteration *i, ckpt_reader *seen, int status)
{
	struct checkpoint *c = checkpoint_of(i);
	ckpt_reader *r;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	r = ckpt_replica_renew(&c->replica, seen, status, c->id, &c->object);
	pthread_setcancelstate(state, NULL);
	return r;
}

/* Brings a section of the page up to date from the local replica. */
static enum look look_again(const struct iteration *i, struct ckpt_section *s)
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

static uint32_t page_size(const struct iteration *i)
{
	bool local = atomic_load_explicit(&checkpoint_of(i)->replica.reader, memory_order_acquire) != NULL;

	return local ? CKPT_SECTIONS_PER_PAGE : 1;
}

/* Finds the next section to hand out. *found is in the page, which it has been counted off. */
static SaAisErrorT advance(struct iteration *i, struct ckpt_section **found)
{
	bool fresh = false;	/* the page is the one section that the service has just told */

	for (;;) {
		enum look look = LOOK_CURRENT;
		SaAisErrorT error;

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
		if (!bytes_set(&i->seen, *found))
			return SA_AIS_ERR_NO_MEMORY;
		i->started = true;
		i->position++;
		if (look == LOOK_CURRENT)
			return SA_AIS_OK;
	}
}

static SaAisErrorT show(struct iteration *i, SaCkptSectionDescriptorT *d)
{
	struct ckpt_section *s;
	SaAisErrorT error = advance(i, &s);

	if (error != SA_AIS_OK)
		return error;
	if (!bytes_set(&i->shown, s))
		return SA_AIS_ERR_NO_MEMORY;
	d->sectionId.idLen = i->shown.length;
	d->sectionId.id = i->shown.length > 0 ? i->shown.at : NULL;
	d->expirationTime = s->expiration_ns;
	d->sectionSize = s->size;
	d->sectionState = (SaCkptSectionStateT)s->state;
	d->lastUpdate = s->last_update_ns;
	return SA_AIS_OK;
}

static void iteration_abandon(struct iteration *i)
{
	ckpt_object_retire(&i->object);
	ckpt_object_release(&i->object);
}

/* An iteration that is not usable yet, with a reference for the caller. NULL: no memory, or c was closed. */
static struct iteration *iteration_new(struct checkpoint *c, SaCkptSectionsChosenT chosen, SaTimeT time)
{
	struct iteration *i = calloc(1, sizeof *i);

	if (i == NULL)
		return NULL;
	i->chosen = chosen;
	i->time = time;
	i->more = true;
	pthread_mutex_init(&i->lock, NULL);
	if (!ckpt_object_register(&i->object, CKPT_KIND_ITERATION, &c->object, iteration_destroy)) {
		iteration_destroy(&i->object);
		return NULL;
	}
	return ckpt_object_acquire_pending(i->object.handle, CKPT_KIND_ITERATION);
}

/* The service is asked once even if nothing is kept of the answer: it alone knows whether there is an active replica. */
static SaAisErrorT start(struct iteration *i)
{
	SaAisErrorT error;

	pthread_mutex_lock(&i->lock);
	error = fetch(i, page_size(i));
	if (error == SA_AIS_OK && i->count == 1) {
		i->count = 0;
		i->more = true;
	}
	unlock(i);
	return error;
}

CKPT_PUBLIC SaAisErrorT
saCkptSectionIterationInitialize(SaCkptCheckpointHandleT checkpointHandle, SaCkptSectionsChosenT sectionsChosen,
				 SaTimeT expirationTime, SaCkptSectionIterationHandleT *sectionIterationHandle)
{
	struct checkpoint *c;
	struct iteration *i;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionIterationHandle == NULL || sectionsChosen < SA_CKPT_SECTIONS_FOREVER ||
	    sectionsChosen > SA_CKPT_SECTIONS_ANY || expirationTime < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (library_of(c)->newer && !(c->open_flags & SA_CKPT_CHECKPOINT_READ)) {
		ckpt_object_release(&c->object);
		return SA_AIS_ERR_ACCESS;
	}
	i = iteration_new(c, sectionsChosen, expirationTime);
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
	*sectionIterationHandle = i->object.handle;
	ckpt_object_release(&i->object);
	return SA_AIS_OK;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionIterationNext(SaCkptSectionIterationHandleT sectionIterationHandle,
						   SaCkptSectionDescriptorT *sectionDescriptor)
{
	struct iteration *i;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionDescriptor == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	i = ckpt_object_acquire(sectionIterationHandle, CKPT_KIND_ITERATION);
	if (i == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	pthread_mutex_lock(&i->lock);
	error = show(i, sectionDescriptor);
	unlock(i);
	ckpt_object_release(&i->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionIterationFinalize(SaCkptSectionIterationHandleT sectionIterationHandle)
{
	struct iteration *i;
	bool ended;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	i = ckpt_object_acquire(sectionIterationHandle, CKPT_KIND_ITERATION);
	if (i == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	ended = ckpt_object_retire(&i->object);
	ckpt_object_release(&i->object);
	return ended ? SA_AIS_OK : SA_AIS_ERR_BAD_HANDLE;
}
