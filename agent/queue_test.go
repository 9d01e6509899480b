package agent

import (
	"strings"
	"testing"
)

// trace is a Signal that writes down what it is told.
type trace struct{ strings.Builder }

func (s *trace) Ring()  { s.WriteByte('!') }
func (s *trace) Raise() { s.WriteByte('+') }
func (s *trace) Lower() { s.WriteByte('-') }

func TestQueueSignal(t *testing.T) {
	c := new(Checkpoint)
	of := func(e *Event) bool { return e.Checkpoint == c }
	var s trace
	q := &queue{signal: &s}
	step := func(what, want string, f func()) {
		t.Helper()
		s.Reset()
		f()
		if s.String() != want {
			t.Fatalf("%s: signalled %q, want %q", what, s.String(), want)
		}
	}
	push := func(c *Checkpoint) func() { return func() { q.push(Event{Kind: Synchronized, Checkpoint: c}) } }
	take := func(want bool) func() {
		return func() {
			t.Helper()
			if _, ok, _, _ := q.next(); ok != want {
				t.Fatalf("event: %v", ok)
			}
		}
	}
	step("first event", "+!", push(c))
	step("second event", "!", push(c))
	step("one taken", "", take(true))
	step("last taken", "-", take(true))
	step("none there", "", take(false))
	step("event", "+!", push(c))
	step("dropped: stays readable", "", func() { q.drop(of) })
	step("until nothing is found", "-", take(false))
	step("event", "+!", push(c))
	step("event of another", "!", push(nil))
	step("one dropped", "", func() { q.drop(of) })
	step("the other taken", "-", take(true))
	step("event", "+!", push(c))
	step("closed", "!", func() { q.close() })
	step("nobody is told any more", "", push(c))
	if _, _, _, closed := q.next(); !closed {
		t.Fatal("still open")
	}
}

func TestQueueKeepsOrderAndBound(t *testing.T) {
	q := &queue{}
	next, pushed := uint64(0), uint64(0)
	for range 5 {
		for q.push(Event{Kind: Track, Invocation: pushed}) {
			pushed++
		}
		if n := pushed - next; n != QueueMax && n != QueueMax/2 {
			t.Fatalf("%d waiting", n)
		}
		if !q.push(Event{Kind: Opened, Invocation: pushed}) {
			t.Fatal("a completion was turned away")
		}
		pushed++
		for {
			e, ok, room, _ := q.next()
			if !ok || e.Invocation != next {
				t.Fatalf("got %d, want %d", e.Invocation, next)
			}
			next++
			if room {
				break
			}
		}
	}
}
