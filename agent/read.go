package agent

import (
	"sync"
	"time"

	"libckpt/internal/wire"
)

// StartRead reads parts of sections from the service: element i is at most Size bytes at Offset of section ID. alloc is
// called with the number of bytes there are, and gives the buffer for them; it is called again when the section
// changed in the middle. nil for a size above 0 ends the call with NoMemory. Each element is one consistent state of its section. Result.Index names
// the element at fault. Codes: NotExist, InvalidParam (offset beyond the section), FailedOperation (corrupted), Access, NoMemory.
func (c *Checkpoint) StartRead(elements []Element, alloc func(i int, size uint64) []byte, timeout time.Duration, done func(*Result)) {
	rc := &reading{c: c, elements: elements, alloc: alloc, deadline: after(timeout), done: done}
	if len(elements) == 0 {
		done(&Result{Code: wire.OK})
		return
	}
	rc.run([]part{rc.first()})
}

// reading is one StartRead under way. Elements are read one after the other, each in pieces of what one message carries.
type reading struct {
	c        *Checkpoint
	elements []Element
	alloc    func(i int, size uint64) []byte
	deadline int64
	done     func(*Result)

	mu      sync.Mutex
	i       int    // element being read
	buf     []byte // of it; nil until its size is known
	begun   bool   // buf is valid
	update  uint64 // the section's update that all pieces must come from
	next    uint64 // bytes asked for
	got     uint64 // bytes copied
	stride  uint64 // bytes of one piece
	flying  int    // pieces asked for and not answered
	restart bool   // the section changed: begin again when nothing is flying
	code    Code   // not 0: end when nothing is flying
	over    bool
}

// part is a piece to ask for.
type part struct{ offset, size, update uint64 }

// first is the piece that an element begins with. The caller holds mu or is alone.
func (rc *reading) first() part {
	rc.begun, rc.restart, rc.got = false, false, 0
	rc.next = 0
	rc.flying = 1
	return part{0, min(rc.elements[rc.i].Size, wire.PieceBytesMax), 0}
}

func (rc *reading) run(parts []part) {
	for _, p := range parts {
		reply := new(wire.ReadReply)
		e := &rc.elements[rc.i] // does not move on while a piece is flying
		rc.c.a.call(&request{op: wire.OpRead, on: rc.c, out: reply, deadline: rc.deadline, done: func(r *request) {
			more, ended := rc.took(p, r, reply)
			if ended {
				rc.done(&Result{Code: rc.code, Index: uint32(rc.i)})
				return
			}
			rc.run(more)
		}}, &wire.ReadRequest{Open: rc.c.open, ID: e.ID, Offset: e.Offset + p.offset, Size: p.size, Update: p.update})
	}
}

// took takes the answer to one piece and returns what to ask for next, or that the call has ended.
func (rc *reading) took(p part, r *request, reply *wire.ReadReply) (more []part, ended bool) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.flying--
	switch {
	case reply.Changed:
		rc.restart = true
	case r.code != wire.OK:
		rc.code = r.code
	case !rc.begun:
		rc.beginLocked(reply)
		more = rc.fillLocked(p, r.reply, more)
	case reply.Update != rc.update:
		rc.restart = true
	default:
		more = rc.fillLocked(p, r.reply, more)
	}
	if rc.code != 0 || rc.restart {
		if rc.flying > 0 {
			return nil, false
		}
		if rc.code != 0 {
			return nil, rc.overLocked()
		}
		return []part{rc.first()}, false
	}
	total := uint64(len(rc.buf))
	if rc.got == total {
		rc.i++
		if rc.i == len(rc.elements) {
			rc.i, rc.code = 0, wire.OK
			return nil, rc.overLocked()
		}
		return []part{rc.first()}, false
	}
	for rc.flying+len(more) < wire.PieceWindow && rc.next < total {
		n := min(rc.stride, total-rc.next)
		more = append(more, part{rc.next, n, rc.update})
		rc.next += n
	}
	rc.flying += len(more)
	return more, false
}

func (rc *reading) overLocked() bool {
	first := !rc.over
	rc.over = true
	return first
}

// beginLocked learns from the first piece how much there is.
func (rc *reading) beginLocked(reply *wire.ReadReply) {
	e := &rc.elements[rc.i]
	if e.Offset > reply.SectionSize {
		rc.code = wire.InvalidParam
		return
	}
	total := min(e.Size, reply.SectionSize-e.Offset)
	rc.buf = rc.alloc(rc.i, total)
	if uint64(len(rc.buf)) != total {
		rc.code = wire.NoMemory
		return
	}
	rc.begun, rc.update = true, reply.Update
}

// fillLocked copies a piece; what is missing of it is asked for again.
func (rc *reading) fillLocked(p part, data []byte, more []part) []part {
	if rc.code != 0 {
		return more
	}
	total := uint64(len(rc.buf))
	want := min(p.size, total-p.offset)
	n := min(uint64(len(data)), want)
	if n == 0 && want > 0 {
		rc.code = wire.Library // an answer without data would be asked for for ever
		return more
	}
	copy(rc.buf[p.offset:], data[:n])
	rc.got += n
	if p.offset == 0 && rc.next == 0 {
		rc.next, rc.stride = n, n
		return more
	}
	if n < want {
		more = append(more, part{p.offset + n, want - n, rc.update})
	}
	return more
}
