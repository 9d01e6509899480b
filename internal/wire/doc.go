// Package wire defines what libckpt's processes say to each other: the subjects on the bus (NATS), the messages
// on them, and the messages of the session socket between an application's agent and its node director.
//
// Every message on the bus is a frame:
//
//	byte 0    Version
//	byte 1    the kind of frame
//	rest      one or more msgpack values (structs as arrays: a newer sender may append fields, an older
//	          receiver skips them), then, in frames that carry section data, the raw bytes to the end
//
// The session socket (Unix, SOCK_SEQPACKET) carries one frame a packet, descriptors beside it.
//
// A request occupies a slot of its session until it is answered. (session, slot, number) names it for ever:
// whoever has carried it out answers a repetition with the same result.
package wire

// Versions of frames. A receiver reads those from VersionOldest, which the release before this one wrote, to Version, which
// this one writes, and refuses others, naming both.
const (
	Version       = 1
	VersionOldest = 1
)

// Limits of the protocol, for all parties.
const (
	SlotsPerSession  = 64        // requests of one session in flight
	PieceBytesMax    = 512 << 10 // section data in one frame
	PieceWindow      = 4         // pieces of one request sent and not yet acknowledged
	NameBytesMax     = 2048      // checkpoint name
	SectionIDMax     = 65535     // section id bytes
	SectionsPageMax  = 256       // sections in one SectionsReply
	SectionsPageSize = 256 << 10 // bytes of ids in one SectionsReply, beyond which a page ends early
	EventsPerFrame   = 256       // events in one event frame
	EventDataMax     = 256 << 10 // section data, and ids, of an event that carries data
	ResultBytesMax   = 48        // recorded result of an update
)
