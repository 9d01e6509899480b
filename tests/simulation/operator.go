package simulation

import (
	"slices"
	"time"

	"libckpt/director"
	"libckpt/internal/wire"
)

// downTime is when the directors take a node for down that they have not heard of since, at the latest.
const downTime = nodeTimeout + 2*leaderTick

// operate gives the directors an operator's command, as soon as there is a leader. done may be nil.
func (s *directors) operate(c director.Command, done func(*director.Result)) {
	if s.away {
		s.w.after(retryPause, func() { s.operate(c, done) })
		return
	}
	r := s.apply(c)
	if done != nil {
		done(r)
	}
}

// lock locks a node for a while.
func (w *world) lock(n *node, d time.Duration) {
	if w.directors.away {
		return
	}
	w.directors.operate(&director.NodeLock{Name: n.name, Lock: true}, nil)
	w.lasting(2*d, func() { w.directors.operate(&director.NodeLock{Name: n.name}, nil) })
}

// remove removes a node that is down, with whatever it alone had.
func (w *world) remove(n *node, d time.Duration) {
	if w.chance(0.5) {
		n.killDirector("to be removed")
	} else if n.up && w.mayPowerOff(n) {
		n.powerOff()
	}
	w.lasting(downTime+d, n.restart)
	w.after(downTime, func() {
		if n.director == nil {
			w.directors.operate(&director.NodeRemove{Name: n.name, AcceptLoss: w.chance(0.5)}, nil)
		}
	})
}

// desert leaves a checkpoint to a stale copy: a follower is away until it is not in sync any more, and when it is back
// those that are in sync lose power. The operator accepts the loss.
func (w *world) desert(d time.Duration) {
	configs := w.directors.configs()
	if len(configs) == 0 {
		return
	}
	c := pick(w, configs)
	stale := w.nodeNamed(pick(w, c.InSync))
	if len(c.InSync) < 2 || stale.name == c.Active || stale.director == nil {
		return
	}
	stale.killDirector("to be stale")
	var off []*node
	w.lasting(3*downTime+d, func() {
		stale.restart()
		for _, n := range off {
			n.restart()
		}
	})
	w.after(downTime, func() {
		now, exists := w.watch.known[c.Checkpoint]
		if w.faults.ended || !exists || stale.files[c.Checkpoint] == nil || slices.Contains(now.InSync, stale.name) {
			return
		}
		for _, name := range now.InSync {
			if n := w.nodeNamed(name); n.up {
				n.powerOff()
				off = append(off, n)
			}
		}
		stale.restart()
	})
	w.after(2*downTime+w.between(0, 100*time.Millisecond), func() { w.recover(&c, stale) })
}

// recover makes a stale copy the only one, if those that are in sync are nowhere any more.
func (w *world) recover(c *wire.Config, from *node) {
	now, exists := w.watch.known[c.Checkpoint]
	gone := func(name string) bool { return !w.nodeNamed(name).up }
	here := slices.ContainsFunc(now.InSync, func(name string) bool { return !gone(name) })
	if w.faults.ended || w.directors.away || !exists || now.Unlinked || here {
		return
	}
	w.directors.operate(&director.Recover{Name: c.Name, Replica: from.name, AcceptLoss: true}, func(r *director.Result) {
		if r.Code == wire.OK {
			w.stats.Recovered++
			w.watch.accept(w, c.Checkpoint)
		}
	})
}

// waive gives up a node that lost power when the directors lost their store, some time later.
func (s *directors) waive(lost uint64) {
	w := s.w
	n := pick(w, w.nodes)
	if !n.up || !w.mayPowerOff(n) {
		return
	}
	n.powerOff()
	w.lasting(6*time.Second, n.restart)
	w.after(w.between(0, 2*time.Second), func() {
		if n.up {
			return
		}
		s.operate(&director.Rebuild{Cluster: [16]byte{1}, Generation: lost, Waive: n.name}, func(r *director.Result) {
			w.watch.acceptAll(w)
		})
	})
}

// stepWall steps a node's wall clock.
func (n *node) stepWall(by time.Duration) {
	n.clock.wall += int64(by)
	n.enter(func(d *nodeDirector) {
		for _, id := range d.numbers() {
			if k := d.checkpoints[id]; k != nil && k.watching {
				k.expireDue()
			}
		}
	})
}
