/* Telling the engine which notifications are wanted. */
#ifndef CKPT_FRONT_NOTIFY_H
#define CKPT_FRONT_NOTIFY_H

#include <stdint.h>

#include "call.h"
#include "library.h"

/* Chooses the notifications (CKPT_NOTIFY_ bits) of all checkpoints of a library handle (id 0), or of the checkpoint handle
 * with this engine's number besides. held: what is given back if the thread is cancelled meanwhile.
 * Returns a SaAisErrorT. */
uint32_t ckpt_notify(const struct ckpt_library *l, uint64_t id, uint32_t what, const struct ckpt_held *held);

#endif
