package director

import "libckpt/internal/wire"

// open opens or creates a checkpoint. Errors:
//
//	NOT_EXIST      unknown name and no attributes, or the checkpoint to restore is gone
//	EXIST          the attributes differ from those of the existing checkpoint
//	INVALID_PARAM  empty name
//	TOO_BIG        name longer than NameBytesMax
//	NO_RESOURCES   no room for another replica on the node, or CheckpointsMax
func (k *Core) open(n *node, o *Open) {
	if k.rebuild != nil && k.awaitsName(n.Name, o) {
		k.refuse(wire.TryAgain, "the checkpoint may yet be restored")
		return
	}
	if o.Restore != 0 {
		c := k.checkpoints[o.Restore]
		if c == nil {
			k.refuse(wire.NotExist, "checkpoint %d does not exist any more", o.Restore)
			return
		}
		k.join(c, n)
		return
	}
	c := k.names[o.Name]
	switch {
	case c == nil && !o.HasAttributes:
		k.refuse(wire.NotExist, "no checkpoint of this name")
	case c == nil:
		k.create(n, o)
	case o.HasAttributes && !sameAttributes(&c.Config.Attributes, o):
		k.refuse(wire.Exist, "the checkpoint exists with other attributes")
	case c.Config.Attributes.Collocated() && n.full() && !n.Locked && !has(concerned(&c.Config), n.Name):
		k.refuse(wire.NoResources, "node %s holds %d replicas, its maximum", n.Name, n.replicas)
	default:
		k.join(c, n)
	}
}

// join opens an existing checkpoint for a node. A retention that runs is called off.
func (k *Core) join(c *checkpoint, n *node) {
	if !has(c.Config.Open, n.Name) {
		if c.Retained {
			k.retentionChanged(c, false)
			c.Retained = false
		}
		k.change(c, func(f *wire.Config) { f.Open = with(f.Open, n.Name) })
		k.skip(c, without(c.Skip, n.Name))
		k.fill(c)
	}
	k.configured(c, n, false)
}

func (k *Core) create(n *node, o *Open) {
	switch {
	case o.Name == "":
		k.refuse(wire.InvalidParam, "empty name")
		return
	case len(o.Name) > wire.NameBytesMax:
		k.refuse(wire.TooBig, "name of %d bytes, at most %d", len(o.Name), wire.NameBytesMax)
		return
	case len(k.checkpoints) >= CheckpointsMax:
		k.refuse(wire.NoResources, "%d checkpoints exist", CheckpointsMax)
		return
	}
	if n.full() {
		k.refuse(wire.NoResources, "node %s holds %d replicas, its maximum", n.Name, n.replicas)
		return
	}
	c := &checkpoint{FreshNode: n.Name, FreshIncarnation: n.Incarnation, Creator: n.Name, Want: want(n)}
	c.Config.Checkpoint = k.next
	k.next++
	k.checkpoints[c.Config.Checkpoint] = c
	k.names[o.Name] = c
	k.change(c, func(f *wire.Config) {
		f.Name = o.Name
		f.Created = o.Now
		f.Attributes = o.Attributes
		f.Backup = o.Backup
		f.Epoch = wire.Epoch{Generation: k.generation, Counter: 1}
		if !awaitsActive(&o.Attributes) {
			f.Active = n.Name
		}
		f.InSync = []string{n.Name}
		f.Open = []string{n.Name}
	})
	k.fill(c)
	k.configured(c, n, true)
}

// awaitsActive reports whether the checkpoint has no active replica until one is chosen.
func awaitsActive(a *wire.Attributes) bool { return a.Collocated() && a.Asynchronous() }

// sameAttributes reports whether a checkpoint has the attributes that an open expects.
func sameAttributes(a *wire.Attributes, o *Open) bool {
	x, y := *a, o.Attributes
	if !o.CompareRetention {
		x.RetentionDuration, y.RetentionDuration = 0, 0
	}
	if !o.WholeFlags {
		x.CreationFlags, y.CreationFlags = x.AISFlags(), y.AISFlags()
	}
	return x == y
}
