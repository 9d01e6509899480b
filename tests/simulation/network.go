package simulation

import (
	"time"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// network carries messages between nodes, and between nodes and directors. Those between nodes may be lost, doubled and
// late in any order; those to and from directors may be lost and late, but keep their order, as over one connection.
type network struct {
	loss    float64
	double  float64
	late    float64 // share of messages that are late
	lateMax time.Duration
	slow    time.Duration       // added to every delay
	cut     map[[2]string]int   // ends of a cut: how many cuts there are
	ordered map[[2]string]int64 // arrival of the last message that keeps order
}

// directorsName stands for the directors' end of a connection.
const directorsName = "directors"

const (
	delayMin = 50 * time.Microsecond
	delayMax = 800 * time.Microsecond
)

// delay draws how long a message takes.
func (w *world) delay() time.Duration {
	d := w.between(delayMin, delayMax) + w.network.slow
	if w.network.lateMax > 0 && w.chance(w.network.late) {
		d += w.between(0, w.network.lateMax)
	}
	return d
}

// lost reports whether a message does not arrive.
func (w *world) lost(from, to string) bool {
	return w.network.cut[[2]string{from, to}] > 0 || w.chance(w.network.loss)
}

// inOrder has a message arrive after those sent before it.
func (w *world) inOrder(from, to string, arrive func()) {
	if w.lost(from, to) {
		return
	}
	key := [2]string{from, to}
	t := max(w.now+int64(w.delay()), w.network.ordered[key]+1)
	w.network.ordered[key] = t
	w.at(t, arrive)
}

// kindMessage is the kind of frame that messages travel in here; the node directors' own carrier is not simulated.
const kindMessage wire.Kind = 'n'

// send carries a message between node directors as its encoding, so that nothing is shared.
func (w *world) send(from, to *node, checkpoint uint64, m replication.Message) {
	w.stats.Messages++
	copies := 1
	if w.chance(w.network.double) {
		copies = 2
	}
	frame, err := wire.Encode(kindMessage, nil, m)
	if err != nil {
		w.failf("message of kind %d cannot be encoded: %v", m.Kind(), err)
		return
	}
	for range copies {
		if w.lost(from.name, to.name) {
			if w.trace != nil {
				w.tracef("%s > %s %d %s LOST", from.name, to.name, checkpoint, brief(m))
			}
			continue
		}
		w.after(w.delay(), func() {
			if w.trace != nil {
				w.tracef("%s > %s %d %s", from.name, to.name, checkpoint, brief(m))
			}
			d, err := wire.NewDecoder(frame)
			received := replication.NewMessage(m.Kind())
			if err == nil {
				err = d.Value(received)
				d.Release()
			}
			if err != nil {
				w.failf("message of kind %d cannot be decoded: %v", m.Kind(), err)
				return
			}
			if checkpoint != 0 {
				received = &envelope{received, checkpoint}
			}
			to.deliver(from.name, received)
		})
	}
}
