package main

// #include "engine.h"
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"libckpt/agent"
)

// processorsMax bounds how many threads run the engine's code at a time: it is a guest in the process.
const processorsMax = 4

// report, deferred, turns a panic into a line on standard error.
func report(where string) {
	if p := recover(); p != nil {
		agent.WarnStderr(fmt.Sprintf("internal error in %s: %v", where, p))
	}
}

//export ckptEngineStart
func ckptEngineStart(p *C.struct_ckpt_process) (abi C.uint32_t) {
	defer report("start")
	abi = C.CKPT_ENGINE_ABI
	if p.abi != abi {
		return abi
	}
	the.c = p
	if runtime.GOMAXPROCS(0) > processorsMax {
		runtime.GOMAXPROCS(processorsMax)
	}
	return abi
}

//export ckptEngineSubmit
func ckptEngineSubmit(call *C.struct_ckpt_call) (refused C.uint32_t) {
	refused = aisLibrary
	defer report("submit")
	return submit(call)
}

//export ckptEngineNext
func ckptEngineNext(lib C.uint64_t, event *C.struct_ckpt_event) (taken C.int) {
	taken = -1
	defer report("next")
	return next(lib, event)
}

//export ckptEngineConsumed
func ckptEngineConsumed(lib C.uint64_t, event *C.struct_ckpt_event) (taken C.int) {
	taken = -1
	defer report("consumed")
	return consumed(lib, event)
}

//export ckptEngineSelection
func ckptEngineSelection(lib C.uint64_t, fd C.int) (result C.int) {
	result = -1
	defer report("selection")
	l := the.library(lib)
	if l == nil {
		return -1
	}
	ok := l.WithSignal(func(raised bool) {
		l.signal.fd = int(fd)
		if raised {
			l.signal.Raise()
		}
	})
	if !ok {
		return -1
	}
	return 0
}

// next takes the oldest event of a library handle.
func next(lib C.uint64_t, out *C.struct_ckpt_event) C.int {
	l := the.library(lib)
	if l == nil {
		return -1
	}
	e, ok, closed := l.TryNext()
	switch {
	case closed:
		return -1
	case !ok:
		return 0
	}
	*out = C.struct_ckpt_event{
		error: aisOf(e.Code), invocation: C.uint64_t(e.Invocation), tag: C.uint64_t(e.Tag), fd: -1,
	}
	switch e.Kind {
	case agent.Opened:
		out.kind = C.CKPT_EVENT_OPENED
		if c := e.Checkpoint; c != nil {
			attributes := c.Attributes()
			putAttributes(&out.attributes, &attributes)
			out.id = C.uint64_t(the.opened(uint64(lib), c))
			out.fd = C.int(e.Segment)
			if out.id == 0 { // finalised meanwhile
				if e.Segment >= 0 {
					_ = unix.Close(e.Segment)
				}
				return -1
			}
		}
	case agent.Synchronized:
		out.kind = C.CKPT_EVENT_SYNCHRONIZED
	case agent.Arrival, agent.Track:
		out.kind = C.CKPT_EVENT_ARRIVAL
		if e.Kind == agent.Track {
			out.kind = C.CKPT_EVENT_TRACK
		}
		out.error = aisOK
		if out.elements = putElements(e.Elements, nil); out.elements != nil {
			out.element_count = C.uint32_t(len(e.Elements))
		}
	}
	return 1
}

// consumed takes the oldest event of a library handle's immediate consumption.
func consumed(lib C.uint64_t, out *C.struct_ckpt_event) C.int {
	l := the.library(lib)
	if l == nil {
		return -1
	}
	e, ok, closed := l.TryConsume()
	switch {
	case closed:
		return -1
	case !ok:
		return 0
	}
	*out = C.struct_ckpt_event{kind: C.CKPT_EVENT_CONSUMED, error: aisOK, tag: C.uint64_t(e.Tag), fd: -1}
	if out.elements = putElements(e.Elements, e.Data); out.elements != nil {
		out.element_count = C.uint32_t(len(e.Elements))
	}
	return 1
}

// name copies a call's checkpoint name.
func name(call *C.struct_ckpt_call) string {
	return string(bytesOf(unsafe.Pointer(call.name), call.name_len))
}
