package director

import "time"

// Limits of the state.
const (
	CheckpointsMax     = 1_000_000 // in the cluster
	NodesMax           = 1024      // node names ever registered
	UnlinkSessionsMax  = 65_536    // sessions whose unlink requests are remembered
	ReplicasPerNode    = 1000      // where a node announces no limit of its own
	backupsMax         = 2         // controllers that back up a checkpoint first opened on another node
	backupsOfCtrlMax   = 1         // controllers that back up a checkpoint first opened on a controller
	DirectorsMax       = 9         // in a group
	backupReplicas     = 2         // of a checkpoint with Backup, at least
	changesKept        = 8192      // changes a node can be told one by one; for older ones it gets the full list
	replyBytesMax      = 256 << 10 // configurations in one reply, roughly
	configBytes        = 160       // of one configuration without its name and nodes, at most
	checkpointsASecond = 1 << 29   // numbers set aside for each second of the clock: see Found.First
)

// RetentionMin is the shortest retention that is begun: a checkpoint with a shorter one ends with its last closing.
const RetentionMin = 10 * time.Millisecond

// Limits of the service.
const (
	DefaultNodeTimeout = time.Second      // of silence, after which a node is down
	DefaultNodeForget  = 60 * time.Second // during which a node that is down counts as having its checkpoints open

	pendingMax      = 1024                   // requests taken and not yet answered; further ones get TRY_AGAIN
	busMessagesMax  = 8192                   // requests received and not yet taken
	busBytesMax     = 64 << 20               // the same in bytes
	enqueueTimeout  = time.Second            // to hand a command to Raft, else TRY_AGAIN
	applyTimeout    = 5 * time.Second        // to commit it, else TIMEOUT
	barrierTimeout  = 5 * time.Second        // for a new leader to apply what its predecessors committed
	drainTimeout    = time.Second            // to answer what was sent before the director stopped listening
	raftLogPause    = 10 * time.Second       // between equal messages of raft
	skipPause       = 10 * time.Second       // before a node that had no room for a replica is tried again
	leaderLook      = 20 * time.Millisecond  // until the group has a leader
	commandPause    = 100 * time.Millisecond // before the leader proposes again what it could not commit
	retentionsBatch = 256                    // retentions ended by one command

	segmentBytes     = 4 << 20 // of one file of the log
	snapshotEntries  = 4096    // log entries after which a snapshot is made
	snapshotInterval = 5 * time.Second
	snapshotsKept    = 2
	trailingEntries  = 2 * snapshotEntries // log entries kept from before a snapshot: the older snapshot stays usable
	batchEntries     = 64                  // commands committed with one write to disk
	entriesCached    = 512                 // log entries kept in memory for directors that follow
)

// Raft's own times. A single director has nobody to wait for.
const (
	electionTimeout       = 150 * time.Millisecond
	electionTimeoutSingle = 20 * time.Millisecond
	leaderLease           = electionTimeout
	leaderLeaseSingle     = 20 * time.Millisecond
	commitTimeout         = 10 * time.Millisecond
	transportTimeout      = time.Second
	transportConnections  = 3
	greetingTimeout       = time.Second            // to connect to another director and be let in
	greetingBytesMax      = 512                    // of its line
	greetingsMax          = 64                     // at a time
	acceptPause           = 50 * time.Millisecond  // after connections could not be accepted
	formPause             = 200 * time.Millisecond // between questions to the directors that begin the group
	askTimeout            = 200 * time.Millisecond // for another director to say whether it can lead
	busLook               = 100 * time.Millisecond // between two looks whether the bus answers
	busPatience           = 400 * time.Millisecond // for its answer
	transferTimeout       = time.Second            // for another director to take over
)
