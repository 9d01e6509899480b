/* Open, Close, Delete. */
#include "client.h"
#include "fork.h"
#include "public.h"
#include "timeout.h"

#define OPEN_FLAGS (CL_CKPT_CHECKPOINT_READ | CL_CKPT_CHECKPOINT_WRITE | CL_CKPT_CHECKPOINT_CREATE)

static bool size_fits(const ClCkptCheckpointCreationAttributesT *a)
{
	ClSizeT most;

	return a->checkpointSize == 0 || a->maxSectionSize == 0 ||
	       __builtin_mul_overflow((ClSizeT)a->maxSections, a->maxSectionSize, &most) || a->checkpointSize <= most;
}

static ClRcT open_arguments(const ClNameT *name, const ClCkptCheckpointCreationAttributesT *attributes,
			    ClCkptOpenFlagsT flags, struct ckpt_opening *o)
{
	bool create = (flags & CL_CKPT_CHECKPOINT_CREATE) != 0;

	if (name == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	if ((flags & ~(ClCkptOpenFlagsT)OPEN_FLAGS) != 0)
		return CL_CKPT_ERR_BAD_FLAG;
	if (create && attributes == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	if (!cl_name_get(name, &o->name, &o->name_length) || (!create && attributes != NULL))
		return CL_CKPT_ERR_INVALID_PARAMETER;
	if (create && (!size_fits(attributes) || attributes->maxSections == 0))
		return CL_CKPT_ERR_INVALID_PARAMETER;
	return CL_OK;
}

/* The service is asked to let every handle read, for StatusGet, iterations and notifications depend on no flag; what
 * clCkptCheckpointRead may do is tested here alone. */
static void opening_fill(struct ckpt_opening *o, const ClCkptCheckpointCreationAttributesT *attributes,
			 ClCkptOpenFlagsT flags)
{
	if (flags & CL_CKPT_CHECKPOINT_CREATE)
		flags |= CL_CKPT_CHECKPOINT_WRITE;
	o->flags = flags;
	o->service_flags = flags | CL_CKPT_CHECKPOINT_READ;
	o->timeout_ns = ckpt_timeout_default();
	o->compare_retention = o->whole_flags = o->backup = true;
	if (attributes == NULL)
		return;
	o->has_attributes = true;
	o->attributes = (struct ckpt_attributes){
		.creation_flags = attributes->creationFlags,
		.max_sections = attributes->maxSections,
		.checkpoint_size = attributes->checkpointSize,
		.retention_ns = attributes->retentionDuration,
		.max_section_size = attributes->maxSectionSize,
		.max_section_id_size = attributes->maxSectionIdSize,
	};
}

CKPT_PUBLIC ClRcT clCkptCheckpointOpen(ClCkptSvcHdlT ckptHandle, const ClNameT *checkpointName,
				       const ClCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
				       ClCkptOpenFlagsT checkpointOpenFlags, ClTimeT timeout, ClCkptHdlT *checkpointHandle)
{
	struct ckpt_opening o = {0};
	struct cl_library *l;
	uint64_t handle;
	uint32_t error;
	ClRcT rc;

	(void)timeout;
	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (checkpointHandle == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	rc = open_arguments(checkpointName, checkpointCreationAttributes, checkpointOpenFlags, &o);
	if (rc != CL_OK)
		return rc;
	l = cl_library_acquire(ckptHandle);
	if (l == NULL)
		return cl_no_handle();
	opening_fill(&o, checkpointCreationAttributes, checkpointOpenFlags);
	error = ckpt_checkpoint_open(&l->base, &o, &handle);
	if (error == SA_AIS_OK)
		*checkpointHandle = handle;
	return cl_library_done(l, error);
}

CKPT_PUBLIC ClRcT clCkptCheckpointOpenAsync(ClCkptSvcHdlT ckptHandle, ClInvocationT invocation,
					    const ClNameT *checkpointName,
					    const ClCkptCheckpointCreationAttributesT *checkpointCreationAttributes,
					    ClCkptOpenFlagsT checkpointOpenFlags)
{
	struct ckpt_opening o = {0};
	struct cl_library *l;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = open_arguments(checkpointName, checkpointCreationAttributes, checkpointOpenFlags, &o);
	if (rc != CL_OK)
		return rc;
	l = cl_library_acquire(ckptHandle);
	if (l == NULL)
		return cl_no_handle();
	if (l->callbacks.checkpointOpenCallback == NULL)
		return cl_library_done(l, SA_AIS_ERR_INIT);
	opening_fill(&o, checkpointCreationAttributes, checkpointOpenFlags);
	return cl_library_done(l, ckpt_checkpoint_open_async(&l->base, &o, invocation));
}

CKPT_PUBLIC ClRcT clCkptCheckpointClose(ClCkptHdlT checkpointHandle)
{
	struct cl_checkpoint *c;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	error = ckpt_checkpoint_close(&c->base);
	if (error != SA_AIS_ERR_NO_MEMORY && error != SA_AIS_ERR_BAD_HANDLE)
		cl_consumption_end(cl_library_of(c), checkpointHandle);
	return cl_checkpoint_done(c, error);
}

CKPT_PUBLIC ClRcT clCkptCheckpointDelete(ClCkptSvcHdlT ckptHandle, const ClNameT *checkpointName)
{
	struct cl_library *l;
	const char *name;
	uint64_t length;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (checkpointName == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	if (!cl_name_get(checkpointName, &name, &length))
		return CL_CKPT_ERR_INVALID_PARAMETER;
	l = cl_library_acquire(ckptHandle);
	if (l == NULL)
		return cl_no_handle();
	return cl_library_done(l, ckpt_checkpoint_unlink(&l->base, name, length));
}
