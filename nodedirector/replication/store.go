package replication

import (
	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// Store is the replica of this node. All methods are atomic against the death of the process, and what they did is there
// for the next one. Lookup, Count and Next do not show tombstones.
//
// The store also keeps what follows from its sections (an index, expiration times) by itself.
type Store interface {
	View
	// ReadAt copies content of a section as segment.Replica.ReadAt does.
	ReadAt(id []byte, off uint64, buf []byte) (int, error)
	// Next returns the section after an id in the order of CompareIDs; with first, the first of all.
	Next(after []byte, first bool) (segment.Section, bool)
	// Apply does the whole update or, with an error, nothing. u.Number is any number greater than Number. Ops may be
	// empty. With marked, each section touched is marked, and a deletion leaves a marked tombstone. Errors: those of
	// segment.Replica.Apply. Nothing of u is kept.
	Apply(u *segment.Update, marked bool) error
	// Put replaces sections and results by those of another replica, all in one step or, with an error, nothing.
	Put(p *Put) error
	// Marks yields the marked sections, tombstones included, in any order, until yield returns false.
	Marks(yield func(Mark) bool)
	// ClearMarks removes the marks, and the tombstones, of those of the sections whose number is at most upTo. A section
	// that is not marked, or is not there, is none of them.
	ClearMarks(upTo uint64, ids [][]byte) error
	// Sections yields all sections in any order, tombstones excluded.
	Sections(yield func(segment.Section) bool)
	// Results yields all results in any order.
	Results(yield func(segment.Result) bool)
	// DropSession removes the results of a session.
	DropSession(session uint64) error
	// Keep stores k in place of what was kept before.
	Keep(k *Kept) error
}

// Mark describes a marked section: one that an update changed which is not known to be committed.
type Mark struct {
	ID        []byte
	Number    uint64 // of that update
	Tombstone bool   // it deleted the section
}

// Put is content of another replica.
type Put struct {
	// Number is the replica's update number afterwards; 0 leaves it.
	Number        uint64
	NextGenerated uint64 // with Number
	Sections      []Whole
	// Marked: the sections become marked (with Whole.Number), and removed ones leave marked tombstones.
	Marked bool
	// Filling: nobody reads the replica until it is complete, and it is filled anew if this process ends before that. What
	// follows Data in a section may be anything: it comes in further pieces.
	Filling bool
	// DropAll drops all results, then those of Drop are dropped, then those of Results are put in.
	DropAll bool
	Drop    []ResultKey
	Results []segment.Result
}

// Whole is a section as it is to be, whatever it was: Data and then zeros up to Total bytes; with Exists false, that there
// is none. With Offset not 0 it is a further piece of a section that is there: Data goes to Offset, within its size, and
// Expiration, Corrupted and Total do not matter.
type Whole struct {
	ID         []byte
	Exists     bool
	Offset     uint64
	Total      uint64
	Data       []byte
	Expiration int64 // wall clock ns
	LastUpdate int64 // wall clock ns
	Number     uint64
	Corrupted  bool
}

// ResultKey names a slot of a session.
type ResultKey struct {
	Session uint64
	Slot    uint16
}

// Kept is what a replica keeps beside its sections, for the next process. Fields are only appended.
type Kept struct {
	Config wire.Config // last adopted
	// Branch is the epoch in which the replica last became equal to its active one, or was it: its update numbers belong
	// to that epoch.
	Branch wire.Epoch
	// Complete: the replica has all updates that were committed up to its number. False while it is being filled.
	Complete bool
	// Settled is the last epoch in which this node, as the active, had waited for all leases of earlier epochs to end.
	Settled wire.Epoch
	// Proposed are nodes that the director may have added to the in-sync set at Config.Version or later, on request of
	// this node as the active one.
	Proposed []string
	// Left are the epochs whose updates the replica has up to a number, the latest leftMax of them in order; of an
	// asynchronous checkpoint.
	Left []Left
}
