/* Library-based checkpoints: handles, and what a handle knows of datasets. */
#ifndef CKPT_FRONT_CL_DATASET_H
#define CKPT_FRONT_CL_DATASET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "clCkptExtApi.h"
#include "handle.h"

/* The types of SDK 2.3, whose programs link to functions of their own (clCkptLibraryCkptDataSetCreate_23). */
typedef ClRcT dataset_serialize_23(ClUint32T dsId, ClAddrT *pBuffer, ClUint32T *pLen, ClHandleT cookie);
typedef ClRcT dataset_deserialize_23(ClUint32T dsId, ClAddrT *pBuffer, ClUint32T *pLen, ClHandleT cookie);

/* A function of the application; called as what it is. */
typedef void dataset_function(void);

/* The two functions of a kind of records. */
struct dataset_pair {
	dataset_function *serialize;	/* ClCkptSerializeT or dataset_serialize_23; NULL: none */
	dataset_function *deserialize;	/* ClCkptDeserializeT or dataset_deserialize_23; NULL: none */
	bool sdk23;
};

/* What the application gave for one dataset through one handle. */
struct dataset_functions {
	struct dataset_pair own;	/* for the dataset's own record */
	struct dataset_pair element;	/* for its elements */
	struct ckpt_seat *seat;		/* the short way to the checkpoint; NULL: not known yet */
};

struct dataset_entry;

enum { DATASET_BUCKETS = 64 };

/* What is behind a handle of clCkptLibraryInitialize. */
struct datasets {
	struct ckpt_object object;
	uint64_t id;			/* the engine's number */
	pthread_mutex_t lock;		/* guards what follows; held for a few instructions */
	struct dataset_entry *buckets[DATASET_BUCKETS];
};

/* A checkpoint's name: bytes up to the length or the first NUL, 1 to 256. */
struct dataset_name {
	const char *bytes;
	uint64_t size;
};

/* CL_OK, or the code that a bad name is refused with. */
ClRcT dataset_name_check(const ClNameT *name, struct dataset_name *checked);

/* dataset_functions.c: the functions of a handle's datasets. set_own and set_element keep the other pair of a dataset that is
 * known, and return false if there is no memory. find gives nothing but NULL pointers for one that is not, and a reference to
 * the seat. set_seat takes over a reference. */
bool dataset_functions_set_own(struct datasets *d, struct dataset_name name, uint32_t dataset, struct dataset_pair pair);
bool dataset_functions_set_element(struct datasets *d, struct dataset_name name, uint32_t dataset, struct dataset_pair pair);
struct dataset_functions dataset_functions_find(struct datasets *d, struct dataset_name name, uint32_t dataset);
void dataset_functions_set_seat(struct datasets *d, struct dataset_name name, uint32_t dataset, struct ckpt_seat *seat);
/* dataset 0: of all datasets of the checkpoint. */
void dataset_functions_forget(struct datasets *d, struct dataset_name name, uint32_t dataset);
/* Of everything; nobody else uses the handle any more. */
void dataset_functions_clear(struct datasets *d);

/* The object of a live handle with a reference for the caller, or NULL. */
static inline struct datasets *datasets_acquire(ClCkptSvcHdlT handle)
{
	return ckpt_object_acquire(handle, CKPT_KIND_CL_DATASETS);
}

/* A new call, or NULL. */
struct ckpt_call *dataset_call(const struct datasets *d, uint32_t op, struct dataset_name name, uint32_t dataset);

/* Makes a call that has no results but its code, and frees it (NULL: NO_MEMORY). The caller's reference to d is given up if the
 * thread is cancelled meanwhile, and stays otherwise. */
ClRcT dataset_run(struct datasets *d, struct ckpt_call *call);

#endif
