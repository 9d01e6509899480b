package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// replicaPair is a replica and its copy.
type replicaPair struct {
	t      *testing.T
	seg    *segment.Replica
	copied *ReplicaCopy
}

func newReplicaPair(t *testing.T) *replicaPair {
	t.Helper()
	seg, err := segment.Create(t.TempDir(), segment.Identity{Checkpoint: 7, Name: "n", Node: "a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { seg.Close() })
	c, err := OpenReplicaCopy(filepath.Join(t.TempDir(), ReplicaFile(7, 1)), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	p := &replicaPair{t, seg, c}
	p.commit(func() error { return c.SetHead(&ReplicaHead{Checkpoint: 7}) })
	return p
}

func (p *replicaPair) commit(f func() error) {
	p.t.Helper()
	if err := p.copied.Transaction(f); err != nil {
		p.t.Fatal(err)
	}
}

// randomUpdate makes an update that the replica accepts.
func (p *replicaPair) randomUpdate(r *rand.Rand) *segment.Update {
	u := &segment.Update{Number: p.seg.Number() + 1, Now: r.Int64N(1000)}
	exists := map[string]bool{}
	for range 1 + r.IntN(3) {
		id := fmt.Sprint(r.IntN(6))
		if id == "0" {
			id = ""
		}
		there, known := exists[id]
		if !known {
			_, there = p.seg.Lookup([]byte(id))
		}
		data := make([]byte, r.IntN(5)*r.IntN(ChunkBytes))
		if len(data) > 0 && r.IntN(4) == 0 {
			data = data[:len(data)/ChunkBytes*ChunkBytes]
		}
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		op := segment.Op{Section: []byte(id), Data: data, Expiration: r.Int64N(100)}
		switch k := r.IntN(8); {
		case !there:
			op.Kind = segment.OpCreate
		case k == 0:
			op.Kind = segment.OpDelete
		case k == 1:
			op.Kind = segment.OpSetExpiration
		case k == 2:
			op.Kind = segment.OpOverwrite
		default:
			op.Kind, op.Offset = segment.OpWrite, uint64(r.IntN(4*ChunkBytes))
		}
		exists[id] = op.Kind != segment.OpDelete
		u.Ops = append(u.Ops, op)
	}
	if r.IntN(3) == 0 {
		next := r.Uint64()
		u.NextGenerated = &next
	}
	return u
}

// equal compares the copy with the replica.
func (p *replicaPair) equal() {
	p.t.Helper()
	sections := map[string]segment.Section{}
	if err := p.copied.Sections(func(s segment.Section) error { sections[string(s.ID)] = s; return nil }); err != nil {
		p.t.Fatal(err)
	}
	p.seg.Sections(func(s segment.Section) bool {
		got, exists := sections[string(s.ID)]
		delete(sections, string(s.ID))
		if !exists || fmt.Sprint(got) != fmt.Sprint(s) {
			p.t.Fatalf("%q: %+v, want %+v", s.ID, got, s)
		}
		want, data := make([]byte, s.Size), bytes.Repeat([]byte{0xAA}, int(s.Size))
		if _, err := p.seg.ReadAt(s.ID, 0, want); err != nil {
			p.t.Fatal(err)
		}
		if err := p.copied.Content(s.ID, data); err != nil || !bytes.Equal(data, want) {
			p.t.Fatalf("content of %q differs, %v", s.ID, err)
		}
		return true
	})
	if len(sections) != 0 {
		p.t.Fatalf("the copy has %d sections more", len(sections))
	}
	h, exists, err := p.copied.Head()
	if err != nil || !exists || h.Number != p.seg.Number() || h.NextGenerated != p.seg.NextGenerated() {
		p.t.Fatalf("head %+v %v %v, want number %d, next %d", h, exists, err, p.seg.Number(), p.seg.NextGenerated())
	}
}

// Whatever updates do to a replica they do to its copy; one opened anew is the same.
func TestReplicaFollows(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	p := newReplicaPair(t)
	for round := range 120 {
		p.commit(func() error {
			for range 1 + r.IntN(3) {
				u := p.randomUpdate(r)
				if err := p.seg.Apply(u); err != nil {
					return err
				}
				if err := p.copied.Apply(u); err != nil {
					return err
				}
			}
			return nil
		})
		if round%40 == 39 {
			path := p.copied.Path()
			p.copied.Close()
			var err error
			if p.copied, err = OpenReplicaCopy(path, false); err != nil {
				t.Fatal(err)
			}
		}
		p.equal()
	}
	if err := p.copied.Check(); err != nil {
		t.Error(err)
	}
}

// A section put anew with less content, and then grown, has zeros where the old content was.
func TestReplicaShrinks(t *testing.T) {
	p := newReplicaPair(t)
	id := []byte("s")
	p.commit(func() error {
		return errors.Join(p.copied.PutSection(&segment.Section{ID: id, Size: 3 * ChunkBytes}),
			p.copied.PutContent(id, 0, bytes.Repeat([]byte{1}, 3*ChunkBytes)),
			p.copied.PutSection(&segment.Section{ID: id, Size: ChunkBytes + 5}),
			p.copied.PutSection(&segment.Section{ID: id, Size: 2*ChunkBytes + 9, Corrupted: true, Number: 3}))
	})
	want := append(bytes.Repeat([]byte{1}, ChunkBytes+5), make([]byte, ChunkBytes+4)...)
	got := make([]byte, len(want))
	if err := p.copied.Content(id, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, content differs %v", err, !bytes.Equal(got, want))
	}
	if err := p.copied.Content(id, got[1:]); err == nil {
		t.Error("a buffer of another size than the section was filled")
	}
}

// A transaction that fails leaves nothing, and a head comes back as it was given.
func TestReplicaTransaction(t *testing.T) {
	p := newReplicaPair(t)
	h := ReplicaHead{Cluster: [16]byte{1, 2, 15: 9}, Node: "node", Checkpoint: 1<<64 - 1, Boot: "boot",
		Epoch: segment.Epoch{Generation: 3, Counter: 1 << 63}, Config: []byte{0, 1}, Number: 5, NextGenerated: 1<<64 - 2}
	p.commit(func() error { return p.copied.SetHead(&h) })
	if err := p.copied.Transaction(func() error {
		p.copied.SetNumber(9, nil)
		return wire.NoSpace
	}); err != wire.NoSpace {
		t.Error(err)
	}
	if got, exists, err := p.copied.Head(); err != nil || !exists || fmt.Sprint(got) != fmt.Sprint(h) {
		t.Errorf("%+v %v %v", got, exists, err)
	}
	if err := p.copied.Transaction(func() error {
		return p.copied.Apply(&segment.Update{Number: 6, Ops: []segment.Op{{Kind: segment.OpOverwrite, Section: []byte("none")}}})
	}); err == nil {
		t.Error("a section that does not exist was overwritten")
	}
}

// What a power cut leaves is what was committed: here a copy of the files while they are open.
func TestReplicaPowerCut(t *testing.T) {
	p := newReplicaPair(t)
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	for n := range 20 {
		u := p.randomUpdate(r)
		if err := p.seg.Apply(u); err != nil {
			t.Fatal(err)
		}
		p.commit(func() error { return p.copied.Apply(u) })
		path := filepath.Join(dir, ReplicaFile(7, uint64(n)))
		for _, side := range []string{"", "-wal"} {
			b, err := os.ReadFile(p.copied.Path() + side)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+side, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		left, err := OpenReplicaCopy(path, false)
		if err != nil {
			t.Fatal(err)
		}
		(&replicaPair{t, p.seg, left}).equal()
		left.Close()
	}
}

func TestReplicaFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ReplicaFile(0xAB, 0xCD))
	c, err := OpenReplicaCopy(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, exists, err := c.Head(); exists || err != nil {
		t.Errorf("an empty file is a copy: %v %v", exists, err)
	}
	orphan := filepath.Join(dir, ReplicaFile(0xAB, 1)+"-wal")
	for _, name := range []string{orphan, filepath.Join(dir, "other")} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := ReplicaFiles(dir)
	if err != nil || len(files) != 1 || fmt.Sprint(files[0xAB]) != fmt.Sprint([]string{path}) {
		t.Errorf("%v %v", files, err)
	}
	if _, err := os.Stat(orphan); err == nil {
		t.Error("a log without a file is left")
	}
	if err := RemoveReplicaCopy(path); err != nil { // in use
		t.Fatal(err)
	}
	c.Close()
	if files, _ := ReplicaFiles(dir); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
	if err := RemoveReplicaCopy(path); err != nil {
		t.Error("again: ", err)
	}
}

func TestReplicaDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), ReplicaFile(1, 1))
	if err := os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := OpenReplicaCopy(path, false); !errors.As(err, &e) || e.Code != wire.FailedOperation {
		t.Error(err)
	}
}
