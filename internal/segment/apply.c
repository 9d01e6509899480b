/*
 * apply.c: one update, all or nothing, in three steps.
 *  1. Plan (plan.c): what each section will be, from the ops in their order. Nothing is stored.
 *  2. Prepare: undo room, then every block the update needs, filled with new content. Readers see none of this, and when
 *     space runs out it is undone and nothing has changed.
 *  3. Switch: with the sequence counters odd, small pieces in place, new blocks in, old blocks out; commit.
 */
#include <errno.h>
#include <string.h>

#include "plan.h"

/* Bytes of piece p that readers can see now, hence that undoing must bring back. */
static uint64_t visible(const struct section_plan *s, const struct piece *p)
{
	if (p->offset >= s->old_size)
		return 0;
	uint64_t n = s->old_size - p->offset;
	return n < p->size ? n : p->size;
}

static uint64_t undo_need(const struct ckpt_plan *plan)
{
	uint64_t need = CKPT_UNDO_FIXED;
	for (uint32_t n = 0; n < plan->section_count; n++) {
		const struct section_plan *s = &plan->sections[n];
		need += s->content == CONTENT_FRESH || !s->existed || !s->exists ? CKPT_UNDO_MOVED : CKPT_UNDO_CHANGED;
		if (s->content != CONTENT_IN_PLACE || s->unrecorded)
			continue;
		for (uint32_t i = s->first_piece; i != NONE; i = plan->pieces[i].next)
			need += ckpt_undo_cost(visible(s, &plan->pieces[i]));
	}
	return need;
}

static void store_piece(ckpt_writer *w, uint64_t data, const struct piece *p, bool once)
{
	if (p->bytes != NULL)
		ckpt_writer_copy_long(w, data + p->offset, p->bytes, p->size, once);
	else
		ckpt_fill_zero(w, data + p->offset, p->size);
}

/* What the first piece covers is not worth copying. */
static void copy_old(ckpt_writer *w, const struct ckpt_plan *plan, const struct section_plan *s)
{
	uint64_t from = s->old_size, to = s->old_size;
	if (s->first_piece != NONE && plan->pieces[s->first_piece].offset < s->old_size) {
		from = plan->pieces[s->first_piece].offset;
		to = from + plan->pieces[s->first_piece].size;
	}
	if (from > 0)
		ckpt_copy_in(w, s->data, ckpt_at(w, s->old_data), from);
	if (to < s->old_size)
		ckpt_copy_in(w, s->data + to, ckpt_at(w, s->old_data + to), s->old_size - to);
}

static int prepare_content(ckpt_writer *w, const struct ckpt_plan *plan, struct section_plan *s)
{
	s->data = 0;
	if (s->capacity == 0)
		return 0;
	s->data = ckpt_alloc(w, s->capacity, true);
	if (s->data == 0)
		return w->error;
	s->capacity = ckpt_alloc_capacity(w, s->data);
	if (s->keeps_old)
		copy_old(w, plan, s);
	for (uint32_t i = s->first_piece; i != NONE; i = plan->pieces[i].next)
		store_piece(w, s->data, &plan->pieces[i], plan->filling);
	return 0;
}

static int prepare_section(ckpt_writer *w, const struct ckpt_plan *plan, struct section_plan *s)
{
	if (s->exists && s->content == CONTENT_FRESH) {
		int err = prepare_content(w, plan, s);
		if (err != 0)
			return err;
	}
	if (s->exists && s->entry == 0) {
		s->fresh = true;
		if (s->id_length > CKPT_SEG_INLINE_ID) {
			s->id_ref = ckpt_alloc(w, s->id_length, true);
			if (s->id_ref == 0)
				return w->error;
			ckpt_copy_in(w, s->id_ref, s->id, s->id_length);
		}
		s->entry = ckpt_entry_alloc(w);
		if (s->entry == 0)
			return w->error;
	}
	return 0;
}

static void store_id(struct ckpt_seg_entry *e, const struct section_plan *s)
{
	uint64_t words[3] = {s->id_ref, 0, 0};
	if (s->id_length > 0 && s->id_length <= CKPT_SEG_INLINE_ID)
		memcpy(words, s->id, s->id_length);
	for (int n = 0; n < 3; n++)
		ckpt_store(&e->id[n], words[n]);
	ckpt_store(&e->hash, s->hash);
}

static bool in_order(const ckpt_writer *w, const struct ckpt_update *u)
{
	uint64_t last = ckpt_load(&ckpt_head(w)->number);
	return u->jump ? u->number == 0 || u->number > last : u->number == last + 1;
}

