package agent

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"libckpt/internal/wire"
)

func elements(ids ...string) (out []Element) {
	for _, id := range ids {
		out = append(out, Element{ID: []byte(id), Size: 1})
	}
	return out
}

func event(n uint64, id string) wire.Event {
	return wire.Event{Checkpoint: 7, Update: n, Writer: 1, Elements: elements(id)}
}

// watcher opens checkpoint 7 at update 10 with notifications.
func (f *fake) watcher(a *Agent, n Notify) *Checkpoint {
	f.t.Helper()
	if err := a.Library().SetNotify(f.ctx(), n); err != nil {
		f.t.Fatal(err)
	}
	return f.open(a)
}

func (f *fake) next(a *Agent) string {
	f.t.Helper()
	e, err := a.Library().Next(f.ctx())
	if err != nil {
		f.t.Fatal(err)
	}
	s := fmt.Sprint(e.Kind)
	for _, x := range e.Elements {
		s += " " + string(x.ID)
	}
	return s
}

func (f *fake) expectNext(a *Agent, want ...string) {
	f.t.Helper()
	for _, w := range want {
		if got := f.next(a); got != w {
			f.t.Fatalf("got event %q, want %q", got, w)
		}
	}
}

func TestEventsInOrderToAllButTheWriter(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.watcher(a, NotifyArrival|NotifyTrack)
	own := event(12, "own")
	own.Writer = c.open
	gone := event(13, "gone")
	gone.Deleted = true
	f.events(event(10, "old"), event(11, "x"), own, gone, wire.Event{Checkpoint: 7, Update: 14}, event(15, "y"))
	f.expectNext(a, "3 x", "4 x", "4 gone", "3 y", "4 y") // 3 arrival, 4 track
}

func TestGapIsRepairedExactly(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	f.watcher(a, NotifyTrack)
	f.onRequest(func(f *fake, q *frame) {
		var r wire.ChangesRequest
		switch {
		case q.Op != wire.OpChanges:
			f.ok(q, nil)
		case q.body(f.t, &r) != nil && r.Since == 11: // pages: one event each
			f.ok(q, &wire.ChangesReply{Update: 12, Exact: true, Events: []wire.Event{event(12, "b")}})
		case r.Since == 12:
			f.events(event(15, "e")) // comes while the repair runs
			f.ok(q, &wire.ChangesReply{Update: 14, Exact: true, Events: []wire.Event{event(13, "c"), event(14, "d")}})
		default:
			f.ok(q, &wire.ChangesReply{Update: r.Since, Exact: true})
		}
	})
	f.events(event(11, "a"))
	f.events(event(14, "d"))
	f.expectNext(a, "4 a", "4 b", "4 c", "4 d", "4 e")
}

func TestGapThatIsForgottenBecomesWholeSections(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	f.watcher(a, NotifyTrack)
	f.onRequest(func(f *fake, q *frame) {
		if q.Op == wire.OpChanges {
			f.ok(q, &wire.ChangesReply{Update: 20, Whole: elements("p", "q")})
			return
		}
		f.ok(q, nil)
	})
	f.events(event(20, "q"))
	f.expectNext(a, "4 p", "4 q")
	f.events(event(21, "r"))
	f.expectNext(a, "4 r")
}

// An event that says that others were lost is not taken for one that changed nothing, though its number is the next one.
func TestMissedEventIsAskedFor(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	f.watcher(a, NotifyTrack)
	f.onRequest(func(f *fake, q *frame) {
		if q.Op == wire.OpChanges {
			f.ok(q, &wire.ChangesReply{Update: 11, Whole: elements("p")})
			return
		}
		f.ok(q, nil)
	})
	missed := event(11, "")
	missed.Elements, missed.Missed = nil, true
	f.events(missed)
	f.expectNext(a, "4 p")
	f.events(event(12, "q"))
	f.expectNext(a, "4 q")
}

func TestLostEventsAreFoundWithoutALaterOne(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	f.watcher(a, NotifyTrack)
	f.onRequest(func(f *fake, q *frame) {
		var n wire.NotifyRequest
		switch q.Op {
		case wire.OpNotify:
			q.body(f.t, &n)
			r := wire.NotifyReply{}
			for range n.Opens {
				r.Updates = append(r.Updates, 12)
			}
			f.ok(q, &r)
		case wire.OpChanges:
			f.ok(q, &wire.ChangesReply{Update: 12, Exact: true, Events: []wire.Event{event(11, "a"), event(12, "b")}})
		default:
			f.ok(q, nil)
		}
	})
	f.disconnect() // every new connection is a reason to look
	f.listen()
	f.expectNext(a, "4 a", "4 b")
}

func TestEventBeforeTheReplyToItsOpen(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	f.onRequest(func(f *fake, q *frame) {
		switch q.Op {
		case wire.OpOpen:
			f.events(event(11, "a"))
			f.eventually("event taken", func() bool {
				a.feeds.mu.Lock()
				defer a.feeds.mu.Unlock()
				return a.feeds.early[7] == 11
			})
			f.ok(q, nil)
		case wire.OpChanges:
			f.ok(q, &wire.ChangesReply{Update: 11, Exact: true, Events: []wire.Event{event(11, "a")}})
		default:
			f.ok(q, nil)
		}
	})
	f.watcher(a, NotifyTrack)
	f.expectNext(a, "4 a")
}

func TestFullQueueBecomesWholeSections(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	f.watcher(a, NotifyTrack)
	const more = 1000
	last := uint64(10 + QueueMax + more)
	var asked atomic.Uint64
	f.onRequest(func(f *fake, q *frame) {
		var r wire.ChangesRequest
		if q.Op != wire.OpChanges {
			f.ok(q, nil)
			return
		}
		q.body(f.t, &r)
		asked.Store(r.Since)
		f.ok(q, &wire.ChangesReply{Update: last, Whole: elements("whole")})
	})
	for n := uint64(11); n <= last; {
		var batch []wire.Event
		for ; n <= last && len(batch) < wire.EventsPerFrame; n++ {
			batch = append(batch, event(n, "s"))
		}
		f.events(batch...)
	}
	d := func() *feed {
		a.feeds.mu.Lock()
		defer a.feeds.mu.Unlock()
		return a.feeds.byID[7]
	}
	f.eventually("all taken", func() bool {
		x := d()
		a.feeds.mu.Lock()
		defer a.feeds.mu.Unlock()
		return x.newest == last
	})
	for i := range QueueMax {
		if got := f.next(a); got != "4 s" {
			t.Fatalf("event %d: %q", i, got)
		}
	}
	f.expectNext(a, "4 whole")
	if asked.Load() != 10+QueueMax {
		t.Fatalf("asked for what came after %d", asked.Load())
	}
	f.events(event(last+1, "t"))
	f.expectNext(a, "4 t")
}

func TestNotifySwitchedOnAndOff(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.open(a)
	f.onRequest(func(f *fake, q *frame) {
		if q.Op == wire.OpNotify {
			f.ok(q, &wire.NotifyReply{Updates: []uint64{20}})
			return
		}
		f.ok(q, nil)
	})
	done := make(chan Code, 1)
	c.StartNotify(NotifyTrack, time.Second, func(r *Result) { done <- r.Code })
	if code := <-done; code != wire.OK {
		t.Fatal(code)
	}
	f.events(event(20, "old"), event(21, "new"))
	f.expectNext(a, "4 new")
	c.StartNotify(0, time.Second, func(r *Result) { done <- r.Code })
	<-done
	f.events(event(22, "off"))
	c.SynchronizeAsync(9, time.Second)
	f.expectNext(a, "2")
}
