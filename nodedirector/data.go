package nodedirector

import (
	"time"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// update carries out a change of sections. The checkpoint's lock is held.
func (c *call) update(h *handle) {
	k := h.c
	if c.late() {
		k.unlock()
		c.abandon()
		return
	}
	if code := k.usableLocked(); code != wire.OK {
		k.unlock()
		c.refuse(code, 0)
		return
	}
	body := c.body.(*wire.UpdateRequest)
	r := &replication.Request{
		Kind: replication.RequestUpdate,
		Update: replication.Update{
			Op: c.req.Op, Access: h.flags, Open: h.open,
			Elements: body.Elements, Data: c.data, Time: body.Time, Generate: body.Generate, RefusePast: body.RefusePast,
			Request: wire.RequestID{Session: c.s.id, Slot: c.req.Slot, Number: c.req.Number},
		},
		Deadline: c.answerBy(), Repeated: c.repeated,
	}
	c.s.writes(k)
	if k.kept.throughLocked() {
		k.kept.enqueueLocked(&through{r: r, late: c.late, done: c.updated})
		k.unlock()
		return
	}
	k.submitLocked(r, c)
	if wait := k.kept.behindLocked(); wait != nil {
		answers := k.answers
		k.answers = nil
		c.s.n.goDo(func() {
			waitFor(c.s.n.ctx, wait, time.Duration(c.deadline()-monotonic()))
			for _, f := range answers {
				f()
			}
		})
	}
	k.unlock()
}

// answered implements asker, for an update.
func (c *call) answered(v *replication.Verdict, _ []byte) { c.updated(v) }

// served implements asker: an update is no read.
func (c *call) served() func() { return func() {} }

// updated answers an update, or abandons one that was late (nil).
func (c *call) updated(v *replication.Verdict) {
	switch {
	case v == nil:
		c.abandon()
		return
	case v.Code == wire.OK:
		c.ok(&wire.UpdateReply{Generated: v.Generated})
	case v.Code == wire.TryAgain, v.Code == wire.Timeout:
		c.answer(wire.Reply{Error: v.Code}, nil, nil, false)
	default:
		c.refuse(v.Code, v.Index)
	}
	if v.PastExpiration && c.s.n.logPast.allow() {
		c.s.n.log.Warn("section created with an expiration time in the past: it never expires",
			"program", c.s.record.Program, "expiration", time.Unix(0, c.body.(*wire.UpdateRequest).Time))
	}
}

// replied answers a read.
func (c *call) replied(r wire.Reply, body any, data, rest []byte) {
	if rest != nil {
		data = rest
	}
	c.answer(r, body, data, false)
}

// read delivers a piece of a section. The checkpoint's lock is held.
func (c *call) read(h *handle) {
	body := c.body.(*wire.ReadRequest)
	defer h.c.unlock()
	if code := h.readableLocked(); code != wire.OK {
		h.c.answers = append(h.c.answers, func() { c.answer(wire.Reply{Error: code}, nil, nil, false) })
		return
	}
	id := body.ID
	if id == nil {
		id = []byte{}
	}
	h.c.readLocked(wire.OpRead, id, body, c.answerBy(), c.replied)
}

// readableLocked is OK if a handle may read.
func (h *handle) readableLocked() wire.Code {
	if code := h.c.usableLocked(); code != wire.OK {
		return code
	}
	if h.flags&wire.OpenRead == 0 {
		return wire.Access
	}
	return wire.OK
}

// status describes a checkpoint. The checkpoint's lock is held.
func (c *call) status(h *handle) {
	defer h.c.unlock()
	if code := h.c.usableLocked(); code != wire.OK {
		h.c.answers = append(h.c.answers, func() { c.answer(wire.Reply{Error: code}, nil, nil, false) })
		return
	}
	// What this node has set may not have reached the active replica's yet.
	attributes, version := h.c.config.Attributes, h.c.config.Version
	h.c.readLocked(wire.OpStatus, nil, nil, c.answerBy(), func(r wire.Reply, body any, data, rest []byte) {
		var status wire.StatusReply
		if r.Error != wire.OK || rest == nil {
			c.replied(r, body, data, rest)
			return
		}
		if err := wire.Unmarshal(rest, &status); err != nil {
			c.s.n.malformedMessage("a node", err)
			c.answer(wire.Reply{Error: wire.Library}, nil, nil, false)
			return
		}
		if version > status.Version {
			status.Attributes = attributes
		}
		c.answer(r, &status, nil, false)
	})
}

// synchronize answers when every in-sync replica has all updates made before. The checkpoint's lock is held.
func (c *call) synchronize(h *handle) {
	k := h.c
	answer := func(code wire.Code) { c.answer(wire.Reply{Error: code}, nil, nil, false) }
	code := k.usableLocked()
	switch {
	case code != wire.OK:
	case h.flags&wire.OpenWrite == 0:
		code = wire.Access
	case k.known && !k.config.Attributes.Asynchronous():
		code = wire.BadOperation
	case k.kept.synchronizeLocked(answer):
	default:
		k.submitLocked(&replication.Request{Kind: replication.RequestSynchronize, Deadline: c.answerBy()},
			answerTo(func(v *replication.Verdict) { answer(v.Code) }))
	}
	k.unlock()
	if code != wire.OK {
		answer(code)
	}
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
	limit := min(max(r.Limit, 1), wire.SectionsPageMax)
	var reply wire.SectionsReply
	size := 0
	step := *r
	for {
		step.Limit = limit - uint32(len(reply.Sections))
		var page sectionsPage
		code := h.c.readWhole(wire.OpSections, &step, c.answerBy(), &page)
		if code != wire.OK {
			c.answer(wire.Reply{Error: code}, nil, nil, false)
			return
		}
		for i := range page.Page.Sections {
			size += len(page.Page.Sections[i].ID)
		}
		reply.Sections = append(reply.Sections, page.Page.Sections...)
		reply.More = !page.Ended && (page.Page.More || uint32(len(reply.Sections)) >= limit || size > wire.SectionsPageSize)
		if page.Ended || reply.More {
			break
		}
		if c.late() {
			c.abandon()
			return
		}
		step.After, step.Resume = page.Last, true
	}
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}

// readWhole has a read of the whole checkpoint carried out and waits for it. What it was answered is put where out points to.
func (c *checkpoint) readWhole(op wire.Op, body any, deadline int64, out any) wire.Code {
	done := make(chan wire.Code, 1)
	c.mu.Lock()
	if code := c.usableLocked(); code != wire.OK {
		c.mu.Unlock()
		return code
	}
	c.readLocked(op, nil, body, deadline, func(r wire.Reply, body any, _, rest []byte) {
		switch {
		case r.Error != wire.OK:
		case rest != nil:
			if err := wire.Unmarshal(rest, out); err != nil {
				c.n.malformedMessage("a node", err)
				r.Error = wire.Library
			}
		default:
			assign(out, body)
		}
		done <- r.Error
	})
	c.unlock()
	select {
	case code := <-done:
		return code
	case <-c.n.ctx.Done():
		return wire.TryAgain
	}
}

func assign(to, from any) {
	switch to := to.(type) {
	case *sectionsPage:
		*to = *from.(*sectionsPage)
	case *wire.ChangesReply:
		*to = *from.(*wire.ChangesReply)
	}
}
