package simulation

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"libckpt/director"
	"libckpt/internal/wire"
)

// directors are the group of directors as node directors see it: one state that changes by commands in one order, behind a
// leader that changes, or is away, and that knows the time only by its own clock.
type directors struct {
	w          *world
	core       *director.Core
	away       bool
	term       int    // counts leaders
	generation uint64 // of the store
	answered   int64  // when the last answer is given

	heard     map[string]int64 // true time
	forgotten map[string]bool
	retention map[uint64]retention
}

type retention struct {
	guard uint64
	due   int64
}

const (
	nodeTimeout = time.Second
	nodeForget  = 8 * time.Second
	leaderTick  = 100 * time.Millisecond
	// generationStep is the time between two stores, ns, of which generations are made.
	generationStep = 1e15
)

// directorRequest is one of four: a command, a heartbeat, a registration.
type directorRequest struct {
	from      director.From
	command   func(director.From) director.Command
	heartbeat *wire.HeartbeatRequest
	register  *registration
}

type registration struct {
	controller bool
	boot       int
	cluster    [16]byte
	replicas   []director.Announced
}

type directorReply struct {
	generation uint64
	result     *director.Result
	changes    *wire.HeartbeatReply
	unknown    bool
}

func newDirectors(w *world) *directors {
	s := &directors{
		w: w, generation: generationStep, core: director.NewCore(), heard: make(map[string]int64), forgotten: make(map[string]bool),
		retention: make(map[uint64]retention),
	}
	s.core.LimitPages(w.p.pageBytes)
	s.core.Apply(&director.Found{Cluster: [16]byte{1}, Generation: generationStep, First: 1})
	s.every()
	return s
}

// receive takes a request, if there is a leader.
func (s *directors) receive(r *directorRequest, reply func(*directorReply)) {
	if s.away {
		return
	}
	if s.core.Registered(r.from) {
		s.heard[r.from.Node] = s.w.now
	}
	term := s.term
	answer := func(a *directorReply) {
		// Committing takes a moment, and answers keep the order of the requests; a leader that is one no more does not answer,
		// but what it did is done.
		s.answered = max(s.answered, s.w.now+int64(s.w.between(100*time.Microsecond, time.Millisecond)))
		a.generation = s.core.Generation()
		s.w.at(s.answered, func() {
			if s.term == term && !s.away {
				reply(a)
			}
		})
	}
	switch {
	case r.heartbeat != nil:
		if !s.core.Registered(r.from) {
			answer(&directorReply{unknown: true})
			return
		}
		changes := s.core.Heartbeat(r.from.Node, *r.heartbeat)
		changes.Configs = slices.Clone(changes.Configs)
		answer(&directorReply{changes: &changes})
	case r.register != nil:
		u := &director.NodeUp{
			From: r.from, Host: r.from.Node, BootID: fmt.Sprint(r.register.boot), Controller: r.register.controller,
			ReplicasMax: 100, Replicas: r.register.replicas, Holder: s.core.Incarnation(r.from.Node),
			Fresh: s.fresh(r.from.Node), Cluster: r.register.cluster,
		}
		result := s.apply(u)
		if result.Code == wire.OK {
			s.heard[r.from.Node] = s.w.now
			delete(s.forgotten, r.from.Node)
		}
		answer(&directorReply{result: result})
	default:
		answer(&directorReply{result: s.apply(r.command(r.from))})
	}
}

func (s *directors) fresh(name string) bool {
	t, ok := s.heard[name]
	return ok && s.w.now-t <= int64(nodeTimeout)
}

