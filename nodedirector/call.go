package nodedirector

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// call is one request being handled.
type call struct {
	s    *session
	req  wire.Request
	body any    // pointer to the body that belongs to req.Op; nil for none
	data []byte // of all pieces
	// repeated: an earlier process of this node director may have begun it.
	repeated bool
}

// parse reads a frame of a session. The data alias the frame.
func parse(frame []byte) (*call, error) {
	d, err := wire.NewDecoder(frame)
	if err != nil {
		return nil, err
	}
	defer d.Release()
	if d.Kind != wire.KindRequest {
		return nil, &wire.FormatError{Reason: fmt.Sprintf("kind %d on a session's subject", d.Kind)}
	}
	c := &call{}
	if err := d.Value(&c.req); err != nil {
		return nil, err
	}
	if c.req.Slot >= wire.SlotsPerSession || c.req.Number == 0 {
		return nil, &wire.FormatError{Reason: fmt.Sprintf("slot %d, number %d", c.req.Slot, c.req.Number)}
	}
	if c.body = bodyOf(c.req.Op); c.body != nil {
		if err := d.Value(c.body); err != nil {
			return nil, err
		}
	}
	if c.req.Op == wire.OpList && len(d.Data()) > 0 {
		c.body = new(wire.ListRequest)
		if err := d.Value(c.body); err != nil {
			return nil, err
		}
	}
	c.data = d.Data()
	return c, nil
}

func bodyOf(op wire.Op) any {
	switch op {
	case wire.OpOpen:
		return new(wire.OpenRequest)
	case wire.OpClose, wire.OpActive, wire.OpStatus, wire.OpSynchronize:
		return new(wire.HandleRequest)
	case wire.OpUnlink, wire.OpShow:
		return new(wire.UnlinkRequest)
	case wire.OpRetention:
		return new(wire.TimeRequest)
	case wire.OpSectionCreate, wire.OpSectionDelete, wire.OpExpiration, wire.OpWrite, wire.OpOverwrite:
		return new(wire.UpdateRequest)
	case wire.OpRead:
		return new(wire.ReadRequest)
	case wire.OpSections:
		return new(wire.SectionsRequest)
	case wire.OpNotify:
		return new(wire.NotifyRequest)
	case wire.OpChanges:
		return new(wire.ChangesRequest)
	case wire.OpOperator:
		return new(wire.OperatorRequest)
	}
	return nil
}

// receive takes a request from the bus. What does not wait is carried out here, on the goroutine of the session's
// subscription; everything else elsewhere, so that the session's other requests go on.
func (s *session) receive(m *nats.Msg) {
	c, err := parse(m.Data)
	if err != nil {
		s.n.malformedMessage(s.record.Program, err)
		return
	}
	c.s = s
	begin, send, err := s.take(c)
	if err != nil {
		s.n.malformedMessage(s.record.Program, err)
	}
	if send != nil {
		c.send(send)
	}
	if begin {
		c.carryOut()
	}
}

// take passes a request through its slot: begin says that it is complete and to be carried out, send is what to answer
// at once.
func (s *session) take(c *call) (begin bool, send []byte, err error) {
	r := &c.req
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.suspended {
		return false, nil, nil
	}
	switch s.slots.look(r.Slot, r.Number) {
	case admitIgnore:
		return false, nil, nil
	case admitRepeat:
		return false, s.slots[r.Slot].reply, nil
	}
	t := &s.slots[r.Slot]
	if t.staging != nil && t.staging.number != r.Number {
		s.unstageLocked(t)
	}
	if r.Deadline <= monotonic() {
		s.unstageLocked(t)
		return false, nil, nil // nobody waits for it any more
	}
	if r.Pieces == 1 {
		if r.Piece != 0 || r.Total != uint64(len(c.data)) {
			return false, nil, &wire.FormatError{Reason: "data of another length than announced"}
		}
		c.repeated = s.slots.begin(r.Slot, r.Number) && s.restored
		return true, nil, nil
	}
	if t.staging == nil {
		if send, err := s.stageLocked(t, c); send != nil || err != nil {
			return false, send, err
		}
	}
	complete, err := t.staging.add(r, c.data)
	if err != nil {
		return false, nil, err
	}
	if !complete {
		return false, c.encode(&wire.Reply{Error: wire.OK, Ack: true, Piece: r.Piece}, nil, nil), nil
	}
	c.data = t.staging.data
	t.staging.data = nil // charged until the request has been carried out
	c.repeated = s.slots.begin(r.Slot, r.Number) && s.restored
	return true, nil, nil
}

