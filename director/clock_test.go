package director

import (
	"math"
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
	if x, ok := due(3001 * time.Millisecond).(*NodeDown); !ok || x.Incarnation != 5 || c.fresh("n1", now.Add(3001*time.Millisecond)) {
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
