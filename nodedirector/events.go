package nodedirector

import (
	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// sendEvents tells sessions of an update. The checkpoint's lock is held, so that events leave in the order of their
// numbers; publishing hands them to the connection's buffer. data go to those who want them.
func (n *Node) sendEvents(to map[*session]wishes, e wire.Event, data [][]byte) {
	var plain, full []byte
	for s, w := range to {
		frame := &plain
		if w.data > 0 && len(data) > 0 {
			frame = &full
		}
		if *frame == nil {
			var err error
			if frame == &full {
				e.Data = totalBytes(data)
				*frame, err = wire.Encode(wire.KindEvents, data, []wire.Event{e})
				e.Data = 0
			} else {
				*frame, err = wire.Encode(wire.KindEvents, nil, []wire.Event{e})
			}
			if err != nil {
				n.log.Error("event", "reason", err)
				return
			}
		}
		if err := n.o.Conn.Publish(s.events, *frame); err != nil && n.logDirector.allow() {
			n.log.Warn("event not sent", "session", s.name(), "reason", err) // its receiver finds the gap
		}
	}
}

func totalBytes(data [][]byte) (n uint64) {
	for _, d := range data {
		n += uint64(len(d))
	}
	return n
}

// writtenData is what an update has written, element after element as in its event. It is nil for one that writes nothing
// that anybody wants, or more than an event carries.
func writtenData(v *verdict) (data [][]byte) {
	size := uint64(eventBytes(&v.event))
	for i := range v.apply.Ops {
		op := &v.apply.Ops[i]
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
		h.c.mu.Lock()
		c.s.setNotify(h, wishOf(r.On && h.flags&wire.OpenRead != 0, wanted[open]))
		reply.Updates[i] = h.c.numberLocked()
		h.c.mu.Unlock()
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
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
