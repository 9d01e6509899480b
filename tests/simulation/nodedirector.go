package simulation

import (
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
	"libckpt/nodedirector/store"
)

// nodeDirector is the process around the cores of one node: it carries out their effects, talks to the directors and
// serves sessions.
type nodeDirector struct {
	n           *node
	w           *world
	dead        bool
	incarnation uint64
	begun       int64 // monotonic
	pairs       *replication.Pairs
	checkpoints map[uint64]*checkpoint
	pairsTimer  timer
	link        directorLink
	sessions    map[uint64]*session
	names       map[string]bool // openings, closings and unlinks under way
	token       replication.Token
	serial      uint64 // of the last core
	calls       map[replication.Token]*call
	expiring    map[replication.Token]*expiring
	ending      map[replication.Token]*checkpoint // ends of sessions under way
}

// checkpoint is what the node director has of one: a replica, or openers, or both.
type checkpoint struct {
	d       *nodeDirector
	id      uint64
	name    string
	core    *replication.Core
	config  wire.Config
	known   bool
	gone    bool
	ending  int // ends of sessions under way
	opens   map[handleKey]bool
	segment *segment.Replica // nil: no replica here
	store   mortal
	file    *file
	timer   timer
	pending []replication.Effect // not carried out yet

	watching    bool             // this node removes expired sections
	expirations map[string]int64 // of sections that expire, wall clock
	expiryTimer timer
	told        uint64 // last update that applications were told of
}

type handleKey struct{ session, open uint64 }

// halfMade ends the name of a segment that is being created.
const halfMade = ".new"

// timer has something done once, not before its time.
type timer struct {
	due   int64 // true time; 0 = not set
	round uint64
}

func newNodeDirector(n *node) *nodeDirector {
	d := &nodeDirector{
		n: n, w: n.w, incarnation: n.incarnation, begun: n.monotonic(), checkpoints: make(map[uint64]*checkpoint),
		sessions: make(map[uint64]*session), names: make(map[string]bool), calls: make(map[replication.Token]*call),
		expiring: make(map[replication.Token]*expiring), ending: make(map[replication.Token]*checkpoint),
	}
	d.pairs = replication.NewPairs(replication.PairsOptions{
		Node: n.name, Incarnation: n.incarnation, Start: n.monotonic(), Adopted: n.adopted,
	})
	return d
}

// start takes over what the last process left: replicas and sessions.
func (d *nodeDirector) start() {
	left, _ := filepath.Glob(filepath.Join(d.w.segmentDir(d.n), "*"+halfMade))
	for _, path := range left {
		os.Remove(path)
	}
	for _, id := range d.n.fileNumbers() {
		d.attach(id)
	}
	for _, id := range slices.Sorted(maps.Keys(d.n.session)) {
		d.restoreSession(d.n.session[id])
	}
	d.restoreResults()
	for _, id := range d.numbers() {
		k := d.checkpoints[id]
		if k.segment == nil {
			continue
		}
		kept, err := k.store.Kept()
		if err != nil {
			d.w.failf("%s: kept state of checkpoint %d: %v", d.n.name, id, err)
			return
		}
		if kept == nil {
			d.remove(k) // its creation was cut off
			continue
		}
		k.core.Attach(d.n.monotonic(), k.store, kept, false)
		d.pairs.Learned(replication.VersionOf(&kept.Config))
		config := kept.Config
		d.obey(&config, false)
	}
	d.setPeers()
	d.beatDue()
	d.everyHeartbeat()
}

// attach opens a segment that an earlier process wrote. Nobody is to read it until the core says so.
func (d *nodeDirector) attach(id uint64) {
	path, f := d.n.path(id), d.n.files[id]
	var err error
	d.n.change(path, func() {
		var seg *segment.Replica
		if seg, err = segment.Attach(path, nil); err == nil {
			d.checkpointOf(id, seg.Identity().Name).setSegment(seg, f)
		}
	})
	switch {
	case errors.Is(err, segment.ErrGone), f.removed && errors.Is(err, fs.ErrNotExist):
		delete(d.n.files, id)
		return
	case err != nil:
		d.w.failf("%s: segment of checkpoint %d: %v", d.n.name, id, err)
		return
	}
	k := d.checkpoints[id]
	s := k.segment.State()
	s.Readable = false
	d.n.change(path, func() { k.segment.SetState(s) })
}

