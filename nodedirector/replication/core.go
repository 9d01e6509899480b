package replication

import (
	"math"
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// Options of a Core.
type Options struct {
	Node        string
	Incarnation uint64 // of this node director: greater than any earlier one of the node, and not 0
	Checkpoint  uint64
	Pairs       *Pairs // of the node
	// Serial counts the Cores of this process: one made later for a checkpoint that had been forgotten must not give its
	// requests and links the numbers of the earlier one's.
	Serial uint64
	Timing Timing
	Start  int64 // monotonic ns: when the node director was started
	// Continue: the active replica of an asynchronous checkpoint goes on without the support of the others, until the
	// directors, or a node that has heard of them, say otherwise. Two may be active at a time then; see doc.go.
	Continue bool
}

// Core is what one node knows and does of one checkpoint: as its active replica, as another one, or for the applications
// alone. It is not safe for concurrent use. now is always the monotonic clock in ns, wall the wall clock in ns; now never
// goes back.
//
// After each call of Configure, Attach, Receive, Tick, Submit, Served and Restarted the shell takes Effects and
// carries them out, and sees to it that Tick is called no later than Wake.
type Core struct {
	o Options
	t Timing

	now      int64
	ahead    int64 // of the wall clock before now, when it was last given
	config   wire.Config
	known    bool // there is a configuration
	gone     bool // the checkpoint was deleted
	unkept   bool // it could not be kept with the replica: this node takes no part yet
	waits    []wait
	released map[string]wire.Epoch
	beyond   wire.Epoch        // latest that another node is known to have adopted
	counted  map[string]uint64 // of other nodes: number of the last update that was counted as lost

	store     Store // nil: no replica
	kept      Kept
	committed uint64 // all updates up to this number are known committed
	floored   bool   // committed is no lower than what the marks tell
	tail      []uncommitted
	marked    map[string]uint64 // sections with uncommitted updates, tombstones included: number of the last
	results   map[ResultKey]resultEntry
	recent    recent

	lead   *lead   // this node is the active one
	follow *follow // it follows the active one
	out    outgoing

	requests map[Token]*request
	order    []*request // those of requests, and some that are done, in the order of arrival
	served   map[Token]*request
	nextOwn  Token
	streams  uint64
	due      int64 // no request's deadline is earlier
	asked    [AskRefresh + 1]int64
	state    segment.State
	stated   bool
	watching bool
	effects  []Effect
}

// New makes a Core that has no configuration and no store.
func New(o Options) *Core {
	first := o.Serial << serialShift
	return &Core{
		out: outgoing{last: first}, streams: first,
		o: o, t: o.Timing.withDefaults(), due: math.MaxInt64,
		released: make(map[string]wire.Epoch), marked: make(map[string]uint64),
		requests: make(map[Token]*request), served: make(map[Token]*request),
	}
}

// Attach gives the replica of this node, before the Configure that makes use of it. kept is what its store keeps; nil: it
// is new. complete: a new replica lacks nothing, for the checkpoint has just been created.
func (c *Core) Attach(now int64, s Store, kept *Kept, complete bool) {
	c.now = now
	c.store = s
	if kept == nil {
		c.kept = Kept{Complete: complete}
	} else {
		c.kept = *kept
		c.loadTail()
		if until := c.o.Start + int64(c.t.Grace); until > now {
			c.wait(wait{until: until, start: true})
		}
	}
	c.stated = false
}

// Detach takes the store away: the shell deletes the replica. Requests go on, to the active replica if there is one.
func (c *Core) Detach(now int64) {
	c.now = now
	c.store, c.kept, c.committed, c.floored = nil, Kept{}, 0, false
	c.lead, c.follow = nil, nil
	c.tail, c.results, c.recent = nil, nil, recent{}
	clear(c.marked)
	c.stated = false
	if c.known {
		c.reroute()
	}
}

// Delete says that the checkpoint has been deleted: whatever arrives late does not bring it back. Requests are answered
// BAD_HANDLE.
func (c *Core) Delete(now int64) {
	c.Detach(now)
	c.gone = true
	c.waits = nil
	for _, q := range c.order {
		c.answer(q, refuse(wire.BadHandle), nil)
	}
}

// Receive takes a message from another node. Any content is harmless.
func (c *Core) Receive(now, wall int64, from string, m Message) {
	c.now, c.ahead = now, wall-now
	if !c.known || c.gone {
		return
	}
	switch m := m.(type) {
	case *Begin:
		c.onBegin(from, m)
	case *Item:
		c.onItem(from, m)
	case *Committed:
		c.onCommitted(from, m)
	case *Report:
		c.onReport(from, m)
	case *Ack:
		c.onAck(from, m)
	case *Release:
		c.onRelease(from, m.Epoch)
	case *Forward:
		c.onForward(from, m)
	case *Forwarded:
		c.onForwarded(from, m)
	case *EventsFor:
		c.onEvents(from, m)
	}
	c.advance()
}

// Restarted says that another node director has been started anew: what the earlier one might still have done, it does
// not.
func (c *Core) Restarted(now int64, node string) {
	c.now = now
	c.endWait(node, func(*wait) bool { return true })
	c.advance()
}

// Tick does what has become due. Also to be called after Pairs has received a Beat or Adopted a version.
func (c *Core) Tick(now int64) {
	c.now = now
	if c.unkept {
		c.keepConfig()
	}
	c.expireRequests()
	c.resendForwards()
	c.order = slices.DeleteFunc(c.order, func(q *request) bool { return q.done })
	c.advance()
}

// Wake is when Tick has to be called at the latest; math.MaxInt64 = no need.
func (c *Core) Wake() int64 {
	wake := c.due
	retry := c.now + int64(c.t.RetryEvery)
	if c.unkept {
		wake = min(wake, retry)
	}
	for _, q := range c.out.list {
		wake = min(wake, q.last+c.resendEvery(q))
	}
	if c.lacks() {
		wake = min(wake, c.asked[AskLost])
	}
	if c.lead == nil {
		return wake
	}
	if !c.lead.based {
		wake = min(wake, retry)
	}
	for i := range c.waits {
		wake = min(wake, c.waits[i].until)
	}
	for _, k := range c.lead.links {
		wake = min(wake, c.wake(k))
	}
	return wake
}

// Effects returns what is to be done, in order. It is valid until the next call of any other method.
func (c *Core) Effects() []Effect {
	e := c.effects
	c.effects = c.effects[:0]
	return e
}

// wall is the wall clock, ns.
func (c *Core) wall() int64 { return c.now + c.ahead }

func (c *Core) emit(e Effect) { c.effects = append(c.effects, e) }

func (c *Core) send(to string, m Message) { c.emit(Effect{Kind: EffectSend, To: to, Message: m}) }

// ask asks the director, and not the same again before a while has passed, whatever node it is about.
func (c *Core) ask(e Effect, again *int64) {
	if *again > c.now {
		return
	}
	*again = c.now + int64(c.t.FailAfter)
	e.Kind, e.Epoch, e.Version = EffectDirector, c.config.Epoch, c.config.Version
	c.emit(e)
}

func (c *Core) refresh() { c.ask(Effect{Ask: AskRefresh}, &c.asked[AskRefresh]) }

func (c *Core) asynchronous() bool { return c.config.Attributes.Asynchronous() }

func (c *Core) member(node string) bool { return slices.Contains(c.config.InSync, node) }

// advance goes on with whatever the last input has made possible.
func (c *Core) advance() {
	if c.lead != nil {
		c.advanceLead()
	}
	if c.lacks() {
		c.ask(Effect{Ask: AskLost, Node: c.o.Node}, &c.asked[AskLost])
	}
	c.showState()
}

// lacks reports whether the configuration counts on a replica that this node does not have.
func (c *Core) lacks() bool {
	return c.known && !c.gone && c.member(c.o.Node) && (c.store == nil || !c.kept.Complete)
}

// showState tells the segment's readers, if something has changed, whether and until when they may read.
func (c *Core) showState() {
	if c.store == nil || !c.known {
		return
	}
	s := segment.State{
		Epoch:  segment.Epoch{Generation: c.config.Epoch.Generation, Counter: c.config.Epoch.Counter},
		InSync: c.member(c.o.Node) && c.kept.Complete,
	}
	if s.InSync && !c.unkept {
		var until int64
		s.Readable, until = c.mayRead()
		if until == math.MaxInt64 {
			s.LeaseDeadline = segment.NoLease
		} else if s.Readable {
			s.LeaseDeadline = uint64(max(until, 0))
		}
	}
	if c.stated && s == c.state {
		return
	}
	c.state, c.stated = s, true
	c.emit(Effect{Kind: EffectState, State: s})
}
