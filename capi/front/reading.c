/*
 * As long as this node's replica can answer, a read is a copy out of the mapped segment: no system call, no lock, nothing of
 * the engine. Whatever the replica cannot decide by itself goes to the engine from that element on.
 */
#include "reading.h"

#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "call.h"
#include "saAis.h"

/* An answer that is not one: the engine is to be asked. No SaAisErrorT has this value. */
#define ASK_ENGINE 0u

static uint32_t answer(int status)
{
	switch (status) {
	case CKPT_READ_OK:
		return SA_AIS_OK;
	case CKPT_READ_NO_SECTION:
		return SA_AIS_ERR_NOT_EXIST;
	case CKPT_READ_BAD_OFFSET:
		return SA_AIS_ERR_INVALID_PARAM;
	case CKPT_READ_CORRUPTED:
		return SA_AIS_ERR_FAILED_OPERATION;
	default:
		return ASK_ENGINE;
	}
}

static int read_given(ckpt_reader *r, struct ckpt_part *e)
{
	uint64_t n;
	int status = ckpt_reader_read(r, e->id, e->id_len, e->offset, e->data, e->size, &n);

	if (status == CKPT_READ_OK)
		e->read_size = n;
	return status;
}

/* Reads everything from the offset on into a new block. One byte more than there is to read is asked for: if it comes,
 * the section has grown since its size was looked up. */
static int read_allocated(ckpt_reader *r, struct ckpt_part *e)
{
	int status = CKPT_READ_ASK;

	for (int attempt = 0; attempt < CKPT_READ_ATTEMPTS_MAX; attempt++) {
		struct ckpt_section_stat section;
		uint64_t size, n;
		uint8_t *block;

		status = ckpt_reader_stat(r, e->id, e->id_len, &section);
		if (status != CKPT_READ_OK)
			return status;
		size = section.size > e->offset ? section.size - e->offset : 0;
		block = malloc(size + 1);
		if (block == NULL)
			return CKPT_READ_ASK;
		status = ckpt_reader_read(r, e->id, e->id_len, e->offset, block, size + 1, &n);
		if (status == CKPT_READ_OK && n > 0 && n <= size) {
			block[n] = 0;
			e->data = block;
			e->read_size = n;
			return CKPT_READ_OK;
		}
		free(block);
		if (status != CKPT_READ_OK)
			return status;
		if (n == 0) {
			e->read_size = 0;
			return CKPT_READ_OK;
		}
	}
	return CKPT_READ_ASK;
}

static int read_once(ckpt_reader *r, struct ckpt_part *e, bool given)
{
	return given ? read_given(r, e) : read_allocated(r, e);
}

/* Not the usual case: the mapping is too short, or the replica has gone. */
static uint32_t read_renewed(struct ckpt_checkpoint *c, ckpt_reader *r, int status, struct ckpt_part *e, bool given)
{
	for (int attempt = 0; attempt < CKPT_READ_ATTEMPTS_MAX; attempt++) {
		r = ckpt_replica_renew(&c->replica, r, status, c->id, &c->object);
		if (r == NULL)
			return ASK_ENGINE;
		status = read_once(r, e, given);
		if (status != CKPT_READ_REMAP && status != CKPT_READ_GONE)
			return answer(status);
	}
	return ASK_ENGINE;
}

static uint32_t read_local(struct ckpt_checkpoint *c, struct ckpt_part *e)
{
	ckpt_reader *r = atomic_load_explicit(&c->replica.reader, memory_order_acquire);
	bool given = e->data != NULL;
	int status;

	if (r == NULL)
		return read_renewed(c, NULL, CKPT_READ_GONE, e, given);
	status = read_once(r, e, given);
	if (status == CKPT_READ_REMAP || status == CKPT_READ_GONE)
		return read_renewed(c, r, status, e, given);
	return answer(status);
}

/* ---- Through the engine ---- */

static void take(struct ckpt_part *e, struct ckpt_element *found)
{
	e->read_size = found->data != NULL ? found->size : 0;
	if (e->data == NULL) {
		if (e->read_size > 0) {
			e->data = found->data;
			found->data = NULL;
		}
		return;
	}
	if (e->read_size > e->size)
		e->read_size = e->size;
	if (e->read_size > 0)
		memcpy(e->data, found->data, e->read_size);
}

