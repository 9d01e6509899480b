// Package carrier takes frames from one node director to another. It knows nothing of what is in them.
//
// A frame travels on one of three ways, so that the short ones that keep leases alive never queue up behind long ones:
//
//   - Control: over NATS. Beats, and nothing that is long.
//   - Update: over NATS, on a connection of its own, also between embedded servers. Frames to one node arrive in the order they were sent in.
//   - Bulk: over a direct TCP stream, opened when it is first needed. In order, too, as long as the stream lives.
//
// Frames get lost: a connection is gone, a queue is full, a receiver too slow. Send then says so if it can know; else
// nobody says so. Whoever needs a frame to arrive sends it again until it is acknowledged. A frame may arrive twice, but
// never with other bytes than were sent, and never in part.
//
// # Over NATS
//
// Each incarnation of a node director has subjects of its own (wire.SubjectIncarnation), so that nothing reaches its
// successor; frames to a node whose incarnation is not known go to wire.SubjectPeer. A message is an envelope (envelope.go)
// and a frame, or a piece of one that is longer than the server takes. The pieces of a frame are written at once, hence
// come without others of their way in between; a frame whose pieces do not come one after another is thrown away
// (assembly.go).
//
// On connections made with bus.Options.Direct, Send costs one system call and wakes nobody on this side; to a server in the
// same process it costs no system call, and wakes the goroutine that writes.
//
// # Bulk streams
//
// A stream goes one way and is opened by its sender. Both sides prove that they know the cluster's token (greeting.go), and
// show certificates if TLS is configured. After that come frames, each after its length; the receiver grants how many bytes
// may be sent (instream.go), so that one that has stopped stops the sender, who queues a bounded number of bytes and then
// refuses more (outstream.go). Any error ends the stream; the next Send opens another.
package carrier
