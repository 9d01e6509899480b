package nodedirector

import (
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// role is what a configuration makes of this node.
type role struct {
	replica  bool              // the node has, or is to have, a replica
	inSync   bool              // its replica has every acknowledged update
	sole     bool              // and is the only such replica
	update   replication.Place // of the replica that orders updates
	read     replication.Place // of the replica that answers reads
	readNode string            // node to ask, with replication.Elsewhere
}

// roleOf derives the role of a node from a configuration. Reads of an asynchronous checkpoint go to its active replica,
// those of an ALL_REPLICAS checkpoint to any in-sync one.
func roleOf(c *wire.Config, node string) role {
	r := role{
		inSync: slices.Contains(c.InSync, node),
		update: replication.Elsewhere,
	}
	r.replica = r.inSync || c.Active == node || slices.Contains(c.Joining, node)
	r.sole = r.inSync && len(c.InSync) == 1
	switch c.Active {
	case "":
		r.update = replication.Nowhere
	case node:
		r.update = replication.Here
	}
	r.read, r.readNode = r.update, c.Active
	if !c.Attributes.Asynchronous() && r.inSync {
		r.read = replication.Here
	}
	return r
}

// together is where an operation is carried out that needs every in-sync replica. With others beside this node's it
// takes an exchange with them.
func (r *role) together() replication.Place {
	if r.update == replication.Here && !r.sole {
		return replication.Elsewhere
	}
	return r.update
}

// state is what the segment's header tells readers. Only a sole replica may be read without a lease; readers of any
// other ask the node director.
func (r *role) state(e wire.Epoch) segment.State {
	s := segment.State{
		Epoch:    segment.Epoch{Generation: e.Generation, Counter: e.Counter},
		InSync:   r.inSync,
		Readable: r.read == replication.Here && r.inSync,
	}
	if r.sole {
		s.LeaseDeadline = segment.NoLease
	}
	return s
}
