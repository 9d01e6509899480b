package main

// #include "engine.h"
import "C"

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// signal tells the front about a library handle's queue: the bell for threads in Dispatch(BLOCKING), the eventfd for
// those that poll. Its methods run under the queue's lock, left under the agent's, and not any more once the handle was closed.
type signal struct {
	bell *C.uint32_t
	fd   int // -1: none yet
}

// Ring implements agent.Signal.
func (s *signal) Ring() {
	atomic.AddUint32((*uint32)(unsafe.Pointer(s.bell)), 1)
	wake(s.bell)
}

// left tells the front that the node has left the cluster, and has those in Dispatch(BLOCKING) look.
func (s *signal) left(word *C.uint32_t) {
	atomic.StoreUint32((*uint32)(unsafe.Pointer(word)), 1)
	s.Ring()
}

// Raise implements agent.Signal.
func (s *signal) Raise() {
	if s.fd >= 0 {
		var one [8]byte
		binary.NativeEndian.PutUint64(one[:], 1)
		_, _ = unix.Write(s.fd, one[:])
	}
}

// Lower implements agent.Signal.
func (s *signal) Lower() {
	if s.fd >= 0 {
		var value [8]byte
		_, _ = unix.Read(s.fd, value[:])
	}
}
