package director

import (
	"cmp"
	"slices"

	"libckpt/internal/wire"
)

// When the directors' store is lost, the replicas on the nodes are all that is known. A new store then knows nothing,
// and believes nobody, until the operator begins a rebuild: from then on nodes are asked for the whole configurations
// of their replicas. A checkpoint is restored once everybody has reported who may have acknowledged one of its updates:
// the in-sync and joining nodes of the latest configuration announced. Those that report with that configuration, as
// in-sync nodes in it, are in sync again; other copies are stale. The operator can give up nodes that will not come
// back, choose a copy (Recover), and end the rebuild.
//
// What has been restored once is not restored again: a node that returns later has its copy compared with the state,
// as within one generation.

// rebuild is what is known of a lost store.
type rebuild struct {
	Ended    bool
	Waived   []string // nodes that are not waited for, sorted
	Reported []string // nodes whose announcement is complete, sorted
	Former   []*former
	Restored []uint64 // sorted numbers
}

// beginRebuild begins to restore the checkpoints of a lost store, or gives up a node. Errors:
//
//	INVALID_PARAM  the node that was asked knows nothing of a lost store
//	BAD_OPERATION  the store is the one that the node knows; or it has checkpoints of its own
func (k *Core) beginRebuild(r *Rebuild) {
	switch {
	case k.rebuild != nil:
	case r.Cluster == [16]byte{}:
		k.refuse(wire.InvalidParam, "the node director that was asked knows of no lost directors' store: ask on a node that has replicas")
		return
	case r.Cluster == k.cluster:
		k.refuse(wire.BadOperation, "the directors' store is not lost: it is the one that the node's replicas belong to")
		return
	case len(k.checkpoints) > 0:
		k.refuse(wire.BadOperation, "the new directors' store has checkpoints already, such as %s: unlink and close them first", several(k.inOrder()[:1]))
		return
	default:
		k.rebuild = &rebuild{}
		k.cluster = r.Cluster
		k.generation = max(k.generation, r.Generation+1)
		// Versions go on above those of the lost store, for node directors compare what they know of each other's. A
		// generation is the time, in ns, at which its store was made: more than the versions of any former store.
		k.version = max(k.version, k.generation)
		k.feed = feed{}
	}
	k.rebuild.Ended = false
	if r.Waive != "" {
		k.rebuild.Waived = with(k.rebuild.Waived, r.Waive)
	}
	k.restore()
	k.waiting()
}

// endRebuild leaves what has not been restored unrestored.
func (k *Core) endRebuild() {
	if k.rebuild == nil {
		k.refuse(wire.BadOperation, "no rebuild was begun")
		return
	}
	k.waiting()
	k.rebuild.Ended, k.rebuild.Former = true, nil
	k.rebuild.Reported = nil
}

// asks reports whether the node is to announce what it holds.
func (k *Core) asks(name string) bool {
	return k.rebuild != nil && !k.rebuild.Ended && !has(k.rebuild.Reported, name)
}

// restored reports whether a checkpoint of the lost store has been restored.
func (k *Core) restored(number uint64) bool {
	if k.rebuild == nil {
		return false
	}
	_, found := slices.BinarySearch(k.rebuild.Restored, number)
	return found
}

// awaitsRestoring reports whether a checkpoint may yet be restored, as far as a node that asks for it can tell.
func (k *Core) awaitsRestoring(node string, number uint64) bool {
	if k.rebuild == nil || k.rebuild.Ended || k.restored(number) || number > formerNumbersMax {
		return false
	}
	_, waits := slices.BinarySearchFunc(k.rebuild.Former, number, func(f *former, n uint64) int { return cmp.Compare(f.Number, n) })
	return waits || k.asks(node)
}

// awaitsName does so for the checkpoint that is to be opened or made.
func (k *Core) awaitsName(node string, o *Open) bool {
	switch {
	case o.Restore != 0:
		return k.checkpoints[o.Restore] == nil && k.awaitsRestoring(node, o.Restore)
	case k.names[o.Name] != nil || k.rebuild.Ended:
		return false
	case k.asks(node):
		return true
	}
	return slices.ContainsFunc(k.rebuild.Former, func(f *former) bool { l := f.latest(); return l.Name == o.Name && !l.Unlinked })
}

// again forgets what a former run of the node's director announced, or what a node did that is removed.
func (k *Core) again(n *node) {
	if k.rebuild == nil || k.rebuild.Ended {
		return
	}
	k.rebuild.Reported = without(k.rebuild.Reported, n.Name)
	for _, f := range k.rebuild.Former {
		f.Copies = slices.DeleteFunc(f.Copies, func(c formerCopy) bool { return c.Node == n.Name })
	}
	k.rebuild.Former = slices.DeleteFunc(k.rebuild.Former, func(f *former) bool { return len(f.Copies) == 0 })
}

