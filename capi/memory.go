package main

// #include <stdlib.h>
// #include "engine.h"
//
// void ckptEngineSeatRelease(struct ckpt_seat *seat);
//
// // C.malloc would end the process when there is no memory.
// static inline void *block_or_null(size_t size) { return malloc(size); }
import "C"

import (
	"math"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"libckpt/agent"
)

// bytesOf views n bytes of C memory, without copying; valid as long as they are.
func bytesOf(p unsafe.Pointer, n C.uint64_t) []byte {
	if p == nil || n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(p), uint64(n))
}

// elementsOf views a call's elements.
func elementsOf(call *C.struct_ckpt_call) []C.struct_ckpt_element {
	if call.elements == nil {
		return nil
	}
	return unsafe.Slice(call.elements, uint32(call.element_count))
}

// block allocates C memory; the receiver frees it. nil: there is none, or size is 0.
func block(size uint64) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	return C.block_or_null(C.size_t(size))
}

// terminated allocates C memory with a NUL byte behind it; nil as block.
func terminated(size uint64) unsafe.Pointer {
	if size == 0 || size == math.MaxUint64 {
		return nil
	}
	p := block(size + 1)
	if p != nil {
		*(*byte)(unsafe.Add(p, size)) = 0
	}
	return p
}

// wake wakes all threads that wait on a private futex word.
func wake(word *C.uint32_t) {
	const futexWakePrivate = 1 | 128
	const all = 1<<31 - 1
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakePrivate, all, 0, 0, 0)
}

// finish publishes a call's results. It reports false if the front has given up the call: then the engine owns it.
// Otherwise the call may be gone when finish returns.
func finish(call *C.struct_ckpt_call) bool {
	if !atomic.CompareAndSwapUint32((*uint32)(unsafe.Pointer(&call.state)), C.CKPT_CALL_PENDING, C.CKPT_CALL_DONE) {
		return false
	}
	wake(&call.state)
	return true
}

// freeCall frees a call that the front has given up, and what hangs on it.
func freeCall(call *C.struct_ckpt_call) {
	switch call.op {
	case C.CKPT_OP_READ:
		elements := elementsOf(call)
		for i := range elements {
			C.free(elements[i].data)
		}
	case C.CKPT_OP_SECTION_CREATE:
		if call.generate != 0 && call.element_count > 0 {
			C.free(unsafe.Pointer(call.elements.id))
		}
	}
	C.free(unsafe.Pointer(call.list))
	C.free(unsafe.Pointer(call.records))
	if call.seat != nil {
		C.ckptEngineSeatRelease(call.seat)
	}
	if call.fd >= 0 {
		_ = unix.Close(int(call.fd))
	}
	C.free(unsafe.Pointer(call))
}

// putBytes copies b and a NUL byte to p and returns the byte after that.
func putBytes(p unsafe.Pointer, b []byte) unsafe.Pointer {
	d := unsafe.Slice((*byte)(p), len(b)+1)
	copy(d, b)
	d[len(b)] = 0
	return unsafe.Add(p, len(b)+1)
}

// putElements makes the one block that holds a notification's elements with their ids and, unless nil, the data of all.
// nil: no memory.
func putElements(elements []agent.Element, data []byte) *C.struct_ckpt_element {
	const each = unsafe.Sizeof(C.struct_ckpt_element{})
	size := uint64(len(elements))*uint64(each) + uint64(len(data))
	for i := range elements {
		size += uint64(len(elements[i].ID)) + 1
		if len(data) > 0 {
			size++
		}
	}
	p := block(size)
	if p == nil {
		return nil
	}
	out := unsafe.Slice((*C.struct_ckpt_element)(p), len(elements))
	at := unsafe.Add(p, uintptr(len(elements))*each)
	for i := range elements {
		e := &elements[i]
		out[i] = C.struct_ckpt_element{id: (*C.uint8_t)(at), id_len: C.uint64_t(len(e.ID)), size: C.uint64_t(e.Size), offset: C.uint64_t(e.Offset)}
		at = putBytes(at, e.ID)
		if len(data) > 0 && e.Size > 0 {
			out[i].data = at
			at = putBytes(at, data[:e.Size])
			data = data[e.Size:]
		}
	}
	return (*C.struct_ckpt_element)(p)
}

// putSections makes the one block that holds a page of sections with their ids. nil: no memory, or no sections.
func putSections(sections []agent.Section) *C.struct_ckpt_section {
	const each = unsafe.Sizeof(C.struct_ckpt_section{})
	size := uint64(len(sections)) * uint64(each)
	for i := range sections {
		size += uint64(len(sections[i].ID)) + 1
	}
	p := block(size)
	if p == nil {
		return nil
	}
	out := unsafe.Slice((*C.struct_ckpt_section)(p), len(sections))
	at := unsafe.Add(p, uintptr(len(sections))*each)
	for i := range sections {
		s := &sections[i]
		state := C.uint32_t(1) // SA_CKPT_SECTION_VALID
		if s.Corrupted {
			state = 2
		}
		out[i] = C.struct_ckpt_section{
			id: (*C.uint8_t)(at), id_len: C.uint64_t(len(s.ID)), expiration_ns: C.int64_t(s.Expiration), size: C.uint64_t(s.Size),
			state: state, last_update_ns: C.int64_t(s.LastUpdate),
		}
		at = putBytes(at, s.ID)
	}
	return (*C.struct_ckpt_section)(p)
}

func putAttributes(out *C.struct_ckpt_attributes, a *agent.Attributes) {
	out.creation_flags = C.uint32_t(a.CreationFlags)
	out.max_sections = C.uint32_t(a.MaxSections)
	out.checkpoint_size = C.uint64_t(a.CheckpointSize)
	out.retention_ns = C.int64_t(a.RetentionDuration)
	out.max_section_size = C.uint64_t(a.MaxSectionSize)
	out.max_section_id_size = C.uint64_t(a.MaxSectionIDSize)
}

func attributesOf(in *C.struct_ckpt_attributes) *agent.Attributes {
	return &agent.Attributes{
		CreationFlags:     uint32(in.creation_flags),
		CheckpointSize:    uint64(in.checkpoint_size),
		RetentionDuration: int64(in.retention_ns),
		MaxSections:       uint32(in.max_sections),
		MaxSectionSize:    uint64(in.max_section_size),
		MaxSectionIDSize:  uint64(in.max_section_id_size),
	}
}
