/* The engine, loaded by the first Initialize. */
#ifndef CKPT_FRONT_LOADER_H
#define CKPT_FRONT_LOADER_H

#include <stdint.h>

#include "engine.h"

/* The engine's functions: how the front calls them, their symbol, their type. */
#define CKPT_ENGINE_FUNCTIONS(X) \
	X(start, "ckptEngineStart", ckpt_engine_start_fn) \
	X(submit, "ckptEngineSubmit", ckpt_engine_submit_fn) \
	X(next, "ckptEngineNext", ckpt_engine_next_fn) \
	X(consumed, "ckptEngineConsumed", ckpt_engine_next_fn) \
	X(selection, "ckptEngineSelection", ckpt_engine_selection_fn) \
	X(seat_write, "ckptEngineSeatWrite", ckpt_engine_seat_write_fn) \
	X(seat_read, "ckptEngineSeatRead", ckpt_engine_seat_read_fn) \
	X(seat_hold, "ckptEngineSeatHold", ckpt_engine_seat_hold_fn) \
	X(seat_release, "ckptEngineSeatRelease", ckpt_engine_seat_release_fn)

struct ckpt_engine {
#define X(member, symbol, type) type *member;
	CKPT_ENGINE_FUNCTIONS(X)
#undef X
};

/* Valid once ckpt_engine_load has returned SA_AIS_OK, unchanged from then on. Call them between ckpt_engine_enter and
 * ckpt_engine_leave only, but for those of seats. */
extern struct ckpt_engine ckpt_engine;

extern struct ckpt_process ckpt_process;

/*
 * Loads the engine if it is not. Any number of threads may call it at once; all wait for the one that loads.
 * Returns SA_AIS_OK; SA_AIS_ERR_LIBRARY (the engine is missing, damaged or of another version; final for this process);
 * SA_AIS_ERR_NO_MEMORY (too little address space; a later call may succeed). The first failure of each kind writes
 * one line to stderr that names the engine's file.
 */
uint32_t ckpt_engine_load(void);

#endif
