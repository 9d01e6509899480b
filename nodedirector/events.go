package nodedirector

import (
	"libckpt/internal/wire"
)

// sendEvents tells sessions of an update. The checkpoint's lock is held, so that events leave in the order of their
// numbers; publishing hands them to the connection's buffer.
func (n *Node) sendEvents(to map[*session]int, e wire.Event) {
	frame, err := wire.Encode(wire.KindEvents, nil, []wire.Event{e})
	if err != nil {
		n.log.Error("event", "reason", err)
		return
	}
	for s := range to {
		if err := n.o.Conn.Publish(s.events, frame); err != nil && n.logDirector.allow() {
			n.log.Warn("event not sent", "session", s.name(), "reason", err) // its receiver finds the gap
		}
	}
}

// notify switches events of handles on or off. Events are for handles opened for reading.
func (c *call) notify(r *wire.NotifyRequest) {
	reply := wire.NotifyReply{Updates: make([]uint64, len(r.Opens))}
	for i, open := range r.Opens {
		h := c.s.handleOf(open)
		if h == nil {
			continue
		}
		h.c.mu.Lock()
		if c.s.setNotify(h, r.On && h.flags&wire.OpenRead != 0) {
			h.c.notifyLocked(c.s, h.notify)
		}
		reply.Updates[i] = h.c.numberLocked()
		h.c.mu.Unlock()
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}

// setNotify records whether a handle wants events and reports whether that changed it.
func (s *session) setNotify(h *handle, on bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.opens[h.open] != h || h.notify == on {
		return false
	}
	h.notify = on
	s.obsoleteLocked(recordNotify, &notifyRecord{h.open, on})
	return true
}

// changes tells what happened after an update: exactly if that is still known, else as whole sections. A reply covers as
// much as fits; the agent asks again from there.
func (c *call) changes(r *wire.ChangesRequest) {
	h := c.s.handleOf(r.Open)
	if h == nil {
		c.answer(wire.Reply{Error: wire.BadHandle}, nil, nil, false)
		return
	}
	k := h.c
	var reply wire.ChangesReply
	k.mu.Lock()
	code := k.usableLocked()
	if code == wire.OK {
		code = k.readableLocked()
	}
	if code == wire.OK {
		last := k.seg.Number()
		reply.Events, reply.Update, reply.Exact = k.history.since(r.Since, last)
		if !reply.Exact {
			reply.Whole, reply.Update = wholeSince(k.seg.Sections, r.Since, last)
		}
	}
	k.mu.Unlock()
	if code != wire.OK {
		c.answer(wire.Reply{Error: code}, nil, nil, false)
		return
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}