func (k *checkpoint) setSegment(seg *segment.Replica, f *file) {
	k.segment, k.file = seg, f
	k.store = mortal{store.New(seg), k}
}

func (d *nodeDirector) numbers() []uint64 { return slices.Sorted(maps.Keys(d.checkpoints)) }

// checkpointOf finds or makes what is known of a checkpoint.
func (d *nodeDirector) checkpointOf(id uint64, name string) *checkpoint {
	k := d.checkpoints[id]
	if k == nil {
		k = &checkpoint{d: d, id: id, name: name, opens: make(map[handleKey]bool)}
		d.serial++
		k.core = replication.New(replication.Options{
			Node: d.n.name, Incarnation: d.incarnation, Checkpoint: id, Pairs: d.pairs, Start: d.begun,
			Serial: d.serial, Continue: d.w.p.alone,
		})
		d.checkpoints[id] = k
	}
	return k
}

// obey gives a configuration to its core. fresh: no data of the checkpoint exists anywhere else.
func (d *nodeDirector) obey(config *wire.Config, fresh bool) {
	if d.checkpoints[config.Checkpoint] == nil && d.link.registered && config.Version <= d.link.version {
		return // an old answer, about a checkpoint that is none of this node's business any more
	}
	k := d.checkpointOf(config.Checkpoint, config.Name)
	if k.gone {
		return
	}
	d.pairs.Learned(replication.VersionOf(config))
	if k.known && config.Epoch.Generation == k.config.Epoch.Generation && config.Version < k.config.Version {
		return
	}
	if config.Epoch.Generation < k.config.Epoch.Generation {
		d.w.failf("%s was given a configuration of a lower generation: %+v after %+v", d.n.name, config, k.config)
		return
	}
	k.config, k.known = *config, true
	member := slices.Contains(config.InSync, d.n.name)
	joining := slices.Contains(config.Joining, d.n.name)
	if k.segment != nil && member && fresh && !k.complete() {
		k.core.Detach(d.n.monotonic())
		d.effects(k)
		d.remove(k) // nothing was ever written: an empty replica is as good as any
	}
	switch {
	case k.segment == nil && (joining || member && fresh):
		if !d.create(k, fresh && member) {
			return
		}
	case k.segment != nil && !joining && !member:
		k.core.Detach(d.n.monotonic())
		d.effects(k)
		d.remove(k)
	}
	d.setPeers()
	d.w.tracef("%s obeys %d: epoch %d version %d active %s in-sync %v joining %v open %v", d.n.name, k.id, config.Epoch.Counter,
		config.Version, config.Active, config.InSync, config.Joining, config.Open)
	k.core.Configure(d.n.monotonic(), config)
	d.effects(k)
	d.forget(k)
}

// complete reports whether the replica is one that lacks nothing.
func (k *checkpoint) complete() bool {
	kept, err := k.store.Kept()
	return err == nil && kept != nil && kept.Complete
}

// create makes a replica.
func (d *nodeDirector) create(k *checkpoint, complete bool) bool {
	n := d.n
	a := &k.config.Attributes
	if n.tear == 1 { // what has not got its name yet is of no use to the next process, and does it no harm
		n.w.stats.Torn++
		if err := os.WriteFile(n.path(k.id)+halfMade, make([]byte, 100), 0o600); err != nil {
			n.w.failf("%v", err)
		}
		panic(crashed{n})
	}
	seg, err := segment.Create(d.w.segmentDir(n), segment.Identity{
		Node: n.name, Checkpoint: k.id, Name: k.name,
		Attributes: segment.Attributes{
			CreationFlags: a.CreationFlags, MaxSections: a.MaxSections, MaxSectionSize: a.MaxSectionSize,
			MaxSectionIDSize: a.MaxSectionIDSize, RetentionDuration: a.RetentionDuration,
		},
	}, nil)
	if err != nil {
		d.w.failf("%s: segment of checkpoint %d: %v", n.name, k.id, err)
		return false
	}
	n.files[k.id] = &file{checkpoint: k.id}
	k.setSegment(seg, n.files[k.id])
	n.step()
	k.core.Attach(n.monotonic(), k.store, nil, complete)
	d.effects(k)
	return true
}

