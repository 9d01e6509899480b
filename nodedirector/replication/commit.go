package replication

import (
	"cmp"
	"slices"

	"libckpt/internal/wire"
)

// answer waits for the commit of an update.
type answer struct {
	number  uint64
	q       *request
	verdict Verdict
}

// commit takes note of what all required nodes have acknowledged, and gives the answers that waited for it.
func (c *Core) commit() {
	if !c.acting() {
		return
	}
	if !c.asynchronous() {
		if !c.setCommitted(c.acknowledged()) {
			return
		}
	}
	l := c.lead
	reached := c.committed
	if c.asynchronous() {
		c.synchronized()
	}
	for len(l.answers) > 0 && l.answers[0].number <= reached {
		a := l.answers[0]
		l.answers[0] = answer{}
		l.answers = l.answers[1:]
		c.give(&a)
	}
}

// acknowledged is the last update that every required node has.
func (c *Core) acknowledged() uint64 {
	number := c.store.Number()
	for _, k := range c.lead.links {
		if k.required && !committable(k.state == linkOpen, k.number, number) {
			if k.state != linkOpen {
				return c.committed
			}
			number = k.number
		}
	}
	return number
}

// synchronized answers, of an asynchronous checkpoint, the requests that wait for all in-sync replicas.
func (c *Core) synchronized() {
	l := c.lead
	if len(l.syncs) == 0 || !c.allOpen() {
		return
	}
	reached := c.acknowledged()
	l.syncs = slices.DeleteFunc(l.syncs, func(a answer) bool {
		if a.number <= reached {
			c.answer(a.q, a.verdict, nil)
		}
		return a.number <= reached
	})
}

func (c *Core) allOpen() bool {
	return !slices.ContainsFunc(c.lead.links, func(k *link) bool { return k.required && k.state != linkOpen })
}

// answerAt gives an answer as soon as an update is committed.
func (c *Core) answerAt(number uint64, q *request, v Verdict) {
	switch {
	case q.r.Kind == RequestSynchronize && c.asynchronous():
		c.lead.syncs = append(c.lead.syncs, answer{number, q, v})
	case number <= c.committed:
		c.answer(q, v, nil)
	default:
		c.insertAnswer(answer{number, q, v})
	}
}

func (c *Core) insertAnswer(a answer) {
	l := c.lead
	i, _ := slices.BinarySearchFunc(l.answers, a.number+1, func(a answer, n uint64) int { return cmp.Compare(a.number, n) })
	l.answers = slices.Insert(l.answers, i, a)
}

// give answers, or, for a read that is still being carried out, lets it be answered.
func (c *Core) give(a *answer) {
	if a.q.token != 0 {
		a.q.committed = true
		c.deliver(a.q)
		return
	}
	c.answer(a.q, a.verdict, nil)
}

// tell tells this node's applications of an update, and nodes whose applications have the checkpoint open without a replica
// that tells them.
func (c *Core) tell(e *wire.Event, ops []OpBody) {
	c.emit(Effect{Kind: EffectEvents, Event: *e, Ops: opsOf(ops)})
	if c.lead != nil {
		c.tellOpeners(e, ops)
	}
}

func (c *Core) tellOpeners(e *wire.Event, ops []OpBody) {
	if (&UpdateBody{Ops: ops}).size() > wire.EventDataMax {
		ops = nil
	}
	for _, n := range c.lead.openers {
		if k := c.linkTo(n); k == nil || k.state != linkOpen {
			c.send(n, &EventsFor{c.config.Epoch, *e, ops})
		}
	}
}
