package segment

// #include <stdlib.h>
// #include "writer.h"
import "C"

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Replica is the writing side of a segment. Its methods need the caller's lock: one at a time, and none after
// Close or Remove has returned (those that return an error then return ErrClosed, the others zero values). The
// exceptions are Identity and Path, which may be called at any time.
type Replica struct {
	w        *C.ckpt_writer
	path     string
	identity Identity
	quota    *Quota // keeps the memory alive that w points to
	scratch  scratch
	pinner   runtime.Pinner
}

// Suffix of segment files; what Create has not finished ends differently.
const suffix = ".seg"

var bootID = sync.OnceValues(func() (id [16]byte, err error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return id, fmt.Errorf("segment: boot id: %w", err)
	}
	plain := strings.ReplaceAll(strings.TrimSpace(string(text)), "-", "")
	if n, err := hex.Decode(id[:], []byte(plain)); err != nil || n != len(id) {
		return id, fmt.Errorf("segment: boot id %q is not a UUID", text)
	}
	return id, nil
})

// FileName returns the name, within the segment directory, of the replica of a checkpoint.
func FileName(checkpoint uint64) string { return fmt.Sprintf("%016x%s", checkpoint, suffix) }

// Create makes the segment of a new, empty replica in dir (a directory on a tmpfs). The file appears under its
// name when it is complete. State is not readable, not in sync, no lease needed. q may be nil.
//
// Errors: ErrNoSpace, ErrTooBig (a name beyond its limit), one that matches fs.ErrExist when the checkpoint has a
// segment in dir, or that of the system call that failed.
func Create(dir string, id Identity, q *Quota) (*Replica, error) {
	if len(id.Name) > MaxName || len(id.Node) > MaxNodeName {
		return nil, ErrTooBig
	}
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName(id.Checkpoint))
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err // left by a creation that was cut off, and by nobody else: directories are locked
	}
	fd, err := unix.Open(temporary, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, creationError(temporary, err)
	}
	header := newHeader(id, boot)
	r := &Replica{path: path, identity: id, quota: q}
	rc := C.ckpt_writer_create(C.int(fd), &header, C.uint64_t(rand.Uint64()), q.pointer(), &r.w)
	if rc != 0 {
		unix.Close(fd)
		os.Remove(temporary)
		return nil, errnoError(rc)
	}
	// link, unlike rename, refuses to replace a segment that is there.
	err = os.Link(temporary, path)
	os.Remove(temporary)
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func creationError(path string, err error) error {
	if err == unix.ENOSPC {
		return ErrNoSpace
	}
	return &os.PathError{Op: "open", Path: path, Err: err}
}

func newHeader(id Identity, boot [16]byte) C.struct_ckpt_seg_header {
	var h C.struct_ckpt_seg_header
	copy(unsafe.Slice((*byte)(&h.cluster[0]), 16), id.Cluster[:])
	copy(unsafe.Slice((*byte)(&h.boot_id[0]), 16), boot[:])
	h.checkpoint = C.uint64_t(id.Checkpoint)
	h.checkpoint_size = C.uint64_t(id.Attributes.CheckpointSize)
	h.retention = C.int64_t(id.Attributes.RetentionDuration)
	h.max_section_size = C.uint64_t(id.Attributes.MaxSectionSize)
	h.max_section_id_size = C.uint64_t(id.Attributes.MaxSectionIDSize)
	h.creation_flags = C.uint32_t(id.Attributes.CreationFlags)
	h.max_sections = C.uint32_t(id.Attributes.MaxSections)
	h.name_length = C.uint32_t(copy(unsafe.Slice((*byte)(&h.name[0]), len(h.name)), id.Name))
	h.node_length = C.uint32_t(copy(unsafe.Slice((*byte)(&h.node[0]), len(h.node)), id.Node))
	return h
}

// Attach opens the segment of a replica that another process (or this one, earlier) wrote, undoes or finishes the
// update it was in the middle of, and checks the whole file. q may be nil; its limit does not apply here.
//
// Errors: *RefusedError for every file that is not accepted, with the reason; ErrGone for a replica whose removal
// was cut off (the file is removed now); ErrNoSpace when holes in the file cannot be filled; that of the system call
// that failed.
func Attach(path string, q *Quota) (*Replica, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if reason := foreign(fd, boot); reason != "" {
		unix.Close(fd)
		return nil, &RefusedError{path, reason}
	}
	r := &Replica{path: path, quota: q}
	var reason *C.char
	if rc := C.ckpt_writer_attach(C.int(fd), q.pointer(), &r.w, &reason); rc != 0 {
		unix.Close(fd)
		if reason != nil {
			return nil, &RefusedError{path, C.GoString(reason)}
		}
		return nil, errnoError(rc)
	}
	r.identity = headerIdentity((*C.struct_ckpt_seg_header)(unsafe.Pointer(r.w.base)))
	if r.flags()&C.CKPT_SEG_DEAD != 0 {
		err := r.Remove()
		return nil, errors.Join(ErrGone, err)
	}
	return r, nil
}

