package replication

import (
	"cmp"
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// uncommitted is an update that was applied here and is not known to be committed.
type uncommitted struct {
	number uint64
	ids    [][]byte // sections that carry a mark for it
	tell   bool
	event  wire.Event
	ops    []OpBody // what the event is about
}

// loadTail finds the uncommitted updates of an earlier process: as much as the marks tell.
func (c *Core) loadTail() {
	c.tail = nil
	clear(c.marked)
	c.store.Marks(func(m Mark) bool {
		c.tail = append(c.tail, uncommitted{number: m.Number, ids: [][]byte{m.ID}})
		c.marked[string(m.ID)] = m.Number
		return true
	})
	slices.SortFunc(c.tail, func(a, b uncommitted) int { return cmp.Compare(a.number, b.number) })
}

// floor raises committed to what the marks tell: an unmarked section's last update is committed, and all before it.
func (c *Core) floor() uint64 {
	if c.floored {
		return c.committed
	}
	floor := c.committed
	c.store.Sections(func(s segment.Section) bool {
		if _, marked := c.marked[string(s.ID)]; !marked {
			floor = max(floor, s.Number)
		}
		return true
	})
	// An earlier process may have ended between taking off two of an update's marks.
	c.floored = c.setCommitted(floor)
	return c.committed
}

// addTail notes an update that was applied, with marks or, if nobody need be asked to commit it, without.
func (c *Core) addTail(b *UpdateBody, marked bool) {
	u := uncommitted{number: b.Number}
	if b.HasEvent {
		u.tell, u.event, u.ops = true, b.Event, b.Ops
	}
	for i := range b.Ops {
		if marked {
			id := slices.Clone(b.Ops[i].Section)
			u.ids = append(u.ids, id)
			c.marked[string(id)] = b.Number
		}
	}
	c.tail = append(c.tail, u)
}

// setCommitted takes note that all updates up to a number are committed: marks go, applications are told. It reports
// false, with nothing done, if the marks could not be removed.
func (c *Core) setCommitted(number uint64) bool {
	if number <= c.committed {
		return true
	}
	n := 0
	var ids [][]byte
	for n < len(c.tail) && c.tail[n].number <= number {
		for _, id := range c.tail[n].ids {
			if m, ok := c.marked[string(id)]; ok && m <= number {
				ids = append(ids, id)
			}
		}
		n++
	}
	if len(ids) > 0 && c.store.ClearMarks(number, ids) != nil {
		return false
	}
	for _, id := range ids {
		delete(c.marked, string(id))
	}
	c.committed = number
	done := c.tail[:n:n]
	c.tail = c.tail[n:]
	for i := range done {
		if done[i].tell {
			c.tell(&done[i].event, done[i].ops)
		}
	}
	return true
}

// recent holds the latest updates of an asynchronous checkpoint, in the order of their numbers, for followers that lack
// some of them.
type recent struct {
	list  []*UpdateBody
	bytes int
}

func (r *recent) add(u *UpdateBody) {
	r.list = append(r.list, u)
	r.bytes += u.size()
	for len(r.list) > RecentItems || r.bytes > RecentBytes && len(r.list) > 1 {
		r.bytes -= r.list[0].size()
		r.list[0] = nil
		r.list = r.list[1:]
	}
}

// after lists what follows an update; ok: without a gap.
func (r *recent) after(number uint64) (list []*UpdateBody, ok bool) {
	i, found := slices.BinarySearchFunc(r.list, number, func(u *UpdateBody, n uint64) int { return cmp.Compare(u.Previous, n) })
	if !found {
		return nil, false
	}
	return r.list[i:], true
}

func (u *UpdateBody) size() int {
	n := 128
	for i := range u.Ops {
		n += 64 + len(u.Ops[i].Section) + len(u.Ops[i].Data)
	}
	for i := range u.Event.Elements {
		n += elementSize + len(u.Event.Elements[i].ID)
	}
	return n
}

const elementSize = 32 // about what an element takes besides its id

func sortKeys(keys []ResultKey) {
	slices.SortFunc(keys, func(a, b ResultKey) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.Slot, b.Slot))
	})
}
