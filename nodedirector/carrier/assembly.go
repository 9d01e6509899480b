package carrier

import (
	"sync"
	"time"
)

// assembly puts the frames of many senders together, each from its pieces, one frame of a sender at a time. Its memory is
// bounded, and so is the time for which it keeps an incomplete frame.
type assembly struct {
	frameMax  int
	bytesMax  int
	abandoned func(reason string) // a frame that had begun, or pieces of one that had not, are thrown away; counted

	mu       sync.Mutex
	partial  map[sender]*partial
	reserved int         // bytes of all partial frames together: <= bytesMax
	sweep    *time.Timer // nil while nothing is partial
	closed   bool
}

type sender struct {
	node        string
	incarnation uint64
}

type partial struct {
	number uint64
	frame  []byte // as long as the frame; 0 <= have < len(frame)
	have   int
	last   time.Time // when a piece came
}

func newAssembly(frameMax int, abandoned func(reason string)) *assembly {
	return &assembly{
		frameMax: frameMax, bytesMax: framesPutMax * frameMax, abandoned: abandoned,
		partial: make(map[sender]*partial),
	}
}

// add takes a piece and returns the frame if it was the last one. data is copied.
func (a *assembly) add(e *envelope, data []byte) (frame []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	from := sender{e.from, e.incarnation}
	p := a.partial[from]
	switch {
	case p == nil:
	case e.number < p.number: // came late: what it belongs to was given up
		a.abandoned("a piece came late")
		return nil
	case e.number > p.number:
		a.dropLocked(from, "the rest of a frame is missing")
		p = nil
	}
	if p == nil {
		if p = a.beginLocked(from, e); p == nil {
			return nil
		}
	}
	end := int(e.offset) + len(data)
	switch {
	case int(e.total) != len(p.frame):
		a.dropLocked(from, "pieces do not belong together")
		return nil
	case end <= p.have: // twice
		return nil
	case int(e.offset) != p.have:
		a.dropLocked(from, "a piece is missing")
		return nil
	}
	copy(p.frame[p.have:], data)
	p.have, p.last = end, time.Now()
	if p.have < len(p.frame) {
		return nil
	}
	a.removeLocked(from)
	return p.frame
}

// beginLocked makes room for a frame whose first piece has come, if there is some.
func (a *assembly) beginLocked(from sender, e *envelope) *partial {
	total := int(e.total)
	switch {
	case e.offset != 0:
		a.abandoned("the begin of a frame is missing")
		return nil
	case total > a.frameMax:
		a.abandoned("a frame is too long")
		return nil
	case len(a.partial) >= sendersMax || a.reserved+total > a.bytesMax:
		a.abandoned("too much arrives at the same time")
		return nil
	}
	p := &partial{number: e.number, frame: make([]byte, total), last: time.Now()}
	a.partial[from] = p
	a.reserved += total
	if a.sweep == nil {
		a.sweep = time.AfterFunc(pieceWait, a.expire)
	}
	return p
}

func (a *assembly) dropLocked(from sender, reason string) {
	a.removeLocked(from)
	a.abandoned(reason)
}

func (a *assembly) removeLocked(from sender) {
	a.reserved -= len(a.partial[from].frame)
	delete(a.partial, from)
}

// expire drops what has waited for too long.
func (a *assembly) expire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expireLocked(time.Now())
	a.sweep = nil
	if len(a.partial) > 0 && !a.closed {
		a.sweep = time.AfterFunc(pieceWait, a.expire)
	}
}

func (a *assembly) expireLocked(now time.Time) {
	for from, p := range a.partial {
		if now.Sub(p.last) >= pieceWait {
			a.dropLocked(from, "the rest of a frame did not come in time")
		}
	}
}

// close drops everything.
func (a *assembly) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	clear(a.partial)
	a.reserved = 0
	if a.sweep != nil {
		a.sweep.Stop()
		a.sweep = nil
	}
}
