/* Going through the sections. */
#include "client.h"
#include "fork.h"
#include "iteration.h"
#include "public.h"

CKPT_PUBLIC ClRcT clCkptSectionIterationInitialize(ClCkptHdlT checkpointHandle, ClCkptSectionsChosenT sectionsChosen,
						   ClTimeT expirationTime, ClHandleT *sectionIterationHandle)
{
	enum ckpt_choice chosen = (enum ckpt_choice)sectionsChosen;
	int64_t time = expirationTime > 0 ? expirationTime : 0;
	struct cl_checkpoint *c;
	uint64_t handle;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (sectionIterationHandle == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	if ((uint32_t)sectionsChosen > CL_CKPT_SECTIONS_ANY)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	if ((uint32_t)sectionsChosen == 0) {	/* none: no section expires as early as that */
		chosen = CKPT_SECTIONS_LEQ_EXPIRATION_TIME;
		time = 0;
	}
	if (sectionsChosen == CL_CKPT_SECTIONS_LEQ_EXPIRATION_TIME && expirationTime == (ClTimeT)CL_TIME_END)
		chosen = CKPT_SECTIONS_ANY;	/* "never" is a time like any other here */
	c = cl_checkpoint_acquire(checkpointHandle);
	if (c == NULL)
		return cl_no_handle();
	error = ckpt_iteration_start(&c->base, chosen, time, &handle);
	if (error == SA_AIS_OK)
		*sectionIterationHandle = handle;
	return cl_code((SaAisErrorT)error);
}

CKPT_PUBLIC ClRcT clCkptSectionIterationNext(ClHandleT sectionIterationHandle, ClCkptSectionDescriptorT *sectionDescriptor)
{
	struct ckpt_iteration *i;
	struct ckpt_section s;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (sectionDescriptor == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	i = ckpt_iteration_acquire(&cl_api, sectionIterationHandle);
	if (i == NULL)
		return cl_no_handle();
	error = ckpt_iteration_next(i, true, &s);
	if (error == SA_AIS_OK) {
		sectionDescriptor->sectionId.idLen = (ClUint16T)s.id_len;
		sectionDescriptor->sectionId.id = s.id;
		sectionDescriptor->expirationTime = s.expiration_ns;
		sectionDescriptor->sectionSize = s.size;
		sectionDescriptor->sectionState = (ClCkptSectionStateT)s.state;
		sectionDescriptor->lastUpdate = s.last_update_ns;
	}
	ckpt_iteration_release(i);
	return cl_code((SaAisErrorT)error);
}

CKPT_PUBLIC ClRcT clCkptSectionIterationFinalize(ClHandleT sectionIterationHandle)
{
	struct ckpt_iteration *i;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	i = ckpt_iteration_acquire(&cl_api, sectionIterationHandle);
	if (i == NULL)
		return cl_no_handle();
	error = ckpt_iteration_end(i);
	ckpt_iteration_release(i);
	return cl_code((SaAisErrorT)error);
}
