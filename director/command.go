package director

import "libckpt/internal/wire"

// Command is a change of the directors' state. Its types are those of this file.
type Command interface{ kind() commandKind }

// Found makes the store: the first command of every log. Later ones change nothing.
type Found struct {
	Cluster    [16]byte // random
	Generation uint64   // later stores have greater ones
	// First is the first checkpoint number. Stores made in different seconds use different numbers, so that a
	// replica or an open checkpoint left over from a lost store is never taken for another one.
	First uint64
}

// From is the node director that sent a request.
type From struct {
	Node        string
	Incarnation uint64
}

// NodeUp registers a node director.
type NodeUp struct {
	From
	Host        string
	BootID      string
	Controller  bool
	ReplicasMax uint32
	Replicas    []Announced
	// Holder is the incarnation that had the node's name when the leader took the request, and Fresh says that it
	// had been heard of within the node timeout.
	Holder uint64
	Fresh  bool
	// Cluster is the cluster id of the node's replicas; zero = none is known.
	Cluster [16]byte
}

// Announced is what a node director says of one checkpoint.
type Announced struct {
	Checkpoint uint64
	Generation uint64
	Open       bool
	Missing    bool   // no (complete) replica
	Counter    uint64 // of its epoch
}

// NodesDown marks nodes whose directors have been silent for the node timeout. Those that fall silent together come in one
// command: so none of their replicas is dropped for the sake of one on another of them.
type NodesDown struct{ Nodes []From }

// NodeForget closes what a node that is down has open.
type NodeForget struct{ From }

// Open opens or creates a checkpoint for a node.
type Open struct {
	From
	wire.DirectorOpenRequest
}

// Close says that a node has no openers of a checkpoint any more.
type Close struct {
	From
	Checkpoint uint64
}

// Unlink removes a name.
type Unlink struct {
	From
	wire.DirectorUnlinkRequest
}

// Retention sets a checkpoint's retention duration, in ns.
type Retention struct {
	From
	Checkpoint uint64
	Duration   int64
}

// RetentionOver deletes checkpoints whose retention has ended.
type RetentionOver struct{ Ended []Ended }

// Ended is a retention that is over. Guard is the one it began with: another one means that it was begun anew.
type Ended struct {
	Checkpoint uint64
	Guard      uint64
}

// Active makes a node's replica the active one.
type Active struct {
	From
	Checkpoint uint64
}

// SessionEnded forgets a session's unlink requests.
type SessionEnded struct {
	From
	Session uint64
}

// ReplicaChange is what the replica commands have in common.
type ReplicaChange struct {
	From       // who asks
	Checkpoint uint64
	Epoch      wire.Epoch // of the configuration it obeys
	Version    uint64     // of that configuration
	Replica    string     // the node whose replica it is about
	Linked     uint64     // incarnation of that node's director that the active is linked with
	Full       bool
}

// ReplicaDrop takes a replica out of the in-sync set because the active asks for it.
type ReplicaDrop struct{ ReplicaChange }

// ReplicaJoined takes one in.
type ReplicaJoined struct{ ReplicaChange }

// ReplicaLost says that the asking node has no complete replica any more.
type ReplicaLost struct{ ReplicaChange }

// Reconsider tries nodes again that had no room for a replica.
type Reconsider struct{}

// NodeLock puts a node outside the cluster, or takes it in again.
type NodeLock struct {
	Name string
	Lock bool
}

// NodeRemove forgets a node that is down.
type NodeRemove struct {
	Name       string
	AcceptLoss bool
}

// Rebuild begins to restore the checkpoints of a lost store, or gives a node up that is waited for.
type Rebuild struct {
	Cluster    [16]byte // of the lost store
	Generation uint64   // the greatest one known of it
	Waive      string   // "" = no node
}

// RebuildEnd ends that.
type RebuildEnd struct{}

// Announce gives what a node holds of the lost store.
type Announce struct {
	From
	wire.AnnounceRequest
}

// Recover makes a copy that is not in sync the only replica.
type Recover struct {
	Name       string
	Replica    string
	AcceptLoss bool
}
