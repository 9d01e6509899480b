/* Reading sections. Codes are SaAisErrorT. */
#ifndef CKPT_FRONT_READING_H
#define CKPT_FRONT_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"
#include "element.h"

/*
 * Reads n elements, each into its buffer (at most size bytes), or, if data is NULL, everything from the offset on into a
 * malloc block that becomes the caller's, with a NUL byte behind it (NULL when nothing was read). Sets read_size. An
 * offset beyond the end of its section is SA_AIS_ERR_INVALID_PARAM, or with past_end an empty read. On failure *bad is
 * the element at fault, and no block has been allocated. A thread that is cancelled in here gives the caller's
 * reference to the checkpoint back.
 */
uint32_t ckpt_read(struct ckpt_checkpoint *c, struct ckpt_part *v, uint32_t n, bool past_end, uint32_t *bad);

/* Whether a section exists: SA_AIS_OK or SA_AIS_ERR_NOT_EXIST, or another code if that could not be found out. */
uint32_t ckpt_section_exists(struct ckpt_checkpoint *c, uint8_t *id, uint16_t id_len);

#endif
