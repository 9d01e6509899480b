package nodedirector

import (
	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
	"libckpt/nodedirector/store"
)

// replicaStore is the store of a checkpoint's core. What follows from an update on this node besides the segment follows
// here: the copy on disk, and when sections expire.
type replicaStore struct {
	*store.Store
	c *checkpoint
}

func newReplicaStore(c *checkpoint, seg *segment.Replica) *replicaStore {
	return &replicaStore{store.New(seg), c}
}

// Apply implements replication.Store.
func (s *replicaStore) Apply(u *segment.Update, marked bool) error {
	if err := s.Store.Apply(u, marked); err != nil {
		s.complain(err)
		return err
	}
	s.c.kept.appliedLocked(u)
	if s.c.watching {
		for i := range u.Ops {
			op := &u.Ops[i]
			switch op.Kind {
			case segment.OpCreate, segment.OpSetExpiration:
				s.c.n.expiry.set(sectionKey{s.c.id, string(op.Section)}, op.Expiration)
			case segment.OpDelete:
				s.c.n.expiry.remove(sectionKey{s.c.id, string(op.Section)})
			}
		}
	}
	return nil
}

// Put implements replication.Store.
func (s *replicaStore) Put(p *replication.Put) error {
	err := s.Store.Put(p)
	if err != nil {
		s.complain(err)
	}
	return err
}

// complain logs, at most once a second, an error that no application is to blame for.
func (s *replicaStore) complain(err error) {
	if code, _ := replication.Failure(err); code == wire.Library && s.c.n.logStore.allow() {
		s.c.n.log.Error("update not applied", "checkpoint", s.c.name, "reason", err)
	}
}
