package segment

// #include <stdlib.h>
// #include "segment.h"
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// Reader reads one replica of this node without its node director. Read, Stat and Remap may be called by any number
// of goroutines; Close only when no other call is in flight.
type Reader struct{ c *C.ckpt_reader }

// OpenReader maps the segment behind f, which is neither kept nor closed. Errors: *RefusedError when f is not a
// segment this release reads, or that of fstat or mmap.
func OpenReader(f *os.File) (*Reader, error) {
	r := &Reader{}
	if rc := C.ckpt_reader_open(C.int(f.Fd()), &r.c); rc != 0 {
		return nil, readerError(f, rc)
	}
	return r, nil
}

func readerError(f *os.File, rc C.int) error {
	if errno := syscall.Errno(-rc); errno != syscall.EINVAL {
		return fmt.Errorf("segment %s: %w", f.Name(), errno)
	}
	return &RefusedError{f.Name(), "not a segment that can be read, or not the same one"}
}

// Remap makes reachable what the file has grown by, after ErrRemap. f must be the same file as at OpenReader. Errors
// as for OpenReader, and ErrClosed; after an error the Reader is as it was.
func (r *Reader) Remap(f *os.File) error {
	if r.c == nil {
		return ErrClosed
	}
	if rc := C.ckpt_reader_remap(r.c, C.int(f.Fd())); rc != 0 {
		return readerError(f, rc)
	}
	return nil
}

func statusError(status C.int) error {
	switch status {
	case C.CKPT_READ_OK:
		return nil
	case C.CKPT_READ_NO_SECTION:
		return ErrNoSection
	case C.CKPT_READ_BAD_OFFSET:
		return ErrBadOffset
	case C.CKPT_READ_CORRUPTED:
		return ErrCorrupted
	case C.CKPT_READ_REMAP:
		return ErrRemap
	case C.CKPT_READ_GONE:
		return ErrGone
	default:
		return ErrAsk
	}
}

// Read copies content of a section from offset on into buf and returns how many bytes: fewer than len(buf) where
// the section ends. What it returns is one state of the section, valid at some moment during the call. With an
// error, buf holds nothing of meaning. Errors: ErrNoSection, ErrBadOffset, ErrCorrupted, ErrAsk, ErrRemap, ErrGone,
// ErrTooBig (id), ErrClosed.
func (r *Reader) Read(id []byte, offset uint64, buf []byte) (int, error) {
	if r.c == nil {
		return 0, ErrClosed
	}
	if len(id) > MaxSectionID {
		return 0, ErrTooBig
	}
	var n C.uint64_t
	status := C.ckpt_reader_read(r.c, unsafe.Pointer(unsafe.SliceData(id)), C.uint16_t(len(id)), C.uint64_t(offset),
		unsafe.Pointer(unsafe.SliceData(buf)), C.uint64_t(len(buf)), &n)
	return int(n), statusError(status)
}

// Stat describes a section; ID of the result is id itself, and Marked is false (ErrAsk otherwise). Errors as for
// Read, without ErrBadOffset and ErrCorrupted.
func (r *Reader) Stat(id []byte) (Section, error) {
	if r.c == nil {
		return Section{}, ErrClosed
	}
	if len(id) > MaxSectionID {
		return Section{}, ErrTooBig
	}
	var c C.struct_ckpt_section_stat
	status := C.ckpt_reader_stat(r.c, unsafe.Pointer(unsafe.SliceData(id)), C.uint16_t(len(id)), &c)
	if err := statusError(status); err != nil {
		return Section{}, err
	}
	return Section{
		ID:         id,
		Size:       uint64(c.size),
		Expiration: int64(c.expiration),
		LastUpdate: int64(c.last_update),
		Number:     uint64(c.update_number),
		Corrupted:  c.state == C.CKPT_SECTION_CORRUPTED,
	}, nil
}

// Close unmaps the segment. ErrClosed if that was done before.
func (r *Reader) Close() error {
	if r.c == nil {
		return ErrClosed
	}
	C.ckpt_reader_close(r.c)
	r.c = nil
	return nil
}
