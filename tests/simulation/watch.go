package simulation

import (
	"bytes"
	"path/filepath"
	"slices"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// watch holds what must be true at every moment.
type watch struct {
	deleted map[uint64]int64 // checkpoints that the directors have deleted, and when
	known   map[uint64]wire.Config
	moved   map[uint64][]int64    // when the active was moved, and when the new one began
	began   map[uint64]wire.Epoch // last epoch in which an active has acted
	rebuilt bool                  // the directors' store was lost
	losses  map[uint64]uint64     // updates of asynchronous checkpoints that the service says are lost

	accepted map[uint64][]int64           // when an operator accepted that updates of a checkpoint are lost
	apart    map[uint64][]int64           // when a former active of a checkpoint went on ("headless: continue")
	expiries map[uint64]map[uint64]string // sections that expired, by checkpoint and update
}

func newWatch() watch {
	return watch{
		deleted: make(map[uint64]int64), known: make(map[uint64]wire.Config), moved: make(map[uint64][]int64),
		losses: make(map[uint64]uint64), began: make(map[uint64]wire.Epoch),
		accepted: make(map[uint64][]int64), apart: make(map[uint64][]int64),
		expiries: make(map[uint64]map[uint64]string),
	}
}

// roles checks that no two replicas of a checkpoint act as the active one. With "headless: continue" a former active of an
// asynchronous one may go on beside the next, or after it: with each of their inputs the active has moved, and what
// Synchronize has kept may not be seen. It is called after each input of a core.
func (x *watch) roles(k *checkpoint) {
	d := k.d
	w := d.w
	if k.gone || !k.core.Acting(d.n.monotonic()) {
		return
	}
	e := k.config.Epoch
	if x.began[k.id].Less(e) {
		x.began[k.id] = e
		x.moved[k.id] = append(x.moved[k.id], w.now)
	}
	alone := w.p.alone && k.config.Attributes.CreationFlags&wire.FlagAllReplicas == 0
	apart := alone && e.Less(x.began[k.id])
	for _, n := range w.nodes {
		if n == d.n {
			continue
		}
		other := n.acts(k.id)
		switch f := n.files[k.id]; {
		case alone && (other == nil || other.config.Epoch != e):
			apart = apart || other != nil || f != nil && f.deadline > n.monotonic()
		case other != nil:
			w.failf("two active replicas of checkpoint %d: on %s (epoch %v) and %s (epoch %v)", k.id, d.n.name, e,
				n.name, other.config.Epoch)
		}
	}
	if apart {
		x.moved[k.id] = append(x.moved[k.id], w.now)
		x.apart[k.id] = append(x.apart[k.id], w.now)
		w.stats.Apart++
	}
}

// acts gives the node's replica of a checkpoint if it acts as the active one.
func (n *node) acts(id uint64) *checkpoint {
	if n.director == nil {
		return nil
	}
	if k := n.director.checkpoints[id]; k != nil && !k.gone && k.core.Acting(n.monotonic()) {
		return k
	}
	return nil
}

func (x *watch) lost(k *checkpoint, count uint64) {
	x.losses[k.id] += count
	if k.config.Attributes.CreationFlags&wire.FlagAllReplicas != 0 {
		k.d.w.failf("updates of checkpoint %d, which is synchronous, are lost", k.id)
	}
}

// accept notes that an operator accepts the loss of updates: what is known from then on need not be all.
func (x *watch) accept(w *world, id uint64) {
	x.accepted[id] = append(x.accepted[id], w.now)
	x.moved[id] = append(x.moved[id], w.now)
}

// acceptAll does so for all checkpoints that clients have used.
func (x *watch) acceptAll(w *world) {
	for _, o := range w.history.operations {
		if len(x.accepted[o.checkpoint]) == 0 {
			x.accept(w, o.checkpoint)
		}
	}
}

// expired checks that all nodes tell of the same section that has expired by an update.
func (x *watch) expired(k *checkpoint, e *wire.Event) {
	if x.expiries[k.id] == nil {
		x.expiries[k.id] = make(map[uint64]string)
	}
	if section, known := x.expiries[k.id][e.Update]; known && section != string(e.Expired) {
		k.d.w.failf("update %d of checkpoint %d: section %q has expired elsewhere, %q on %s", e.Update, k.id, section, e.Expired, k.d.n.name)
	}
	x.expiries[k.id][e.Update] = string(e.Expired)
}

// gone notes that a checkpoint does not exist any more.
func (x *watch) gone(w *world, id uint64) { x.deleted[id] = w.now }

// forget begins anew: what the directors knew is lost, and with it what was deleted and not heard of by all nodes.
func (x *watch) forget(w *world) {
	for id := range x.known {
		x.moved[id] = append(x.moved[id], w.now)
	}
	clear(x.known)
	clear(x.deleted)
	x.rebuilt = true
}

// configured compares the directors' configurations with the last ones.
func (x *watch) configured(w *world, configs []wire.Config) {
	now := make(map[uint64]wire.Config, len(configs))
	for _, c := range configs {
		now[c.Checkpoint] = c
		if _, deleted := x.deleted[c.Checkpoint]; deleted {
			w.failf("checkpoint %d was deleted and is back", c.Checkpoint)
		}
		if old, known := x.known[c.Checkpoint]; known && old.Active != c.Active || !known && x.rebuilt {
			x.moved[c.Checkpoint] = append(x.moved[c.Checkpoint], w.now)
		}
	}
	for id := range x.known {
		if _, exists := now[id]; !exists {
			x.gone(w, id)
		}
	}
	x.known = now
}

// quiet checks what must be true when the cluster has come to rest.
func (w *world) quiet() {
	configs := w.directors.configs()
	for i := range configs {
		w.quietConfig(&configs[i])
	}
	for _, n := range w.nodes {
		if n.director == nil {
			continue
		}
		for _, id := range n.director.numbers() {
			k := n.director.checkpoints[id]
			foreign := k.config.Epoch.Generation < w.directors.generation
			if !k.gone && !foreign && !slices.ContainsFunc(configs, func(c wire.Config) bool { return c.Checkpoint == id }) {
				w.failf("%s still has checkpoint %d, which does not exist", n.name, id)
			}
		}
	}
}

// quietConfig checks that the in-sync replicas of a checkpoint are equal.
func (w *world) quietConfig(c *wire.Config) {
	var first *checkpoint
	for _, name := range c.InSync {
		n := w.nodeNamed(name)
		if n.director == nil || n.director.checkpoints[c.Checkpoint] == nil || n.director.checkpoints[c.Checkpoint].segment == nil {
			w.failf("%s is in the in-sync set of checkpoint %d and has no replica", name, c.Checkpoint)
			return
		}
		k := n.director.checkpoints[c.Checkpoint]
		if c.Active != "" {
			k.segment.Marked(func(s segment.Section) bool {
				w.failf("%s: section %q of checkpoint %d is still marked (update %d)", name, s.ID, c.Checkpoint, s.Number)
				return false
			})
		}
		w.whole(k)
		if name == c.Active {
			w.punctual(k)
		}
		if first == nil {
			first = k
		} else if c.Active != "" {
			w.same(first, k)
		}
	}
}

// whole checks that what a write of several sections has left in one of them is not missing in another.
func (w *world) whole(k *checkpoint) {
	values := make(map[uint64][]string)
	timed := make(map[string]bool) // the last update may be one that set the expiration
	for _, o := range w.history.operations {
		switch {
		case o.checkpoint != k.id:
		case o.do == opWrite && len(o.sections) > 1:
			values[o.value] = o.sections
		case o.do == opExpiration:
			timed[o.sections[0]] = true
		}
	}
	k.store.Sections(func(s segment.Section) bool {
		if s.Corrupted || timed[string(s.ID)] {
			return true
		}
		for _, other := range values[w.valueIn(k, s.ID)] {
			if t, exists := k.store.Lookup([]byte(other)); exists && t.Number < s.Number {
				w.failf("checkpoint %d on %s: update %d wrote section %q and not %q", k.id, k.d.n.name, s.Number, s.ID, other)
			}
		}
		return true
	})
}

// valueIn is the value of a section that is there.
func (w *world) valueIn(k *checkpoint, id []byte) uint64 {
	buf := make([]byte, w.p.size+1)
	n, err := k.store.ReadAt(id, 0, buf)
	if err != nil {
		w.failf("checkpoint %d on %s: section %q: %v", k.id, k.d.n.name, id, err)
	}
	value, ok := valueOf(buf[:n], w.p.size)
	if !ok {
		w.failf("checkpoint %d on %s: section %q has no value that was written", k.id, k.d.n.name, id)
	}
	return value
}

// same compares two replicas.
func (w *world) same(a, b *checkpoint) {
	if a.segment.Number() != b.segment.Number() {
		w.failf("checkpoint %d: last update %d on %s, %d on %s", a.id, a.segment.Number(), a.d.n.name, b.segment.Number(), b.d.n.name)
	}
	list := func(k *checkpoint) (all []segment.Section) {
		k.store.Sections(func(s segment.Section) bool {
			all = append(all, s)
			return true
		})
		return all
	}
	x, y := list(a), list(b)
	weak := a.config.Attributes.Weak() // a write that was cut off corrupts one replica
	equal := slices.EqualFunc(x, y, func(s, t segment.Section) bool {
		return bytes.Equal(s.ID, t.ID) && s.Number == t.Number && s.Size == t.Size && s.Expiration == t.Expiration &&
			s.LastUpdate == t.LastUpdate && (s.Corrupted == t.Corrupted || weak)
	})
	if !equal {
		w.failf("checkpoint %d: sections on %s %+v, on %s %+v", a.id, a.d.n.name, x, b.d.n.name, y)
		return
	}
	for i := range x {
		if x[i].Corrupted || y[i].Corrupted {
			continue
		}
		p, q := make([]byte, x[i].Size), make([]byte, x[i].Size)
		a.segment.ReadAt(x[i].ID, 0, p)
		b.segment.ReadAt(x[i].ID, 0, q)
		if !bytes.Equal(p, q) {
			w.failf("checkpoint %d: section %q differs between %s and %s", a.id, x[i].ID, a.d.n.name, b.d.n.name)
		}
	}
	results := func(k *checkpoint) (all []segment.Result) {
		k.store.Results(func(r segment.Result) bool {
			if w.lives(r.Session) { // those of ended sessions may be left behind, and are never asked for
				all = append(all, r)
			}
			return true
		})
		return all
	}
	if !slices.EqualFunc(results(a), results(b), func(r, s segment.Result) bool {
		return r.Session == s.Session && r.Slot == s.Slot && r.Number == s.Number && bytes.Equal(r.Blob, s.Blob)
	}) {
		w.failf("checkpoint %d: results on %s %+v, on %s %+v", a.id, a.d.n.name, results(a), b.d.n.name, results(b))
	}
}

// lives reports whether a session has not ended.
func (w *world) lives(session uint64) bool {
	return slices.ContainsFunc(w.nodes, func(n *node) bool { return n.session[session] != nil })
}

// lateMax is how long after its time a section may be there at most, while nothing is broken.
const lateMax = 2 * time.Second

// punctual checks that no section of an active replica is there whose time has come.
func (w *world) punctual(k *checkpoint) {
	k.store.Sections(func(s segment.Section) bool {
		if s.Expiration <= k.d.n.wall()-int64(lateMax) {
			w.failf("checkpoint %d on %s: section %q has been over for %v", k.id, k.d.n.name, s.ID, time.Duration(k.d.n.wall()-s.Expiration))
		}
		return true
	})
}

// noResults checks that checkpoints keep nothing any more of requests of sessions that have ended while nothing was broken,
// and whose node directors knew that they may have written there.
func (w *world) noResults(ended map[handleKey]bool) {
	for _, c := range w.directors.configs() {
		if c.Active == "" {
			continue // nobody there to drop them
		}
		for _, name := range c.InSync {
			w.nodeNamed(name).director.checkpoints[c.Checkpoint].store.Results(func(r segment.Result) bool {
				if ended[handleKey{r.Session, c.Checkpoint}] {
					w.failf("checkpoint %d on %s: the result of request %d of session %d is left, which has ended", c.Checkpoint, name, r.Number, r.Session)
				}
				return true
			})
		}
	}
}

// nothing checks that nothing is left anywhere of what nobody has open.
func (w *world) nothing() {
	if w.watch.rebuilt {
		return // what was not restored is kept for the operator
	}
	if configs := w.directors.configs(); len(configs) > 0 {
		w.failf("nobody has checkpoint %d open, and it is still there: %+v", configs[0].Checkpoint, configs[0])
		return
	}
	for _, n := range w.nodes {
		files, err := filepath.Glob(filepath.Join(w.segmentDir(n), "*"))
		if err != nil || len(files) > 0 || len(n.files) > 0 || len(n.director.checkpoints) > 0 {
			w.failf("%s has nothing to keep and keeps %v, %d checkpoints (%v)", n.name, files, len(n.director.checkpoints), err)
		}
	}
}
