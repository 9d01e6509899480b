package simulation

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"libckpt/internal/segment"
	"libckpt/nodedirector/replication"
)

// node is a machine: a clock, memory for segments, applications, and a node director that comes and goes.
type node struct {
	w          *world
	name       string
	controller bool
	clock      clock
	boot       int  // counts up; 0 = never
	up         bool // else powered off
	deaf       bool // its node director is stopped (SIGSTOP): what is for it waits
	backlog    []func()

	// What outlives a node director, but not the machine:
	files   map[uint64]*file           // segments by checkpoint
	session map[uint64]*journal        // the records of sessions
	adopted []replication.StateVersion // up to which all configurations have been adopted
	cluster [16]byte                   // of the segments; zero = none is known

	director    *nodeDirector // nil: none runs
	incarnation uint64        // of the last one
	fuse        int           // steps until the node director dies; 0 = it does not
	tear        int           // changes of segments until it dies inside one; 0 = it does not
	unplugged   bool          // it is the whole machine that loses power then
	noRoom      bool          // there is hardly any memory for segments
	halt        int           // effects until it is stopped; 0 = it is not
	clients     []*client
}

// file is a segment. Applications' mappings outlive it.
type file struct {
	checkpoint uint64
	deadline   int64 // lease, on the node's monotonic clock; math.MaxInt64 = none needed
	removed    bool
}

// crashed is what a node director's code is interrupted with when it dies.
type crashed struct{ n *node }

func (w *world) newNode(i int) *node {
	n := &node{
		w: w, name: fmt.Sprintf("n%d", i+1), controller: i < w.p.controllers,
		files: make(map[uint64]*file), session: make(map[uint64]*journal),
	}
	n.clock = clock{mono: w.rng.Int64N(1e12) + 1e9, rate: n.drawRate(), wall: 1_700_000_000e9}
	w.nodes = append(w.nodes, n)
	return n
}

func (n *node) drawRate() float64 { return rateMin + n.w.rng.Float64()*(rateMax-rateMin) }

func (n *node) monotonic() int64 { return n.clock.monotonic(n.w.now) }
func (n *node) wall() int64      { return n.clock.wallAt(n.w.now) }

// enter runs the node director's code, which may die on the way.
func (n *node) enter(do func(d *nodeDirector)) {
	if n.director == nil {
		return
	}
	if n.deaf {
		n.backlog = append(n.backlog, func() { n.enter(do) })
		return
	}
	d := n.director
	defer func() {
		if p := recover(); p != nil {
			if c, ok := p.(crashed); !ok || c.n != n {
				panic(p)
			}
			if n.unplugged {
				n.powerOff()
			} else {
				n.killDirector("at a step")
			}
		}
	}()
	do(d)
}

// step is where a node director may die: between any two of its effects, and before and after each change of a segment.
func (n *node) step() {
	if n.fuse > 0 {
		if n.fuse--; n.fuse == 0 {
			panic(crashed{n})
		}
	}
}

// change changes the segment at path. The node director may die before and after it, and between any two stores of it.
func (n *node) change(path string, do func()) {
	n.step()
	if n.tear > 0 {
		n.tear--
		if n.tear == 0 {
			n.w.tracef("%s is cut off in a change of %s", n.name, filepath.Base(path))
			n.w.stats.Torn++
			if err := cutOff(path, n.w.rng.Uint64(), do); err != nil {
				n.w.failf("%v", err)
			}
			panic(crashed{n})
		}
	}
	do()
	n.step()
}

// full reports whether there is no room for a change.
func (n *node) full(share float64) bool { return n.noRoom && n.w.chance(share) }

// powerOn starts the machine and all that runs on it.
func (n *node) powerOn() {
	w := n.w
	n.up = true
	n.boot++
	if err := os.MkdirAll(w.segmentDir(n), 0o700); err != nil {
		w.failf("%v", err)
		return
	}
	n.startDirector()
	for range w.p.clientsPerNode {
		n.newClient()
	}
}

// powerOff loses all that was in memory.
func (n *node) powerOff() {
	w := n.w
	w.tracef("%s POWER OFF", n.name)
	w.stats.NodeCrashes++
	n.killDirector("power")
	for _, c := range n.clients {
		c.die()
	}
	n.clients = nil
	for _, f := range n.files {
		f.removed = true
	}
	n.up, n.deaf, n.unplugged, n.backlog = false, false, false, nil
	clear(n.files)
	clear(n.session)
	n.adopted, n.cluster = nil, [16]byte{}
	os.RemoveAll(w.segmentDir(n))
}

// killDirector is kill -9. Segments stay as they are.
func (n *node) killDirector(why string) {
	d := n.director
	if d == nil {
		return
	}
	n.w.tracef("%s DIES (%s)", n.name, why)
	n.w.stats.DirectorCrashes++
	n.director, n.fuse, n.tear, n.halt, n.deaf, n.backlog = nil, 0, 0, 0, false, nil
	for _, id := range d.numbers() {
		if k := d.checkpoints[id]; k.segment != nil {
			k.segment.Close()
		}
	}
	d.dead = true
}

// startDirector starts a node director on what the last one left.
func (n *node) startDirector() {
	if !n.up || n.director != nil {
		return
	}
	n.incarnation++
	n.w.tracef("%s STARTS, incarnation %d", n.name, n.incarnation)
	n.director = newNodeDirector(n)
	n.enter((*nodeDirector).start)
}

// restart starts a node director in the place of one that died. It may die while it repairs what that one left.
func (n *node) restart() {
	n.fuse, n.tear, n.unplugged = 0, 0, false
	if !n.up {
		n.powerOn()
		return
	}
	if n.director == nil && n.w.chance(0.3) {
		n.tear = 1 + n.w.rng.IntN(3)
		n.startDirector()
		n.tear = 0
	}
	n.startDirector()
}

// stop is SIGSTOP, resume SIGCONT.
func (n *node) stop() {
	if n.director != nil && !n.deaf {
		n.w.tracef("%s STOPPED", n.name)
		n.deaf = true
	}
}

// stopping reports whether the node director is stopped, between two effects.
func (n *node) stopping() bool {
	if n.halt > 0 {
		if n.halt--; n.halt == 0 {
			n.stop()
		}
	}
	return n.deaf
}

func (n *node) resume() {
	n.halt = 0
	if !n.deaf {
		return
	}
	n.w.tracef("%s CONTINUED", n.name)
	n.deaf = false
	backlog := n.backlog
	n.enter(func(d *nodeDirector) {
		for _, id := range d.numbers() {
			if k := d.checkpoints[id]; k != nil && len(k.pending) > 0 {
				d.effects(k)
			}
		}
	})
	n.backlog = nil
	for _, do := range backlog {
		do()
	}
}

// path is where a checkpoint's segment is.
func (n *node) path(checkpoint uint64) string {
	return n.w.segmentDir(n) + "/" + segment.FileName(checkpoint)
}

func (n *node) fileNumbers() []uint64 { return slices.Sorted(maps.Keys(n.files)) }

// nodeNamed finds a node; nil: there is none.
func (w *world) nodeNamed(name string) *node {
	for _, n := range w.nodes {
		if n.name == name {
			return n
		}
	}
	return nil
}
