/* Write and Overwrite. */
#include "client.h"
#include "fork.h"
#include "public.h"

/* An id that claims bytes but has none. */
static bool id_broken(const SaCkptSectionIdT *id)
{
	return id->idLen > 0 && id->id == NULL;
}

static SaAisErrorT elements_valid(const struct checkpoint *c, const SaCkptIOVectorElementT *v, SaUint32T n, SaUint32T *bad)
{
	for (SaUint32T i = 0; i < n; i++)
		if (v[i].dataSize > c->attributes.max_section_size || (v[i].dataBuffer == NULL && v[i].dataSize > 0) ||
		    id_broken(&v[i].sectionId)) {
			*bad = i;
			return SA_AIS_ERR_INVALID_PARAM;
		}
	return SA_AIS_OK;
}

static SaAisErrorT write_elements(struct checkpoint *c, const SaCkptIOVectorElementT *v, SaUint32T n, SaUint32T *bad)
{
	struct ckpt_call *call = checkpoint_call(c, CKPT_OP_WRITE, n);
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	for (SaUint32T i = 0; i < n; i++) {
		call->elements[i].id = v[i].sectionId.id;
		call->elements[i].id_len = v[i].sectionId.idLen;
		call->elements[i].data = v[i].dataBuffer;
		call->elements[i].size = v[i].dataSize;
		call->elements[i].offset = v[i].dataOffset;
	}
	error = client_call(&c->object, &call);
	if (error != SA_AIS_OK && call != NULL)
		*bad = call->index;
	ckpt_call_free(call);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointWrite(SaCkptCheckpointHandleT checkpointHandle,
					      const SaCkptIOVectorElementT *ioVector, SaUint32T numberOfElements,
					      SaUint32T *erroneousVectorIndex)
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
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = elements_valid(c, ioVector, numberOfElements, &bad);
	if (error == SA_AIS_OK && !(c->open_flags & SA_CKPT_CHECKPOINT_WRITE))
		error = SA_AIS_ERR_ACCESS;
	if (error == SA_AIS_OK && numberOfElements == 0)
		error = SA_AIS_ERR_INVALID_PARAM;
	if (error == SA_AIS_OK)
		error = write_elements(c, ioVector, numberOfElements, &bad);
	if (erroneousVectorIndex != NULL)
		*erroneousVectorIndex = bad;
	ckpt_object_release(&c->object);
	return error;
}

static SaAisErrorT overwrite(struct checkpoint *c, const SaCkptSectionIdT *id, const void *data, SaSizeT size)
{
	struct ckpt_call *call = checkpoint_call(c, CKPT_OP_OVERWRITE, 1);
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->elements[0].id = id->id;
	call->elements[0].id_len = id->idLen;
	call->elements[0].data = (void *)(uintptr_t)data;
	call->elements[0].size = size;
	error = client_call(&c->object, &call);
	ckpt_call_free(call);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionOverwrite(SaCkptCheckpointHandleT checkpointHandle,
					       const SaCkptSectionIdT *sectionId, const void *dataBuffer,
					       SaSizeT dataSize)
{
	struct checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionId == NULL || dataBuffer == NULL || id_broken(sectionId))
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (!(c->open_flags & SA_CKPT_CHECKPOINT_WRITE))
		error = SA_AIS_ERR_ACCESS;
	else if (dataSize > c->attributes.max_section_size)
		error = SA_AIS_ERR_INVALID_PARAM;
	else
		error = overwrite(c, sectionId, dataBuffer, dataSize);
	ckpt_object_release(&c->object);
	return error;
}
