package replication

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// follow is what a Core is while its node has a replica that another node's is the active one of, in one epoch.
type follow struct {
	link      LinkID
	seq       uint64   // items up to this have been processed
	committed uint64   // as the active says
	based     bool     // the replica equalled the active when it had update base
	base      uint64   // see based
	require   []string // nodes besides the in-sync set that the active requires
	filling   bool     // the replica is being copied as a whole
	staged    Put      // corrections, made in one step at Base
	bytes     int      // of their data
}

// newer reports whether a link was begun after another in the same epoch.
func (a LinkID) newer(b LinkID) bool {
	return cmp.Or(cmp.Compare(a.Incarnation, b.Incarnation), cmp.Compare(a.Stream, b.Stream)) > 0
}

// onBegin opens a link, or answers again.
func (c *Core) onBegin(from string, m *Begin) {
	c.hear(m.Link.Epoch)
	if m.Version > c.config.Version {
		c.refresh()
	}
	if m.Link.Epoch.Less(c.config.Epoch) {
		c.send(from, &Release{c.config.Epoch})
		return
	}
	f := c.follow
	if f == nil || !sameEpoch(m.Link.Epoch, c.config.Epoch) || from != c.config.Active || f.link.newer(m.Link) {
		return
	}
	if f.link != m.Link {
		*f = follow{link: m.Link}
	}
	if f.seq > 0 {
		c.acknowledge(from, false)
		return
	}
	c.send(from, c.report(m))
}

// report tells the active what this replica has.
func (c *Core) report(m *Begin) *Report {
	r := &Report{
		Link: m.Link, Incarnation: c.o.Incarnation, Number: c.store.Number(), Complete: c.kept.Complete, Branch: c.kept.Branch,
	}
	switch {
	case !r.Complete:
	case c.asynchronous():
		tail, _ := c.recent.after(m.Number)
		size := 0
		for _, u := range tail {
			if size += u.size(); size > TailBytesMax && len(r.Tail) > 0 {
				break
			}
			r.Tail = append(r.Tail, *u)
		}
	default:
		r.Committed = c.floor()
		if r.MarkedMore = len(c.marked) > MarksMax; !r.MarkedMore {
			for id, n := range c.marked {
				_, exists := c.store.Lookup([]byte(id))
				r.Marked = append(r.Marked, Mark{ID: []byte(id), Number: n, Tombstone: !exists})
			}
			slices.SortFunc(r.Marked, func(a, b Mark) int { return CompareIDs(string(a.ID), string(b.ID)) })
		}
		if r.Results, r.ResultsMore = c.resultsAfter(r.Committed); !r.ResultsMore {
			r.Sessions, r.ResultsMore = c.sessions()
		}
	}
	return r
}

func (c *Core) acknowledge(to string, full bool) {
	f := c.follow
	c.send(to, &Ack{Link: f.link, Seq: f.seq, Committed: f.committed, Full: full})
}

// onItem processes the next item of the link.
func (c *Core) onItem(from string, m *Item) {
	f := c.follow
	if f == nil || !sameEpoch(m.Link.Epoch, c.config.Epoch) || from != c.config.Active || f.link.newer(m.Link) {
		return
	}
	if m.Link != f.link {
		c.send(from, &Ack{Link: m.Link, Unknown: true})
		return
	}
	if m.Seq > f.seq+1 {
		return // what is missing will come again
	}
	full := false
	if m.Seq == f.seq+1 {
		f.committed = max(f.committed, m.Committed)
		switch err := c.process(m); {
		case err == nil:
			f.seq++
		case errors.Is(err, errDiffers):
			c.lose()
			return
		case errors.Is(err, errUnknown):
			return
		default:
			full = true
		}
	}
	c.follows()
	c.acknowledge(from, full)
}

// onCommitted notes how much is committed.
func (c *Core) onCommitted(from string, m *Committed) {
	f := c.follow
	if f == nil || !sameEpoch(m.Link.Epoch, c.config.Epoch) || from != c.config.Active || f.link.newer(m.Link) {
		return
	}
	if m.Link != f.link { // this node has given it up since, and perhaps no item is to follow that would show that
		c.send(from, &Ack{Link: m.Link, Unknown: true})
		return
	}
	f.committed = max(f.committed, m.Number)
	c.follows()
	c.acknowledge(from, false)
}

// follows takes over what the active says is committed, once the replica has nothing of another branch than the active's.
func (c *Core) follows() {
	if f := c.follow; (f.based || f.filling) && !c.asynchronous() {
		c.setCommitted(min(f.committed, c.store.Number()))
	}
}

// errDiffers: an update that the active could apply cannot be applied here: the replicas are not what they should be.
var errDiffers = errors.New("replica differs from the active one")

// errUnknown: an item of a kind that this release does not know. It is not acknowledged.
var errUnknown = errors.New("item not understood")

// errNoRoom: the replica cannot hold what the active's holds.
var errNoRoom = errors.New("no room in the replica")

