package agent

import (
	"context"
	"math/rand/v2"
	"time"

	"libckpt/internal/wire"
)

// Notify chooses the notifications a Library queues.
type Notify uint32

// Kinds of notifications.
const (
	NotifyArrival Notify = 1 << iota // another handle wrote
	NotifyTrack                      // another handle wrote or deleted
	// NotifyConsume: another process wrote or deleted, or a section expired. These notifications have a queue of their
	// own. With NotifyData they carry the data written.
	NotifyConsume
	NotifyData
)

// Library is one user of an Agent: its checkpoints, and the queue of their events.
type Library struct {
	a        *Agent
	queue    queue
	consumed queue         // of Consumed events
	bell     chan struct{} // filled when an event may be waiting, for Next; nil when the owner has a Signal

	// Guarded by Agent.mu.
	closed      bool
	checkpoints map[*Checkpoint]struct{}
	busy        int      // opens in flight and closes not yet answered
	idle        []func() // called when busy is 0

	notify Notify // guarded by feeds.mu
}

// NewLibrary makes a Library. signal, if not nil, is told about its queue, and Next must not be used. consumption, if not
// nil, is told about the queue of Consumed events.
func (a *Agent) NewLibrary(signal, consumption Signal) *Library {
	l := &Library{a: a, checkpoints: map[*Checkpoint]struct{}{}}
	if signal == nil {
		l.bell = make(chan struct{}, 1)
		signal = bell(l.bell)
	}
	l.queue.signal, l.consumed.signal = signal, consumption
	return l
}

// bell is the Signal of a Library whose events are taken with Next.
type bell chan struct{}

