package director

import (
	"cmp"
	"slices"

	"libckpt/internal/wire"
)

// feed remembers the last changes: the one of version first+i is changes[i]. It follows from the commands applied but
// is not part of a snapshot: a director that starts from one gives full lists instead.
type feed struct {
	first   uint64
	changes []change
}

type change struct {
	Checkpoint uint64
	Nodes      []string // sorted: those it concerned before or after
}

func (f *feed) add(version, checkpoint uint64, nodes []string) {
	if len(f.changes) == 0 {
		f.first = version
	}
	if len(f.changes) == 2*changesKept {
		f.changes = slices.Clone(f.changes[changesKept:])
		f.first += changesKept
	}
	f.changes = append(f.changes, change{checkpoint, nodes})
}

// since lists the changes after a version. It reports false if they are not known any more.
func (f *feed) since(version uint64) ([]change, bool) {
	if len(f.changes) == 0 || version+1 < f.first || version+1 > f.first+uint64(len(f.changes)) {
		return nil, false
	}
	return f.changes[version+1-f.first:], true
}

// others reports whether a change after a version concerns a node other than the one named.
func (f *feed) others(version uint64, name string) bool {
	if len(f.changes) == 0 || version+1 >= f.first+uint64(len(f.changes)) {
		return false
	}
	for _, c := range f.changes[max(version+1, f.first)-f.first:] {
		if slices.ContainsFunc(c.Nodes, func(n string) bool { return n != name }) {
			return true
		}
	}
	return false
}

// Heartbeat tells a node what has changed for it.
func (k *Core) Heartbeat(name string, r wire.HeartbeatRequest) wire.HeartbeatReply {
	reply := wire.HeartbeatReply{Version: k.version, Locked: k.nodes[name].Locked, Rebuild: k.asks(name)}
	if r.After == 0 && r.Since == k.version {
		return reply
	}
	changes, known := k.feed.since(r.Since)
	if r.After != 0 || !known {
		reply.Full = true
		reply.Configs, reply.More = k.page(name, r.After)
		return reply
	}
	// In the order of the changes, so that a page tells of all up to its version: a checkpoint that has left the node may have
	// been changed again since, and that change does not name the node.
	seen := map[uint64]bool{}
	size := 0
	for i, c := range changes {
		if seen[c.Checkpoint] || !has(c.Nodes, name) {
			continue
		}
		p := k.checkpoints[c.Checkpoint]
		if p == nil {
			seen[c.Checkpoint] = true
			reply.Drop = append(reply.Drop, c.Checkpoint)
			continue
		}
		if size += bytesOf(&p.Config); size > k.pageMax() && len(reply.Configs) > 0 {
			reply.Version, reply.More = r.Since+uint64(i), true
			break
		}
		seen[c.Checkpoint] = true
		reply.Configs = append(reply.Configs, p.Config)
	}
	slices.SortFunc(reply.Configs, func(a, b wire.Config) int { return cmp.Compare(a.Version, b.Version) })
	return reply
}

// List lists checkpoints by name, then number, until the reply is large.
func (k *Core) List(r wire.ListRequest) wire.ListReply {
	var found []*checkpoint
	for _, c := range k.checkpoints {
		if c.Config.Name > r.AfterName || c.Config.Name == r.AfterName && c.Config.Checkpoint > r.After {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *checkpoint) int {
		return cmp.Or(cmp.Compare(a.Config.Name, b.Config.Name), cmp.Compare(a.Config.Checkpoint, b.Config.Checkpoint))
	})
	var reply wire.ListReply
	size := 0
	for i, c := range found {
		if size += bytesOf(&c.Config); size > k.pageMax() && i > 0 {
			reply.More = true
			break
		}
		reply.Checkpoints = append(reply.Checkpoints, c.Config)
	}
	return reply
}