// apply commits a command.
func (s *directors) apply(c director.Command) *director.Result {
	w := s.w
	before := s.core.Version()
	entry, err := director.EncodeCommand(c)
	if err != nil {
		w.failf("%v", err)
	}
	if c, err = director.DecodeCommand(entry); err != nil {
		w.failf("%v", err)
	}
	r := s.core.Apply(c)
	if w.trace != nil {
		w.tracef("directors: %s: %v %s version %d", describe(c), r.Code, r.Text, s.core.Version())
	}
	if err := s.core.Check(); err != nil {
		w.failf("directors' state after %#v: %v", c, err)
	}
	for _, c := range r.Retentions {
		if !c.Running {
			delete(s.retention, c.Checkpoint)
		} else {
			s.retention[c.Checkpoint] = retention{c.Guard, w.now + c.Duration}
		}
	}
	for _, l := range r.Lost {
		w.tracef("directors: checkpoint %d LOST by %s", l.Checkpoint, l.Node)
		w.stats.Lost++
	}
	if s.core.Version() != before {
		w.watch.configured(w, s.configs())
		for _, n := range w.nodes {
			if r.Others || w.chance(0.1) {
				w.inOrder(directorsName, n.name, func() {
					n.enter(func(d *nodeDirector) { d.heartbeat() })
				})
			}
		}
	}
	return &r
}

// every does what time brings.
func (s *directors) every() {
	w := s.w
	w.after(leaderTick, s.every)
	if s.away {
		return
	}
	silence := director.Silence{Timeout: nodeTimeout}
	for _, n := range s.core.Nodes() {
		t, known := s.heard[n.Node]
		if !known {
			s.heard[n.Node] = w.now
			continue
		}
		switch silent := time.Duration(w.now - t); {
		case n.Up:
			silence.Add(n.From, silent)
		case !s.forgotten[n.Node] && silent > nodeTimeout+nodeForget:
			s.forgotten[n.Node] = true
			s.apply(&director.NodeForget{From: n.From})
		}
	}
	if down := silence.Down(); down != nil {
		s.apply(down)
	}
	var over director.RetentionOver
	for _, id := range slices.Sorted(maps.Keys(s.retention)) {
		if r := s.retention[id]; r.due <= w.now {
			over.Ended = append(over.Ended, director.Ended{Checkpoint: id, Guard: r.guard})
			delete(s.retention, id)
		}
	}
	if len(over.Ended) > 0 {
		s.apply(&over)
	}
	if s.core.Skipped() && (w.healed || w.chance(0.05)) {
		s.apply(&director.Reconsider{})
	}
}

// change makes another director the leader: what is not in the log is not known to it.
func (s *directors) change() {
	w := s.w
	s.term++
	w.tracef("directors: leader %d", s.term)
	if w.chance(0.5) {
		snapshot, err := s.core.Snapshot()
		if err == nil {
			var core *director.Core
			if core, err = director.RestoreCore(snapshot); err == nil {
				s.core = core
				s.core.LimitPages(w.p.pageBytes)
			}
		}
		if err != nil {
			w.failf("snapshot: %v", err)
		}
	}
	clear(s.heard)
	clear(s.forgotten)
	clear(s.retention)
	for _, r := range s.core.Retentions() {
		s.retention[r.Checkpoint] = retention{r.Guard, w.now + r.Duration}
	}
}

// lose makes the directors begin anew with an empty store, which the operator has them rebuild.
func (s *directors) lose() {
	w := s.w
	lost := s.generation
	s.generation += generationStep
	w.tracef("directors: STORE LOST, generation %d", s.generation)
	s.term++
	s.core = director.NewCore()
	s.core.LimitPages(w.p.pageBytes)
	w.watch.forget(w)
	s.core.Apply(&director.Found{Cluster: [16]byte{2}, Generation: s.generation, First: 1 << 32})
	s.apply(&director.Rebuild{Cluster: [16]byte{1}, Generation: lost})
	if w.chance(0.3) {
		s.waive(lost)
	}
	clear(s.heard)
	clear(s.forgotten)
	clear(s.retention)
}

// rebuilt ends the rebuilding: what has not been restored by now is not going to be.
func (s *directors) rebuilt() {
	if s.generation > generationStep {
		s.apply(&director.RebuildEnd{})
	}
}

// configs are all configurations, by number.
func (s *directors) configs() []wire.Config {
	var all []wire.Config
	r := wire.ListRequest{}
	for {
		page := s.core.List(r)
		all = append(all, page.Checkpoints...)
		if !page.More {
			break
		}
		last := page.Checkpoints[len(page.Checkpoints)-1]
		r.AfterName, r.After = last.Name, last.Checkpoint
	}
	slices.SortFunc(all, func(a, b wire.Config) int { return int(a.Checkpoint) - int(b.Checkpoint) })
	return all
}
