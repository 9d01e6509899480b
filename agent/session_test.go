package agent

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libckpt/internal/wire"
)

func TestResumedSessionGetsWhatWasUnanswered(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	got := make(chan struct{}, 8)
	f.onRequest(func(*fake, *frame) { got <- struct{}{} })
	done := make(chan error, 1)
	go func() { done <- c.Overwrite(f.ctx(), []byte("s"), []byte("data")) }()
	<-got
	f.onRequest(func(f *fake, q *frame) { f.ok(q, nil) })
	f.disconnect()
	f.listen()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.hello) != 2 || f.hello[1].Session != 1 || len(f.hello[1].Secret) != 16 {
		t.Fatalf("hellos %+v", f.hello)
	}
}

// renew makes the next session another one.
func (f *fake) renew() {
	f.disconnect()
	f.mu.Lock()
	f.session++
	f.mu.Unlock()
	f.listen()
}

func TestNewSessionOpensCheckpointsAgain(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	kept, lost := f.open(a), f.open(a)
	f.onRequest(func(f *fake, q *frame) {
		var o wire.OpenRequest
		if q.Op != wire.OpOpen {
			f.ok(q, nil)
		} else if q.body(f.t, &o); o.Open == lost.open {
			f.send(q, &wire.Reply{Error: wire.NotExist}, nil)
		} else {
			f.ok(q, nil)
		}
	})
	before := len(f.sent(isOp(wire.OpOpen)))
	f.renew()
	f.eventually("opened again", func() bool { return len(f.sent(isOp(wire.OpOpen))) == before+2 && a.connected() })
	for _, q := range f.sent(isOp(wire.OpOpen))[before:] {
		var o wire.OpenRequest
		if q.body(t, &o); o.Restore != 7 || o.Name != "name" || o.Flags != OpenRead|OpenWrite {
			t.Fatalf("restored by %+v", o)
		}
	}
	if err := kept.Overwrite(f.ctx(), []byte("s"), nil); err != nil {
		t.Fatal(err)
	}
	expect(t, lost.Overwrite(f.ctx(), []byte("s"), nil), wire.BadHandle)
	expect(t, lost.Close(f.ctx()), wire.BadHandle)
}

func TestNewSessionRepeatsOnlyWhatMayBeRepeated(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.open(a)
	var n atomic.Int32
	f.onRequest(func(*fake, *frame) { n.Add(1) })
	written, asked, closed := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() { written <- c.Overwrite(f.ctx(), []byte("s"), nil) }()
	go func() { _, err := c.Status(f.ctx()); asked <- err }()
	f.eventually("both sent", func() bool { return n.Load() == 2 })
	go func() { closed <- c.Close(f.ctx()) }()
	f.eventually("close sent", func() bool { return n.Load() == 3 })
	f.onRequest(func(f *fake, q *frame) {
		if q.Op == wire.OpStatus {
			f.ok(q, &wire.StatusReply{Sections: 3})
			return
		}
		f.ok(q, nil)
	})
	f.renew()
	expect(t, <-written, wire.Timeout) // it may have been done in the old session
	if err := <-closed; err != nil {   // the session's end closed it
		t.Fatal(err)
	}
	if err := <-asked; err != nil {
		t.Fatal(err)
	}
}

func TestRequestNeverSentGoesToTheNewSession(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.open(a)
	f.disconnect()
	f.eventually("loss noticed", func() bool { return !a.connected() })
	done := make(chan error, 1)
	go func() { done <- c.Overwrite(f.ctx(), []byte("s"), []byte("data")) }()
	f.eventually("in a slot", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.free) < len(a.slots)
	})
	f.renew()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var u wire.UpdateRequest
	if data := f.sent(isOp(wire.OpOverwrite))[0].body(t, &u); string(data) != "data" {
		t.Fatalf("arrived: %q", data)
	}
}

func TestRefusedSession(t *testing.T) {
	f := newFake(t)
	f.mu.Lock()
	f.welcome = func(w *wire.Welcome) { w.Error, w.Text = wire.VersionMismatch, "too old" }
	f.mu.Unlock()
	lines := make(chan string, 8)
	_, err := Dial(f.ctx(), Options{RunDir: f.dir, Warn: func(line string) { lines <- line }})
	expect(t, err, wire.VersionMismatch)
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
}

// A node director of a release that this one does not understand is named with both versions.
func TestNodeDirectorOfAnotherRelease(t *testing.T) {
	f := newFake(t)
	f.mu.Lock()
	f.release = 9
	f.mu.Unlock()
	lines := make(chan string, 8)
	_, err := Dial(f.ctx(), Options{RunDir: f.dir, Warn: func(line string) { lines <- line }})
	expect(t, err, wire.VersionMismatch)
	if line := <-lines; !strings.Contains(line, "version 9, this release speaks 1") {
		t.Error(line)
	}
}

