package director

import (
	"cmp"
	"slices"

	"libckpt/internal/wire"
)

// nodeUp registers a node director and settles what has happened while the directors did not hear of it. The answer
// is a refusal if the name belongs to another node director that is alive.
func (k *Core) nodeUp(u *NodeUp) {
	if !wire.ValidToken(u.Node) {
		k.refuse(wire.InvalidParam, "node name %q: 1 to 64 letters, digits, '-' and '_'", u.Node)
		return
	}
	if u.Cluster != [16]byte{} && u.Cluster != k.cluster {
		k.refuse(wire.Access, "node %s holds replicas of another directors' store: bring that store back; or, if it is lost, "+
			"run \"ckpt director rebuild\" there; or remove the segments", u.Node)
		return
	}
	n := k.nodes[u.Node]
	if n == nil {
		if len(k.nodes) >= NodesMax {
			k.refuse(wire.NoResources, "%d nodes are known", NodesMax)
			return
		}
		k.memberships++
		n = &node{Name: u.Node, Membership: k.memberships}
		k.nodes[u.Node] = n
		k.order = nil
	} else if text := n.taken(u); text != "" {
		k.refuse(wire.Exist, "%s", text)
		return
	}
	n.Incarnation, n.Host, n.BootID, n.Controller, n.Up = u.Incarnation, u.Host, u.BootID, u.Controller, true
	n.ReplicasMax = u.ReplicasMax
	if n.ReplicasMax == 0 {
		n.ReplicasMax = ReplicasPerNode
	}
	k.again(n)
	k.reconcile(n, u)
}

// taken says why the name is not free for u, or "". A node director that was started again on the same host, in the
// same boot, takes its name over at once: its predecessor is dead, as the lock on its run directory shows.
func (n *node) taken(u *NodeUp) string {
	if n.Incarnation == u.Incarnation || !n.Up {
		return ""
	}
	if u.Holder == n.Incarnation && !u.Fresh {
		return ""
	}
	switch {
	case n.Host != u.Host:
		return "node name " + u.Node + " is in use by host " + n.Host + ", refused to host " + u.Host
	case n.BootID != u.BootID:
		return "node name " + u.Node + " is in use by host " + n.Host + " in another boot, refused to host " + u.Host
	case u.Incarnation < n.Incarnation:
		return "node name " + u.Node + " has been taken over by a later node director on host " + n.Host +
			", refused to host " + u.Host
	}
	return ""
}

// reconcile compares what the node has announced with the configurations.
func (k *Core) reconcile(n *node, u *NodeUp) {
	reply := &wire.RegisterReply{Cluster: k.cluster, Locked: n.Locked, Rebuild: k.asks(n.Name),
		Member: wire.Epoch{Generation: k.generation, Counter: n.Membership}}
	announced := make(map[uint64]Announced, len(u.Replicas))
	for _, a := range u.Replicas {
		if k.foreign(n.Name, a) {
			reply.Foreign = append(reply.Foreign, a.Checkpoint)
		} else {
			announced[a.Checkpoint] = a
		}
	}
	for _, c := range k.inOrder() {
		k.settle(c, n, announced[c.Config.Checkpoint])
	}
	var others []wire.Config
	for _, a := range u.Replicas {
		c := k.checkpoints[a.Checkpoint]
		switch {
		case k.foreign(n.Name, a):
		case forgets(c != nil):
			reply.Drop = append(reply.Drop, a.Checkpoint)
		case c == nil:
		case !has(concerned(&c.Config), n.Name):
			others = append(others, c.Config)
		}
	}
	reply.Version = k.version
	reply.Configs, reply.More = k.page(n.Name, 0)
	page := reply.Configs
	for _, c := range others {
		// Where the list goes on, the greatest number in it says from where.
		if !reply.More || c.Checkpoint < page[len(page)-1].Checkpoint {
			reply.Configs = append(reply.Configs, c)
		}
	}
	slices.SortFunc(reply.Configs, func(a, b wire.Config) int { return cmp.Compare(a.Checkpoint, b.Checkpoint) })
	k.result.Node = reply
}

// foreign reports whether what a node has announced belongs to another directors' store, and was not restored from it. A node
// that only has a checkpoint open, without a replica, may have forgotten of which store it is.
func (k *Core) foreign(node string, a Announced) bool {
	if a.Generation == 0 {
		return a.Open && k.checkpoints[a.Checkpoint] == nil && k.awaitsRestoring(node, a.Checkpoint)
	}
	return a.Generation != k.generation && !k.restored(a.Checkpoint)
}

// settle does so for one checkpoint. a is zero if the node has not announced it. Whether the node is in sync is never
// taken from what it announces: it stays so only if the configuration says so, and its replica is the one that joined.
func (k *Core) settle(c *checkpoint, n *node, a Announced) {
	holds := a.Checkpoint != 0 && !a.Missing
	switch {
	case has(c.Config.Joining, n.Name):
		// It begins anew: what the active says of the former joining is not to be believed any more.
		k.stopJoining(c, n.Name)
	case !has(c.Config.InSync, n.Name):
	case holds && !(wire.Epoch{Generation: a.Generation, Counter: a.Counter}).Less(c.sinceOf(n.Name).Epoch):
	case a.Checkpoint == 0 && c.FreshNode == n.Name && c.FreshIncarnation == n.Incarnation:
		// It never had one: the answer to its creation was lost.
	case !k.withdraw(c, n):
		return
	}
	c.Stale = without(c.Stale, n.Name)
	if holds && !has(c.Config.InSync, n.Name) {
		c.Stale = with(c.Stale, n.Name)
	}
	if holds && has(c.Config.InSync, n.Name) {
		k.dropAbsent(c)
	}
	k.skip(c, without(c.Skip, n.Name))
	if a.Open {
		k.join(c, n)
	} else if !k.leave(c, n.Name) {
		return
	}
	k.fill(c)
	k.result.Config = nil
}

// page lists the configurations that concern a node, by number, those greater than after, until the reply is large.
func (k *Core) page(name string, after uint64) (configs []wire.Config, more bool) {
	var numbers []uint64
	for number, c := range k.checkpoints {
		if number > after && has(concerned(&c.Config), name) {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	size := 0
	for _, number := range numbers {
		c := &k.checkpoints[number].Config
		if size += bytesOf(c); size > k.pageMax() && len(configs) > 0 {
			return configs, true
		}
		configs = append(configs, *c)
	}
	return configs, false
}

// bytesOf bounds the size of a configuration in a message.
func bytesOf(c *wire.Config) int {
	size := configBytes + len(c.Name) + len(c.Active)
	for _, m := range [][]string{c.InSync, c.Joining, c.Open} {
		for _, n := range m {
			size += len(n) + 2
		}
	}
	return size
}
