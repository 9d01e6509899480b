// Package nodedirector is the node director: the process of a node that owns the node's replicas and serves the
// applications on it.
//
// An application's agent opens a session on a Unix socket (sessions.go), over which it learns its credential for the
// bus, is handed replica segments to read from, and is watched: a session ends with its process. Requests
// come over the bus (call.go), each in a numbered slot, and are carried out exactly once however often they arrive.
//
// What happens to a replica is decided by code that knows no clock, no goroutine and no I/O:
//
//	replication  a package of its own: an update against the attributes and sections (decide.go), which sections an
//	             iteration shows in which order (choose.go), replicas on several nodes
//	slots.go     a request against its slot: new, repeated, or out of date
//	staging.go   the pieces of a large request
//	history.go   the recent updates of a checkpoint
//	expiry.go    which sections have expired, and may the wall clock be trusted
//
// Around it, checkpoint.go holds one lock per checkpoint over its core (replication.Core) and segment, and obeys
// configurations; submit.go gives requests to the core and carries its effects out; reads.go carries reads out, here or for
// another node; replicastore.go is the core's store; peers.go sends and receives the messages between nodes. metadata.go opens, closes and unlinks through
// the active director (director.go), which alone knows the names; control.go registers, sends heartbeats and carries out
// the configurations that come back; restart.go attaches what an earlier process of this node left.
//
// A replica that is its checkpoint's only one may be kept on disk too:
//
//	persist.go         which ones, and the goroutine that writes to the copy
//	writethrough.go    ALL_REPLICAS updates: to the disk, then to the segment
//	pending.go         the replica as updates on their way to the disk will leave it
//	writebehind.go     other updates: recorded, and written soon
//	keepcopy.go        the copy made from the segment, at first and after trouble
//	persistrestore.go  the segment made from the copy, when the power has taken it
//
// Locks are taken in this order: the lock of a name (names.go), checkpoint.mu, then any of Node.mu, session.mu,
// directorState.mu, expiryLoop.mu, peers.mu and that of replication.Pairs, of which no two are held at once. Nothing is waited for while one but the lock of a
// name is held.
package nodedirector
