package director

import (
	"libckpt/internal/wire"
)

// close takes a node from those that have the checkpoint open. It has no errors: a repetition finds it done.
func (k *Core) close(n *node, c *Close) {
	p := k.checkpoints[c.Checkpoint]
	if p == nil || !k.leave(p, n.Name) {
		k.gone(c.Checkpoint)
		return
	}
	k.configured(p, n, false)
}

// leave closes the checkpoint for a node. With the last one it is deleted if it has no name or (nearly) no retention,
// else its retention begins. It reports whether the checkpoint still exists.
func (k *Core) leave(c *checkpoint, name string) bool {
	if !has(c.Config.Open, name) {
		return true
	}
	last := len(c.Config.Open) == 1
	if last && (c.Config.Unlinked || c.brief()) {
		k.remove(c)
		return false
	}
	if last {
		c.Retained = true
		c.Guard++
		k.retentionChanged(c, true)
	}
	k.change(c, func(f *wire.Config) { f.Open = without(f.Open, name) })
	return true
}

// brief reports whether the retention is too short to be begun.
func (c *checkpoint) brief() bool {
	return c.Config.Attributes.RetentionDuration < int64(RetentionMin)
}

// retention sets the retention duration, also of a retention that runs. Errors:
//
//	NOT_EXIST      the checkpoint does not exist any more
//	BAD_OPERATION  it has been unlinked
func (k *Core) retention(r *Retention) {
	c := k.checkpoints[r.Checkpoint]
	switch {
	case c == nil:
		k.refuse(wire.NotExist, "checkpoint %d does not exist any more", r.Checkpoint)
		return
	case c.Config.Unlinked:
		k.refuse(wire.BadOperation, "checkpoint %d has been unlinked", r.Checkpoint)
		return
	}
	if c.Config.Attributes.RetentionDuration != r.Duration {
		k.change(c, func(f *wire.Config) { f.Attributes.RetentionDuration = r.Duration })
		if c.Retained && c.brief() {
			k.remove(c)
			k.gone(r.Checkpoint)
			return
		}
		if c.Retained {
			c.Guard++
			k.retentionChanged(c, true)
		}
	}
	k.configured(c, k.nodes[r.Node], false)
}

// retentionOver deletes the checkpoints whose retention is still the one that ended.
func (k *Core) retentionOver(r *RetentionOver) {
	for _, e := range r.Ended {
		if c := k.checkpoints[e.Checkpoint]; c != nil && c.Retained && c.Guard == e.Guard {
			k.remove(c)
		}
	}
}
