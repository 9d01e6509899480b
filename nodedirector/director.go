package nodedirector

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// directorState is what the node director knows of the active director.
type directorState struct {
	ready chan struct{} // closed with the first registration
	wake  chan struct{} // for control: look at once
	work  chan struct{} // for settle: look at once

	// gate is held shared while a request is under way and its answer is obeyed, and exclusively to register and for
	// heartbeats whose answer is obeyed: so the configurations in their answers never overtake each other.
	gate sync.RWMutex

	mu         sync.Mutex
	leading    uint64          // says which director leads (wire.Changed)
	asking     context.Context // ends when another leads: the one before does not answer any more
	stopAsking context.CancelFunc
	registered chan struct{} // closed while registered
	isReg      bool
	once       bool
	cluster    [16]byte
	generation uint64    // the greatest seen
	version    uint64    // of the configurations known
	asked      time.Time // when a request was last sent
	heard      time.Time
	server     string               // the director that answered last
	pending    map[*checkpoint]bool // openers to be settled with the director
	ended      []uint64             // sessions to be reported
}

func (d *directorState) init() {
	d.asking, d.stopAsking = context.WithCancel(context.Background())
	d.ready = make(chan struct{})
	d.wake = make(chan struct{}, 1)
	d.work = make(chan struct{}, 1)
	d.registered = make(chan struct{})
	d.pending = make(map[*checkpoint]bool)
}

// follows notes which director leads. What was asked of the one before ends: who waits for it asks again, and the heartbeat
// does not wait for that until the node is taken for down.
func (d *directorState) follows(leading uint64) (another bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if leading == d.leading {
		return false
	}
	d.stopAsking()
	d.asking, d.stopAsking = context.WithCancel(context.Background())
	d.leading = leading
	return true
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// reconcile has the director told, soon and until it has heard, whether this node has a checkpoint open.
func (d *directorState) reconcile(c *checkpoint) {
	d.mu.Lock()
	d.pending[c] = true
	d.mu.Unlock()
	nudge(d.work)
}

// sessionEnded has the director told that a session's requests can be forgotten.
func (d *directorState) sessionEnded(id uint64) {
	d.mu.Lock()
	if len(d.ended) < sessionEndsMax {
		d.ended = append(d.ended, id)
	}
	d.mu.Unlock()
	nudge(d.work)
}

// state gives a channel that is closed once the node director is registered.
func (d *directorState) state() (registered <-chan struct{}, is bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.registered, d.isReg
}

func (d *directorState) setRegistered(version uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.version = version
	if !d.isReg {
		d.isReg = true
		close(d.registered)
	}
	if !d.once {
		d.once = true
		close(d.ready)
	}
}

func (d *directorState) setUnknown() {
	d.mu.Lock()
	if d.isReg {
		d.isReg = false
		d.registered = make(chan struct{})
	}
	d.mu.Unlock()
	nudge(d.wake)
}

func (n *Node) clusterID() [16]byte {
	n.director.mu.Lock()
	defer n.director.mu.Unlock()
	return n.director.cluster
}

// errAway: no director answers. errUnsure: one may have done what was asked.
var (
	errAway   = errors.New("no director answers")
	errUnsure = errors.New("no answer from the director")
)

// ask asks the active director, again and again until a deadline (CLOCK_MONOTONIC ns), and reads the answer into out
// (nil: none). The requests are such that a repetition is harmless. The code is the director's; without an answer it is
// TRY_AGAIN if nothing can have been done, TIMEOUT if something may have been. With code OK it calls obey (nil: nothing)
// before any other answer of the director is read: so a configuration never replaces a later one.
func (n *Node) ask(op wire.DirectorOp, body, out any, deadline int64, obey func()) (code wire.Code, text string) {
	unsure := false
	for {
		registered, _ := n.director.state()
		rest := time.Duration(deadline - monotonic())
		if rest > 0 && waitFor(n.ctx, registered, rest) {
			n.director.gate.RLock()
			head, err := n.askOnce(op, body, out, min(rest, directorTryTimeout))
			if err == nil && head.Error == wire.OK && !head.Unknown && obey != nil {
				obey()
			}
			n.director.gate.RUnlock()
			switch {
			case errors.Is(err, errUnsure), err == nil && head.Error == wire.Timeout:
				unsure = true
			case err != nil:
			case head.Unknown:
				n.director.setUnknown()
			case head.Error != wire.TryAgain:
				return head.Error, head.Text
			default:
				text = head.Text
			}
			rest = time.Duration(deadline - monotonic())
		}
		// A last attempt with too little time would only make the outcome uncertain.
		if rest <= directorRetryWait+directorTryMin || n.ctx.Err() != nil {
			if unsure {
				return wire.Timeout, text
			}
			return wire.TryAgain, text
		}
		waitFor(n.ctx, nil, directorRetryWait)
	}
}

// waitFor waits for a channel to be closed, at most that long, and reports whether it is.
func waitFor(ctx context.Context, c <-chan struct{}, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-c:
		return true
	case <-ctx.Done():
	case <-t.C:
	}
	return false
}

// askOnce sends one request to the director. The error is errAway or errUnsure.
func (n *Node) askOnce(op wire.DirectorOp, body, out any, wait time.Duration) (wire.DirectorReply, error) {
	var head wire.DirectorReply
	frame, err := wire.Encode(wire.KindDirector, nil,
		&wire.DirectorRequest{Op: op, Node: n.o.Node, Incarnation: n.incarnation}, body)
	if err != nil {
		n.log.Error("request to the director", "reason", err)
		return head, errAway
	}
	ctx, cancel := context.WithTimeout(n.ctx, wait)
	defer cancel()
	n.director.mu.Lock()
	n.director.asked = time.Now()
	if op != wire.DirectorOperator { // an operator waits for what has been begun, if need be
		defer context.AfterFunc(n.director.asking, cancel)()
	}
	n.director.mu.Unlock()
	m, err := n.o.Conn.RequestWithContext(ctx, wire.SubjectDirector(n.o.Cluster), frame)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, nats.ErrTimeout):
		return head, errUnsure
	case err != nil: // nobody listens, or it was not sent
		return head, errAway
	}
	d, err := wire.NewDecoder(m.Data)
	if err == nil {
		defer d.Release()
		if d.Kind != wire.KindDirected {
			err = &wire.FormatError{Reason: "not an answer of a director"}
		} else if err = d.Value(&head); err == nil && head.Error == wire.OK && !head.Unknown && out != nil {
			err = d.Value(out)
		}
	}
	if err != nil {
		n.malformedMessage("director", err)
		return wire.DirectorReply{}, errUnsure
	}
	n.director.mu.Lock()
	defer n.director.mu.Unlock()
	if head.Generation != 0 && head.Generation < n.director.generation {
		if n.logDirector.allow() {
			n.log.Error("a director of an earlier generation answers: not obeyed", "generation", head.Generation,
				"known", n.director.generation)
		}
		return wire.DirectorReply{}, errAway
	}
	n.director.generation = max(n.director.generation, head.Generation)
	n.director.heard, n.director.server = time.Now(), head.Server
	return head, nil
}
