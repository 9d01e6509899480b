package agent

import "libckpt/internal/wire"

// beginRestore lets the checkpoints of the lost session be opened again in the new one. What their watchers missed
// meanwhile is found by the check of events that follows every connect. The channel is closed when all
// are, or are known to be lost.
func (a *Agent) beginRestore(b *bus, s *socket) <-chan struct{} {
	done := make(chan struct{})
	open := a.beginRestoreLocked(b, s, done)
	if len(open) == 0 {
		close(done)
	}
	for _, c := range open {
		a.restore(c)
	}
	return done
}

func (a *Agent) beginRestoreLocked(b *bus, s *socket, done chan struct{}) (open []*Checkpoint) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.phase, a.bus, a.socket = restoring, b, s
	clear(a.late)
	a.toRestore = map[*Checkpoint]struct{}{}
	a.restored = done
	for _, c := range a.checkpoints {
		a.toRestore[c] = struct{}{}
		open = append(open, c)
	}
	return open
}

// restore opens c again in the present session, asking until there is a definite answer.
func (a *Agent) restore(c *Checkpoint) {
	reply := new(wire.OpenReply)
	var gen uint64
	body := &wire.OpenRequest{Open: c.open, Name: c.name, Flags: c.flags, Restore: c.id}
	body.Notify, body.NotifyData = a.feeds.wants(c)
	r := &request{op: wire.OpOpen, restore: true, out: reply, deadline: after(DefaultTimeout)}
	r.done = func(r *request) {
		if !a.sameSession(gen) {
			return // another beginRestore has it
		}
		if r.code == wire.TryAgain || r.code == wire.Timeout {
			a.restore(c)
			return
		}
		a.endRestore(c, r.code)
		if r.code != wire.OK {
			a.feeds.remove(c)
		}
	}
	gen = a.session()
	a.call(r, body)
}

func (a *Agent) session() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.gen
}

func (a *Agent) sameSession(gen uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return gen == a.gen && !a.closed
}

// endRestore notes the answer: a checkpoint that cannot be opened again is lost, its handle is bad.
func (a *Agent) endRestore(c *Checkpoint, code Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if code != wire.OK {
		c.lost = true
		delete(a.checkpoints, c.open)
	}
	if _, ok := a.toRestore[c]; ok {
		delete(a.toRestore, c)
		if len(a.toRestore) == 0 {
			close(a.restored)
		}
	}
}

// lateKey names a request that has ended here.
type lateKey struct {
	slot   uint16
	number uint64
}

// rollBackLater undoes an open that ended with Timeout, whether it has been carried out already, will yet be, or never.
func (a *Agent) rollBackLater(r *request, c *Checkpoint) {
	a.expectLate(lateKey{r.slot, r.number}, c)
	c.discard(DefaultTimeout, ignore)
}

func (a *Agent) expectLate(k lateKey, c *Checkpoint) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.late) < lateMax {
		a.late[k] = c
	}
	c.lib.busy++
}

// answeredLate takes a reply to a request that has ended here.
func (a *Agent) answeredLate(head *wire.Reply) {
	if c := a.takeLate(lateKey{head.Slot, head.Number}, head.Error); c != nil {
		c.discard(DefaultTimeout, ignore)
	}
}

func (a *Agent) takeLate(k lateKey, code Code) *Checkpoint {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.late[k]
	delete(a.late, k)
	if c == nil || code > wire.OK {
		return nil
	}
	c.lib.busy++
	return c
}
