package simulation

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"libckpt/internal/wire"
)

// Options of a run.
type Options struct {
	Seed  uint64
	Trace io.Writer // what happens, line by line; nil: nowhere
}

// Stats counts what happened in a run.
type Stats struct {
	Events          int
	Messages        int
	Operations      int // calls of clients
	Checked         int // of them judged by the checker of linearizability
	Overlapped      int // of them under way while a fault was present
	LocalReads      int
	Faults          int
	NodeCrashes     int
	DirectorCrashes int
	Torn            int // of them between two stores to a segment
	Expired         int // sections
	Pages           int // of registrations, after the first
	Recovered       int // checkpoints, from a stale copy
	Lost            int // checkpoints given up with their last replica
	Apart           int // inputs of an active beside which a former one went on ("headless: continue")

	clients int
}

// Report is what came of a run.
type Report struct {
	Seed    uint64
	Profile string
	Stats   Stats
	Err     error // what was wrong with the service; nil: nothing
}

const (
	restTime  = 4 * time.Second  // after the last fault, for everything to settle
	wordsTime = 25 * time.Second // for the last reads
	leaveTime = 4 * time.Second  // for what nobody has open any more to be deleted
)

// Run simulates the cluster that a seed stands for. The error in the report is a violation; one that is returned is of
// the surroundings (no directory for segments).
func Run(o Options) (report Report, err error) {
	w := &world{seed: o.Seed, rng: rand.New(rand.NewPCG(o.Seed, 0x5eed)), trace: o.Trace, watch: newWatch()}
	if w.dir, err = newRunDir(); err != nil {
		return report, fmt.Errorf("simulation: %w", err)
	}
	defer w.close()
	defer func() {
		if p := recover(); p != nil {
			report = Report{Seed: o.Seed, Profile: w.p.String(), Stats: w.stats, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	w.p = drawProfile(w)
	w.tracef("seed %d: %v", o.Seed, &w.p)
	w.network = network{
		loss: w.p.loss, double: w.p.double, cut: make(map[[2]string]int), ordered: make(map[[2]string]int64),
	}
	w.directors = newDirectors(w)
	for i := range w.p.nodes {
		w.newNode(i)
	}
	for _, n := range w.nodes {
		n.powerOn()
	}
	w.live()
	w.end()
	if w.failure == nil {
		w.failure = w.check()
	}
	report = Report{Seed: o.Seed, Profile: w.p.String(), Stats: w.stats, Err: w.failure}
	return report, nil
}

// close gives mappings, descriptors and memory back.
func (w *world) close() {
	w.trace = nil
	for _, n := range w.nodes {
		for _, c := range n.clients {
			c.die()
		}
		n.killDirector("end")
	}
	w.dir.remove()
}

// live lets clients and faults work.
func (w *world) live() {
	w.run(int64(300 * time.Millisecond))
	w.everyFault()
	for w.failure == nil && w.stats.Operations < w.p.operations && w.now < int64(time.Minute) {
		w.run(w.now + int64(100*time.Millisecond))
	}
	if w.failure == nil && w.chance(0.7) {
		w.heal()
	} else {
		w.run(w.now + int64(2*time.Second))
		w.heal()
	}
}

// end waits until the cluster has come to rest, and looks at it.
func (w *world) end() {
	w.healed = true
	w.run(w.now + int64(restTime))
	until := w.now + int64(wordsTime)
	for w.failure == nil && !w.settled() && w.now < until {
		w.run(w.now + int64(100*time.Millisecond))
	}
	if w.failure != nil {
		return
	}
	w.directors.rebuilt()
	w.run(w.now + int64(time.Second))
	if !w.settled() {
		w.failf("the cluster has not come to rest %v after the last fault: %s", restTime+wordsTime, w.unsettled())
		return
	}
	waiting := 0
	for _, n := range w.nodes {
		for _, c := range n.clients {
			waiting++
			c.lastWord(slices.Sorted(maps.Keys(c.handles)), func() { waiting-- })
		}
	}
	begun := w.now
	for w.failure == nil && waiting > 0 {
		w.run(w.now + int64(100*time.Millisecond))
	}
	w.tracef("last words took %v", time.Duration(w.now-begun))
	for _, o := range w.history.operations {
		if o.call >= begun && (o.code == wire.Timeout || o.code == wire.TryAgain) && w.exists(o.checkpoint) {
			w.failf("client %d on %s: read of %q of checkpoint %d: %v, although nothing is broken", o.client, o.node, o.sections, o.checkpoint, o.code)
		}
	}
	w.run(w.now + int64(2*time.Second))
	w.closing = true
	w.run(w.now + int64(time.Second))
	w.quiet()
	if w.failure == nil {
		w.leave()
	}
}

// leave has all applications end their sessions, and looks at what is left: first of their requests, then of anything.
func (w *world) leave() {
	ended := make(map[handleKey]bool)
	for _, n := range w.nodes {
		for _, c := range n.clients {
			// What it had written to and closed before a restart of its node director, that one does not know of.
			if s := n.director.sessions[c.session]; s != nil {
				for id := range s.written {
					ended[handleKey{c.session, id}] = n.director.checkpoints[id] != nil
				}
			}
			c.call(&ask{do: opEnd}, func(*reply) {})
		}
	}
	w.run(w.now + int64(time.Second))
	w.noResults(ended)
	w.run(w.now + int64(leaveTime))
	w.nothing()
}

func (w *world) exists(checkpoint uint64) bool {
	return slices.ContainsFunc(w.directors.configs(), func(c wire.Config) bool { return c.Checkpoint == checkpoint })
}

// settled reports whether clients are idle, everybody is registered and all replicas that are to be there are in sync.
func (w *world) settled() bool { return w.unsettled() == "" }

func (w *world) unsettled() string {
	for _, n := range w.nodes {
		d := n.director
		switch {
		case d == nil:
			return n.name + " has no node director"
		case !d.link.registered:
			return n.name + " is not registered"
		}
		for _, c := range n.clients {
			if !c.idle {
				return fmt.Sprintf("client %d waits", c.id)
			}
		}
	}
	for _, c := range w.directors.configs() {
		if len(c.Joining) > 0 && c.Active != "" {
			return fmt.Sprintf("%v is joining checkpoint %d", c.Joining, c.Checkpoint)
		}
	}
	return ""
}