// remove deletes a replica.
func (d *nodeDirector) remove(k *checkpoint) {
	k.file.removed = true
	if d.n.tear == 1 {
		d.removeHalf(k)
	}
	delete(d.n.files, k.id)
	seg := k.segment
	k.segment, k.store, k.file = nil, mortal{}, nil
	if err := seg.Remove(); err != nil {
		d.w.failf("%s: segment of checkpoint %d: %v", d.n.name, k.id, err)
	}
}

// removeHalf dies between closing the segment to its readers and removing the file.
func (d *nodeDirector) removeHalf(k *checkpoint) {
	d.n.w.stats.Torn++
	path := d.n.path(k.id)
	aside := path + ".aside"
	err := os.Link(path, aside)
	if err == nil {
		err = k.segment.Remove()
	}
	if err == nil {
		err = os.Rename(aside, path)
	}
	if err != nil {
		d.w.failf("%s: segment of checkpoint %d: %v", d.n.name, k.id, err)
	}
	panic(crashed{d.n})
}

// drop deletes what is left of a checkpoint that does not exist any more.
func (d *nodeDirector) drop(id uint64) {
	k := d.checkpoints[id]
	if k == nil {
		return
	}
	d.w.tracef("%s drops %d", d.n.name, id)
	k.core.Delete(d.n.monotonic())
	d.effects(k)
	k.gone = true
	if k.segment != nil {
		d.remove(k)
	}
	d.setPeers()
	d.forget(k)
}

// forget removes a checkpoint that nothing holds.
func (d *nodeDirector) forget(k *checkpoint) {
	concerned := k.known && !k.gone && (k.segment != nil || slices.Contains(k.config.InSync, d.n.name) ||
		slices.Contains(k.config.Joining, d.n.name) || slices.Contains(k.config.Open, d.n.name))
	idle := !concerned && len(k.opens) == 0 && !d.names[k.name] && k.ending == 0
	if (k.gone || idle) && d.checkpoints[k.id] == k {
		k.gone = true
		delete(d.checkpoints, k.id) // whoever has it open still has a handle that is bad
	}
}

// setPeers tells the leases which nodes share a checkpoint with this one.
func (d *nodeDirector) setPeers() {
	peers := make(map[string]bool)
	for _, k := range d.checkpoints {
		if k.segment == nil || k.gone || !k.known {
			continue
		}
		for _, list := range [][]string{k.config.InSync, k.config.Joining} {
			for _, name := range list {
				peers[name] = true
			}
		}
	}
	d.pairs.SetPeers(d.n.monotonic(), slices.Sorted(maps.Keys(peers)))
	d.beatDue()
}

// deliver takes a message from another node.
func (n *node) deliver(from string, m replication.Message) {
	n.enter(func(d *nodeDirector) {
		switch m := m.(type) {
		case *replication.Beat:
			restarted := d.pairs.Receive(n.monotonic(), from, m)
			for _, id := range d.numbers() {
				k := d.checkpoints[id]
				if k == nil {
					continue
				}
				if restarted {
					k.core.Restarted(n.monotonic(), from)
					d.effects(k)
				}
				k.core.Tick(n.monotonic())
				d.effects(k)
			}
			d.beatDue()
		case *envelope:
			k := d.checkpoints[m.checkpoint]
			if k == nil || k.gone {
				return
			}
			k.core.Receive(n.monotonic(), n.wall(), from, m.Message)
			d.effects(k)
		}
	})
}

