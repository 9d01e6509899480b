package agent

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// consumer opens checkpoint 7 at update 10 with notifications of what other processes do, and their data.
func (f *fake) consumer(a *Agent) *Checkpoint {
	f.t.Helper()
	c := f.open(a)
	done := make(chan *Result, 1)
	c.StartNotify(NotifyConsume|NotifyData, time.Second, func(r *Result) { done <- r })
	if r := <-done; r.Code != wire.OK {
		f.t.Fatal(r.Code)
	}
	return c
}

// subscribed answers like a node director with checkpoint 7 at update 10, and keeps the last wish for events.
func subscribed(last *wire.NotifyRequest) func(f *fake, q *frame) {
	return func(f *fake, q *frame) {
		if q.Op != wire.OpNotify {
			f.ok(q, nil)
			return
		}
		var r wire.NotifyRequest
		q.body(f.t, &r)
		f.mu.Lock()
		*last = r
		f.mu.Unlock()
		f.ok(q, &wire.NotifyReply{Updates: slices.Repeat([]uint64{10}, len(r.Opens))})
	}
}

func (f *fake) eventsWithData(data string, events ...wire.Event) {
	out, err := wire.Encode(wire.KindEvents, [][]byte{[]byte(data)}, events)
	if err != nil {
		f.t.Fatal(err)
	}
	_ = f.nc.Publish(wire.SubjectEvents("c", f.session), out)
	_ = f.nc.Flush()
}

func (f *fake) expectConsumed(a *Agent, want ...string) {
	f.t.Helper()
	for _, w := range want {
		var e Event
		f.eventually("event "+w, func() bool {
			var ok bool
			e, ok, _ = a.Library().TryConsume()
			return ok
		})
		got := ""
		for _, x := range e.Elements {
			got += fmt.Sprintf("%s:%d+%d ", x.ID, x.Offset, x.Size)
		}
		if got += string(e.Data); e.Kind != Consumed || got != w {
			f.t.Fatalf("got event %d %q, want %q", e.Kind, got, w)
		}
	}
}

func TestConsumedEvents(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	var asked wire.NotifyRequest
	f.onRequest(subscribed(&asked))
	c := f.consumer(a)
	if !asked.On || !slices.Equal(asked.Opens, []uint64{c.open}) || !slices.Equal(asked.Data, asked.Opens) {
		t.Fatalf("asked for %+v", asked)
	}
	write := wire.Event{
		Checkpoint: 7, Update: 11, Writer: 1, Session: 99, Data: 5,
		Elements: []Element{{ID: []byte("a"), Offset: 3, Size: 2}, {ID: []byte("b"), Size: 3}},
	}
	own := wire.Event{Checkpoint: 7, Update: 12, Writer: 5, Session: f.session, Elements: elements("own")}
	created := wire.Event{Checkpoint: 7, Update: 13, Writer: 1, Session: 99, Created: true, Elements: elements("new")}
	large := wire.Event{Checkpoint: 7, Update: 14, Writer: 1, Session: 99, Elements: elements("large")}
	deleted := wire.Event{Checkpoint: 7, Update: 15, Writer: 1, Session: 99, Deleted: true, Elements: []Element{{ID: []byte("a")}}}
	expired := wire.Event{Checkpoint: 7, Update: 16, Expired: []byte("b")}
	f.eventsWithData("12345", write, own, created, large, deleted, expired)
	f.expectConsumed(a, "a:3+2 b:0+3 12345", "large:0+1 ", "a:0+0 ", "b:0+0 ")
	if _, ok, _ := a.Library().TryNext(); ok {
		t.Fatal("an event for Dispatch")
	}
}

// Data that do not belong to the event are not taken for its own.
func TestConsumedEventsWithWrongData(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	var asked wire.NotifyRequest
	f.onRequest(subscribed(&asked))
	f.consumer(a)
	short := wire.Event{Checkpoint: 7, Update: 11, Writer: 1, Session: 99, Data: 4, Elements: []Element{{ID: []byte("a"), Size: 4}}}
	other := wire.Event{Checkpoint: 7, Update: 12, Writer: 1, Session: 99, Data: 3, Elements: []Element{{ID: []byte("b"), Size: 4}}}
	f.eventsWithData("123", short, other)
	f.expectConsumed(a, "a:0+4 ", "b:0+4 ")
}

// A process is still itself in the session that it gets when its first one is lost.
func TestOwnUpdatesOfAnEarlierSession(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	for id := uint64(100); id < 100+2*sessionsMax; id++ {
		a.feeds.ownSession(id)
	}
	c := &Checkpoint{a: a, lib: a.Library(), notify: NotifyConsume}
	for session, want := range map[uint64]bool{0: true, 99: true, 100: true, 100 + sessionsMax: false, 99 + 2*sessionsMax: false} {
		c.tellLocked(&occurrence{Event: wire.Event{Update: 1, Session: session, Elements: elements("x")}})
		if _, told, _ := a.Library().TryConsume(); told != want {
			t.Errorf("session %d: told %v", session, told)
		}
	}
}

func TestQueuedDataIsBounded(t *testing.T) {
	var q queue
	data := make([]byte, QueueDataMax/4+1)
	for range 5 {
		q.push(Event{Kind: Consumed, Data: data})
	}
	for i := range 5 {
		e, ok, _, _ := q.next()
		if !ok || (e.Data != nil) != (i < 3) {
			t.Fatalf("event %d: %v, %d bytes", i, ok, len(e.Data))
		}
	}
	q.push(Event{Kind: Consumed, Data: data})
	if q.drop(func(*Event) bool { return true }); q.data != 0 {
		t.Fatalf("%d bytes are left in an empty queue", q.data)
	}
}

// What was missed and is not known exactly any more: sections that changed, and those that are gone.
func TestGoneSectionsOfAGap(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	var asked wire.NotifyRequest
	notify := subscribed(&asked)
	f.onRequest(func(f *fake, q *frame) {
		if q.Op == wire.OpChanges {
			f.ok(q, &wire.ChangesReply{Update: 20, Whole: elements("p"), Deleted: [][]byte{[]byte("d")}, Expired: [][]byte{[]byte("x")}})
			return
		}
		notify(f, q)
	})
	f.consumer(a)
	if err := a.Library().SetNotify(f.ctx(), NotifyArrival|NotifyTrack); err != nil {
		t.Fatal(err)
	}
	f.events(event(20, "p"))
	f.expectConsumed(a, "p:0+1 ", "d:0+0 ", "x:0+0 ")
	f.expectNext(a, "3 p", "4 p", "4 d")
}
