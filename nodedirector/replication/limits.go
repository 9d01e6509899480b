package replication

import "time"

// Timing holds the durations of the protocol. Zero values are replaced by the defaults.
type Timing struct {
	// BeatEvery is the time between two Beats to the same node.
	BeatEvery time.Duration
	// Lease is how long an echo supports, counted from the sending of the beat that it echoes.
	Lease time.Duration
	// Grace is how long an answer binds the one who gave it. It exceeds Lease by more than clocks may drift apart.
	Grace time.Duration
	// FailAfter: a required follower that acknowledges nothing, or supports no more, for so long is to be dropped.
	FailAfter time.Duration
	// RetryEvery is the time between two sendings of what has not been acknowledged.
	RetryEvery time.Duration
	// ContinueAfter: from the start of its node director on an active replica waits so long to hear of the directors before
	// it goes on without support (Options.Continue).
	ContinueAfter time.Duration
	// ResultsKept is how long answers are kept of a session that makes no updates, if it is not said to have ended. It is
	// longer than any request lives.
	ResultsKept time.Duration
	// RetireEvery is the time between two looks for such sessions.
	RetireEvery time.Duration
}

// Defaults of Timing. Grace > Lease * 1.2, so clocks may drift by 10 % each way.
const (
	DefaultBeatEvery  = 100 * time.Millisecond
	DefaultLease      = 500 * time.Millisecond
	DefaultGrace      = 600 * time.Millisecond
	DefaultFailAfter  = 750 * time.Millisecond
	DefaultRetryEvery = 100 * time.Millisecond

	DefaultContinueAfter = 3 * time.Second
	DefaultResultsKept   = 30 * time.Minute
	DefaultRetireEvery   = time.Minute
)

func (t Timing) withDefaults() Timing {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&t.BeatEvery, DefaultBeatEvery)
	set(&t.Lease, DefaultLease)
	set(&t.Grace, DefaultGrace)
	set(&t.FailAfter, DefaultFailAfter)
	set(&t.RetryEvery, DefaultRetryEvery)
	set(&t.ContinueAfter, DefaultContinueAfter)
	set(&t.ResultsKept, DefaultResultsKept)
	set(&t.RetireEvery, DefaultRetireEvery)
	return t
}

// Limits on what a Core holds and sends.
const (
	WindowItems    = 1024 // items of one link sent and not acknowledged; updates applied and not committed
	resultsPerItem = 4096
	WindowBytes    = 16 << 20          // of their data; one item may be larger
	CopyBytes      = 3 << 20           // pieces of sections among them: more is not faster, and others wait longer
	PieceBytesMax  = 1 << 20           // of a section in one item
	LongBytes      = 512 << 10         // what is longer goes as bulk, and has more time
	bufferMin      = PieceBytesMax / 2 // bytes of data for which a Buffer is worth its size
	RetryBytes     = 32 << 20          // a second: what is long is sent again that much later
	SlowBytes      = 8 << 20           // a second: a follower that takes less of what is long is to be dropped
	QueueMax       = 16384             // requests of this node's applications, and of each other node's, on one checkpoint
	HeldBytesMax   = 64 << 20
	ForwardsMax    = 4096      // requests of one node on one checkpoint under way
	RecentItems    = 1024      // updates kept for followers of an asynchronous checkpoint
	RecentBytes    = 4 << 20   // of their data
	TailBytesMax   = 512 << 10 // of updates in one Report; one update may be larger
	MarksMax       = 16384     // marked sections, and results, listed in one Report
	StageBytesMax  = 512 << 20 // sections that a follower holds before it makes them its own
	ResendMax      = 64        // items sent again at a time
	orderSlack     = 64        // answered requests still listed
	wipeMax        = 1024      // sections removed in one step
	pendingEchoMax = 8         // echoes of one node that wait for configurations
	peersMax       = 1024      // nodes of which something is remembered
	generationsMax = 4         // generations of the directors' store that are told apart: the latest ones
	leftMax        = 8         // former epochs of which a replica knows where it left them
)

// EpochGap is added to the update number, for each epoch passed, when the active moves. It is larger than any number of
// updates that some replica has and no other: so no number is ever given to two updates.
const EpochGap = 1 << 20

// generationGap stands for the number of epochs between two generations of the directors' store.
const generationGap = 1 << 10

// serialShift leaves each Core room for so many (as a power of two) requests and links.
const serialShift = 40
