package director

import "time"

// Silence finds the nodes that are down: those that have been silent for longer than Timeout. They are down together, so none
// is before another that may be about to follow, having been silent for more than half of Timeout; but they wait for half of
// it at most.
type Silence struct {
	Timeout time.Duration
	down    NodesDown
	longest time.Duration // that one of them has been silent
	doubt   bool          // another may be about to follow
}

// Add says for how long a node that is up has been silent.
func (s *Silence) Add(n From, silent time.Duration) {
	switch {
	case silent > s.Timeout:
		s.down.Nodes = append(s.down.Nodes, n)
		s.longest = max(s.longest, silent)
	case silent > s.Timeout/2:
		s.doubt = true
	}
}

// Down is the command for the nodes that are down; nil: none is, or not yet.
func (s *Silence) Down() *NodesDown {
	if len(s.down.Nodes) == 0 || s.doubt && s.longest <= s.Timeout*3/2 {
		return nil
	}
	return &s.down
}
