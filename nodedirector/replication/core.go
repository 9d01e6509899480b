package replication

import (
	"libckpt/internal/wire"
)

// Token names a request of this node's applications while it is under way. 0 is none.
type Token uint64

// RequestKind says what a request is.
type RequestKind uint8

// Kinds of requests.
const (
	RequestUpdate      RequestKind = iota + 1 // Update
	RequestRead                               // Section, Payload: of one section
	RequestReadAll                            // Payload: of the whole checkpoint: lists, status, changes
	RequestSynchronize                        // asynchronous checkpoints: all in-sync replicas have what was applied before
	RequestExpire                             // Section, whose time has come; only on the active's own node
	RequestEndSession                         // Session: its results are not needed any more
)

// Request is what an application asks for. It travels between nodes (Token and Deadline do not matter there).
type Request struct {
	Kind     RequestKind
	Update   Update
	Section  []byte
	Payload  []byte // opaque: given back with EffectServe
	Session  uint64
	Token    Token
	Deadline int64 // monotonic ns: answered TIMEOUT or TRY_AGAIN then, unless earlier
}

// Options of a Core.
type Options struct {
	Node        string
	Incarnation uint64 // of this node director: greater than any earlier one of the node, and not 0
	Checkpoint  uint64
	Pairs       *Pairs // of the node
	Timing      Timing
	Start       int64 // monotonic ns
}

// Core is what one node knows and does of one checkpoint: as its active replica, as another one, or for the applications
// alone. It is not safe for concurrent use. now is always the monotonic clock in ns, wall the wall clock in ns; now never
// goes back.
//
// After each call of Configure, Attach, Receive, Tick, Submit, Served and Restarted the shell takes Effects and
// carries them out, and sees to it that Tick is called no later than Wake.
type Core struct {
	o Options
}

// New makes a Core that has no configuration and no store.
func New(o Options) *Core { return &Core{o: o} }

// Attach gives the replica of this node, before the Configure that makes use of it. kept is what its store keeps; nil: it
// is new. complete: a new replica lacks nothing, for the checkpoint has just been created.
func (c *Core) Attach(now int64, s Store, kept *Kept, complete bool) {}

// Detach takes the store away: the shell deletes the replica.
func (c *Core) Detach(now int64) {}

// Configure obeys a configuration; one that is not later than the present one changes nothing. Pairs has to have Learned
// of it before.
func (c *Core) Configure(now int64, config *wire.Config) {}

// Receive takes a message from another node. Any content is harmless.
func (c *Core) Receive(now, wall int64, from string, m Message) {}

// Restarted says that another node director has been started anew since.
func (c *Core) Restarted(now int64, node string) {}

// Tick does what has become due. Also to be called after Pairs has received a Beat or Adopted a version.
func (c *Core) Tick(now int64) {}

// Wake is when Tick has to be called at the latest; math.MaxInt64 = no need.
func (c *Core) Wake() int64 { return 0 }

// Submit begins a request. It is answered by effects, perhaps at once, exactly once. Nothing of r is changed; it is kept
// until the answer.
func (c *Core) Submit(now, wall int64, r *Request) {}

// Cancel forgets a request; it is not answered. What has been done of it stays done.
func (c *Core) Cancel(t Token) {}

// Served gives the result of a read that EffectServe wanted Held.
func (c *Core) Served(now int64, t Token, code wire.Code, payload []byte) {}

// Effects returns what is to be done, in order. It is valid until the next call of any other method.
func (c *Core) Effects() []Effect { return nil }
