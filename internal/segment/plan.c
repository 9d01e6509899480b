/* plan.c: first step of an update (see apply.c). Reads the segment, stores nothing to it. */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SMALL = 4096,          /* content up to this is changed in place, with undo records */
	UNRECORDED_MIN = 256,  /* weak updates of more bytes than this leave no undo records */
	GROWTH_SHARE = 4,      /* a section that outgrows its block gets 1/4 more than it needs */
	GROWTH_MAX = 1 << 20,  /* but no more than this */
	WASTE_MIN = 1024,      /* blocks up to this are never exchanged for smaller ones */
	ROOM_KEPT = 4096       /* elements of scratch memory kept for the next update */
};

static bool ensure(void **array, uint32_t *room, uint64_t count, size_t size)
{
	if (count <= *room)
		return true;
	uint64_t want = *room == 0 ? 16 : *room;
	while (want < count)
		want *= 2;
	void *bigger = realloc(*array, want * size);
	if (bigger == NULL)
		return false;
	*array = bigger;
	*room = (uint32_t)want;
	return true;
}

static void drop(void **array, uint32_t *room)
{
	free(*array);
	*array = NULL;
	*room = 0;
}

void ckpt_plan_free(struct ckpt_plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->sections);
	free(plan->pieces);
	free(plan->buckets);
	free(plan);
}

static struct ckpt_plan *begin(ckpt_writer *w, uint64_t ops)
{
	struct ckpt_plan *p = w->plan;
	if (p == NULL)
		p = w->plan = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	if (p->section_room > ROOM_KEPT && ops <= ROOM_KEPT) {
		drop((void **)&p->sections, &p->section_room);
		drop((void **)&p->pieces, &p->piece_room);
		drop((void **)&p->buckets, &p->bucket_room);
	}
	p->section_count = p->piece_count = 0;
	p->creates = p->deletes = p->bytes_added = p->bytes_removed = 0;
	p->inserts = p->removes = p->buries = p->exhumes = 0;
	p->bucket_count = 1;
	while (p->bucket_count < ops)
		p->bucket_count *= 2;
	if (!ensure((void **)&p->sections, &p->section_room, ops, sizeof *p->sections) ||
	    !ensure((void **)&p->pieces, &p->piece_room, ops * 2, sizeof *p->pieces) ||
	    !ensure((void **)&p->buckets, &p->bucket_room, p->bucket_count, sizeof *p->buckets))
		return NULL;
	memset(p->buckets, 0xFF, p->bucket_count * sizeof *p->buckets);
	return p;
}

static struct section_plan *section_of(ckpt_writer *w, struct ckpt_plan *p, const struct ckpt_op *op)
{
	uint64_t hash = ckpt_index_hash(w, op->id, op->id_length);
	uint32_t *bucket = &p->buckets[hash & (p->bucket_count - 1)];
	for (uint32_t n = *bucket; n != NONE; n = p->sections[n].next_same_bucket) {
		struct section_plan *s = &p->sections[n];
		if (s->hash == hash && s->id_length == op->id_length &&
		    (op->id_length == 0 || memcmp(s->id, op->id, op->id_length) == 0))
			return s;
	}
	struct section_plan *s = &p->sections[p->section_count];
	memset(s, 0, sizeof *s);
	s->id = op->id;
	s->id_length = op->id_length;
	s->hash = hash;
	s->first_piece = s->last_piece = NONE;
	s->next_same_bucket = *bucket;
	*bucket = p->section_count++;
	s->entry = ckpt_index_find(w, op->id, op->id_length, hash);
	if (s->entry == 0)
		return s;
	const struct ckpt_seg_entry *e = ckpt_entry_at(w, s->entry);
	if (s->id_length > CKPT_SEG_INLINE_ID)
		s->old_id_ref = ckpt_load(&e->id[0]);
	s->flags = ckpt_load(&e->flags) & UINT32_MAX;
	s->buried = (s->flags & CKPT_ENTRY_TOMBSTONE) != 0;
	if (s->buried)
		return s;
	s->existed = s->exists = s->keeps_old = true;
	s->old_data = ckpt_load(&e->data);
	s->old_capacity = ckpt_load(&e->capacity);
	s->old_size = s->size = ckpt_load(&e->size);
	s->expiration = (int64_t)ckpt_load(&e->expiration);
	s->last_update = (int64_t)ckpt_load(&e->last_update);
	return s;
}

static void add_piece(struct ckpt_plan *p, struct section_plan *s, uint64_t offset, const void *bytes, uint64_t size)
{
	if (size == 0)
		return;
	uint32_t n = p->piece_count++;
	p->pieces[n] = (struct piece){.bytes = bytes, .offset = offset, .size = size, .next = NONE};
	if (s->first_piece == NONE)
		s->first_piece = n;
	else
		p->pieces[s->last_piece].next = n;
	s->last_piece = n;
	s->covered += size;
}

static void replace_content(struct ckpt_plan *p, struct section_plan *s, const struct ckpt_op *op)
{
	s->first_piece = s->last_piece = NONE;
	s->covered = 0;
	s->keeps_old = false;
	s->written = true;
	add_piece(p, s, 0, op->data, op->size);
	s->size = op->size;
}

