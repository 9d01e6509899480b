package director

import "libckpt/internal/wire"

// active makes the node's replica the active one. Errors:
//
//	NOT_EXIST      the checkpoint does not exist any more
//	BAD_OPERATION  it is not collocated with asynchronous updates
//	NO_RESOURCES   no room for a replica on the node
//	TRY_AGAIN      another replica is active and the node's own one does not have all updates
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
	inSync := has(c.Config.InSync, n.Name)
	switch {
	case c.Config.Active == n.Name:
	case inSync:
		k.change(c, func(f *wire.Config) {
			f.Active = n.Name
			f.Epoch.Counter++
		})
	case c.Config.Active != "":
		k.refuse(wire.TryAgain, "the replica on node %s is not in sync with the active one on node %s", n.Name, c.Config.Active)
		return
	case n.full():
		k.refuse(wire.NoResources, "node %s holds %d replicas, its maximum", n.Name, n.replicas)
		return
	default:
		// Without an active replica nothing has been written yet: an empty replica here is as good as any.
		c.FreshNode, c.FreshIncarnation = n.Name, n.Incarnation
		k.change(c, func(f *wire.Config) {
			f.Active = n.Name
			f.InSync = []string{n.Name}
			f.Epoch.Counter++
		})
	}
	k.configured(c, n, false)
}
