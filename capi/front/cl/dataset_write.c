/* Writing datasets and elements. The serializer runs with no lock held and no reference to the handle: it may call any
 * function, and may never return. */
#include <stdlib.h>

#include "bounds.h"
#include "clCkptErrors.h"
#include "clCommonErrors.h"
#include "code.h"
#include "dataset.h"
#include "fork.h"
#include "loader.h"
#include "park.h"
#include "public.h"

/* What a serializer made. */
struct packed {
	ClAddrT data;
	uint32_t size;
	uint64_t offered;	/* ticket of the buffer that it was offered, 0: none */
	ClAddrT given;		/* its own block, the library's to free; NULL: none */
};

static void packed_free(void *packed)
{
	struct packed *p = packed;

	ckpt_unpark(p->offered);
	free(p->given);
}

static ClRcT pack_60(ClCkptSerializeT serialize, uint32_t dataset, ClPtrT cookie, struct packed *p)
{
	ClUint32T size = 0;
	ClRcT rc = serialize(dataset, &p->given, &size, cookie);

	p->data = p->given;
	p->size = size;
	return rc;
}

static ClRcT pack_23(dataset_serialize_23 *serialize, uint32_t dataset, ClPtrT cookie, struct packed *p)
{
	/* Zeros: a serializer that says a longer length than it wrote must not have the heap stored. */
	ClAddrT offered = calloc(1, CKPT_SERIALIZE_BYTES);
	ClUint32T size = CKPT_SERIALIZE_BYTES;
	uint32_t room = CKPT_SERIALIZE_BYTES;
	ClRcT rc;

	if (offered == NULL)
		return CL_CKPT_ERR_NO_MEMORY;
	p->offered = ckpt_park(offered);
	p->data = offered;
	rc = serialize(dataset, &p->data, &size, (ClHandleT)(uintptr_t)cookie);
	p->size = size;
	if ((uintptr_t)p->data - (uintptr_t)offered < CKPT_SERIALIZE_BYTES)
		room -= (uint32_t)(p->data - offered);
	else {
		p->given = p->data;
		room = UINT32_MAX;
	}
	return rc != CL_OK || size <= room ? rc : CL_CKPT_ERR_INVALID_PARAMETER;
}

/* A write without a serializer: is it the serializer that is missing, or the dataset? */
static ClRcT without_serializer(struct datasets *d, struct dataset_name name, uint32_t dataset)
{
	struct ckpt_call *call = dataset_call(d, CKPT_OP_DATASET_EXISTS, name, dataset);
	uint32_t error = call != NULL ? ckpt_call_on(&d->object, &call) : SA_AIS_ERR_NO_MEMORY;
	bool exists = error == SA_AIS_OK && call->exists != 0;

	ckpt_call_free(call);
	if (error != SA_AIS_OK)
		return cl_code(error);
	return exists ? CL_CKPT_ERR_NULL_POINTER : CL_CKPT_ERR_NOT_EXIST;
}

/* Asks the engine, which also tells the short way for the next time. */
static uint32_t submit(struct datasets *d, struct dataset_name name, uint32_t dataset, const struct ckpt_element *element,
		       struct packed *p)
{
	struct ckpt_held held = {.object = &d->object, .undo = packed_free, .argument = p};
	struct ckpt_call *call = dataset_call(d, CKPT_OP_DATASET_WRITE, name, dataset);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	call->elements[0] = *element;
	error = ckpt_call_run(&call, &held);
	if (error == SA_AIS_OK) {
		dataset_functions_set_seat(d, name, dataset, call->seat);
		call->seat = NULL;
	}
	ckpt_call_free(call);
	return error;
}

static ClRcT store(ClCkptSvcHdlT handle, struct dataset_name name, uint32_t dataset, void *id, uint32_t id_size, struct packed *p)
{
	const struct ckpt_element element = {.id = id, .id_len = id_size, .data = p->data, .size = p->size};
	struct datasets *d = datasets_acquire(handle);
	uint32_t error = SA_AIS_OK;
	struct ckpt_seat *seat;
	bool written = false;

	if (d == NULL)
		return CL_CKPT_ERR_INVALID_HANDLE;
	seat = dataset_functions_find(d, name, dataset).seat;
	if (seat != NULL) {
		written = ckpt_engine.seat_write(seat, dataset, &element) != 0;
		ckpt_engine.seat_release(seat);
	}
	if (!written)
		error = submit(d, name, dataset, &element, p);
	ckpt_object_release(&d->object);
	return cl_code(error);
}

/* id NULL: the dataset's own record. */
static ClRcT write_record(ClCkptSvcHdlT handle, const ClNameT *given_name, uint32_t dataset, void *id, uint32_t id_size,
			  ClPtrT cookie)
{
	struct dataset_functions functions;
	struct packed p = {0};
	struct dataset_name name;
	struct dataset_pair pair;
	struct datasets *d;
	ClRcT rc;

	rc = dataset_name_check(given_name, &name);
	if (rc != CL_OK)
		return rc;
	if (dataset == 0 || (id != NULL && id_size == 0))
		return CL_CKPT_ERR_INVALID_PARAMETER;
	d = datasets_acquire(handle);
	if (d == NULL)
		return CL_CKPT_ERR_INVALID_HANDLE;
	functions = dataset_functions_find(d, name, dataset);
	pair = id != NULL ? functions.element : functions.own;
	if (functions.seat != NULL)
		ckpt_engine.seat_release(functions.seat);
	if (pair.serialize == NULL)
		rc = without_serializer(d, name, dataset);
	ckpt_object_release(&d->object);
	if (rc != CL_OK)
		return rc;
	if (pair.sdk23)
		rc = pack_23((dataset_serialize_23 *)pair.serialize, dataset, cookie, &p);
	else
		rc = pack_60((ClCkptSerializeT)pair.serialize, dataset, cookie, &p);
	if (rc == CL_OK && p.data == NULL)
		rc = CL_CKPT_ERR_NOT_EXIST;
	if (rc == CL_OK)
		rc = store(handle, name, dataset, id, id_size, &p);
	packed_free(&p);
	return rc;
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptDataSetWrite(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId, ClPtrT cookie)
{
	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	return write_record(ckptHdl, pCkptName, dsId, NULL, 0, cookie);
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptElementWrite(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId, ClPtrT elemId,
						ClUint32T elemLen, ClPtrT cookie)
{
	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	if (elemId == NULL)
		return CL_CKPT_ERR_NULL_POINTER;
	return write_record(ckptHdl, pCkptName, dsId, elemId, elemLen, cookie);
}
