/*
 * results.c: what each session's slot was answered last, so that a retry gets the same answer. Open addressing over
 * (session, slot) with the records in the table itself; only the writer reads it.
 */
#include <errno.h>
#include <string.h>

#include "writer.h"

enum { RESULTS_MIN = 16 /* records */ };

static uint64_t hash(uint64_t session, uint64_t slot)
{
	uint64_t key[2] = {session, slot};
	return ckpt_segment_hash(0, key, sizeof key);
}

static struct ckpt_seg_result *table(const ckpt_writer *w, uint64_t *slots)
{
	const struct ckpt_seg_header *h = ckpt_head(w);
	*slots = ckpt_load(&h->results_slots);
	return ckpt_at(w, ckpt_load(&h->results));
}

int ckpt_results_reserve(ckpt_writer *w, uint64_t *replaced)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t slots = ckpt_load(&h->results_slots);
	*replaced = 0;
	if ((ckpt_load(&h->results_used) + 1) * 4 <= slots * 3)
		return 0;
	uint64_t count = RESULTS_MIN;
	while (count < (ckpt_load(&h->results_live) + 1) * 2)
		count *= 2;
	uint64_t size = count * sizeof(struct ckpt_seg_result);
	uint64_t to = ckpt_alloc(w, size, true);
	if (to == 0)
		return w->error;
	ckpt_fill_zero(w, to, size);
	h = ckpt_head(w);
	const struct ckpt_seg_result *old = table(w, &slots);
	for (uint64_t n = 0; n < slots; n++) {
		uint64_t word = ckpt_load(&old[n].slot);
		if ((word & CKPT_RESULT_LIVE) == 0)
			continue;
		uint64_t at = hash(ckpt_load(&old[n].session), word >> 32) & (count - 1);
		while (ckpt_load(&((struct ckpt_seg_result *)ckpt_at(w, to))[at].slot) != 0)
			at = (at + 1) & (count - 1);
		ckpt_copy_in(w, to + at * sizeof *old, &old[n], sizeof *old);
	}
	*replaced = ckpt_load(&h->results);
	ckpt_undo_put(w, &h->results, to);
	ckpt_undo_put(w, &h->results_slots, count);
	ckpt_undo_put(w, &h->results_used, ckpt_load(&h->results_live));
	return 0;
}

static void switch_table(ckpt_writer *w, uint64_t to, uint64_t slots, uint64_t live)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	ckpt_undo_put(w, &h->results, to);
	ckpt_undo_put(w, &h->results_slots, slots);
	ckpt_undo_put(w, &h->results_used, live);
	ckpt_undo_put(w, &h->results_live, live);
}

int ckpt_results_replace(ckpt_writer *w, const struct ckpt_update *u, uint64_t *replaced)
{
	*replaced = ckpt_load(&ckpt_head(w)->results);
	if (u->result_count == 0) {
		switch_table(w, 0, 0, 0);
		return 0;
	}
	uint64_t count = RESULTS_MIN;
	while (count < (u->result_count + 1) * 2)
		count *= 2;
	uint64_t size = count * sizeof(struct ckpt_seg_result);
	uint64_t to = ckpt_alloc(w, size, true);
	if (to == 0)
		return w->error;
	ckpt_fill_zero(w, to, size);
	struct ckpt_seg_result *t = ckpt_at(w, to);
	uint64_t live = 0;
	for (uint64_t n = 0; n < u->result_count; n++) {
		const struct ckpt_result_info *r = &u->results[n];
		uint64_t at = hash(r->session, r->slot) & (count - 1), word;
		while ((word = ckpt_load(&t[at].slot)) != 0 && (ckpt_load(&t[at].session) != r->session || word >> 32 != r->slot))
			at = (at + 1) & (count - 1);
		live += word == 0;
		ckpt_store(&t[at].session, r->session);
		ckpt_store(&t[at].number, r->number);
		ckpt_copy_in(w, to + at * sizeof *t + offsetof(struct ckpt_seg_result, blob), r->blob, r->length);
		ckpt_store(&t[at].slot, CKPT_RESULT_LIVE | (uint64_t)r->length << 16 | (uint64_t)r->slot << 32);
	}
	switch_table(w, to, count, live);
	return 0;
}

