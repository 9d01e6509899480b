/* Sections: creating, deleting, expiration. */
#include <stdlib.h>

#include "client.h"
#include "fork.h"
#include "public.h"
#include "update.h"

static bool is_default(const SaCkptSectionIdT *id)
{
	return id->idLen == 0;
}

/* ---- Create ---- */

static SaAisErrorT create_allowed(const struct sa_checkpoint *c, const SaCkptSectionIdT *id, SaSizeT size)
{
	bool generate = id->idLen == 0 && id->id == NULL;

	if (!(c->base.open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	if ((id->idLen == 0) != (id->id == NULL) || id->idLen > c->base.attributes.max_section_id_size)
		return SA_AIS_ERR_INVALID_PARAM;
	if (generate && c->base.attributes.max_section_id_size == 0 && c->base.attributes.max_sections != 1)
		return SA_AIS_ERR_INVALID_PARAM;
	if (size > c->base.attributes.max_section_size)
		return SA_AIS_ERR_INVALID_PARAM;
	return c->base.attributes.max_sections == 1 ? SA_AIS_ERR_EXIST : SA_AIS_OK;
}

static SaAisErrorT create(struct sa_checkpoint *c, const SaCkptSectionCreationAttributesT *a, const void *data, SaSizeT size)
{
	struct ckpt_creation new = {
		.id = a->sectionId->id, .id_len = a->sectionId->idLen, .generate = is_default(a->sectionId),
		.expiration_ns = a->expirationTime, .data = data, .size = size,
	};

	return (SaAisErrorT)ckpt_section_create(&c->base, &new, &a->sectionId->id, &a->sectionId->idLen);
}

CKPT_PUBLIC SaAisErrorT saCkptSectionCreate(SaCkptCheckpointHandleT checkpointHandle,
					    SaCkptSectionCreationAttributesT *sectionCreationAttributes,
					    const void *initialData, SaSizeT initialDataSize)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionCreationAttributes == NULL || sectionCreationAttributes->sectionId == NULL ||
	    (initialData == NULL && initialDataSize > 0))
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = create_allowed(c, sectionCreationAttributes->sectionId, initialDataSize);
	if (error == SA_AIS_OK)
		error = create(c, sectionCreationAttributes, initialData, initialDataSize);
	sa_checkpoint_release(c);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionIdFree(SaCkptCheckpointHandleT checkpointHandle, SaUint8T *id)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	sa_checkpoint_release(c);
	if (id == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	free(id);
	return SA_AIS_OK;
}

/* ---- Delete, ExpirationTimeSet: a section that is not the default one ---- */

static bool names_section(const SaCkptSectionIdT *id)
{
	return id != NULL && id->idLen > 0 && id->id != NULL;
}

static SaAisErrorT change_allowed(const struct sa_checkpoint *c)
{
	if (!(c->base.open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	return c->base.attributes.max_sections == 1 ? SA_AIS_ERR_INVALID_PARAM : SA_AIS_OK;
}

static SaAisErrorT change(struct sa_checkpoint *c, uint32_t op, const SaCkptSectionIdT *id, SaTimeT time)
{
	return (SaAisErrorT)ckpt_section_change(&c->base, op, id->id, id->idLen, time);
}

CKPT_PUBLIC SaAisErrorT saCkptSectionDelete(SaCkptCheckpointHandleT checkpointHandle, const SaCkptSectionIdT *sectionId)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (!names_section(sectionId))
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = change_allowed(c);
	if (error == SA_AIS_OK)
		error = change(c, CKPT_OP_SECTION_DELETE, sectionId, 0);
	sa_checkpoint_release(c);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionExpirationTimeSet(SaCkptCheckpointHandleT checkpointHandle,
						       const SaCkptSectionIdT *sectionId, SaTimeT expirationTime)
{
	struct sa_checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (!names_section(sectionId) || expirationTime < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return error;
	error = change_allowed(c);
	if (error == SA_AIS_OK && ckpt_before_this_second(expirationTime))
		error = SA_AIS_ERR_INVALID_PARAM;
	if (error == SA_AIS_OK)
		error = change(c, CKPT_OP_EXPIRATION_SET, sectionId, expirationTime);
	sa_checkpoint_release(c);
	return error;
}
