package agent

import (
	"sync"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// Checkpoint is one handle on an open checkpoint.
type Checkpoint struct {
	a          *Agent
	lib        *Library
	open       uint64 // our number for the handle, unique in the session
	id         uint64 // the service's number of the checkpoint
	name       string
	attributes Attributes
	flags      uint32
	tag        uint64

	// Guarded by Agent.mu.
	lost   bool // could not be opened again in a new session
	closed bool

	// Guarded by feeds.mu.
	notify   Notify // wanted besides those of the Library
	watching bool   // notifications are wanted and begun
	data     bool   // they come with the data written
	seen     uint64 // updates up to this one have been dealt with
	stalled  bool   // the Library's queue was full: begins again after seen when there is room

	local  sync.RWMutex // held for reading while reader is in use
	reader *segment.Reader
}

// Result is how a call ended: what each call fills in beside Code is said there.
type Result struct {
	Code      Code
	Index     uint32    // element at fault
	Generated []byte    // section id made by StartCreate
	Status    Status    // StartStatus
	Sections  []Section // StartSections
	More      bool      // StartSections: the list goes on
	Segment   int       // StartReplica: descriptor, belongs to the receiver; -1 without one
}

// Status describes a checkpoint: attributes, number of sections, sum of their sizes in bytes.
type Status = wire.StatusReply

// Section is one section as iteration shows it; times are wall-clock nanoseconds since 1970.
type Section = wire.Section

// Name is the name the checkpoint was opened with.
func (c *Checkpoint) Name() string { return c.name }

// Tag is OpenOptions.Tag.
func (c *Checkpoint) Tag() uint64 { return c.tag }

// Attributes are those the checkpoint was created with. MaxSectionSize is the limit that holds: math.MaxUint64 without one.
func (c *Checkpoint) Attributes() Attributes { return c.attributes }

// plain turns a Result receiver into a request's.
func plain(done func(*Result)) func(*request) {
	return func(r *request) { done(&Result{Code: r.code, Index: r.index}) }
}

// handle makes a request on the open checkpoint with no body but the handle.
func (c *Checkpoint) handle(op wire.Op, out any, timeout time.Duration, done func(*request)) {
	c.a.call(&request{op: op, on: c, out: out, deadline: after(timeout), done: done}, &wire.HandleRequest{Open: c.open})
}

// update makes a request that changes sections; data are the contents of the elements, one after the other.
func (c *Checkpoint) update(op wire.Op, q *wire.UpdateRequest, data [][]byte, timeout time.Duration, out any, done func(*request)) {
	r := &request{op: op, on: c, out: out, deadline: after(timeout), done: done}
	q.Open = c.open
	var err error
	if r.body, err = encodeBody(q); err != nil {
		r.code = wire.Library
		done(r)
		return
	}
	c.a.submit(r, data...)
}

// CreateOptions say how a section is created.
type CreateOptions struct {
	Expiration int64 // wall-clock ns; math.MaxInt64 = never
	Generate   bool  // make an id, which comes back in Result.Generated; the one given is empty
	// RefusePast: an Expiration before the current second is InvalidParam; else such a section never expires.
	RefusePast bool
}

// StartCreate creates a section with data. Codes: Exist, NoSpace, NoResources, InvalidParam, Access.
func (c *Checkpoint) StartCreate(id, data []byte, o CreateOptions, timeout time.Duration, done func(*Result)) {
	var reply wire.UpdateReply
	var out any
	if o.Generate {
		out = &reply
	}
	q := &wire.UpdateRequest{Elements: []Element{{ID: id, Size: uint64(len(data))}}, Time: o.Expiration, Generate: o.Generate,
		RefusePast: o.RefusePast}
	c.update(wire.OpSectionCreate, q, [][]byte{data}, timeout, out, func(r *request) {
		done(&Result{Code: r.code, Index: r.index, Generated: reply.Generated})
	})
}

// StartDelete deletes a section. Codes: NotExist, Access.
func (c *Checkpoint) StartDelete(id []byte, timeout time.Duration, done func(*Result)) {
	c.update(wire.OpSectionDelete, &wire.UpdateRequest{Elements: []Element{{ID: id}}}, nil, timeout, nil, plain(done))
}

// StartExpiration sets a section's expiration time (wall-clock ns). Codes: NotExist, InvalidParam, Access.
func (c *Checkpoint) StartExpiration(id []byte, expiration int64, timeout time.Duration, done func(*Result)) {
	c.update(wire.OpExpiration, &wire.UpdateRequest{Elements: []Element{{ID: id}}, Time: expiration}, nil, timeout, nil, plain(done))
}

// StartWrite writes parts of sections, all or none: element i has Size bytes, which are data[i]. Result.Index names the
// first bad element. Neither slice is used after StartWrite has returned. Codes: NotExist, NoResources, InvalidParam,
// FailedOperation (corrupted section), Access.
func (c *Checkpoint) StartWrite(elements []Element, data [][]byte, timeout time.Duration, done func(*Result)) {
	c.update(wire.OpWrite, &wire.UpdateRequest{Elements: elements}, data, timeout, nil, plain(done))
}

// StartOverwrite makes data the whole content of a section. Codes: NotExist, NoResources, InvalidParam, Access.
func (c *Checkpoint) StartOverwrite(id, data []byte, timeout time.Duration, done func(*Result)) {
	q := &wire.UpdateRequest{Elements: []Element{{ID: id, Size: uint64(len(data))}}}
	c.update(wire.OpOverwrite, q, [][]byte{data}, timeout, nil, plain(done))
}

// StartStatus asks for Result.Status.
func (c *Checkpoint) StartStatus(timeout time.Duration, done func(*Result)) {
	reply := new(wire.StatusReply)
	c.handle(wire.OpStatus, reply, timeout, func(r *request) { done(&Result{Code: r.code, Status: *reply}) })
}

// StartRetention sets the retention duration in nanoseconds. Codes: InvalidParam, BadOperation (unlinked).
func (c *Checkpoint) StartRetention(d int64, timeout time.Duration, done func(*Result)) {
	c.a.call(&request{op: wire.OpRetention, on: c, deadline: after(timeout), done: plain(done)}, &wire.TimeRequest{Open: c.open, Time: d})
}

// StartActive makes the local replica the active one. Codes: BadOperation (not a collocated asynchronous checkpoint), Access.
func (c *Checkpoint) StartActive(timeout time.Duration, done func(*Result)) {
	c.handle(wire.OpActive, nil, timeout, plain(done))
}

// StartSynchronize ends when every in-sync replica has the updates made before it. Codes: BadOperation, NotExist, Access.
func (c *Checkpoint) StartSynchronize(timeout time.Duration, done func(*Result)) {
	c.handle(wire.OpSynchronize, nil, timeout, plain(done))
}

// SynchronizeAsync queues a Synchronized event in the Library when a StartSynchronize has ended.
func (c *Checkpoint) SynchronizeAsync(invocation uint64, timeout time.Duration) {
	c.StartSynchronize(timeout, func(r *Result) {
		if !c.isClosed() {
			c.lib.queue.push(Event{Kind: Synchronized, Checkpoint: c, Tag: c.tag, Invocation: invocation, Code: r.Code, Segment: -1})
		}
	})
}

// StartNotify chooses the notifications queued for this handle besides those that its Library wants for all. The
// handle must have been opened with OpenRead. None is lost or repeated at the change; Consumed events that are not wanted
// any more are dropped.
func (c *Checkpoint) StartNotify(n Notify, timeout time.Duration, done func(*Result)) {
	if n&NotifyConsume == 0 {
		defer c.dropConsumed()
	}
	c.a.feeds.setNotify(&c.notify, n, func() []*Checkpoint { return []*Checkpoint{c} }, timeout, done)
}

// Choice says which sections to list; Time belongs to the two with an expiration time.
type Choice struct {
	Chosen uint32 // SaCkptSectionsChosenT
	Time   int64  // wall-clock ns
}

// StartSections lists at most limit (1 to SectionsPageMax) sections in the order of id length, then bytes; with resume, those
// after the id last.
func (c *Checkpoint) StartSections(ch Choice, resume bool, last []byte, limit uint32, timeout time.Duration, done func(*Result)) {
	reply := new(wire.SectionsReply)
	q := &wire.SectionsRequest{Open: c.open, Chosen: ch.Chosen, Time: ch.Time, Resume: resume, After: last,
		Limit: min(max(limit, 1), wire.SectionsPageMax)}
	c.a.call(&request{op: wire.OpSections, on: c, out: reply, deadline: after(timeout), done: func(r *request) {
		done(&Result{Code: r.code, Sections: reply.Sections, More: reply.More})
	}}, q)
}

// StartReplica asks for a descriptor of the local replica's segment. Codes: NotExist (no replica here).
func (c *Checkpoint) StartReplica(timeout time.Duration, done func(*Result)) {
	if !c.isOpen() {
		done(&Result{Code: wire.BadHandle, Segment: -1})
		return
	}
	c.a.startAsk(c.open, after(timeout), func(fd int, code Code) { done(&Result{Code: code, Segment: fd}) })
}

func (c *Checkpoint) isClosed() bool {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	return c.closed
}

func (c *Checkpoint) isOpen() bool {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	return !c.closed && !c.lost && !c.a.closed
}

// StartClose closes the handle: for this process at once, with its events dropped from the queue. done is called when the
// node director has closed it, with OK; or after the timeout with Timeout, and then the close is still carried out as soon
// as possible. Codes: BadHandle, if it was closed before or lost.
func (c *Checkpoint) StartClose(timeout time.Duration, done func(*Result)) {
	code := c.beginClose()
	c.a.feeds.remove(c)
	c.detach()
	if code != wire.OK {
		done(&Result{Code: code})
		return
	}
	for _, e := range c.lib.queue.drop(func(e *Event) bool { return e.Checkpoint == c }) {
		closeFD(e.Segment)
	}
	c.dropConsumed()
	c.discard(timeout, func(code Code) { done(&Result{Code: code}) })
}

func (c *Checkpoint) dropConsumed() {
	c.lib.consumed.drop(func(e *Event) bool { return e.Checkpoint == c })
}

func (c *Checkpoint) beginClose() Code {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	if c.closed || c.a.closed {
		return wire.BadHandle
	}
	c.closed = true
	delete(c.a.checkpoints, c.open)
	delete(c.lib.checkpoints, c)
	if c.lost {
		return wire.BadHandle
	}
	c.lib.busy++
	return wire.OK
}

// discard closes the handle at the node director, however long that takes; its Library has been counted busy and is
// until then. done is told within the timeout.
func (c *Checkpoint) discard(timeout time.Duration, done func(Code)) {
	c.a.call(&request{op: wire.OpClose, deadline: after(timeout), done: func(r *request) {
		switch r.code {
		case wire.TryAgain, wire.Timeout:
			done(wire.Timeout)
			c.discard(DefaultTimeout, ignore)
			return
		case wire.BadHandle: // it was closed with its session
			r.code = wire.OK
		}
		c.lib.end()
		done(r.code)
	}}, &wire.HandleRequest{Open: c.open})
}

func ignore(Code) {}
