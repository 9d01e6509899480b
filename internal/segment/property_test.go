package segment

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// machine runs random operations against a replica, a reader of it and the model.
type machine struct {
	m      *model
	r      *Replica
	q      *Quota
	f      *os.File
	reader *Reader
	limit  int // largest content
}

func (s *machine) open(t *rapid.T) {
	var err error
	if s.f, err = s.r.OpenReader(); err != nil {
		t.Fatal(err)
	}
	if s.reader, err = OpenReader(s.f); err != nil {
		t.Fatal(err)
	}
}

func (s *machine) close() {
	s.reader.Close()
	s.f.Close()
	s.r.Close()
}

func (s *machine) Apply(t *rapid.T) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	u := randomUpdate(rng, s.m, s.limit)
	if rng.IntN(50) == 0 {
		u.Number, u.Jump = max(u.Number+uint64(rng.IntN(3)), 1)-1, false
	}
	want, got := s.m.clone(), s.r.Apply(u)
	err := want.apply(u)
	if errors.Is(got, ErrNoSpace) && s.q.Max() != 0 && err == nil {
		return // Check finds that nothing changed
	}
	if fmt.Sprint(got) != fmt.Sprint(err) {
		t.Fatalf("apply: %v, want %v", got, err)
	}
	s.m = want
}

func (s *machine) Config(t *rapid.T) {
	blob := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "config")
	if err := s.r.SetConfig(blob); err == nil {
		s.m.config = string(blob)
	} else if !errors.Is(err, ErrNoSpace) || s.q.Max() == 0 {
		t.Fatal(err)
	}
}

func (s *machine) DropSession(t *rapid.T) {
	session := rapid.Uint64Range(0, 5).Draw(t, "session")
	if err := s.r.DropSession(session); err != nil {
		t.Fatal(err)
	}
	s.m.dropSession(session)
}

func (s *machine) Unmark(t *rapid.T) {
	id := rapid.SampledFrom(testIDs).Draw(t, "id")
	number := rapid.Uint64Range(0, s.m.number).Draw(t, "number")
	if err := s.r.Unmark([]byte(id), number); err != nil {
		t.Fatalf("unmark %q: %v", id, err)
	}
	s.m.unmark(id, number)
}

func (s *machine) DropResult(t *rapid.T) {
	session, slot := rapid.Uint64Range(0, 5).Draw(t, "session"), rapid.Uint16Range(0, 12).Draw(t, "slot")
	if err := s.r.DropResult(session, slot); err != nil {
		t.Fatal(err)
	}
	delete(s.m.results, resultKey{session, slot})
}

func (s *machine) Reattach(t *rapid.T) {
	path, state := s.r.Path(), s.r.State()
	s.close()
	var err error
	if s.r, err = Attach(path, s.q); err != nil {
		t.Fatal(err)
	}
	if s.r.Identity() != testIdentity || s.r.State() != state {
		t.Fatalf("attached %+v %+v", s.r.Identity(), s.r.State())
	}
	s.open(t)
}

func (s *machine) State(t *rapid.T) {
	state := readable
	state.Epoch.Counter = rapid.Uint64().Draw(t, "counter")
	s.r.SetState(state)
	if s.r.State() != state {
		t.Fatalf("state %+v, want %+v", s.r.State(), state)
	}
}

// Check is called after every action.
func (s *machine) Check(t *rapid.T) {
	got, err := modelOf(s.r)
	if err != nil {
		t.Fatal(err)
	}
	if d := s.m.diff(got); d != "" {
		t.Fatal(d)
	}
	if d := s.m.diffReader(s.reader, s.f, testIDs); d != "" {
		t.Fatal(d)
	}
	if s.q.Used() != s.r.Allocated() || s.q.Max() != 0 && s.q.Used() > s.q.Max() {
		t.Fatalf("quota: %d of %d used, file has %d", s.q.Used(), s.q.Max(), s.r.Allocated())
	}
}

// TestModel runs random operations; a small quota in every other run makes space run out at any point.
func TestModel(t *testing.T) {
	dir := shmDir(t)
	rapid.Check(t, func(t *rapid.T) {
		quota := rapid.SampledFrom([]uint64{0, 40 << 10, 100 << 10, 300 << 10}).Draw(t, "quota")
		s := &machine{m: newModel(), q: NewQuota(quota), limit: rapid.SampledFrom([]int{200, 80000}).Draw(t, "limit")}
		os.Remove(dir + "/" + FileName(testIdentity.Checkpoint))
		var err error
		if s.r, err = Create(dir, testIdentity, s.q); err != nil {
			t.Fatal(err)
		}
		s.r.SetState(readable)
		s.open(t)
		defer s.close()
		t.Repeat(map[string]func(*rapid.T){
			"": s.Check, "Apply": s.Apply, "Apply2": s.Apply, "Apply3": s.Apply, "Apply4": s.Apply, "Config": s.Config,
			"DropSession": s.DropSession, "DropResult": s.DropResult, "Unmark": s.Unmark, "Unmark2": s.Unmark, "Reattach": s.Reattach, "State": s.State,
		})
		s.Reattach(t)
		s.Check(t)
	})
}
