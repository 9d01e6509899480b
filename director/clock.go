package director

import (
	"container/heap"
	"time"
)

// clock is what the leader knows of time: how long retentions have run and when nodes were last heard of. A new
// leader begins with a new one. Times are monotonic.
type clock struct {
	nodeTimeout time.Duration
	nodeForget  time.Duration
	woken       chan struct{} // cap 1: something is due earlier than it was
	retentions  map[uint64]*running
	order       runningHeap
	nodes       map[string]*heard
	ticked      time.Time
	skipped     time.Time // when nodes that had no room were last tried again
}

type running struct {
	number uint64
	guard  uint64
	begun  time.Time
	due    time.Time
	at     int // in the heap
}

type heard struct {
	last      time.Time
	forgotten bool
}

func newClock(nodeTimeout, nodeForget time.Duration, now time.Time) clock {
	return clock{
		nodeTimeout: nodeTimeout, nodeForget: nodeForget, woken: make(chan struct{}, 1),
		retentions: map[uint64]*running{}, nodes: map[string]*heard{}, ticked: now, skipped: now,
	}
}

// retention follows a change. One that was running keeps its beginning.
func (c *clock) retention(r RetentionChange, now time.Time) {
	e := c.retentions[r.Checkpoint]
	if e == nil && !r.Running {
		return
	}
	if e == nil {
		e = &running{number: r.Checkpoint, begun: now}
		c.retentions[r.Checkpoint] = e
		heap.Push(&c.order, e)
	}
	if !r.Running {
		heap.Remove(&c.order, e.at)
		delete(c.retentions, r.Checkpoint)
		return
	}
	e.guard, e.due = r.Guard, e.begun.Add(time.Duration(r.Duration))
	heap.Fix(&c.order, e.at)
}

// hear notes that a node is alive.
func (c *clock) hear(node string, now time.Time) { c.nodes[node] = &heard{last: now} }

// forgot notes that a NodeForget has been committed.
func (c *clock) forgot(node string) {
	if h := c.nodes[node]; h != nil {
		h.forgotten = true
	}
}

// excuse counts all nodes as heard of: the leader could not have heard them.
func (c *clock) excuse(now time.Time) {
	for _, h := range c.nodes {
		h.last = now
	}
}

// fresh reports whether the node was heard of within the node timeout.
func (c *clock) fresh(node string, now time.Time) bool {
	h := c.nodes[node]
	return h != nil && now.Sub(h.last) <= c.nodeTimeout
}

// due lists the commands that time has brought, and when to ask again at the latest. skipped: Reconsider would do
// something.
func (c *clock) due(nodes []NodeState, skipped bool, now time.Time) (commands []Command, next time.Time) {
	tick := c.nodeTimeout / 10
	if now.Sub(c.ticked) > c.nodeTimeout/2 {
		c.excuse(now) // this process stood still itself
	}
	c.ticked = now
	silence := Silence{Timeout: c.nodeTimeout}
	for _, n := range nodes {
		h := c.nodes[n.Node]
		if h == nil {
			h = &heard{last: now}
			c.nodes[n.Node] = h
		}
		silent := now.Sub(h.last)
		switch {
		case n.Up:
			silence.Add(n.From, silent)
		case !h.forgotten && silent > c.nodeTimeout+c.nodeForget:
			commands = append(commands, &NodeForget{n.From})
		}
	}
	if down := silence.Down(); down != nil {
		commands = append(commands, down)
	}
	if skipped && now.Sub(c.skipped) >= skipPause {
		c.skipped = now
		commands = append(commands, &Reconsider{})
	}
	next = now.Add(tick)
	var over RetentionOver
	for _, e := range c.order.until(now, retentionsBatch) {
		over.Ended = append(over.Ended, Ended{e.number, e.guard})
	}
	if len(over.Ended) > 0 {
		commands = append(commands, &over)
	} else if len(c.order) > 0 && c.order[0].due.Before(next) {
		next = c.order[0].due
	}
	return commands, next
}

// runningHeap orders retentions by their end.
type runningHeap []*running

// until lists up to limit retentions that have ended, without removing them: that is done by the command's result.
func (h runningHeap) until(now time.Time, limit int) (ended []*running) {
	visit := []int{0}
	for len(visit) > 0 && len(ended) < limit {
		i := visit[len(visit)-1]
		visit = visit[:len(visit)-1]
		if i >= len(h) || h[i].due.After(now) {
			continue
		}
		ended = append(ended, h[i])
		visit = append(visit, 2*i+1, 2*i+2)
	}
	return ended
}

func (h runningHeap) Len() int           { return len(h) }
func (h runningHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h runningHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements heap.Interface.
func (h *runningHeap) Push(x any) {
	e := x.(*running)
	e.at = len(*h)
	*h = append(*h, e)
}

// Pop implements heap.Interface.
func (h *runningHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
