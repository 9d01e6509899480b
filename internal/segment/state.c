/* state.c: what is not an update of sections: the words that open and close the replica to readers, the configuration,
 * marks; and reading from the writer's side. */
#include <errno.h>
#include <string.h>

#include "writer.h"

void ckpt_writer_set_state(ckpt_writer *w, const struct ckpt_state *s)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t flags = s->flags | (ckpt_load(&h->flags) & CKPT_SEG_DEAD);
	if (flags == ckpt_load(&h->flags) && s->generation == ckpt_load(&h->epoch_generation) &&
	    s->counter == ckpt_load(&h->epoch_counter)) {
		ckpt_store(&h->lease, s->lease); /* what happens most, and is one word */
		return;
	}
	if (ckpt_undo_settle(w) != 0 || ckpt_undo_begin(w, CKPT_UNDO_FIXED) != 0) {
		ckpt_store(&h->flags, flags & ~CKPT_SEG_READABLE);
		return;
	}
	ckpt_undo_open(w, &h->state_seq);
	ckpt_undo_record(w, offsetof(struct ckpt_seg_header, flags), 32);
	ckpt_store(&h->flags, flags);
	ckpt_store(&h->lease, s->lease);
	ckpt_store(&h->epoch_generation, s->generation);
	ckpt_store(&h->epoch_counter, s->counter);
	ckpt_undo_commit(w);
}

void ckpt_writer_state(const ckpt_writer *w, struct ckpt_state *s)
{
	const struct ckpt_seg_header *h = ckpt_head(w);
	s->flags = ckpt_load(&h->flags);
	s->lease = ckpt_load(&h->lease);
	s->generation = ckpt_load(&h->epoch_generation);
	s->counter = ckpt_load(&h->epoch_counter);
}

void ckpt_writer_set_dead(ckpt_writer *w)
{
	struct ckpt_seg_header *h = ckpt_head(w);
	ckpt_store(&h->flags, ckpt_load(&h->flags) | CKPT_SEG_DEAD);
}

int ckpt_writer_set_config(ckpt_writer *w, const void *blob, uint64_t length)
{
	int err = ckpt_undo_settle(w);
	if (err == 0)
		err = ckpt_undo_begin(w, CKPT_UNDO_FIXED);
	if (err != 0)
		return err;
	uint64_t fresh = 0;
	if (length > 0) {
		fresh = ckpt_alloc(w, length, true);
		if (fresh == 0) {
			err = w->error;
			ckpt_undo_recover(w);
			return err;
		}
		ckpt_copy_in(w, fresh, blob, length);
	}
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t old = ckpt_load(&h->config);
	ckpt_undo_put(w, &h->config, fresh);
	ckpt_undo_put(w, &h->config_length, length);
	if (old != 0)
		ckpt_free(w, old);
	ckpt_undo_commit(w);
	return 0;
}

static uint64_t find(const ckpt_writer *w, const void *id, uint64_t length)
{
	return ckpt_index_find(w, id, length, ckpt_index_hash(w, id, length));
}

/* The entry of a section; 0 also for a tombstone. */
static uint64_t find_section(const ckpt_writer *w, const void *id, uint64_t length)
{
	uint64_t entry = find(w, id, length);
	bool buried = entry != 0 && (ckpt_load(&ckpt_entry_at(w, entry)->flags) & CKPT_ENTRY_TOMBSTONE) != 0;
	return buried ? 0 : entry;
}

