/* What every public function begins with. */
#ifndef CKPT_FRONT_PUBLIC_H
#define CKPT_FRONT_PUBLIC_H

/* Exported from the library; everything else is hidden. */
#define CKPT_PUBLIC __attribute__((visibility("default")))

#endif
