package replication

import (
	"math"
)

// mayRead reports whether reads are answered from the replica here, and until when, monotonic ns; math.MaxInt64: no lease
// is needed. It does not look at marks.
func (c *Core) mayRead() (readable bool, until int64) {
	switch {
	case c.lead != nil:
		for i := range c.waits {
			if !c.waits[i].readers {
				return false, 0
			}
		}
		until = c.supportUntil()
		return c.lead.based && until != math.MinInt64, until
	case c.follow != nil && c.followerReads():
		return true, c.grantedUntil()
	}
	return false, 0
}

// followerReads reports whether the replica of a follower may be read while its lease lasts: every in-sync replica has
// taken up this epoch, and the active commits nothing that this replica does not know of.
func (c *Core) followerReads() bool {
	f := c.follow
	return !c.asynchronous() && c.store != nil && c.kept.Complete && counted(c.member(c.o.Node)) && f.based && c.committed >= f.base
}

// grantedUntil is until when nobody commits an update that this follower does not know of: the active supports it, and all
// others that count support the active.
func (c *Core) grantedUntil() int64 {
	active := c.config.Active
	until := c.o.Pairs.supportedUntil(active, c.config.Epoch.Generation)
	for _, list := range [...][]string{c.config.InSync, c.follow.require} {
		for _, n := range list {
			if n != active && n != c.o.Node {
				until = min(until, c.o.Pairs.throughUntil(active, n, c.config.Epoch.Generation))
			}
		}
	}
	return until
}

// readHere carries a read out on a follower's replica, if it may be.
func (c *Core) readHere(r *Request) bool {
	if c.follow == nil || !c.followerReads() || !leaseHolds(c.now, c.grantedUntil()) {
		return false
	}
	switch r.Kind {
	case RequestRead:
		_, marked := c.marked[string(r.Section)]
		if readsAround(marked) {
			return false
		}
	default:
		if len(c.marked) > 0 || len(c.tail) > 0 {
			return false
		}
	}
	c.emit(Effect{Kind: EffectServe, Token: r.Token, Payload: r.Payload})
	return true
}

// read carries a read out at the active. What it sees may be uncommitted: then the answer waits for the commit.
func (c *Core) read(q *request) {
	number := uint64(0)
	if q.r.Kind == RequestReadAll {
		if len(c.tail) > 0 {
			number = c.tail[len(c.tail)-1].number
		}
	} else if n, marked := c.marked[string(q.r.Section)]; readsAround(marked) {
		number = n
	}
	if number <= c.committed && q.origin == "" {
		q.done = true
		c.forget(q)
		c.emit(Effect{Kind: EffectServe, Token: q.r.Token, Payload: q.r.Payload})
		return
	}
	c.nextOwn++
	q.token = ownToken | c.nextOwn
	q.committed, q.have, q.payload = number <= c.committed, false, nil
	c.served[q.token] = q
	if !q.committed {
		c.insertAnswer(answer{number: number, q: q})
	}
	c.emit(Effect{Kind: EffectServe, Token: q.token, Payload: q.r.Payload, Held: true})
}

// ownToken is set in tokens that the Core made itself.
const ownToken Token = 1 << 63

// Served gives the result of a read that EffectServe wanted Held.
func (c *Core) Served(now int64, t Token, v Verdict, payload []byte) {
	c.now = now
	q := c.served[t]
	if q == nil {
		return
	}
	delete(c.served, t)
	q.have, q.verdict, q.payload = true, v, payload
	if c.lead != nil {
		c.lead.held += len(payload)
	}
	c.deliver(q)
	c.advance()
}

// deliver answers a read that has been carried out and rests on what is committed.
func (c *Core) deliver(q *request) {
	if !q.have || !q.committed {
		return
	}
	if c.lead != nil {
		c.lead.held -= len(q.payload)
	}
	c.answer(q, q.verdict, q.payload)
}

// dropServed forgets the reads under way at an active that is one no more.
func (c *Core) dropServed() {
	for t, q := range c.served {
		q.token, q.have, q.committed = 0, false, false
		delete(c.served, t)
	}
}

// forget takes a request off the books.
func (c *Core) forget(q *request) {
	if q.r.Token != 0 && c.requests[q.r.Token] == q {
		delete(c.requests, q.r.Token)
	}
	if q.seq != 0 && q.origin == "" {
		c.out.remove(q)
	}
}