// announce takes note of what a node holds. A node that is not asked is not listened to.
func (k *Core) announce(n *node, a *wire.AnnounceRequest) {
	if !k.asks(n.Name) {
		return
	}
	for _, r := range a.Replicas {
		f := &r.Config
		if f.Checkpoint == 0 || f.Checkpoint > formerNumbersMax || f.Name == "" || len(f.Name) > wire.NameBytesMax ||
			!set(f.InSync) || !set(f.Joining) || k.restored(f.Checkpoint) || k.checkpoints[f.Checkpoint] != nil ||
			f.Epoch.Generation >= k.generation {
			continue
		}
		k.formerOf(f.Checkpoint).say(formerCopy{n.Name, r.Config, r.Open, r.Missing})
	}
	if a.More {
		return
	}
	k.rebuild.Reported = with(k.rebuild.Reported, n.Name)
	k.restore()
}

// awaited lists the nodes that have not reported and are not given up. An in-sync node that reports without a replica has
// lost it, and may have been the only one with the latest updates: it counts as one that has not reported.
func (k *Core) awaited(f *former, latest *wire.Config) (nodes []string) {
	for _, name := range union(latest.InSync, latest.Joining) {
		if has(k.rebuild.Waived, name) || has(k.rebuild.Reported, name) && (f.holds(name) || !has(latest.InSync, name)) {
			continue
		}
		nodes = append(nodes, name)
	}
	return nodes
}

// names gives the greatest number with each name among those that wait.
func (r *rebuild) names() map[string]uint64 {
	names := make(map[string]uint64, len(r.Former))
	for _, f := range r.Former {
		if latest := f.latest(); !latest.Unlinked {
			names[latest.Name] = f.Number
		}
	}
	return names
}

// hindrance says why a checkpoint that waits for nobody can't be restored; "" = it can. last is the greatest number
// with its name.
func (k *Core) hindrance(f *former, latest *wire.Config, last uint64) string {
	switch {
	case latest.Unlinked:
	case k.names[latest.Name] != nil:
		return "another checkpoint has the name: unlink it first"
	case last > f.Number:
		return "a later checkpoint had the name and waits too"
	}
	if len(f.complete(latest)) == 0 {
		return "no copy has all updates: choose one with \"ckpt recover\""
	}
	return ""
}

// restore restores what can be. The greatest numbers come first: of two checkpoints with a name the later one has it.
func (k *Core) restore() {
	names := k.rebuild.names()
	var left []*former
	for _, f := range slices.Backward(k.rebuild.Former) {
		latest := f.latest()
		switch {
		case len(k.awaited(f, latest)) > 0 || !(latest.Unlinked && len(f.openers()) == 0) && k.hindrance(f, latest, names[latest.Name]) != "":
			left = append(left, f)
			continue
		case !latest.Unlinked || len(f.openers()) > 0:
			k.revive(f, latest, f.complete(latest))
		}
		k.rebuild.Restored = append(k.rebuild.Restored, f.Number)
	}
	slices.Reverse(left)
	k.rebuild.Former = left
	slices.Sort(k.rebuild.Restored)
}

// revive makes the checkpoint live, with the copies of some nodes as in-sync replicas. From now on the state alone says
// whether it exists; that it has been restored is for the caller to note.
func (k *Core) revive(f *former, latest *wire.Config, inSync []string) {
	open := f.openers()
	k.next = max(k.next, f.Number+1)
	c := &checkpoint{
		Began: true, Creator: inSync[0], Retained: len(open) == 0, Guard: 1,
		Want: uint8(min(max(len(latest.InSync)+len(latest.Joining), int(want(k.nodes[inSync[0]]))), 1+backupsMax)),
	}
	c.Config.Checkpoint = f.Number
	k.checkpoints[f.Number] = c
	if !latest.Unlinked {
		k.names[latest.Name] = c
	}
	k.change(c, func(g *wire.Config) {
		*g = *latest
		g.Epoch = wire.Epoch{Generation: k.generation, Counter: 1}
		g.InSync, g.Joining, g.Open = inSync, nil, open
		if !has(inSync, g.Active) {
			g.Active = ""
		}
		if g.Active == "" && !awaitsActive(&g.Attributes) {
			g.Active = k.successor(inSync)
		}
	})
	for _, copy := range f.Copies {
		if !copy.Missing && !has(inSync, copy.Node) {
			c.Stale = with(c.Stale, copy.Node)
		}
	}
	k.result.Restored = append(k.result.Restored, latest.Name)
	if c.Retained {
		k.retentionChanged(c, true)
	}
	k.fill(c)
}

// waiting lists what has not been restored.
func (k *Core) waiting() {
	reply := &wire.OperatorReply{}
	names := k.rebuild.names()
	for _, f := range k.rebuild.Former {
		if len(reply.Waiting) == wire.WaitingMax {
			reply.More++
			continue
		}
		latest := f.latest()
		w := wire.WaitingInfo{Checkpoint: f.Number, Name: latest.Name, Nodes: k.awaited(f, latest)}
		if len(w.Nodes) == 0 {
			w.Text = k.hindrance(f, latest, names[latest.Name])
		}
		reply.Waiting = append(reply.Waiting, w)
	}
	k.result.Operator = reply
}
