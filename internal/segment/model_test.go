package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"
)

// model is what a replica should hold, in plain maps.
type model struct {
	number, next uint64
	sections     map[string]modelSection
	tombstones   map[string]uint64 // number of the update that deleted the section
	results      map[resultKey]modelResult
	config       string
}

type modelSection struct {
	data              string
	expiration, now   int64
	number            uint64
	corrupted, marked bool
}

type resultKey struct {
	session uint64
	slot    uint16
}

type modelResult struct {
	number uint64
	blob   string
}

func newModel() *model {
	return &model{sections: map[string]modelSection{}, tombstones: map[string]uint64{}, results: map[resultKey]modelResult{}}
}

func (m *model) clone() *model {
	c := *m
	c.sections = maps.Clone(m.sections)
	c.tombstones = maps.Clone(m.tombstones)
	c.results = maps.Clone(m.results)
	return &c
}

// apply returns the error Replica.Apply must return, and leaves m alone if there is one.
func (m *model) apply(u *Update) error {
	if !u.Jump && u.Number != m.number+1 || u.Jump && u.Number != 0 && u.Number <= m.number {
		return ErrNumber
	}
	number := max(u.Number, m.number)
	sections, tombstones := maps.Clone(m.sections), maps.Clone(m.tombstones)
	for i, op := range u.Ops {
		id := string(op.Section)
		s, ok := sections[id]
		switch {
		case op.Kind == OpCreate && ok:
			return &OpError{i, ErrExists}
		case op.Kind != OpCreate && op.Kind != OpPut && op.Kind != OpRemove && !ok:
			return &OpError{i, ErrNoSection}
		case op.Kind == OpPut && op.Total < uint64(len(op.Data)):
			return &OpError{i, ErrTooBig}
		case op.Kind == OpWrite && s.corrupted && op.Stamp == nil:
			return &OpError{i, ErrCorrupted}
		}
		_, existed := m.sections[id]
		_, buried := m.tombstones[id]
		s.number = number
		switch op.Kind {
		case OpCreate:
			s = modelSection{data: string(op.Data), expiration: op.Expiration, now: u.Now, number: number}
		case OpWrite:
			if len(op.Data) > 0 {
				data := []byte(s.data)
				if end := int(op.Offset) + len(op.Data); end > len(data) {
					data = append(data, make([]byte, end-len(data))...)
				}
				copy(data[op.Offset:], op.Data)
				s.data = string(data)
			}
			s.now = u.Now
		case OpOverwrite:
			s.data, s.now, s.corrupted = string(op.Data), u.Now, false
		case OpSetExpiration:
			s.expiration = op.Expiration
		case OpPut:
			s = modelSection{
				data: string(op.Data) + string(make([]byte, int(op.Total)-len(op.Data))), expiration: op.Expiration, now: u.Now,
				number: number,
			}
		}
		stamped := number
		if op.Stamp != nil {
			s.number, s.now, stamped = op.Stamp.Number, op.Stamp.LastUpdate, op.Stamp.Number
			s.corrupted = op.Kind == OpPut && op.Stamp.Corrupted || op.Kind != OpPut && s.corrupted
		}
		if s.corrupted {
			s.data = "" // as modelOf has it
		}
		s.marked = s.marked || u.Marked
		delete(tombstones, id)
		sections[id] = s
		if op.Kind == OpDelete || op.Kind == OpRemove {
			delete(sections, id)
			if u.Marked && op.Kind == OpDelete && (existed || buried) {
				tombstones[id] = stamped
			}
		}
	}
	m.sections, m.tombstones, m.number = sections, tombstones, number
	if u.NextGenerated != nil {
		m.next = *u.NextGenerated
	}
	if u.ReplaceResults {
		clear(m.results)
		for _, r := range u.Results {
			m.results[resultKey{r.Session, r.Slot}] = modelResult{r.Number, string(r.Blob)}
		}
	}
	if u.Result != nil {
		m.results[resultKey{u.Result.Session, u.Result.Slot}] = modelResult{u.Result.Number, string(u.Result.Blob)}
	}
	return nil
}

