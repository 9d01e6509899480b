package agent

import (
	"errors"
	"time"

	"libckpt/internal/wire"
)

// errLost says that one connection went away while the other was being made.
var errLost = errors.New("connection lost")

// keep connects whenever something needs the service, until the agent is closed.
func (a *Agent) keep() {
	defer close(a.stopped)
	k := &keeper{a: a}
	for !k.round() {
	}
	k.end()
}

// keeper owns the connections. Only its goroutine makes and closes them.
type keeper struct {
	a       *Agent
	socket  *socket
	bus     *bus
	welcome *wire.Welcome // of the session, from when it was first given
	dialled *wire.Welcome // the one bus was made with
	renewed bool          // the session is new and nothing has been opened in it yet
	pause   time.Duration
	refused string // the last refusal the user was told of
}

// round goes from down to up and back to down once. It reports whether the agent was closed.
func (k *keeper) round() (closed bool) {
	defer k.a.guard("keeper")
	defer func() {
		if p := recover(); p != nil {
			time.Sleep(reconnectMax) // whatever is wrong must not eat a processor
			panic(p)
		}
	}()
	if k.awaitNeed() {
		return true
	}
	if err := k.connect(); err != nil {
		var no *refusal
		if errors.As(err, &no) {
			if no.text != k.refused {
				k.a.warn(no.text)
			}
			k.refused = no.text
			k.a.refuse(no.code)
		}
		k.pause = min(max(2*k.pause, reconnectMin), reconnectMax)
		select {
		case <-time.After(k.pause):
		case <-k.a.stop:
			return true
		}
		return false
	}
	k.pause, k.refused = 0, ""
	select {
	case <-k.socket.lost:
	case <-k.bus.lost:
	case <-k.a.stop:
		return true
	}
	k.a.goDown()
	return false
}

// awaitNeed waits until a connection is wanted. It reports whether the agent was closed instead.
func (k *keeper) awaitNeed() (closed bool) {
	for !k.a.needed() {
		select {
		case <-k.a.kicked:
		case <-k.a.stop:
			return true
		}
	}
	select {
	case <-k.a.stop:
		return true
	default:
		return false
	}
}

// needed reports whether anything is open or waits.
func (a *Agent) needed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.checkpoints) > 0 || len(a.free) < len(a.slots) || len(a.waiters) > 0 || len(a.ups) > 0 || len(a.asks) > 0
}

// kick makes the keeper look whether it is needed.
func (a *Agent) kick() {
	select {
	case a.kicked <- struct{}{}:
	default:
	}
}

// connect makes the connections that are missing and, in a new session, opens all checkpoints again.
func (k *keeper) connect() error {
	if k.socket != nil && isClosed(k.socket.lost) {
		k.socket.close()
		k.socket = nil
	}
	if k.bus != nil && isClosed(k.bus.lost) {
		k.dropBus()
	}
	if k.socket == nil {
		if err := k.greet(); err != nil {
			return err
		}
	}
	if k.bus == nil {
		b, err := k.a.dialBus(k.welcome)
		if err != nil {
			return err
		}
		k.bus, k.dialled = b, k.welcome
	}
	if k.renewed {
		done := k.a.beginRestore(k.bus, k.socket)
		select {
		case <-done:
		case <-k.socket.lost:
		case <-k.bus.lost:
		case <-k.a.stop:
		}
		if !isClosed(done) {
			k.a.goDown()
			return errLost
		}
		k.renewed = false
	}
	if isClosed(k.socket.lost) || isClosed(k.bus.lost) {
		return errLost
	}
	k.a.goUp(k.bus, k.socket, k.welcome.MaxWrite)
	return nil
}

// greet opens the session socket. A bus connection of another session is given up.
func (k *keeper) greet() error {
	hello := &wire.Hello{Program: k.a.program}
	if k.welcome != nil {
		hello.Session, hello.Secret = k.welcome.Session, k.welcome.Secret
	}
	s, w, err := k.a.dialSocket(hello)
	if err != nil {
		return err
	}
	k.socket = s
	if k.welcome == nil || w.Session != k.welcome.Session {
		k.a.feeds.ownSession(w.Session)
		k.a.beginSession()
		k.renewed = true
	}
	if d := k.dialled; d != nil && (d.Session != w.Session || d.User != w.User || d.Password != w.Password || d.Cluster != w.Cluster || d.Node != w.Node) {
		k.dropBus()
	}
	k.welcome = w
	return nil
}

