package director

import (
	"cmp"
	"slices"

	"libckpt/internal/wire"
)

// Which nodes are to hold a replica of a checkpoint:
//
//	collocated      every node that has opened it, as long as it is open anywhere or retained
//	non-collocated  the node that made it and the controllers: two if that node is none, one if it is
//	with Backup     as above, and any other node if there would be only one
//
// Nodes that are down, locked, full or had no room are passed over; they are looked at again when that changes. A node
// that comes back with a copy goes before one that has none.

// want is the number of replicas of a non-collocated checkpoint.
func want(creator *node) uint8 {
	if creator.Controller {
		return 1 + backupsOfCtrlMax
	}
	return 1 + backupsMax
}

// fill lets nodes join that are to hold a replica and do not.
func (k *Core) fill(c *checkpoint) {
	f := &c.Config
	if f.Attributes.Collocated() {
		for _, name := range union(f.Open, c.Stale) {
			k.place(c, k.nodes[name])
		}
	} else if want := int(c.Want); k.members(c) < want {
		k.place(c, k.nodes[c.Creator])
		for _, name := range c.Stale {
			if k.members(c) < want {
				k.place(c, k.nodes[name])
			}
		}
		for _, n := range k.inOrderOfName() {
			if n.Controller && k.members(c) < want {
				k.place(c, n)
			}
		}
	}
	if f.Backup && k.members(c) < backupReplicas {
		k.backUp(c)
	}
	c.Stale = slices.DeleteFunc(slices.Clone(c.Stale), func(n string) bool { return !has(f.Joining, n) })
}

// backUp lets one more node join: a controller before others, then the one with the fewest replicas.
func (k *Core) backUp(c *checkpoint) {
	nodes := slices.Clone(k.inOrderOfName())
	slices.SortStableFunc(nodes, func(a, b *node) int {
		switch {
		case a.Controller == b.Controller:
			return cmp.Compare(a.replicas, b.replicas)
		case a.Controller:
			return -1
		}
		return 1
	})
	for _, n := range nodes {
		if k.place(c, n) {
			return
		}
	}
}

// members counts the replicas that are to stay.
func (k *Core) members(c *checkpoint) (count int) {
	for _, list := range [][]string{c.Config.InSync, c.Config.Joining} {
		for _, name := range list {
			if !k.nodes[name].Locked {
				count++
			}
		}
	}
	return count
}

// place lets a node join, if it may and does not have a replica. nil is no node.
func (k *Core) place(c *checkpoint, n *node) bool {
	if n == nil || !n.Up || n.Locked || n.full() || has(c.Skip, n.Name) ||
		has(c.Config.InSync, n.Name) || has(c.Config.Joining, n.Name) {
		return false
	}
	k.change(c, func(f *wire.Config) { f.Joining = with(f.Joining, n.Name) })
	return true
}

// inOrderOfName lists all nodes.
func (k *Core) inOrderOfName() []*node {
	if k.order == nil {
		for _, n := range k.nodes {
			k.order = append(k.order, n)
		}
		slices.SortFunc(k.order, func(a, b *node) int { return cmp.Compare(a.Name, b.Name) })
	}
	return k.order
}

// full reports whether the node holds as many replicas as it may.
func (n *node) full() bool { return n.replicas >= int(n.ReplicasMax) }
