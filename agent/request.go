package agent

import (
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// request is one question to the node director, from submit until done is called.
type request struct {
	op       wire.Op
	body     []byte         // the encoded body
	data     []byte         // section data; nil while it is only in frame
	total    uint64         // bytes of section data
	out      any            // pointer the body of a good reply is decoded into; nil: not wanted
	deadline int64          // never sent after it, ended by then
	on       *Checkpoint    // refused when that is closed or lost; nil: not on an open checkpoint
	restore  bool           // opens a checkpoint again in a new session: goes before all others
	done     func(*request) // called exactly once, with no lock held

	// The result, valid in done.
	code  wire.Code
	index uint32
	reply []byte // data that came with the reply; belongs to done

	// Guarded by Agent.mu.
	state    requestState
	slot     uint16
	number   uint64
	frame    []byte  // the whole request in one message, for this slot and number
	pieces   *pieces // the request goes in pieces
	gen      uint64  // Agent.gen when it got its slot
	handed   int     // messages handed to the bus
	turned   int     // messages of these that are known not to have been taken up
	resendAt int64   // when to send (again); meaningless in pieces.go before the first send
	pause    time.Duration
}

type requestState uint8

const (
	fresh    requestState = iota // not yet submitted
	waiting                      // for a slot
	dequeued                     // taken from the queue, has no slot
	placed                       // has a slot
	ended
)

// repeatable reports whether carrying a request out twice is as good as once, so that it may be sent again in a
// new session that knows nothing of the first time.
func (r *request) repeatable() bool {
	switch r.op {
	case wire.OpSectionCreate, wire.OpSectionDelete, wire.OpExpiration, wire.OpWrite, wire.OpOverwrite, wire.OpUnlink:
		return false
	}
	return true
}

// certainlyNot reports whether no complete copy can have reached the node director: it takes as many messages as the
// request has pieces.
func (r *request) certainlyNot() bool {
	n := 1
	if r.pieces != nil {
		n = r.pieces.count()
	}
	return r.handed-r.turned < n
}

// encodeBody encodes a request's body.
func encodeBody(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	frame, err := wire.Encode(wire.KindRequest, nil, body)
	if err != nil {
		return nil, err
	}
	return frame[2:], nil
}

// head is the start of each frame of r.
func (r *request) head() wire.Request {
	return wire.Request{Op: r.op, Slot: r.slot, Number: r.number, Deadline: r.deadline, Pieces: 1, Total: r.total}
}

// concat copies parts into one block.
func concat(parts [][]byte, total uint64) []byte {
	b := make([]byte, 0, total)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// submit starts r, which has op, body, out, deadline and done set. The parts are its section data; they are not used
// after submit has returned. done may be called before that.
func (a *Agent) submit(r *request, parts ...[]byte) {
	for _, p := range parts {
		r.total += uint64(len(p))
	}
	if r.total > inlineBytes {
		r.data = concat(parts, r.total)
		r.pieces = new(pieces)
	}
	s, code := a.place(r, parts)
	switch {
	case code != wire.OK:
		r.code = code
		r.done(r)
	case r.pieces != nil:
		a.spawn("data transfer", func() { a.push(r) })
	case s.bus != nil:
		a.transmit(s)
	}
}

// place gives r a slot, or a place in the queue for one. The message to send, if any, is returned.
func (a *Agent) place(r *request, parts [][]byte) (s sending, code wire.Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed, r.on != nil && (r.on.lost || r.on.closed):
		return s, wire.BadHandle
	case a.maxWrite != 0 && r.total > a.maxWrite:
		return s, wire.NoResources
	case r.deadline <= now() && a.phase == up:
		return s, wire.Timeout // it is not for lack of the service
	case r.deadline <= now():
		return s, wire.TryAgain
	case len(a.waiters) >= waitersMax:
		return s, wire.NoResources
	}
	a.armLocked(r.deadline)
	if a.phase != up {
		a.kick()
	}
	if !a.mayPlaceLocked(r) {
		if r.data == nil {
			r.data = concat(parts, r.total)
		}
		r.state = waiting
		if r.restore {
			a.restores = append(a.restores, r)
		} else {
			a.waiters = append(a.waiters, r)
		}
		return s, wire.OK
	}
	a.takeSlotLocked(r)
	if r.pieces != nil {
		return s, wire.OK
	}
	if err := a.buildLocked(r, parts); err != nil {
		a.endLocked(r)
		return s, wire.Library
	}
	return a.sendingLocked(r), wire.OK
}

// mayPlaceLocked reports whether r may have a slot now: the queue is served in order, and while a new session is
// being filled only the requests that do so are sent.
func (a *Agent) mayPlaceLocked(r *request) bool {
	if len(a.free) == 0 {
		return false
	}
	if r.restore {
		return len(a.restores) == 0
	}
	return len(a.waiters) == 0 && a.phase != restoring
}

// takeSlotLocked gives r the slot that was freed last: the fewer slots are used, the fewer results the node
// director has to keep.
func (a *Agent) takeSlotLocked(r *request) {
	n := len(a.free) - 1
	r.slot = a.free[n]
	a.free = a.free[:n]
	slot := &a.slots[r.slot]
	slot.number++
	slot.request = r
	r.number, r.state, r.gen = slot.number, placed, a.gen
	r.handed, r.turned, r.resendAt, r.pause = 0, 0, never, 0
}

// buildLocked makes the one message of a request that needs no pieces. parts are its data unless r.data is set.
func (a *Agent) buildLocked(r *request, parts [][]byte) (err error) {
	h := r.head()
	all := make([][]byte, 1, 4)
	all[0] = r.body
	if r.data != nil {
		all = append(all, r.data)
	} else {
		all = append(all, parts...)
	}
	if r.frame, err = wire.Encode(wire.KindRequest, all, &h); err == nil {
		r.data = nil
	}
	return err
}

// sending is a message about to be published.
type sending struct {
	bus     *bus // nil: nothing to send
	request *request
	slot    uint16
	number  uint64
	gen     uint64
	frame   []byte
	data    []byte // the end of the frame, when that is not in one piece of memory
}

// mayTalkLocked reports whether r may be sent now.
func (a *Agent) mayTalkLocked(r *request) bool {
	return r.state == placed && (a.phase == up || a.phase == restoring && r.restore)
}

// sendingLocked counts r's message as handed over and returns it, or nothing when it can't be sent now.
func (a *Agent) sendingLocked(r *request) sending {
	if !a.mayTalkLocked(r) || r.frame == nil {
		return sending{}
	}
	r.handed++
	r.resendAt = now() + int64(resendEvery)
	a.armLocked(r.resendAt)
	return sending{bus: a.bus, request: r, slot: r.slot, number: r.number, gen: r.gen, frame: r.frame}
}

// transmit publishes a message that was counted as handed over.
func (a *Agent) transmit(s sending) {
	if s.bus == nil {
		return
	}
	err := s.bus.publish(s.slot, s.number, s.frame, s.data)
	if err != nil {
		a.notSent(s)
	}
	if errors.Is(err, nats.ErrMaxPayload) {
		a.finish(s.request, wire.NoResources)
	}
}

// notSent takes back the count: the bus has nothing of it.
func (a *Agent) notSent(s sending) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := s.request; r.state == placed && r.gen == s.gen {
		r.handed--
	}
}

