package main

// #include <stdlib.h>
// #include "engine.h"
import "C"

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"libckpt/agent"
	"libckpt/internal/wire"
)

// submit starts a call: aisOK, or why it was refused.
func submit(call *C.struct_ckpt_call) C.uint32_t {
	if call == nil || call.timeout_ns <= 0 {
		return aisOf(wire.InvalidParam)
	}
	timeout := time.Duration(call.timeout_ns)
	switch call.op {
	case C.CKPT_OP_INITIALIZE:
		initialize(call, timeout)
		return aisOK
	case C.CKPT_OP_FINALIZE:
		if !the.finalize(uint64(call.id), timeout, func() { complete(call, wire.OK) }) {
			return aisOf(wire.BadHandle)
		}
		return aisOK
	case C.CKPT_OP_CLOSE:
		return closeCheckpoint(call, timeout)
	}
	if call.op >= C.CKPT_OP_STORE_OPEN {
		return onStore(call, timeout)
	}
	if call.op == C.CKPT_OP_OPEN || call.op == C.CKPT_OP_UNLINK || call.op == C.CKPT_OP_NOTIFY && call.id == 0 {
		l := the.library(call.lib)
		if l == nil {
			return aisOf(wire.BadHandle)
		}
		return onLibrary(call, l, timeout)
	}
	c := the.checkpoint(call.id)
	if c == nil {
		return aisOf(wire.BadHandle)
	}
	return onCheckpoint(call, c, timeout)
}

// complete ends a call.
func complete(call *C.struct_ckpt_call, code wire.Code) {
	call.error = aisOf(code)
	if !finish(call) {
		freeCall(call)
	}
}

// plain is the end of a call that has no results but the code and the index.
func plain(call *C.struct_ckpt_call) func(*agent.Result) {
	return func(r *agent.Result) {
		call.index = C.uint32_t(r.Index)
		complete(call, r.Code)
	}
}

func initialize(call *C.struct_ckpt_call, timeout time.Duration) {
	id, a := the.newLibrary(call.bell, call.consumption_bell)
	a.StartUp(timeout, func(code wire.Code) {
		if l := the.library(C.uint64_t(id)); code == wire.OK && call.left != nil && l != nil {
			code = l.RequireMember(func() { l.signal.left(call.left) })
		}
		if code != wire.OK {
			the.finalize(id, timeout, func() {})
		}
		call.id = C.uint64_t(id)
		call.error = aisOf(code)
		if !finish(call) {
			the.finalize(id, timeout, func() {})
			freeCall(call)
		}
	})
}

func closeCheckpoint(call *C.struct_ckpt_call, timeout time.Duration) C.uint32_t {
	c := the.takeCheckpoint(uint64(call.id))
	if c == nil {
		return aisOf(wire.BadHandle)
	}
	c.StartClose(timeout, plain(call))
	return aisOK
}

func onLibrary(call *C.struct_ckpt_call, l *library, timeout time.Duration) C.uint32_t {
	switch call.op {
	case C.CKPT_OP_OPEN:
		open(call, l, timeout)
	case C.CKPT_OP_UNLINK:
		l.StartUnlink(name(call), timeout, plain(call))
	case C.CKPT_OP_NOTIFY:
		l.StartNotify(notify(call), timeout, plain(call))
	}
	return aisOK
}

func notify(call *C.struct_ckpt_call) (n agent.Notify) {
	if call.notify&C.CKPT_NOTIFY_ARRIVAL != 0 {
		n |= agent.NotifyArrival
	}
	if call.notify&C.CKPT_NOTIFY_TRACK != 0 {
		n |= agent.NotifyTrack
	}
	if call.notify&C.CKPT_NOTIFY_CONSUME != 0 {
		n |= agent.NotifyConsume
	}
	if call.notify&C.CKPT_NOTIFY_DATA != 0 {
		n |= agent.NotifyData
	}
	return n
}

func open(call *C.struct_ckpt_call, l *library, timeout time.Duration) {
	o := agent.OpenOptions{
		Flags: uint32(call.open_flags), CompareRetention: call.compare_retention != 0, Tag: uint64(call.tag), Segment: true,
		Backup: call.backup != 0, WholeFlags: call.whole_flags != 0,
	}
	if call.has_attributes != 0 {
		o.Attributes = attributesOf(&call.attributes)
	}
	if call.async != 0 {
		l.OpenAsync(uint64(call.invocation), name(call), o, timeout)
		return
	}
	lib := uint64(call.lib)
	l.StartOpen(name(call), o, timeout, func(c *agent.Checkpoint, fd int, code wire.Code) {
		var id uint64
		if c != nil {
			if id = the.opened(lib, c); id == 0 { // finalised meanwhile, which closes it
				code = wire.BadHandle
				if fd >= 0 {
					_ = unix.Close(fd)
				}
				fd = -1
			} else {
				attributes := c.Attributes()
				putAttributes(&call.attributes, &attributes)
			}
		}
		call.id, call.fd, call.error = C.uint64_t(id), C.int(fd), aisOf(code)
		if finish(call) {
			return
		}
		if id != 0 {
			the.takeCheckpoint(id)
			c.StartClose(timeout, func(*agent.Result) {})
		}
		freeCall(call)
	})
}

