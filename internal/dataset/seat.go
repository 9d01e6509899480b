package dataset

// #include "seat.h"
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// newSeat gives a connection its seat. There is none if memory is short; then there is no short way.
func (c *connection) newSeat() {
	if c.seat = C.ckpt_seat_new(); c.seat != nil {
		runtime.AddCleanup(c, func(seat *C.struct_ckpt_seat) { C.ckpt_seat_release(seat) }, c.seat)
	}
}

// takeSeat keeps threads of the application from using the connection; zero limit: only if that can be done at once. Of the
// engine's goroutines only the one that has the token gets here, so that what is waited for is one call.
func (c *connection) takeSeat(limit time.Duration) bool {
	if c.seat == nil || bool(C.ckpt_seat_take(c.seat)) {
		return true
	}
	if limit <= 0 {
		return false
	}
	C.ckpt_seat_want(c.seat, 1)
	defer C.ckpt_seat_want(c.seat, -1)
	for deadline := time.Now().Add(limit); !bool(C.ckpt_seat_take(c.seat)); time.Sleep(seatPause) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

func (c *connection) leaveSeat() {
	if c.seat != nil {
		C.ckpt_seat_leave(c.seat)
	}
}

// fillSeat puts the open connection into the seat, or takes it away. The caller has the seat.
func (c *connection) fillSeat() {
	switch {
	case c.seat == nil:
	case c.db == nil:
		c.seat.db, c.seat.write, c.seat.overwrite, c.seat.read = nil, nil, nil, nil
	default:
		c.seat.db, c.seat.write, c.seat.overwrite, c.seat.read = c.db.c, c.write.c, c.overwrite.c, c.read.c
	}
}

// seatUsed reports whether threads of the application have used the connection since it was asked last.
func (c *connection) seatUsed() bool { return c.seat != nil && bool(C.ckpt_seat_was_used(c.seat)) }

// Seat gives the seat of a checkpoint's connection, with a reference for the caller; nil if there is none at the moment. It
// is a *struct ckpt_seat of seat.h.
func (s *Store) Seat(name string) unsafe.Pointer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[name]
	if c == nil || c.seat == nil {
		return nil
	}
	C.ckpt_seat_hold(c.seat)
	return unsafe.Pointer(c.seat)
}