// envelope says which checkpoint a message is about.
type envelope struct {
	replication.Message
	checkpoint uint64
}

// later has something done by this process after a duration of true time.
func (d *nodeDirector) later(after time.Duration, do func()) {
	d.w.after(after, func() {
		if !d.dead {
			d.n.enter(func(*nodeDirector) { do() })
		}
	})
}

// beatDue sends the beats that are due, and sets the timer for the next.
func (d *nodeDirector) beatDue() {
	for _, b := range d.pairs.Tick(d.n.monotonic()) {
		if to := d.w.nodeNamed(b.To); to != nil {
			d.w.send(d.n, to, 0, b.Beat)
		}
	}
	d.set(&d.pairsTimer, d.pairs.Wake(), d.beatDue)
}

// set has a timer run out when the node's clock shows a time.
func (d *nodeDirector) set(t *timer, wake int64, do func()) {
	if wake == math.MaxInt64 {
		return
	}
	due := max(d.n.clock.when(wake), d.w.now+int64(tickMin))
	if t.due > d.w.now && t.due <= due {
		return
	}
	t.due = due
	t.round++
	round := t.round
	d.w.at(due, func() {
		if d.dead || t.round != round {
			return
		}
		d.n.enter(func(*nodeDirector) {
			t.due = 0
			do()
		})
	})
}

// tick lets a core do what is due.
func (k *checkpoint) tick() {
	d := k.d
	if d.checkpoints[k.id] != k || k.gone {
		return
	}
	k.core.Tick(d.n.monotonic())
	d.effects(k)
}

// effects carries out what a core wants, and sees to it that it is called again. A node director that is stopped meanwhile
// goes on with the rest when it is continued.
func (d *nodeDirector) effects(k *checkpoint) {
	d.w.watch.roles(k)
	k.pending = append(k.pending, k.core.Effects()...)
	for len(k.pending) > 0 && !d.n.stopping() {
		e := k.pending[0]
		k.pending = k.pending[1:]
		d.n.step()
		d.perform(k, &e)
		k.pending = append(k.pending, k.core.Effects()...)
	}
	if !k.gone {
		d.set(&k.timer, k.core.Wake(), k.tick)
	}
}

func (d *nodeDirector) perform(k *checkpoint, e *replication.Effect) {
	w := d.w
	switch e.Kind {
	case replication.EffectSend:
		to := w.nodeNamed(e.To)
		if to == nil {
			w.failf("%s: message of checkpoint %d to %q", d.n.name, k.id, e.To)
			return
		}
		w.send(d.n, to, k.id, e.Message)
	case replication.EffectAnswer:
		d.answered(e)
	case replication.EffectServe:
		d.serve(k, e)
	case replication.EffectState:
		d.setState(k, &e.State)
	case replication.EffectDirector:
		d.askFor(k, e)
	case replication.EffectEvents:
		k.tell(&e.Event)
	case replication.EffectExpirations:
		k.watch(e.Watch)
	case replication.EffectLost:
		w.tracef("%s: %d updates of %d are lost with %s", d.n.name, e.Count, k.id, e.Node)
		w.watch.lost(k, e.Count)
	default:
		w.failf("effect of kind %d", e.Kind)
	}
}

// setState puts the state in the segment's header. The lease is on the simulated clock, which the segment's reader cannot
// look at: the application does so in its place.
func (d *nodeDirector) setState(k *checkpoint, s *segment.State) {
	if k.segment == nil {
		return
	}
	deadline := int64(math.MaxInt64)
	if s.LeaseDeadline != segment.NoLease {
		deadline = int64(s.LeaseDeadline)
	}
	k.file.deadline = min(k.file.deadline, deadline) // should this be cut off
	t := *s
	t.LeaseDeadline = segment.NoLease
	d.n.change(d.n.path(k.id), func() { k.segment.SetState(t) })
	k.file.deadline = deadline
}
