package wire

import "math"

// Epoch orders configurations: a greater generation, or the same and a greater counter, is later.
type Epoch struct {
	Generation uint64 // of the directors' store
	Counter    uint64
}

// Less reports whether e is earlier than f.
func (e Epoch) Less(f Epoch) bool {
	return e.Generation < f.Generation || e.Generation == f.Generation && e.Counter < f.Counter
}

// Config is the configuration of one checkpoint: what the directors decide and node directors obey.
type Config struct {
	Checkpoint uint64 // number, never reused
	Name       string
	Created    int64 // wall-clock ns
	Attributes Attributes
	Epoch      Epoch    // raised whenever the active moves or the in-sync set shrinks
	Active     string   // node of the active replica; "" = none
	InSync     []string // nodes whose replicas have every acknowledged update; Active is one of them
	Joining    []string // nodes whose replicas are being filled
	Open       []string // nodes with openers
	Unlinked   bool
	// Backup: made through clCkpt*. It has a second replica whenever a second node exists, and is kept on disk when none does.
	Backup bool
	// Version is the one of the directors' state that this configuration was made in: of two configurations of a
	// checkpoint and generation the later one has the greater Version.
	Version uint64
}

// SectionSizeMax is the most bytes a section may have. Through clCkpt* a checkpoint can be made without such a limit.
func (c *Config) SectionSizeMax() uint64 {
	if c.Backup && c.Attributes.MaxSectionSize == 0 {
		return math.MaxUint64
	}
	return c.Attributes.MaxSectionSize
}

// DirectorOp is what a node director asks of the active director.
type DirectorOp uint8

// Requests to the director, each with its body and the body of the answer.
const (
	DirectorRegister      DirectorOp = 1  // RegisterRequest → RegisterReply
	DirectorHeartbeat     DirectorOp = 2  // HeartbeatRequest → HeartbeatReply
	DirectorOpen          DirectorOp = 3  // DirectorOpenRequest → ConfigReply
	DirectorClose         DirectorOp = 4  // CheckpointRequest → ConfigReply (Gone: deleted)
	DirectorUnlink        DirectorOp = 5  // DirectorUnlinkRequest → ConfigReply (Gone: deleted)
	DirectorRetention     DirectorOp = 6  // CheckpointRequest → ConfigReply
	DirectorActive        DirectorOp = 7  // CheckpointRequest → ConfigReply
	DirectorSessionEnded  DirectorOp = 8  // SessionEndedRequest → –
	DirectorList          DirectorOp = 9  // ListRequest → ListReply
	DirectorReplicaDrop   DirectorOp = 10 // ReplicaRequest, by the active's node → ConfigReply
	DirectorReplicaJoined DirectorOp = 11 // ReplicaRequest, by the active's node → ConfigReply
	DirectorReplicaLost   DirectorOp = 12 // ReplicaRequest, by the replica's own node → ConfigReply (Gone: it was the last)
	DirectorOperator      DirectorOp = 13 // OperatorRequest → OperatorReply; from any node director, registered or not
	DirectorAnnounce      DirectorOp = 14 // AnnounceRequest → RegisterReply.Rebuild says when; – in the answer
)

// DirectorRequest is the head of every request to the director.
type DirectorRequest struct {
	Op   DirectorOp
	Node string
	// Incarnation is the number a node director drew when it started: the director refuses an earlier one.
	Incarnation uint64
}

// DirectorReply is the head of every answer.
type DirectorReply struct {
	Error      Code
	Text       string // one line for the log, with a refusal
	Unknown    bool   // the director does not know this node or incarnation: register (again)
	Generation uint64
	Server     string // id of the director that answered; "" = it does not say
}

// ReplicaInfo announces a replica found on a node, or openers of a checkpoint that has none there.
type ReplicaInfo struct {
	// Config is the one last adopted. In a registration the director uses Checkpoint and Epoch alone, in an
	// AnnounceRequest all of it.
	Config Config
	Update uint64 // number of the replica's last update
	Open   bool   // sessions on the node have it open
	// Missing: there is no replica here, only openers are announced. A replica that was being filled when the node
	// director ended is Missing too.
	Missing bool
}

// RegisterRequest announces a node director and what it holds: all its replicas, and all checkpoints that sessions of
// it have open. What is not announced as open is closed for this node, and an in-sync replica not announced is lost:
// so a node director has no other request to the director under way while it registers.
type RegisterRequest struct {
	Host        string
	BootID      string
	Controller  bool // runs a director: gets replicas of non-collocated checkpoints
	ReplicasMax uint32
	Replicas    []ReplicaInfo
	Cluster     [16]byte // cluster id of the replicas; zero = none is known
}

