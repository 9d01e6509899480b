/* Reading. */
#include <stdlib.h>

#include "client.h"
#include "fork.h"
#include "public.h"
#include "reading.h"

/* Sizes are checked first: callers pass sizes larger than their buffer and expect to be told. */
static SaAisErrorT elements_valid(const struct sa_checkpoint *c, const SaCkptIOVectorElementT *v, SaUint32T n, SaUint32T *bad)
{
	SaSizeT most = c->base.attributes.max_section_size;

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
	struct sa_checkpoint *c;
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
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	if (!(c->base.open_flags & SA_CKPT_CHECKPOINT_READ))
		error = SA_AIS_ERR_ACCESS;
	else
		error = elements_valid(c, ioVector, numberOfElements, &bad);
	if (error == SA_AIS_OK)
		error = (SaAisErrorT)ckpt_read(&c->base, (struct ckpt_part *)ioVector, numberOfElements, false, &bad);
	if (erroneousVectorIndex != NULL && error != SA_AIS_OK)
		*erroneousVectorIndex = bad;
	sa_checkpoint_release(c);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptIOVectorElementDataFree(SaCkptCheckpointHandleT checkpointHandle, void *data)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (data == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	sa_checkpoint_release(c);
	free(data);
	return SA_AIS_OK;
}
