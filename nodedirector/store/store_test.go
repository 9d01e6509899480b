package store

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

var _ replication.Store = (*Store)(nil)

func newStore(t *testing.T) (*Store, *segment.Replica) {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ckpt-store-")
	if err != nil {
		t.Skipf("SKIPPED: no tmpfs: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r, err := segment.Create(dir, segment.Identity{Checkpoint: 1, Name: "c"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return New(r), r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Store) all() (ids []string) {
	for x, ok := s.Next(nil, true); ok; x, ok = s.Next(x.ID, false) {
		ids = append(ids, string(x.ID))
	}
	return ids
}

func (s *Store) marks() (all []replication.Mark) {
	s.Marks(func(m replication.Mark) bool {
		all = append(all, m)
		return true
	})
	return all
}

// TestMarks: an update with marks leaves them, and a tombstone, until they are cleared up to its number.
func TestMarks(t *testing.T) {
	s, _ := newStore(t)
	create := func(id string) segment.Op {
		return segment.Op{Kind: segment.OpCreate, Section: []byte(id), Data: []byte("x"), Expiration: replication.Never}
	}
	must(t, s.Apply(&segment.Update{Number: 1, Ops: []segment.Op{create("bb"), create("a")}}, false))
	if got := s.all(); !slices.Equal(got, []string{"a", "bb"}) {
		t.Fatalf("sections %q", got)
	}
	must(t, s.Apply(&segment.Update{Number: 7, Ops: []segment.Op{{Kind: segment.OpDelete, Section: []byte("a")}, create("c")}}, true))
	want := []replication.Mark{{ID: []byte("a"), Number: 7, Tombstone: true}, {ID: []byte("c"), Number: 7}}
	if got := s.marks(); !reflect.DeepEqual(got, want) {
		t.Fatalf("marks %+v", got)
	}
	if got := s.all(); !slices.Equal(got, []string{"c", "bb"}) {
		t.Fatalf("sections %q", got)
	}
	must(t, s.ClearMarks(6, [][]byte{[]byte("a"), []byte("c")}))
	if got := s.marks(); len(got) != 2 {
		t.Fatalf("marks %+v", got)
	}
	must(t, s.ClearMarks(7, [][]byte{[]byte("a"), []byte("c"), []byte("none")}))
	if got := s.marks(); len(got) != 0 {
		t.Fatalf("marks %+v", got)
	}
}

// TestPut: sections, results and the number of another replica come together.
func TestPut(t *testing.T) {
	s, _ := newStore(t)
	must(t, s.Apply(&segment.Update{Number: 3, Ops: []segment.Op{
		{Kind: segment.OpCreate, Section: []byte("old"), Data: []byte("1"), Expiration: replication.Never},
	}, Result: &segment.Result{Session: 1, Slot: 0, Number: 5, Blob: []byte("r")}}, false))
	must(t, s.Put(&replication.Put{
		Number: 20, NextGenerated: 4, Marked: true,
		Sections: []replication.Whole{
			{ID: []byte("old"), Number: 18},
			{ID: []byte("new"), Exists: true, Total: 4, Data: []byte("ab"), Expiration: 9, LastUpdate: 8, Number: 19},
			{ID: []byte("new"), Exists: true, Offset: 2, Data: []byte("cd"), LastUpdate: 8, Number: 19},
		},
		Drop:    []replication.ResultKey{{Session: 1, Slot: 0}},
		Results: []segment.Result{{Session: 2, Slot: 1, Number: 6, Blob: []byte("q")}},
	}))
	if s.Number() != 20 || s.NextGenerated() != 4 {
		t.Fatalf("number %d, next generated %d", s.Number(), s.NextGenerated())
	}
	want := []replication.Mark{{ID: []byte("new"), Number: 19}, {ID: []byte("old"), Number: 18, Tombstone: true}}
	if got := s.marks(); !reflect.DeepEqual(got, want) {
		t.Fatalf("marks %+v", got)
	}
	x, ok := s.Lookup([]byte("new"))
	buf := make([]byte, 9)
	n, err := s.ReadAt([]byte("new"), 0, buf)
	if !ok || err != nil || string(buf[:n]) != "abcd" || x.Expiration != 9 || x.LastUpdate != 8 {
		t.Fatalf("%+v %q %v", x, buf[:n], err)
	}
	var results []segment.Result
	s.Results(func(r segment.Result) bool {
		results = append(results, r)
		return true
	})
	if !reflect.DeepEqual(results, []segment.Result{{Session: 2, Slot: 1, Number: 6, Blob: []byte("q")}}) {
		t.Fatalf("results %+v", results)
	}
}

// TestKept: what is kept comes back, and what somebody else has stored is refused.
func TestKept(t *testing.T) {
	s, r := newStore(t)
	if k, err := s.Kept(); k != nil || err != nil {
		t.Fatalf("%+v, %v", k, err)
	}
	want := &replication.Kept{
		Config: wire.Config{Checkpoint: 1, Name: "c", Epoch: wire.Epoch{Generation: 2, Counter: 3}, InSync: []string{"n1"}, Version: 9},
		Branch: wire.Epoch{Generation: 2, Counter: 2}, Complete: true, Proposed: []string{"n2"},
		Left: []replication.Left{{Epoch: wire.Epoch{Generation: 1, Counter: 7}, Number: 8}},
	}
	must(t, s.Keep(want))
	got, err := s.Kept()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	must(t, r.SetConfig([]byte("nonsense")))
	if _, err := s.Kept(); err == nil {
		t.Fatal("nonsense is taken for a configuration")
	}
}
