/* The checksum of a record. SQLite checks the structure of a file, not what is stored in it. */
#ifndef CKPT_DATASET_SUM_H
#define CKPT_DATASET_SUM_H

#include <stdbool.h>
#include <stdint.h>

/* Copies size bytes (to NULL: does not) and returns their sum, together with where they belong. All sums are from 2^62 to
 * 2^63 - 1: SQLite stores them in the same number of bytes. It is for damage, which it misses once in 2^62 times, not for
 * people who mean to deceive. */
int64_t ckpt_sum_copy(void *to, const void *from, uint64_t size, uint32_t dataset, bool element);

#endif
