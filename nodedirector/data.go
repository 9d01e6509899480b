package nodedirector

import (
	"errors"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// update carries out a change of sections. The checkpoint's lock is held.
func (c *call) update(h *handle) {
	if c.late() {
		h.c.mu.Unlock()
		c.abandon()
		return
	}
	body := c.body.(*wire.UpdateRequest)
	u := &replication.Update{
		Op: c.req.Op, Access: h.flags, Open: h.open,
		Elements: body.Elements, Data: c.data, Time: body.Time, Generate: body.Generate, RefusePast: body.RefusePast,
		Request: wire.RequestID{Session: c.s.id, Slot: c.req.Slot, Number: c.req.Number},
		Now:     time.Now().UnixNano(),
	}
	if h.c.kept.throughLocked() {
		h.c.kept.enqueueLocked(&through{u: u, late: c.late, done: c.updated})
		h.c.mu.Unlock()
		return
	}
	v := h.c.updateLocked(u)
	wait := h.c.kept.behindLocked()
	h.c.mu.Unlock()
	if wait == nil {
		c.updated(v)
		return
	}
	c.s.n.goDo(func() {
		waitFor(c.s.n.ctx, wait, time.Duration(c.deadline()-monotonic()))
		c.updated(v)
	})
}

// updated answers an update, or abandons one that was late (code 0).
func (c *call) updated(v replication.Verdict) {
	switch v.Code {
	case 0:
		c.abandon()
	case wire.OK:
		c.ok(&wire.UpdateReply{Generated: v.Generated})
	default:
		c.refuse(v.Code, v.Index)
	}
}

// read delivers a piece of a section. The checkpoint's lock is held.
func (c *call) read(h *handle) {
	body := c.body.(*wire.ReadRequest)
	reply, data, code := h.c.readLocked(h.flags, body)
	h.c.mu.Unlock()
	switch {
	case code == wire.OK || reply.Changed:
		c.answer(wire.Reply{Error: code}, &reply, data, false)
	default:
		c.answer(wire.Reply{Error: code}, nil, nil, false)
	}
}

func (c *checkpoint) readLocked(flags uint32, r *wire.ReadRequest) (reply wire.ReadReply, data []byte, code wire.Code) {
	if code := c.usableLocked(); code != wire.OK {
		return reply, nil, code
	}
	if flags&wire.OpenRead == 0 {
		return reply, nil, wire.Access
	}
	if code := c.readableLocked(); code != wire.OK {
		return reply, nil, code
	}
	s, exists := c.seg.Lookup(r.ID)
	switch {
	case !exists:
		return reply, nil, wire.NotExist
	case s.Corrupted:
		return reply, nil, wire.FailedOperation
	case r.Update != 0 && r.Update != s.Number:
		reply.Changed = true
		return reply, nil, wire.FailedOperation
	case r.Offset > s.Size:
		return reply, nil, wire.InvalidParam
	}
	reply.SectionSize, reply.Update = s.Size, s.Number
	data = make([]byte, min(r.Size, wire.PieceBytesMax, s.Size-r.Offset))
	k, err := c.seg.ReadAt(r.ID, r.Offset, data)
	switch {
	case errors.Is(err, segment.ErrCorrupted):
		return reply, nil, wire.FailedOperation
	case err != nil || k != len(data):
		c.n.log.Error("section not read", "checkpoint", c.name, "reason", err, "bytes", k, "wanted", len(data))
		return reply, nil, wire.Library
	}
	return reply, data, wire.OK
}

// readableLocked is OK if reads are answered from the replica here.
func (c *checkpoint) readableLocked() wire.Code {
	if c.role.read != replication.Here {
		c.complain(c.role.read, c.role.read.Refusal())
		return c.role.read.Refusal()
	}
	if c.seg == nil {
		return wire.TryAgain
	}
	return wire.OK
}

// status describes a checkpoint. The checkpoint's lock is held.
func (c *call) status(h *handle) {
	k := h.c
	code := k.usableLocked()
	if code == wire.OK {
		code = k.readableLocked()
	}
	var reply wire.StatusReply
	if code == wire.OK {
		reply = wire.StatusReply{Attributes: k.config.Attributes, Sections: k.seg.Count(), Memory: k.seg.Used()}
	}
	k.mu.Unlock()
	if code != wire.OK {
		c.answer(wire.Reply{Error: code}, nil, nil, false)
		return
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}

// synchronize answers when every in-sync replica has all updates made before. The checkpoint's lock is held.
func (c *call) synchronize(h *handle) {
	code := h.c.synchronizeLocked(h.flags)
	answer := func(code wire.Code) { c.answer(wire.Reply{Error: code}, nil, nil, false) }
	waits := code == wire.OK && h.c.kept.synchronizeLocked(answer)
	h.c.mu.Unlock()
	if !waits {
		answer(code)
	}
}

func (c *checkpoint) synchronizeLocked(flags uint32) wire.Code {
	if code := c.usableLocked(); code != wire.OK {
		return code
	}
	switch {
	case flags&wire.OpenWrite == 0:
		return wire.Access
	case !c.config.Attributes.Asynchronous():
		return wire.BadOperation
	}
	if at := c.role.together(); at != replication.Here {
		c.complain(at, at.Refusal())
		return at.Refusal()
	}
	return wire.OK
}

// sections delivers a page of an iteration: a section that exists throughout it is delivered exactly once, because the
// order does not change and the page begins after the last one delivered.
func (c *call) sections(r *wire.SectionsRequest) {
	h := c.s.handleOf(r.Open)
	if h == nil {
		c.answer(wire.Reply{Error: wire.BadHandle}, nil, nil, false)
		return
	}
	if r.Chosen < wire.ChooseForever || r.Chosen > wire.ChooseAny || r.Time < 0 {
		c.answer(wire.Reply{Error: wire.InvalidParam}, nil, nil, false)
		return
	}
	limit := int(min(max(r.Limit, 1), wire.SectionsPageMax))
	var reply wire.SectionsReply
	var after []byte
	if r.Resume {
		after = append([]byte{}, r.After...)
	}
	size := 0
	for {
		last, code := h.c.pageOfSections(r, after, limit, &size, &reply)
		if code != wire.OK {
			c.answer(wire.Reply{Error: code}, nil, nil, false)
			return
		}
		if last == nil || reply.More {
			break
		}
		if c.late() {
			c.abandon()
			return
		}
		after = last
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}

// pageOfSections looks at some sections after an id (nil: from the first on) and appends the chosen ones. It returns the
// last id looked at, nil at the end of all; reply.More says that the page is full.
func (c *checkpoint) pageOfSections(r *wire.SectionsRequest, after []byte, limit int, size *int, reply *wire.SectionsReply) (last []byte, code wire.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if code := c.usableLocked(); code != wire.OK {
		return nil, code
	}
	if code := c.readableLocked(); code != wire.OK {
		return nil, code
	}
	if c.index == nil {
		c.index = replication.NewIndex(c.seg.Sections)
	}
	looked, ended := 0, true
	c.index.After(after, func(id string) bool {
		if looked == sectionsPerLock {
			ended = false
			return false
		}
		s, exists := c.seg.Lookup([]byte(id))
		if exists && replication.Chosen(&s, r.Chosen, r.Time) {
			if len(reply.Sections) == limit || *size > wire.SectionsPageSize {
				reply.More = true
				return false
			}
			*size += len(id)
			reply.Sections = append(reply.Sections, wire.Section{
				ID: []byte(id), Size: s.Size, Expiration: s.Expiration, LastUpdate: s.LastUpdate, Corrupted: s.Corrupted,
			})
		}
		looked++
		last = []byte(id)
		return true
	})
	if ended && !reply.More {
		return nil, wire.OK
	}
	return last, wire.OK
}
