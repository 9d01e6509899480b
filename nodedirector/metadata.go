package nodedirector

import (
	"errors"
	"math/bits"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// checkOpen repeats the checks of an opening's arguments: the director must not be given nonsense to keep.
func checkOpen(r *wire.OpenRequest) wire.Code {
	switch {
	case r.Open == 0 || len(r.Name) == 0:
		return wire.InvalidParam
	case len(r.Name) > wire.NameBytesMax:
		return wire.TooBig
	case r.Flags&(wire.OpenRead|wire.OpenWrite|wire.OpenCreate) == 0:
		return wire.BadFlags
	case r.Restore != 0:
		return wire.OK
	case r.HasAttributes != (r.Flags&wire.OpenCreate != 0):
		return wire.InvalidParam
	case r.HasAttributes:
		return checkAttributes(&r.Attributes, r.WholeFlags)
	}
	return wire.OK
}

// checkAttributes checks creation attributes. With wholeFlags they are those of clCkpt*.
func checkAttributes(a *wire.Attributes, wholeFlags bool) wire.Code {
	switch {
	case !wholeFlags && a.CreationFlags != a.AISFlags():
		return wire.InvalidParam
	case wholeFlags && a.MaxSectionSize == 0:
		return wire.OK
	}
	if over, size := bits.Mul64(uint64(a.MaxSections), a.MaxSectionSize); over == 0 && a.CheckpointSize > size {
		return wire.InvalidParam
	}
	return wire.OK
}

// open opens or creates a checkpoint.
func (c *call) open(r *wire.OpenRequest) {
	if code := checkOpen(r); code != wire.OK {
		c.refuse(code, 0)
		return
	}
	n, s := c.s.n, c.s
	end, h := s.beginOpening(r.Open, c.deadline())
	if h != nil {
		c.opened(h)
		return
	}
	if end == nil {
		c.abandon()
		return
	}
	defer end()
	unlock := c.lockName(r.Name)
	if unlock == nil {
		return
	}
	defer unlock()
	var reply wire.ConfigReply
	var k *checkpoint
	var err error
	code, text := n.ask(wire.DirectorOpen, &wire.DirectorOpenRequest{
		Name: r.Name, HasAttributes: r.HasAttributes, Attributes: r.Attributes, CompareRetention: r.CompareRetention, Backup: r.Backup,
		Now: time.Now().UnixNano(), Restore: r.Restore, WholeFlags: r.WholeFlags,
	}, &reply, c.deadline(), func() {
		k = n.checkpointOf(reply.Config.Checkpoint, reply.Config.Name)
		if n.isRefused(k.id) {
			err = errLost
			return
		}
		err = n.follow(k, &reply)
	})
	if code != wire.OK {
		c.unanswered(code, text)
		return
	}
	if err == nil && reply.Created { // and with it all there is to lose
		if code := k.awaitDisk(c.deadline()); code != wire.OK {
			err = code
		}
	}
	if err != nil {
		c.refuse(c.undo(k, &reply, err), 0)
		return
	}
	h = &handle{open: r.Open, c: k, flags: r.Flags, notify: wishOf(r.Notify && r.Flags&wire.OpenRead != 0, r.NotifyData)}
	if h.notify != wishNone {
		k.learnNumber(c.answerBy())
	}
	if c.req.Deadline <= monotonic() {
		n.director.reconcile(k) // nobody waits for it any more
		c.refuse(wire.Timeout, 0)
		return
	}
	if err := s.addHandle(h); err != nil {
		n.director.reconcile(k)
		c.refuse(codeOf(err), 0)
		return
	}
	c.opened(h)
}

// lockName takes the lock of a name for the call. It returns nil when it has ended the call instead: the lock was not to
// be had in time, or by then the call's time was over.
func (c *call) lockName(name string) (unlock func()) {
	names := &c.s.n.names
	if !names.lock(name, time.Duration(c.deadline()-monotonic())) {
		c.answer(wire.Reply{Error: wire.TryAgain}, nil, nil, false)
		return nil
	}
	if c.late() {
		names.unlock(name)
		c.abandon()
		return nil
	}
	return func() { names.unlock(name) }
}

// beginOpening notes that a handle is being opened, so that its closing waits for that. It returns the handle if it
// is open already, and nil for both if the deadline passes while another request opens it.
func (s *session) beginOpening(open uint64, deadline int64) (end func(), h *handle) {
	for {
		s.mu.Lock()
		h, busy := s.opens[open], s.opening[open]
		if h != nil {
			s.mu.Unlock()
			return nil, h
		}
		if busy == nil {
			done := make(chan struct{})
			s.opening[open] = done
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				delete(s.opening, open)
				s.mu.Unlock()
				close(done)
			}, nil
		}
		s.mu.Unlock()
		if !waitFor(s.n.ctx, busy, time.Duration(deadline-monotonic())) {
			return nil, nil
		}
	}
}