func onCheckpoint(call *C.struct_ckpt_call, c *checkpoint, timeout time.Duration) C.uint32_t {
	switch call.op {
	case C.CKPT_OP_RETENTION_SET:
		c.StartRetention(int64(call.time_ns), timeout, plain(call))
	case C.CKPT_OP_ACTIVE_SET:
		c.StartActive(timeout, plain(call))
	case C.CKPT_OP_STATUS:
		c.StartStatus(timeout, func(r *agent.Result) {
			putAttributes(&call.attributes, &r.Status.Attributes)
			call.sections, call.memory = C.uint32_t(r.Status.Sections), C.uint64_t(r.Status.Memory)
			complete(call, r.Code)
		})
	case C.CKPT_OP_SYNCHRONIZE:
		if call.async != 0 {
			c.SynchronizeAsync(uint64(call.invocation), timeout)
		} else {
			c.StartSynchronize(timeout, plain(call))
		}
	case C.CKPT_OP_NOTIFY:
		c.StartNotify(notify(call), timeout, plain(call))
	case C.CKPT_OP_REPLICA:
		c.StartReplica(timeout, func(r *agent.Result) {
			if call.fd = C.int(r.Segment); r.Code == wire.NotExist {
				r.Code = wire.OK // no replica is an answer, too: fd -1
			}
			complete(call, r.Code)
		})
	case C.CKPT_OP_WRITE:
		write(call, c, timeout)
	case C.CKPT_OP_READ:
		read(call, c, timeout)
	case C.CKPT_OP_SECTIONS:
		sections(call, c, timeout)
	default:
		return onSection(call, c, timeout)
	}
	return aisOK
}

// onSection starts a call on the section that elements[0] names.
func onSection(call *C.struct_ckpt_call, c *checkpoint, timeout time.Duration) C.uint32_t {
	elements := elementsOf(call)
	if len(elements) == 0 {
		return aisOf(wire.InvalidParam)
	}
	e := &elements[0]
	id, data := bytesOf(unsafe.Pointer(e.id), e.id_len), bytesOf(e.data, e.size)
	switch call.op {
	case C.CKPT_OP_SECTION_CREATE:
		create(call, c, id, data, timeout)
	case C.CKPT_OP_SECTION_DELETE:
		c.StartDelete(id, timeout, plain(call))
	case C.CKPT_OP_EXPIRATION_SET:
		c.StartExpiration(id, int64(call.time_ns), timeout, plain(call))
	case C.CKPT_OP_OVERWRITE:
		c.StartOverwrite(id, data, timeout, plain(call))
	default:
		return aisOf(wire.NotSupported)
	}
	return aisOK
}

func create(call *C.struct_ckpt_call, c *checkpoint, id, data []byte, timeout time.Duration) {
	o := agent.CreateOptions{
		Expiration: int64(call.time_ns), Generate: call.generate != 0, RefusePast: call.refuse_past != 0,
	}
	if call.generate == 0 {
		c.StartCreate(id, data, o, timeout, plain(call))
		return
	}
	c.StartCreate(nil, data, o, timeout, func(r *agent.Result) {
		e := &elementsOf(call)[0]
		e.id, e.id_len = nil, 0
		if r.Code == wire.OK {
			if p := block(uint64(len(r.Generated)) + 1); p != nil {
				putBytes(p, r.Generated)
				e.id, e.id_len = (*C.uint8_t)(p), C.uint64_t(len(r.Generated))
			} else {
				r.Code = wire.NoMemory
			}
		}
		complete(call, r.Code)
	})
}

func write(call *C.struct_ckpt_call, c *checkpoint, timeout time.Duration) {
	in := elementsOf(call)
	elements := make([]agent.Element, len(in))
	data := make([][]byte, len(in))
	for i := range in {
		elements[i] = agent.Element{ID: bytesOf(unsafe.Pointer(in[i].id), in[i].id_len), Offset: uint64(in[i].offset), Size: uint64(in[i].size)}
		data[i] = bytesOf(in[i].data, in[i].size)
	}
	c.StartWrite(elements, data, timeout, plain(call))
}

func read(call *C.struct_ckpt_call, c *checkpoint, timeout time.Duration) {
	in := elementsOf(call)
	elements := make([]agent.Element, len(in))
	for i := range in {
		id := append([]byte(nil), bytesOf(unsafe.Pointer(in[i].id), in[i].id_len)...)
		elements[i] = agent.Element{ID: id, Offset: uint64(in[i].offset), Size: uint64(in[i].size)}
		in[i].data = nil
	}
	alloc := func(i int, size uint64) []byte {
		C.free(in[i].data)
		in[i].data, in[i].size = terminated(size), C.uint64_t(size)
		return bytesOf(in[i].data, in[i].size)
	}
	c.StartRead(elements, alloc, timeout, plain(call))
}

func sections(call *C.struct_ckpt_call, c *checkpoint, timeout time.Duration) {
	var last []byte
	if elements := elementsOf(call); call.resume != 0 && len(elements) > 0 {
		last = bytesOf(unsafe.Pointer(elements[0].id), elements[0].id_len)
	}
	choice := agent.Choice{Chosen: uint32(call.chosen), Time: int64(call.time_ns)}
	c.StartSections(choice, call.resume != 0, last, uint32(call.limit), timeout, func(r *agent.Result) {
		if r.Code == wire.OK && len(r.Sections) > 0 {
			if call.list = putSections(r.Sections); call.list == nil {
				r.Code = wire.NoMemory
			} else {
				call.list_count = C.uint32_t(len(r.Sections))
			}
		}
		if r.More {
			call.more = 1
		}
		complete(call, r.Code)
	})
}
