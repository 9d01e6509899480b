package replication

import (
	"testing"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// segmentStore is a Store over a segment, as far as a sole replica needs one.
type segmentStore struct {
	*segment.Replica
	memory
}

func (s *segmentStore) Lookup(id []byte) (segment.Section, bool) { return s.Replica.Lookup(id) }
func (s *segmentStore) Count() uint32                            { return s.Replica.Count() }
func (s *segmentStore) Number() uint64                           { return s.Replica.Number() }
func (s *segmentStore) NextGenerated() uint64                    { return s.Replica.NextGenerated() }
func (s *segmentStore) Apply(u *segment.Update, _ bool) error    { return s.Replica.Apply(u) }
func (s *segmentStore) ReadAt(id []byte, o uint64, b []byte) (int, error) {
	return s.Replica.ReadAt(id, o, b)
}
func (s *segmentStore) Sections(yield func(segment.Section) bool) { s.Replica.Sections(yield) }
func (s *segmentStore) Results(yield func(segment.Result) bool)   { s.Replica.Results(yield) }
func (s *segmentStore) DropSession(session uint64) error          { return s.Replica.DropSession(session) }

// sole makes the core of a replica that is the only one, and an update for it.
func sole(t testing.TB) (*Core, *segmentStore, *Request) {
	dir := t.TempDir()
	r, err := segment.Create(dir, segment.Identity{Node: "a", Checkpoint: 1, Name: "c"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	s := &segmentStore{Replica: r, memory: *newMemory()}
	c := New(Options{Node: "a", Incarnation: 1, Checkpoint: 1, Pairs: NewPairs(PairsOptions{Node: "a", Incarnation: 1})})
	c.Attach(0, s, nil, true)
	c.Configure(0, &wire.Config{
		Checkpoint: 1, Version: 1, Epoch: wire.Epoch{Generation: 1, Counter: 1}, Active: "a", InSync: []string{"a"},
		Attributes: wire.Attributes{CreationFlags: wire.FlagAllReplicas, MaxSections: 10, MaxSectionSize: 1 << 20, MaxSectionIDSize: 8},
	})
	request := &Request{Kind: RequestUpdate, Token: 1, Update: Update{
		Op: wire.OpSectionCreate, Access: wire.OpenWrite, Open: 1, Time: Never,
		Elements: []wire.Element{{ID: []byte("s"), Size: 64}}, Data: make([]byte, 64),
		Request: wire.RequestID{Session: 1, Slot: 1, Number: 1},
	}}
	c.Submit(0, 1, request)
	answered := false
	for _, e := range c.Effects() {
		answered = answered || e.Kind == EffectAnswer && e.Token == 1 && e.Verdict.Code == wire.OK
	}
	if !answered {
		t.Fatal("a sole replica does not answer at once")
	}
	request.Update.Op = wire.OpWrite
	return c, s, request
}

// direct is what a node director without a Core does for the same update.
func direct(c *Core, s Store, u *Update) Verdict {
	v := Decide(&c.config, Here, s, u)
	v.Apply.Result = &segment.Result{
		Session: u.Request.Session, Slot: u.Request.Slot, Number: u.Request.Number,
		Blob: EncodeResult(&Result{v.Code, v.Index, v.Generated, v.Apply.Number}),
	}
	if err := s.Apply(v.Apply, false); err != nil {
		panic(err)
	}
	return v
}

func BenchmarkSubmitSole(b *testing.B) {
	c, _, r := sole(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Update.Request.Number++
		c.Submit(0, 1, r)
		c.Effects()
	}
}

func BenchmarkDirect(b *testing.B) {
	c, s, r := sole(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Update.Request.Number++
		direct(c, s, &r.Update)
	}
}

// A sole replica's update costs no allocation beyond those of deciding and applying it.
func TestSubmitSoleAllocations(t *testing.T) {
	c, s, r := sole(t)
	want := testing.AllocsPerRun(1000, func() {
		r.Update.Request.Number++
		direct(c, s, &r.Update)
	})
	got := testing.AllocsPerRun(1000, func() {
		r.Update.Request.Number++
		c.Submit(0, 1, r)
		c.Effects()
	})
	if got > want {
		t.Errorf("%v allocations, %v without a Core", got, want)
	}
}
