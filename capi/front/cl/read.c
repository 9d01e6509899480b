/* Reading elements. */
#include "client.h"
#include "fork.h"
#include "public.h"
#include "reading.h"

/* Sizes are checked first: callers pass sizes larger than their buffer and expect to be told. */
static bool sizes_valid(const struct cl_checkpoint *c, const ClCkptIOVectorElementT *v, ClUint32T n, ClUint32T *bad)
{
	ClSizeT most = cl_section_size_max(c);

	for (*bad = 0; *bad < n; ++*bad) {
		const ClCkptIOVectorElementT *e = &v[*bad];

		if (e->dataOffset < 0 || (ClSizeT)e->dataOffset > most || (e->dataBuffer != NULL && e->dataSize > most))
			return false;
	}
	return true;
}

static bool ids_valid(const struct cl_checkpoint *c, const ClCkptIOVectorElementT *v, ClUint32T n, ClUint32T *bad)
{
	for (*bad = 0; *bad < n; ++*bad) {
		const ClCkptSectionIdT *id = &v[*bad].sectionId;

		if (id->idLen > 0 ? id->id == NULL : c->base.attributes.max_sections != 1)
			return false;
	}
	return true;
}

static ClRcT read_elements(struct cl_checkpoint *c, ClCkptIOVectorElementT *v, ClUint32T n, ClUint32T *bad)
{
	if (!sizes_valid(c, v, n, bad))
		return CL_CKPT_ERR_INVALID_PARAMETER;
	if (!(c->base.open_flags & CL_CKPT_CHECKPOINT_READ)) {
		*bad = 0;
		return CL_CKPT_ERR_OP_NOT_PERMITTED;
	}
	if (!ids_valid(c, v, n, bad))
		return CL_CKPT_ERR_NULL_POINTER;
	return cl_code((SaAisErrorT)ckpt_read(&c->base, (struct ckpt_part *)v, n, true, bad));
}

CKPT_PUBLIC ClRcT clCkptCheckpointRead(ClCkptHdlT checkpointHandle, ClCkptIOVectorElementT *ioVector,
				       ClUint32T numberOfElements, ClUint32T *erroneousVectorIndex)
{
	struct cl_checkpoint *c;
	ClUint32T bad = 0;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (erroneousVectorIndex != NULL)
		*erroneousVectorIndex = 0;
	if (ioVector == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	if (numberOfElements == 0)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	rc = read_elements(c, ioVector, numberOfElements, &bad);
	if (erroneousVectorIndex != NULL && rc != CL_OK)
		*erroneousVectorIndex = bad;
	ckpt_object_release(&c->base.object);
	return rc;
}