void ckpt_results_put(ckpt_writer *w, const struct ckpt_update *u)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t slots;
	struct ckpt_seg_result *t = table(w, &slots);
	uint64_t at = hash(u->result_session, u->result_slot) & (slots - 1);
	uint64_t word;
	for (;; at = (at + 1) & (slots - 1)) {
		word = ckpt_load(&t[at].slot);
		if (word == 0)
			break;
		if ((word & CKPT_RESULT_LIVE) != 0 && ckpt_load(&t[at].session) == u->result_session &&
		    word >> 32 == u->result_slot)
			break;
	}
	uint64_t offset = (uint64_t)((uint8_t *)&t[at] - w->base);
	ckpt_undo_record(w, offset, sizeof *t);
	if (word == 0) {
		ckpt_undo_put(w, &h->results_used, ckpt_load(&h->results_used) + 1);
		ckpt_undo_put(w, &h->results_live, ckpt_load(&h->results_live) + 1);
	}
	ckpt_store(&t[at].session, u->result_session);
	ckpt_store(&t[at].number, u->result_number);
	ckpt_copy_in(w, offset + offsetof(struct ckpt_seg_result, blob), u->result_blob, u->result_length);
	ckpt_store(&t[at].slot,
	           CKPT_RESULT_LIVE | (uint64_t)u->result_length << 16 | (uint64_t)u->result_slot << 32);
}

static bool meant(const struct ckpt_seg_result *r, uint64_t session, uint32_t slot)
{
	uint64_t word = ckpt_load(&r->slot);
	return (word & CKPT_RESULT_LIVE) != 0 && ckpt_load(&r->session) == session &&
	       (slot == CKPT_RESULTS_ALL_SLOTS || word >> 32 == slot);
}

int ckpt_results_drop(ckpt_writer *w, uint64_t session, uint32_t slot)
{
	uint64_t slots, found = 0;
	int err = ckpt_undo_settle(w);
	if (err != 0)
		return err;
	struct ckpt_seg_result *t = table(w, &slots);
	for (uint64_t n = 0; n < slots; n++)
		found += meant(&t[n], session, slot);
	if (found == 0)
		return 0;
	err = ckpt_undo_begin(w, found * ckpt_undo_cost(8) + CKPT_UNDO_FIXED);
	if (err != 0)
		return err;
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t live = ckpt_load(&h->results_live) - found;
	if (live == 0) {
		uint64_t block = ckpt_load(&h->results);
		switch_table(w, 0, 0, 0);
		ckpt_free(w, block);
	} else {
		t = table(w, &slots);
		for (uint64_t n = 0; n < slots; n++)
			if (meant(&t[n], session, slot))
				ckpt_undo_put(w, &t[n].slot, CKPT_RESULT_DELETED);
		ckpt_undo_put(w, &h->results_live, live);
	}
	ckpt_undo_commit(w);
	return 0;
}

bool ckpt_results_next(const ckpt_writer *w, uint64_t *cursor, struct ckpt_result_info *out)
{
	uint64_t slots;
	const struct ckpt_seg_result *t = table(w, &slots);
	while (*cursor < slots) {
		const struct ckpt_seg_result *r = &t[(*cursor)++];
		uint64_t word = ckpt_load(&r->slot);
		if ((word & CKPT_RESULT_LIVE) == 0)
			continue;
		out->session = ckpt_load(&r->session);
		out->number = ckpt_load(&r->number);
		out->slot = (uint32_t)(word >> 32 & 0xFFFF);
		out->length = (uint32_t)(word >> 16 & 0xFFFF);
		memcpy(out->blob, (const void *)r->blob, sizeof out->blob);
		return true;
	}
	return false;
}
