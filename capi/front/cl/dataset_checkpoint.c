/* Library-based checkpoints and their datasets and elements as such; the data are in dataset_write.c and dataset_read.c. */
#include "clCkptErrors.h"
#include "clCommonErrors.h"
#include "code.h"
#include "dataset.h"
#include "fork.h"
#include "public.h"

/* What a function was called with, once it was found to be right. */
struct request {
	struct datasets *d;	/* with a reference */
	struct dataset_name name;
};

/* The checks that all functions begin with. Only after CL_OK r->d is to be released. */
static ClRcT begin(struct request *r, ClCkptSvcHdlT handle, const ClNameT *name, bool dataset_right)
{
	ClRcT rc;

	rc = dataset_name_check(name, &r->name);
	if (rc != CL_OK)
		return rc;
	if (!dataset_right)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	r->d = datasets_acquire(handle);
	return r->d != NULL ? CL_OK : CL_CKPT_ERR_INVALID_HANDLE;
}

static ClRcT run(struct request *r, uint32_t op, uint32_t dataset)
{
	return dataset_run(r->d, dataset_call(r->d, op, r->name, dataset));
}

static void end(struct request *r)
{
	ckpt_object_release(&r->d->object);
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptCreate(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName)
{
	struct request r;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = begin(&r, ckptHdl, pCkptName, true);
	if (rc != CL_OK)
		return rc;
	rc = run(&r, CKPT_OP_STORE_CREATE, 0);
	end(&r);
	return rc;
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptDelete(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName)
{
	struct request r;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = begin(&r, ckptHdl, pCkptName, true);
	if (rc != CL_OK)
		return rc;
	rc = run(&r, CKPT_OP_STORE_DELETE, 0);
	if (rc == CL_OK)
		dataset_functions_forget(r.d, r.name, 0);
	end(&r);
	return rc;
}

/* Both questions: of the checkpoint, of a dataset. */
static ClRcT exists(ClCkptSvcHdlT handle, const ClNameT *name, uint32_t op, uint32_t dataset, ClBoolT *result)
{
	struct request r;
	struct ckpt_call *call;
	uint32_t error;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (result == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	rc = begin(&r, handle, name, true);
	if (rc != CL_OK)
		return rc;
	call = dataset_call(r.d, op, r.name, dataset);
	error = call != NULL ? ckpt_call_on(&r.d->object, &call) : SA_AIS_ERR_NO_MEMORY;
	if (error == SA_AIS_OK)
		*result = call->exists != 0 ? CL_TRUE : CL_FALSE;
	ckpt_call_free(call);
	end(&r);
	return cl_code(error);
}

CKPT_PUBLIC ClRcT clCkptLibraryDoesCkptExist(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClBoolT *pRetVal)
{
	return exists(ckptHdl, pCkptName, CKPT_OP_STORE_EXISTS, 0, pRetVal);
}

CKPT_PUBLIC ClRcT clCkptLibraryDoesDatasetExist(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId, ClBoolT *pRetVal)
{
	return exists(ckptHdl, pCkptName, CKPT_OP_DATASET_EXISTS, dsId, pRetVal);
}

static ClRcT create_dataset(ClCkptSvcHdlT handle, const ClNameT *name, uint32_t dataset, uint32_t group, uint32_t order,
			    struct dataset_pair pair)
{
	struct request r;
	struct ckpt_call *call;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = begin(&r, handle, name, dataset != 0);
	if (rc != CL_OK)
		return rc;
	call = dataset_call(r.d, CKPT_OP_DATASET_CREATE, r.name, dataset);
	if (call != NULL) {
		call->group = group;
		call->order = order;
	}
	rc = dataset_run(r.d, call);
	if (rc == CL_OK && !dataset_functions_set_own(r.d, r.name, dataset, pair))
		rc = CL_CKPT_ERR_NO_MEMORY;
	end(&r);
	return rc;
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptDataSetCreate(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId, ClUint32T grpId,
						 ClUint32T order, ClCkptSerializeT dsSerialiser,
						 ClCkptDeserializeT dsDeserialiser)
{
	struct dataset_pair pair = {(dataset_function *)dsSerialiser, (dataset_function *)dsDeserialiser, false};

	return create_dataset(ckptHdl, pCkptName, dsId, grpId, order, pair);
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptDataSetCreate_23(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId, ClUint32T grpId,
						    ClUint32T order, dataset_serialize_23 *dsSerialiser,
						    dataset_deserialize_23 *dsDeserialiser)
{
	struct dataset_pair pair = {(dataset_function *)dsSerialiser, (dataset_function *)dsDeserialiser, true};

	return create_dataset(ckptHdl, pCkptName, dsId, grpId, order, pair);
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptDataSetDelete(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId)
{
	struct request r;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = begin(&r, ckptHdl, pCkptName, dsId != 0);
	if (rc != CL_OK)
		return rc;
	rc = run(&r, CKPT_OP_DATASET_DELETE, dsId);
	if (rc == CL_OK)
		dataset_functions_forget(r.d, r.name, dsId);
	end(&r);
	return rc;
}

static ClRcT create_element(ClCkptSvcHdlT handle, const ClNameT *name, uint32_t dataset, struct dataset_pair pair)
{
	struct request r;
	struct ckpt_call *call;
	uint32_t error;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = begin(&r, handle, name, dataset != 0);
	if (rc != CL_OK)
		return rc;
	call = dataset_call(r.d, CKPT_OP_DATASET_EXISTS, r.name, dataset);
	error = call != NULL ? ckpt_call_on(&r.d->object, &call) : SA_AIS_ERR_NO_MEMORY;
	if (error == SA_AIS_OK && call->exists == 0)
		error = SA_AIS_ERR_NOT_EXIST;
	if (error == SA_AIS_OK && !dataset_functions_set_element(r.d, r.name, dataset, pair))
		error = SA_AIS_ERR_NO_MEMORY;
	ckpt_call_free(call);
	end(&r);
	return cl_code(error);
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptElementCreate(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId,
						 ClCkptSerializeT elemSerialiser, ClCkptDeserializeT elemDeserialiser)
{
	struct dataset_pair pair = {(dataset_function *)elemSerialiser, (dataset_function *)elemDeserialiser, false};

	return create_element(ckptHdl, pCkptName, dsId, pair);
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptElementCreate_23(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId,
						    dataset_serialize_23 *elemSerialiser,
						    dataset_deserialize_23 *elemDeserialiser)
{
	struct dataset_pair pair = {(dataset_function *)elemSerialiser, (dataset_function *)elemDeserialiser, true};

	return create_element(ckptHdl, pCkptName, dsId, pair);
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptElementDelete(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId, ClPtrT elemId,
						 ClUint32T elemLen)
{
	struct request r;
	struct ckpt_call *call;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (elemId == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	rc = begin(&r, ckptHdl, pCkptName, dsId != 0 && elemLen != 0);
	if (rc != CL_OK)
		return rc;
	call = dataset_call(r.d, CKPT_OP_ELEMENT_DELETE, r.name, dsId);
	if (call != NULL) {
		call->elements[0].id = elemId;
		call->elements[0].id_len = elemLen;
	}
	rc = dataset_run(r.d, call);
	end(&r);
	return rc;
}
