/* Handles of library-based checkpoints, and what their functions have in common. */
#include <stdlib.h>

#include "client.h"
#include "clCommonErrors.h"
#include "dataset.h"
#include "fork.h"
#include "loader.h"
#include "public.h"

ClRcT dataset_name_check(const ClNameT *name, struct dataset_name *checked)
{
	if (name == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	return cl_name_get(name, &checked->bytes, &checked->size) ? CL_OK : CL_CKPT_ERR_INVALID_PARAMETER;
}

struct ckpt_call *dataset_call(const struct datasets *d, uint32_t op, struct dataset_name name, uint32_t dataset)
{
	struct ckpt_call *call = ckpt_call_new(op, 1);

	if (call == NULL)
		return NULL;
	call->id = d->id;
	call->name = name.bytes;
	call->name_len = name.size;
	call->dataset = dataset;
	return call;
}

ClRcT dataset_run(struct datasets *d, struct ckpt_call *call)
{
	uint32_t error;

	if (call == NULL)
		return CL_CKPT_ERR_NO_MEMORY;
	error = ckpt_call_on(&d->object, &call);
	ckpt_call_free(call);
	return cl_code(error);
}

static void destroy(struct ckpt_object *object)
{
	struct datasets *d = (struct datasets *)object;

	dataset_functions_clear(d);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static void abandon(void *datasets)
{
	struct datasets *d = datasets;

	ckpt_object_retire(&d->object);
	ckpt_object_release(&d->object);
}

/* Introduces the handle to the engine, which looks where the databases are to be. */
static uint32_t start(struct datasets *d)
{
	const struct ckpt_environment environment = {
		.data_dir = secure_getenv("CKPT_DATA_DIR"),
		.asp_rundir = secure_getenv("ASP_RUNDIR"),
		.asp_config = secure_getenv("ASP_CONFIG"),
		.sync = secure_getenv("CKPT_DATASET_SYNC"),
		.state_home = secure_getenv("XDG_STATE_HOME"),
		.home = secure_getenv("HOME"),
	};
	struct ckpt_held held = {.undo = abandon, .argument = d};
	struct ckpt_call *call = ckpt_call_new(CKPT_OP_STORE_OPEN, 0);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->environment = &environment;
	error = ckpt_call_run(&call, &held);
	if (error == SA_AIS_OK)
		d->id = call->id;
	ckpt_call_free(call);
	return error;
}

/* A handle that is not usable yet, with a reference for the caller. */
static struct datasets *make(void)
{
	struct datasets *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	pthread_mutex_init(&d->lock, NULL);
	if (!ckpt_object_register(&d->object, CKPT_KIND_CL_DATASETS, NULL, destroy)) {
		destroy(&d->object);
		return NULL;
	}
	return ckpt_object_acquire_pending(d->object.handle, CKPT_KIND_CL_DATASETS);
}

CKPT_PUBLIC ClRcT clCkptLibraryInitialize(ClCkptSvcHdlT *pCkptHdl)
{
	struct datasets *d;
	uint32_t error;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (pCkptHdl == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	error = ckpt_engine_load();
	if (error != SA_AIS_OK)
		return cl_code(error);
	d = make();
	if (d == NULL)
		return CL_CKPT_ERR_NO_MEMORY;
	error = start(d);
	if (error != SA_AIS_OK) {
		abandon(d);
		return cl_code(error);
	}
	ckpt_object_activate(&d->object);
	*pCkptHdl = d->object.handle;
	ckpt_object_release(&d->object);
	return CL_OK;
}

CKPT_PUBLIC ClRcT clCkptLibraryFinalize(ClCkptSvcHdlT ckptHdl)
{
	struct datasets *d;
	struct ckpt_call *call;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	d = datasets_acquire(ckptHdl);
	if (d == NULL)
		return CL_CKPT_ERR_INVALID_HANDLE;
	call = ckpt_call_new(CKPT_OP_STORE_CLOSE, 0);
	if (call == NULL || !ckpt_object_retire(&d->object)) {
		ckpt_call_free(call);
		ckpt_object_release(&d->object);
		return call == NULL ? CL_CKPT_ERR_NO_MEMORY : CL_CKPT_ERR_INVALID_HANDLE;
	}
	call->id = d->id;
	dataset_run(d, call); /* what is stored, is; the handle ends whatever becomes of its files */
	ckpt_object_release(&d->object);
	return CL_OK;
}
