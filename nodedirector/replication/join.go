package replication

import "slices"

// propose has the director add to the in-sync set what has been filled, once this node has acted in the epoch: until then an
// earlier active may act, and a node that it does not know of would not wait for it. First the node is required: nothing
// more is committed without it. When it has all that was committed before, the replica of the active keeps that it is
// required, so that it is after a restart, too. Then the other followers are told: they may read only while that node
// supports the active, too. Only then is the director asked.
func (c *Core) propose() {
	if c.kept.Settled != c.config.Epoch {
		return
	}
	for _, k := range c.lead.links {
		if k.state != linkOpen || c.member(k.node) || !slices.Contains(c.config.Joining, k.node) || k.askJoined > c.now {
			continue
		}
		k.required = true
		if k.number < c.committed || !c.counts(k.node) && !c.keepProposed(k.node) {
			continue
		}
		if c.requirementsKnown(k) {
			c.ask(Effect{Ask: AskJoined, Node: k.node, Incarnation: k.incarnation}, &k.askJoined)
		}
	}
}

// counts reports whether a node's replica is, or may by now be, one of the in-sync set: it has all that is committed.
func (c *Core) counts(node string) bool {
	return c.member(node) || slices.Contains(c.kept.Proposed, node)
}

func (c *Core) keepProposed(node string) bool {
	proposed := c.kept.Proposed
	c.kept.Proposed = append(slices.Clone(proposed), node)
	if c.store.Keep(&c.kept) != nil {
		c.kept.Proposed = proposed
		return false
	}
	c.lead.proposed++
	return true
}

// tellRequired tells the followers which nodes are required besides the in-sync set, when that has changed.
func (c *Core) tellRequired() {
	for _, k := range c.lead.links {
		if k.state == linkOpen && k.proposed != c.lead.proposed && c.counts(k.node) && k.room() {
			c.sendRequire(k)
		}
	}
}

// requirementsKnown reports whether all other followers know which nodes are required besides the in-sync set. Only those
// of an ALL_REPLICAS checkpoint read, and need to.
func (c *Core) requirementsKnown(joiner *link) bool {
	known := true
	for _, k := range c.lead.links {
		if !c.counts(k.node) || k == joiner {
			continue
		}
		if k.state != linkOpen {
			return false
		}
		if c.asynchronous() {
			continue
		}
		known = known && k.proposed == c.lead.proposed && k.acked >= k.requireSeq
	}
	return known
}

// sendRequire tells a follower which nodes are required besides the in-sync set.
func (c *Core) sendRequire(k *link) {
	if c.asynchronous() {
		return
	}
	c.push(k, &Item{Holds: ItemRequire, Require: slices.Clone(c.kept.Proposed)})
	k.requireSeq, k.proposed = k.seq, c.lead.proposed
}