func (k *keeper) dropBus() {
	if k.bus != nil {
		k.bus.close()
	}
	k.bus, k.dialled = nil, nil
}

// end closes the connections, telling the node director that it is on purpose.
func (k *keeper) end() {
	k.a.goDown()
	if k.socket != nil {
		k.socket.bye()
		k.socket.close()
	}
	k.dropBus()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// goDown stops sending.
func (a *Agent) goDown() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phase, a.bus, a.socket = down, nil, nil
}

// goUp starts sending: first what waits, then whoever waited for the connection is told.
func (a *Agent) goUp(b *bus, s *socket, maxWrite uint64) {
	out, asks, ups := a.goUpLocked(b, s, maxWrite)
	for _, m := range out {
		a.transmit(m)
	}
	for _, k := range asks {
		k.send(s)
	}
	for _, w := range ups {
		w.done(wire.OK)
	}
	a.feeds.checkSoon()
}

func (a *Agent) goUpLocked(b *bus, s *socket, maxWrite uint64) (out []sending, asks []*ask, ups []*upWaiter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, nil, nil
	}
	a.phase, a.bus, a.socket, a.maxWrite = up, b, s, maxWrite
	out = a.resumeLocked(out)
	for _, k := range a.asks {
		asks = append(asks, k)
	}
	ups, a.ups = a.ups, nil
	return out, asks, ups
}

// resumeLocked returns everything unanswered that may be sent now.
func (a *Agent) resumeLocked(out []sending) []sending {
	for i := range a.slots {
		r := a.slots[i].request
		if r == nil {
			continue
		}
		if r.pieces != nil {
			r.pieces.reset()
			continue
		}
		if s := a.sendingLocked(r); s.bus != nil {
			out = append(out, s)
		}
	}
	a.changed.Broadcast()
	return a.advanceLocked(out)
}

// refuse ends everything that waits with the node director's reason.
func (a *Agent) refuse(code Code) {
	for _, f := range a.refuseLocked(code) {
		f()
	}
}

func (a *Agent) refuseLocked(code Code) (calls []func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.slots {
		if r := a.slots[i].request; r != nil {
			calls = append(calls, func() { a.finish(r, code) })
		}
	}
	for _, r := range append(a.waiters[:len(a.waiters):len(a.waiters)], a.restores...) {
		calls = append(calls, func() { a.finish(r, code) })
	}
	for _, w := range a.ups {
		calls = append(calls, func() { w.done(code) })
	}
	a.ups = nil
	return calls
}

// beginSession starts over in a new session, which knows nothing of the old one's requests. Those that may have been
// carried out and must not be twice have an unknown fate; a close has happened with the old session.
func (a *Agent) beginSession() {
	for _, f := range a.beginSessionLocked() {
		f()
	}
}

func (a *Agent) beginSessionLocked() (calls []func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gen++
	var again []*request
	for i := range a.slots {
		r := a.slots[i].request
		switch {
		case r == nil:
		case r.op == wire.OpClose:
			calls = append(calls, func() { a.finish(r, wire.OK) })
		case r.restore || !r.certainlyNot() && !r.repeatable():
			calls = append(calls, func() { a.finish(r, wire.Timeout) })
		default:
			again = append(again, r)
		}
	}
	for _, r := range again {
		if r.certainlyNot() {
			r.handed, r.turned = 0, 0
		}
		if r.frame != nil {
			r.data = r.frame[uint64(len(r.frame))-r.total:]
			r.frame = nil
		}
		if r.pieces != nil {
			*r.pieces = pieces{}
		}
		a.endLocked(r)
		r.state = waiting
	}
	a.waiters = append(again, a.waiters...)
	return calls
}