int ckpt_writer_unmark(ckpt_writer *w, const void *id, uint64_t length, uint64_t number)
{
	int err = ckpt_undo_settle(w);
	if (err != 0)
		return err;
	uint64_t entry = find(w, id, length);
	if (entry == 0)
		return 0;
	struct ckpt_seg_entry *e = ckpt_entry_at(w, entry);
	uint64_t flags = ckpt_load(&e->flags);
	if ((flags & CKPT_ENTRY_MARKED) == 0 || ckpt_load(&e->number) > number)
		return 0;
	err = ckpt_undo_begin(w, CKPT_UNDO_FIXED);
	if (err != 0)
		return err;
	e = ckpt_entry_at(w, entry);
	if ((flags & CKPT_ENTRY_TOMBSTONE) == 0) {
		ckpt_undo_open(w, &e->seq);
		ckpt_undo_put(w, &e->flags, flags & ~CKPT_ENTRY_MARKED);
		ckpt_undo_commit(w);
		return 0;
	}
	struct ckpt_seg_header *h = ckpt_head(w);
	uint64_t id_block = length > CKPT_SEG_INLINE_ID ? ckpt_load(&e->id[0]) : 0;
	ckpt_undo_open(w, &h->index_seq);
	ckpt_undo_open(w, &e->seq);
	ckpt_undo_record(w, entry + offsetof(struct ckpt_seg_entry, flags),
	                 offsetof(struct ckpt_seg_entry, next_free) - offsetof(struct ckpt_seg_entry, flags));
	ckpt_index_remove(w, ckpt_load(&e->hash), entry);
	ckpt_entry_free(w, entry);
	ckpt_undo_put(w, &h->tombstones, ckpt_load(&h->tombstones) - 1);
	if (id_block != 0)
		ckpt_free(w, id_block);
	ckpt_undo_commit(w);
	return 0;
}

static void describe(const ckpt_writer *w, const struct ckpt_seg_entry *e, struct ckpt_section_info *out)
{
	out->id = ckpt_index_id(w, e, &out->id_length);
	out->size = ckpt_load(&e->size);
	out->number = ckpt_load(&e->number);
	out->flags = ckpt_load(&e->flags) & UINT32_MAX;
	out->expiration = (int64_t)ckpt_load(&e->expiration);
	out->last_update = (int64_t)ckpt_load(&e->last_update);
}

bool ckpt_writer_lookup(const ckpt_writer *w, const void *id, uint64_t length, struct ckpt_section_info *out)
{
	uint64_t entry = find_section(w, id, length);
	if (entry != 0)
		describe(w, ckpt_entry_at(w, entry), out);
	return entry != 0;
}

bool ckpt_writer_next(const ckpt_writer *w, bool marked, uint64_t *cursor, struct ckpt_section_info *out)
{
	uint64_t table = ckpt_load(&ckpt_head(w)->table);
	const struct ckpt_seg_slot *slot = ckpt_at(w, CKPT_TABLE_OFFSET(table));
	while (*cursor < UINT64_C(1) << CKPT_TABLE_LOG2(table)) {
		uint64_t ref = ckpt_load(&slot[(*cursor)++].ref);
		if (ref == 0 || ref == CKPT_SLOT_DELETED)
			continue;
		describe(w, ckpt_entry_at(w, ref), out);
		if ((out->flags & (marked ? CKPT_ENTRY_MARKED : CKPT_ENTRY_TOMBSTONE)) == (marked ? CKPT_ENTRY_MARKED : 0))
			return true;
	}
	return false;
}

int ckpt_writer_read(const ckpt_writer *w, const void *id, uint64_t length, uint64_t offset, void *buf, uint64_t size,
                     uint64_t *n)
{
	*n = 0;
	uint64_t entry = find_section(w, id, length);
	if (entry == 0)
		return -ENOENT;
	const struct ckpt_seg_entry *e = ckpt_entry_at(w, entry);
	uint64_t have = ckpt_load(&e->size);
	if ((ckpt_load(&e->flags) & CKPT_ENTRY_CORRUPTED) != 0)
		return -EILSEQ;
	if (offset > have)
		return -ERANGE;
	*n = have - offset < size ? have - offset : size;
	if (*n > 0)
		memcpy(buf, ckpt_at(w, ckpt_load(&e->data) + offset), *n);
	return 0;
}
