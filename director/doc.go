// Package director decides which checkpoints exist: their names, where their replicas are, which replica is active,
// who has them open, and when they end. Node directors ask it over the bus and obey the configurations it gives.
//
// The package has two halves.
//
// Core is the state machine: commands in, results and changed configurations out. It has no clock, no goroutine and
// no I/O, so the same commands give the same state on every director. Each kind of command has a file: open.go,
// close.go (with retention), unlink.go, active.go, node.go. feed.go tells a node what has changed for it.
//
// Director is the shell around it. The commands are the entries of a Raft log (hashicorp/raft); the leader is the
// active director, the others are hot standbys. Only the leader listens on the director's subject, after it has applied
// everything its predecessors committed. What depends on time is decided by the leader's monotonic clock and becomes
// a command: a silent node (NodeDown), a node silent for long (NodeForget), a retention that is over (RetentionOver).
// Those commands name what they were decided on (incarnation, guard), so that one that comes late changes nothing.
//
// A director's data directory holds
//
//	lock        held exclusively while the director runs; its text is the process id
//	log/        the Raft log (raft-wal)
//	snapshots/  the newest snapshots of the state (raft)
//
// A log entry is a version byte, a byte for the kind of command, and the command in msgpack. A snapshot is a version
// byte and the state in msgpack. A version that this release does not know is refused, with both versions named.
package director
