/* Write and Overwrite. */
#include "client.h"
#include "fork.h"
#include "public.h"
#include "update.h"

/* Whether an id names a section of this checkpoint at all. */
static bool id_names(const struct cl_checkpoint *c, const ClCkptSectionIdT *id)
{
	return id->idLen > 0 ? id->id != NULL : c->base.attributes.max_sections == 1;
}

static bool element_valid(const struct cl_checkpoint *c, const ClCkptIOVectorElementT *e)
{
	ClSizeT end;

	return (e->dataBuffer != NULL || e->dataSize == 0) && e->dataOffset >= 0 &&
	       !__builtin_add_overflow((ClSizeT)e->dataOffset, e->dataSize, &end) && end <= cl_section_size_max(c) &&
	       id_names(c, &e->sectionId);
}

static uint32_t write_allowed(const struct cl_checkpoint *c, const ClCkptIOVectorElementT *v, ClUint32T n, ClUint32T *bad)
{
	for (*bad = 0; *bad < n; ++*bad)
		if (!element_valid(c, &v[*bad]))
			return SA_AIS_ERR_INVALID_PARAM;
	*bad = 0;
	return cl_may_write(c) ? SA_AIS_OK : SA_AIS_ERR_ACCESS;
}

/* Whether an error of the service can be that of one element. */
static bool of_element(uint32_t error)
{
	return error == SA_AIS_ERR_INVALID_PARAM || error == SA_AIS_ERR_NOT_EXIST || error == SA_AIS_ERR_NO_RESOURCES ||
	       error == SA_AIS_ERR_FAILED_OPERATION;
}

CKPT_PUBLIC ClRcT clCkptCheckpointWrite(ClCkptHdlT checkpointHandle, const ClCkptIOVectorElementT *ioVector,
					ClUint32T numberOfElements, ClUint32T *erroneousVectorIndex)
{
	struct cl_checkpoint *c;
	uint32_t error, bad;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (ioVector == NULL || numberOfElements == 0)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	error = write_allowed(c, ioVector, numberOfElements, &bad);
	if (error == SA_AIS_OK)
		error = ckpt_write(&c->base, (const struct ckpt_part *)ioVector, numberOfElements, &bad);
	if (erroneousVectorIndex != NULL && of_element(error))
		*erroneousVectorIndex = bad;
	return cl_checkpoint_done(c, error);
}

CKPT_PUBLIC ClRcT clCkptSectionOverwrite(ClCkptHdlT checkpointHandle, const ClCkptSectionIdT *sectionId,
					 const void *dataBuffer, ClSizeT dataSize)
{
	struct cl_checkpoint *c;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (sectionId == NULL || dataBuffer == NULL || (sectionId->idLen > 0 && sectionId->id == NULL))
		return CL_CKPT_ERR_NULL_POINTER;
	if (dataSize == 0)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	if (dataSize > cl_section_size_max(c) || !id_names(c, sectionId))
		error = SA_AIS_ERR_INVALID_PARAM;
	else if (!cl_may_write(c))
		error = SA_AIS_ERR_ACCESS;
	else
		error = ckpt_overwrite(&c->base, sectionId->id, sectionId->idLen, dataBuffer, dataSize);
	return cl_checkpoint_done(c, error);
}
