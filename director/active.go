package director

import (
	"strings"

	"libckpt/internal/wire"
)

// active makes the node's replica the active one. Errors:
//
//	NOT_EXIST      the checkpoint does not exist any more
//	BAD_OPERATION  it is not collocated with asynchronous updates
//	NO_RESOURCES   no room for a replica on the node
//	UNAVAILABLE    the node is locked and has no replica
//	TRY_AGAIN      the node's replica does not have all updates: it is joining, from another one that is active until
//	               then; to be asked again when it has
func (k *Core) active(n *node, a *Active) {
	c := k.checkpoints[a.Checkpoint]
	switch {
	case c == nil:
		k.refuse(wire.NotExist, "checkpoint %d does not exist any more", a.Checkpoint)
		return
	case !awaitsActive(&c.Config.Attributes):
		k.refuse(wire.BadOperation, "not a collocated checkpoint with asynchronous updates")
		return
	}
	inSync, joining := has(c.Config.InSync, n.Name), has(c.Config.Joining, n.Name)
	switch {
	case c.Config.Active == n.Name:
	case inSync:
		k.change(c, func(f *wire.Config) {
			f.Active = n.Name
			f.Epoch.Counter++
		})
	case !joining && n.Locked:
		k.refuse(wire.Unavailable, "node %s is locked", n.Name)
		return
	case !joining && n.full():
		k.refuse(wire.NoResources, "node %s holds %d replicas, its maximum", n.Name, n.replicas)
		return
	case !c.Began:
		// An empty replica here is as good as any.
		c.FreshNode, c.FreshIncarnation = n.Name, n.Incarnation
		k.change(c, func(f *wire.Config) {
			f.Joining = without(f.Joining, n.Name)
			f.Active = n.Name
			f.InSync = []string{n.Name}
			f.Epoch.Counter++
		})
		k.fill(c)
	default:
		k.skip(c, without(c.Skip, n.Name))
		k.place(c, n)
		if other := k.successor(c.Config.InSync); c.Config.Active == "" && k.nodes[other].Up {
			// Nobody else can fill it, and there may be no program that could choose another: the in-sync set may be nodes
			// that hold a backup alone.
			k.change(c, func(f *wire.Config) {
				f.Active = other
				f.Epoch.Counter++
			})
		}
		from := "from the active one on node " + c.Config.Active
		if c.Config.Active == "" {
			from = "when a node with all updates is back, which are " + strings.Join(c.Config.InSync, ", ")
		}
		k.refuse(wire.TryAgain, "joining: the replica on node %s is filled %s", n.Name, from)
		return
	}
	k.configured(c, n, false)
}
