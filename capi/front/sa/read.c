/*
 * Reading. As long as this node's replica can answer, a read is a copy out of the mapped segment: no system call, no lock,
 * nothing of the engine. Whatever the replica cannot decide by itself goes to the engine from that element on.
 */
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "client.h"
#include "fork.h"
#include "public.h"

/* An answer that is not one: the engine is to be asked. No SaAisErrorT has this value. */
#define ASK_ENGINE ((SaAisErrorT)0)

static SaAisErrorT answer(int status)
{
	switch (status) {
	case CKPT_READ_OK:
		return SA_AIS_OK;
	case CKPT_READ_NO_SECTION:
		return SA_AIS_ERR_NOT_EXIST;
	case CKPT_READ_BAD_OFFSET:
		return SA_AIS_ERR_INVALID_PARAM;
	case CKPT_READ_CORRUPTED:
		return SA_AIS_ERR_FAILED_OPERATION;
	default:
		return ASK_ENGINE;
	}
}

static int read_given(ckpt_reader *r, SaCkptIOVectorElementT *e)
{
	uint64_t n;
	int status = ckpt_reader_read(r, e->sectionId.id, e->sectionId.idLen, e->dataOffset, e->dataBuffer, e->dataSize,
				      &n);

	if (status == CKPT_READ_OK)
		e->readSize = n;
	return status;
}

/* Reads everything from the offset on into a new block. One byte more than there is to read is asked for: if it comes,
 * the section has grown since its size was looked up. */
static int read_allocated(ckpt_reader *r, SaCkptIOVectorElementT *e)
{
	int status = CKPT_READ_ASK;

	for (int attempt = 0; attempt < CKPT_READ_ATTEMPTS_MAX; attempt++) {
		struct ckpt_section_stat section;
		uint64_t size, n;
		void *block;

		status = ckpt_reader_stat(r, e->sectionId.id, e->sectionId.idLen, &section);
		if (status != CKPT_READ_OK)
			return status;
		size = section.size > e->dataOffset ? section.size - e->dataOffset : 0;
		block = malloc(size + 1);
		if (block == NULL)
			return CKPT_READ_ASK;
		status = ckpt_reader_read(r, e->sectionId.id, e->sectionId.idLen, e->dataOffset, block, size + 1, &n);
		if (status == CKPT_READ_OK && n > 0 && n <= size) {
			e->dataBuffer = block;
			e->readSize = n;
			return CKPT_READ_OK;
		}
		free(block);
		if (status != CKPT_READ_OK)
			return status;
		if (n == 0) {
			e->readSize = 0;
			return CKPT_READ_OK;
		}
	}
	return CKPT_READ_ASK;
}

static int read_once(ckpt_reader *r, SaCkptIOVectorElementT *e, bool given)
{
	return given ? read_given(r, e) : read_allocated(r, e);
}

/* Not the usual case: the mapping is too short, or the replica has gone. */
static SaAisErrorT read_renewed(struct checkpoint *c, ckpt_reader *r, int status, SaCkptIOVectorElementT *e, bool given)
{
	for (int attempt = 0; attempt < CKPT_READ_ATTEMPTS_MAX; attempt++) {
		r = ckpt_replica_renew(&c->replica, r, status, c->id, &c->object);
		if (r == NULL)
			return ASK_ENGINE;
		status = read_once(r, e, given);
		if (status != CKPT_READ_REMAP && status != CKPT_READ_GONE)
			return answer(status);
	}
	return ASK_ENGINE;
}

static SaAisErrorT read_local(struct checkpoint *c, SaCkptIOVectorElementT *e)
{
	ckpt_reader *r = atomic_load_explicit(&c->replica.reader, memory_order_acquire);
	bool given = e->dataBuffer != NULL;
	int status;

	if (r == NULL)
		return read_renewed(c, NULL, CKPT_READ_GONE, e, given);
	status = read_once(r, e, given);
	if (status == CKPT_READ_REMAP || status == CKPT_READ_GONE)
		return read_renewed(c, r, status, e, given);
	return answer(status);
}

/* ---- Through the engine ---- */

static void take(SaCkptIOVectorElementT *e, struct ckpt_element *found)
{
	e->readSize = found->data != NULL ? found->size : 0;
	if (e->dataBuffer == NULL) {
		if (e->readSize > 0) {
			e->dataBuffer = found->data;
			found->data = NULL;
		}
		return;
	}
	if (e->readSize > e->dataSize)
		e->readSize = e->dataSize;
	if (e->readSize > 0)
		memcpy(e->dataBuffer, found->data, e->readSize);
}

