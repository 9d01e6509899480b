package agent

import (
	"time"

	"libckpt/internal/wire"
)

// repair asks what happened to a checkpoint after the update that its furthest-behind watcher has seen.
// While it runs, new events of the checkpoint are held.
func (f *feeds) repair(id uint64) {
	c, since := f.beginRepair(id)
	if c == nil {
		return
	}
	reply := new(wire.ChangesReply)
	f.a.call(&request{op: wire.OpChanges, on: c, out: reply, deadline: after(DefaultTimeout), done: func(r *request) {
		switch r.code {
		case wire.OK:
			again, nearer := f.endRepair(id, since, reply)
			if again && nearer {
				f.repair(id)
			} else if again {
				f.repairLater(id)
			}
		case wire.BadHandle, wire.NotExist: // the handle was closed meanwhile, or the checkpoint is lost
			f.remove(c)
			f.repair(id)
		default:
			f.repairLater(id)
		}
	}}, &wire.ChangesRequest{Open: c.open, Since: since})
}

// repairLater keeps a repair that did not succeed from being tried in a tight circle.
func (f *feeds) repairLater(id uint64) {
	time.AfterFunc(againMin, func() {
		defer f.a.guard("event repair")
		f.repair(id)
	})
}

func (f *feeds) beginRepair(id uint64) (behind *Checkpoint, since uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.byID[id]
	if d == nil || f.closed {
		return nil, 0
	}
	for _, c := range d.watchers {
		if !c.stalled && (behind == nil || c.seen < behind.seen) {
			behind = c
		}
	}
	d.repairing = behind != nil
	if behind == nil {
		d.held, d.missed = nil, false
		return nil, 0
	}
	return behind, behind.seen
}

// endRepair delivers what the node director knows, which may be a part of what there is. It reports whether a gap
// remains, and whether asking has brought us nearer to closing it.
func (f *feeds) endRepair(id, since uint64, reply *wire.ChangesReply) (again, nearer bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.byID[id]
	if d == nil {
		return false, false
	}
	nearer = reply.Update > since
	if nearer {
		d.newest = max(d.newest, reply.Update)
	} else {
		d.newest = since // there is nothing after it
	}
	for _, c := range d.watchers {
		switch {
		case c.stalled || c.seen < since || c.seen >= reply.Update:
		case reply.Exact:
			c.catchUpLocked(reply)
		case c.seen == since:
			c.catchUpWholeLocked(reply)
		}
	}
	held := d.held
	d.held = nil
	for i := range held {
		d.newest = max(d.newest, held[i].Update)
		if d.deliverLocked(&occurrence{Event: held[i]}) {
			d.missed = true
		}
	}
	again, d.missed = d.missed, false
	for _, c := range d.watchers {
		again = again || !c.stalled && c.seen < d.newest
	}
	d.repairing = again
	return again, nearer
}

// catchUpLocked delivers the exact events after c.seen.
func (c *Checkpoint) catchUpLocked(reply *wire.ChangesReply) {
	for i := range reply.Events {
		if e := &reply.Events[i]; e.Update > c.seen {
			if c.tellLocked(&occurrence{Event: *e}); c.stalled {
				return
			}
		}
	}
	c.seen = max(c.seen, reply.Update)
}

// catchUpWholeLocked delivers one notification for each section that changed, or is gone.
func (c *Checkpoint) catchUpWholeLocked(reply *wire.ChangesReply) {
	for i := range reply.Whole {
		if !c.queueLocked(c.lib.notify|c.notify, reply.Whole[i:i+1:i+1], nil, false) {
			c.stalled = true
			return
		}
	}
	if !c.queueGoneLocked(reply.Deleted, ^Notify(0)) || !c.queueGoneLocked(reply.Expired, NotifyConsume) {
		c.stalled = true
		return
	}
	c.seen = reply.Update
}

// queueGoneLocked queues notifications, of the kinds that tell of it, for sections that are gone.
func (c *Checkpoint) queueGoneLocked(ids [][]byte, kinds Notify) bool {
	for _, id := range ids {
		if !c.queueLocked((c.lib.notify|c.notify)&kinds, []Element{{ID: id}}, nil, true) {
			return false
		}
	}
	return true
}

// resume goes on with the watchers of l for whose notifications there was no room.
func (f *feeds) resume(l *Library) {
	for _, id := range f.resumeLocked(l) {
		f.repair(id)
	}
}

func (f *feeds) resumeLocked(l *Library) (ids []uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, d := range f.byID {
		stalled := false
		for _, c := range d.watchers {
			if c.lib == l && c.stalled {
				c.stalled, stalled = false, true
			}
		}
		if stalled && !d.repairing {
			d.repairing = true
			ids = append(ids, id)
		}
	}
	return ids
}

// checkSoon makes check run now.
func (f *feeds) checkSoon() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer != nil && !f.closed {
		f.timer.Reset(0)
	}
}

// check asks for the last update of every watched checkpoint, so that lost events are noticed though no later one
// comes; and so that a node director that began anew knows what is wanted.
func (f *feeds) check() {
	defer f.a.guard("event check")
	open := f.watched()
	if len(open) == 0 {
		return
	}
	reply := new(wire.NotifyReply)
	data := f.wantingData(open)
	f.a.call(&request{op: wire.OpNotify, out: reply, deadline: after(DefaultTimeout), done: func(r *request) {
		if r.code != wire.OK || len(reply.Updates) != len(open) {
			return
		}
		for _, id := range f.compare(open, reply.Updates) {
			f.repair(id)
		}
	}}, &wire.NotifyRequest{Opens: numbers(open), On: true, Data: data})
}

// watched gives a handle of every watched checkpoint, and arranges for the next check.
func (f *feeds) watched() (open []*Checkpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.timer == nil {
		return nil
	}
	for _, d := range f.byID {
		open = append(open, d.watchers...)
	}
	if len(open) == 0 {
		f.timer = nil
		return nil
	}
	f.timer.Reset(checkEvery)
	return open
}

// compare returns the checkpoints with updates that their watchers have not seen.
func (f *feeds) compare(open []*Checkpoint, updates []uint64) (ids []uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, c := range open {
		d := f.byID[c.id]
		if d == nil || !c.watching || c.stalled || d.repairing || updates[i] <= c.seen {
			continue
		}
		d.newest = max(d.newest, updates[i])
		d.repairing = true
		ids = append(ids, c.id)
	}
	return ids
}
