#include "sum.h"

#include <stddef.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "sums are of little-endian words"
#endif

/* Fletcher's sums, as ZFS uses them, in eight lanes that the processor works on at once: in each, a is the sum of the words
 * and b the sum of all values a had. Two lanes are a vector, on every processor there is. */
typedef uint64_t pair __attribute__((vector_size(16)));
enum { PAIRS = 4, BLOCK_BYTES = PAIRS * sizeof(pair) };

/* Copied and then added up at a time: little enough to be still at hand. */
enum { PIECE_BYTES = 4096 };

struct sums {
	pair a[PAIRS], b[PAIRS];
};

static void add(struct sums *sums, const char *in, uint64_t blocks)
{
	pair a0 = sums->a[0], a1 = sums->a[1], a2 = sums->a[2], a3 = sums->a[3];
	pair b0 = sums->b[0], b1 = sums->b[1], b2 = sums->b[2], b3 = sums->b[3];

	for (; blocks > 0; blocks--, in += BLOCK_BYTES) {
		pair words[PAIRS];

		memcpy(words, in, sizeof words);
		b0 += a0 += words[0];
		b1 += a1 += words[1];
		b2 += a2 += words[2];
		b3 += a3 += words[3];
	}
	*sums = (struct sums){{a0, a1, a2, a3}, {b0, b1, b2, b3}};
}

/* One-to-one. */
static uint64_t mix(uint64_t n)
{
	n ^= n >> 32;
	n *= UINT64_C(0x9e3779b97f4a7c15);
	n ^= n >> 29;
	n *= UINT64_C(0xd1342543de82ef95);
	return n ^ n >> 32;
}

int64_t ckpt_sum_copy(void *to, const void *from, uint64_t size, uint32_t dataset, bool element)
{
	struct sums sums = {.a = {{(uint64_t)dataset << 1 | element, size}}};
	const char *in = from;
	char *out = to;
	uint64_t sum = 0;

	while (size >= BLOCK_BYTES) {
		uint64_t piece = size < PIECE_BYTES ? size / BLOCK_BYTES * BLOCK_BYTES : PIECE_BYTES;

		if (out != NULL) {
			memcpy(out, in, piece);
			out += piece;
		}
		add(&sums, in, piece / BLOCK_BYTES);
		in += piece;
		size -= piece;
	}
	if (size > 0) {
		char rest[BLOCK_BYTES] = {0};

		memcpy(rest, in, size);
		if (out != NULL)
			memcpy(out, in, size);
		add(&sums, rest, 1);
	}
	for (int i = 0; i < PAIRS; i++)
		for (int lane = 0; lane < 2; lane++)
			sum = mix(mix(sum + sums.a[i][lane]) + sums.b[i][lane]);
	return (int64_t)((sum >> 2) | UINT64_C(1) << 62);
}
