package director

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// snapshotVersion is the version of snapshots that this release writes and the only one it reads.
const snapshotVersion = 1

// state is a snapshot: lists in a fixed order, so that equal states give equal bytes.
type state struct {
	Cluster     [16]byte
	Generation  uint64
	Next        uint64
	Version     uint64
	Checkpoints []*checkpoint // by number
	Nodes       []*node       // by name
	Unlinks     []unlinkEntry // by session, then slot
	Rebuild     []rebuild     // at most one
	Store       [16]byte
	Memberships uint64
}

type unlinkEntry struct {
	Session uint64
	Node    string
	Slot    uint16
	Done    unlinked
}

// Snapshot gives the state as bytes, the same for the same state.
func (k *Core) Snapshot() ([]byte, error) {
	s := state{Cluster: k.cluster, Generation: k.generation, Next: k.next, Version: k.version, Checkpoints: k.inOrder(), Store: k.store,
		Memberships: k.memberships}
	for _, name := range slices.Sorted(maps.Keys(k.nodes)) {
		s.Nodes = append(s.Nodes, k.nodes[name])
	}
	for _, session := range slices.Sorted(maps.Keys(k.unlinks)) {
		u := k.unlinks[session]
		for _, slot := range slices.Sorted(maps.Keys(u.Slots)) {
			s.Unlinks = append(s.Unlinks, unlinkEntry{session, u.Node, slot, u.Slots[slot]})
		}
	}
	if k.rebuild != nil {
		s.Rebuild = []rebuild{*k.rebuild}
	}
	b := bytes.NewBuffer([]byte{snapshotVersion})
	if err := encode(b, &s); err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	return b.Bytes(), nil
}

// RestoreCore makes the state of a snapshot. It returns a *VersionError for one of another release, and an error for
// one whose content contradicts itself.
func RestoreCore(snapshot []byte) (*Core, error) {
	if len(snapshot) == 0 {
		return nil, fmt.Errorf("empty snapshot")
	}
	if snapshot[0] != snapshotVersion {
		return nil, &VersionError{"snapshot", snapshot[0], snapshotVersion}
	}
	var s state
	if err := decode(snapshot[1:], &s); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	k := NewCore()
	k.cluster, k.generation, k.next, k.version = s.Cluster, s.Generation, s.Next, s.Version
	if k.store = s.Store; k.store == [16]byte{} {
		k.store = s.Cluster
	}
	k.memberships = s.Memberships
	for _, n := range s.Nodes {
		k.nodes[n.Name] = n
	}
	for _, c := range s.Checkpoints {
		for _, name := range union(c.Config.InSync, c.Config.Joining) {
			if k.nodes[name] == nil {
				return nil, fmt.Errorf("snapshot: checkpoint %d has a replica on unknown node %q", c.Config.Checkpoint, name)
			}
		}
		k.checkpoints[c.Config.Checkpoint] = c
		c.complete()
		if len(c.Skip) > 0 {
			k.skips++
		}
		if !c.Config.Unlinked {
			k.names[c.Config.Name] = c
		}
		k.count(&c.Config, +1)
	}
	for _, e := range s.Unlinks {
		if k.unlinks[e.Session] == nil {
			k.unlinks[e.Session] = &unlinkSession{Node: e.Node, Slots: map[uint16]unlinked{}}
		}
		k.unlinks[e.Session].Slots[e.Slot] = e.Done
	}
	if len(s.Rebuild) > 0 {
		k.rebuild = &s.Rebuild[0]
	}
	if err := k.Check(); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return k, nil
}

// complete fills in what a snapshot of an earlier release does not have.
func (c *checkpoint) complete() {
	c.Config.Version = c.Changed
	c.Began = c.Began || c.Config.Active != ""
	if len(c.Since) == 0 {
		c.follow()
	}
	c.Want = max(c.Want, 1)
}