// opened answers with what the agent needs to know of a handle.
func (c *call) opened(h *handle) {
	h.c.mu.Lock()
	reply := wire.OpenReply{
		Checkpoint: h.c.id, Attributes: h.c.config.Attributes, Replica: h.c.seg != nil, Update: h.c.told,
	}
	reply.Attributes.MaxSectionSize = h.c.config.SectionSizeMax()
	h.c.mu.Unlock()
	c.ok(&reply)
}

// undo takes back what an opening did at the director that this node could not follow, and gives the code for it.
func (c *call) undo(k *checkpoint, r *wire.ConfigReply, why error) wire.Code {
	n := c.s.n
	if r.Created {
		deadline := monotonic() + int64(directorTryTimeout)
		id := wire.RequestID{Session: c.s.id, Slot: c.req.Slot, Number: c.req.Number}
		var reply wire.ConfigReply
		if code, text := n.ask(wire.DirectorUnlink, &wire.DirectorUnlinkRequest{Name: k.name, Request: id}, &reply, deadline, nil); code != wire.OK {
			n.log.Warn("a checkpoint that could not be made keeps its name", "checkpoint", k.name, "reason", code, "text", text)
		}
	}
	n.director.reconcile(k)
	code := codeOf(why)
	if errors.Is(why, errLost) {
		code = wire.TryAgain
	}
	if n.logDirector.allow() {
		n.log.Warn("checkpoint not opened", "checkpoint", k.name, "reason", why)
	}
	return code
}

// codeOf is the code for what kept an opening from succeeding on this node.
func codeOf(err error) wire.Code {
	var code wire.Code
	switch {
	case errors.As(err, &code):
		return code
	case errors.Is(err, errEnded):
		return wire.BadHandle
	case errors.Is(err, errLost):
		return wire.TryAgain
	case errors.Is(err, segment.ErrTooBig):
		return wire.InvalidParam
	}
	return wire.NoResources
}

// unanswered ends a call with a code of the director, or for want of one. A repetition of a refused request is refused
// again; where nothing was done, it may yet succeed.
func (c *call) unanswered(code wire.Code, text string) {
	if text != "" && c.s.n.logDirector.allow() {
		c.s.n.log.Debug("refused by the director", "reason", code, "text", text)
	}
	c.answer(wire.Reply{Error: code}, nil, nil, code != wire.TryAgain && code != wire.Timeout)
}

