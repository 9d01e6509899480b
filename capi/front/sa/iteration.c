/* Going through the sections. */
#include "client.h"
#include "fork.h"
#include "iteration.h"
#include "public.h"

CKPT_PUBLIC SaAisErrorT
saCkptSectionIterationInitialize(SaCkptCheckpointHandleT checkpointHandle, SaCkptSectionsChosenT sectionsChosen,
				 SaTimeT expirationTime, SaCkptSectionIterationHandleT *sectionIterationHandle)
{
	struct sa_checkpoint *c;
	uint64_t handle;
	uint32_t error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionIterationHandle == NULL || sectionsChosen < SA_CKPT_SECTIONS_FOREVER ||
	    sectionsChosen > SA_CKPT_SECTIONS_ANY || expirationTime < 0)
		return SA_AIS_ERR_INVALID_PARAM;
	error = sa_checkpoint_use(checkpointHandle, &c);
	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	if (sa_library_of(c)->newer && !(c->base.open_flags & SA_CKPT_CHECKPOINT_READ)) {
		sa_checkpoint_release(c);
		return SA_AIS_ERR_ACCESS;
	}
	error = ckpt_iteration_start(&c->base, (enum ckpt_choice)sectionsChosen, expirationTime, &handle);
	if (error == SA_AIS_OK)
		*sectionIterationHandle = handle;
	return (SaAisErrorT)error;
}

/* As sa_checkpoint_use. */
static SaAisErrorT iteration_use(SaCkptSectionIterationHandleT handle, struct ckpt_iteration **i)
{
	*i = ckpt_iteration_acquire(&sa_api, handle);
	if (*i == NULL)
		return SA_AIS_ERR_BAD_HANDLE;
	if (!ckpt_library_stale(ckpt_iteration_library(*i)))
		return SA_AIS_OK;
	ckpt_iteration_release(*i);
	return SA_AIS_ERR_UNAVAILABLE;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionIterationNext(SaCkptSectionIterationHandleT sectionIterationHandle,
						   SaCkptSectionDescriptorT *sectionDescriptor)
{
	struct ckpt_iteration *i;
	struct ckpt_section s;
	uint32_t error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	if (sectionDescriptor == NULL)
		return SA_AIS_ERR_INVALID_PARAM;
	error = iteration_use(sectionIterationHandle, &i);
	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	error = ckpt_iteration_next(i, false, &s);
	if (error == SA_AIS_OK) {
		sectionDescriptor->sectionId.idLen = (SaUint16T)s.id_len;
		sectionDescriptor->sectionId.id = s.id;
		sectionDescriptor->expirationTime = s.expiration_ns;
		sectionDescriptor->sectionSize = s.size;
		sectionDescriptor->sectionState = (SaCkptSectionStateT)s.state;
		sectionDescriptor->lastUpdate = s.last_update_ns;
	}
	ckpt_iteration_release(i);
	return (SaAisErrorT)error;
}

CKPT_PUBLIC SaAisErrorT saCkptSectionIterationFinalize(SaCkptSectionIterationHandleT sectionIterationHandle)
{
	struct ckpt_iteration *i;
	uint32_t error;

	if (ckpt_forked())
		return SA_AIS_ERR_LIBRARY;
	error = iteration_use(sectionIterationHandle, &i);
	if (error != SA_AIS_OK)
		return (SaAisErrorT)error;
	error = ckpt_iteration_end(i);
	ckpt_iteration_release(i);
	return (SaAisErrorT)error;
}
