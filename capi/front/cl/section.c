/* Sections: creating, deleting, expiration, existence. */
#include "clCkptIpi.h"
#include "client.h"
#include "fork.h"
#include "public.h"
#include "reading.h"
#include "update.h"

/* ---- Create ---- */

static uint32_t create_allowed(const struct cl_checkpoint *c, const ClCkptSectionCreationAttributesT *a, ClSizeT size)
{
	const struct ckpt_attributes *limits = &c->base.attributes;
	ClUint16T id_len = a->sectionId->idLen;

	if (id_len > limits->max_section_id_size || size > cl_section_size_max(c) ||
	    ckpt_before_this_second(a->expirationTime))
		return SA_AIS_ERR_INVALID_PARAM;
	if (id_len == 0 && limits->max_section_id_size == 0 && limits->max_sections != 1)
		return SA_AIS_ERR_INVALID_PARAM;
	if (!cl_may_write(c))
		return SA_AIS_ERR_ACCESS;
	return SA_AIS_OK;
}

static uint32_t create(struct cl_checkpoint *c, const ClCkptSectionCreationAttributesT *a, const void *data, ClSizeT size)
{
	struct ckpt_creation new = {
		.id = a->sectionId->id, .id_len = a->sectionId->idLen, .generate = a->sectionId->idLen == 0,
		.refuse_past = true, .expiration_ns = a->expirationTime, .data = data, .size = size,
	};
	struct ckpt_status status;
	uint32_t error;

	if (c->base.attributes.max_sections != 1)
		return ckpt_section_create(&c->base, &new, &a->sectionId->id, &a->sectionId->idLen);
	/* A missing active replica comes first, and only a collocated checkpoint can have none. */
	error = ckpt_collocated(&c->base) ? ckpt_status_get(&c->base, &status) : SA_AIS_OK;
	return error == SA_AIS_OK ? SA_AIS_ERR_EXIST : error;
}

CKPT_PUBLIC ClRcT clCkptSectionCreate(ClCkptHdlT checkpointHandle,
				      ClCkptSectionCreationAttributesT *sectionCreationAttributes,
				      const ClUint8T *initialData, ClSizeT initialDataSize)
{
	struct cl_checkpoint *c;
	ClCkptSectionIdT *id;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (sectionCreationAttributes == NULL || sectionCreationAttributes->sectionId == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	id = sectionCreationAttributes->sectionId;
	if ((id->idLen > 0 && id->id == NULL) || (initialDataSize > 0 && initialData == NULL))
		return CL_CKPT_ERR_NULL_POINTER;
	if ((id->idLen == 0 && id->id != NULL) || (initialDataSize == 0 && initialData != NULL))
		return CL_CKPT_ERR_INVALID_PARAMETER;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	error = create_allowed(c, sectionCreationAttributes, initialDataSize);
	if (error == SA_AIS_OK)
		error = create(c, sectionCreationAttributes, initialData, initialDataSize);
	return cl_checkpoint_done(c, error);
}

/* ---- Delete, ExpirationTimeSet: a section that is not the default one ---- */

static ClRcT names_section(const ClCkptSectionIdT *id)
{
	if (id == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	return id->idLen == 0 || id->id == NULL ? CL_CKPT_ERR_INVALID_PARAMETER : CL_OK;
}

CKPT_PUBLIC ClRcT clCkptSectionDelete(ClCkptHdlT checkpointHandle, const ClCkptSectionIdT *sectionId)
{
	struct cl_checkpoint *c;
	uint32_t error = SA_AIS_OK;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = names_section(sectionId);
	if (rc != CL_OK)
		return rc;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	if (!cl_may_write(c))
		error = SA_AIS_ERR_ACCESS;
	else if (c->base.attributes.max_sections == 1)
		error = SA_AIS_ERR_NOT_EXIST;
	else
		error = ckpt_section_change(&c->base, CKPT_OP_SECTION_DELETE, sectionId->id, sectionId->idLen, 0);
	return cl_checkpoint_done(c, error);
}

CKPT_PUBLIC ClRcT clCkptSectionExpirationTimeSet(ClCkptHdlT checkpointHandle, const ClCkptSectionIdT *sectionId,
						 ClTimeT expirationTime)
{
	struct cl_checkpoint *c;
	uint32_t error;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = names_section(sectionId);
	if (rc == CL_OK && ckpt_before_this_second(expirationTime))
		rc = CL_CKPT_ERR_INVALID_PARAMETER;
	if (rc != CL_OK)
		return rc;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	if (c->base.attributes.max_sections == 1)
		error = SA_AIS_ERR_INVALID_PARAM;
	else if (!cl_may_write(c))
		error = SA_AIS_ERR_ACCESS;
	else
		error = ckpt_section_change(&c->base, CKPT_OP_EXPIRATION_SET, sectionId->id, sectionId->idLen,
					    expirationTime);
	return cl_checkpoint_done(c, error);
}

/* ---- SectionCheck ---- */

CKPT_PUBLIC ClRcT clCkptSectionCheck(ClCkptHdlT ckptHdl, ClCkptSectionIdT *pSectionId)
{
	struct cl_checkpoint *c;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (pSectionId == NULL || (pSectionId->idLen > 0 && pSectionId->id == NULL))
		return CL_CKPT_ERR_INVALID_PARAMETER;
	c = cl_checkpoint_acquire(ckptHdl);
	if (c == NULL)
		return cl_no_handle();
	return cl_checkpoint_done(c, ckpt_section_exists(&c->base, pSectionId->id, pSectionId->idLen));
}