// close closes a handle. Closing one that is not open is fine: it may have been closed by the same request before.
func (c *call) close(open uint64) {
	n, s := c.s.n, c.s
	end, h := s.beginOpening(open, c.deadline())
	if end != nil {
		end()
		c.ok(nil)
		return
	}
	if h == nil {
		c.abandon()
		return
	}
	k := h.c
	unlock := c.lockName(k.name)
	if unlock == nil {
		return
	}
	defer unlock()
	k.mu.Lock()
	last := len(k.opens) == 1 && !k.gone
	k.mu.Unlock()
	if last {
		var reply wire.ConfigReply
		obey := func() {
			s.removeHandle(h)
			if err := n.follow(k, &reply); err != nil {
				n.log.Error("checkpoint", "name", k.name, "reason", err)
			}
		}
		code, text := n.ask(wire.DirectorClose, &wire.CheckpointRequest{Checkpoint: k.id}, &reply, c.deadline(), obey)
		if code != wire.OK && code != wire.NotExist {
			n.director.reconcile(k) // it may have been done
			c.unanswered(code, text)
			return
		}
		if code == wire.NotExist {
			n.drop(k)
		}
	}
	s.removeHandle(h)
	n.forget(k)
	c.ok(nil)
}

// unlink removes a name.
func (c *call) unlink(name string) {
	n := c.s.n
	switch {
	case len(name) == 0:
		c.refuse(wire.NotExist, 0)
		return
	case len(name) > wire.NameBytesMax:
		c.refuse(wire.TooBig, 0)
		return
	}
	unlock := c.lockName(name)
	if unlock == nil {
		return
	}
	defer unlock()
	var reply wire.ConfigReply
	id := wire.RequestID{Session: c.s.id, Slot: c.req.Slot, Number: c.req.Number}
	code, text := n.ask(wire.DirectorUnlink, &wire.DirectorUnlinkRequest{Name: name, Request: id}, &reply, c.deadline(), func() {
		if k := n.checkpoint(reply.Config.Checkpoint); k != nil {
			if err := n.follow(k, &reply); err != nil {
				n.log.Error("checkpoint", "name", k.name, "reason", err)
			}
			n.forget(k)
		}
	})
	if code != wire.OK {
		c.unanswered(code, text)
		return
	}
	c.ok(nil)
}

// retention sets a retention duration.
func (c *call) retention(r *wire.TimeRequest) {
	if r.Time < 0 {
		c.refuse(wire.InvalidParam, 0)
		return
	}
	c.onHandle(r.Open, wire.DirectorRetention, r.Time, func(*checkpoint, *handle) wire.Code { return wire.OK })
}

// activate makes this node's replica the active one.
func (c *call) activate(open uint64) {
	c.onHandle(open, wire.DirectorActive, 0, func(k *checkpoint, h *handle) wire.Code {
		switch {
		case h.flags&wire.OpenWrite == 0:
			return wire.Access
		case !k.config.Attributes.Collocated() || !k.config.Attributes.Asynchronous():
			return wire.BadOperation
		}
		return wire.OK
	})
}

// onHandle asks the director for a change of an open checkpoint, if check allows it with the checkpoint's lock held.
func (c *call) onHandle(open uint64, op wire.DirectorOp, duration int64, check func(*checkpoint, *handle) wire.Code) {
	n := c.s.n
	h := c.s.handleOf(open)
	if h == nil {
		c.refuse(wire.BadHandle, 0)
		return
	}
	k := h.c
	unlock := c.lockName(k.name)
	if unlock == nil {
		return
	}
	defer unlock()
	k.mu.Lock()
	code := k.usableLocked()
	if code == wire.OK {
		code = check(k, h)
	}
	k.mu.Unlock()
	if code != wire.OK {
		c.unanswered(code, "")
		return
	}
	var reply wire.ConfigReply
	var err error
	code, text := n.ask(op, &wire.CheckpointRequest{Checkpoint: k.id, Time: duration}, &reply, c.deadline(),
		func() { err = n.follow(k, &reply) })
	switch code {
	case wire.OK:
	case wire.NotExist:
		n.drop(k)
		code = wire.BadHandle
		fallthrough
	default:
		c.unanswered(code, text)
		return
	}
	if err != nil {
		n.log.Error("checkpoint", "name", k.name, "reason", err)
		c.answer(wire.Reply{Error: codeOf(err)}, nil, nil, false)
		return
	}
	if op == wire.DirectorActive {
		k.awaitDisk(c.deadline()) // what keeps it from the disk has been logged
	}
	c.ok(nil)
}
