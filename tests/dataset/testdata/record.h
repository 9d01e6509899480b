/* Serializers and deserializers that do what their cookie says, and note what they were given. */
#ifndef DATASET_RECORD_H
#define DATASET_RECORD_H

#include "flavour.h"

enum how {
	USUAL,    /* the flavour's way: fill the buffer offered, or allocate if there is none */
	OWN,      /* put a block of its own in the place of the buffer */
	LEAVE,    /* touch neither buffer nor length */
	NO_BUFFER /* set the buffer to NULL and the length to size */
};

/* The cookie of a serializer. */
struct pack {
	const void *data;
	ClUint32T size;
	enum how how;
	bool only_length;           /* USUAL: the length is set to size, the buffer left as it is */
	ClRcT rc;                   /* returned */
	void (*hook)(void *argument); /* called first */
	void *argument;

	unsigned calls; /* noted */
	ClUint32T ds;
	ClUint32T offered;
	bool buffer_offered;
};

enum { RECORDS_MAX = 64 };

struct record {
	bool element;
	ClUint32T ds;
	ClUint32T size;
	unsigned char *data; /* a copy, with one NUL after it */
};

/* The cookie of a deserializer. */
struct unpacked {
	unsigned fail_at;           /* the call that returns rc, counted from 1; 0 = none */
	ClRcT rc;
	void (*hook)(void *argument); /* called at the end of each call */
	void *argument;

	unsigned count; /* noted */
	struct record records[RECORDS_MAX];
};

/* Functions of ClCkptSerializeT and ClCkptDeserializeT. */
extern const ClCkptSerializeT pack_dataset, pack_element;
extern const ClCkptDeserializeT unpack_dataset, unpack_element;

/* Releases the copies and sets the count to zero. */
void unpacked_clear(struct unpacked *u);

#endif