func (m *model) unmark(id string, number uint64) {
	if s, ok := m.sections[id]; ok && s.number <= number {
		s.marked = false
		m.sections[id] = s
	}
	if t, ok := m.tombstones[id]; ok && t <= number {
		delete(m.tombstones, id)
	}
}

func (m *model) dropSession(session uint64) {
	maps.DeleteFunc(m.results, func(k resultKey, _ modelResult) bool { return k.session == session })
}

// modelOf reads everything a replica holds. Corrupted content counts as empty.
func modelOf(r *Replica) (*model, error) {
	m := newModel()
	m.number, m.next, m.config = r.Number(), r.NextGenerated(), string(r.Config())
	var used uint64
	for s := range r.Sections {
		data := make([]byte, s.Size)
		n, err := r.ReadAt(s.ID, 0, data)
		if s.Corrupted && errors.Is(err, ErrCorrupted) {
			data, err = nil, nil
		} else if err == nil && n != len(data) {
			err = fmt.Errorf("%d of %d bytes", n, len(data))
		}
		if err != nil {
			return nil, fmt.Errorf("section %q: %w", s.ID, err)
		}
		if found, ok := r.Lookup(s.ID); !ok || found.Number != s.Number || found.Size != s.Size {
			return nil, fmt.Errorf("section %q: lookup finds %v, %v", s.ID, found, ok)
		}
		if _, twice := m.sections[string(s.ID)]; twice {
			return nil, fmt.Errorf("section %q twice", s.ID)
		}
		m.sections[string(s.ID)] = modelSection{string(data), s.Expiration, s.LastUpdate, s.Number, s.Corrupted, s.Marked}
		used += s.Size
	}
	marked := 0
	for s := range r.Marked {
		if s.Tombstone {
			m.tombstones[string(s.ID)] = s.Number
			if _, ok := r.Lookup(s.ID); ok || s.Size != 0 {
				return nil, fmt.Errorf("tombstone %q is a section, too", s.ID)
			}
		} else if marked++; !m.sections[string(s.ID)].marked {
			return nil, fmt.Errorf("section %q is marked in one list only", s.ID)
		}
	}
	for _, s := range m.sections {
		if s.marked {
			marked--
		}
	}
	if marked != 0 {
		return nil, fmt.Errorf("%d marked sections missing in one list", marked)
	}
	for result := range r.Results {
		m.results[resultKey{result.Session, result.Slot}] = modelResult{result.Number, string(result.Blob)}
	}
	if used != r.Used() || len(m.sections) != int(r.Count()) {
		return nil, fmt.Errorf("%d bytes in %d sections, header says %d in %d", used, len(m.sections), r.Used(), r.Count())
	}
	return m, nil
}

// diff says in which way other is not m; empty if it is.
func (m *model) diff(other *model) string {
	switch {
	case m.number != other.number:
		return fmt.Sprintf("number %d, want %d", other.number, m.number)
	case m.next != other.next:
		return fmt.Sprintf("generator %d, want %d", other.next, m.next)
	case m.config != other.config:
		return fmt.Sprintf("config of %d bytes, want %d", len(other.config), len(m.config))
	case !maps.Equal(m.tombstones, other.tombstones):
		return fmt.Sprintf("tombstones %v, want %v", other.tombstones, m.tombstones)
	case !maps.Equal(m.results, other.results):
		return fmt.Sprintf("results %v, want %v", other.results, m.results)
	}
	for id, want := range m.sections {
		got, ok := other.sections[id]
		if !ok {
			return fmt.Sprintf("section %.30q missing", id)
		}
		if got.data != want.data {
			return fmt.Sprintf("section %.30q: %d bytes %.40q, want %d bytes %.40q",
				id, len(got.data), got.data, len(want.data), want.data)
		}
		if got != want {
			got.data, want.data = "", ""
			return fmt.Sprintf("section %.30q: %+v, want %+v", id, got, want)
		}
	}
	if len(other.sections) != len(m.sections) {
		return fmt.Sprintf("%d sections, want %d", len(other.sections), len(m.sections))
	}
	return ""
}

