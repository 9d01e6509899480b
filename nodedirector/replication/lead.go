package replication

import (
	"math"
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// lead is what a Core is while its node is the active one, in one epoch.
type lead struct {
	links    []*link // to all other replicas, by node
	based    bool    // the update numbers of this epoch have begun
	takeover uint64  // number of the last update before
	first    uint64  // and the one they began with
	queue    []*request
	reads    []*request
	answers  []answer // by number
	syncs    []answer // asynchronous checkpoints: wait for all in-sync replicas
	held     int      // bytes of reads carried out and not yet answered
	origins  map[string]*origin
	openers  []string // nodes with openers and no replica
	proposed uint64   // counts the changes of Kept.Proposed
}

// takeLead makes this node the active one in the epoch of the configuration.
func (c *Core) takeLead() {
	c.lead = &lead{origins: make(map[string]*origin)}
	if c.kept.Settled == c.config.Epoch {
		c.waits = slices.DeleteFunc(c.waits, func(w wait) bool { return w.start })
	}
	c.relink()
	if len(c.lead.links) > 0 || len(c.waits) > 0 {
		c.loadResults()
	}
	if !c.asynchronous() || len(c.lead.links) == 0 {
		c.base()
	}
	if !c.asynchronous() && len(c.lead.links) > 0 {
		c.floor()
	}
}

// base begins the update numbers of this epoch. It comes before the first update, and the replica keeps the number before
// it keeps the epoch: a restart in between only leaves out more numbers.
func (c *Core) base() {
	l := c.lead
	if l.based {
		return
	}
	l.takeover = c.store.Number()
	if branch := c.kept.Branch; branch != c.config.Epoch {
		if branch != (wire.Epoch{}) && !c.jump(c.highest()+EpochGap*epochsBetween(branch, c.config.Epoch)) {
			return
		}
		kept := c.kept
		if branch != (wire.Epoch{}) && c.asynchronous() {
			kept.leave(l.takeover)
		}
		kept.Branch = c.config.Epoch
		if c.store.Keep(&kept) != nil {
			return
		}
		c.kept = kept
	}
	l.based, l.first = true, c.store.Number()
	if c.asynchronous() {
		c.committed = c.store.Number()
	}
}

// highest is the number of the last update that this node or a follower has which has reported.
func (c *Core) highest() uint64 {
	number := c.store.Number()
	for _, k := range c.lead.links {
		if k.report != nil {
			number = max(number, k.report.Number)
		}
	}
	return number
}

// jump raises the update number.
func (c *Core) jump(number uint64) bool {
	before := c.store.Number()
	if c.store.Apply(&segment.Update{Number: number, Now: c.wall()}, false) != nil {
		return false
	}
	if c.asynchronous() {
		c.recent.add(&UpdateBody{Number: number, Previous: before, Now: c.wall()})
	}
	return true
}

// epochsBetween counts the epochs in which another node may have given out numbers.
func epochsBetween(a, b wire.Epoch) uint64 {
	if a.Generation != b.Generation || b.Counter <= a.Counter {
		return generationGap
	}
	return b.Counter - a.Counter
}

// acting reports whether no other node can be active, and none can read what this one is going to change: the promises of
// earlier epochs are over, and those of this one hold.
func (c *Core) acting() bool { return c.lead.based && len(c.waits) == 0 && c.leads() }

// leads reports whether no other node can be active.
func (c *Core) leads() bool {
	for i := range c.waits {
		if !c.waits[i].readers {
			return false
		}
	}
	return supported(c.now, c.supportUntil())
}

// supportUntil is until when all others that count support this node: it ends with the first of them. math.MaxInt64: there
// are none.
func (c *Core) supportUntil() int64 {
	until := int64(math.MaxInt64)
	for _, k := range c.lead.links {
		switch {
		case !k.required:
		case !k.adopted:
			until = math.MinInt64
		default:
			until = min(until, c.o.Pairs.supportedUntil(k.node, c.config.Epoch.Generation))
		}
	}
	if c.goesOn() {
		until = max(until, c.now+int64(c.t.Lease)) // readers of the segment are not to outlive this process for longer
	}
	return until
}

// updatable reports whether updates are carried out now.
func (c *Core) updatable() bool {
	if !c.acting() || len(c.tail) >= WindowItems {
		return false
	}
	for _, k := range c.lead.links {
		if k.required && k.state != linkOpen && !c.asynchronous() || k.state >= linkCopy && !k.room() {
			return false
		}
	}
	return true
}

// advanceLead does what the last input has made possible.
func (c *Core) advanceLead() {
	l := c.lead
	c.waits = slices.DeleteFunc(c.waits, func(w wait) bool { return w.until <= c.now })
	if !l.based && (!c.asynchronous() || c.gathered() || c.goesOn()) {
		c.base()
	}
	for _, k := range l.links {
		c.drive(k)
	}
	if !l.based {
		return
	}
	c.commit()
	if len(c.waits) == 0 && c.kept.Settled != c.config.Epoch && c.leads() {
		c.kept.Settled = c.config.Epoch
		c.store.Keep(&c.kept) // if not, the next process waits once more
	}
	c.propose()
	c.tellRequired()
	for len(l.queue) > 0 && c.updatable() {
		q := l.queue[0]
		l.queue[0] = nil
		l.queue = l.queue[1:]
		if !q.done {
			c.execute(q)
			c.commit()
		}
	}
	for len(l.reads) > 0 && c.leads() && l.held < HeldBytesMax {
		q := l.reads[0]
		l.reads[0] = nil
		l.reads = l.reads[1:]
		if !q.done {
			c.read(q)
		}
	}
	for _, k := range l.links {
		c.tellCommitted(k)
	}
}

// take takes a request that is for the active.
func (c *Core) take(q *request) {
	l := c.lead
	queue := &l.queue
	if q.r.Kind == RequestRead || q.r.Kind == RequestReadAll {
		queue = &l.reads
	}
	if len(*queue) >= QueueMax {
		c.answer(q, refuse(notDone(q.sent || q.r.Repeated)), nil)
		return
	}
	q.at = l
	*queue = append(*queue, q)
}

// execute carries an update out, or refuses it. What the answer rests on is committed before it is given.
func (c *Core) execute(q *request) {
	var v Verdict
	number := c.store.Number()
	switch q.r.Kind {
	case RequestSynchronize:
		c.answerAt(number, q, Verdict{Code: wire.OK})
		return
	case RequestExpire:
		v = DecideExpired(&c.config, Here, c.store, q.r.Section, c.wall())
	case RequestEndSession:
		v = Verdict{
			Code: wire.OK, Apply: &segment.Update{Number: number + 1, Now: c.wall()},
			Event: wire.Event{Checkpoint: c.o.Checkpoint, Update: number + 1}, // of nothing, so that there is no gap
		}
	case RequestUpdate:
		c.loadResults()
		u := q.r.Update
		u.Now = c.wall()
		key := ResultKey{u.Request.Session, u.Request.Slot}
		if e, ok := c.results[key]; ok {
			if answered, known := e.answer(u.Request.Number); known {
				c.answerAt(e.result.Number, q, answered)
				return
			}
		}
		v = Decide(&c.config, Here, c.store, &u)
		if v.Code == wire.OK {
			c.record(&v, &u)
		}
	default:
		v = refuse(wire.NotSupported)
	}
	if v.Code != wire.OK {
		c.answerAt(number, q, v)
		return
	}
	body := &UpdateBody{Number: v.Apply.Number, Previous: number, EndSession: q.r.Session}
	if q.r.Kind != RequestEndSession {
		body.EndSession = 0
	}
	if code, index := c.apply(&v, body); code != wire.OK {
		c.answerAt(number, q, refuseAt(code, int(index)))
		return
	}
	q.sent = true
	for _, k := range c.lead.links {
		if k.state >= linkCopy {
			c.sendUpdate(k, body)
		}
	}
	c.answerAt(body.Number, q, v)
}

// record makes the answer part of what is applied.
func (c *Core) record(v *Verdict, u *Update) {
	v.Apply.Result = &segment.Result{
		Session: u.Request.Session, Slot: u.Request.Slot, Number: u.Request.Number,
		Blob: EncodeResult(&Result{v.Code, v.Index, v.Generated, v.Apply.Number}),
	}
}

// apply does on this node's replica what was decided, and fills in what the others are sent.
func (c *Core) apply(v *Verdict, body *UpdateBody) (wire.Code, uint32) {
	marked := !c.asynchronous() && c.anyRequired()
	if body.EndSession != 0 {
		if err := c.store.DropSession(body.EndSession); err != nil {
			return Failure(err)
		}
	}
	if err := c.store.Apply(v.Apply, marked); err != nil {
		return Failure(err)
	}
	u := v.Apply
	body.Now, body.Ops, body.Weak = u.Now, bodiesOf(u.Ops), u.Weak
	body.HasEvent, body.Event = v.Event.Update != 0, v.Event
	if u.Result != nil {
		body.HasResult, body.Result = true, *u.Result
	}
	if u.NextGenerated != nil {
		body.HasGenerated, body.NextGenerated = true, *u.NextGenerated
	}
	c.noteApplied(body, marked)
	return wire.OK, 0
}

// noteApplied follows an update that the store has applied.
func (c *Core) noteApplied(u *UpdateBody, marked bool) {
	if c.results != nil {
		if u.EndSession != 0 {
			c.dropResults(u.EndSession)
		}
		if u.HasResult {
			c.noteResult(&u.Result)
		}
	}
	if !c.asynchronous() {
		c.addTail(u, marked)
		return
	}
	c.recent.add(u)
	c.committed = u.Number
	if u.HasEvent {
		c.tell(&u.Event, u.Ops)
	}
}

func (c *Core) anyRequired() bool {
	return slices.ContainsFunc(c.lead.links, func(k *link) bool { return k.required })
}
