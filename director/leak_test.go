package director

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// heapInUse is what is still referred to, bytes.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what a pool has kept for one more round
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestCoreLeavesNothing makes and deletes many checkpoints in each of the ways there are.
func TestCoreLeavesNothing(t *testing.T) {
	k := NewCore()
	k.Apply(&Found{Cluster: [16]byte{1}, Generation: 1, First: 1})
	from := From{"n1", 1}
	apply := func(c Command) Result {
		t.Helper()
		r := k.Apply(c)
		if r.Code != wire.OK {
			t.Fatalf("%T: %v %s", c, r.Code, r.Text)
		}
		return r
	}
	apply(&NodeUp{From: from, Host: "host", BootID: "boot"})
	cycle := func(i int) {
		name := fmt.Sprintf("c%d", i)
		id := apply(&Open{from, openRequest(name, time.Minute)}).Config.Config.Checkpoint
		switch i % 3 {
		case 0: // unlinked while open, by a session of its own
			apply(&Unlink{from, wire.DirectorUnlinkRequest{Name: name, Request: wire.RequestID{Session: uint64(i), Number: 1}}})
			apply(&SessionEnded{from, uint64(i)})
			apply(&Close{from, id})
		case 1: // its retention ends
			r := apply(&Close{from, id}).Retentions
			k.Apply(&RetentionOver{Ended: []Ended{{id, r[0].Guard}}})
		case 2: // its retention is made too short to be begun
			apply(&Retention{from, id, 0})
			apply(&Close{from, id})
		}
	}
	// The last changes are remembered, so many of them: the list must be full before and after.
	const warmUp, cycles = 2 * changesKept, 4 * changesKept
	for i := range warmUp {
		cycle(i)
	}
	before := heapInUse()
	for i := range cycles {
		cycle(warmUp + i)
	}
	if n := len(k.checkpoints) + len(k.names) + len(k.unlinks) + k.nodes["n1"].replicas; n != 0 {
		t.Errorf("%d things left", n)
	}
	if n := len(k.feed.changes); n > 2*changesKept {
		t.Errorf("%d changes remembered", n)
	}
	const perCycle = 64
	if grown := heapInUse() - before; grown > cycles*perCycle {
		t.Errorf("%d bytes more in use after %d checkpoints", grown, cycles)
	}
	runtime.KeepAlive(k)
}

// TestDirectorLeavesNothing does so through the bus, the log and the clock.
func TestDirectorLeavesNothing(t *testing.T) {
	url := bus(t)
	d, _ := start(t, options(t, url, t.TempDir()))
	p := &peer{t, connect(t, url), "n1", 1}
	p.register()
	session := uint64(0)
	cycle := func() {
		session++
		a := p.open("a", time.Minute)
		p.must(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: a.Config.Checkpoint}, nil)
		id := wire.RequestID{Session: session, Number: 1}
		p.must(wire.DirectorUnlink, wire.DirectorUnlinkRequest{Name: "a", Request: id}, nil)
		p.must(wire.DirectorSessionEnded, wire.SessionEndedRequest{Session: session}, nil)
	}
	const warmUp, cycles = 200, 600
	for range warmUp {
		cycle()
	}
	before, goroutines := heapInUse(), runtime.NumGoroutine()
	for range cycles {
		cycle()
	}
	d.mu.Lock()
	left := len(d.clock.retentions) + len(d.clock.order) + len(d.core.checkpoints) + len(d.core.unlinks)
	d.mu.Unlock()
	if left != 0 {
		t.Errorf("%d things left", left)
	}
	eventually(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	// Some 500 bytes are the changes that nodes may still ask for.
	const perCycle = 1024
	if grown := heapInUse() - before; grown > cycles*perCycle {
		t.Errorf("%d bytes more in use after %d checkpoints", grown, cycles)
	}
}
