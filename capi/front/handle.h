/* Handles: 64-bit values that stand for objects of this process.
 *
 * A value is never given out twice, cannot be guessed, and is never dereferenced, so that any value may be passed to
 * any function. Looking one up takes no lock.
 *
 * Objects form a tree (a library handle has checkpoints, these have iterations). Retiring an object retires what
 * hangs on it. An object is destroyed when it has been retired and the last thread that uses it has let it go.
 */
#ifndef CKPT_FRONT_HANDLE_H
#define CKPT_FRONT_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

/* Handles of one API are no handles of the other. */
enum ckpt_kind {
	CKPT_KIND_SA_LIBRARY = 1, CKPT_KIND_SA_CHECKPOINT, CKPT_KIND_SA_ITERATION,
	CKPT_KIND_CL_LIBRARY, CKPT_KIND_CL_CHECKPOINT, CKPT_KIND_CL_ITERATION,
	CKPT_KIND_CL_DATASETS
};

/* The first member of everything that has a handle. Its fields belong to handle.c but for reading handle and parent. */
struct ckpt_object {
	uint64_t handle;
	struct ckpt_object *parent;	/* NULL, or an object that exists as long as this one */
	void (*destroy)(struct ckpt_object *object);
	struct ckpt_object *children;
	struct ckpt_object *next;
	struct ckpt_object **link;	/* what points to this one in the parent's list, NULL outside it */
	bool childless;			/* retired: takes no more children */
};

/*
 * Gives an object its handle and one reference that ckpt_object_retire takes over. The object starts pending: it cannot
 * be acquired before ckpt_object_activate. destroy runs once, without a lock, when no reference is left.
 * Returns false, and owns nothing, if the table is full, memory is short, or the parent has been retired.
 */
bool ckpt_object_register(struct ckpt_object *object, enum ckpt_kind kind, struct ckpt_object *parent,
			  void (*destroy)(struct ckpt_object *object));

/* Makes a pending object usable. false if it has been retired meanwhile. */
bool ckpt_object_activate(struct ckpt_object *object);

/* The live object of this kind with this handle, with one more reference, or NULL. */
void *ckpt_object_acquire(uint64_t handle, enum ckpt_kind kind);

/* The same for a pending object. */
void *ckpt_object_acquire_pending(uint64_t handle, enum ckpt_kind kind);

/* Gives one reference back; the object may be gone after it. */
void ckpt_object_release(struct ckpt_object *object);

/*
 * Ends a handle and those of all objects below it. The caller holds a reference of its own, which is not touched. Of
 * several callers one gets true; the others, and callers with an object that is retired already, get false.
 */
bool ckpt_object_retire(struct ckpt_object *object);

/* Words that live as long as the process and belong to this object while it exists: what others may still touch when the
 * object is gone. */
enum ckpt_word { CKPT_WORD_EVENTS, CKPT_WORD_CONSUMPTION, CKPT_WORD_LEFT, CKPT_WORDS };
uint32_t *ckpt_object_word(const struct ckpt_object *object, enum ckpt_word word);

#endif
