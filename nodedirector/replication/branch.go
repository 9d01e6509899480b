package replication

import (
	"slices"

	"libckpt/internal/wire"
)

// Left says where the updates of a replica parted from those of an epoch: what others have of that epoch beyond Number, this
// one has not.
type Left struct {
	Epoch  wire.Epoch
	Number uint64 // of the last update that it has of the epoch
}

// leave notes, in what is kept, that the replica goes on in another epoch than that of Branch.
func (k *Kept) leave(number uint64) {
	k.Left = append(slices.Clone(k.Left), Left{k.Branch, number})
	if len(k.Left) > leftMax {
		k.Left = k.Left[1:]
	}
}

// lostWith counts the updates that a follower of an asynchronous checkpoint has and this node's replica has not, once.
func (c *Core) lostWith(node string, r *Report) uint64 {
	from := c.lead.takeover
	known := r.Number < c.lead.first // no later epoch can be where its number is from
	for _, l := range c.kept.Left {
		if l.Epoch == r.Branch {
			from, known = l.Number, true
		}
	}
	from = max(from, c.counted[node])
	if !known || r.Branch == c.config.Epoch || r.Number <= from {
		return 0
	}
	if c.counted == nil {
		c.counted = make(map[string]uint64)
	}
	if _, listed := c.counted[node]; listed || len(c.counted) < peersMax {
		c.counted[node] = r.Number
	}
	return r.Number - from
}
