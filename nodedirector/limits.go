package nodedirector

import (
	"time"

	"libckpt/nodedirector/replication"
)

// Defaults of Options.
const (
	DefaultReplicasMax = 1000
	DefaultWriteMax    = 128 << 20 // bytes
	DefaultStagingMax  = 512 << 20 // bytes
	DefaultSocketMode  = 0o666
)

// Limits on what applications may make a node director hold.
const (
	sessionsMax        = 16384   // sessions on the node
	opensPerSessionMax = 100_000 // open checkpoints of one session
	writtenMin         = 64      // checkpoints a session remembers to have written to before it looks whether they still exist
	piecesMax          = 1 << 16 // frames of one request
	segmentsDir        = "segments"
	sessionPendingMsgs = 64 << 10 // requests of one session not yet taken from the bus
	sessionPendingMem  = 64 << 20 // bytes of them
	inlineBytesMax     = 64 << 10 // data of an update that is applied on the session's own goroutine
	socketPacketMax    = 4 << 10  // bytes of a packet on the session socket
	programBytesMax    = 255
)

// Limits on one answer, below the bus' payload limit.
const (
	changesPageSize = 256 << 10 // bytes of ids in one ChangesReply, beyond which it ends early
	changesPageMax  = changesPageSize / 32
	announcedBytes  = 512 // of a replica in an AnnounceRequest without its name, about
	sectionsPerLock = 512 // sections looked at by an iteration before others may use the checkpoint
)

// Limits on what is remembered of a checkpoint's updates.
const (
	historyEventsMax = 1024
	historyBytesMax  = 1 << 20 // ids and elements
	// deletionsBytesMax bounds what is remembered of sections that are gone: 65,536 with ids of 16 bytes.
	deletionsBytesMax = 65536 * (48 + 16)
)

// Waits.
const (
	// Answers are kept for longer than a request can live, here and, after a restart, with the next node director.
	_ = uint(replication.DefaultResultsKept - 2*requestWaitMax)

	learnWaitMax       = 10 * time.Second       // to hear from an active replica elsewhere which updates there have been
	requestWaitMax     = 10 * time.Minute       // whatever a request's deadline says
	directorTryTimeout = 2 * time.Second        // one request to the director
	operatorTryTimeout = 8 * time.Second        // of an operator's request: a change of the group of directors takes its time
	directorTryMin     = 100 * time.Millisecond // time for another attempt to be worth while
	directorRetryWait  = 25 * time.Millisecond
	heartbeatInterval  = 200 * time.Millisecond // a fifth of the directors' node timeout, or less
	heartbeatLate      = heartbeatInterval * 3 / 2
	heartbeatTimeout   = 2 * heartbeatInterval  // for its answer: the director may have died with it
	directorSilence    = 2 * time.Second        // after which none counts as reachable
	peerSilence        = 500 * time.Millisecond // after which a node director may have been started anew
	showTimeout        = 500 * time.Millisecond // for another node to say what it has of a checkpoint
	sessionReturnWait  = 5 * time.Second        // after a restart, for the agents to come back
	socketWriteTimeout = 2 * time.Second
	helloTimeout       = 5 * time.Second // from connecting to the first packet
	busFlushTimeout    = time.Second
	answerMargin       = 50 * time.Millisecond // an answer is given so long before its deadline,
	answerShare        = 10                    // or this part of the time there was
	notAloneWait       = 10 * time.Millisecond // between two looks whether the leases of an earlier epoch are over
	alarmMin           = 100 * time.Microsecond
	logInterval        = time.Second // between two lines of the same complaint
	nameLockWait       = 2 * time.Second
	stagingSweep       = time.Second
	coreAsksMax        = 64       // requests of replicas to the directors under way
	peersMax           = 1024     // nodes in a cluster
	sessionEndsMax     = 64 << 10 // ended sessions the director has not been told of
)

// The wall clock and its steps.
const (
	clockLook       = time.Second      // between two comparisons of wall and monotonic clock
	clockStepHold   = time.Hour        // a larger step stops expiry
	clockStable     = time.Second      // a smaller step is no step
	clockStableTime = time.Minute      // without a step, after which expiry goes on
	expireWaitMax   = 10 * time.Second // for the other replicas
	expiryRetry     = time.Second      // after a section could not be removed
)

// Copies of replicas on disk.
const (
	// An asynchronous update is on the disk after writeBehindDelay and the time of one write. When writeBehindUpdatesMax
	// updates, or writeBehindBytesMax bytes of them, wait to be written, further ones are answered after the next write.
	writeBehindDelay      = 100 * time.Millisecond
	writeBehindUpdatesMax = 4096
	writeBehindBytesMax   = 64 << 20
	batchUpdatesMax       = 256     // updates written through together
	batchBytesMax         = 8 << 20 // data of them, unless there is but one
	copyPieceBytes        = 1 << 20 // read from the segment under one lock
	catchUpsMax           = 8       // attempts to find little changed since the last one
	openCopiesMax         = 128     // files kept open while nothing is written to them
	writersMax            = 16      // commits at a time
	beginnersMax          = 4       // copies being made at a time
	persistRetry          = time.Second
	persistDirLevels      = 4       // PersistDir and the directories above it that may be new
	persistReserve        = 4 << 20 // bytes of the file system that updates with content leave free,
	persistReserveShare   = 16      // or this part of a small one
	opDiskBytes           = 8 << 10 // taken by an operation besides its content, at most
)

// The journal of a session.
const (
	journalRecordMax    = 8 << 10 // bytes
	journalCompactAfter = 256     // records that no longer matter
)
