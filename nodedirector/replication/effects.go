package replication

import (
	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// EffectKind tells effects apart.
type EffectKind uint8

// Kinds of effects, each with the fields of Effect that it uses. The shell carries them out in their order; none may be
// left out or put off beyond the ones after it.
const (
	// EffectSend: send Message to node To; Bulk: it is large, or one of many that others should not wait for.
	EffectSend EffectKind = iota + 1
	// EffectAnswer: request Token came to Verdict (Code, Index, Generated, PastExpiration), with Payload if it is a read
	// whose result was handed to Served, here or elsewhere.
	EffectAnswer
	// EffectServe: carry out the read Token now, on the store as it is. With Held false answer the caller; with Held true
	// hand the result to Served. Payload is the request's.
	EffectServe
	// EffectState: set State in the segment's header.
	EffectState
	// EffectDirector: ask the director for Ask about Node. It is asked again until a configuration answers it.
	EffectDirector
	// EffectEvents: tell the applications here that want to know of Event; Ops are what was done, if that is still known.
	EffectEvents
	// EffectExpirations: from now on this node watches, or with Watch false does not watch, the sections' expiration.
	EffectExpirations
	// EffectLost: Count updates of an asynchronous checkpoint that node Node had are lost.
	EffectLost
)

// Effect is one thing for the shell to do.
type Effect struct {
	Kind    EffectKind
	To      string
	Message Message
	Bulk    bool
	Buffer  *Buffer // memory of the message's data: who carries the effect out releases it when the message is not needed any more
	Token   Token
	Verdict Verdict
	Payload []byte
	Held    bool
	State   segment.State
	Ask     Ask
	Node    string
	Full    bool // Ask Drop: the node has no room
	Version uint64
	Epoch   wire.Epoch
	// Incarnation of the joining node's director, with Ask Joined.
	Incarnation uint64
	Event       wire.Event
	Ops         []segment.Op
	Watch       bool
	Count       uint64
}

// Ask is what a director is asked for.
type Ask uint8

// Requests to the director. Epoch and Version are of the configuration that this node obeys.
const (
	// AskDrop: take Node out of the in-sync set, or of those joining since Version or before; it may join again at once. The
	// epoch is raised by that, unless it only joined and is Full.
	AskDrop Ask = iota + 1
	// AskJoined: Node, with the director of Incarnation, has all updates; put it in the in-sync set, if the epoch is still
	// Epoch and it has been joining in every version since Version. Until it is in the in-sync set, or joins no more, this
	// node takes it that it may have been added.
	AskJoined
	// AskLost: this node, a member of the in-sync set, does not have the data.
	AskLost
	// AskRefresh: there is a configuration later than ours.
	AskRefresh
)
