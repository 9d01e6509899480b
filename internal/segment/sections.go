package segment

// #include <stdlib.h>
// #include "writer.h"
import "C"

import (
	"sync/atomic"
	"unsafe"
)

func load(word *C.ckpt_word) uint64 { return atomic.LoadUint64((*uint64)(unsafe.Pointer(word))) }

// Number returns the number of the last update applied; 0 for none.
func (r *Replica) Number() uint64 {
	if r.w == nil {
		return 0
	}
	return load(&r.header().number)
}

// Count returns the number of sections.
func (r *Replica) Count() uint32 {
	if r.w == nil {
		return 0
	}
	return uint32(load(&r.header().section_count))
}

// Used returns the sum of the sizes of all sections, in bytes.
func (r *Replica) Used() uint64 {
	if r.w == nil {
		return 0
	}
	return load(&r.header().memory_used)
}

// Allocated returns the bytes of shared memory the file takes.
func (r *Replica) Allocated() uint64 {
	if r.w == nil {
		return 0
	}
	return load(&r.header().allocated)
}

// NextGenerated returns the state of the section id generator: what Update.NextGenerated was last, at first 0.
func (r *Replica) NextGenerated() uint64 {
	if r.w == nil {
		return 0
	}
	return load(&r.header().next_generated)
}

func newSection(c *C.struct_ckpt_section_info) Section {
	return Section{
		ID:         C.GoBytes(c.id, C.int(c.id_length)),
		Size:       uint64(c.size),
		Expiration: int64(c.expiration),
		LastUpdate: int64(c.last_update),
		Number:     uint64(c.number),
		Corrupted:  c.flags&C.CKPT_ENTRY_CORRUPTED != 0,
		Marked:     c.flags&C.CKPT_ENTRY_MARKED != 0,
		Tombstone:  c.flags&C.CKPT_ENTRY_TOMBSTONE != 0,
	}
}

// Lookup describes one section; false: there is none of this id.
func (r *Replica) Lookup(id []byte) (Section, bool) {
	if r.w == nil {
		return Section{}, false
	}
	var c C.struct_ckpt_section_info
	if !C.ckpt_writer_lookup(r.w, unsafe.Pointer(unsafe.SliceData(id)), C.uint64_t(len(id)), &c) {
		return Section{}, false
	}
	return newSection(&c), true
}

// ReadAt copies content from offset off of a section into buf and returns how many bytes: fewer than len(buf) where
// the section ends. Marked sections are read like others. Errors: ErrNoSection, ErrBadOffset (off beyond the
// section's size), ErrCorrupted, ErrClosed.
func (r *Replica) ReadAt(id []byte, off uint64, buf []byte) (int, error) {
	if r.w == nil {
		return 0, ErrClosed
	}
	var n C.uint64_t
	rc := C.ckpt_writer_read(r.w, unsafe.Pointer(unsafe.SliceData(id)), C.uint64_t(len(id)), C.uint64_t(off),
		unsafe.Pointer(unsafe.SliceData(buf)), C.uint64_t(len(buf)), &n)
	if rc != 0 {
		return 0, errnoError(rc)
	}
	return int(n), nil
}

// Sections yields every section once, in no particular order, until yield returns false. The replica must not
// be updated meanwhile.
func (r *Replica) Sections(yield func(Section) bool) { r.each(false, yield) }

// Marked does so for the marked sections, and for tombstones.
func (r *Replica) Marked(yield func(Section) bool) { r.each(true, yield) }

func (r *Replica) each(marked bool, yield func(Section) bool) {
	if r.w == nil {
		return
	}
	var cursor C.uint64_t
	var c C.struct_ckpt_section_info
	for C.ckpt_writer_next(r.w, C.bool(marked), &cursor, &c) {
		if !yield(newSection(&c)) {
			return
		}
	}
}

// Unmark takes the mark off a section whose last update has at most this number: that update is committed. A tombstone
// goes for good. No effect on other sections. Needs no space. Errors: ErrClosed, syscall.EIO as for Apply.
func (r *Replica) Unmark(id []byte, number uint64) error {
	if r.w == nil {
		return ErrClosed
	}
	rc := C.ckpt_writer_unmark(r.w, unsafe.Pointer(unsafe.SliceData(id)), C.uint64_t(len(id)), C.uint64_t(number))
	if rc != 0 {
		return errnoError(rc)
	}
	return nil
}

// Results yields every result that is kept, in no particular order, until yield returns false. The replica must not
// be updated meanwhile.
func (r *Replica) Results(yield func(Result) bool) {
	if r.w == nil {
		return
	}
	var cursor C.uint64_t
	var c C.struct_ckpt_result_info
	for C.ckpt_results_next(r.w, &cursor, &c) {
		result := Result{
			Session: uint64(c.session),
			Slot:    uint16(c.slot),
			Number:  uint64(c.number),
			Blob:    C.GoBytes(unsafe.Pointer(&c.blob[0]), C.int(c.length)),
		}
		if !yield(result) {
			return
		}
	}
}

// DropSession forgets all results of a session; none is no error. Errors: ErrNoSpace (only with more than 200 slots in
// use, when undo space must be found; nothing changed), ErrClosed, syscall.EIO as for Apply.
func (r *Replica) DropSession(session uint64) error {
	return r.dropResults(session, C.CKPT_RESULTS_ALL_SLOTS)
}

// DropResult forgets the result of one slot of a session; none is no error. Errors: ErrClosed, syscall.EIO as for Apply.
func (r *Replica) DropResult(session uint64, slot uint16) error {
	return r.dropResults(session, C.uint32_t(slot))
}

func (r *Replica) dropResults(session uint64, slot C.uint32_t) error {
	if r.w == nil {
		return ErrClosed
	}
	if rc := C.ckpt_results_drop(r.w, C.uint64_t(session), slot); rc != 0 {
		return errnoError(rc)
	}
	return nil
}
