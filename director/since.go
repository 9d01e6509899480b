package director

import (
	"cmp"
	"slices"

	"libckpt/internal/wire"
)

// since says since when a node has had the replica that it has. Requests and announcements about an earlier replica of
// the same node are told apart by it.
type since struct {
	Node string
	// Version of the configuration in which it began to join; 0 = it never joined.
	Version uint64
	// Epoch in which it entered the in-sync set by joining; zero = it never joined. A replica that the node announces
	// with an earlier epoch is not the one that joined.
	Epoch wire.Epoch
}

func (c *checkpoint) sinceOf(name string) *since {
	i, found := slices.BinarySearchFunc(c.Since, name, func(s since, name string) int { return cmp.Compare(s.Node, name) })
	if !found {
		return nil
	}
	return &c.Since[i]
}

// follow makes Since list the nodes of the configuration, which has just got its version.
func (c *checkpoint) follow() {
	members := union(c.Config.InSync, c.Config.Joining)
	now := make([]since, 0, len(members))
	for _, name := range members {
		s := since{Node: name}
		if known := c.sinceOf(name); known != nil {
			s = *known
		}
		if joining := has(c.Config.Joining, name); joining && (s.Version == 0 || s.Epoch != wire.Epoch{}) {
			s.Version, s.Epoch = c.Config.Version, wire.Epoch{}
		}
		now = append(now, s)
	}
	c.Since = now
}
