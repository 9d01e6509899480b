package segment

// #include <stdlib.h>
// #include "writer.h"
// #cgo noescape ckpt_writer_apply
// #cgo nocallback ckpt_writer_apply
import "C"

import (
	"fmt"
	"unsafe"
)

const (
	// copyMax: content up to this many bytes is copied to C memory for the call; larger content is pinned.
	copyMax = 4 << 10
	// scratchKept is how much C memory stays with a Replica between calls.
	scratchKept = 64 << 10
)

// scratch is C memory that holds one call's arguments: the update, its ops, then ids and short content.
type scratch struct {
	base unsafe.Pointer
	size int
}

// call is the head of scratch.
type call struct {
	update C.struct_ckpt_update
	index  C.uint64_t
}

func (s *scratch) ensure(size int) {
	if size <= s.size && (s.size <= scratchKept || size > scratchKept) {
		return
	}
	s.free()
	s.size = max(size, 1024)
	s.base = C.malloc(C.size_t(s.size))
}

func (s *scratch) free() {
	C.free(s.base)
	*s = scratch{}
}

const (
	callSize = int(unsafe.Sizeof(call{}))
	opSize   = int(C.sizeof_struct_ckpt_op)
)

// Apply does the whole update or, with any error, nothing of it; a process killed meanwhile has done either. Readers
// see each section before or after the update.
//
// Errors: ErrNoSpace; *OpError with the first op that cannot be done (ErrNoSection, ErrExists, ErrCorrupted for OpWrite
// to a corrupted section, ErrTooBig for an id, an offset or a size beyond the format); ErrNumber; ErrTooBig for too
// many ops or too long a result; ErrClosed; an error that matches syscall.ENOMEM or, when another writer left undo
// records that make no sense, syscall.EIO.
func (r *Replica) Apply(u *Update) error {
	if r.w == nil {
		return ErrClosed
	}
	if len(u.Ops) > MaxOps {
		return ErrTooBig
	}
	size := callSize + len(u.Ops)*opSize
	for i := range u.Ops {
		op := &u.Ops[i]
		if len(op.Section) > MaxSectionID {
			return &OpError{i, ErrTooBig}
		}
		size += len(op.Section)
		if len(op.Data) <= copyMax {
			size += len(op.Data)
		}
	}
	r.scratch.ensure(size)
	c := (*call)(r.scratch.base)
	if err := c.fill(u); err != nil {
		return err
	}
	if err := r.fillResults(u, c); err != nil {
		return err
	}
	r.fillOps(u, c)
	rc := C.ckpt_writer_apply(r.w, &c.update, &c.index)
	r.pinner.Unpin()
	switch {
	case rc == 0:
		return nil
	case rc < 0:
		return errnoError(rc)
	}
	err := [...]error{
		C.CKPT_OP_NO_SECTION: ErrNoSection,
		C.CKPT_OP_EXISTS:     ErrExists,
		C.CKPT_OP_CORRUPTED:  ErrCorrupted,
		C.CKPT_OP_TOO_BIG:    ErrTooBig,
	}[rc]
	return &OpError{int(c.index), err}
}

func (c *call) fill(u *Update) error {
	*c = call{}
	c.update.number = C.uint64_t(u.Number)
	c.update.now = C.int64_t(u.Now)
	c.update.op_count = C.uint64_t(len(u.Ops))
	c.update.weak = C.bool(u.Weak)
	c.update.filling = C.bool(u.Filling)
	c.update.jump = C.bool(u.Jump)
	c.update.marked = C.bool(u.Marked)
	if u.NextGenerated != nil {
		c.update.set_next_generated = true
		c.update.next_generated = C.uint64_t(*u.NextGenerated)
	}
	if u.Result != nil {
		if len(u.Result.Blob) > MaxResult {
			return fmt.Errorf("result of %d bytes: %w", len(u.Result.Blob), ErrTooBig)
		}
		c.update.has_result = true
		c.update.result_session = C.uint64_t(u.Result.Session)
		c.update.result_slot = C.uint16_t(u.Result.Slot)
		c.update.result_number = C.uint64_t(u.Result.Number)
		c.update.result_length = C.uint16_t(len(u.Result.Blob))
		copy((*[MaxResult]byte)(unsafe.Pointer(&c.update.result_blob))[:], u.Result.Blob)
	}
	return nil
}

func (r *Replica) fillResults(u *Update, c *call) error {
	c.update.replace_results = C.bool(u.ReplaceResults)
	if !u.ReplaceResults || len(u.Results) == 0 {
		return nil
	}
	all := make([]C.struct_ckpt_result_info, len(u.Results))
	for i := range u.Results {
		from, to := &u.Results[i], &all[i]
		if len(from.Blob) > MaxResult {
			return fmt.Errorf("result of %d bytes: %w", len(from.Blob), ErrTooBig)
		}
		to.session, to.number = C.uint64_t(from.Session), C.uint64_t(from.Number)
		to.slot, to.length = C.uint32_t(from.Slot), C.uint32_t(len(from.Blob))
		copy((*[MaxResult]byte)(unsafe.Pointer(&to.blob))[:], from.Blob)
	}
	c.update.results, c.update.result_count = unsafe.SliceData(all), C.uint64_t(len(all))
	r.pinner.Pin(unsafe.SliceData(all))
	return nil
}

func (r *Replica) fillOps(u *Update, c *call) {
	ops := unsafe.Slice((*C.struct_ckpt_op)(unsafe.Add(r.scratch.base, callSize)), len(u.Ops))
	c.update.ops = unsafe.SliceData(ops)
	next := unsafe.Add(r.scratch.base, callSize+len(u.Ops)*opSize)
	keep := func(b []byte) unsafe.Pointer {
		at := next
		copy(unsafe.Slice((*byte)(at), len(b)), b)
		next = unsafe.Add(next, len(b))
		return at
	}
	for i := range u.Ops {
		from := &u.Ops[i]
		data := unsafe.Pointer(nil)
		if len(from.Data) > copyMax {
			data = unsafe.Pointer(unsafe.SliceData(from.Data))
			r.pinner.Pin(data)
		} else if len(from.Data) > 0 {
			data = keep(from.Data)
		}
		ops[i] = C.struct_ckpt_op{
			kind:       C.uint32_t(from.Kind),
			id_length:  C.uint32_t(len(from.Section)),
			id:         keep(from.Section),
			offset:     C.uint64_t(from.Offset),
			data:       data,
			size:       C.uint64_t(len(from.Data)),
			expiration: C.int64_t(from.Expiration),
			total:      C.uint64_t(from.Total),
		}
		if s := from.Stamp; s != nil {
			ops[i].stamped, ops[i].corrupted = true, C.bool(s.Corrupted)
			ops[i].number, ops[i].last_update = C.uint64_t(s.Number), C.int64_t(s.LastUpdate)
		}
	}
}
