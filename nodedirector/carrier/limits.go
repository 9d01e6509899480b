package carrier

import "time"

// DefaultFrameMax is the longest frame in bytes unless Options.FrameMax says otherwise: the largest write by default, and
// room for what goes with it.
const DefaultFrameMax = 144 << 20

// Limits on what is sent and received over NATS.
const (
	pieceBytesMax  = 256 << 10       // of a frame in one message, or what the server takes if that is less
	pieceBytesMin  = 1 << 10         // a server that takes less is of no use
	queueBytesMax  = 16 << 20        // waiting in one connection, beyond which frames are refused
	pendingMsgsMax = 64 << 10        // received by a connection and not yet looked at, beyond which messages are dropped
	pendingMemMax  = 64 << 20        // bytes of them
	sendersMax     = 1024            // nodes whose frames are being put together
	framesPutMax   = 2               // longest frames that may be put together at a time, in bytes of memory
	pieceWait      = 5 * time.Second // for a frame's next piece
)

// Limits on streams.
const (
	bulkQueueBytes  = 16 << 20               // waiting for one stream, from which on frames are refused: one more may wait
	bulkWindow      = 8 << 20                // bytes that a receiver lets come in beyond what it has dealt with
	bulkBatchBytes  = 1 << 20                // written at a time
	bulkBatchFrames = 256                    // of which these many frames, at most
	updateReadBytes = 64 << 10               // of updates read at a time
	bulkReadBytes   = 512 << 10              // read at a time
	bulkKeepBytes   = 2 << 20                // of memory for frames that a stream keeps
	bulkAsideBytes  = 64 << 10               // frames from so many bytes on are dealt with while the next is read
	streamsMax      = 2048                   // incoming: of each node one for bulk and one for updates
	greetingsMax    = 32                     // strangers being greeted at a time
	greetingBytes   = 512                    // longest line of a greeting
	greetingTimeout = 5 * time.Second        // from connecting to the last line
	dialTimeout     = 2 * time.Second        // for TCP to connect
	dialPause       = 200 * time.Millisecond // after a stream that could not be opened, or has ended
	stallTimeout    = 10 * time.Second       // for the receiver to take or grant anything, and for the rest of a frame to come
	keepAliveIdle   = 5 * time.Second
	keepAliveEvery  = time.Second
	keepAliveCount  = 5
	updateAckWait   = time.Second           // for the peer's kernel to acknowledge updates: then they go over NATS
	acceptPause     = 50 * time.Millisecond // after accept has failed
)

// logInterval is the least time between two lines of the same complaint.
const logInterval = 10 * time.Second
