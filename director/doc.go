// Package director decides which checkpoints exist: their names, where their replicas are, which replica is active,
// who has them open, and when they end. Node directors ask it over the bus and obey the configurations it gives.
//
// The package has two halves.
//
// Core is the state machine: commands in, results and changed configurations out. It has no clock, no goroutine and
// no I/O, so the same commands give the same state on every director. Each kind of command has a file: open.go,
// close.go (with retention), unlink.go, active.go, node.go (a node director registers), absent.go (nodes that are down,
// locked or removed), replica.go (replicas join and are dropped), rebuild.go and recover.go (after a loss). placement.go
// says which nodes are to hold replicas, feed.go tells a node what has changed for it.
//
// Director is the shell around it. The commands are the entries of a Raft log (hashicorp/raft); the leader is the
// active director, the others are hot standbys. Only the leader listens on the director's subject, after it has applied
// everything its predecessors committed. What depends on time is decided by the leader's monotonic clock and becomes
// a command: silent nodes (NodesDown), a node silent for long (NodeForget), a retention that is over (RetentionOver),
// another attempt with nodes that had no room (Reconsider). Those commands name what they were decided on (incarnation,
// guard), so that one that comes late changes nothing.
//
// # Configurations
//
// A checkpoint's configuration names the active node, the in-sync nodes and those that join. What has to hold:
//
//   - An in-sync replica has every acknowledged update. So a node enters the in-sync set only when the active says that
//     it has filled it and requires its acknowledgements (ReplicaJoined), or with an empty replica while nothing has
//     been written. What a node itself announces never makes it in sync.
//   - What the active says must be about this joining and not a former one of the same node: since.go keeps since when
//     a node joins, the request names the configuration that the active obeys and the run of the node's director that
//     it has filled.
//   - The epoch is raised whenever the active moves or the in-sync set shrinks, so that requests about a former
//     configuration change nothing.
//   - The last in-sync replica is never dropped, nor are the last ones if their nodes fall silent together: if a node is
//     down it may come back. Only the node itself says that it has lost its replica, and only the operator makes another
//     copy valid.
//
// # Groups
//
// Directors reach each other over TCP, with TLS if configured (layer.go). A group begins once, when all directors that
// are listed answer and none has a store (form.go); a director with an empty data directory is otherwise given
// everything by the others, and has no vote until it has it (gate.go).
//
// # Data directory
//
//	lock        held exclusively while the director runs; its text is the process id
//	log/        the Raft log (raft-wal)
//	snapshots/  the newest snapshots of the state (raft)
//
// A log entry is a version byte, a byte for the kind of command, and the command in msgpack. A snapshot is a version
// byte and the state in msgpack. A version that this release does not know is refused, with both versions named.
package director
