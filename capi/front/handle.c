/*
 * The table is a directory of chunks of slots. Neither is ever freed, so a lookup may touch a slot without holding
 * anything. What makes it safe: a reference is taken only while there is another one (never from 0), and the
 * handle is compared after it was taken. A lookup with a stale handle may hold the slot's next object for a moment;
 * that delays its end but changes nothing else.
 *
 * A handle is the slot's index (low 20 bits) under a serial number that never repeats (44 bits), scrambled with the
 * process's own random keys so that no value can be derived from another.
 */
#include "handle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "bounds.h"

#define INDEX_BITS 20
#define SERIAL_BITS 44
#define SERIAL_MASK ((UINT64_C(1) << SERIAL_BITS) - 1)

_Static_assert(((uint64_t)CKPT_HANDLE_CHUNKS_MAX * CKPT_HANDLES_PER_CHUNK) == (UINT64_C(1) << INDEX_BITS),
	       "an index names a slot");

enum slot_state { SLOT_PENDING, SLOT_LIVE, SLOT_RETIRED };

struct slot {
	_Atomic uint64_t handle;
	_Atomic uint32_t references;
	_Atomic uint32_t state;
	_Atomic uint32_t kind;
	uint32_t words[CKPT_WORDS];
	struct ckpt_object *object;	/* constant while references > 0 */
	struct slot *next_free;
	uint32_t index;
};

static struct slot *_Atomic chunks[CKPT_HANDLE_CHUNKS_MAX];

/* Guards the free list, the serial number and the tree. Held for a few instructions at a time. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot *free_first, **free_last = &free_first;
static uint32_t chunk_count;
static uint64_t serial, key_factor, key_mask;

static void make_keys(void)
{
	uint64_t keys[2];

	if (getrandom(keys, sizeof keys, GRND_NONBLOCK) != sizeof keys) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		keys[0] = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)&keys;
		keys[1] = keys[0] * UINT64_C(0xd1342543de82ef95) + (uint64_t)now.tv_sec;
	}
	key_factor = keys[0] | 1;
	key_mask = keys[1] & SERIAL_MASK;
}

/* One-to-one on 44 bits: each step can be undone. */
static uint64_t scramble(uint64_t n)
{
	n = (n ^ key_mask) & SERIAL_MASK;
	for (int round = 0; round < 3; round++) {
		n = n * key_factor & SERIAL_MASK;
		n ^= n >> (SERIAL_BITS / 2);
	}
	return n;
}

static uint64_t new_handle(uint32_t index)
{
	uint64_t scrambled;

	if (key_factor == 0)
		make_keys();
	do
		scrambled = scramble(++serial);
	while (scrambled == 0);
	return scrambled << INDEX_BITS | index;
}

static bool add_chunk(void)
{
	struct slot *chunk;

	if (chunk_count == CKPT_HANDLE_CHUNKS_MAX)
		return false;
	chunk = calloc(CKPT_HANDLES_PER_CHUNK, sizeof *chunk);
	if (chunk == NULL)
		return false;
	for (uint32_t i = 0; i < CKPT_HANDLES_PER_CHUNK; i++) {
		chunk[i].index = chunk_count * CKPT_HANDLES_PER_CHUNK + i;
		*free_last = &chunk[i];
		free_last = &chunk[i].next_free;
	}
	atomic_store_explicit(&chunks[chunk_count++], chunk, memory_order_release);
	return true;
}

static struct slot *take_slot(void)
{
	struct slot *s;

	if (free_first == NULL && !add_chunk())
		return NULL;
	s = free_first;
	free_first = s->next_free;
	if (free_first == NULL)
		free_last = &free_first;
	s->next_free = NULL;
	return s;
}

static struct slot *slot_of(uint64_t handle)
{
	uint32_t index = handle & ((UINT32_C(1) << INDEX_BITS) - 1);
	struct slot *chunk = atomic_load_explicit(&chunks[index / CKPT_HANDLES_PER_CHUNK], memory_order_acquire);

	return chunk == NULL ? NULL : &chunk[index % CKPT_HANDLES_PER_CHUNK];
}

static void leave_family(struct ckpt_object *o)
{
	if (o->link == NULL)
		return;
	*o->link = o->next;
	if (o->next != NULL)
		o->next->link = o->link;
	o->link = NULL;
}

