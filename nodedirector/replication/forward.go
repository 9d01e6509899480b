package replication

import (
	"slices"
	"time"

	"libckpt/internal/wire"
)

// outgoing are the requests of this node that are carried out by the active's node.
type outgoing struct {
	last    uint64     // Seq of the last one
	list    []*request // under way, by Seq
	waiting []*request // for room in list
	given   []uint64   // those given up whose Seq is not below floor, in order
	to      uint64     // incarnation of the active's node director; 0 = not known
}

// floor is the first request that is not answered or given up.
func (o *outgoing) floor() uint64 {
	if len(o.list) > 0 {
		return o.list[0].seq
	}
	return o.last + 1
}

// reset begins anew with another active.
func (o *outgoing) reset(wire.Epoch) {
	o.to = 0
	o.waiting = nil
}

// remove takes a request off the list. One that has not been answered may still be on its way: the active is told.
func (o *outgoing) remove(q *request) {
	i := slices.Index(o.list, q)
	if i < 0 {
		return
	}
	o.list = slices.Delete(o.list, i, i+1)
	if !q.answered {
		at, _ := slices.BinarySearch(o.given, q.seq)
		o.given = slices.Insert(o.given, at, q.seq)
	}
	below, _ := slices.BinarySearch(o.given, o.floor())
	o.given = slices.Delete(o.given, 0, below)
}

// forward sends a request to the active. It keeps its Seq whatever happens to the active: so Floor and GivenUp say of each
// request of this node whether it may still be carried out.
func (c *Core) forward(q *request) {
	o := &c.out
	if q.seq == 0 {
		if o.last+1 >= o.floor()+ForwardsMax {
			o.waiting = append(o.waiting, q)
			return
		}
		o.last++
		q.seq = o.last
		o.list = append(o.list, q)
	}
	c.sendForward(q)
}

func (c *Core) sendForward(q *request) {
	q.epoch, q.last = c.config.Epoch, c.now
	if c.out.to != 0 {
		q.sent = true
	}
	size := len(q.r.Update.Data)
	if c.out.to == 0 && size > LongBytes {
		// First of all the receiver's incarnation is needed, which the answer to anything gives.
		head := *q.r
		head.Update.Data = nil
		c.send(c.config.Active, c.forwardOf(q, &head))
		return
	}
	c.emit(Effect{Kind: EffectSend, To: c.config.Active, Message: c.forwardOf(q, q.r), Bulk: size > LongBytes})
}

func (c *Core) forwardOf(q *request, r *Request) *Forward {
	return &Forward{
		Epoch: c.config.Epoch, Incarnation: c.o.Incarnation, ToIncarnation: c.out.to, Seq: q.seq, Floor: c.out.floor(),
		GivenUp: slices.Clone(c.out.given), Request: *r,
	}
}

// resendForwards sends again what has not been answered for a while; a large request less often.
func (c *Core) resendForwards() {
	if !c.known || c.lead != nil || c.config.Active == "" || c.config.Active == c.o.Node {
		return
	}
	o := &c.out
	for len(o.waiting) > 0 && o.last+1 < o.floor()+ForwardsMax {
		q := o.waiting[0]
		o.waiting = o.waiting[1:]
		if !q.done {
			c.forward(q)
		}
	}
	n := 0
	for _, q := range o.list {
		if n < ResendMax && c.now-q.last >= c.resendEvery(q) {
			n++
			c.sendForward(q)
		}
	}
}

// resendEvery is the time between two sendings of a request.
func (c *Core) resendEvery(q *request) int64 {
	if n := len(q.r.Update.Data); n > LongBytes && c.out.to != 0 {
		return int64(c.t.FailAfter) + int64(n)*int64(time.Second)/RetryBytes
	}
	return int64(c.t.RetryEvery)
}

// onForwarded takes an answer.
func (c *Core) onForwarded(from string, m *Forwarded) {
	if c.lead != nil || from != c.config.Active || m.ToIncarnation != c.o.Incarnation {
		return
	}
	if m.Moved {
		c.moved(m)
		return
	}
	i, found := slices.BinarySearchFunc(c.out.list, m.Seq, func(q *request, n uint64) int {
		switch {
		case q.seq < n:
			return -1
		case q.seq > n:
			return 1
		}
		return 0
	})
	// An answer of an earlier epoch does not count: the request may be carried out otherwise in this one.
	if !found || !sameEpoch(m.Epoch, c.config.Epoch) || c.out.list[i].epoch != m.Epoch {
		return
	}
	c.out.list[i].answered = true
	c.answer(c.out.list[i], Verdict{Code: m.Code, Index: m.Index, Generated: m.Generated, PastExpiration: m.PastExpiration}, m.Payload)
	c.resendForwards() // there may be room for others
}

// moved learns whom to send requests to.
func (c *Core) moved(m *Forwarded) {
	switch {
	case c.config.Epoch.Less(m.Present):
		c.refresh()
	case m.Present == c.config.Epoch && m.Incarnation != c.out.to && m.Incarnation != 0:
		c.out.to = m.Incarnation
		for i, q := range c.out.list {
			if i == ResendMax {
				break
			}
			c.sendForward(q)
		}
	}
}

// onEvents takes an event for this node's applications.
func (c *Core) onEvents(from string, m *EventsFor) {
	if from != c.config.Active || m.Epoch != c.config.Epoch {
		return
	}
	c.emit(Effect{Kind: EffectEvents, Event: m.Event, Ops: opsOf(m.Ops)})
}
