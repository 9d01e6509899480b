package director

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestClockRetentions(t *testing.T) {
	now := time.Now()
	at := func(d time.Duration) time.Time { return now.Add(d) }
	c := newClock(3*time.Second, time.Minute, now)
	c.retention(RetentionChange{1, true, 1, int64(2 * time.Second)}, at(0))
	c.retention(RetentionChange{2, true, 1, int64(time.Second)}, at(0))
	c.retention(RetentionChange{3, true, 1, math.MaxInt64}, at(0))
	c.retention(RetentionChange{4, true, 1, int64(time.Second)}, at(0))
	c.retention(RetentionChange{4, false, 1, 0}, at(0))
	c.retention(RetentionChange{9, false, 1, 0}, at(0))

	ended := func(d time.Duration) []Ended {
		c.ticked = at(d)
		commands, _ := c.due(nil, false, at(d))
		if len(commands) == 0 {
			return nil
		}
		return commands[0].(*RetentionOver).Ended
	}
	if e := ended(999 * time.Millisecond); e != nil {
		t.Errorf("too early: %v", e)
	}
	if _, next := c.due(nil, false, at(990*time.Millisecond)); !next.Equal(at(time.Second)) {
		t.Errorf("next look after %v", next.Sub(now))
	}
	if e := ended(time.Second); len(e) != 1 || e[0] != (Ended{2, 1}) {
		t.Errorf("after 1 s: %v", e)
	}
	c.retention(RetentionChange{2, false, 1, 0}, at(time.Second))
	// A change of duration keeps the beginning.
	c.retention(RetentionChange{1, true, 2, int64(5 * time.Second)}, at(1500*time.Millisecond))
	if e := ended(4999 * time.Millisecond); e != nil {
		t.Errorf("before the new end: %v", e)
	}
	if e := ended(5 * time.Second); len(e) != 1 || e[0] != (Ended{1, 2}) {
		t.Errorf("at the new end: %v", e)
	}
	c.retention(RetentionChange{1, false, 2, 0}, at(5*time.Second))
	if e := ended(100 * 365 * 24 * time.Hour); e != nil {
		t.Errorf("endless retention: %v", e)
	}
}

func TestClockRetentionBatch(t *testing.T) {
	now := time.Now()
	c := newClock(3*time.Second, time.Minute, now)
	for i := range uint64(retentionsBatch + 10) {
		c.retention(RetentionChange{i, true, 1, int64(i)}, now)
	}
	seen := map[uint64]bool{}
	for _, want := range []int{retentionsBatch, 10} {
		commands, _ := c.due(nil, false, now.Add(time.Second))
		over := commands[0].(*RetentionOver)
		if len(over.Ended) != want {
			t.Fatalf("%d ended at once, want %d", len(over.Ended), want)
		}
		for _, e := range over.Ended {
			seen[e.Checkpoint] = true
			c.retention(RetentionChange{e.Checkpoint, false, 1, 0}, now)
		}
	}
	if len(seen) != retentionsBatch+10 {
		t.Fatalf("%d ended", len(seen))
	}
}

func TestClockNodes(t *testing.T) {
	now := time.Now()
	c := newClock(3*time.Second, time.Minute, now)
	nodes := []NodeState{{From{"n1", 5}, true}}
	due := func(d time.Duration) Command {
		c.ticked = now.Add(d)
		commands, _ := c.due(nodes, false, now.Add(d))
		if len(commands) == 0 {
			return nil
		}
		return commands[0]
	}
	c.hear("n1", now)
	if x := due(3 * time.Second); x != nil || !c.fresh("n1", now.Add(3*time.Second)) {
		t.Errorf("at the limit: %v", x)
	}
	x, ok := due(3001 * time.Millisecond).(*NodesDown)
	if !ok || !slices.Equal(x.Nodes, []From{{"n1", 5}}) || c.fresh("n1", now.Add(3001*time.Millisecond)) {
		t.Errorf("after the limit: %v", x)
	}
	nodes[0].Up = false
	if x := due(63 * time.Second); x != nil {
		t.Errorf("forgotten early: %v", x)
	}
	for range 2 { // until it has been committed
		if x, ok := due(64 * time.Second).(*NodeForget); !ok {
			t.Errorf("not forgotten: %v", x)
		}
	}
	c.forgot("n1")
	if x := due(65 * time.Second); x != nil {
		t.Errorf("forgotten twice: %v", x)
	}
	// A leader that stood still has heard nobody.
	nodes[0].Up = true
	c.hear("n1", now.Add(70*time.Second))
	c.ticked = now.Add(70 * time.Second)
	if commands, _ := c.due(nodes, false, now.Add(90*time.Second)); len(commands) != 0 {
		t.Errorf("after a pause: %v", commands)
	}
}

// TestClockNodesTogether: nodes that fall silent at nearly the same time are down in one command. None waits for long for
// another to follow.
func TestClockNodesTogether(t *testing.T) {
	now := time.Now()
	c := newClock(time.Second, time.Minute, now)
	nodes := []NodeState{{From{"n1", 1}, true}, {From{"n2", 1}, true}, {From{"n3", 1}, true}}
	down := func(ms time.Duration) (names []string) {
		at := now.Add(ms * time.Millisecond)
		c.ticked = at
		commands, _ := c.due(nodes, false, at)
		for _, x := range commands {
			for _, n := range x.(*NodesDown).Nodes {
				names = append(names, n.Node)
			}
		}
		return names
	}
	hear := func(node string, ms time.Duration) { c.hear(node, now.Add(ms*time.Millisecond)) }
	hear("n1", 0)
	hear("n2", 300)
	hear("n3", 1000)
	if got := down(1100); got != nil {
		t.Errorf("%v down while another may follow", got)
	}
	hear("n3", 1300)
	if got := down(1301); !slices.Equal(got, []string{"n1", "n2"}) {
		t.Errorf("%v down, want n1 and n2", got)
	}
	hear("n2", 1310)
	if got := down(1320); !slices.Equal(got, []string{"n1"}) {
		t.Errorf("%v down, want n1: the other has been heard of", got)
	}
	hear("n1", 1000)
	hear("n2", 1900)
	hear("n3", 2600)
	if got := down(2450); got != nil {
		t.Errorf("%v down while another may follow", got)
	}
	if got := down(2501); !slices.Equal(got, []string{"n1"}) {
		t.Errorf("%v down, want n1, which has waited for long enough", got)
	}
}