bool ckpt_object_register(struct ckpt_object *object, enum ckpt_kind kind, struct ckpt_object *parent,
			  void (*destroy)(struct ckpt_object *object))
{
	struct slot *s = NULL;

	object->parent = parent;
	object->destroy = destroy;
	object->children = object->next = NULL;
	object->link = NULL;
	object->childless = false;
	pthread_mutex_lock(&lock);
	if (parent == NULL || !parent->childless)
		s = take_slot();
	if (s != NULL) {
		object->handle = new_handle(s->index);
		if (parent != NULL) {
			object->next = parent->children;
			object->link = &parent->children;
			if (object->next != NULL)
				object->next->link = &object->next;
			parent->children = object;
			atomic_fetch_add_explicit(&slot_of(parent->handle)->references, 1, memory_order_relaxed);
		}
		s->object = object;
		atomic_store_explicit(&s->kind, kind, memory_order_relaxed);
		atomic_store_explicit(&s->state, SLOT_PENDING, memory_order_relaxed);
		atomic_store_explicit(&s->handle, object->handle, memory_order_relaxed);
		atomic_store_explicit(&s->references, 1, memory_order_release);
	}
	pthread_mutex_unlock(&lock);
	return s != NULL;
}

bool ckpt_object_activate(struct ckpt_object *object)
{
	uint32_t expected = SLOT_PENDING;

	return atomic_compare_exchange_strong_explicit(&slot_of(object->handle)->state, &expected, SLOT_LIVE,
						       memory_order_release, memory_order_relaxed);
}

static void drop(struct slot *s)
{
	struct ckpt_object *object = s->object;
	struct ckpt_object *parent;

	if (atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
		return;
	parent = object->parent;
	pthread_mutex_lock(&lock);
	leave_family(object);
	pthread_mutex_unlock(&lock);
	object->destroy(object);
	pthread_mutex_lock(&lock);
	atomic_store_explicit(&s->handle, 0, memory_order_relaxed);
	s->object = NULL;
	*free_last = s;
	free_last = &s->next_free;
	pthread_mutex_unlock(&lock);
	if (parent != NULL)
		ckpt_object_release(parent);
}

static void *acquire(uint64_t handle, enum ckpt_kind kind, enum slot_state state)
{
	struct slot *s = slot_of(handle);
	uint32_t n;

	if (s == NULL)
		return NULL;
	n = atomic_load_explicit(&s->references, memory_order_relaxed);
	do
		if (n == 0)
			return NULL;
	while (!atomic_compare_exchange_weak_explicit(&s->references, &n, n + 1, memory_order_acquire,
						      memory_order_relaxed));
	if (atomic_load_explicit(&s->handle, memory_order_relaxed) == handle &&
	    atomic_load_explicit(&s->kind, memory_order_relaxed) == kind &&
	    atomic_load_explicit(&s->state, memory_order_acquire) == state)
		return s->object;
	drop(s);
	return NULL;
}

void *ckpt_object_acquire(uint64_t handle, enum ckpt_kind kind)
{
	return acquire(handle, kind, SLOT_LIVE);
}

void *ckpt_object_acquire_pending(uint64_t handle, enum ckpt_kind kind)
{
	return acquire(handle, kind, SLOT_PENDING);
}

void ckpt_object_release(struct ckpt_object *object)
{
	drop(slot_of(object->handle));
}

/* Ends one handle, whatever object its slot holds now. True: the caller has taken over the reference that the slot's
 * object got when it was registered. */
static bool retire_slot(struct slot *s, uint64_t handle)
{
	uint32_t state = atomic_load_explicit(&s->state, memory_order_relaxed);

	if (atomic_load_explicit(&s->handle, memory_order_relaxed) != handle)
		return false;
	do
		if (state == SLOT_RETIRED)
			return false;
	while (!atomic_compare_exchange_weak_explicit(&s->state, &state, SLOT_RETIRED, memory_order_acq_rel,
						      memory_order_relaxed));
	return true;
}

/* Takes the children one by one: each is held while it is retired, since its own close may run at the same time. */
static void retire_children(struct ckpt_object *object)
{
	for (;;) {
		struct ckpt_object *child;
		struct slot *s = NULL;
		uint32_t n = 0;

		pthread_mutex_lock(&lock);
		object->childless = true;
		child = object->children;
		if (child != NULL) {
			leave_family(child);
			s = slot_of(child->handle);
			n = atomic_load_explicit(&s->references, memory_order_relaxed);
			while (n != 0 && !atomic_compare_exchange_weak_explicit(&s->references, &n, n + 1,
										memory_order_acquire,
										memory_order_relaxed))
				;
		}
		pthread_mutex_unlock(&lock);
		if (child == NULL)
			return;
		if (n == 0)
			continue;
		ckpt_object_retire(child);
		drop(s);
	}
}

bool ckpt_object_retire(struct ckpt_object *object)
{
	struct slot *s = slot_of(object->handle);

	if (!retire_slot(s, object->handle))
		return false;
	retire_children(object);
	drop(s);
	return true;
}

uint32_t *ckpt_object_word(const struct ckpt_object *object, enum ckpt_word word)
{
	return &slot_of(object->handle)->words[word];
}
