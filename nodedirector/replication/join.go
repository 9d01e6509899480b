package replication

import "slices"

// propose has the director add to the in-sync set what has been filled. Before it asks, the active requires the node, now
// and, as its replica keeps that, after a restart; and the other followers know that they may read only while that node
// supports the active, too.
func (c *Core) propose() {
	for _, k := range c.lead.links {
		if k.state != linkOpen || c.member(k.node) || !slices.Contains(c.config.Joining, k.node) || k.askJoined > c.now {
			continue
		}
		if !k.required && !c.require(k) {
			continue
		}
		if c.requirementsKnown(k) {
			c.ask(Effect{Ask: AskJoined, Node: k.node, Incarnation: k.incarnation}, &k.askJoined)
		}
	}
}

// require makes a filled replica one that is required.
func (c *Core) require(k *link) bool {
	proposed := c.kept.Proposed
	c.kept.Proposed = append(slices.Clone(proposed), k.node)
	if c.store.Keep(&c.kept) != nil {
		c.kept.Proposed = proposed
		return false
	}
	k.required = true
	c.lead.proposed++
	return true
}

// requirementsKnown tells the other followers which nodes are required besides the in-sync set, and reports whether all of
// them know. Only those of an ALL_REPLICAS checkpoint read, and need to.
func (c *Core) requirementsKnown(joiner *link) bool {
	known := true
	for _, k := range c.lead.links {
		if !k.required || k == joiner {
			continue
		}
		if k.state != linkOpen {
			return false
		}
		if c.asynchronous() {
			continue
		}
		if k.proposed != c.lead.proposed {
			c.sendRequire(k)
		}
		known = known && k.acked >= k.requireSeq
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
