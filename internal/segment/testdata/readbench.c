/* readbench FILE SIZE COUNT: reads COUNT times SIZE bytes of the section "bench" and prints ns per read. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../segment.h"

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	uint64_t size = strtoull(argv[2], NULL, 10), count = strtoull(argv[3], NULL, 10), n;
	int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	ckpt_reader *r;
	void *buf = malloc(size + 1);
	if (fd < 0 || buf == NULL || ckpt_reader_open(fd, &r) != 0)
		return 1;
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint64_t i = 0; i < count; i++)
		if (ckpt_reader_read(r, "bench", 5, 0, buf, size, &n) != CKPT_READ_OK || n != size)
			return 1;
	clock_gettime(CLOCK_MONOTONIC, &to);
	double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	printf("%.1f\n", ns / (double)count);
	ckpt_reader_close(r);
	free(buf);
	return 0;
}
