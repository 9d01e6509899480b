/* Changing sections. Codes are SaAisErrorT; arguments have been checked as far as the API demands. A thread that is
 * cancelled in here gives the caller's reference to the checkpoint back. */
#ifndef CKPT_FRONT_UPDATE_H
#define CKPT_FRONT_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"
#include "element.h"

/* A section to be made. */
struct ckpt_creation {
	const uint8_t *id;		/* id_len bytes */
	uint16_t id_len;
	bool generate;			/* id_len is 0; the service makes an id */
	bool refuse_past;		/* an expiration before the current second is SA_AIS_ERR_INVALID_PARAM, else never */
	int64_t expiration_ns;		/* wall clock */
	const void *data;
	uint64_t size;
};

/* Creates a section. With generate, *made and *made_len are its id, a malloc block with a NUL byte behind it. */
uint32_t ckpt_section_create(struct ckpt_checkpoint *c, const struct ckpt_creation *new, uint8_t **made, uint16_t *made_len);

/* CKPT_OP_SECTION_DELETE, or CKPT_OP_EXPIRATION_SET with a time (wall clock ns). */
uint32_t ckpt_section_change(struct ckpt_checkpoint *c, uint32_t op, const uint8_t *id, uint16_t id_len, int64_t time_ns);

/* Whether a wall-clock time in ns lies before the current second. */
bool ckpt_before_this_second(int64_t time_ns);

/* Writes elements, all or none; on failure *bad is the first one at fault, if one is. */
uint32_t ckpt_write(struct ckpt_checkpoint *c, const struct ckpt_part *v, uint32_t n, uint32_t *bad);

/* Makes data the whole content of a section. */
uint32_t ckpt_overwrite(struct ckpt_checkpoint *c, const uint8_t *id, uint16_t id_len, const void *data, uint64_t size);

#endif