func TestNobodyThere(t *testing.T) {
	_, err := Dial(within(t, 50*time.Millisecond), Options{RunDir: t.TempDir()})
	expect(t, err, wire.TryAgain)
}

func TestLostBusIsDialledAgain(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.open(a)
	a.mu.Lock()
	out := a.bus.out
	a.mu.Unlock()
	_ = out.Close()
	if err := c.Overwrite(f.ctx(), []byte("s"), nil); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.hello) != 1 {
		t.Fatal("the session was given up, too") // its end would close everything
	}
}

func TestOpenOfUnknownFateIsRolledBack(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	var open atomic.Pointer[frame]
	f.onRequest(func(f *fake, q *frame) {
		if q.Op == wire.OpOpen {
			open.Store(q)
			return
		}
		f.send(q, &wire.Reply{Error: wire.BadHandle}, nil)
	})
	_, err := a.Open(within(t, 50*time.Millisecond), "name", OpenOptions{Flags: OpenRead})
	expect(t, err, wire.Timeout)
	f.eventually("closed", func() bool { return len(f.sent(isOp(wire.OpClose))) == 1 })
	f.ok(open.Load(), nil) // it was carried out after all
	f.eventually("closed again", func() bool { return len(f.sent(isOp(wire.OpClose))) == 2 })
}

func TestClosingALibraryRollsBackItsOpens(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	l := a.NewLibrary(nil, nil)
	var open atomic.Pointer[frame]
	f.onRequest(func(f *fake, q *frame) {
		if q.Op == wire.OpOpen {
			open.Store(q)
			return
		}
		f.ok(q, nil)
	})
	l.OpenAsync(5, "name", OpenOptions{Flags: OpenRead}, 10*time.Second)
	f.eventually("open sent", func() bool { return open.Load() != nil })
	closed := make(chan struct{})
	l.StartClose(10*time.Second, func() { close(closed) })
	if _, _, gone := l.TryNext(); !gone {
		t.Fatal("the queue is open")
	}
	f.ok(open.Load(), nil)
	<-closed
	if len(f.sent(isOp(wire.OpClose))) != 1 {
		t.Fatal("closed before the rollback was over")
	}
}

func TestCloseGoesOnAfterItsTimeout(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.open(a)
	f.disconnect()
	f.eventually("loss noticed", func() bool { return !a.connected() })
	expect(t, c.Close(within(t, 30*time.Millisecond)), wire.Timeout)
	expect(t, c.Overwrite(f.ctx(), []byte("s"), nil), wire.BadHandle)
	f.listen()
	f.eventually("closed", func() bool { return len(f.sent(isOp(wire.OpClose))) == 1 })
}

func TestMembership(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	var left atomic.Int32
	library := a.NewLibrary(nil, nil)
	member := func(l *Library) Code { return l.RequireMember(func() { left.Add(1) }) }
	if code := member(library); code != wire.OK {
		t.Fatal(code)
	}
	tell := func(m wire.Membership) {
		out, err := wire.Encode(wire.KindMembership, nil, &m)
		if err != nil {
			t.Fatal(err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if _, err := f.conns[len(f.conns)-1].Write(out); err != nil {
			t.Fatal(err)
		}
	}
	tell(wire.Membership{Outside: true, Left: true})
	f.eventually("the Library is told", func() bool { return left.Load() == 1 })
	if code := member(a.NewLibrary(nil, nil)); code != wire.Unavailable {
		t.Errorf("outside the cluster: %v", code)
	}
	tell(wire.Membership{Outside: true, Left: true})
	tell(wire.Membership{})
	f.eventually("the node is a member again", func() bool { return member(a.NewLibrary(nil, nil)) == wire.OK })
	if n := left.Load(); n != 1 {
		t.Errorf("told %d times", n)
	}
	closed := a.NewLibrary(nil, nil)
	if code := member(closed); code != wire.OK {
		t.Fatal(code)
	}
	closed.StartClose(time.Second, func() {})
	if code := member(closed); code != wire.BadHandle {
		t.Errorf("of a closed Library: %v", code)
	}
	// It has left and come back while the agent was away: the Welcome says so.
	f.mu.Lock()
	f.welcome = func(w *wire.Welcome) { w.Membership.Left = true }
	f.mu.Unlock()
	f.disconnect()
	f.listen()
	a.kick()
	f.open(a)
	f.eventually("the one that is open is told", func() bool { return left.Load() == 2 })
}

func TestTimeIsOver(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	got := make(chan Code, 1)
	a.Library().StartUnlink("name", -time.Second, func(r *Result) { got <- r.Code })
	if code := <-got; code != wire.Timeout {
		t.Errorf("%v, want Timeout", code)
	}
}
