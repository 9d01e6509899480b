/* Sections: creating, deleting, expiration. */
#include <stdlib.h>
#include <time.h>

#include "client.h"
#include "clock.h"
#include "fork.h"
#include "public.h"

static bool is_default(const SaCkptSectionIdT *id)
{
	return id->idLen == 0;
}

/* ---- Create ---- */

static SaAisErrorT create_allowed(const struct checkpoint *c, const SaCkptSectionIdT *id, SaSizeT size)
{
	bool generate = id->idLen == 0 && id->id == NULL;

	if (!(c->open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	if ((id->idLen == 0) != (id->id == NULL) || id->idLen > c->attributes.max_section_id_size)
		return SA_AIS_ERR_INVALID_PARAM;
	if (generate && c->attributes.max_section_id_size == 0 && c->attributes.max_sections != 1)
		return SA_AIS_ERR_INVALID_PARAM;
	if (size > c->attributes.max_section_size)
		return SA_AIS_ERR_INVALID_PARAM;
	return c->attributes.max_sections == 1 ? SA_AIS_ERR_EXIST : SA_AIS_OK;
}

static SaAisErrorT create(struct checkpoint *c, const SaCkptSectionCreationAttributesT *a, const void *data, SaSizeT size)
{
	struct ckpt_call *call = checkpoint_call(c, CKPT_OP_SECTION_CREATE, 1);
	struct ckpt_element *e;
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	e = call->elements;
	e->id = a->sectionId->id;
	e->id_len = a->sectionId->idLen;
	e->data = (void *)(uintptr_t)data;
	e->size = size;
	call->time_ns = a->expirationTime;
	call->generate = is_default(a->sectionId);
	error = client_call(&c->object, &call);
	if (error == SA_AIS_OK && call->generate) {
		a->sectionId->id = e->id;
		a->sectionId->idLen = (SaUint16T)e->id_len;
		e->id = NULL;
	}
	ckpt_call_free(call);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionCreate(SaCkptCheckpointHandleT checkpointHandle,
					    SaCkptSectionCreationAttributesT *sectionCreationAttributes,
					    const void *initialData, SaSizeT initialDataSize)
{
	struct checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionCreationAttributes == NULL || sectionCreationAttributes->sectionId == NULL ||
	    (initialData == NULL && initialDataSize > 0))
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = create_allowed(c, sectionCreationAttributes->sectionId, initialDataSize);
	if (error == SA_AIS_OK)
		error = create(c, sectionCreationAttributes, initialData, initialDataSize);
	ckpt_object_release(&c->object);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionIdFree(SaCkptCheckpointHandleT checkpointHandle, SaUint8T *id)
{
	struct checkpoint *c;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	ckpt_object_release(&c->object);
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

static SaAisErrorT change_allowed(const struct checkpoint *c)
{
	if (!(c->open_flags & SA_CKPT_CHECKPOINT_WRITE))
		return SA_AIS_ERR_ACCESS;
	return c->attributes.max_sections == 1 ? SA_AIS_ERR_INVALID_PARAM : SA_AIS_OK;
}

static SaAisErrorT change(struct checkpoint *c, uint32_t op, const SaCkptSectionIdT *id, SaTimeT time)
{
	struct ckpt_call *call = checkpoint_call(c, op, 1);
	SaAisErrorT error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->elements[0].id = id->id;
	call->elements[0].id_len = id->idLen;
	call->time_ns = time;
	error = client_call(&c->object, &call);
	ckpt_call_free(call);
	return error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionDelete(SaCkptCheckpointHandleT checkpointHandle, const SaCkptSectionIdT *sectionId)
{
	struct checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (!names_section(sectionId))
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = change_allowed(c);
	if (error == SA_AIS_OK)
		error = change(c, CKPT_OP_SECTION_DELETE, sectionId, 0);
	ckpt_object_release(&c->object);
	return error;
}

static bool before_this_second(SaTimeT t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return t / CKPT_NS_PER_S < now.tv_sec;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionExpirationTimeSet(SaCkptCheckpointHandleT checkpointHandle,
						       const SaCkptSectionIdT *sectionId, SaTimeT expirationTime)
{
	struct checkpoint *c;
	SaAisErrorT error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (!names_section(sectionId) || expirationTime < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	c = checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	error = change_allowed(c);
	if (error == SA_AIS_OK && before_this_second(expirationTime))
		error = SA_AIS_ERR_INVALID_PARAM;
	if (error == SA_AIS_OK)
		error = change(c, CKPT_OP_EXPIRATION_SET, sectionId, expirationTime);
	ckpt_object_release(&c->object);
	return error;
}
