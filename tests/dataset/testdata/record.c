#include "record.h"

#include <stdlib.h>
#include <string.h>

static ClRcT pack(ClUint32T ds, ClAddrT *buffer, ClUint32T *size, cookie_t cookie)
{
	struct pack *p = from_cookie(cookie);

	p->calls++;
	p->ds = ds;
	p->offered = *size;
	p->buffer_offered = *buffer != NULL;
	if (p->hook != NULL)
		p->hook(p->argument);
	if (p->how == LEAVE)
		return p->rc;
	if (p->how == NO_BUFFER) {
		*buffer = NULL;
	} else if (p->how == OWN || *buffer == NULL) {
		*buffer = clHeapAllocate(p->size);
		if (*buffer == NULL)
			return CL_CKPT_ERR_NO_MEMORY;
	}
	if (p->how != NO_BUFFER && !p->only_length && p->size > 0)
		memcpy(*buffer, p->data, p->size);
	*size = p->size;
	return p->rc;
}

static ClRcT unpack(bool element, ClUint32T ds, const void *data, ClUint32T size, cookie_t cookie)
{
	struct unpacked *u = from_cookie(cookie);
	struct record *r = &u->records[u->count % RECORDS_MAX];

	free(r->data);
	r->element = element;
	r->ds = ds;
	r->size = size;
	r->data = calloc(1, (size_t)size + 1);
	if (r->data == NULL)
		abort();
	if (size > 0)
		memcpy(r->data, data, size);
	u->count++;
	if (u->hook != NULL)
		u->hook(u->argument);
	return u->fail_at == u->count ? u->rc : CL_OK;
}

#if OFFERED_BYTES == 0

static ClRcT dataset_arrived(ClUint32T ds, ClAddrT data, ClUint32T size, ClPtrT cookie)
{
	return unpack(false, ds, data, size, cookie);
}

static ClRcT element_arrived(ClUint32T ds, ClAddrT data, ClUint32T size, ClPtrT cookie)
{
	return unpack(true, ds, data, size, cookie);
}

#else

static ClRcT dataset_arrived(ClUint32T ds, ClAddrT *data, ClUint32T *size, ClHandleT cookie)
{
	return unpack(false, ds, *data, *size, cookie);
}

static ClRcT element_arrived(ClUint32T ds, ClAddrT *data, ClUint32T *size, ClHandleT cookie)
{
	return unpack(true, ds, *data, *size, cookie);
}

#endif

const ClCkptSerializeT pack_dataset = pack, pack_element = pack;
const ClCkptDeserializeT unpack_dataset = dataset_arrived, unpack_element = element_arrived;

void unpacked_clear(struct unpacked *u)
{
	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		free(u->records[i].data);
		u->records[i].data = NULL;
	}
	u->count = 0;
}
