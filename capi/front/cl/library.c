/* Initialize, the selection object, Dispatch, Finalize. */
#include <stdatomic.h>

#include "client.h"
#include "dispatch.h"
#include "fork.h"
#include "public.h"

static const ClVersionT supported = {'B', 1, 1};

static atomic_bool initialized;

void cl_initialized(void)
{
	atomic_store_explicit(&initialized, true, memory_order_relaxed);
}

ClRcT cl_no_handle(void)
{
	return atomic_load_explicit(&initialized, memory_order_relaxed) ? CL_CKPT_ERR_INVALID_HANDLE :
									  CL_CKPT_ERR_NOT_INITIALIZED;
}

/* ---- Callbacks ---- */

static ckpt_function *function(struct ckpt_library *library, uint32_t kind)
{
	struct cl_library *l = (struct cl_library *)library;

	switch (kind) {
	case CKPT_EVENT_OPENED:
		return (ckpt_function *)l->callbacks.checkpointOpenCallback;
	case CKPT_EVENT_SYNCHRONIZED:
		return (ckpt_function *)l->callbacks.checkpointSynchronizeCallback;
	default:
		return NULL;
	}
}

static void run(const struct ckpt_due *due)
{
	ClRcT rc = cl_code((SaAisErrorT)due->error);

	if (due->kind == CKPT_EVENT_OPENED)
		((ClCkptCheckpointOpenCallbackT)due->function)(due->invocation, rc == CL_OK ? due->handle : ~(ClHandleT)0, rc);
	else
		((ClCkptCheckpointSynchronizeCallbackT)due->function)(due->invocation, rc);
}

static void prepare(struct ckpt_checkpoint *c, const struct ckpt_opening *opening)
{
	ClNameT *name = &((struct cl_checkpoint *)c)->name;

	name->length = (ClUint16T)opening->name_length;
	for (ClUint16T i = 0; i < name->length; i++)
		name->value[i] = opening->name[i];
}

const struct ckpt_api cl_api = {
	.library = CKPT_KIND_CL_LIBRARY,
	.checkpoint = CKPT_KIND_CL_CHECKPOINT,
	.iteration = CKPT_KIND_CL_ITERATION,
	.library_size = sizeof(struct cl_library),
	.checkpoint_size = sizeof(struct cl_checkpoint),
	.prepare = prepare,
	.function = function,
	.run = run,
};

/* ---- The functions ---- */

CKPT_PUBLIC ClRcT clCkptInitialize(ClCkptSvcHdlT *ckptSvcHandle, const ClCkptCallbacksT *callbacks, ClVersionT *version)
{
	struct ckpt_library *l;
	uint32_t error;
	bool fits;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (ckptSvcHandle == NULL || version == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	*ckptSvcHandle = ~(ClHandleT)0;
	fits = version->releaseCode == supported.releaseCode && version->majorVersion <= supported.majorVersion;
	if (!fits) {
		*version = supported;
		return CL_CKPT_ERR_VERSION_MISMATCH;
	}
	error = ckpt_library_new(&cl_api, &l);
	if (error == SA_AIS_OK) {
		if (callbacks != NULL)
			((struct cl_library *)l)->callbacks = *callbacks;
		error = ckpt_library_start(l);
	}
	if (error != SA_AIS_OK)
		return cl_code((SaAisErrorT)error);
	cl_initialized();
	*ckptSvcHandle = l->object.handle;
	*version = supported;
	ckpt_object_release(&l->object);
	return CL_OK;
}

CKPT_PUBLIC ClRcT clCkptSelectionObjectGet(ClCkptSvcHdlT ckptHandle, ClSelectionObjectT *pSelectionObject)
{
	struct cl_library *l;
	uint32_t error;
	int fd;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (pSelectionObject == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	l = cl_library_acquire(ckptHandle);
	if (l == NULL)
		return cl_no_handle();
	error = ckpt_library_selection(&l->base, &fd);
	if (error == SA_AIS_OK)
		*pSelectionObject = (ClSelectionObjectT)fd;
	return cl_library_done(l, error);
}

CKPT_PUBLIC ClRcT clCkptDispatch(ClCkptSvcHdlT ckptHandle, ClDispatchFlagsT dispatchFlags)
{
	struct cl_library *l;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (dispatchFlags < CL_DISPATCH_ONE || dispatchFlags > CL_DISPATCH_BLOCKING)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	l = cl_library_acquire(ckptHandle);
	if (l == NULL)
		return cl_no_handle();
	return cl_code((SaAisErrorT)ckpt_dispatch(&l->base, (enum ckpt_dispatch)dispatchFlags));
}

CKPT_PUBLIC ClRcT clCkptFinalize(ClCkptSvcHdlT ckptHandle)
{
	struct cl_library *l;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	l = cl_library_acquire(ckptHandle);
	if (l == NULL)
		return cl_no_handle();
	error = ckpt_library_finalize(&l->base);
	if (error == SA_AIS_OK)
		cl_consumption_end(l, 0);
	return cl_library_done(l, error);
}