static int put(struct ckpt_plan *p, struct section_plan *s, const struct ckpt_op *op)
{
	if (op->total > CKPT_SEG_SIZE_MAX || op->total < op->size)
		return CKPT_OP_TOO_BIG;
	s->exists = true;
	s->flags = CKPT_ENTRY_VALID | (op->corrupted ? CKPT_ENTRY_CORRUPTED : 0);
	s->expiration = op->expiration;
	replace_content(p, s, op);
	if (!p->filling)
		add_piece(p, s, op->size, NULL, op->total - op->size);
	s->size = op->total;
	return 0;
}

static int plan_op(struct ckpt_plan *p, struct section_plan *s, const struct ckpt_op *op)
{
	if (op->size > CKPT_SEG_SIZE_MAX || op->offset > CKPT_SEG_SIZE_MAX - op->size)
		return CKPT_OP_TOO_BIG;
	s->removed = op->kind == CKPT_OP_REMOVE;
	if (op->kind == CKPT_OP_PUT)
		return put(p, s, op);
	if (op->kind == CKPT_OP_REMOVE) {
		s->exists = false;
		return 0;
	}
	if (op->kind == CKPT_OP_CREATE) {
		if (s->exists)
			return CKPT_OP_EXISTS;
		s->exists = true;
		s->flags = CKPT_ENTRY_VALID;
		s->expiration = op->expiration;
		replace_content(p, s, op);
		return 0;
	}
	if (!s->exists)
		return CKPT_OP_NO_SECTION;
	switch (op->kind) {
	case CKPT_OP_WRITE:
		if ((s->flags & CKPT_ENTRY_CORRUPTED) != 0 && !op->stamped)
			return CKPT_OP_CORRUPTED;
		s->written = true;
		if (op->offset > s->size && op->size > 0)
			add_piece(p, s, s->size, NULL, op->offset - s->size);
		add_piece(p, s, op->offset, op->data, op->size);
		if (op->size > 0 && op->offset + op->size > s->size)
			s->size = op->offset + op->size;
		return 0;
	case CKPT_OP_OVERWRITE:
		s->flags &= ~CKPT_ENTRY_CORRUPTED;
		replace_content(p, s, op);
		return 0;
	case CKPT_OP_DELETE:
		s->exists = false;
		return 0;
	case CKPT_OP_SET_EXPIRATION:
		s->expiration = op->expiration;
		return 0;
	default:
		return CKPT_OP_TOO_BIG;
	}
}

/* Where the final content goes. */
static void place(struct section_plan *s, bool weak)
{
	if (!s->written) {
		s->content = CONTENT_SAME;
		return;
	}
	bool wasteful = s->old_capacity > WASTE_MIN && s->size < s->old_capacity / 2 && !s->keeps_old;
	bool fits = s->existed && s->size <= s->old_capacity && !wasteful;
	bool cheap = s->size <= SMALL && s->old_size <= SMALL;
	if (fits && (weak || cheap || s->covered < s->size / 2)) {
		s->content = CONTENT_IN_PLACE;
		s->unrecorded = weak && s->covered > UNRECORDED_MIN;
		return;
	}
	s->content = CONTENT_FRESH;
	s->capacity = s->size;
	if (s->existed && s->keeps_old && s->size > s->old_capacity)
		s->capacity += s->size / GROWTH_SHARE < GROWTH_MAX ? s->size / GROWTH_SHARE : (uint64_t)GROWTH_MAX;
}

int ckpt_plan_update(ckpt_writer *w, const struct ckpt_update *u, struct ckpt_plan **plan, uint64_t *index)
{
	struct ckpt_plan *p = begin(w, u->op_count);
	if (p == NULL)
		return -ENOMEM;
	p->filling = u->filling;
	for (uint64_t n = 0; n < u->op_count; n++) {
		const struct ckpt_op *op = &u->ops[n];
		struct section_plan *s = section_of(w, p, op);
		int err = plan_op(p, s, op);
		if (err != 0) {
			*index = n;
			return err;
		}
		s->number = op->stamped ? op->number : ckpt_update_number(w, u);
		if (op->stamped)
			s->last_update = op->last_update;
		else if (op->kind != CKPT_OP_SET_EXPIRATION)
			s->last_update = u->now;
	}
	for (uint32_t n = 0; n < p->section_count; n++) {
		struct section_plan *s = &p->sections[n];
		place(s, u->weak || u->filling);
		s->bury = !s->exists && u->marked && !s->removed && s->entry != 0;
		if (s->exists && u->marked)
			s->flags |= CKPT_ENTRY_MARKED;
		p->creates += s->exists && !s->existed;
		p->deletes += !s->exists && s->existed;
		p->inserts += s->exists && s->entry == 0;
		p->removes += !s->exists && s->entry != 0 && !s->bury;
		p->buries += s->bury && !s->buried;
		p->exhumes += s->buried && !s->bury;
		p->bytes_added += s->exists ? s->size : 0;
		p->bytes_removed += s->existed ? s->old_size : 0;
	}
	*plan = p;
	return 0;
}
