package main

// #include "engine.h"
import "C"

import (
	"libckpt/internal/wire"
)

// ais maps what the agent answers to SaAisErrorT. What is not in it is a defect somewhere: SA_AIS_ERR_LIBRARY.
var ais = map[wire.Code]C.uint32_t{
	wire.OK:              1,
	wire.Library:         2,
	wire.VersionMismatch: 3,
	wire.Init:            4,
	wire.Timeout:         5,
	wire.TryAgain:        6,
	wire.InvalidParam:    7,
	wire.NoMemory:        8,
	wire.BadHandle:       9,
	wire.Access:          11,
	wire.NotExist:        12,
	wire.Exist:           14,
	wire.NoSpace:         15,
	wire.NoResources:     18,
	wire.NotSupported:    19,
	wire.BadOperation:    20,
	wire.FailedOperation: 21,
	wire.BadFlags:        25,
	wire.TooBig:          26,
	wire.NoSections:      27,
	wire.Unavailable:     31,
}

const (
	aisOK      C.uint32_t = 1
	aisLibrary C.uint32_t = 2
)

// aisOf is the SaAisErrorT of a code.
func aisOf(code wire.Code) C.uint32_t {
	if e, ok := ais[code]; ok {
		return e
	}
	return aisLibrary
}