// endLocked takes r out of its slot or queue.
func (a *Agent) endLocked(r *request) {
	switch r.state {
	case placed:
		a.slots[r.slot].request = nil
		a.free = append(a.free, r.slot)
	case waiting:
		a.waiters = without(a.waiters, r)
		a.restores = without(a.restores, r)
	}
	r.state = ended
	if r.pieces != nil {
		a.changed.Broadcast()
	}
}

func without(queue []*request, r *request) []*request {
	for i, q := range queue {
		if q == r {
			copy(queue[i:], queue[i+1:])
			queue[len(queue)-1] = nil
			return queue[:len(queue)-1]
		}
	}
	return queue
}

// advanceLocked gives free slots to waiting requests and returns what to send for them.
func (a *Agent) advanceLocked(out []sending) []sending {
	for len(a.free) > 0 {
		var r *request
		switch {
		case len(a.restores) > 0:
			r = a.restores[0]
			a.restores[0] = nil
			a.restores = a.restores[1:]
		case len(a.waiters) > 0 && a.phase != restoring:
			r = a.waiters[0]
			a.waiters[0] = nil
			a.waiters = a.waiters[1:]
		default:
			return out
		}
		a.takeSlotLocked(r)
		if r.pieces != nil {
			a.changed.Broadcast()
			continue
		}
		if err := a.buildLocked(r, nil); err != nil {
			continue // cannot happen: place or encodeBody would have failed; it would end at its deadline
		}
		if s := a.sendingLocked(r); s.bus != nil {
			out = append(out, s)
		}
	}
	return out
}

// finish ends r with a code from anywhere but a reply, if it has not ended yet.
func (a *Agent) finish(r *request, code wire.Code) {
	next, ok := a.finishLocked(r)
	if !ok {
		return
	}
	r.code = code
	r.done(r)
	for _, s := range next {
		a.transmit(s)
	}
}

// call is submit for a request without section data.
func (a *Agent) call(r *request, body any) {
	var err error
	if r.body, err = encodeBody(body); err != nil {
		r.code = wire.Library
		r.done(r)
		return
	}
	a.submit(r)
}

func (a *Agent) finishLocked(r *request) ([]sending, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.state != placed && r.state != waiting {
		return nil, false
	}
	a.endLocked(r)
	return a.advanceLocked(nil), true
}
