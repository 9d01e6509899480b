package director

import (
	"fmt"
	"slices"

	"libckpt/internal/wire"
)

// assert panics if one checkpoint's configuration contradicts itself.
func (k *Core) assert(c *checkpoint) {
	if err := k.check(c); err != nil {
		panic(err.Error())
	}
}

func (k *Core) check(c *checkpoint) error {
	f := &c.Config
	bad := func(what string) error {
		return fmt.Errorf("checkpoint %d: %s (%+v)", f.Checkpoint, what, *f)
	}
	switch {
	case f.Checkpoint == 0 || f.Checkpoint >= k.next:
		return bad("a number that was not given out")
	case f.Name == "" || len(f.Name) > wire.NameBytesMax:
		return bad("name out of range")
	case f.Epoch.Generation == 0 || f.Epoch.Generation > k.generation || f.Epoch.Counter == 0:
		return bad("epoch out of range")
	case !set(f.InSync) || !set(f.Joining) || !set(f.Open):
		return bad("node lists out of order")
	case len(f.InSync) == 0:
		return bad("no in-sync replica")
	case f.Active == "" && !awaitsActive(&f.Attributes):
		return bad("no active replica")
	case f.Active != "" && !has(f.InSync, f.Active):
		return bad("the active replica is not in sync")
	case slices.ContainsFunc(f.Joining, func(n string) bool { return has(f.InSync, n) }):
		return bad("a node joins that is in sync")
	case c.Retained != (len(f.Open) == 0):
		return bad("retention and openers disagree")
	case c.Retained && f.Unlinked:
		return bad("retained without a name")
	case c.Retained && c.Guard == 0:
		return bad("retained without a guard")
	case c.Changed > k.version:
		return bad("changed in the future")
	}
	return nil
}

// set reports whether names are sorted, without repetition.
func set(names []string) bool {
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			return false
		}
	}
	return true
}

// Check reports the first invariant of the whole state that does not hold.
func (k *Core) Check() error {
	replicas := map[string]int{}
	changed := map[uint64]uint64{}
	named := 0
	for number, c := range k.checkpoints {
		if number != c.Config.Checkpoint {
			return fmt.Errorf("checkpoint %d is filed under %d", c.Config.Checkpoint, number)
		}
		if err := k.check(c); err != nil {
			return err
		}
		if other, twice := changed[c.Changed]; twice {
			return fmt.Errorf("checkpoints %d and %d changed in the same version", other, number)
		}
		changed[c.Changed] = number
		if !c.Config.Unlinked {
			named++
			if k.names[c.Config.Name] != c {
				return fmt.Errorf("name %q does not lead to checkpoint %d", c.Config.Name, number)
			}
		}
		for _, name := range union(c.Config.InSync, c.Config.Joining) {
			replicas[name]++
		}
		for _, name := range concerned(&c.Config) {
			if k.nodes[name] == nil {
				return fmt.Errorf("checkpoint %d names unknown node %q", number, name)
			}
		}
	}
	if named != len(k.names) {
		return fmt.Errorf("%d names for %d checkpoints not unlinked", len(k.names), named)
	}
	for name, n := range k.nodes {
		if n.Name != name || n.replicas != replicas[name] {
			return fmt.Errorf("node %q counts %d replicas, it has %d", name, n.replicas, replicas[name])
		}
	}
	for session, s := range k.unlinks {
		for slot := range s.Slots {
			if slot >= wire.SlotsPerSession {
				return fmt.Errorf("session %d has a request in slot %d", session, slot)
			}
		}
	}
	return nil
}
