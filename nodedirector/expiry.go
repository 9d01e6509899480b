package nodedirector

import (
	"container/heap"
	"time"

	"libckpt/nodedirector/replication"
)

// sectionKey names a section on the node.
type sectionKey struct {
	checkpoint uint64
	section    string
}

type expiryItem struct {
	key   sectionKey
	at    int64 // wall clock ns
	index int   // in the heap
}

type expiryHeap []*expiryItem

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h expiryHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].index, h[j].index = i, j }
func (h *expiryHeap) Push(x any)        { i := x.(*expiryItem); i.index = len(*h); *h = append(*h, i) }
func (h *expiryHeap) Pop() any {
	old := *h
	i := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return i
}

// expiry knows when the sections of the checkpoints whose active replica is here expire. Sections that never do are not
// in it.
type expiry struct {
	heap  expiryHeap
	items map[uint64]map[string]*expiryItem // by checkpoint and section
	clock clock
}

// set gives a section's expiration; never removes it.
func (e *expiry) set(k sectionKey, at int64) {
	if at == replication.Never {
		e.remove(k)
		return
	}
	if i := e.items[k.checkpoint][k.section]; i != nil {
		i.at = at
		heap.Fix(&e.heap, i.index)
		return
	}
	if e.items == nil {
		e.items = make(map[uint64]map[string]*expiryItem)
	}
	of := e.items[k.checkpoint]
	if of == nil {
		of = make(map[string]*expiryItem)
		e.items[k.checkpoint] = of
	}
	i := &expiryItem{key: k, at: at}
	of[k.section] = i
	heap.Push(&e.heap, i)
}

// remove forgets a section.
func (e *expiry) remove(k sectionKey) {
	of := e.items[k.checkpoint]
	i := of[k.section]
	if i == nil {
		return
	}
	heap.Remove(&e.heap, i.index)
	delete(of, k.section)
	if len(of) == 0 {
		delete(e.items, k.checkpoint)
	}
}

// removeAll forgets a checkpoint.
func (e *expiry) removeAll(checkpoint uint64) {
	for _, i := range e.items[checkpoint] {
		heap.Remove(&e.heap, i.index)
	}
	delete(e.items, checkpoint)
}

// due removes and returns the sections that have expired, in the order of their times; none while the clock is not
// trusted. wall and mono are the clocks' readings at one moment.
func (e *expiry) due(wall, mono int64) []sectionKey {
	if !e.clock.observe(wall, mono) {
		return nil
	}
	var keys []sectionKey
	for len(e.heap) > 0 && e.heap[0].at <= wall {
		k := e.heap[0].key
		keys = append(keys, k)
		e.remove(k)
	}
	return keys
}

// next is how long due need not be called.
func (e *expiry) next(wall int64) time.Duration {
	if len(e.heap) == 0 || e.clock.holding || e.heap[0].at-wall > int64(clockLook) {
		return clockLook
	}
	return time.Duration(max(0, e.heap[0].at-wall))
}

// clock compares the wall clock with the monotonic one. After a large step the wall clock counts as wrong until it
// has not stepped for a while: an hour's leap is more often a mistake being made or mended than the truth.
type clock struct {
	wall, mono int64 // at the last look
	seen       bool
	holding    bool
	stableFrom int64 // monotonic ns: while holding, of the last step
}

// observe takes a reading and reports whether the wall clock is trusted.
func (c *clock) observe(wall, mono int64) bool {
	if c.seen {
		step := (wall - c.wall) - (mono - c.mono)
		if step < 0 {
			step = -step
		}
		if step > int64(clockStepHold) || c.holding && step > int64(clockStable) {
			c.holding, c.stableFrom = true, mono
		} else if c.holding && mono-c.stableFrom >= int64(clockStableTime) {
			c.holding = false
		}
	}
	c.wall, c.mono, c.seen = wall, mono, true
	return !c.holding
}
