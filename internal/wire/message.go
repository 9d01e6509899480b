package wire

// Op is what a request asks for.
type Op uint8

// Requests of a session. The body after the Request is named beside each, then the body after the Reply.
const (
	OpOpen          Op = 1  // OpenRequest → OpenReply
	OpClose         Op = 2  // HandleRequest → –
	OpUnlink        Op = 3  // UnlinkRequest → –
	OpRetention     Op = 4  // TimeRequest → –
	OpActive        Op = 5  // HandleRequest → –
	OpStatus        Op = 6  // HandleRequest → StatusReply
	OpSectionCreate Op = 7  // UpdateRequest (one element; id empty and Generate: make one), data → UpdateReply
	OpSectionDelete Op = 8  // UpdateRequest (one element) → UpdateReply
	OpExpiration    Op = 9  // UpdateRequest (one element, Time) → UpdateReply
	OpWrite         Op = 10 // UpdateRequest, data of all elements one after the other → UpdateReply
	OpOverwrite     Op = 11 // UpdateRequest (one element), data → UpdateReply
	OpRead          Op = 12 // ReadRequest → ReadReply, data
	OpSections      Op = 13 // SectionsRequest → SectionsReply
	OpSynchronize   Op = 14 // HandleRequest → –
	OpNotify        Op = 15 // NotifyRequest → NotifyReply
	OpChanges       Op = 16 // ChangesRequest → ChangesReply
	OpNodeStatus    Op = 17 // – → NodeStatusReply
	OpList          Op = 18 // ListRequest, or nothing to list from the beginning → ListReply
	OpShow          Op = 19 // UnlinkRequest (name) → ShowReply
	OpOperator      Op = 20 // OperatorRequest → OperatorReply; for root and the service's own user alone
)

// Request is the head of every request.
type Request struct {
	Op       Op
	Slot     uint16 // 0 <= Slot < SlotsPerSession
	Number   uint64 // counts up from 1 in each slot
	Deadline int64  // CLOCK_MONOTONIC of the host, ns: not begun after it
	Piece    uint32 // 0 <= Piece < Pieces: which part of the data this frame carries
	Pieces   uint32 // frames the request is sent in, at least 1; each has the same head and body
	Total    uint64 // bytes of data in all pieces
}

// Reply is the head of every reply. A piece that is not the last to arrive is answered by Ack alone.
type Reply struct {
	Slot   uint16
	Number uint64
	Error  Code
	Index  uint32 // element at fault
	Busy   bool   // not begun because a queue is full: the agent sends it again within its deadline
	Ack    bool   // piece Piece has arrived
	Piece  uint32
}

// Attributes are a checkpoint's creation attributes, as in SaCkptCheckpointCreationAttributesT.
type Attributes struct {
	CreationFlags     uint32
	CheckpointSize    uint64
	RetentionDuration int64 // ns
	MaxSections       uint32
	MaxSectionSize    uint64
	MaxSectionIDSize  uint64
}

// Creation and open flags (AIS values).
const (
	FlagAllReplicas   = 0x1
	FlagActiveReplica = 0x2
	FlagActiveWeak    = 0x4
	FlagCollocated    = 0x8

	OpenRead   = 0x1
	OpenWrite  = 0x2
	OpenCreate = 0x4
)

// Asynchronous reports whether updates are acknowledged by the active replica alone.
func (a *Attributes) Asynchronous() bool { return a.CreationFlags&FlagAllReplicas == 0 }

// Weak reports whether a write that is cut off may leave a section corrupted.
func (a *Attributes) Weak() bool { return a.AISFlags()&FlagActiveWeak != 0 }

// AISFlags is what the creation flags mean in AIS: clCkpt* allows any bits, and none or several of the three that say how
// updates are made. AIS' own flags are what they are.
func (a *Attributes) AISFlags() uint32 {
	mode := uint32(FlagActiveReplica)
	switch {
	case a.CreationFlags&FlagAllReplicas != 0:
		mode = FlagAllReplicas
	case a.CreationFlags&FlagActiveReplica == 0 && a.CreationFlags&FlagActiveWeak != 0:
		mode = FlagActiveWeak
	}
	return mode | a.CreationFlags&FlagCollocated
}

// Collocated reports whether each node that opens the checkpoint has a replica.
func (a *Attributes) Collocated() bool { return a.CreationFlags&FlagCollocated != 0 }

// OpenRequest opens a checkpoint. Open is the agent's random number for the handle, unique in its session.
type OpenRequest struct {
	Open             uint64
	Name             string
	HasAttributes    bool
	Attributes       Attributes
	Flags            uint32 // OpenRead | OpenWrite | OpenCreate
	CompareRetention bool   // an existing checkpoint must have this retention duration too
	Notify           bool   // send events of this checkpoint
	Restore          uint64 // not 0: only this very checkpoint, whatever its name is now; the agent lost its session
	Backup           bool   // a checkpoint made by this keeps a second copy: see Config.Backup
	// WholeFlags: the creation flags are those of clCkpt*, which may have any bits set and are compared as a whole. Without
	// it they are AIS' own, and compared with what an existing checkpoint's mean in AIS.
	WholeFlags bool
	NotifyData bool // with Notify: events are to carry the data written
}

// OpenReply describes the checkpoint opened.
type OpenReply struct {
	Checkpoint uint64
	Attributes Attributes // MaxSectionSize is the limit that holds: see Config.SectionSizeMax
	Replica    bool       // this node has a replica that the session socket can hand over
	Update     uint64     // number of the last update: events with greater numbers follow
}

// HandleRequest is on an open checkpoint.
type HandleRequest struct{ Open uint64 }

