/* The engine's functions for the short way to a library-based checkpoint (internal/dataset/seat.h): no Go in between. */
#include "engine.h"

#include "../internal/dataset/seat.h"

/* They come from another package; cgo links this file once without it. */
#pragma weak ckpt_seat_hold
#pragma weak ckpt_seat_release
#pragma weak ckpt_seat_write
#pragma weak ckpt_seat_read

_Static_assert(sizeof(struct ckpt_record) == sizeof(struct ckpt_stored), "one layout");
_Static_assert(offsetof(struct ckpt_record, size) == offsetof(struct ckpt_stored, size), "one layout");
_Static_assert(offsetof(struct ckpt_record, element) == offsetof(struct ckpt_stored, element), "one layout");

ckpt_engine_seat_hold_fn ckptEngineSeatHold;
ckpt_engine_seat_release_fn ckptEngineSeatRelease;
ckpt_engine_seat_write_fn ckptEngineSeatWrite;
ckpt_engine_seat_read_fn ckptEngineSeatRead;

void ckptEngineSeatHold(struct ckpt_seat *seat)
{
	ckpt_seat_hold(seat);
}

void ckptEngineSeatRelease(struct ckpt_seat *seat)
{
	ckpt_seat_release(seat);
}

int ckptEngineSeatWrite(struct ckpt_seat *seat, uint32_t dataset, const struct ckpt_element *element)
{
	const struct ckpt_to_store record = {
		.dataset = dataset, .data = element->data, .size = element->size,
		.element = element->id, .element_size = element->id_len,
	};

	return ckpt_seat_write(seat, &record);
}

int ckptEngineSeatRead(struct ckpt_seat *seat, uint32_t dataset, struct ckpt_record **records, uint32_t *count)
{
	struct ckpt_stored *block;

	if (!ckpt_seat_read(seat, dataset, &block, count))
		return 0;
	*records = (struct ckpt_record *)block;
	return 1;
}