func (b bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
func (bell) Raise() {}
func (bell) Lower() {}

// Attributes are a checkpoint's creation attributes.
type Attributes = wire.Attributes

// Flags of OpenOptions, and of Attributes.CreationFlags.
const (
	OpenRead   = wire.OpenRead
	OpenWrite  = wire.OpenWrite
	OpenCreate = wire.OpenCreate

	AllReplicas       = wire.FlagAllReplicas
	ActiveReplica     = wire.FlagActiveReplica
	ActiveReplicaWeak = wire.FlagActiveWeak
	Collocated        = wire.FlagCollocated
)

// OpenOptions say how to open a checkpoint.
type OpenOptions struct {
	Flags            uint32      // OpenRead | OpenWrite | OpenCreate
	Attributes       *Attributes // required with OpenCreate, compared if the checkpoint exists; else nil
	CompareRetention bool        // compare the retention duration, too
	Tag              uint64      // comes back in Events
	// Segment asks for a descriptor of the local replica (StartOpen, OpenAsync). Open itself reads through the replica
	// and keeps none.
	Segment bool
	// Backup: a checkpoint made by this keeps a second copy, on another node or on disk (clCkpt*).
	Backup bool
	// WholeFlags: Attributes.CreationFlags may have any bits, and an existing checkpoint must have the same (clCkpt*).
	WholeFlags bool
}

// Open opens a checkpoint, creating it with OpenCreate. Errors: NotExist, Exist (other attributes), Access, NoResources,
// InvalidParam, TryAgain, Timeout, BadHandle (the Library or Agent was closed).
func (l *Library) Open(ctx context.Context, name string, o OpenOptions) (*Checkpoint, error) {
	o.Segment = true
	type opened struct {
		c  *Checkpoint
		fd int
	}
	got := make(chan opened, 1)
	_, err := l.a.wait(ctx, func(d time.Duration, done func(*Result)) {
		l.StartOpen(name, o, d, func(c *Checkpoint, fd int, code Code) {
			got <- opened{c, fd}
			done(&Result{Code: code})
		})
	})
	if err != nil {
		l.a.spawn("abandoned open", func() { // its end comes with the deadline at the latest
			if x := <-got; x.c != nil {
				closeFD(x.fd)
				x.c.StartClose(DefaultTimeout, func(*Result) {})
			}
		})
		return nil, err
	}
	x := <-got
	x.c.attach(x.fd)
	return x.c, nil
}

// Open opens a checkpoint; see Library.Open.
func (a *Agent) Open(ctx context.Context, name string, o OpenOptions) (*Checkpoint, error) {
	return a.library.Open(ctx, name, o)
}

// Library is the one that Agent.Open uses.
func (a *Agent) Library() *Library { return a.library }

// StartOpen opens a checkpoint and calls done once: with the checkpoint and OK, or nil and the reason. fd is a
// descriptor of the local replica if o.Segment asked for it and there is one, else -1; done owns it.
func (l *Library) StartOpen(name string, o OpenOptions, timeout time.Duration, done func(c *Checkpoint, fd int, code Code)) {
	a := l.a
	c := &Checkpoint{a: a, lib: l, name: name, flags: o.Flags, tag: o.Tag}
	for c.open == 0 {
		c.open = rand.Uint64()
	}
	if !l.begin() {
		done(nil, -1, wire.BadHandle)
		return
	}
	q := &wire.OpenRequest{Open: c.open, Name: name, Flags: o.Flags, CompareRetention: o.CompareRetention, Backup: o.Backup,
		WholeFlags: o.WholeFlags}
	q.Notify, q.NotifyData = a.feeds.wants(c)
	if o.Attributes != nil {
		q.HasAttributes, q.Attributes = true, *o.Attributes
	}
	reply := new(wire.OpenReply)
	deadline := after(timeout)
	a.call(&request{op: wire.OpOpen, out: reply, deadline: deadline, done: func(r *request) {
		defer l.end()
		if r.code == wire.OK {
			r.code = l.register(c, reply, r)
		}
		switch {
		case r.code == wire.Timeout:
			a.rollBackLater(r, c)
			done(nil, -1, r.code)
		case r.code != wire.OK:
			done(nil, -1, r.code)
		default:
			a.feeds.add(c, reply.Update, q.Notify, q.NotifyData)
			if !o.Segment || !reply.Replica {
				done(c, -1, wire.OK)
				return
			}
			a.startAsk(c.open, deadline, func(fd int, _ Code) { done(c, fd, wire.OK) }) // reads work without it, too
		}
	}}, q)
}

// begin counts an open that has begun.
func (l *Library) begin() bool {
	l.a.mu.Lock()
	defer l.a.mu.Unlock()
	if l.closed || l.a.closed {
		return false
	}
	l.busy++
	return true
}

// end counts one open or close that has ended.
func (l *Library) end() {
	for _, f := range l.endLocked() {
		f()
	}
}

func (l *Library) endLocked() (idle []func()) {
	l.a.mu.Lock()
	defer l.a.mu.Unlock()
	if l.busy--; l.busy == 0 {
		idle, l.idle = l.idle, nil
	}
	return idle
}

// register makes an opened checkpoint one of the Library's, or closes it again when the Library was closed meanwhile.
func (l *Library) register(c *Checkpoint, reply *wire.OpenReply, r *request) Code {
	c.id, c.attributes = reply.Checkpoint, reply.Attributes
	code, stale := l.registerLocked(c, r)
	if code != wire.OK {
		c.discard(DefaultTimeout, ignore)
	} else if stale {
		l.a.restore(c)
	}
	return code
}

func (l *Library) registerLocked(c *Checkpoint, r *request) (code Code, stale bool) {
	a := l.a
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.closed || a.closed {
		l.busy++ // for discard
		return wire.BadHandle, false
	}
	a.checkpoints[c.open] = c
	l.checkpoints[c] = struct{}{}
	return wire.OK, r.gen != a.gen
}

// StartUnlink removes a name. Codes: NotExist, TryAgain, Timeout.
func (l *Library) StartUnlink(name string, timeout time.Duration, done func(*Result)) {
	l.a.call(&request{op: wire.OpUnlink, deadline: after(timeout), done: plain(done)}, &wire.UnlinkRequest{Name: name})
}

// Unlink removes a name: the checkpoint lives on until its last user has closed it. Errors: NotExist, TryAgain, Timeout.
func (a *Agent) Unlink(ctx context.Context, name string) error {
	_, err := a.wait(ctx, func(d time.Duration, done func(*Result)) { a.library.StartUnlink(name, d, done) })
	return err
}

// OpenAsync opens a checkpoint and queues an Opened event with the invocation and o.Tag when it has ended.
func (l *Library) OpenAsync(invocation uint64, name string, o OpenOptions, timeout time.Duration) {
	l.StartOpen(name, o, timeout, func(c *Checkpoint, fd int, code Code) {
		if !l.queue.push(Event{Kind: Opened, Checkpoint: c, Tag: o.Tag, Invocation: invocation, Code: code, Segment: fd}) {
			closeFD(fd) // closing the Library closes the checkpoint
		}
	})
}

// StartNotify chooses the notifications this Library gets from now on, of all its checkpoints opened with OpenRead.
// None is lost or repeated at the change.
func (l *Library) StartNotify(n Notify, timeout time.Duration, done func(*Result)) {
	l.a.feeds.setNotify(&l.notify, n, l.readers, timeout, done)
}

// SetNotify is StartNotify that waits.
func (l *Library) SetNotify(ctx context.Context, n Notify) error {
	_, err := l.a.wait(ctx, func(d time.Duration, done func(*Result)) { l.StartNotify(n, d, done) })
	return err
}

// TryNext takes the oldest event. closed: the Library was closed.
func (l *Library) TryNext() (e Event, ok, closed bool) {
	e, ok, room, closed := l.queue.next()
	if room {
		l.a.feeds.resume(l)
	}
	return e, ok, closed
}

// TryConsume takes the oldest Consumed event. closed: the Library was closed.
func (l *Library) TryConsume() (e Event, ok, closed bool) {
	e, ok, room, closed := l.consumed.next()
	if room {
		l.a.feeds.resume(l)
	}
	return e, ok, closed
}

// WithSignal calls f under the lock that the Library's Signal is called under, with whether it is raised; false if the
// Library was closed.
func (l *Library) WithSignal(f func(raised bool)) bool { return l.queue.withSignal(f) }

// Next takes the oldest event, waiting for one. Errors: the context's; BadHandle when the Library was closed.
func (l *Library) Next(ctx context.Context) (Event, error) {
	for {
		e, ok, closed := l.TryNext()
		if closed {
			bell(l.bell).Ring() // for others that wait
			return e, wire.BadHandle
		}
		if ok {
			bell(l.bell).Ring()
			return e, nil
		}
		select {
		case <-l.bell:
		case <-ctx.Done():
			return e, ctx.Err()
		}
	}
}

// StartClose closes the Library: at once its queue, and in the end all its checkpoints. done is called when the node director
// has closed these and no open is in flight, at the latest after the timeout; at once when there is no connection
// (what is left is closed as soon as there is one, or with the session).
func (l *Library) StartClose(timeout time.Duration, done func()) {
	for _, e := range l.queue.close() {
		if e.Kind == Opened {
			closeFD(e.Segment)
		}
	}
	l.consumed.close()
	l.a.feeds.removeLibrary(l)
	open, finished := l.closeLocked(timeout, done)
	for _, c := range open {
		c.detach()
		c.discard(timeout, ignore)
	}
	if finished != nil {
		finished()
	}
}

func (l *Library) closeLocked(timeout time.Duration, done func()) (open []*Checkpoint, finished func()) {
	a := l.a
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.closed {
		return nil, done
	}
	l.closed = true
	delete(a.members, l)
	for c := range l.checkpoints {
		delete(l.checkpoints, c)
		delete(a.checkpoints, c.open)
		if c.lost {
			continue
		}
		c.closed = true
		l.busy++
		open = append(open, c)
	}
	if l.busy == 0 || a.closed || a.phase != up {
		return open, done
	}
	once := make(chan struct{}, 1)
	finish := func() {
		select {
		case once <- struct{}{}:
			done()
		default:
		}
	}
	timer := time.AfterFunc(timeout, func() {
		defer a.guard("library close")
		finish()
	})
	l.idle = append(l.idle, func() {
		timer.Stop()
		finish()
	})
	return open, nil
}