// diffReader is diff for what a Reader sees of the given ids.
func (m *model) diffReader(r *Reader, f *os.File, ids []string) string {
	for _, id := range ids {
		want, ok := m.sections[id]
		stat, err := r.Stat([]byte(id))
		if errors.Is(err, ErrRemap) {
			if err := r.Remap(f); err != nil {
				return err.Error()
			}
			stat, err = r.Stat([]byte(id))
		}
		buf := make([]byte, len(want.data)+1)
		n, readErr := r.Read([]byte(id), 0, buf)
		if errors.Is(readErr, ErrRemap) {
			if err := r.Remap(f); err != nil {
				return err.Error()
			}
			n, readErr = r.Read([]byte(id), 0, buf)
		}
		wantErr := error(nil)
		switch {
		case want.marked || m.tombstones[id] != 0:
			wantErr = ErrAsk
		case !ok:
			wantErr = ErrNoSection
		}
		if err != wantErr {
			return fmt.Sprintf("reader: stat %.30q: %v, want %v", id, err, wantErr)
		}
		if want.corrupted && !want.marked && wantErr == nil {
			wantErr = ErrCorrupted
		}
		if readErr != wantErr || wantErr == nil && string(buf[:n]) != want.data {
			return fmt.Sprintf("reader: read %.30q: %d bytes, %v; want %d, %v", id, n, readErr, len(want.data), wantErr)
		}
		if err == nil && (stat.Number != want.number || stat.Expiration != want.expiration || stat.LastUpdate != want.now ||
			stat.Corrupted != want.corrupted || !want.corrupted && stat.Size != uint64(len(want.data))) {
			return fmt.Sprintf("reader: stat %.30q: %+v, want %+v", id, stat, want)
		}
		if wantErr == nil {
			if _, err := r.Read([]byte(id), uint64(len(want.data))+1, buf); err != ErrBadOffset {
				return fmt.Sprintf("reader: read beyond %.30q: %v", id, err)
			}
			from := len(want.data) / 3
			part := make([]byte, len(want.data)/2)
			n, err := r.Read([]byte(id), uint64(from), part)
			if err != nil || string(part[:n]) != want.data[from:from+len(part)] {
				return fmt.Sprintf("reader: read part of %.30q: %d bytes, %v", id, n, err)
			}
		}
	}
	return ""
}

// Offsets within a segment that the tests look at themselves.
const (
	stateSeqAt = 3072
	indexSeqAt = 3112
	tableAt    = 3120
	tableSeqAt = 3128
	brkAt      = 3152
	undoAt     = 3200
	configAt   = 3272
	undoSeqAt  = 3320
)

func word(image []byte, at uint64) uint64 { return binary.LittleEndian.Uint64(image[at:]) }

// counters returns the sequence counters of an image: the three of the header, and those of all entries in the table by
// their offset.
func counters(image []byte) map[uint64]uint64 {
	found := map[uint64]uint64{}
	for _, at := range []uint64{stateSeqAt, indexSeqAt, tableSeqAt} {
		found[at] = word(image, at)
	}
	table := word(image, tableAt)
	for slot := table & (1<<56 - 1); slot < table&(1<<56-1)+16<<(table>>56); slot += 16 {
		if ref := word(image, slot+8); ref > 1 {
			found[ref] = word(image, ref)
		}
	}
	return found
}

// testIDs covers the default section, ids inside the entry, just fitting, just not fitting, and long ones.
var testIDs = func() []string {
	ids := []string{"", "a", "bb", "12345678", "123456789", string(make([]byte, 24)), string(make([]byte, 25))}
	for _, n := range []int{23, 24, 25, 300} {
		ids = append(ids, string(bytes.Repeat([]byte{'x'}, n)), string(bytes.Repeat([]byte{0xFF}, n)))
	}
	for i := range 12 {
		ids = append(ids, fmt.Sprintf("section-%d", i))
	}
	return ids
}()

var testSizes = []int{0, 1, 7, 64, 65, 500, 1024, 1025, 4096, 4097, 9000, 20000, 70000}

func randomData(rng *rand.Rand, limit int) []byte {
	n := testSizes[rng.IntN(len(testSizes))]
	if rng.IntN(2) == 0 {
		n = rng.IntN(100)
	}
	b := make([]byte, min(n, limit))
	fill := byte(rng.Uint32())
	for i := range b {
		b[i] = fill + byte(i)
	}
	return b
}

