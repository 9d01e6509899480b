// Package store keeps what package replication needs of a replica in its segment.
package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// Replica is the part of *segment.Replica that a Store uses.
type Replica interface {
	replication.View
	ReadAt(id []byte, off uint64, buf []byte) (int, error)
	Apply(u *segment.Update) error
	Sections(yield func(segment.Section) bool)
	Marked(yield func(segment.Section) bool)
	Unmark(id []byte, number uint64) error
	Results(yield func(segment.Result) bool)
	DropSession(session uint64) error
	SetConfig(blob []byte) error
	Config() []byte
}

// Store is a replication.Store on a segment. It needs the caller's lock, like the segment. What it lists is in a fixed
// order, so that nodes with the same replica do the same.
type Store struct {
	Replica
	index *replication.Index // nil until somebody iterates
}

// New makes the Store of a segment that nobody else updates from now on. The caller closes or removes the segment.
func New(r Replica) *Store { return &Store{Replica: r} }

// kindKept marks what Keep stores; it never travels.
const kindKept wire.Kind = 'K'

// Kept is what was kept last, by this process or an earlier one; nil: nothing. The error is a *wire.FormatError for
// bytes that Keep did not write.
func (s *Store) Kept() (*replication.Kept, error) {
	return ReadKept(s.Config())
}

// ReadKept reads what Keep stored; nil: nothing was.
func ReadKept(blob []byte) (*replication.Kept, error) {
	if len(blob) == 0 {
		return nil, nil
	}
	d, err := wire.NewDecoder(blob)
	if err != nil {
		return nil, err
	}
	defer d.Release()
	if d.Kind != kindKept {
		return nil, &wire.FormatError{Reason: fmt.Sprintf("kind %q where a replica's configuration is kept", byte(d.Kind))}
	}
	k := new(replication.Kept)
	return k, d.Value(k)
}

// Keep implements replication.Store. Errors: those of segment.Replica.SetConfig.
func (s *Store) Keep(k *replication.Kept) error {
	blob, err := wire.Encode(kindKept, nil, k)
	if err != nil {
		return err
	}
	return s.SetConfig(blob)
}

// Apply implements replication.Store.
func (s *Store) Apply(u *segment.Update, marked bool) error {
	v := *u
	v.Marked, v.Jump = marked, true
	if err := s.Replica.Apply(&v); err != nil {
		return err
	}
	if s.index != nil {
		s.index.Apply(v.Ops)
	}
	return nil
}

// Put implements replication.Store. It is one update of the segment.
func (s *Store) Put(p *replication.Put) error {
	u := segment.Update{Jump: true, Marked: p.Marked, Filling: p.Filling, Ops: s.putOps(p)}
	if p.Number > s.Number() {
		u.Number = p.Number
	}
	if p.Number != 0 {
		u.NextGenerated = &p.NextGenerated
	}
	if p.DropAll || len(p.Drop) > 0 || len(p.Results) > 0 {
		u.ReplaceResults, u.Results = true, s.resultsAfter(p)
	}
	s.index = nil
	return s.Replica.Apply(&u)
}

// putOps are the operations that put sections.
func (s *Store) putOps(p *replication.Put) []segment.Op {
	ops := make([]segment.Op, 0, len(p.Sections))
	for i := range p.Sections {
		w := &p.Sections[i]
		op := segment.Op{Section: w.ID, Stamp: &segment.Stamp{Number: w.Number, LastUpdate: w.LastUpdate}}
		switch {
		case !w.Exists:
			_, exists := s.Lookup(w.ID)
			if !exists && p.Marked {
				continue
			}
			op.Kind = segment.OpRemove
			if exists && p.Marked {
				op.Kind = segment.OpDelete
			}
		case w.Offset > 0:
			op.Kind, op.Offset, op.Data = segment.OpWrite, w.Offset, w.Data
		default:
			op.Kind, op.Data, op.Total, op.Expiration = segment.OpPut, w.Data, w.Total, w.Expiration
			op.Stamp.Corrupted = w.Corrupted
		}
		ops = append(ops, op)
	}
	return ops
}

// resultsAfter are all results there are to be after a Put.
func (s *Store) resultsAfter(p *replication.Put) (all []segment.Result) {
	if !p.DropAll {
		dropped := make(map[replication.ResultKey]bool, len(p.Drop))
		for _, k := range p.Drop {
			dropped[k] = true
		}
		s.Replica.Results(func(r segment.Result) bool {
			if !dropped[replication.ResultKey{Session: r.Session, Slot: r.Slot}] {
				all = append(all, r)
			}
			return true
		})
	}
	return append(all, p.Results...)
}

// Next implements replication.Store.
func (s *Store) Next(after []byte, first bool) (next segment.Section, ok bool) {
	if s.index == nil {
		s.index = replication.NewIndex(s.Replica.Sections)
	}
	if first {
		after = nil
	} else if after == nil {
		after = []byte{}
	}
	s.index.After(after, func(id string) bool {
		next, ok = s.Lookup([]byte(id))
		return !ok
	})
	return next, ok
}

// After calls visit for the ids of sections after the given one, all of them if from is nil, in the order of an iteration
// until it returns false. Tombstones may be among them.
func (s *Store) After(from []byte, visit func(id string) bool) {
	if s.index == nil {
		s.index = replication.NewIndex(s.Replica.Sections)
	}
	s.index.After(from, visit)
}

// DropIndex gives up the memory that iterations have taken; the next one takes it anew.
func (s *Store) DropIndex() { s.index = nil }

// Sections implements replication.Store.
func (s *Store) Sections(yield func(segment.Section) bool) {
	each(s.Replica.Sections, func(a, b segment.Section) int { return replication.CompareIDs(string(a.ID), string(b.ID)) }, yield)
}

// Marks implements replication.Store.
func (s *Store) Marks(yield func(replication.Mark) bool) {
	byID := func(a, b segment.Section) int { return replication.CompareIDs(string(a.ID), string(b.ID)) }
	each(s.Marked, byID, func(m segment.Section) bool {
		return yield(replication.Mark{ID: m.ID, Number: m.Number, Tombstone: m.Tombstone})
	})
}

// Results implements replication.Store.
func (s *Store) Results(yield func(segment.Result) bool) {
	each(s.Replica.Results, func(a, b segment.Result) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.Slot, b.Slot))
	}, yield)
}

func each[T any](list func(func(T) bool), compare func(a, b T) int, yield func(T) bool) {
	var all []T
	list(func(v T) bool {
		all = append(all, v)
		return true
	})
	slices.SortFunc(all, compare)
	for _, v := range all {
		if !yield(v) {
			return
		}
	}
}

// ClearMarks implements replication.Store.
func (s *Store) ClearMarks(upTo uint64, ids [][]byte) error {
	for _, id := range ids {
		if err := s.Unmark(id, upTo); err != nil && !errors.Is(err, segment.ErrNoSection) {
			return err
		}
	}
	return nil
}
