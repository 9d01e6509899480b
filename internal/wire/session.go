package wire

// Hello opens the session socket. Session 0 asks for a new session; else the agent resumes its own.
type Hello struct {
	Session uint64
	Secret  []byte
	Program string // for the operator: name of the executable
}

// Welcome answers it. Session differs from the one in Hello if that was unknown or has been closed: then nothing of
// it is left and the agent opens its checkpoints again (OpenRequest.Restore).
type Welcome struct {
	Error      Code
	Text       string // with an Error: one line
	Cluster    string
	Node       string
	Session    uint64
	Secret     []byte   // 16 bytes
	Bus        []string // NATS URLs, any of them
	User       string   // credential of this session alone
	Password   string
	MaxWrite   uint64 // most bytes of data in one request
	Membership Membership
}

// Membership says whether the node is in the cluster. It is sent again whenever that changes.
type Membership struct {
	Outside bool // an operator has locked the node
	// Left: the node has left the cluster (it was locked, or removed) since the session was last told, or began.
	Left bool
}

// SegmentRequest asks for the replica segment of an open checkpoint.
type SegmentRequest struct {
	Ask  uint64 // comes back in the reply
	Open uint64
}

// SegmentReply brings a read-only descriptor (SCM_RIGHTS) when Error is OK; NotExist: no replica here.
type SegmentReply struct {
	Ask   uint64
	Error Code
}
