package director

import (
	"slices"

	"libckpt/internal/wire"
)

// recover makes a node's copy the only in-sync replica, although it may lack updates. Errors:
//
//	NOT_EXIST      no checkpoint has the name, or the node has no copy of it
//	BAD_OPERATION  the node is not up; a node with all updates is up; or the loss was not accepted
func (k *Core) recover(r *Recover) {
	n := k.nodes[r.Replica]
	c := k.names[r.Name]
	f := k.formerNamed(r.Name, r.Replica)
	switch {
	case n == nil || !n.Up:
		k.refuse(wire.BadOperation, "node %s is not up", r.Replica)
	case c == nil && f == nil:
		k.refuse(wire.NotExist, "no checkpoint %s, of which node %s has a copy, waits to be recovered", r.Name, r.Replica)
	case c != nil && k.spared(c, "", false):
		k.refuse(wire.BadOperation, "nothing is to be recovered: a node with all updates is up (in sync: %v)", c.Config.InSync)
	case c != nil && !has(c.Stale, r.Replica):
		k.refuse(wire.NotExist, "node %s has no copy of checkpoint %s", r.Replica, r.Name)
	case !r.AcceptLoss:
		k.refuse(wire.BadOperation, "updates of checkpoint %s that node %s does not have would be lost: accept that, or bring back one of %v",
			r.Name, r.Replica, k.betterCopies(c, f))
	case c != nil:
		c.FreshNode, c.FreshIncarnation = "", 0
		k.change(c, func(g *wire.Config) {
			g.InSync, g.Active = []string{n.Name}, n.Name
			g.Joining = without(g.Joining, n.Name)
			g.Epoch.Counter++
		})
		*c.sinceOf(n.Name) = since{Node: n.Name}
		k.fill(c)
		k.result.Restored = []string{r.Name}
	default:
		k.revive(f, f.latest(), []string{n.Name})
		k.rebuild.Former = slices.DeleteFunc(slices.Clone(k.rebuild.Former), func(g *former) bool { return g == f })
		k.rebuild.Restored = append(k.rebuild.Restored, f.Number)
		slices.Sort(k.rebuild.Restored)
	}
	if k.result.Code == wire.OK {
		k.result.Operator = &wire.OperatorReply{}
	}
}

// betterCopies lists the nodes whose replicas may have more updates than the one to be recovered from.
func (k *Core) betterCopies(c *checkpoint, f *former) []string {
	if c != nil {
		return c.Config.InSync
	}
	return f.latest().InSync
}

// formerNamed finds the latest checkpoint of a name that waits and of which a node has a copy.
func (k *Core) formerNamed(name, node string) (found *former) {
	if k.rebuild == nil {
		return nil
	}
	for _, f := range k.rebuild.Former {
		if f.latest().Name == name && slices.ContainsFunc(f.Copies, func(c formerCopy) bool { return c.Node == node && !c.Missing }) {
			found = f
		}
	}
	return found
}