// UnlinkRequest is on a name.
type UnlinkRequest struct{ Name string }

// TimeRequest is on an open checkpoint, with a duration.
type TimeRequest struct {
	Open uint64
	Time int64
}

// StatusReply describes a checkpoint as saCkptCheckpointStatusGet does.
type StatusReply struct {
	Attributes Attributes
	Sections   uint32
	Memory     uint64 // sum of section sizes, bytes
	// Version of the configuration that Attributes are from: between node directors.
	Version uint64
}

// Element is one part of an update or notification.
type Element struct {
	ID     []byte
	Offset uint64
	Size   uint64
}

// UpdateRequest changes sections. The data of the elements, Size bytes each, follow one after the other.
type UpdateRequest struct {
	Open     uint64
	Elements []Element
	Time     int64 // expiration, wall-clock ns; math.MaxInt64 = never
	Generate bool
	// RefusePast: a section is not created with an expiration before the current second. Without it such a section
	// never expires.
	RefusePast bool
}

// UpdateReply is the result of an update.
type UpdateReply struct {
	Generated []byte // the id made
}

// ReadRequest reads a part of one section. Update, if not 0, must still be the section's last update:
// else the reply is FailedOperation with Changed and the agent starts again.
type ReadRequest struct {
	Open   uint64
	ID     []byte
	Offset uint64
	Size   uint64 // at most PieceBytesMax are delivered
	Update uint64
}

// ReadReply comes with the data.
type ReadReply struct {
	SectionSize uint64
	Update      uint64 // number of the section's last update
	Changed     bool
}

// Choices of sections to list (SaCkptSectionsChosenT).
const (
	ChooseForever   = 1
	ChooseExpiryLeq = 2
	ChooseExpiryGeq = 3
	ChooseCorrupted = 4
	ChooseAny       = 5
)

// SectionsRequest lists sections in the order of id length, then bytes.
type SectionsRequest struct {
	Open   uint64
	Chosen uint32
	Time   int64
	Resume bool
	After  []byte // with Resume: only sections after this id
	Limit  uint32 // 1..SectionsPageMax
}

// Section is one section listed.
type Section struct {
	ID         []byte
	Size       uint64
	Expiration int64
	LastUpdate int64
	Corrupted  bool
}

// SectionsReply is one page.
type SectionsReply struct {
	Sections []Section
	More     bool
}

// NotifyRequest switches events of checkpoints on or off.
type NotifyRequest struct {
	Opens []uint64
	On    bool
	Data  []uint64 // those of Opens whose events are to carry the data written
}

// NotifyReply gives the number of the last update of each checkpoint, in the order asked; events with greater
// numbers follow. An unknown handle has 0.
type NotifyReply struct{ Updates []uint64 }

// Event is one update of a checkpoint. Events of a checkpoint come in the order of their numbers, without gaps; a gap
// means that some were lost, and OpChanges repairs it. The data of the events in a frame follow it, Data bytes of each.
type Event struct {
	Checkpoint uint64
	Update     uint64
	Writer     uint64    // Open of the handle that wrote; 0 = the service itself (expiry)
	Deleted    bool      // sections were deleted (dataSize 0)
	Elements   []Element // empty: nothing an application is told of, but perhaps an expiry
	Session    uint64    // of the handle that wrote; 0 = the service itself
	Created    bool      // Elements is a section that was created
	Expired    []byte    // id of the section that expired; Elements is empty then
	// Data is how many bytes come with the event: those written, element after element; or 0, because they are not
	// wanted, or too many (EventDataMax), or not known any more.
	Data uint64
	// Missed: the event only says that there have been updates up to this one, whose events were lost; OpChanges tells of
	// them.
	Missed bool
}

// ChangesRequest asks for what happened after update Since.
type ChangesRequest struct {
	Open  uint64
	Since uint64
}

// ChangesReply gives the exact events where they are still known, else one element a section changed since,
// offset 0 and its whole size, in Whole; and the ids of sections that are gone, where these are still known.
type ChangesReply struct {
	Update  uint64 // the reply covers all up to this
	Events  []Event
	Whole   []Element
	Exact   bool
	Deleted [][]byte // by an application
	Expired [][]byte
}

// NodeStatusReply describes the node director.
type NodeStatusReply struct {
	Cluster     string
	Node        string
	Release     string
	Director    string // node or "" if none is reachable
	Replicas    uint32
	ReplicasMax uint32
	Sessions    uint32
	MemoryUsed  uint64 // bytes of shared memory of all replicas
	MemoryMax   uint64 // 0 = no limit
	Uptime      int64  // ns
	Malformed   uint64 // messages dropped
	Outside     bool   // the node is outside the cluster, as far as the node director has heard
}

// ListReply lists the cluster's checkpoints by name, then number. More: it ended at its size limit.
type ListReply struct {
	Checkpoints []Config
	More        bool
}

// ShowReply is what an operator sees of one checkpoint.
type ShowReply struct {
	Config    Config
	UsedSize  uint64
	Sections  uint32
	Corrupted uint32
	Openers   uint32
	Readers   uint32
	Writers   uint32
	Update    uint64
	Allocated uint64 // bytes of shared memory on this node
	// Holders are the nodes with a replica or openers. Openers, Readers and Writers are those of all that answered; the
	// other numbers are of the replica on this node, without one of the active replica.
	Holders []Holder
}

// Holder is what a node has of a checkpoint.
type Holder struct {
	Node     string
	Answered bool // else nothing is known of it at the moment
	Replica  bool
	Update   uint64 // number of the last one that its replica has applied
	Openers  uint32
}
