package replication

import (
	"slices"

	"libckpt/internal/wire"
)

// wait keeps the active from acting while somebody may act, or read, in an earlier epoch. It ends at its time, or when
// all of its nodes have released.
type wait struct {
	epoch   wire.Epoch // of the configuration that this node had not adopted before
	until   int64
	nodes   []string
	readers bool // only readers may be left: nothing may be committed, but the active knows what is
	start   bool // it began with the node director: no release ends it
}

func (c *Core) wait(w wait) { c.waits = append(c.waits, w) }

// endWait takes a node off the waits that fit.
func (c *Core) endWait(node string, fits func(*wait) bool) {
	c.waits = slices.DeleteFunc(c.waits, func(w wait) bool {
		if w.start || !fits(&w) {
			return false
		}
		i := slices.Index(w.nodes, node)
		if i >= 0 {
			w.nodes[i] = ""
		}
		return !slices.ContainsFunc(w.nodes, func(n string) bool { return n != "" })
	})
}

// onRelease notes that a node has adopted an epoch.
func (c *Core) onRelease(node string, e wire.Epoch) {
	if before, known := c.released[node]; before.Less(e) && (known || len(c.released) < peersMax) {
		c.released[node] = e
	}
	c.endWait(node, func(w *wait) bool { return !e.Less(w.epoch) })
	c.hear(e)
}

// Configure obeys a configuration; one that is not later than the present one changes nothing. Pairs has to have Learned
// of it before.
func (c *Core) Configure(now int64, config *wire.Config) {
	c.now = now
	if !mayConfigure(c.gone) {
		return
	}
	c.gone = false
	if !c.known && c.store != nil && c.kept.Config.Epoch != (wire.Epoch{}) {
		c.config, c.known = c.kept.Config, true // of an earlier process: what it promised holds
	}
	old, first := c.config, !c.known
	if !first && !later(config, &old) {
		if c.lead == nil && c.follow == nil {
			c.takeRole() // the first one after a restart is the one that was kept
			c.reroute()
		}
		c.advance()
		return
	}
	c.expireRequests()
	required := c.required()
	c.config, c.known = *config, true
	if first || old.Epoch != config.Epoch {
		if !first {
			c.leaveEpoch(&old, required)
		}
		c.lead, c.follow = nil, nil
		c.kept.Proposed = nil
		c.keepConfig()
		c.showState() // before anybody is told that this node has left the epoch
		c.release(&old, required)
		c.takeRole()
		c.reroute()
	} else {
		// Who still joins may be added at any time, on a request of this node that is on its way.
		proposed := len(c.kept.Proposed)
		c.kept.Proposed = slices.DeleteFunc(slices.Clone(c.kept.Proposed), func(n string) bool {
			return !slices.Contains(config.Joining, n)
		})
		c.keepConfig()
		switch {
		case c.lead != nil:
			if len(c.kept.Proposed) != proposed {
				c.lead.proposed++
			}
			c.relink()
		case c.follow == nil:
			c.takeRole()
			c.reroute()
		}
	}
	c.advance()
}

// later reports whether a configuration follows another.
func later(a, b *wire.Config) bool {
	return b.Epoch.Less(a.Epoch) || a.Epoch == b.Epoch && a.Version > b.Version
}

// required are the nodes without whose acknowledgement and support this node, if active, does nothing; sorted. Besides the
// in-sync set these are those that the directors may have put into it on this node's request.
func (c *Core) required() []string {
	r := slices.Clone(c.config.InSync)
	r = append(r, c.kept.Proposed...)
	if c.follow != nil {
		r = append(r, c.follow.require...)
	}
	slices.Sort(r)
	r = slices.Compact(r)
	return slices.DeleteFunc(r, func(n string) bool { return n == c.o.Node })
}

// leaveEpoch notes for whom this node has to wait should it become active: the old active, whom it has promised its
// support, and readers that the new configuration does not count any more, whose leases hang on the same promise.
func (c *Core) leaveEpoch(old *wire.Config, required []string) {
	w := wait{epoch: c.config.Epoch, readers: true}
	if !old.Attributes.Asynchronous() {
		for _, n := range required {
			if !slices.Contains(c.config.InSync, n) && n != old.Active {
				w.nodes = append(w.nodes, n)
				w.until = max(w.until, c.o.Pairs.promisedUntil(n))
			}
		}
	}
	if old.Active != "" && old.Active != c.o.Node {
		w.until = c.o.Pairs.promisedUntil(old.Active)
		if old.Active != c.config.Active {
			w.nodes, w.readers = append(w.nodes, old.Active), false
		}
	}
	w.nodes = slices.DeleteFunc(w.nodes, func(n string) bool {
		e, ok := c.released[n]
		return ok && !e.Less(c.config.Epoch)
	})
	if len(w.nodes) > 0 && w.until > c.now {
		c.wait(w)
	}
	c.waits = slices.DeleteFunc(c.waits, func(w wait) bool { return w.until <= c.now })
}

// release tells the new active that this node has left the old epoch, if it may have acted or read in it.
func (c *Core) release(old *wire.Config, required []string) {
	if c.store == nil || c.config.Active == "" || c.config.Active == c.o.Node || c.unkept {
		return
	}
	if old.Active == c.o.Node || slices.Contains(old.InSync, c.o.Node) || len(required) > 0 {
		c.send(c.config.Active, &Release{c.config.Epoch})
	}
}

// keepConfig puts the configuration beside the replica. Until that succeeds this node takes no part in the epoch: after a
// restart it would not know of it.
func (c *Core) keepConfig() {
	if c.store == nil {
		c.unkept = false
		return
	}
	c.kept.Config = c.config
	was := c.unkept
	c.unkept = c.store.Keep(&c.kept) != nil
	if was && !c.unkept && c.lead == nil && c.follow == nil { // else it has its role in this epoch, and what it has answered
		c.takeRole()
		c.reroute()
	}
}

// takeRole begins to be what the configuration makes of this node.
func (c *Core) takeRole() {
	node := c.o.Node
	watch := false
	switch {
	case c.unkept:
	case c.store == nil:
		if c.member(node) {
			c.ask(Effect{Ask: AskLost, Node: node}, &c.asked[AskLost])
		}
	case c.config.Active == node:
		if !c.kept.Complete {
			c.ask(Effect{Ask: AskLost, Node: node}, &c.asked[AskLost])
			break
		}
		watch = true
		c.takeLead()
	case c.member(node) || slices.Contains(c.config.Joining, node):
		c.follow = &follow{}
	}
	if watch != c.watching {
		c.watching = watch
		c.emit(Effect{Kind: EffectExpirations, Watch: watch})
	}
}