// RegisterReply tells the node its world.
type RegisterReply struct {
	Cluster [16]byte // cluster id, drawn when the directors' store was made
	Version uint64   // of the configurations: HeartbeatRequest.Since
	Configs []Config // all with a replica or openers on this node, and what else was announced and exists
	Drop    []uint64 // announced, but not known (any more): delete
	More    bool     // Configs go on: HeartbeatRequest with Since = Version, After = the greatest number so far
	Foreign []uint64 // announced, of another generation of the directors' store: kept, but not served
	Locked  bool     // see HeartbeatReply
	Rebuild bool     // the directors lost their store: send what is Foreign with AnnounceRequests
	// Member names the node's membership: it differs from the one of an earlier registration with the same generation if
	// an operator removed the node in between. A director of an earlier release gives none (Counter 0).
	Member Epoch
}

// AnnounceRequest gives the whole configurations of replicas of another generation of the directors' store, so that
// the directors can restore the checkpoints. The last one has no More; a node without any sends one that is empty.
type AnnounceRequest struct {
	Replicas []ReplicaInfo
	More     bool
}

// HeartbeatRequest says the node is alive and asks what has changed for it.
type HeartbeatRequest struct {
	Since uint64
	After uint64 // not 0: go on with a full list after this checkpoint number
}

// HeartbeatReply gives the changes after Since that concern the node.
type HeartbeatReply struct {
	Version uint64
	Configs []Config
	Drop    []uint64 // deleted checkpoints
	// Full: the changes after Since are not known any more, or the request asked to go on with a full list. Configs
	// then list all that concern the node, in the order of their numbers, Drop is empty, and what the complete list
	// does not hold is deleted. A complete list is of the Version in its first page.
	Full bool
	// More: the reply ended at its size limit. With Full ask again with the same Since and After = the greatest
	// number in Configs, else with Since = Version.
	More bool
	// Locked: an operator has put the node outside the cluster (SA_AIS_ERR_UNAVAILABLE).
	Locked bool
	// Rebuild: the directors want AnnounceRequests of this node and have not had the last one yet.
	Rebuild bool
}

// DirectorOpenRequest opens or creates a checkpoint for a node. Repeating it is harmless.
type DirectorOpenRequest struct {
	Name             string
	HasAttributes    bool
	Attributes       Attributes
	CompareRetention bool
	Now              int64 // wall-clock ns, for Created
	Restore          uint64
	Backup           bool // for Config.Backup of a checkpoint made by this
	WholeFlags       bool // as in OpenRequest
}

// RequestID names a session's request for ever.
type RequestID struct {
	Session uint64
	Slot    uint16
	Number  uint64
}

// DirectorUnlinkRequest removes a name. The director remembers each request until its session has ended.
type DirectorUnlinkRequest struct {
	Name    string
	Request RequestID
}

// CheckpointRequest is on one checkpoint. Time is the retention duration for DirectorRetention.
type CheckpointRequest struct {
	Checkpoint uint64
	Time       int64
}

// ReplicaRequest is on one node's replica of a checkpoint. The answer has the configuration after it; a request that
// does not fit the present configuration (another epoch, another active, another joining) changes nothing.
//
//	ReplicaDrop    by the active: the node does not acknowledge any more, or is Full. It leaves the in-sync set, or
//	               those joining if it has been joining since Version or before. The epoch is raised, unless it only
//	               joined and is Full.
//	ReplicaJoined  by the active: the node has acknowledged Base. It enters the in-sync set.
//	ReplicaLost    by the node itself: it has no (complete) replica any more. It leaves the in-sync set; a node that
//	               was joining with a stale copy says so before it throws that away.
type ReplicaRequest struct {
	Checkpoint uint64
	Epoch      Epoch  // of the configuration that the sender obeys
	Version    uint64 // of that configuration
	Node       string // whose replica
	// Incarnation of the joining node's director that the active is linked with, for ReplicaJoined.
	Incarnation uint64
	Full        bool // ReplicaDrop: no room there; not tried again for a while
}

// SessionEndedRequest lets the director forget a session's requests.
type SessionEndedRequest struct{ Session uint64 }

// ConfigReply is the configuration after the request. Gone: the checkpoint has been deleted; Config has its number only.
type ConfigReply struct {
	Config  Config
	Created bool // by this very request
	Gone    bool
	// Fresh: no data of the checkpoint exists anywhere but in a replica this incarnation of the node director has made.
	// If it has made none (the answer that said Created was lost), it makes an empty one.
	Fresh bool
}

// Changed says that configurations up to Version exist. A director also says so when it begins to lead.
type Changed struct {
	Version uint64
	Leading uint64 // drawn by each director that begins to lead; what was asked of the one before is not answered any more
}

// ListRequest lists checkpoints after a name and number, in that order; zero values list from the beginning.
type ListRequest struct {
	AfterName string
	After     uint64
}