// foreign looks at what must be known before a byte of the file is changed: who wrote it. Empty: we may go on.
func foreign(fd int, boot [16]byte) string {
	var h C.struct_ckpt_seg_header
	head := unsafe.Slice((*byte)(unsafe.Pointer(&h)), C.CKPT_SEG_IMMUTABLE)
	n, err := unix.Pread(fd, head, 0)
	if err != nil || n < len(head) {
		return "shorter than a segment header"
	}
	if string(head[:len(C.CKPT_SEG_MAGIC)]) != C.CKPT_SEG_MAGIC {
		return "not a segment (magic)"
	}
	if v := h.version; v < C.CKPT_SEG_VERSION_OLDEST || v > C.CKPT_SEG_VERSION {
		return fmt.Sprintf("format version %d; this release reads versions %d to %d",
			v, C.CKPT_SEG_VERSION_OLDEST, C.CKPT_SEG_VERSION)
	}
	if reason := C.ckpt_segment_check_header(&h, C.CKPT_SEG_HEADER); reason != nil {
		return C.GoString(reason)
	}
	if *(*[16]byte)(unsafe.Pointer(&h.boot_id[0])) != boot {
		return "written before this machine was booted"
	}
	return ""
}

func headerIdentity(h *C.struct_ckpt_seg_header) Identity {
	return Identity{
		Cluster:    *(*[16]byte)(unsafe.Pointer(&h.cluster[0])),
		Node:       string(unsafe.Slice((*byte)(&h.node[0]), int(h.node_length))),
		Checkpoint: uint64(h.checkpoint),
		Name:       string(unsafe.Slice((*byte)(&h.name[0]), int(h.name_length))),
		Attributes: Attributes{
			CreationFlags:     uint32(h.creation_flags),
			CheckpointSize:    uint64(h.checkpoint_size),
			RetentionDuration: int64(h.retention),
			MaxSections:       uint32(h.max_sections),
			MaxSectionSize:    uint64(h.max_section_size),
			MaxSectionIDSize:  uint64(h.max_section_id_size),
		},
	}
}

func errnoError(rc C.int) error {
	switch errno := syscall.Errno(-rc); errno {
	case syscall.ENOSPC:
		return ErrNoSpace
	case syscall.ENOENT:
		return ErrNoSection
	case syscall.EILSEQ:
		return ErrCorrupted
	case syscall.ERANGE:
		return ErrBadOffset
	case syscall.EPROTO:
		return ErrNumber
	default:
		return fmt.Errorf("segment: %w", errno)
	}
}

// Identity returns what was given to Create.
func (r *Replica) Identity() Identity { return r.identity }

// Path returns the name of the file.
func (r *Replica) Path() string { return r.path }

// OpenReader returns a read-only, close-on-exec descriptor of the segment, to be handed to applications and closed by
// the caller. The error is that of open.
func (r *Replica) OpenReader() (*os.File, error) {
	if r.w == nil {
		return nil, ErrClosed
	}
	return os.Open(r.path)
}

// Close unmaps the segment and leaves the file to be attached again. The quota is returned.
func (r *Replica) Close() error {
	if r.w == nil {
		return ErrClosed
	}
	C.ckpt_writer_close(r.w)
	r.w = nil
	r.scratch.free()
	return nil
}

// Remove tells all readers that the replica is gone, deletes the file, unmaps it and returns the quota. The memory is
// free when the last reader has unmapped it. The error is that of unlink; the Replica is closed in any case.
func (r *Replica) Remove() error {
	if r.w == nil {
		return ErrClosed
	}
	C.ckpt_writer_set_dead(r.w)
	err := os.Remove(r.path)
	return errors.Join(err, r.Close())
}

// SetState tells readers, at once, whether and how long they may read. Only the lease deadline may change often:
// that is a single store.
func (r *Replica) SetState(s State) {
	if r.w == nil {
		return
	}
	c := C.struct_ckpt_state{
		generation: C.uint64_t(s.Epoch.Generation),
		counter:    C.uint64_t(s.Epoch.Counter),
		lease:      C.uint64_t(s.LeaseDeadline),
	}
	if s.Readable {
		c.flags |= C.CKPT_SEG_READABLE
	}
	if s.InSync {
		c.flags |= C.CKPT_SEG_IN_SYNC
	}
	C.ckpt_writer_set_state(r.w, &c)
}

// State returns what SetState was given last, by this process or an earlier one.
func (r *Replica) State() State {
	if r.w == nil {
		return State{}
	}
	var c C.struct_ckpt_state
	C.ckpt_writer_state(r.w, &c)
	return State{
		Epoch:         Epoch{uint64(c.generation), uint64(c.counter)},
		Readable:      c.flags&C.CKPT_SEG_READABLE != 0,
		InSync:        c.flags&C.CKPT_SEG_IN_SYNC != 0,
		LeaseDeadline: uint64(c.lease),
	}
}

func (r *Replica) flags() C.uint64_t {
	var c C.struct_ckpt_state
	C.ckpt_writer_state(r.w, &c)
	return c.flags
}

// SetConfig replaces the configuration kept with the replica: opaque bytes, at most MaxConfig. All or nothing, like
// an update. Errors: ErrTooBig, ErrNoSpace (the old one stays), ErrClosed, and the two of Apply that match an errno.
func (r *Replica) SetConfig(blob []byte) error {
	if r.w == nil {
		return ErrClosed
	}
	if len(blob) > MaxConfig {
		return ErrTooBig
	}
	if rc := C.ckpt_writer_set_config(r.w, unsafe.Pointer(unsafe.SliceData(blob)), C.uint64_t(len(blob))); rc != 0 {
		return errnoError(rc)
	}
	return nil
}

// Config returns a copy of the configuration; empty if none was set.
func (r *Replica) Config() []byte {
	if r.w == nil {
		return nil
	}
	h := r.header()
	return C.GoBytes(unsafe.Add(unsafe.Pointer(h), load(&h.config)), C.int(load(&h.config_length)))
}

func (r *Replica) header() *C.struct_ckpt_seg_header {
	return (*C.struct_ckpt_seg_header)(unsafe.Pointer(r.w.base))
}
