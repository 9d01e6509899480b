package wire

// OperatorAction is what an operator wants done with nodes, directors or a checkpoint that has lost its replicas.
type OperatorAction uint8

// Actions, each with the fields of OperatorRequest it uses and those of OperatorReply it fills in.
const (
	OperatorNodes          OperatorAction = 1  // – → Nodes
	OperatorNodeLock       OperatorAction = 2  // Node → Nodes: the node is outside the cluster, its replicas move away
	OperatorNodeUnlock     OperatorAction = 3  // Node → Nodes
	OperatorNodeRemove     OperatorAction = 4  // Node, AcceptLoss → Nodes: forget a node that is down
	OperatorDirectors      OperatorAction = 5  // – → Directors
	OperatorDirectorAdd    OperatorAction = 6  // Node (its id), Address → Directors
	OperatorDirectorRemove OperatorAction = 7  // Node (its id) → Directors
	OperatorRebuild        OperatorAction = 8  // Cluster, Generation; Node to waive it, "" = none → Waiting
	OperatorRebuildEnd     OperatorAction = 9  // – → Waiting: those that stay unrestored
	OperatorRecover        OperatorAction = 10 // Name, Node, AcceptLoss → –
)

// OperatorRequest travels from the operator's command to the node director (OpOperator), and from there to the
// director (DirectorOperator).
type OperatorRequest struct {
	Action     OperatorAction
	Node       string // node, or id of a director
	Name       string // of a checkpoint
	Address    string // host:port for the other directors
	AcceptLoss bool   // data that only the node holds, or that it lacks, may be lost
	// Filled in by the node director: the cluster id and the greatest generation of a directors' store that it knows.
	Cluster    [16]byte
	Generation uint64
}

// OperatorReply is the answer. What was refused has an Error other than OK, and Text says why in one line; both are the
// director's, put in by the node director.
type OperatorReply struct {
	Error     Code
	Text      string
	Nodes     []NodeInfo
	Directors []DirectorInfo
	Waiting   []WaitingInfo
	More      uint32 // further entries of Waiting that were left out
}

// NodeInfo is a node as the directors know it.
type NodeInfo struct {
	Name       string
	Host       string
	Up         bool
	Locked     bool
	Controller bool
	Replicas   uint32
	Max        uint32
}

// DirectorInfo is a director of the group.
type DirectorInfo struct {
	ID      string
	Address string // "" = a director without others
	Leader  bool
}

// WaitingInfo is a checkpoint of a lost directors' store that has not been restored yet.
type WaitingInfo struct {
	Checkpoint uint64
	Name       string
	Nodes      []string // have not reported yet
	Text       string   // why it is not restored although all have
}

// WaitingMax is the most entries in OperatorReply.Waiting.
const WaitingMax = 256
