package director

import "libckpt/internal/wire"

// replicaDrop takes a replica that does not acknowledge, or is full, away from those the active waits for. Nobody but
// the active can ask for it. It has no errors: the answer shows what the configuration is.
//
// A joining replica that the active waits for is one it may have proposed: the epoch is raised, as when the in-sync set
// shrinks. So the active knows that the proposal is void, though the node may join again in the same step.
func (k *Core) replicaDrop(n *node, r *ReplicaChange) {
	c := k.checkpoints[r.Checkpoint]
	if c == nil {
		k.gone(r.Checkpoint)
		return
	}
	if c.Config.Active == n.Name && c.Config.Epoch == r.Epoch && r.Replica != n.Name {
		inSync, joining := has(c.Config.InSync, r.Replica), has(c.Config.Joining, r.Replica)
		if r.Full && (inSync || joining) {
			k.skip(c, with(c.Skip, r.Replica))
		}
		switch {
		case inSync:
			c.Stale = with(c.Stale, r.Replica)
			k.dropReplica(c, r.Replica)
			k.fill(c)
		case joining && r.Full:
			k.stopJoining(c, r.Replica)
			k.fill(c)
		case joining && c.sinceOf(r.Replica).Version <= r.Version: // else it is about an earlier joining
			k.change(c, func(f *wire.Config) {
				f.Joining = without(f.Joining, r.Replica)
				f.Epoch.Counter++
			})
			k.fill(c)
		}
	}
	k.configured(c, n, false)
}

// replicaJoined takes a replica into the in-sync set: the active has had its acknowledgements for all updates since
// its copy was complete, and required them.
func (k *Core) replicaJoined(n *node, r *ReplicaChange) {
	c := k.checkpoints[r.Checkpoint]
	if c == nil {
		k.gone(r.Checkpoint)
		return
	}
	if c.Config.Active == n.Name && c.Config.Epoch == r.Epoch && has(c.Config.Joining, r.Replica) &&
		c.sinceOf(r.Replica).Version <= r.Version && k.nodes[r.Replica].Incarnation == r.Linked {
		c.FreshNode, c.FreshIncarnation = "", 0
		c.Stale = without(c.Stale, r.Replica)
		k.change(c, func(f *wire.Config) {
			f.Joining = without(f.Joining, r.Replica)
			f.InSync = with(f.InSync, r.Replica)
		})
		c.sinceOf(r.Replica).Epoch = c.Config.Epoch
		k.evacuate(c)
	}
	k.configured(c, n, false)
}

// replicaLost believes a node that has lost its replica.
func (k *Core) replicaLost(n *node, r *ReplicaChange) {
	c := k.checkpoints[r.Checkpoint]
	if c == nil {
		k.gone(r.Checkpoint)
		return
	}
	switch {
	case !has(c.Config.InSync, n.Name):
		c.Stale = without(c.Stale, n.Name)
	case c.Config.Epoch != r.Epoch:
		// It speaks of an earlier replica, or does not know the configuration yet.
	case !k.withdraw(c, n):
		k.gone(r.Checkpoint)
		return
	default:
		k.fill(c)
	}
	k.configured(c, n, false)
}

// withdraw takes a node out of the in-sync set that has lost its replica. It reports whether the checkpoint still exists.
func (k *Core) withdraw(c *checkpoint, n *node) bool {
	switch {
	case !c.Began:
		// Nothing has been written yet: the node may make an empty replica again.
		c.FreshNode, c.FreshIncarnation = n.Name, n.Incarnation
	case len(c.Config.InSync) == 1:
		k.lose(c, n.Name)
		return false
	default:
		c.Stale = without(c.Stale, n.Name)
		k.dropReplica(c, n.Name)
	}
	return true
}

// lose deletes a checkpoint whose last in-sync replica is gone.
func (k *Core) lose(c *checkpoint, node string) {
	k.result.Lost = append(k.result.Lost, Lost{c.Config.Checkpoint, c.Config.Name, node})
	k.remove(c)
}

// dropReplica takes a node out of the in-sync set, which has others. If its replica was the active one, another is, or
// none if that is for the application to choose.
func (k *Core) dropReplica(c *checkpoint, name string) {
	k.change(c, func(f *wire.Config) {
		f.InSync = without(f.InSync, name)
		f.Epoch.Counter++
		if f.Active != name {
			return
		}
		f.Active = ""
		if !awaitsActive(&f.Attributes) {
			f.Active = k.successor(f.InSync)
		}
	})
}

// dropAbsent does without the in-sync replicas on nodes that are down, now that one is on a node that is up. They are there
// if the nodes of all of them fell silent together.
func (k *Core) dropAbsent(c *checkpoint) {
	for _, name := range c.Config.InSync {
		if !k.nodes[name].Up {
			k.dropReplica(c, name)
		}
	}
}

// successor is the node of an in-sync set that becomes the active one: the first that is up and not locked, else the
// first that is up, else the first.
func (k *Core) successor(inSync []string) string {
	best, rank := inSync[0], -1
	for _, name := range inSync {
		n := k.nodes[name]
		r := 0
		if n.Up {
			r++
			if !n.Locked {
				r++
			}
		}
		if r > rank {
			best, rank = name, r
		}
	}
	return best
}

func (k *Core) stopJoining(c *checkpoint, name string) {
	k.change(c, func(f *wire.Config) { f.Joining = without(f.Joining, name) })
}

// spared reports whether a node other than the named one has an in-sync replica and is up, and not locked if that is
// asked for.
func (k *Core) spared(c *checkpoint, name string, unlocked bool) bool {
	for _, other := range c.Config.InSync {
		if n := k.nodes[other]; other != name && n.Up && !(unlocked && n.Locked) {
			return true
		}
	}
	return false
}

// evacuate drops the replicas on locked nodes that others can do without.
func (k *Core) evacuate(c *checkpoint) {
	for _, name := range c.Config.InSync {
		if k.nodes[name].Locked && k.spared(c, name, true) {
			k.dropReplica(c, name)
		}
	}
}

// skip sets the nodes that are not tried again for the time being.
func (k *Core) skip(c *checkpoint, nodes []string) {
	if len(c.Skip) > 0 {
		k.skips--
	}
	c.Skip = nodes
	if len(nodes) > 0 {
		k.skips++
	}
}

// Skipped reports whether Reconsider would do something.
func (k *Core) Skipped() bool { return k.skips > 0 }

func (k *Core) reconsider() {
	for _, c := range k.inOrder() {
		if len(c.Skip) > 0 {
			k.skip(c, nil)
			k.fill(c)
		}
	}
}
