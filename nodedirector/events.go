package nodedirector

import (
	"math"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// sendEvents tells sessions of an update, with the data written where that is wanted. The checkpoint's lock is held, so that
// events leave in the order of their numbers; publishing hands them to the connection's buffer.
func (n *Node) sendEvents(to map[*session]wishes, e *replication.Effect) {
	var plain, full []byte
	var err error
	for s, w := range to {
		frame := plain
		switch {
		case w.data > 0 && full == nil:
			full, err = encodeEvent(e.Event, writtenData(e))
			frame = full
		case w.data > 0:
			frame = full
		case plain == nil:
			plain, err = encodeEvent(e.Event, nil)
			frame = plain
		}
		if err != nil {
			n.log.Error("event", "reason", err)
			return
		}
		if err := n.o.Conn.Publish(s.events, frame); err != nil && n.logDirector.allow() {
			n.log.Warn("event not sent", "session", s.name(), "reason", err) // its receiver finds the gap
		}
	}
}

func encodeEvent(e wire.Event, data [][]byte) ([]byte, error) {
	e.Data = totalBytes(data)
	return wire.Encode(wire.KindEvents, data, []wire.Event{e})
}

func totalBytes(data [][]byte) (n uint64) {
	for _, d := range data {
		n += uint64(len(d))
	}
	return n
}

// writtenData is what an update has written, element after element as in its event. It is nil for one that writes nothing
// that anybody wants, or more than an event carries.
func writtenData(e *replication.Effect) (data [][]byte) {
	size := uint64(eventBytes(&e.Event))
	for i := range e.Ops {
		op := &e.Ops[i]
		if op.Kind != segment.OpWrite && op.Kind != segment.OpOverwrite {
			return nil
		}
		if size += uint64(len(op.Data)); size > wire.EventDataMax {
			return nil
		}
		data = append(data, op.Data)
	}
	return data
}

// notify switches events of handles on or off. Events are for handles opened for reading.
func (c *call) notify(r *wire.NotifyRequest) {
	reply := wire.NotifyReply{Updates: make([]uint64, len(r.Opens))}
	wanted := make(map[uint64]bool, len(r.Data))
	for _, open := range r.Data {
		wanted[open] = true
	}
	for i, open := range r.Opens {
		h := c.s.handleOf(open)
		if h == nil {
			continue
		}
		if r.On {
			h.c.learnNumber(c.answerBy())
			h.c.learnAgain()
		}
		h.c.mu.Lock()
		c.s.setNotify(h, wishOf(r.On && h.flags&wire.OpenRead != 0, wanted[open]))
		reply.Updates[i] = h.c.told
		h.c.mu.Unlock()
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}

// learnNumber finds out which updates there have been of a checkpoint that has no replica here, or one that is being filled, so
// that only later ones are told of. If that fails, applications are told of more than need be.
func (c *checkpoint) learnNumber(deadline int64) {
	c.mu.Lock()
	known := c.told != 0
	if c.seg != nil {
		known = c.core.Complete()
	}
	c.mu.Unlock()
	if known {
		return
	}
	var reply wire.ChangesReply
	if code := c.readWhole(wire.OpChanges, &wire.ChangesRequest{Since: math.MaxUint64}, deadline, &reply); code != wire.OK {
		return
	}
	c.mu.Lock()
	c.told = max(c.told, reply.Update)
	c.mu.Unlock()
}

// learnAgain finds out, later, whether there have been updates of a checkpoint without a replica here whose events were lost.
// Agents ask for events again and again: so the last one is not lost for ever.
func (c *checkpoint) learnAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seg != nil || c.told == 0 || c.gone || c.learning {
		return
	}
	c.learning = true
	c.n.goDo(func() {
		var reply wire.ChangesReply
		code := c.readWhole(wire.OpChanges, &wire.ChangesRequest{Since: math.MaxUint64}, monotonic()+int64(learnWaitMax), &reply)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.learning = false
		if code == wire.OK && c.seg == nil && !c.gone {
			c.tellLocked(&replication.Effect{Event: wire.Event{Checkpoint: c.id, Update: reply.Update, Missed: true}})
		}
	})
}

// setNotify records what a handle wants to be told. The checkpoint's lock is held.
func (s *session) setNotify(h *handle, w wish) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.opens[h.open] != h || h.notify == w {
		return
	}
	h.c.notifyLocked(s, h.notify, w)
	h.notify = w
	s.obsoleteLocked(recordNotify, &notifyRecord{Open: h.open, On: w != wishNone, Data: w == wishData})
}

// changes tells what happened after an update. A reply covers as much as fits; the agent asks again from there.
func (c *call) changes(r *wire.ChangesRequest) {
	h := c.s.handleOf(r.Open)
	if h == nil {
		c.answer(wire.Reply{Error: wire.BadHandle}, nil, nil, false)
		return
	}
	var reply wire.ChangesReply
	if code := h.c.readWhole(wire.OpChanges, r, c.answerBy(), &reply); code != wire.OK {
		c.answer(wire.Reply{Error: code}, nil, nil, false)
		return
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}

// changedSinceLocked tells which sections have changed after an update, and which are gone.
func (c *checkpoint) changedSinceLocked(reply *wire.ChangesReply, since, last uint64) {
	gone, upto := c.deleted.since(since, last, func(id []byte) bool {
		_, exists := c.seg.Lookup(id)
		return exists
	})
	reply.Whole, reply.Update = wholeSince(c.seg.Sections, since, upto)
	for _, d := range gone {
		switch {
		case d.number > reply.Update: // on a later page
		case d.expired:
			reply.Expired = append(reply.Expired, d.id)
		default:
			reply.Deleted = append(reply.Deleted, d.id)
		}
	}
}
