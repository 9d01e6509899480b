package replication

import "libckpt/internal/wire"

// goesOn reports whether this node, the active one of an asynchronous checkpoint, does without the support of the other
// replicas, as Options.Continue has it: it has acted in this epoch before, its process has had time to hear of the
// directors, and nobody has been heard of who has left the epoch.
func (c *Core) goesOn() bool {
	return c.o.Continue && c.asynchronous() && c.kept.Settled == c.config.Epoch && !c.config.Epoch.Less(c.beyond) &&
		c.now >= c.o.Start+int64(c.t.ContinueAfter)
}

// hear notes an epoch that another node has adopted.
func (c *Core) hear(e wire.Epoch) {
	if c.beyond.Less(e) {
		c.beyond = e
	}
	if c.config.Epoch.Less(e) {
		c.refresh()
	}
}

// probe begins a silent link anew when the active goes on without it: updates are not kept for the follower, and its answer
// tells whether it has left the epoch.
func (c *Core) probe(k *link) {
	if k.state >= linkCopy && c.goesOn() {
		c.restart(k)
	}
}
