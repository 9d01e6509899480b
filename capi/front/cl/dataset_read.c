/* Reading datasets. All records are taken from the database first, as they are at one moment; the deserializers run after
 * that, with no lock held and no reference to the handle. */
#include "clCkptErrors.h"
#include "clCommonErrors.h"
#include "code.h"
#include "dataset.h"
#include "fork.h"
#include "loader.h"
#include "park.h"
#include "public.h"

static const struct ckpt_record *after(const struct ckpt_record *r)
{
	return (const struct ckpt_record *)((const char *)(r + 1) + ((r->size + 15) & ~(uint64_t)15));
}

static bool complete(const struct dataset_functions *functions, const struct ckpt_record *records, uint32_t count)
{
	for (const struct ckpt_record *r = records; count > 0; count--, r = after(r))
		if ((r->element ? functions->element : functions->own).deserialize == NULL)
			return false;
	return true;
}

static ClRcT unpack(const struct dataset_pair *pair, uint32_t dataset, struct ckpt_record *r, ClPtrT cookie)
{
	ClAddrT data = (ClAddrT)(r + 1);
	ClUint32T size = (ClUint32T)r->size;

	if (pair->sdk23)
		return ((dataset_deserialize_23 *)pair->deserialize)(dataset, &data, &size, (ClHandleT)(uintptr_t)cookie);
	return ((ClCkptDeserializeT)pair->deserialize)(dataset, data, size, cookie);
}

static ClRcT deliver(const struct dataset_functions *functions, uint32_t dataset, struct ckpt_record *records, uint32_t count,
		     ClPtrT cookie)
{
	uint64_t ticket = ckpt_park(records);
	ClRcT rc = CL_OK;

	if (!complete(functions, records, count))
		rc = CL_CKPT_ERR_NULL_POINTER;
	for (struct ckpt_record *r = records; rc == CL_OK && count > 0; count--) {
		struct ckpt_record *next = (struct ckpt_record *)after(r);

		rc = unpack(r->element ? &functions->element : &functions->own, dataset, r, cookie);
		r = next;
	}
	ckpt_unpark(ticket);
	return rc;
}

/* Asks the engine, which also tells the short way for the next time. */
static uint32_t fetch(struct datasets *d, struct dataset_name name, uint32_t dataset, struct ckpt_record **records,
		      uint32_t *count)
{
	struct ckpt_call *call = dataset_call(d, CKPT_OP_DATASET_READ, name, dataset);
	uint32_t error = call != NULL ? ckpt_call_on(&d->object, &call) : SA_AIS_ERR_NO_MEMORY;

	if (error == SA_AIS_OK) {
		*records = call->records;
		*count = call->record_count;
		dataset_functions_set_seat(d, name, dataset, call->seat);
		call->records = NULL;
		call->seat = NULL;
	}
	ckpt_call_free(call);
	return error;
}

CKPT_PUBLIC ClRcT clCkptLibraryCkptDataSetRead(ClCkptSvcHdlT ckptHdl, ClNameT *pCkptName, ClUint32T dsId, ClPtrT cookie)
{
	struct dataset_functions functions;
	struct ckpt_record *records = NULL;
	struct dataset_name name;
	struct datasets *d;
	uint32_t error = SA_AIS_OK, count = 0;
	bool read = false;
	ClRcT rc;

	if (ckpt_forked())
		return CL_CKPT_ERR_UNSPECIFIED;
	rc = dataset_name_check(pCkptName, &name);
	if (rc != CL_OK)
		return rc;
	if (dsId == 0)
		return CL_CKPT_ERR_INVALID_PARAMETER;
	d = datasets_acquire(ckptHdl);
	if (d == NULL)
		return CL_CKPT_ERR_INVALID_HANDLE;
	functions = dataset_functions_find(d, name, dsId);
	if (functions.seat != NULL) {
		read = ckpt_engine.seat_read(functions.seat, dsId, &records, &count) != 0;
		ckpt_engine.seat_release(functions.seat);
	}
	if (!read)
		error = fetch(d, name, dsId, &records, &count);
	ckpt_object_release(&d->object);
	if (error != SA_AIS_OK)
		return cl_code(error);
	return deliver(&functions, dsId, records, count, cookie);
}
