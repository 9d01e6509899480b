package nodedirector

import (
	"libckpt/internal/segment"
	"libckpt/nodedirector/replication"
)

// pending shows a replica as it will be when updates that have been decided, but not applied yet, are applied to it. So
// several updates are decided, and written to the disk, together.
type pending struct {
	replication.View
	updates  []*segment.Update
	sections map[string]pendingSection
	count    uint32
	next     *uint64
}

type pendingSection struct {
	segment.Section
	exists bool
}

func newPending(v replication.View) *pending {
	return &pending{View: v, sections: make(map[string]pendingSection), count: v.Count()}
}

// Lookup implements View.
func (p *pending) Lookup(id []byte) (segment.Section, bool) {
	if s, known := p.sections[string(id)]; known {
		return s.Section, s.exists
	}
	return p.View.Lookup(id)
}

// Count implements View.
func (p *pending) Count() uint32 { return p.count }

// Number implements View.
func (p *pending) Number() uint64 { return p.View.Number() + uint64(len(p.updates)) }

// NextGenerated implements View.
func (p *pending) NextGenerated() uint64 {
	if p.next != nil {
		return *p.next
	}
	return p.View.NextGenerated()
}

// add takes up an update that was decided on what p shows.
func (p *pending) add(u *segment.Update) {
	p.updates = append(p.updates, u)
	if u.NextGenerated != nil {
		p.next = u.NextGenerated
	}
	for i := range u.Ops {
		op := &u.Ops[i]
		s, _ := p.Lookup(op.Section)
		exists := true
		size := uint64(len(op.Data))
		switch op.Kind {
		case segment.OpCreate:
			s = segment.Section{ID: op.Section, Size: size, Expiration: op.Expiration}
			p.count++
		case segment.OpDelete:
			exists = false
			p.count--
		case segment.OpOverwrite:
			s.Size, s.Corrupted = size, false
		case segment.OpWrite:
			if size > 0 {
				s.Size = max(s.Size, op.Offset+size)
			}
		case segment.OpSetExpiration:
			s.Expiration = op.Expiration
		}
		s.Number = u.Number
		if op.Kind != segment.OpSetExpiration {
			s.LastUpdate = u.Now
		}
		p.sections[string(op.Section)] = pendingSection{s, exists}
	}
}