static void switch_section(ckpt_writer *w, const struct ckpt_plan *plan, const struct section_plan *s)
{
	struct ckpt_seg_entry *e = ckpt_entry_at(w, s->entry);
	if (s->unrecorded && s->content == CONTENT_IN_PLACE)
		ckpt_undo_corrupts(w, s->entry);
	ckpt_undo_record(w, s->entry + offsetof(struct ckpt_seg_entry, flags),
	                 offsetof(struct ckpt_seg_entry, next_free) - offsetof(struct ckpt_seg_entry, flags));
	uint64_t id_length = (uint64_t)s->id_length << CKPT_ENTRY_ID_SHIFT;
	if (!s->exists && !s->bury) {
		ckpt_index_remove(w, s->hash, s->entry);
		ckpt_entry_free(w, s->entry);
		return;
	}
	ckpt_store(&e->number, s->number);
	if (s->bury) {
		ckpt_store(&e->data, 0);
		ckpt_store(&e->capacity, 0);
		ckpt_store(&e->size, 0);
		ckpt_store(&e->flags, CKPT_ENTRY_VALID | CKPT_ENTRY_MARKED | CKPT_ENTRY_TOMBSTONE | id_length);
		return;
	}
	if (s->content == CONTENT_IN_PLACE) {
		for (uint32_t i = s->first_piece; i != NONE; i = plan->pieces[i].next) {
			const struct piece *p = &plan->pieces[i];
			uint64_t n = visible(s, p);
			if (n > 0 && !s->unrecorded)
				ckpt_undo_record(w, s->old_data + p->offset, n);
			store_piece(w, s->old_data, p, plan->filling);
		}
	}
	if (s->fresh)
		store_id(e, s);
	if (s->content == CONTENT_FRESH) {
		ckpt_store(&e->data, s->data);
		ckpt_store(&e->capacity, s->data != 0 ? s->capacity : 0);
	}
	ckpt_store(&e->flags, s->flags | id_length);
	ckpt_store(&e->size, s->size);
	ckpt_store(&e->expiration, (uint64_t)s->expiration);
	ckpt_store(&e->last_update, (uint64_t)s->last_update);
	if (s->fresh)
		ckpt_index_insert(w, s->hash, s->entry);
}

static void release_section(ckpt_writer *w, const struct section_plan *s)
{
	if (s->old_data != 0 && (!s->exists || s->content == CONTENT_FRESH))
		ckpt_free(w, s->old_data);
	if (!s->exists && !s->bury && s->old_id_ref != 0)
		ckpt_free(w, s->old_id_ref);
}

/* Of several new entries, two might count on the same slot. */
static uint64_t fills(const ckpt_writer *w, const struct ckpt_plan *plan)
{
	if (plan->inserts != 1)
		return plan->inserts;
	for (uint32_t n = 0; n < plan->section_count; n++)
		if (plan->sections[n].exists && plan->sections[n].entry == 0)
			return ckpt_index_fills(w, plan->sections[n].hash);
	return 1;
}

static int prepare(ckpt_writer *w, struct ckpt_plan *plan, const struct ckpt_update *u, uint64_t *table,
                   uint64_t *old_results)
{
	int err = ckpt_index_reserve(w, plan->inserts, plan->removes, fills(w, plan), table);
	for (uint32_t n = 0; err == 0 && n < plan->section_count; n++)
		err = prepare_section(w, plan, &plan->sections[n]);
	*old_results = 0;
	if (err == 0 && u->replace_results)
		err = ckpt_results_replace(w, u, old_results);
	else if (err == 0 && u->has_result)
		err = ckpt_results_reserve(w, old_results);
	return err;
}

int ckpt_writer_apply(ckpt_writer *w, const struct ckpt_update *u, uint64_t *index)
{
	struct ckpt_plan *plan;
	int err = ckpt_undo_settle(w);
	if (err == 0 && !in_order(w, u))
		err = -EPROTO;
	if (err == 0)
		err = ckpt_plan_update(w, u, &plan, index);
	if (err != 0)
		return err;
	err = ckpt_undo_begin(w, undo_need(plan));
	if (err != 0)
		return err;
	uint64_t table, old_results;
	err = prepare(w, plan, u, &table, &old_results);
	if (err != 0) {
		ckpt_undo_recover(w);
		return err;
	}

	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t old_table = CKPT_TABLE_OFFSET(ckpt_load(&h->table));
	if (table != 0 || plan->inserts + plan->removes > 0)
		ckpt_undo_open(w, &h->index_seq);
	for (uint32_t n = 0; n < plan->section_count; n++)
		if (plan->sections[n].entry != 0)
			ckpt_undo_open(w, &ckpt_entry_at(w, plan->sections[n].entry)->seq);
	if (table != 0)
		ckpt_index_switch(w, table);
	for (uint32_t n = 0; n < plan->section_count; n++)
		if (plan->sections[n].entry != 0)
			switch_section(w, plan, &plan->sections[n]);
	ckpt_undo_record(w, offsetof(struct ckpt_seg_header, number), 32);
	ckpt_store(&h->number, ckpt_update_number(w, u));
	ckpt_store(&h->section_count, ckpt_load(&h->section_count) + plan->creates - plan->deletes);
	ckpt_store(&h->memory_used, ckpt_load(&h->memory_used) + plan->bytes_added - plan->bytes_removed);
	if (plan->buries != plan->exhumes)
		ckpt_undo_put(w, &h->tombstones, ckpt_load(&h->tombstones) + plan->buries - plan->exhumes);
	if (u->set_next_generated)
		ckpt_store(&h->next_generated, u->next_generated);
	if (u->has_result)
		ckpt_results_put(w, u);
	if (table != 0)
		ckpt_free(w, old_table);
	if (old_results != 0)
		ckpt_free(w, old_results);
	for (uint32_t n = 0; n < plan->section_count; n++)
		release_section(w, &plan->sections[n]);
	ckpt_undo_commit(w);
	return 0;
}
