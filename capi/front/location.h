/* Where this library is, and where its engine is. */
#ifndef CKPT_FRONT_LOCATION_H
#define CKPT_FRONT_LOCATION_H

#include <stdbool.h>
#include <stddef.h>

/* Stores the engine's path: what CKPT_ENGINE names (not in a set-user-id program), else libckpt-engine.so beside the
 * file this library was loaded from, symbolic links resolved. false if that cannot be found out. */
bool ckpt_engine_path(char *path, size_t size);

/* Keeps this library in memory for the life of the process: the engine, which cannot be unloaded, writes into it. */
void ckpt_front_stay(void);

#endif
