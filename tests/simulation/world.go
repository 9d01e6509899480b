package simulation

import (
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"time"
)

// world is one simulated cluster and its time. Everything that happens is an event in its queue, carried out by one
// goroutine in the order of time; all that is random comes from rng. So a seed determines the whole run.
type world struct {
	seed    uint64
	rng     *rand.Rand
	p       profile
	now     int64 // true time, ns; no node knows it
	queue   events
	ordinal uint64

	dir       *runDir
	network   network
	nodes     []*node
	directors *directors
	faults    faults
	history   records
	watch     watch
	sessions  uint64 // last session number given out
	values    uint64 // last value written
	healed    bool   // no more faults, no more operations but the last reads
	closing   bool   // no section expires any more

	trace   io.Writer // nil: none
	failure error     // the first one
	stats   Stats
}

type event struct {
	at      int64
	ordinal uint64
	do      func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].ordinal < e[j].ordinal
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push implements heap.Interface.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }

// Pop implements heap.Interface.
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return x
}

// at has something done at a true time.
func (w *world) at(t int64, do func()) {
	w.ordinal++
	heap.Push(&w.queue, event{max(t, w.now), w.ordinal, do})
}

// after has something done when a duration has passed.
func (w *world) after(d time.Duration, do func()) { w.at(w.now+int64(d), do) }

// run carries events out until a true time, or a failure.
func (w *world) run(until int64) {
	for len(w.queue) > 0 && w.queue[0].at <= until && w.failure == nil {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		w.stats.Events++
		e.do()
		if w.stats.Events > eventsMax {
			w.failf("more than %d events: something goes on without end", eventsMax)
		}
	}
	if w.failure == nil {
		w.now = max(w.now, until)
	}
}

// failf notes that something is wrong with the service, and ends the run.
func (w *world) failf(format string, args ...any) {
	if w.failure == nil {
		w.failure = fmt.Errorf("at %v: "+format, append([]any{time.Duration(w.now)}, args...)...)
		w.tracef("FAILURE %v", w.failure)
	}
}

// tracef tells what happens, if somebody wants to know.
func (w *world) tracef(format string, args ...any) {
	if w.trace != nil {
		fmt.Fprintf(w.trace, "%12.6f "+format+"\n", append([]any{float64(w.now) / 1e9}, args...)...)
	}
}

// chance is true with a probability.
func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

// between draws a duration.
func (w *world) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.rng.Int64N(int64(high-low)+1))
}

// pick draws one of a list that is not empty.
func pick[T any](w *world, list []T) T { return list[w.rng.IntN(len(list))] }

func (w *world) segmentDir(n *node) string { return filepath.Join(w.dir.path, n.name) }
