package nodedirector

import (
	"sync"
	"time"
)

// expiryLoop removes expired sections: the clock and the locks around expiry.
type expiryLoop struct {
	n    *Node
	wake chan struct{}

	mu sync.Mutex
	e  expiry
}

func newExpiryLoop(n *Node) *expiryLoop { return &expiryLoop{n: n, wake: make(chan struct{}, 1)} }

func (l *expiryLoop) set(k sectionKey, at int64) {
	l.mu.Lock()
	l.e.set(k, at)
	first := len(l.e.heap) > 0 && l.e.heap[0].key == k
	l.mu.Unlock()
	if first {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

func (l *expiryLoop) remove(k sectionKey) {
	l.mu.Lock()
	l.e.remove(k)
	l.mu.Unlock()
}

func (l *expiryLoop) removeAll(checkpoint uint64) {
	l.mu.Lock()
	l.e.removeAll(checkpoint)
	l.mu.Unlock()
}

func (l *expiryLoop) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.n.ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
		}
		wall := time.Now().UnixNano()
		l.mu.Lock()
		trusted := !l.e.clock.holding
		due := l.e.due(wall, monotonic())
		holding := l.e.clock.holding
		l.mu.Unlock()
		if trusted && holding {
			l.n.log.Warn("the wall clock has stepped by more than an hour: no section expires until it has been stable",
				"for", clockStableTime)
		}
		for _, k := range due {
			l.expire(k, wall)
		}
		l.mu.Lock()
		wait := l.e.next(time.Now().UnixNano())
		l.mu.Unlock()
		timer.Reset(wait)
	}
}

func (l *expiryLoop) expire(k sectionKey, wall int64) {
	c := l.n.checkpoint(k.checkpoint)
	if c != nil {
		c.expire([]byte(k.section), wall)
	}
}

// again tries once more to remove a section.
func (l *expiryLoop) again(k sectionKey, wall int64) {
	// No memory for the removal, or it takes other replicas that this node can't reach: the section stays for now. A newer
	// expiration must not be overwritten.
	l.mu.Lock()
	if l.e.items[k.checkpoint][k.section] == nil {
		l.e.set(k, wall+int64(expiryRetry))
	}
	l.mu.Unlock()
}
