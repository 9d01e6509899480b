/* The same calls through clCkpt*, on the same checkpoint. Built in with -DBENCH_CLCKPT only: another vendor's saCkpt
 * library has none. Each ends the program with a message if a call fails. */
#ifndef BENCH_CLOVIS_H
#define BENCH_CLOVIS_H

#include <stddef.h>
#include <stdint.h>

/* Opens the checkpoint of a name of length bytes for reading and writing. */
uint64_t clovis_open(const void *name, size_t length);

/* Each works on the section of an id of id_size bytes. clovis_read returns the number of bytes read. */
size_t clovis_read(uint64_t checkpoint, uint8_t *id, uint16_t id_size, void *data, size_t size);
void clovis_write(uint64_t checkpoint, uint8_t *id, uint16_t id_size, void *data, size_t size);
void clovis_overwrite(uint64_t checkpoint, uint8_t *id, uint16_t id_size, const void *data, size_t size);

#endif
