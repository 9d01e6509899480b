package simulation

import (
	"slices"

	"libckpt/internal/segment"
	"libckpt/nodedirector/replication"
	"libckpt/nodedirector/store"
)

// mortal is a Store whose node director may die before, in and after each change, and which may have no room for one.
type mortal struct {
	*store.Store
	k *checkpoint
}

// Shares of the changes for which there is no room while a node has hardly any.
const (
	fullShare     = 0.6
	fullKeepShare = 0.2
)

func (m mortal) change(do func() error) (err error) {
	n := m.k.d.n
	n.change(n.path(m.k.id), func() { err = do() })
	return err
}

func (m mortal) Apply(u *segment.Update, marked bool) error {
	grows := slices.ContainsFunc(u.Ops, func(op segment.Op) bool { return len(op.Data) > 0 })
	if grows && m.k.d.n.full(fullShare) {
		return segment.ErrNoSpace
	}
	err := m.change(func() error { return m.Store.Apply(u, marked) })
	if err == nil {
		m.k.noteExpirations(u)
	}
	return err
}

func (m mortal) Put(p *replication.Put) error {
	grows := slices.ContainsFunc(p.Sections, func(s replication.Whole) bool { return s.Exists })
	if (grows || len(p.Results) > 0) && m.k.d.n.full(fullShare) {
		return segment.ErrNoSpace
	}
	return m.change(func() error { return m.Store.Put(p) })
}

func (m mortal) Keep(k *replication.Kept) error {
	if m.k.d.n.full(fullKeepShare) {
		return segment.ErrNoSpace
	}
	return m.change(func() error { return m.Store.Keep(k) })
}

func (m mortal) ClearMarks(upTo uint64, ids [][]byte) error {
	for _, id := range ids { // one by one, as the Store does
		if err := m.change(func() error { return m.Store.ClearMarks(upTo, [][]byte{id}) }); err != nil {
			return err
		}
	}
	return nil
}

func (m mortal) DropSession(session uint64) error {
	return m.change(func() error { return m.Store.DropSession(session) })
}
