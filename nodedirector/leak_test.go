package nodedirector

import (
	"os"
	"runtime"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// heapInUse is what is still referred to, bytes.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what a finalizer or a pool has kept for one more round
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func descriptors(t *testing.T) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(d)
}

// TestSessionsLeaveNothing begins and ends many sessions, each of which creates, writes, unlinks and closes a checkpoint:
// afterwards there are as many descriptors and goroutines as before, no record of any of them, and no more memory in use.
func TestSessionsLeaveNothing(t *testing.T) {
	f := newFixture(t, nil)
	last := f.application()
	last.must(wire.OpNodeStatus, nil, nil, nil)
	cycle := func() {
		a, err := newApplication(nil, f.dir, wire.Hello{Program: "test"})
		if err != nil {
			t.Fatal(err)
		}
		a.t = t
		a.open(1, "brief", nil)
		a.create(1, "s", "content")
		a.must(wire.OpUnlink, &wire.UnlinkRequest{Name: "brief"}, nil, nil)
		a.must(wire.OpClose, &wire.HandleRequest{Open: 1}, nil, nil)
		a.bus.Close()
		a.socket.Close()
	}
	idle := func() {
		eventually(t, "the sessions have ended and the director knows", func() bool {
			f.n.mu.Lock()
			left := len(f.n.sessions) + len(f.n.checkpoints)
			f.n.mu.Unlock()
			f.n.names.mu.Lock()
			left += len(f.n.names.locks)
			f.n.names.mu.Unlock()
			d := &f.n.director
			d.mu.Lock()
			left += len(d.pending) + len(d.ended)
			d.mu.Unlock()
			return left == 1 && f.server.NumClients() == 3
		})
	}
	const warmUp, cycles = 50, 300
	for range warmUp {
		cycle()
	}
	idle()
	heap, goroutines, files, subjects := heapInUse(), runtime.NumGoroutine(), descriptors(t), f.o.Conn.NumSubscriptions()
	for range cycles {
		cycle()
	}
	idle()
	eventually(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	if n := descriptors(t); n > files {
		t.Errorf("%d descriptors more", n-files)
	}
	if n := f.o.Conn.NumSubscriptions(); n != subjects {
		t.Errorf("%d subscriptions, before %d", n, subjects)
	}
	// The stand-in for the director keeps some 100 bytes of each.
	const perCycle = 512
	if grown := heapInUse() - heap; grown > cycles*perCycle {
		t.Errorf("%d bytes more in use after %d sessions", grown, cycles)
	}
}

// TestRequestsLeaveNothing opens, writes, reads and closes many times in one session.
func TestRequestsLeaveNothing(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "stays", nil)
	a.create(1, "s", "content")
	open := uint64(1)
	cycle := func() {
		open++
		a.open(open, "stays", nil)
		a.must(wire.OpOverwrite, updateOf(open, "s", 3, 0), nil, []byte("new"))
		a.read(open, "s")
		a.must(wire.OpClose, &wire.HandleRequest{Open: open}, nil, nil)
		a.mu.Lock()
		clear(a.waiting)
		a.mu.Unlock()
	}
	const warmUp, cycles = 200, 4000
	for range warmUp {
		cycle()
	}
	heap := heapInUse()
	for range cycles {
		cycle()
	}
	const perCycle = 128 // bytes; buffers that grow to their size once take 100 KB in all
	if grown := heapInUse() - heap; grown > cycles*perCycle {
		t.Errorf("%d bytes more in use after %d cycles", grown, cycles)
	}
	info, err := os.Stat(journalPath(f.n.sessionsDir(), a.welcome.Session))
	if err != nil {
		t.Fatal(err)
	}
	if limit := int64(journalCompactAfter * 128); info.Size() > limit {
		t.Errorf("a journal of %d bytes for one open checkpoint, limit %d", info.Size(), limit)
	}
}

// TestExpiryIsTriedAgain lets a section expire while its removal takes another replica, which can't be reached, and then does
// not any more.
func TestExpiryIsTriedAgain(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	id := a.open(1, "expires", nil).Checkpoint
	at := time.Now().Add(300 * time.Millisecond).UnixNano()
	a.must(wire.OpSectionCreate, updateOf(1, "s", 0, at), nil, nil)
	place := func(inSync ...string) {
		f.d.reconfigure(id, func(c *wire.Config) {
			c.InSync = inSync
			c.Epoch.Counter++
		})
		eventually(t, "the configuration is obeyed", func() bool {
			c := f.n.checkpoint(id)
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.config.InSync) == len(inSync)
		})
	}
	place("a", "b")
	eventually(t, "another attempt is due", func() bool {
		f.n.expiry.mu.Lock()
		defer f.n.expiry.mu.Unlock()
		i := f.n.expiry.e.items[id]["s"]
		return i != nil && i.at > at
	})
	place("a")
	eventually(t, "the section has expired", func() bool {
		_, code := a.read(1, "s")
		return code == wire.NotExist
	})
}

// TestExpiryPutOff: the wall clock is stepped back between the moment at which a section's time has come and the removal.
func TestExpiryPutOff(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	id := a.open(1, "put off", nil).Checkpoint
	at := time.Now().Add(time.Hour).UnixNano()
	a.must(wire.OpSectionCreate, updateOf(1, "s", 0, at), nil, nil)
	key := sectionKey{id, "s"}
	f.n.expiry.remove(key) // as due did by the clock that was ahead
	f.n.expiry.expire(key, at)
	eventually(t, "the section is watched again", func() bool {
		f.n.expiry.mu.Lock()
		defer f.n.expiry.mu.Unlock()
		i := f.n.expiry.e.items[id]["s"]
		return i != nil && i.at == at
	})
	if _, code := a.read(1, "s"); code != wire.OK {
		t.Fatal(code)
	}
}