static SaAisErrorT read_engine(struct checkpoint *c, SaCkptIOVectorElementT *v, SaUint32T n, SaUint32T *bad)
{
	struct ckpt_call *call = checkpoint_call(c, CKPT_OP_READ, n);
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	for (SaUint32T i = 0; i < n; i++) {
		call->elements[i].id = v[i].sectionId.id;
		call->elements[i].id_len = v[i].sectionId.idLen;
		call->elements[i].offset = v[i].dataOffset;
		call->elements[i].size = v[i].dataBuffer != NULL ? v[i].dataSize : c->attributes.max_section_size;
	}
	error = client_call(&c->object, &call);
	if (error == SA_AIS_OK)
		for (SaUint32T i = 0; i < n; i++)
			take(&v[i], &call->elements[i]);
	else if (call != NULL)
		*bad += call->index;
	ckpt_call_free(call);
	return error;
}

/* ---- All elements ---- */

/* Which elements came without a buffer, so that an error can take back what was allocated for them. */
struct allocated {
	bool one;
	bool *each;	/* NULL when there is one element, or when all came with a buffer */
};

static bool allocated_note(struct allocated *a, const SaCkptIOVectorElementT *v, SaUint32T n)
{
	SaUint32T first = 0;

	*a = (struct allocated){.one = n == 1 && v[0].dataBuffer == NULL};
	while (first < n && v[first].dataBuffer != NULL)
		first++;
	if (n == 1 || first == n)
		return true;
	a->each = malloc(n * sizeof *a->each);
	if (a->each == NULL)
		return false;
	for (SaUint32T i = 0; i < n; i++)
		a->each[i] = v[i].dataBuffer == NULL;
	return true;
}

static void allocated_end(struct allocated *a, SaCkptIOVectorElementT *v, SaUint32T n, bool keep)
{
	for (SaUint32T i = 0; !keep && i < n; i++)
		if (a->each != NULL ? a->each[i] : a->one) {
			free(v[i].dataBuffer);
			v[i].dataBuffer = NULL;
		}
	free(a->each);
}

static SaAisErrorT read_elements(struct checkpoint *c, SaCkptIOVectorElementT *v, SaUint32T n, SaUint32T *bad)
{
	SaAisErrorT error = SA_AIS_OK;
	struct allocated allocated;

	if (!allocated_note(&allocated, v, n))
		return SA_AIS_ERR_NO_MEMORY;
	for (*bad = 0; *bad < n; ++*bad) {
		error = read_local(c, &v[*bad]);
		if (error != SA_AIS_OK)
			break;
	}
	if (error == ASK_ENGINE)
		error = read_engine(c, &v[*bad], n - *bad, bad);
	allocated_end(&allocated, v, n, error == SA_AIS_OK);
	return error;
}

/* Sizes are checked first: callers pass sizes larger than their buffer and expect to be told. */
static SaAisErrorT elements_valid(const struct checkpoint *c, const SaCkptIOVectorElementT *v, SaUint32T n, SaUint32T *bad)
{
	SaSizeT most = c->attributes.max_section_size;

	for (SaUint32T i = 0; i < n; i++) {
		bool fits = v[i].dataBuffer == NULL || (v[i].dataSize <= most && v[i].dataOffset <= most - v[i].dataSize);

		if (!fits || (v[i].sectionId.idLen > 0 && v[i].sectionId.id == NULL)) {
			*bad = i;
			return SA_AIS_ERR_INVALID_PARAM;
		}
	}
	return n == 0 ? SA_AIS_ERR_INVALID_PARAM : SA_AIS_OK;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointRead(SaCkptCheckpointHandleT checkpointHandle, SaCkptIOVectorElementT *ioVector,
					     SaUint32T numberOfElements, SaUint32T *erroneousVectorIndex)
{
	struct checkpoint *c;
	SaUint32T bad = 0;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (ioVector == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	if (erroneousVectorIndex != NULL)
		*erroneousVectorIndex = 0;
	for (SaUint32T i = 0; i < numberOfElements; i++)
		if (ioVector[i].dataBuffer != NULL && ioVector[i].dataSize == 0)
			return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (!(c->open_flags & SA_CKPT_CHECKPOINT_READ))
		error = SA_AIS_ERR_ACCESS;
	else
		error = elements_valid(c, ioVector, numberOfElements, &bad);
	if (error == SA_AIS_OK)
		error = read_elements(c, ioVector, numberOfElements, &bad);
	if (erroneousVectorIndex != NULL && error != SA_AIS_OK)
		*erroneousVectorIndex = bad;
	ckpt_object_release(&c->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptIOVectorElementDataFree(SaCkptCheckpointHandleT checkpointHandle, void *data)
{
	struct checkpoint *c;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (data == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	ckpt_object_release(&c->object);
	free(data);
	return SA_AIS_OK;
}
