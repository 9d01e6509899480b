package replication

import (
	"maps"

	"libckpt/internal/wire"
)

// origin is another node that sends requests to this one, the active's.
type origin struct {
	incarnation uint64
	floor       uint64
	entries     map[uint64]*entry
}

// entry is a request of another node, kept until that node says that it has the answer. So a copy that comes late is never
// carried out a second time, whatever the answer was.
type entry struct {
	q     *request
	reply *Forwarded // nil: under way
}

// onForward takes a request of another node.
func (c *Core) onForward(from string, m *Forward) {
	if c.hear(m.Epoch); c.config.Epoch.Less(m.Epoch) {
		return // the sender comes again
	}
	if c.lead == nil || !sameEpoch(m.Epoch, c.config.Epoch) || m.ToIncarnation != c.o.Incarnation {
		if c.lead != nil || c.config.Active != c.o.Node {
			c.send(from, &Forwarded{
				Epoch: m.Epoch, Incarnation: c.o.Incarnation, ToIncarnation: m.Incarnation, Seq: m.Seq,
				Moved: true, Present: c.config.Epoch,
			})
		}
		return
	}
	o := c.originOf(from, m)
	if o == nil || m.Seq < o.floor || m.Seq >= o.floor+ForwardsMax {
		return
	}
	for _, seq := range m.GivenUp {
		o.refuse(seq)
	}
	switch e := o.entries[m.Seq]; {
	case e == nil:
		r := m.Request
		q := &request{r: &r, origin: from, toward: m.Incarnation, epoch: m.Epoch, seq: m.Seq}
		o.entries[m.Seq] = &entry{q: q}
		c.take(q)
	case e.reply != nil:
		c.send(from, e.reply)
	}
}

// originOf returns what is known of the sender, up to date with its message; nil: the message is from an earlier
// process of its node.
func (c *Core) originOf(from string, m *Forward) *origin {
	l := c.lead
	o := l.origins[from]
	switch {
	case o == nil && len(l.origins) >= peersMax, o != nil && m.Incarnation < o.incarnation:
		return nil
	case o == nil || m.Incarnation > o.incarnation:
		if o != nil {
			o.giveUp(^uint64(0))
		}
		o = &origin{incarnation: m.Incarnation, entries: make(map[uint64]*entry)}
		l.origins[from] = o
	}
	if m.Floor > o.floor {
		o.giveUp(m.Floor)
		o.floor = m.Floor
	}
	return o
}

// giveUp forgets the requests before a Seq. Those that have not begun will not be.
func (o *origin) giveUp(floor uint64) {
	maps.DeleteFunc(o.entries, func(seq uint64, e *entry) bool {
		if seq < floor {
			e.q.done = true
		}
		return seq < floor
	})
}

// refuse makes sure that a request is not begun any more.
func (o *origin) refuse(seq uint64) {
	if seq < o.floor || seq >= o.floor+ForwardsMax {
		return
	}
	e := o.entries[seq]
	if e == nil {
		e = &entry{q: &request{r: &Request{}}}
		o.entries[seq] = e
	}
	e.q.done = true
}

// answerForward sends the answer to another node's request.
func (c *Core) answerForward(q *request, v *Verdict, payload []byte) {
	if c.lead == nil {
		return
	}
	reply := &Forwarded{
		Epoch: q.epoch, Incarnation: c.o.Incarnation, ToIncarnation: q.toward, Seq: q.seq,
		Code: v.Code, Index: v.Index, Generated: v.Generated, PastExpiration: v.PastExpiration, Payload: payload,
	}
	if o := c.lead.origins[q.origin]; o != nil && o.incarnation == q.toward {
		if e := o.entries[q.seq]; e != nil && e.q == q {
			if q.r.Kind == RequestRead || q.r.Kind == RequestReadAll {
				delete(o.entries, q.seq) // may be carried out again
			} else {
				e.reply = reply
				e.q = &request{r: &Request{}, done: true} // its data are not needed any more
			}
		}
	}
	c.emit(Effect{Kind: EffectSend, To: q.origin, Message: reply, Bulk: len(payload) > LongBytes})
}

// sameEpoch reports whether a message belongs to the epoch that this node is in.
func sameEpoch(message, present wire.Epoch) bool { return fits(message, present) }
