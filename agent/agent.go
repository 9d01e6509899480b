package agent

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"libckpt/internal/wire"
)

// Code is a SaAisErrorT value as a Go error: what the service answers. Every error of this package that is not the
// context's is a Code, or wraps one.
type Code = wire.Code

// Options say where the service is. The zero value of each field but RunDir is useful.
type Options struct {
	RunDir string // directory of the node director's socket node.sock
	// Warn gets one line for the user, from any goroutine; it must not wait. nil: WarnStderr.
	Warn func(line string)
	// SessionFD is told when the descriptor of the session's socket changes from old to new, -1 meaning none: before
	// old is closed, after new was made. A forked child should close it. nil: nobody needs to know.
	SessionFD func(old, new int)
}

// phase is how far the connection to the service has come.
type phase uint8

const (
	down      phase = iota
	restoring       // connected, with a new session: only checkpoints are being opened again
	up
)

// Agent is a process's connection to the service: one session, one bus connection, any number of Libraries.
// All its methods may be called by any number of goroutines at once.
type Agent struct {
	options   Options
	program   string
	malformed atomic.Uint64 // messages dropped
	feeds     *feeds
	library   *Library // of Agent.Open
	kicked    chan struct{}
	stop      chan struct{} // closed by Close
	stopped   chan struct{} // closed when the keeper has ended

	mu          sync.Mutex
	changed     sync.Cond // on mu: something push waits for
	closed      bool
	phase       phase
	gen         uint64 // counts the sessions this agent has had
	bus         *bus   // not nil unless phase is down
	socket      *socket
	maxWrite    uint64 // bytes of data in one request; 0 = not known
	slots       [wire.SlotsPerSession]slot
	free        []uint16                 // slots; the last one is used next
	waiters     []*request               // for a slot, in order
	restores    []*request               // the same, served before waiters
	toRestore   map[*Checkpoint]struct{} // those whose answer restoring still waits for
	restored    chan struct{}            // closed when toRestore has become empty
	asks        map[uint64]*ask
	lastAsk     uint64
	ups         []*upWaiter
	checkpoints map[uint64]*Checkpoint  // by Open number
	outside     bool                    // the node is outside the cluster, as far as is known
	members     map[*Library]func()     // to be told when it leaves: see RequireMember
	late        map[lateKey]*Checkpoint // opens that ended with Timeout and may be answered yet
	timer       *time.Timer
	timerAt     int64 // when timer runs; never = not armed
}

// slot holds one request of the session.
type slot struct {
	number  uint64   // of the last request in it
	request *request // nil: free
}

// upWaiter waits until the agent is connected.
type upWaiter struct {
	deadline int64
	done     func(Code)
}

// New makes an Agent, which connects as soon as something needs it. Close it in the end.
func New(o Options) *Agent {
	if o.Warn == nil {
		o.Warn = WarnStderr
	}
	if o.SessionFD == nil {
		o.SessionFD = func(int, int) {}
	}
	a := &Agent{
		options: o, program: program(), kicked: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
		asks: map[uint64]*ask{}, checkpoints: map[uint64]*Checkpoint{}, late: map[lateKey]*Checkpoint{},
		members: map[*Library]func(){}, timerAt: never,
	}
	a.changed.L = &a.mu
	for i := len(a.slots) - 1; i >= 0; i-- {
		a.free = append(a.free, uint16(i))
	}
	a.feeds = newFeeds(a)
	a.library = a.NewLibrary(nil, nil)
	go a.keep()
	return a
}

// Dial makes an Agent and waits until it is connected. Errors: the context's; VersionMismatch or Library if the node
// director refuses us, in which case the line for the user went to Options.Warn.
func Dial(ctx context.Context, o Options) (*Agent, error) {
	a := New(o)
	_, err := a.wait(ctx, func(d time.Duration, done func(*Result)) {
		a.StartUp(d, func(c Code) { done(&Result{Code: c}) })
	})
	if err != nil {
		a.Close()
		return nil, fmt.Errorf("connect to the node director in %s: %w", o.RunDir, err)
	}
	return a, nil
}

// StartUp calls done once the agent is connected: OK; TryAgain after the timeout; VersionMismatch or another code if the
// node director refuses us.
func (a *Agent) StartUp(timeout time.Duration, done func(Code)) {
	if code := a.upNow(&upWaiter{after(timeout), done}); code != 0 {
		done(code)
	}
}

func (a *Agent) upNow(w *upWaiter) Code {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return wire.BadHandle
	}
	if a.phase == up {
		return wire.OK
	}
	a.ups = append(a.ups, w)
	a.armLocked(w.deadline)
	a.kick()
	return 0
}

func (a *Agent) upDueLocked(t, next int64) (calls []func(), _ int64) {
	kept := a.ups[:0]
	for _, w := range a.ups {
		if w.deadline <= t {
			calls = append(calls, func() { w.done(wire.TryAgain) })
			continue
		}
		next = min(next, w.deadline)
		kept = append(kept, w)
	}
	clear(a.ups[len(kept):])
	a.ups = kept
	return calls, next
}

// Close ends the session: whatever is still open is closed by the node director, and calls in flight end with BadHandle.
// It does not wait for the node director.
func (a *Agent) Close() {
	if !a.shut() {
		return
	}
	close(a.stop)
	<-a.stopped
}

// shut ends all calls. It reports whether it was the first to be called.
func (a *Agent) shut() bool {
	calls, first := a.shutLocked()
	a.feeds.close()
	for _, f := range calls {
		f()
	}
	return first
}

func (a *Agent) shutLocked() (calls []func(), first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, false
	}
	a.closed = true
	end := func(r *request) {
		a.endLocked(r)
		calls = append(calls, func() { r.code = wire.BadHandle; r.done(r) })
	}
	for i := range a.slots {
		if r := a.slots[i].request; r != nil {
			end(r)
		}
	}
	for len(a.waiters) > 0 {
		end(a.waiters[0])
	}
	for len(a.restores) > 0 {
		end(a.restores[0])
	}
	for id, k := range a.asks {
		delete(a.asks, id)
		calls = append(calls, func() { k.done(-1, wire.BadHandle) })
	}
	for _, w := range a.ups {
		calls = append(calls, func() { w.done(wire.BadHandle) })
	}
	a.ups = nil
	if a.timer != nil {
		a.timer.Stop()
	}
	a.timerAt = -never // nothing arms it any more
	return calls, true
}

// wait turns a Start… method into one that waits. The context's deadline bounds the call, else DefaultTimeout.
// When the context is cancelled before, the call goes on without us until its deadline.
func (a *Agent) wait(ctx context.Context, start func(time.Duration, func(*Result))) (*Result, error) {
	timeout := DefaultTimeout
	if t, ok := ctx.Deadline(); ok {
		timeout = time.Until(t)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	got := make(chan *Result, 1)
	start(timeout, func(r *Result) { got <- r })
	select {
	case r := <-got:
		return outcome(r)
	case <-ctx.Done():
	}
	if ctx.Err() == context.DeadlineExceeded {
		return outcome(<-got) // the call ends with its own deadline and says what has become of it
	}
	return nil, ctx.Err()
}

func outcome(r *Result) (*Result, error) {
	if r.Code != wire.OK {
		return r, r.Code
	}
	return r, nil
}
