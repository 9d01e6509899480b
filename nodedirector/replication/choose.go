package replication

import (
	"cmp"
	"strings"

	"github.com/tidwall/btree"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// CompareIDs is the order of an iteration: length, then bytes.
func CompareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// Index holds the section ids of a replica in the order of an iteration.
type Index struct{ tree *btree.BTreeG[string] }

// NewIndex makes the index of the sections given in any order.
func NewIndex(sections func(yield func(segment.Section) bool)) *Index {
	x := &Index{btree.NewBTreeGOptions(
		func(a, b string) bool { return CompareIDs(a, b) < 0 },
		btree.Options{NoLocks: true}, // under the checkpoint's lock
	)}
	sections(func(s segment.Section) bool {
		x.tree.Set(string(s.ID))
		return true
	})
	return x
}

// Apply follows the creations and deletions of an update.
func (x *Index) Apply(ops []segment.Op) {
	for i := range ops {
		switch ops[i].Kind {
		case segment.OpCreate:
			x.tree.Set(string(ops[i].Section))
		case segment.OpDelete:
			x.tree.Delete(string(ops[i].Section))
		}
	}
}

// After calls visit for the ids after the given one, all of them if from is nil, until it returns false.
func (x *Index) After(from []byte, visit func(id string) bool) {
	if from == nil {
		x.tree.Scan(visit)
		return
	}
	pivot := string(from)
	x.tree.Ascend(pivot, func(id string) bool { return id == pivot || visit(id) })
}

// Chosen reports whether an iteration shows a section. A section that never expires expires after any time, but
// not before any.
func Chosen(s *segment.Section, choice uint32, time int64) bool {
	switch choice {
	case wire.ChooseForever:
		return s.Expiration == Never
	case wire.ChooseExpiryLeq:
		return s.Expiration != Never && s.Expiration <= time
	case wire.ChooseExpiryGeq:
		return s.Expiration >= time
	case wire.ChooseCorrupted:
		return s.Corrupted
	}
	return true
}
