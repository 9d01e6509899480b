/*
 * driver DIR SEED STEPS: random updates on a segment in DIR, and on damaged copies of it, for a build with
 * sanitizers. It looks at no content (the Go tests do); it exists to run every path under them, the ones after a
 * writer was stopped within an update included.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../segment.h"
#include "../writer.h"

enum { IDS = 90, DATA_MAX = 40000, OPS_MAX = 6 };

static uint64_t seed;
static uint8_t data[DATA_MAX];
static char path[4096], copy_path[4096];
static jmp_buf stopped;
static uint64_t stores_left;

static uint64_t rnd(uint64_t below)
{
	seed += UINT64_C(0x9E3779B97F4A7C15);
	uint64_t z = seed;
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % below;
}

static void fail(const char *what)
{
	fprintf(stderr, "driver: %s\n", what);
	exit(1);
}

static void stop(void)
{
	if (stores_left-- == 0) {
		ckpt_store_hook = NULL;
		longjmp(stopped, 1);
	}
}

static uint16_t make_id(char *id, uint64_t n)
{
	int length = sprintf(id, "%0*d", n % 3 == 0 ? 40 : 5, (int)n);
	return (uint16_t)length;
}

static void random_op(struct ckpt_op *op, char *id)
{
	memset(op, 0, sizeof *op);
	op->kind = CKPT_OP_CREATE + (uint32_t)rnd(7);
	if (rnd(2) == 0)
		op->kind = CKPT_OP_CREATE;
	op->id = id;
	op->id_length = make_id(id, rnd(IDS));
	op->offset = rnd(rnd(4) == 0 ? DATA_MAX : 100);
	op->size = rnd(rnd(4) == 0 ? DATA_MAX : 100);
	op->data = data;
	op->total = op->size + rnd(2) * rnd(100);
	op->stamped = rnd(8) == 0;
	op->number = 1;
}

static int update(ckpt_writer *w)
{
	static struct ckpt_op ops[OPS_MAX];
	static char ids[OPS_MAX][64];
	struct ckpt_update u = {.number = ckpt_load(&ckpt_head(w)->number) + 1, .ops = ops, .weak = rnd(4) == 0,
	                        .marked = rnd(3) == 0};
	u.op_count = 1 + rnd(OPS_MAX);
	if (rnd(2) == 0)
		u.op_count = 1;
	for (uint64_t n = 0; n < u.op_count; n++)
		random_op(&ops[n], ids[n]);
	u.has_result = rnd(2) == 0;
	u.result_session = rnd(4);
	u.result_slot = (uint16_t)rnd(30);
	u.result_length = (uint16_t)rnd(CKPT_SEG_RESULT + 1);
	uint64_t index;
	switch (rnd(12)) {
	case 0:
		return ckpt_results_drop(w, rnd(4), rnd(2) == 0 ? CKPT_RESULTS_ALL_SLOTS : (uint32_t)rnd(30));
	case 1:
		return ckpt_writer_set_config(w, data, rnd(5000));
	case 3: {
		char id[64];
		uint16_t length = make_id(id, rnd(IDS));
		return ckpt_writer_unmark(w, id, length, ckpt_load(&ckpt_head(w)->number));
	}
	case 2:
		ckpt_writer_set_state(w, &(struct ckpt_state){.counter = rnd(100), .flags = CKPT_SEG_READABLE, .lease = UINT64_MAX});
		return 0;
	default:
		return ckpt_writer_apply(w, &u, &index);
	}
}

static void read_all(const char *file)
{
	static uint8_t buf[DATA_MAX];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ckpt_reader *r;
	if (fd < 0 || ckpt_reader_open(fd, &r) != 0) {
		close(fd);
		return;
	}
	for (uint64_t n = 0; n < IDS; n++) {
		char id[64];
		uint16_t length = make_id(id, n);
		uint64_t got;
		struct ckpt_section_stat stat;
		if (ckpt_reader_read(r, id, length, rnd(50), buf, sizeof buf, &got) == CKPT_READ_REMAP)
			ckpt_reader_remap(r, fd);
		ckpt_reader_stat(r, id, length, &stat);
	}
	ckpt_reader_close(r);
	close(fd);
}

static ckpt_writer *attach(const char *file, const char **reason)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	ckpt_writer *w;
	if (ckpt_writer_attach(fd, NULL, &w, reason) == 0)
		return w;
	close(fd);
	return NULL;
}

static void try_damaged(const uint8_t *image, size_t size);

/* Kills the writer in spirit: what it had allocated for the update is leaked on purpose, as by a crash. */
static ckpt_writer *stop_within(ckpt_writer *victim)
{
	static ckpt_writer *w; /* not on the stack: survives longjmp */
	w = victim;
	stores_left = rnd(300);
	if (setjmp(stopped) == 0) {
		ckpt_store_hook = stop;
		update(w);
		ckpt_store_hook = NULL;
	}
	read_all(path);
	try_damaged(w->base, ckpt_load(&ckpt_head(w)->allocated));
	ckpt_writer_close(w);
	const char *reason;
	w = attach(path, &reason);
	if (w == NULL)
		fail(reason);
	return w;
}

static void try_damaged(const uint8_t *image, size_t size)
{
	uint8_t *bad = malloc(size);
	memcpy(bad, image, size);
	for (uint64_t n = 1 + rnd(3); n > 0; n--) {
		uint64_t ats[] = {CKPT_SEG_IMMUTABLE + 8 * rnd(60), 8 * rnd(size / 8), CKPT_SEG_UNDO_BASE + 8 * rnd(200)};
		uint64_t at = ats[rnd(3)], word;
		memcpy(&word, bad + at, 8);
		uint64_t values[] = {0,          word ^ (UINT64_C(1) << rnd(64)),  rnd(size) & ~UINT64_C(63),
		                     UINT64_MAX, word + 64,                        rnd(5) << CKPT_UNDO_SHIFT | rnd(300)};
		memcpy(bad + at, &values[rnd(6)], 8);
	}
	int fd = open(copy_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bad, size) != (ssize_t)size)
		fail("cannot write the copy");
	close(fd);
	free(bad);
	read_all(copy_path);
	const char *reason;
	ckpt_writer *w = attach(copy_path, &reason);
	if (w == NULL)
		return;
	for (int n = 0; n < 5; n++)
		update(w);
	ckpt_writer_close(w);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	snprintf(path, sizeof path, "%s/segment", argv[1]);
	snprintf(copy_path, sizeof copy_path, "%s/copy", argv[1]);
	seed = strtoull(argv[2], NULL, 10);
	for (size_t n = 0; n < sizeof data; n++)
		data[n] = (uint8_t)n;
	struct ckpt_seg_header header;
	memset(&header, 0, sizeof header);
	ckpt_writer *w;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct ckpt_quota quota = {.max = 600 << 10};
	if (fd < 0 || ckpt_writer_create(fd, &header, seed, &quota, &w) != 0)
		fail("cannot create");
	for (uint64_t steps = strtoull(argv[3], NULL, 10); steps > 0; steps--) {
		update(w);
		if (steps % 5 == 0)
			w = stop_within(w);
		const char *wrong = ckpt_load(&ckpt_head(w)->undo) != 0 ? "undo word set" : ckpt_check(w);
		if (wrong != NULL)
			fail(wrong);
		if (steps % 7 == 0) {
			read_all(path);
			try_damaged(w->base, ckpt_load(&ckpt_head(w)->allocated));
		}
	}
	ckpt_writer_close(w);
	return 0;
}
