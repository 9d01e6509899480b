package agent

import (
	"sync"

	"libckpt/internal/wire"
)

// EventKind says what an Event is.
type EventKind uint8

// Kinds of events.
const (
	Opened       EventKind = iota + 1 // an OpenAsync ended
	Synchronized                      // a SynchronizeAsync ended
	Arrival                           // another handle wrote
	Track                             // another handle wrote or deleted
	Consumed                          // another process wrote or deleted, or a section expired
)

// Event is one callback due.
type Event struct {
	Kind       EventKind
	Checkpoint *Checkpoint // nil for an Opened that failed
	Tag        uint64      // OpenOptions.Tag of the checkpoint
	Invocation uint64      // Opened, Synchronized: as given at the start
	Code       Code        // Opened, Synchronized: how it ended
	Segment    int         // Opened: descriptor of the local replica, -1 without; the receiver closes it
	// Elements are the parts of sections that changed, as written (Arrival, Track, Consumed); size 0: deleted, or the size
	// is 0. Shared with other receivers: read only.
	Elements []Element
	// Data are the bytes written, those of the elements one after the other (Consumed); nil when they did not come
	// along: then they have to be read. Read only, too.
	Data []byte
}

// notification reports whether the event is one of those that are made good later when there is no room.
func (e *Event) notification() bool {
	return e.Kind == Arrival || e.Kind == Track || e.Kind == Consumed
}

// Element names a part of a section: ID, Offset and Size in bytes.
type Element = wire.Element

// Signal is told about a Library's queue. Its methods are called under the queue's lock: they must be short and
// must not call the Library.
type Signal interface {
	// Ring: one event more waits, or the Library was closed.
	Ring()
	// Raise: from now on an event waits. Lower: none waits any more. They alternate, Raise first.
	Raise()
	Lower()
}

// queue holds the events of one Library in order.
type queue struct {
	mu     sync.Mutex
	signal Signal // nil: nobody is told
	events []Event
	first  int // events before it were taken
	data   int // bytes of Data of the events that wait
	raised bool
	closed bool
	full   bool // notifications were turned away since the queue was last half empty
}

func (q *queue) lenLocked() int { return len(q.events) - q.first }

// push appends an event. It reports false when the queue is closed or, for notifications, full.
func (q *queue) push(e Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if e.notification() && (q.full || q.lenLocked() >= QueueMax) {
		q.full = true
		return false
	}
	if q.data+len(e.Data) > QueueDataMax {
		e.Data = nil
	}
	q.data += len(e.Data)
	if q.first > 0 && q.first >= len(q.events)/2 && len(q.events) == cap(q.events) {
		n := copy(q.events, q.events[q.first:])
		clear(q.events[n:])
		q.events, q.first = q.events[:n], 0
	}
	q.events = append(q.events, e)
	q.showLocked()
	if q.signal != nil {
		q.signal.Ring()
	}
	return true
}

// showLocked makes the signal agree with the queue.
func (q *queue) showLocked() {
	waits := q.lenLocked() > 0
	if waits == q.raised {
		return
	}
	q.raised = waits
	if q.signal == nil {
		return
	}
	if waits {
		q.signal.Raise()
	} else {
		q.signal.Lower()
	}
}

// next takes the oldest event. room is set when notifications that were turned away fit again.
func (q *queue) next() (e Event, ok, room, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return e, false, false, true
	}
	if q.lenLocked() > 0 {
		e, ok = q.events[q.first], true
		q.events[q.first] = Event{}
		q.first++
		q.data -= len(e.Data)
		if q.lenLocked() == 0 {
			q.events, q.first = q.shrunkLocked(), 0
		}
	}
	q.showLocked()
	if q.full && q.lenLocked() <= QueueMax/2 {
		q.full, room = false, true
	}
	return e, ok, room, false
}

// shrunkLocked is an empty slice that does not keep the memory of a queue that was long once.
func (q *queue) shrunkLocked() []Event {
	if cap(q.events) > 1024 {
		return nil
	}
	return q.events[:0]
}

// drop removes the events that match. The signal stays raised if nothing is left: the next call of next lowers it.
func (q *queue) drop(match func(*Event) bool) (dropped []Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.events[q.first:q.first]
	for _, e := range q.events[q.first:] {
		if match(&e) {
			dropped = append(dropped, e)
			q.data -= len(e.Data)
		} else {
			kept = append(kept, e)
		}
	}
	clear(q.events[q.first+len(kept):])
	q.events = q.events[:q.first+len(kept)]
	return dropped
}

// close drops everything and turns later events away.
func (q *queue) close() (dropped []Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	dropped, q.events, q.first = q.events[q.first:], nil, 0
	if q.signal != nil {
		q.signal.Ring()
		q.signal = nil
	}
	return dropped
}

// withSignal calls f under the queue's lock, so that a Signal can change how it tells; false if the queue is closed.
func (q *queue) withSignal(f func(raised bool)) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	f(q.raised)
	return true
}