// stageLocked makes room for a request in pieces, or gives the answer that there is none.
func (s *session) stageLocked(t *slot, c *call) (send []byte, err error) {
	r := &c.req
	switch {
	case r.Pieces < 2 || r.Pieces > piecesMax || uint64(r.Pieces) > r.Total:
		return nil, &wire.FormatError{Reason: fmt.Sprintf("%d pieces, %d bytes", r.Pieces, r.Total)}
	case r.Total > s.n.o.WriteMax:
		return c.encode(&wire.Reply{Error: wire.NoResources}, nil, nil), nil
	}
	if s.n.staged.Add(r.Total) > s.n.o.StagingMax {
		s.n.staged.Add(-r.Total)
		return c.encode(&wire.Reply{Error: wire.TryAgain, Busy: true}, nil, nil), nil
	}
	t.staging = newStaging(r)
	t.staging.charge = r.Total
	return nil, nil
}

// unstageLocked drops what has arrived of a slot's request.
func (s *session) unstageLocked(t *slot) {
	if t.staging != nil {
		s.n.staged.Add(-t.staging.charge)
		t.staging = nil
	}
}

// sweep drops the pieces of requests whose time is over.
func (n *Node) sweep() {
	tick := time.NewTicker(stagingSweep)
	defer tick.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-tick.C:
		}
		if n.staged.Load() == 0 {
			continue
		}
		n.mu.Lock()
		sessions := n.sessionList()
		n.mu.Unlock()
		now := monotonic()
		for _, s := range sessions {
			s.mu.Lock()
			for i := range s.slots {
				if t := &s.slots[i]; t.staging != nil && !t.running && t.staging.deadline <= now {
					s.unstageLocked(t)
				}
			}
			s.mu.Unlock()
		}
	}
}

// deadline is when the call's time is over, CLOCK_MONOTONIC ns.
func (c *call) deadline() int64 { return min(c.req.Deadline, monotonic()+int64(requestWaitMax)) }

// answerBy is when a call is to be answered at the latest, so that the answer arrives in time.
func (c *call) answerBy() int64 {
	now := monotonic()
	rest := min(c.req.Deadline-now, int64(requestWaitMax))
	return now + rest - min(int64(answerMargin), rest/answerShare)
}

// carryOut does what is asked for. Each of the functions called ends with answer or abandon, exactly once.
func (c *call) carryOut() {
	switch body := c.body.(type) {
	case *wire.UpdateRequest:
		c.onCheckpoint(body.Open, len(c.data) <= inlineBytesMax, c.update)
	case *wire.ReadRequest:
		c.onCheckpoint(body.Open, true, c.read)
	case *wire.HandleRequest:
		switch c.req.Op {
		case wire.OpStatus:
			c.onCheckpoint(body.Open, true, c.status)
		case wire.OpSynchronize:
			c.onCheckpoint(body.Open, true, c.synchronize)
		case wire.OpClose:
			c.s.n.goDo(func() { c.close(body.Open) })
		case wire.OpActive:
			c.s.n.goDo(func() { c.activate(body.Open) })
		}
	case *wire.OpenRequest:
		c.s.n.goDo(func() { c.open(body) })
	case *wire.UnlinkRequest:
		if c.req.Op == wire.OpShow {
			c.s.n.goDo(func() { c.show(body.Name) })
		} else {
			c.s.n.goDo(func() { c.unlink(body.Name) })
		}
	case *wire.TimeRequest:
		c.s.n.goDo(func() { c.retention(body) })
	case *wire.SectionsRequest:
		c.s.n.goDo(func() { c.sections(body) })
	case *wire.ChangesRequest:
		c.s.n.goDo(func() { c.changes(body) })
	case *wire.OperatorRequest:
		c.s.n.goDo(func() { c.operate(body) })
	case *wire.NotifyRequest:
		c.s.n.goDo(func() { c.notify(body) })
	default:
		switch c.req.Op {
		case wire.OpNodeStatus:
			c.nodeStatus()
		case wire.OpList:
			c.s.n.goDo(c.list)
		default:
			c.refuse(wire.NotSupported, 0)
		}
	}
}

