package segment

import (
	"errors"
	"fmt"
)

// Attributes are the creation attributes of a checkpoint, kept unchanged in the segment.
type Attributes struct {
	CreationFlags     uint32 // SaCkptCheckpointCreationFlagsT
	CheckpointSize    uint64 // bytes; informative
	RetentionDuration int64  // nanoseconds, as given at creation
	MaxSections       uint32
	MaxSectionSize    uint64 // bytes
	MaxSectionIDSize  uint64 // bytes
}

// Identity says which replica a segment holds. It is written once, at creation.
type Identity struct {
	Cluster    [16]byte
	Node       string // at most MaxNodeName bytes
	Checkpoint uint64 // also the file name
	Name       string // checkpoint name, at most MaxName bytes
	Attributes Attributes
}

// Epoch is the configuration epoch a replica lives in.
type Epoch struct{ Generation, Counter uint64 }

// State tells readers whether the replica may be read now.
type State struct {
	Epoch    Epoch
	Readable bool // local readers may answer from this replica
	InSync   bool // member of the in-sync set
	// LeaseDeadline is on CLOCK_MONOTONIC, nanoseconds: readers stop answering at this moment. NoLease: never.
	LeaseDeadline uint64
}

// NoLease as State.LeaseDeadline: the replica may be read without a lease.
const NoLease = ^uint64(0)

// OpKind is what one element of an update does.
type OpKind uint32

// Kinds of Op.
const (
	OpCreate        OpKind = iota + 1 // a new section with Data as its content and Expiration
	OpWrite                           // Data at Offset; grows the section when it reaches beyond its end, a gap reads as zeros
	OpOverwrite                       // Data becomes the whole content; repairs a corrupted section
	OpDelete                          // removes the section
	OpSetExpiration                   // sets Expiration; content and last update stay
	OpPut                             // Data, then zeros up to Total bytes, become the section, whether or not it existed
	OpRemove                          // removes the section, or its tombstone, if it is there
)

// Op is one element of an Update. Section (0 to 65,535 bytes; empty: the default section) and Data are only read,
// and not kept after Apply returns.
type Op struct {
	Kind       OpKind
	Section    []byte
	Offset     uint64 // OpWrite
	Data       []byte // OpCreate, OpWrite, OpOverwrite
	Expiration int64  // OpCreate, OpSetExpiration, OpPut; wall clock ns
	Total      uint64 // OpPut: at least len(Data)
	Stamp      *Stamp // what another replica's section has, instead of what the update would give it
}

// Stamp is what a section copied from another replica brings with it. OpWrite with a Stamp goes to a corrupted section, too.
type Stamp struct {
	Number     uint64 // of its last update
	LastUpdate int64  // wall clock ns
	Corrupted  bool   // OpPut: the section is corrupted there
}

// Result is what a session's slot was answered last; it is replaced in the same atomic step as the data.
type Result struct {
	Session uint64
	Slot    uint16
	Number  uint64 // request number within the slot
	Blob    []byte // at most MaxResult bytes, opaque
}

// Update is applied as a whole or not at all.
type Update struct {
	Number uint64 // must be Replica.Number() + 1
	// Jump: Number may be any greater one, or 0, with which the replica keeps its number.
	Jump bool
	// Marked: the sections are marked until Unmark, and what is deleted leaves a tombstone until then.
	Marked bool
	Now    int64 // wall clock ns; becomes the last-update time of the sections written
	Ops    []Op  // at most MaxOps, applied in order; may name a section more than once
	Result *Result
	// ReplaceResults: Results become all results that are kept, in the same step; Result is nil then. Of several for one slot
	// the last counts.
	ReplaceResults bool
	Results        []Result
	// Weak allows content to be changed without an undo record: when the writer dies in the middle, the section
	// is left Corrupted.
	Weak bool
	// Filling: the replica is being filled and nobody reads it. As Weak; and what follows the Data of an OpPut may be anything
	// until further pieces are written there.
	Filling       bool
	NextGenerated *uint64 // new state of the section id generator
}

// Section describes one section.
type Section struct {
	ID         []byte // owned by the receiver
	Size       uint64
	Expiration int64  // wall clock ns
	LastUpdate int64  // wall clock ns
	Number     uint64 // update that changed it last
	Corrupted  bool   // cut-off weak update: content is of no meaning until overwritten
	Marked     bool   // an update of it is not known committed: readers ask the node director
	Tombstone  bool   // that update deleted it: there is no such section (only Replica.Marked tells of it)
}

// Limits of the format and of this implementation.
const (
	MaxName      = 2048
	MaxNodeName  = 255
	MaxSectionID = 65535
	MaxResult    = 48
	MaxConfig    = 64 << 10
	MaxOps       = 1 << 20
)

// Errors of Replica and Reader methods. Those of a single Op come wrapped in an *OpError.
var (
	// ErrNoSpace: the tmpfs is full or the Quota used up; nothing changed.
	ErrNoSpace = errors.New("segment: no space")
	// ErrNoSection: no section has this id.
	ErrNoSection = errors.New("segment: no such section")
	// ErrExists: a section with this id exists.
	ErrExists = errors.New("segment: section exists")
	// ErrCorrupted: the section's content is of no meaning (cut-off weak update).
	ErrCorrupted = errors.New("segment: section corrupted")
	// ErrBadOffset: a read begins beyond the end of the section.
	ErrBadOffset = errors.New("segment: offset beyond the section")
	// ErrNumber: Update.Number is not the next one, or with Jump not a greater one.
	ErrNumber = errors.New("segment: update number out of order")
	// ErrTooBig: an argument is beyond a limit of the format.
	ErrTooBig = errors.New("segment: argument beyond a limit of the format")
	// ErrClosed: the Replica or Reader was closed or removed.
	ErrClosed = errors.New("segment: closed")
	// ErrAsk: a Reader cannot answer; the node director can.
	ErrAsk = errors.New("segment: ask the node director")
	// ErrRemap: what was asked for lies beyond the Reader's mapping; Remap, then read again.
	ErrRemap = errors.New("segment: beyond the mapping")
	// ErrGone: the replica was removed.
	ErrGone = errors.New("segment: replica gone")
)

// OpError names the first op of an update that cannot be done. Nothing of the update was done.
type OpError struct {
	Index int
	Err   error // ErrNoSection, ErrExists, ErrCorrupted, ErrTooBig
}

func (e *OpError) Error() string { return fmt.Sprintf("op %d: %v", e.Index, e.Err) }
func (e *OpError) Unwrap() error { return e.Err }

// RefusedError says why Attach does not accept a file. The file is not a segment this release can vouch for.
type RefusedError struct{ Path, Reason string }

func (e *RefusedError) Error() string { return fmt.Sprintf("segment %s refused: %s", e.Path, e.Reason) }
