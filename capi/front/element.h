/* One element of an application's vector, whichever API it came through. */
#ifndef CKPT_FRONT_ELEMENT_H
#define CKPT_FRONT_ELEMENT_H

#include <stddef.h>
#include <stdint.h>

/*
 * SaCkptIOVectorElementT and ClCkptIOVectorElementT have this one layout, so that a vector is worked on where it lies; each
 * API's folder checks its type with CKPT_ELEMENT_LAYOUT. It may alias them: the application's memory has their type.
 */
struct __attribute__((may_alias)) ckpt_part {
	uint16_t id_len;
	uint8_t *id;		/* NULL when id_len is 0: the default section */
	void *data;		/* bytes written; for a read the caller's buffer, or NULL for one of the library's */
	uint64_t size;		/* bytes at data */
	uint64_t offset;	/* in the section */
	uint64_t read_size;	/* out of a read: bytes delivered */
};

#define CKPT_ELEMENT_LAYOUT(type)									\
	_Static_assert(sizeof(type) == sizeof(struct ckpt_part) &&					\
		       offsetof(type, sectionId.idLen) == offsetof(struct ckpt_part, id_len) &&		\
		       offsetof(type, sectionId.id) == offsetof(struct ckpt_part, id) &&		\
		       offsetof(type, dataBuffer) == offsetof(struct ckpt_part, data) &&		\
		       offsetof(type, dataSize) == offsetof(struct ckpt_part, size) &&			\
		       offsetof(type, dataOffset) == offsetof(struct ckpt_part, offset) &&		\
		       offsetof(type, readSize) == offsetof(struct ckpt_part, read_size),		\
		       "another layout than the elements of the front")

#endif
