package replication

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"libckpt/internal/segment"
)

// memory is a Store without a segment. It outlives the Core, as a segment outlives its process.
type memory struct {
	sections map[string]*memorySection
	results  map[ResultKey]segment.Result
	number   uint64
	next     uint64
	kept     *Kept
	full     bool // no room for anything
	fixed    bool // what is kept can't be changed
	cached   []string
}

type memorySection struct {
	segment.Section
	data      []byte
	tombstone bool
}

func newMemory() *memory {
	return &memory{sections: map[string]*memorySection{}, results: map[ResultKey]segment.Result{}}
}

func (m *memory) Lookup(id []byte) (segment.Section, bool) {
	s := m.sections[string(id)]
	if s == nil || s.tombstone {
		return segment.Section{}, false
	}
	return s.Section, true
}

func (m *memory) Count() uint32 {
	n := uint32(0)
	for _, s := range m.sections {
		if !s.tombstone {
			n++
		}
	}
	return n
}

func (m *memory) Number() uint64        { return m.number }
func (m *memory) NextGenerated() uint64 { return m.next }

func (m *memory) ReadAt(id []byte, off uint64, buf []byte) (int, error) {
	s := m.sections[string(id)]
	if s == nil || s.tombstone {
		return 0, segment.ErrNoSection
	}
	return copy(buf, s.data[off:]), nil
}

func (m *memory) ids() []string {
	if m.cached == nil {
		m.cached = slices.SortedFunc(maps.Keys(m.sections), CompareIDs)
	}
	return m.cached
}

func (m *memory) Next(after []byte, first bool) (segment.Section, bool) {
	for _, id := range m.ids() {
		if s := m.sections[id]; !s.tombstone && (first || CompareIDs(id, string(after)) > 0) {
			return s.Section, true
		}
	}
	return segment.Section{}, false
}

func (m *memory) Apply(u *segment.Update, marked bool) error {
	if u.Number <= m.number {
		return segment.ErrNumber
	}
	if m.full && len(u.Ops) > 0 {
		return segment.ErrNoSpace
	}
	for i := range u.Ops {
		op := &u.Ops[i]
		if _, exists := m.Lookup(op.Section); exists == (op.Kind == segment.OpCreate) {
			return &segment.OpError{Index: i, Err: segment.ErrNoSection}
		}
	}
	m.cached = nil
	for i := range u.Ops {
		op := &u.Ops[i]
		id := string(op.Section)
		s := m.sections[id]
		switch op.Kind {
		case segment.OpCreate:
			s = &memorySection{data: bytes.Clone(op.Data)}
			s.ID, s.Expiration = bytes.Clone(op.Section), op.Expiration
			m.sections[id] = s
		case segment.OpWrite:
			if end := op.Offset + uint64(len(op.Data)); end > uint64(len(s.data)) {
				s.data = append(s.data, make([]byte, end-uint64(len(s.data)))...)
			}
			copy(s.data[op.Offset:], op.Data)
		case segment.OpOverwrite:
			s.data, s.Corrupted = bytes.Clone(op.Data), false
		case segment.OpDelete:
			s.tombstone = true
			if !marked {
				delete(m.sections, id)
			}
		case segment.OpSetExpiration:
			s.Expiration = op.Expiration
		}
		if op.Kind != segment.OpSetExpiration {
			s.LastUpdate = u.Now
		}
		s.Size, s.Number, s.Marked = uint64(len(s.data)), u.Number, s.Marked || marked
	}
	m.number = u.Number
	if u.NextGenerated != nil {
		m.next = *u.NextGenerated
	}
	if r := u.Result; r != nil {
		m.results[ResultKey{r.Session, r.Slot}] = segment.Result{Session: r.Session, Slot: r.Slot, Number: r.Number, Blob: bytes.Clone(r.Blob)}
	}
	return nil
}

func (m *memory) Put(p *Put) error {
	if m.full && len(p.Sections) > 0 {
		return segment.ErrNoSpace
	}
	m.cached = nil
	if p.Number != 0 {
		if p.Number < m.number {
			return segment.ErrNumber
		}
		m.number, m.next = p.Number, p.NextGenerated
	}
	for i := range p.Sections {
		w := &p.Sections[i]
		id := string(w.ID)
		s := m.sections[id]
		switch {
		case w.Offset > 0:
			if s == nil || s.tombstone || w.Offset+uint64(len(w.Data)) > uint64(len(s.data)) {
				return segment.ErrNoSection
			}
			copy(s.data[w.Offset:], w.Data)
		case !w.Exists && !p.Marked:
			delete(m.sections, id)
			continue
		default:
			s = &memorySection{data: make([]byte, w.Total), tombstone: !w.Exists}
			copy(s.data, w.Data)
			if p.Filling { // as it may be
				copy(s.data[len(w.Data):], bytes.Repeat([]byte{0xEE}, len(s.data)-len(w.Data)))
			}
			s.ID, s.Expiration, s.Corrupted, s.Size = bytes.Clone(w.ID), w.Expiration, w.Corrupted, w.Total
			m.sections[id] = s
		}
		s.Number, s.LastUpdate, s.Marked = w.Number, w.LastUpdate, s.Marked || p.Marked
	}
	if p.DropAll {
		clear(m.results)
	}
	for _, k := range p.Drop {
		delete(m.results, k)
	}
	for _, r := range p.Results {
		m.results[ResultKey{r.Session, r.Slot}] = r
	}
	return nil
}

func (m *memory) Marks(yield func(Mark) bool) {
	for id, s := range m.sections {
		if s.Marked && !yield(Mark{[]byte(id), s.Number, s.tombstone}) {
			return
		}
	}
}

func (m *memory) ClearMarks(upTo uint64, ids [][]byte) error {
	for _, id := range ids {
		if s := m.sections[string(id)]; s != nil && s.Marked && s.Number <= upTo {
			s.Marked = false
			if s.tombstone {
				delete(m.sections, string(id))
				m.cached = nil
			}
		}
	}
	return nil
}

func (m *memory) Sections(yield func(segment.Section) bool) {
	for _, s := range m.sections {
		if !s.tombstone && !yield(s.Section) {
			return
		}
	}
}

func (m *memory) Results(yield func(segment.Result) bool) {
	for _, r := range m.results {
		if !yield(r) {
			return
		}
	}
}

func (m *memory) DropSession(session uint64) error {
	maps.DeleteFunc(m.results, func(k ResultKey, _ segment.Result) bool { return k.Session == session })
	return nil
}

func (m *memory) Keep(k *Kept) error {
	if m.fixed {
		return segment.ErrNoSpace
	}
	kept := *k
	kept.Proposed = slices.Clone(k.Proposed)
	m.kept = &kept
	return nil
}

// content describes all that must be equal on equal replicas.
func (m *memory) content() string {
	var b strings.Builder
	fmt.Fprintf(&b, "number %d next %d", m.number, m.next)
	for _, id := range m.ids() {
		s := m.sections[id]
		fmt.Fprintf(&b, "\n%q=%q #%d", id, s.data, s.Number)
		if s.Marked {
			b.WriteString(" marked")
		}
		if s.tombstone {
			b.WriteString(" deleted")
		}
	}
	keys := slices.Collect(maps.Keys(m.results))
	sortKeys(keys)
	for _, k := range keys {
		d, _ := DecodeResult(m.results[k].Blob)
		fmt.Fprintf(&b, "\nresult %d/%d: %d %v #%d", k.Session, k.Slot, m.results[k].Number, d.Code, d.Number)
	}
	return b.String()
}
