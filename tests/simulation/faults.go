package simulation

import (
	"time"
)

// fault is something that goes wrong, and is put right after a while.
type fault uint8

const (
	faultKill    fault = iota // kill -9 of a node director, its segments stay
	faultStep                 // the same, in the middle of what it does
	faultPower                // the whole node
	faultStop                 // SIGSTOP of a node director
	faultCut                  // between two nodes
	faultOneWay               // from one node to another
	faultIsolate              // a node from all others and the directors
	faultLoss                 // many messages lost, doubled, late
	faultSlow                 // all messages are late
	faultAway                 // no directors
	faultLeader               // another leading director
	faultUnheard              // a node from the directors
	faultRate                 // clocks run differently
	faultWall                 // a wall clock is stepped
	faultTear                 // kill -9 between two stores of a change of a segment
	faultFull                 // hardly any memory for the segments of a node
	faultLock                 // an operator locks a node
	faultRemove               // an operator removes a node that is down
	faultDesert               // all that are in sync lose power; an operator recovers a stale copy
	faultKinds
	faultStore = faultKinds // the directors' store is lost; once
)

var faultNames = [...]string{"kill", "kill-at-step", "power", "stop", "cut", "one-way", "isolate", "loss", "slow", "no-directors",
	"leader", "unheard", "clock-rate", "wall-clock", "cut-off", "full", "lock", "remove", "desert", "store"}

func (f fault) String() string { return faultNames[f] }

// faults makes trouble.
type faults struct {
	open  int
	last  int64 // when one began or ended last
	ended bool
	undo  []func()
}

// present reports whether something is out of order.
func (f *faults) present() bool { return f.open > 0 }

// since reports whether something has gone wrong, or was put right, after a time.
func (f *faults) since(t int64) bool { return f.last >= t }

// every makes faults, one after the other.
func (w *world) everyFault() {
	f := &w.faults
	w.after(w.between(0, 2*w.p.faultEvery), func() {
		if f.ended {
			return
		}
		w.makeFault(pick(w, w.p.faults))
		w.everyFault()
	})
}

// for a fault that lasts: begin, and its end.
func (w *world) lasting(d time.Duration, undo func()) {
	f := &w.faults
	f.open++
	f.last = w.now
	ended := false
	end := func() {
		if !ended {
			ended = true
			f.open--
			f.last = w.now
			undo()
		}
	}
	f.undo = append(f.undo, end)
	w.after(d, end)
}

func (w *world) makeFault(f fault) {
	n := pick(w, w.nodes)
	m := pick(w, w.nodes)
	d := w.between(20*time.Millisecond, 1500*time.Millisecond)
	if w.chance(0.1) {
		d *= 3
	}
	w.tracef("FAULT %v %s %s for %v", f, n.name, m.name, d)
	w.stats.Faults++
	switch f {
	case faultKill:
		n.killDirector("killed")
		w.lasting(d, n.restart)
	case faultStep:
		if n.director == nil {
			return
		}
		n.fuse = 1 + w.rng.IntN(40)
		n.unplugged = w.chance(0.2) && w.mayPowerOff(n)
		w.lasting(d, n.restart)
	case faultTear:
		if n.director == nil {
			return
		}
		n.tear = 1 + w.rng.IntN(20)
		n.unplugged = w.chance(0.1) && w.mayPowerOff(n)
		w.lasting(d, n.restart)
	case faultFull:
		n.noRoom = true
		w.lasting(d, func() { n.noRoom = false })
	case faultLock:
		w.lock(n, d)
	case faultRemove:
		w.remove(n, d)
	case faultDesert:
		w.desert(d)
	case faultPower:
		if n.up && w.mayPowerOff(n) {
			n.powerOff()
			w.lasting(d, func() {
				if !n.up {
					n.powerOn()
				}
			})
		}
	case faultStop:
		if w.chance(0.3) {
			n.stop()
		} else {
			n.halt = 1 + w.rng.IntN(60) // in the middle of what it does
		}
		w.lasting(d, n.resume)
	case faultCut, faultOneWay:
		if n != m {
			w.cut(d, [2]string{n.name, m.name}, f == faultCut)
		}
	case faultIsolate:
		for _, m := range w.nodes {
			if n != m {
				w.cut(d, [2]string{n.name, m.name}, true)
			}
		}
		w.cut(d, [2]string{n.name, directorsName}, true)
	case faultUnheard:
		w.cut(d, [2]string{n.name, directorsName}, w.chance(0.7))
	case faultLoss:
		net := w.network
		w.network.loss, w.network.double, w.network.late = 0.3*w.rng.Float64(), 0.3*w.rng.Float64(), 0.3*w.rng.Float64()
		w.network.lateMax = w.between(0, 2*time.Second)
		w.lasting(d, func() {
			w.network.loss, w.network.double, w.network.late, w.network.lateMax = net.loss, net.double, net.late, net.lateMax
		})
	case faultSlow:
		slow := w.between(0, 200*time.Millisecond)
		w.network.slow += slow
		w.lasting(d, func() { w.network.slow -= slow })
	case faultAway:
		s := w.directors
		if s.away {
			return
		}
		s.away = true
		w.lasting(2*d, func() {
			s.away = false
			s.change()
		})
	case faultLeader:
		if !w.directors.away {
			w.directors.change()
		}
		w.faults.last = w.now
	case faultStore:
		if w.directors.generation == generationStep && !w.directors.away {
			w.directors.lose()
		}
		w.faults.last = w.now
	case faultRate:
		for _, n := range w.nodes {
			n.clock.adjust(w.now, n.drawRate())
		}
		w.faults.last = w.now
	case faultWall:
		most := 2 * time.Hour
		if w.chance(0.5) {
			most = 2 * time.Second
		}
		n.stepWall(w.between(-most, most))
		w.faults.last = w.now
	}
}

// cut loses what is sent from one to another, and the other way too.
func (w *world) cut(d time.Duration, ends [2]string, both bool) {
	cuts := [][2]string{ends}
	if both {
		cuts = append(cuts, [2]string{ends[1], ends[0]})
	}
	for _, c := range cuts {
		w.network.cut[c]++
	}
	w.lasting(d, func() {
		for _, c := range cuts {
			w.network.cut[c]--
		}
	})
}

// mayPowerOff: at most half of the nodes are off at a time, most often.
func (w *world) mayPowerOff(n *node) bool {
	off := 0
	for _, m := range w.nodes {
		if !m.up {
			off++
		}
	}
	return off == 0 || w.chance(0.1)
}

// heal puts everything right.
func (w *world) heal() {
	f := &w.faults
	f.ended = true
	for _, undo := range f.undo {
		undo()
	}
	w.network.loss, w.network.double, w.network.late, w.network.lateMax, w.network.slow = 0, 0, 0, 0, 0
	for _, n := range w.nodes {
		n.fuse, n.tear, n.unplugged, n.noRoom = 0, 0, false, false
		n.resume()
		n.startDirector()
	}
	w.tracef("HEALED")
}
