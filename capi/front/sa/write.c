/* Write and Overwrite. */
#include "client.h"
#include "fork.h"
#include "public.h"
#include "update.h"

/* An id that claims bytes but has none. */
static bool id_broken(const SaCkptSectionIdT *id)
{
	return id->idLen > 0 && id->id == NULL;
}

static SaAisErrorT elements_valid(const struct sa_checkpoint *c, const SaCkptIOVectorElementT *v, SaUint32T n, SaUint32T *bad)
{
	for (SaUint32T i = 0; i < n; i++)
		if (v[i].dataSize > c->base.attributes.max_section_size || (v[i].dataBuffer == NULL && v[i].dataSize > 0) ||
		    id_broken(&v[i].sectionId)) {
			*bad = i;
			return SA_AIS_ERR_INVALID_PARAM;
		}
	return SA_AIS_OK;
}

CKPT_PUBLIC SaAisErrorT saCkptCheckpointWrite(SaCkptCheckpointHandleT checkpointHandle,
					      const SaCkptIOVectorElementT *ioVector, SaUint32T numberOfElements,
					      SaUint32T *erroneousVectorIndex)
{
	struct sa_checkpoint *c;
	SaUint32T bad = 0;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (ioVector == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	if (erroneousVectorIndex != NULL)
		*erroneousVectorIndex = 0;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = elements_valid(c, ioVector, numberOfElements, &bad);
	if (error == SA_AIS_OK && !(c->base.open_flags & SA_CKPT_CHECKPOINT_WRITE))
		error = SA_AIS_ERR_ACCESS;
	if (error == SA_AIS_OK && numberOfElements == 0)
		error = SA_AIS_ERR_INVALID_PARAM;
	if (error == SA_AIS_OK)
		error = (SaAisErrorT)ckpt_write(&c->base, (const struct ckpt_part *)ioVector, numberOfElements, &bad);
	if (erroneousVectorIndex != NULL)
		*erroneousVectorIndex = bad;
	sa_checkpoint_release(c);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionOverwrite(SaCkptCheckpointHandleT checkpointHandle,
					       const SaCkptSectionIdT *sectionId, const void *dataBuffer,
					       SaSizeT dataSize)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionId == NULL || dataBuffer == NULL || id_broken(sectionId))
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	if (!(c->base.open_flags & SA_CKPT_CHECKPOINT_WRITE))
		error = SA_AIS_ERR_ACCESS;
	else if (dataSize > c->base.attributes.max_section_size)
		error = SA_AIS_ERR_INVALID_PARAM;
	else
		error = (SaAisErrorT)ckpt_overwrite(&c->base, sectionId->id, sectionId->idLen, dataBuffer, dataSize);
	sa_checkpoint_release(c);
	return error;
}