static uint32_t read_engine(struct ckpt_checkpoint *c, struct ckpt_part *v, uint32_t n, uint32_t *bad)
{
	struct ckpt_call *call = ckpt_checkpoint_call(c, CKPT_OP_READ, n);
	uint32_t error;

	if (call == NULL)
		return SA_AIS_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		call->elements[i].id = v[i].id;
		call->elements[i].id_len = v[i].id_len;
		call->elements[i].offset = v[i].offset;
		call->elements[i].size = v[i].data != NULL ? v[i].size : UINT64_MAX;
	}
	error = ckpt_call_on(&c->object, &call);
	if (error == SA_AIS_OK)
		for (uint32_t i = 0; i < n; i++)
			take(&v[i], &call->elements[i]);
	else if (call != NULL)
		*bad += call->index;
	ckpt_call_free(call);
	return error;
}

/* The engine, too, calls an offset beyond the end of a section an error, and then delivers none of the elements: where
 * that is no error they are asked for one by one. */
static uint32_t read_engine_past_end(struct ckpt_checkpoint *c, struct ckpt_part *v, uint32_t n, uint32_t *bad)
{
	uint32_t first = *bad;
	uint32_t error = read_engine(c, v, n, bad);

	if (error != SA_AIS_ERR_INVALID_PARAM)
		return error;
	for (uint32_t i = 0; i < n; i++) {
		*bad = first + i;
		error = read_engine(c, &v[i], 1, bad);
		if (error == SA_AIS_ERR_INVALID_PARAM)
			v[i].read_size = 0;
		else if (error != SA_AIS_OK)
			return error;
	}
	return SA_AIS_OK;
}

/* ---- All elements ---- */

/* Which elements came without a buffer, so that an error can take back what was allocated for them. */
struct allocated {
	bool one;
	bool *each;	/* NULL when there is one element, or when all came with a buffer */
};

static bool allocated_note(struct allocated *a, const struct ckpt_part *v, uint32_t n)
{
	uint32_t first = 0;

	*a = (struct allocated){.one = n == 1 && v[0].data == NULL};
	while (first < n && v[first].data != NULL)
		first++;
	if (n == 1 || first == n)
		return true;
	a->each = malloc(n * sizeof *a->each);
	if (a->each == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		a->each[i] = v[i].data == NULL;
	return true;
}

static void allocated_end(struct allocated *a, struct ckpt_part *v, uint32_t n, bool keep)
{
	for (uint32_t i = 0; !keep && i < n; i++)
		if (a->each != NULL ? a->each[i] : a->one) {
			free(v[i].data);
			v[i].data = NULL;
		}
	free(a->each);
}

uint32_t ckpt_read(struct ckpt_checkpoint *c, struct ckpt_part *v, uint32_t n, bool past_end, uint32_t *bad)
{
	uint32_t error = SA_AIS_OK;
	struct allocated allocated;

	if (!allocated_note(&allocated, v, n))
		return SA_AIS_ERR_NO_MEMORY;
	for (*bad = 0; *bad < n; ++*bad) {
		error = read_local(c, &v[*bad]);
		if (error == SA_AIS_ERR_INVALID_PARAM && past_end) {
			v[*bad].read_size = 0;
			error = SA_AIS_OK;
		}
		if (error != SA_AIS_OK)
			break;
	}
	if (error == ASK_ENGINE)
		error = past_end ? read_engine_past_end(c, &v[*bad], n - *bad, bad) : read_engine(c, &v[*bad], n - *bad, bad);
	allocated_end(&allocated, v, n, error == SA_AIS_OK);
	return error;
}

uint32_t ckpt_section_exists(struct ckpt_checkpoint *c, uint8_t *id, uint16_t id_len)
{
	uint8_t byte;
	struct ckpt_part part = {.id = id, .id_len = id_len, .data = &byte, .size = sizeof byte};
	uint32_t bad, error = ckpt_read(c, &part, 1, true, &bad);

	return error == SA_AIS_ERR_FAILED_OPERATION ? SA_AIS_OK : error;	/* a corrupted section exists, too */
}
