package director

import (
	"cmp"
	"slices"

	"libckpt/internal/wire"
)

// former is a checkpoint of the lost store that does not live yet. Former is sorted by Number.
type former struct {
	Number uint64
	Copies []formerCopy // by node
}

// formerCopy is what one node says.
type formerCopy struct {
	Node    string
	Config  wire.Config
	Open    bool
	Missing bool // no replica
}

// formerNumbersMax bounds checkpoint numbers that are announced: greater ones were never given out.
const formerNumbersMax = 1 << 62

// formerOf finds a checkpoint, or begins it.
func (k *Core) formerOf(number uint64) *former {
	list := k.rebuild.Former
	i, found := slices.BinarySearchFunc(list, number, func(f *former, n uint64) int { return cmp.Compare(f.Number, n) })
	if !found {
		k.rebuild.Former = slices.Insert(list, i, &former{Number: number})
	}
	return k.rebuild.Former[i]
}

// say keeps the last word of each node.
func (f *former) say(c formerCopy) {
	i, found := slices.BinarySearchFunc(f.Copies, c.Node, func(c formerCopy, name string) int { return cmp.Compare(c.Node, name) })
	if found {
		f.Copies[i] = c
	} else {
		f.Copies = slices.Insert(f.Copies, i, c)
	}
}

// latest is the latest configuration announced.
func (f *former) latest() *wire.Config {
	best := &f.Copies[0].Config
	for i := range f.Copies {
		c := &f.Copies[i].Config
		if best.Epoch.Less(c.Epoch) || best.Epoch == c.Epoch && best.Version < c.Version {
			best = c
		}
	}
	return best
}

// holds reports whether a node has said that it has a replica.
func (f *former) holds(name string) bool {
	return slices.ContainsFunc(f.Copies, func(c formerCopy) bool { return c.Node == name && !c.Missing })
}

// openers lists the nodes that have it open.
func (f *former) openers() (open []string) {
	for _, c := range f.Copies {
		if c.Open {
			open = append(open, c.Node)
		}
	}
	return open
}

// complete lists the nodes whose copy has every acknowledged update.
func (f *former) complete(latest *wire.Config) (nodes []string) {
	for _, c := range f.Copies {
		if !c.Missing && c.Config.Epoch == latest.Epoch && has(c.Config.InSync, c.Node) && has(latest.InSync, c.Node) {
			nodes = append(nodes, c.Node)
		}
	}
	return nodes
}