// randomUpdate makes the next update for m: mostly one that can be done, of one to six ops. It depends on rng and on
// m.number and m's ids only.
func randomUpdate(rng *rand.Rand, m *model, limit int) *Update {
	u := &Update{Number: m.number + 1, Now: rng.Int64N(1 << 60)}
	exists := map[string]bool{}
	for id, s := range m.sections {
		exists[id] = !s.corrupted
	}
	for range 1 + rng.IntN(6)*rng.IntN(2) {
		id := testIDs[rng.IntN(len(testIDs))]
		op := Op{Section: []byte(id), Data: randomData(rng, limit), Expiration: rng.Int64()}
		valid, present := exists[id]
		switch kind := rng.IntN(20); {
		case !present && kind < 19:
			op.Kind = OpCreate
			exists[id] = true
		case kind < 3:
			op.Kind = OpDelete
			delete(exists, id)
		case kind < 8 || !valid:
			op.Kind = OpOverwrite
			exists[id] = true
		case kind < 9:
			op.Kind = OpSetExpiration
		case kind < 10:
			op.Kind = OpKind(1 + rng.IntN(5)) // possibly not to be done
		case kind < 11:
			op.Kind = OpRemove
			delete(exists, id)
		case kind < 13:
			op.Kind = OpPut
			op.Total = uint64(len(op.Data) + rng.IntN(2)*rng.IntN(limit))
			exists[id] = true
		default:
			op.Kind = OpWrite
			op.Offset = uint64(rng.IntN(len(m.sections[id].data) + 300))
			if op.Offset+uint64(len(op.Data)) > uint64(limit) {
				op.Data = nil
			}
		}
		if rng.IntN(8) == 0 {
			op.Stamp = &Stamp{Number: 1 + rng.Uint64N(min(m.number, 1<<40)+1), LastUpdate: rng.Int64(), Corrupted: rng.IntN(8) == 0}
			if op.Kind == OpPut {
				exists[id] = !op.Stamp.Corrupted
			}
		}
		u.Ops = append(u.Ops, op)
	}
	u.Weak = rng.IntN(5) == 0
	u.Marked = rng.IntN(3) == 0
	if u.Jump = rng.IntN(6) == 0; u.Jump {
		u.Number = [...]uint64{0, m.number + 1, m.number + 1 + rng.Uint64N(1<<20)}[rng.IntN(3)]
	}
	if rng.IntN(2) == 0 {
		u.Result = &Result{uint64(rng.IntN(5)), uint16(rng.IntN(12)), rng.Uint64(), []byte("result")[:rng.IntN(7)]}
	}
	if rng.IntN(12) == 0 {
		u.Result, u.ReplaceResults = nil, true
		for range rng.IntN(40) {
			u.Results = append(u.Results, Result{uint64(rng.IntN(5)), uint16(rng.IntN(12)), rng.Uint64(), []byte("result")[:rng.IntN(7)]})
		}
	}
	if rng.IntN(4) == 0 {
		u.NextGenerated = new(uint64)
		*u.NextGenerated = rng.Uint64()
	}
	return u
}

var testIdentity = Identity{
	Cluster: [16]byte{1, 2, 3}, Node: "node-1", Checkpoint: 0xABCDEF, Name: "safCkpt=test",
	Attributes: Attributes{1, 2, 3, 4, 5, 6},
}

var readable = State{Epoch: Epoch{1, 2}, Readable: true, InSync: true, LeaseDeadline: NoLease}

// shmDir is a directory on a tmpfs, where segments belong, that goes away with the test.
func shmDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ckpt-segment-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// create makes a readable replica in a new directory of the test.
func create(t testing.TB, q *Quota) *Replica {
	t.Helper()
	r, err := Create(shmDir(t), testIdentity, q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	r.SetState(readable)
	return r
}

func mustApply(t testing.TB, r *Replica, ops ...Op) {
	t.Helper()
	if err := r.Apply(&Update{Number: r.Number() + 1, Now: 1, Ops: ops}); err != nil {
		t.Fatal(err)
	}
}