// process does what an item says; with an error, nothing.
func (c *Core) process(m *Item) error {
	f := c.follow
	switch {
	case m.Holds == ItemUpdate && m.Update != nil:
		if m.Update.Number <= c.store.Number() {
			return nil
		}
		u := m.Update
		if f.filling && u.HasEvent { // the active tells this node's applications until the link is open
			silent := *u
			silent.HasEvent = false
			u = &silent
		}
		return c.applyBody(u, !c.asynchronous() && u.Number > f.committed)
	case m.Holds == ItemSection && m.Section != nil:
		return c.processSection(m.Section)
	case m.Holds == ItemResults && m.Results != nil:
		if f.filling {
			return room(c.store.Put(&Put{DropAll: m.Results.DropAll, Drop: m.Results.Drop, Results: m.Results.Results}))
		}
		f.staged.DropAll = f.staged.DropAll || m.Results.DropAll
		f.staged.Drop = append(f.staged.Drop, m.Results.Drop...)
		f.staged.Drop = append(f.staged.Drop, c.resultsOf(m.Results.Ended)...)
		f.staged.Results = append(f.staged.Results, m.Results.Results...)
		return nil
	case m.Holds == ItemRequire:
		f.require = slices.Clone(m.Require)
		return nil
	case m.Holds == ItemBase && m.Base != nil:
		return c.processBase(m.Base)
	}
	return errUnknown
}

// applyBody applies another node's update.
func (c *Core) applyBody(u *UpdateBody, marked bool) error {
	if u.EndSession != 0 {
		if err := c.store.DropSession(u.EndSession); err != nil {
			return room(err)
		}
	}
	s := segment.Update{Number: u.Number, Now: u.Now, Ops: opsOf(u.Ops), Weak: u.Weak}
	if u.HasResult {
		s.Result = &u.Result
	}
	if u.HasGenerated {
		s.NextGenerated = &u.NextGenerated
	}
	if err := c.store.Apply(&s, marked); err != nil {
		return room(err)
	}
	c.noteApplied(u, marked)
	return nil
}

// room tells an update for which there is no room from one that makes no sense.
func room(err error) error {
	if code, _ := Failure(err); err == nil || code == wire.NoResources || code == wire.Library {
		if err != nil {
			return errNoRoom
		}
		return nil
	}
	return errDiffers
}

func (c *Core) processSection(b *SectionBody) error {
	f := c.follow
	w := Whole{
		ID: b.ID, Exists: b.Exists, Offset: b.Offset, Total: b.Total, Data: b.Data, Expiration: b.Expiration,
		LastUpdate: b.LastUpdate, Number: b.Number, Corrupted: b.Corrupted,
	}
	if !b.Full {
		if f.bytes += len(b.Data); f.bytes > StageBytesMax {
			return errNoRoom
		}
		w.Data = bytes.Clone(w.Data) // it is the frame's
		f.staged.Sections = append(f.staged.Sections, w)
		return nil
	}
	if err := c.wipe(); err != nil {
		return err
	}
	if err := c.store.Put(&Put{Sections: []Whole{w}, Marked: b.Marked, Filling: true}); err != nil {
		return room(err)
	}
	return nil
}

// wipe empties the replica before it is filled. It is of no use from then on until it is complete.
func (c *Core) wipe() error {
	f := c.follow
	if f.filling {
		return nil
	}
	c.kept.Complete = false
	if c.store.Keep(&c.kept) != nil {
		return errNoRoom
	}
	for {
		p := Put{DropAll: true}
		for s, ok := c.store.Next(nil, true); ok && len(p.Sections) < wipeMax; s, ok = c.store.Next(s.ID, false) {
			p.Sections = append(p.Sections, Whole{ID: s.ID})
		}
		c.store.Marks(func(m Mark) bool {
			if m.Tombstone {
				p.Sections = append(p.Sections, Whole{ID: m.ID})
			}
			return len(p.Sections) < 2*wipeMax
		})
		if err := c.store.Put(&p); err != nil {
			return room(err)
		}
		if len(p.Sections) == 0 {
			break
		}
	}
	f.filling = true
	c.committed, c.floored = 0, true
	c.tail, c.results, c.recent = nil, nil, recent{}
	clear(c.marked)
	return nil
}

// processBase makes the replica equal to the active's as it was when the item was made, in one step, and says so to the
// next process.
func (c *Core) processBase(b *BaseBody) error {
	f := c.follow
	if b.Full {
		if err := c.wipe(); err != nil {
			return err
		}
	}
	f.staged.Number = max(b.Number, c.store.Number())
	f.staged.NextGenerated = b.NextGenerated
	// In the same epoch the active may have said before that all of this is committed: nothing would take marks off again.
	committed := c.committed >= f.staged.Number
	f.staged.Marked = !c.asynchronous() && !committed
	if err := c.store.Put(&f.staged); err != nil {
		return room(err)
	}
	kept := c.kept
	kept.Branch, kept.Complete, kept.Left = c.config.Epoch, true, b.Left
	if c.store.Keep(&kept) != nil {
		return errNoRoom
	}
	c.kept = kept
	if b.Full {
		c.recent = recent{} // of updates that came before, parts may have been left out
	}
	f.staged, f.bytes, f.filling = Put{}, 0, false
	f.based, f.base = true, b.Number
	c.results = nil
	// What the replica was given as whole sections, applications here have not been told of.
	missed := wire.Event{Checkpoint: c.o.Checkpoint, Update: b.Number, Missed: true}
	if c.asynchronous() {
		c.committed = b.Number
		if b.Full {
			c.tell(&missed, nil)
		}
		return nil
	}
	c.loadTail()
	if b.Full {
		c.committed, committed = 0, false // marks have come with sections, perhaps of what was then said to be committed
	}
	if !committed {
		c.addTail(&UpdateBody{Number: b.Number, HasEvent: true, Event: missed}, false)
	}
	return nil
}

// lose gives this replica up: the director has it filled anew.
func (c *Core) lose() {
	c.kept.Complete = false
	c.store.Keep(&c.kept)
	c.follow = &follow{link: LinkID{Epoch: c.config.Epoch, Incarnation: math.MaxUint64}} // no link of this epoch is taken up
	c.ask(Effect{Ask: AskLost, Node: c.o.Node}, &c.asked[AskLost])
}
