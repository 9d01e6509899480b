/* Reading all sections of a checkpoint. */
#include <stdlib.h>

#include "clCkptExtApi.h"
#include "clCommonErrors.h"
#include "client.h"
#include "fork.h"
#include "iteration.h"
#include "public.h"
#include "reading.h"

/* What has been read, and what it takes to undo that. */
struct reading {
	struct cl_checkpoint *c;	/* a reference */
	uint64_t iteration;		/* handle, 0 if none */
	ClCkptIOVectorElementT *vector;
	ClUint32T count, capacity;
};

static void end_iteration(struct reading *r)
{
	struct ckpt_iteration *i = ckpt_iteration_acquire(&cl_api, r->iteration);

	if (i == NULL)
		return;
	ckpt_iteration_end(i);
	ckpt_iteration_release(i);
}

static void free_vector(struct reading *r)
{
	if (r->vector != NULL)
		clCkptIOVectorFree(r->vector, r->count);
	free(r->vector);
}

static void cancelled(void *reading)
{
	struct reading *r = reading;

	end_iteration(r);
	free_vector(r);
	ckpt_object_release(&r->c->base.object);
}

/* A free element at the end of the vector, or NULL. */
static ClCkptIOVectorElementT *extend(struct reading *r)
{
	if (r->count == r->capacity) {
		ClUint32T capacity = r->capacity == 0 ? 16 : 2 * r->capacity;
		ClCkptIOVectorElementT *vector = NULL;

		if (capacity > r->capacity)
			vector = realloc(r->vector, (size_t)capacity * sizeof *vector);
		if (vector == NULL)
			return NULL;
		r->vector = vector;
		r->capacity = capacity;
	}
	r->vector[r->count] = (ClCkptIOVectorElementT){0};
	return &r->vector[r->count];
}

/* The calls below give back a reference when the thread is cancelled in them: each gets one of its own. */
static struct ckpt_checkpoint *another(const struct reading *r)
{
	return ckpt_checkpoint_acquire(&cl_api, r->c->base.object.handle);
}

static uint32_t start(struct reading *r)
{
	struct ckpt_checkpoint *c = another(r);

	return c == NULL ? SA_AIS_ERR_BAD_HANDLE : ckpt_iteration_start(c, CKPT_SECTIONS_ANY, 0, &r->iteration);
}

/* Names the next section in a new element. */
static uint32_t name_next(struct reading *r, ClCkptIOVectorElementT *e)
{
	struct ckpt_iteration *i = ckpt_iteration_acquire(&cl_api, r->iteration);
	struct ckpt_section s;
	uint32_t error;

	if (i == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = ckpt_iteration_next(i, true, &s);
	ckpt_iteration_release(i);
	if (error == SA_AIS_OK) {
		e->sectionId.id = s.id;
		e->sectionId.idLen = (ClUint16T)s.id_len;
		r->count++;
	}
	return error;
}

/* Reads what the last element names; a section that has been deleted meanwhile is left out. */
static uint32_t read_last(struct reading *r)
{
	ClCkptIOVectorElementT *e = &r->vector[r->count - 1];
	struct ckpt_checkpoint *c = another(r);
	uint32_t error, bad;

	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = ckpt_read(c, (struct ckpt_part *)e, 1, true, &bad);
	ckpt_object_release(&c->object);
	if (error == SA_AIS_OK)
		e->dataSize = e->readSize;
	if (error != SA_AIS_ERR_NOT_EXIST)
		return error;
	free(e->sectionId.id);
	r->count--;
	return SA_AIS_OK;
}

static uint32_t read_all(struct reading *r)
{
	uint32_t error = start(r);

	while (error == SA_AIS_OK) {
		ClCkptIOVectorElementT *e = extend(r);

		error = e == NULL ? SA_AIS_ERR_NO_MEMORY : name_next(r, e);
		if (error == SA_AIS_OK)
			error = read_last(r);
	}
	return error == SA_AIS_ERR_NO_SECTIONS ? SA_AIS_OK : error;
}

CKPT_PUBLIC ClRcT clCkptCheckpointReadSections(ClCkptHdlT ckptHdl, ClCkptIOVectorElementT **pVec, ClUint32T *numElements)
{
	struct reading r = {0};
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (pVec == NULL || numElements == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	r.c = cl_checkpoint_acquire(ckptHdl);
	if (r.c == NULL)
		return cl_no_handle();
	if (!(r.c->base.open_flags & CL_CKPT_CHECKPOINT_READ))
		return cl_checkpoint_done(r.c, SA_AIS_ERR_ACCESS);
	pthread_cleanup_push(cancelled, &r);
	error = read_all(&r);
	pthread_cleanup_pop(0);
	end_iteration(&r);
	if (error != SA_AIS_OK || r.count == 0) {
		free_vector(&r);
		r.vector = NULL;
	}
	if (error == SA_AIS_OK) {
		*pVec = r.vector;
		*numElements = r.count;
	}
	return cl_checkpoint_done(r.c, error);
}

CKPT_PUBLIC ClRcT clCkptIOVectorFree(ClCkptIOVectorElementT *pVec, ClUint32T numElements)
{
	if (pVec == NULL)
		return CL_ERR_INVALID_PARAMETER;
	for (ClUint32T i = 0; i < numElements; i++) {
		free(pVec[i].sectionId.id);
		free(pVec[i].dataBuffer);
		pVec[i].sectionId.id = NULL;
		pVec[i].dataBuffer = NULL;
	}
	return CL_OK;
}
