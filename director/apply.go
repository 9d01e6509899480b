package director

import (
	"fmt"

	"libckpt/internal/wire"
)

// Apply carries out a command. It panics if a command breaks an invariant: the state is then not to be used any more.
func (k *Core) Apply(c Command) Result {
	k.result = &Result{Code: wire.OK}
	version := k.version
	if f, ok := c.(*Found); ok {
		k.found(f)
		return *k.result
	}
	if !k.Founded() {
		panic("a command before the store was made")
	}
	switch c := c.(type) {
	case *NodeUp:
		k.nodeUp(c)
	case *NodesDown:
		k.nodesDown(c)
	case *NodeForget:
		k.nodeForget(c)
	case *Open:
		k.from(c.From, func(n *node) { k.open(n, c) })
	case *Close:
		k.on(c.From, c.Checkpoint, func(n *node) { k.close(n, c) })
	case *Unlink:
		k.from(c.From, func(n *node) { k.unlink(n, c) })
	case *Retention:
		k.on(c.From, c.Checkpoint, func(*node) { k.retention(c) })
	case *RetentionOver:
		k.retentionOver(c)
	case *Active:
		k.on(c.From, c.Checkpoint, func(n *node) { k.active(n, c) })
	case *SessionEnded:
		k.from(c.From, func(*node) { delete(k.unlinks, c.Session) })
	case *ReplicaDrop:
		k.on(c.From, c.Checkpoint, func(n *node) { k.replicaDrop(n, &c.ReplicaChange) })
	case *ReplicaJoined:
		k.on(c.From, c.Checkpoint, func(n *node) { k.replicaJoined(n, &c.ReplicaChange) })
	case *ReplicaLost:
		k.on(c.From, c.Checkpoint, func(n *node) { k.replicaLost(n, &c.ReplicaChange) })
	case *Reconsider:
		k.reconsider()
	case *NodeLock:
		k.nodeLock(c)
	case *NodeRemove:
		k.nodeRemove(c)
	case *Rebuild:
		k.beginRebuild(c)
	case *RebuildEnd:
		k.endRebuild()
	case *Announce:
		k.from(c.From, func(n *node) { k.announce(n, &c.AnnounceRequest) })
	case *Recover:
		k.recover(c)
	default:
		panic(fmt.Sprintf("command %T", c))
	}
	k.result.Others = k.feed.others(version, asker(c))
	return *k.result
}

// asker is the node that learns of a command's changes from its answer.
func asker(c Command) string {
	switch c := c.(type) {
	case *NodeUp:
		return c.Node
	case *Open:
		return c.Node
	case *Close:
		return c.Node
	case *Unlink:
		return c.Node
	case *Retention:
		return c.Node
	case *Active:
		return c.Node
	case *ReplicaDrop:
		return c.Node
	case *ReplicaJoined:
		return c.Node
	case *ReplicaLost:
		return c.Node
	}
	return ""
}

// from does something for a node director that is registered.
func (k *Core) from(f From, do func(*node)) {
	if !k.Registered(f) {
		k.refuse(wire.TryAgain, "node %s is not registered", f.Node)
		k.result.Unknown = true
		return
	}
	do(k.nodes[f.Node])
}

// on does something with a checkpoint for a node director that is registered. The answer is TRY_AGAIN if the checkpoint
// may yet be restored from a lost store.
func (k *Core) on(f From, number uint64, do func(*node)) {
	k.from(f, func(n *node) {
		if k.checkpoints[number] == nil && k.awaitsRestoring(n.Name, number) {
			k.refuse(wire.TryAgain, "checkpoint %d waits to be restored", number)
			return
		}
		do(n)
	})
}