// goDo carries out a request beside the session's others; its slots bound how many there are.
func (n *Node) goDo(f func()) {
	n.mu.Lock()
	if n.stopping {
		n.mu.Unlock()
		return
	}
	n.work.Add(1)
	n.mu.Unlock()
	go func() {
		defer n.work.Done()
		f()
	}()
}

// onCheckpoint calls f with the lock of a handle's checkpoint held: at once if inline is set and the lock is free, else
// beside the session's other requests. f releases the lock.
func (c *call) onCheckpoint(open uint64, inline bool, f func(h *handle)) {
	h := c.s.handleOf(open)
	if h == nil {
		c.refuse(wire.BadHandle, 0)
		return
	}
	if inline && h.c.mu.TryLock() {
		f(h)
		return
	}
	c.s.n.goDo(func() {
		h.c.mu.Lock()
		f(h)
	})
}

// late reports whether the call must not be begun any more: its time is over, or its slot has gone on to another.
func (c *call) late() bool {
	if c.req.Deadline <= monotonic() {
		return true
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.ended || c.s.suspended || !c.s.slots.current(c.req.Slot, c.req.Number)
}

// encode makes a reply frame.
func (c *call) encode(r *wire.Reply, body any, data []byte) []byte {
	r.Slot, r.Number = c.req.Slot, c.req.Number
	var raw [][]byte
	if data != nil {
		raw = [][]byte{data}
	}
	frame, err := wire.Encode(wire.KindReply, raw, r, body)
	if err != nil {
		c.s.n.log.Error("reply", "reason", err)
		return nil
	}
	return frame
}

// send publishes a reply. Its subject is made here: one named by the sender could be anybody's.
func (c *call) send(frame []byte) {
	subject := wire.SubjectReply(c.s.replies, c.req.Slot, c.req.Number)
	err := c.s.n.o.Conn.Publish(subject, frame)
	if errors.Is(err, nats.ErrMaxPayload) {
		err = c.s.n.o.Conn.Publish(subject, c.encode(&wire.Reply{Error: wire.NoResources}, nil, nil))
	}
	if err != nil && c.s.n.logDirector.allow() {
		c.s.n.log.Warn("bus", "reason", err)
	}
}

// answer ends a call with its result. With keep, a repetition of the request gets the same answer; without, it is carried
// out again.
func (c *call) answer(r wire.Reply, body any, data []byte, keep bool) {
	frame := c.encode(&r, body, data)
	kept := frame
	if !keep {
		kept = nil
	}
	c.finish(kept)
	if frame != nil {
		c.send(frame)
	}
}

func (c *call) ok(body any) { c.answer(wire.Reply{Error: wire.OK}, body, nil, true) }
func (c *call) refuse(code wire.Code, index uint32) {
	c.answer(wire.Reply{Error: code, Index: index}, nil, nil, true)
}

// abandon ends a call that was not begun, without an answer: a repetition of it begins anew.
func (c *call) abandon() { c.finish(nil) }

func (c *call) finish(reply []byte) {
	s := c.s
	s.mu.Lock()
	t := &s.slots[c.req.Slot]
	if t.staging != nil && t.staging.number == c.req.Number {
		s.unstageLocked(t)
	}
	s.slots.finish(c.req.Slot, c.req.Number, reply)
	s.mu.Unlock()
}
