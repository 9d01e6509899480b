package replication

import (
	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// Kind tells messages between node directors apart.
type Kind uint8

// Kinds of messages.
const (
	KindBeat Kind = iota + 1
	KindBegin
	KindReport
	KindItem
	KindAck
	KindCommitted
	KindRelease
	KindForward
	KindForwarded
	KindEventsFor
)

// Message is a message between node directors about one checkpoint (Beats, which are about two nodes, excepted).
// Messages may be lost, doubled, late and out of order. All fields have fixed types that internal/wire encodes as arrays;
// they are only appended to. A receiver changes nothing in a message.
type Message interface{ Kind() Kind }

// NewMessage makes an empty message to decode into; nil: the kind is not known.
func NewMessage(k Kind) Message {
	switch k {
	case KindBeat:
		return new(Beat)
	case KindBegin:
		return new(Begin)
	case KindReport:
		return new(Report)
	case KindItem:
		return new(Item)
	case KindAck:
		return new(Ack)
	case KindCommitted:
		return new(Committed)
	case KindRelease:
		return new(Release)
	case KindForward:
		return new(Forward)
	case KindForwarded:
		return new(Forwarded)
	case KindEventsFor:
		return new(EventsFor)
	}
	return nil
}

// Beat is what each node tells each node that it shares a configuration with, every BeatEvery. See pairs.go.
type Beat struct {
	Incarnation uint64
	Seq         uint64
	Sent        int64        // sender's monotonic clock, ns: comes back in Echo
	Known       StateVersion // the latest one the sender knows of
	Echo        Echo         // of the last beat received
	// Support is what the sender may count on from other nodes at this moment.
	Support []Remaining
	Address string // host:port where the sender takes streams; "" = nowhere
}

// Echo names a beat. A zero Incarnation: none was received.
type Echo struct {
	Incarnation uint64
	Seq         uint64
	Sent        int64
}

// Remaining is how long, from the sending of the beat on, a node's support lasts for checkpoints whose configuration is of a
// generation of the directors' store or a later one.
type Remaining struct {
	Node       string
	Generation uint64
	For        int64 // ns, > 0
}

// LinkID names the stream of items from an active replica to one of the others.
type LinkID struct {
	Epoch       wire.Epoch
	Incarnation uint64 // of the active's node director
	Stream      uint64 // counts up from 1 in one incarnation
}

// Begin opens a link.
type Begin struct {
	Link      LinkID
	Version   uint64 // of the configuration
	Number    uint64 // of the active's last update
	Committed uint64
}

// Report answers a Begin: what the follower has.
type Report struct {
	Link        LinkID
	Incarnation uint64 // of the follower's node director
	Number      uint64 // of its last update
	Committed   uint64 // all up to this is known committed here
	Complete    bool   // see Kept
	Marked      []Mark
	MarkedMore  bool        // there are more than fit
	Results     []ResultKey // with updates later than Committed
	ResultsMore bool        // there are more than fit
	// Tail are, of an asynchronous checkpoint, the updates that directly follow Begin.Number, as many as fit.
	Tail []UpdateBody
	// Sessions are those that have results here, in order. Of an asynchronous checkpoint, or with ResultsMore: none.
	Sessions []uint64
	Branch   wire.Epoch // see Kept
}

// ItemKind says what an Item holds.
type ItemKind uint8

// Kinds of items.
const (
	ItemUpdate  ItemKind = iota + 1 // Update
	ItemSection                     // Section: of a replica that is being filled or corrected
	ItemResults                     // Results: likewise
	ItemBase                        // Base: now the follower equals the active
	ItemRequire                     // Require: the nodes besides the in-sync set whose support the active needs
)

// Item is one step of a link's stream. Items are processed in the order of Seq, without gaps.
type Item struct {
	Link      LinkID
	Seq       uint64 // counts up from 1
	Committed uint64 // all updates up to this are committed
	Holds     ItemKind
	Update    *UpdateBody
	Section   *SectionBody
	Results   *ResultsBody
	Base      *BaseBody
	Require   []string
}

// UpdateBody is an update as it was decided.
type UpdateBody struct {
	Number        uint64
	Previous      uint64 // number of the update before
	Now           int64  // wall clock ns
	Ops           []OpBody
	Weak          bool
	HasResult     bool
	Result        segment.Result
	HasGenerated  bool
	NextGenerated uint64
	EndSession    uint64 // not 0: the results of this session are dropped
	HasEvent      bool
	Event         wire.Event
}

// OpBody is a segment.Op as it travels.
type OpBody struct {
	Kind       segment.OpKind
	Section    []byte
	Offset     uint64
	Data       []byte
	Expiration int64
}

func bodiesOf(ops []segment.Op) []OpBody {
	if len(ops) == 0 {
		return nil
	}
	b := make([]OpBody, len(ops))
	for i := range ops {
		o := &ops[i]
		b[i] = OpBody{o.Kind, o.Section, o.Offset, o.Data, o.Expiration}
	}
	return b
}

func opsOf(b []OpBody) []segment.Op {
	if len(b) == 0 {
		return nil
	}
	ops := make([]segment.Op, len(b))
	for i := range b {
		o := &b[i]
		ops[i] = segment.Op{Kind: o.Kind, Section: o.Section, Offset: o.Offset, Data: o.Data, Expiration: o.Expiration}
	}
	return ops
}

// SectionBody is a piece of a section. With Exists false there is no such section, and no data.
type SectionBody struct {
	ID         []byte
	Exists     bool
	Offset     uint64
	Total      uint64 // bytes of the section when its first piece was made
	Last       bool   // the last piece
	Data       []byte // in a frame it follows the message
	Expiration int64
	LastUpdate int64
	Number     uint64
	Corrupted  bool
	Marked     bool
	Full       bool // of a copy of all sections
}

// ResultsBody are results.
type ResultsBody struct {
	DropAll bool
	Drop    []ResultKey
	Results []segment.Result
	Ended   []uint64 // sessions, in order, whose results are dropped, too
}

// BaseBody ends the filling or correction of a replica.
type BaseBody struct {
	Number        uint64
	NextGenerated uint64
	Full          bool // all sections were sent: others are removed
	Left          []Left
}

// Ack acknowledges all items up to Seq.
type Ack struct {
	Link      LinkID
	Seq       uint64
	Committed uint64 // highest Committed heard of
	Unknown   bool   // the follower does not have this link (any more): begin anew
	Full      bool   // no room: item Seq+1 could not be processed
}

// Committed says that all updates up to Number are committed. It is sent when no item is there to say so.
type Committed struct {
	Link   LinkID
	Number uint64
}

// Release says that the sender has adopted a configuration of Epoch, and neither acts nor reads in any earlier one.
type Release struct{ Epoch wire.Epoch }

// Forward carries a request to the active's node.
type Forward struct {
	Epoch         wire.Epoch
	Incarnation   uint64 // of the sender's node director
	ToIncarnation uint64 // of the receiver's; 0 = not known: the answer says
	Seq           uint64 // counts up from 1 for each checkpoint in one incarnation
	Floor         uint64 // all requests before this Seq are answered or given up
	Request       Request
	GivenUp       []uint64 // later ones that are given up: they must not be begun any more
}

// Forwarded answers a Forward.
type Forwarded struct {
	Epoch         wire.Epoch // of the Forward
	Incarnation   uint64     // of the answering node director
	ToIncarnation uint64     // of the Forward's sender
	Seq           uint64
	// Moved: not carried out and never will be by this Forward, for the incarnation or epoch is not the present one
	// (which is Present), or the active is elsewhere.
	Moved          bool
	Present        wire.Epoch
	Code           wire.Code
	Index          uint32
	Generated      []byte
	Payload        []byte // result of a read
	PastExpiration bool
}

// EventsFor is an event for the applications of a node without a replica.
type EventsFor struct {
	Epoch wire.Epoch
	Event wire.Event
	Ops   []OpBody // what was done
}

func (*Beat) Kind() Kind      { return KindBeat }
func (*Begin) Kind() Kind     { return KindBegin }
func (*Report) Kind() Kind    { return KindReport }
func (*Item) Kind() Kind      { return KindItem }
func (*Ack) Kind() Kind       { return KindAck }
func (*Committed) Kind() Kind { return KindCommitted }
func (*Release) Kind() Kind   { return KindRelease }
func (*Forward) Kind() Kind   { return KindForward }
func (*Forwarded) Kind() Kind { return KindForwarded }
func (*EventsFor) Kind() Kind { return KindEventsFor }
