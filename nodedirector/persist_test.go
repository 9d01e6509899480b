package nodedirector

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"libckpt/internal/dataset"
	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// newKeepingFixture is a fixture whose node director keeps on disk what wants it.
func newKeepingFixture(t testing.TB, change func(o *Options)) *fixture {
	t.Helper()
	return newFixture(t, func(o *Options) {
		o.PersistDir = filepath.Join(o.RunDir, "copies")
		if change != nil {
			change(o)
		}
	})
}

func wantsBackup(r *wire.OpenRequest) { r.Backup = true }

func asynchronous(r *wire.OpenRequest) {
	r.Backup = true
	r.Attributes.CreationFlags = wire.FlagActiveReplica
}

func (f *fixture) copies() []string {
	f.t.Helper()
	list, err := filepath.Glob(filepath.Join(f.o.PersistDir, "*.replica"))
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// loseMemory stops the node director and takes away what a power cut takes.
func (f *fixture) loseMemory() {
	f.t.Helper()
	f.stop()
	for _, dir := range []string{segmentsDir, "sessions"} {
		if err := os.RemoveAll(filepath.Join(f.dir, dir)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// findsNone checks that there is no checkpoint of a name.
func (a *application) findsNone(name string) {
	a.t.Helper()
	code := a.do(wire.OpOpen, &wire.OpenRequest{Open: 99, Name: name, Flags: wire.OpenRead}, nil, nil)
	if code != wire.NotExist {
		a.t.Errorf("open %s: %v, want NOT_EXIST", name, code)
	}
}

// sameAsDisk compares a segment with the copy, which must not be in use by the node director.
func (f *fixture) sameAsDisk(id uint64) {
	f.t.Helper()
	c := f.n.checkpoint(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		f.t.Fatal("not kept on disk")
	}
	r, err := dataset.OpenReplicaCopy(c.kept.path, false)
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Close()
	h, exists, err := r.Head()
	if err != nil || !exists || h.Number != c.seg.Number() || h.NextGenerated != c.seg.NextGenerated() {
		f.t.Fatalf("head %+v %v %v, want number %d", h, exists, err, c.seg.Number())
	}
	n := uint32(0)
	if err := r.Sections(func(s segment.Section) error {
		n++
		want, exists := c.seg.Lookup(s.ID)
		if !exists || fmt.Sprint(s) != fmt.Sprint(want) {
			return fmt.Errorf("section %q: %+v, want %+v", s.ID, s, want)
		}
		got, data := make([]byte, s.Size), make([]byte, s.Size)
		if err := r.Content(s.ID, got); err != nil {
			return err
		}
		if _, err := c.seg.ReadAt(s.ID, 0, data); err != nil || !slices.Equal(got, data) {
			return fmt.Errorf("content of %q differs, %v", s.ID, err)
		}
		return nil
	}); err != nil {
		f.t.Fatal(err)
	}
	if n != c.seg.Count() {
		f.t.Fatalf("%d sections on disk, want %d", n, c.seg.Count())
	}
}

// What is pending is decided upon as if it were applied already.
func TestPending(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	seg, err := segment.Create(t.TempDir(), segment.Identity{Checkpoint: 1, Name: "n", Node: "a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer seg.Close()
	config := wire.Config{Checkpoint: 1, Attributes: testAttributes}
	config.Attributes.MaxSections, config.Attributes.MaxSectionIDSize = 5, 1
	for range 300 {
		view := newPending(seg)
		for range r.IntN(12) {
			id := []byte{byte(r.IntN(7))}
			u := &replication.Update{Access: wire.OpenWrite, Now: r.Int64N(100), Time: 100 + r.Int64N(9), Data: make([]byte, r.IntN(50))}
			u.Elements = []wire.Element{{ID: id, Size: uint64(len(u.Data))}}
			kinds := []wire.Op{wire.OpSectionCreate, wire.OpSectionDelete, wire.OpExpiration, wire.OpWrite, wire.OpOverwrite}
			switch u.Op = kinds[r.IntN(len(kinds))]; u.Op {
			case wire.OpSectionCreate:
				if u.Generate = r.IntN(2) == 0; u.Generate {
					u.Elements[0].ID = nil
				}
			case wire.OpWrite:
				u.Elements[0].Offset = uint64(r.IntN(60))
			}
			if v := replication.Decide(&config, replication.Here, view, u); v.Code == wire.OK {
				view.add(v.Apply)
			}
		}
		for _, u := range view.updates {
			if err := seg.Apply(u); err != nil {
				t.Fatalf("what was decided on a pending state can't be applied: %v", err)
			}
		}
		if view.Count() != seg.Count() || view.NextGenerated() != seg.NextGenerated() {
			t.Fatalf("%d sections, next %d; want %d, %d", view.Count(), view.NextGenerated(), seg.Count(), seg.NextGenerated())
		}
		for id, s := range view.sections {
			got, exists := seg.Lookup([]byte(id))
			if exists != s.exists || exists && (got.Size != s.Size || got.Number != s.Number || got.Expiration != s.Expiration ||
				got.LastUpdate != s.LastUpdate) {
				t.Fatalf("%x: %+v %v, want %+v %v", id, s.Section, s.exists, got, exists)
			}
		}
	}
}

// Applications that write at once, to the same sections too, are all answered, and the disk has what the segment has.
func TestWriteThroughTogether(t *testing.T) {
	f := newKeepingFixture(t, nil)
	first := f.application()
	first.open(1, "x", wantsBackup)
	first.create(1, "shared", "0")
	var group sync.WaitGroup
	for n := range 4 {
		a := f.application()
		a.open(1, "x", wantsBackup)
		a.create(1, fmt.Sprint("own", n), "0")
		for slot := range 4 {
			group.Go(func() {
				for i := range 25 {
					id, data := "shared", fmt.Sprintf("%d %d %d", n, slot, i)
					if i%2 == 0 {
						id = fmt.Sprint("own", n)
					}
					r := a.prepare(slot, wire.OpOverwrite, updateOf(1, id, len(data), 0), []byte(data))
					r.send()
					if reply, _ := r.wait(nil); reply.Error != wire.OK {
						t.Errorf("overwrite: %v", reply.Error)
					}
				}
			})
		}
	}
	group.Wait()
	var generated wire.UpdateReply
	generate := &wire.UpdateRequest{Open: 1, Elements: []wire.Element{{}}, Time: replication.Never, Generate: true}
	first.must(wire.OpSectionCreate, generate, &generated, nil)
	f.sameAsDisk(1)
	f.loseMemory()
	f.start()
	<-f.n.Ready()
	a := f.application()
	if r := a.open(1, "x", wantsBackup); r.Update != 406 {
		t.Errorf("update %d, want 406", r.Update)
	}
	if _, code := a.read(1, string(generated.Generated)); code != wire.OK {
		t.Errorf("section with a generated id: %v", code)
	}
}

// An update that the disk has room for and the memory has not is refused and nowhere to be found; those behind it go on.
func TestTakenBack(t *testing.T) {
	f := newKeepingFixture(t, func(o *Options) { o.SharedMemoryMax = 2 << 20 })
	a := f.application()
	a.open(1, "x", wantsBackup)
	a.create(1, "s", "before")
	var requests []*request
	for slot := range 8 {
		size := 10
		if slot%2 == 1 {
			size = 3 << 20
		}
		r := a.prepare(slot, wire.OpSectionCreate, updateOf(1, fmt.Sprint(slot), size, replication.Never), make([]byte, size))
		r.send()
		requests = append(requests, r)
	}
	for slot, r := range requests {
		want := wire.OK
		if slot%2 == 1 {
			want = wire.NoResources
		}
		if reply, _ := r.wait(nil); reply.Error != want {
			t.Errorf("slot %d: %v, want %v", slot, reply.Error, want)
		}
	}
	f.sameAsDisk(1)
	a.create(1, "after", "x")
	f.sameAsDisk(1)
}

// A second replica ends the copy before the configuration is obeyed; when this node is alone again, a new one is made beside
// the updates that go on.
func TestSecondReplica(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	a.open(1, "x", wantsBackup)
	for n := range 50 {
		a.create(1, fmt.Sprint(n), "before")
	}
	old := f.copies()
	if len(old) != 1 {
		t.Fatalf("copies: %v", old)
	}
	for round := range 3 {
		f.d.reconfigure(1, func(c *wire.Config) { c.Joining = []string{"b"} })
		eventually(t, "the copy is removed", func() bool { return len(f.copies()) == 0 })
		a.must(wire.OpOverwrite, updateOf(1, "7", 1, 0), nil, []byte("j"))
		if n := len(f.copies()); n != 0 {
			t.Fatalf("%d copies with another replica joining", n)
		}
		f.d.reconfigure(1, func(c *wire.Config) { c.Joining, c.Epoch.Counter = nil, c.Epoch.Counter+1 })
		eventually(t, "it is kept again", func() bool { return len(f.copies()) == 1 })
		for n := range 20 {
			a.must(wire.OpOverwrite, updateOf(1, fmt.Sprint(n), 8, 0), nil, fmt.Appendf(nil, "round %2d", round))
		}
	}
	c := f.n.checkpoint(1)
	if code := c.awaitDisk(monotonic() + int64(10*time.Second)); code != wire.OK {
		t.Fatal(code)
	}
	f.sameAsDisk(1)
	if slices.Equal(f.copies(), old) {
		t.Error("the new copy has the name of the old one")
	}
	f.loseMemory()
	f.start()
	<-f.n.Ready()
	b := f.application()
	b.open(1, "x", wantsBackup)
	if got, code := b.read(1, "7"); code != wire.OK || got != "round  2" {
		t.Errorf("%q, %v", got, code)
	}
}

// A copy of an earlier epoch than the director's is not used: one replica more may have existed since.
func TestStaleCopy(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	a.open(1, "stale", wantsBackup)
	a.open(2, "good", wantsBackup)
	a.create(1, "s", "x")
	a.create(2, "s", "y")
	f.loseMemory()
	f.d.mu.Lock()
	f.d.checkpoints[1].Epoch.Counter++
	f.d.mu.Unlock()
	f.start()
	<-f.n.Ready()
	a = f.application()
	a.findsNone("stale")
	a.open(2, "good", wantsBackup)
	if got, code := a.read(2, "s"); code != wire.OK || got != "y" {
		t.Errorf("%q, %v", got, code)
	}
	if n := len(f.copies()); n != 1 {
		t.Errorf("%d copies, want 1", n)
	}
}

// Copies that belong elsewhere are put aside: another node's, or another cluster's than the segments beside them.
func TestForeignCopy(t *testing.T) {
	for name, change := range map[string]func(h *dataset.ReplicaHead){
		"node":       func(h *dataset.ReplicaHead) { h.Node = "b" },
		"cluster":    func(h *dataset.ReplicaHead) { h.Cluster = [16]byte{9} },
		"checkpoint": func(h *dataset.ReplicaHead) { h.Checkpoint = 77 },
	} {
		t.Run(name, func(t *testing.T) {
			f := newKeepingFixture(t, nil)
			a := f.application()
			a.open(1, "x", wantsBackup)
			path := f.copies()[0]
			a.open(2, "beside", nil)
			f.stop()
			if err := os.Remove(filepath.Join(f.dir, segmentsDir, segment.FileName(1))); err != nil {
				t.Fatal(err)
			}
			r, err := dataset.OpenReplicaCopy(path, false)
			if err != nil {
				t.Fatal(err)
			}
			h, _, err := r.Head()
			change(&h)
			if err != nil || r.Transaction(func() error { return r.SetHead(&h) }) != nil {
				t.Fatal(err)
			}
			r.Close()
			f.start()
			<-f.n.Ready()
			if _, err := os.Stat(path + refusedSuffix); err != nil || len(f.copies()) != 0 {
				t.Errorf("not put aside: %v %v", err, f.copies())
			}
			b := f.application()
			b.findsNone("x")
		})
	}
}

// A copy there is no memory for keeps the node director from starting: registered without it, it would be lost.
func TestNoMemoryToRestore(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	a.open(1, "x", wantsBackup)
	a.must(wire.OpSectionCreate, updateOf(1, "s", 1<<20, replication.Never), nil, make([]byte, 1<<20))
	f.loseMemory()
	o := f.o
	o.SharedMemoryMax = 512 << 10
	if n, err := Start(t.Context(), o); err == nil {
		n.Stop(t.Context())
		t.Error("started")
	} else {
		t.Log(err)
	}
	f.start()
	<-f.n.Ready()
	b := f.application()
	b.open(1, "x", wantsBackup)
	if got, code := b.read(1, "s"); code != wire.OK || len(got) != 1<<20 && len(got) != wire.PieceBytesMax {
		t.Errorf("%d bytes, %v", len(got), code)
	}
}

// Asynchronous updates reach the disk by themselves, and Synchronize waits for it.
func TestWriteBehind(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	a.open(1, "x", asynchronous)
	a.create(1, "s", "0")
	c := f.n.checkpoint(1)
	onDisk := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.kept.number == c.seg.Number()
	}
	eventually(t, "it is on the disk", onDisk)
	f.sameAsDisk(1)
	for n := range 200 {
		data := make([]byte, 100+n*300)
		u := updateOf(1, "s", len(data), 0)
		u.Elements[0].Offset = uint64(n * 1000)
		a.must(wire.OpWrite, u, nil, data)
		if n%20 == 0 {
			a.create(1, fmt.Sprint(n), "x")
		}
		if n%30 == 0 {
			a.must(wire.OpSectionDelete, updateOf(1, fmt.Sprint(n/20*20), 0, 0), nil, nil)
		}
		if n%50 == 0 {
			a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 1}, nil, nil)
			if !onDisk() {
				t.Error("synchronized, and not on the disk")
			}
			f.sameAsDisk(1)
		}
	}
	a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 1}, nil, nil)
	f.sameAsDisk(1)
}

// A node director that stops writes what is behind.
func TestStopWritesBehind(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	a.open(1, "x", asynchronous)
	a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 1}, nil, nil)
	a.create(1, "s", "last")
	f.loseMemory()
	f.start()
	<-f.n.Ready()
	b := f.application()
	b.open(1, "x", asynchronous)
	if got, code := b.read(1, "s"); code != wire.OK || got != "last" {
		t.Errorf("%q, %v", got, code)
	}
}

// A section corrupted by a cut-off weak update is so after a power cut too, and can be repaired.
func TestCorruptedKept(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	a.open(1, "x", asynchronous)
	c := f.n.checkpoint(1)
	c.mu.Lock()
	number := c.seg.Number() + 1
	u := &segment.Update{Number: number, Ops: []segment.Op{{Kind: segment.OpPut, Section: []byte("bad"), Total: 300,
		Expiration: replication.Never, Stamp: &segment.Stamp{Number: number, LastUpdate: 5, Corrupted: true}}}}
	err := c.seg.Apply(u)
	c.kept.appliedLocked(u)
	c.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 1}, nil, nil)
	f.loseMemory()
	f.start()
	<-f.n.Ready()
	a = f.application()
	a.open(1, "x", asynchronous)
	if _, code := a.read(1, "bad"); code != wire.FailedOperation {
		t.Errorf("read: %v, want FAILED_OPERATION", code)
	}
	var page wire.SectionsReply
	a.must(wire.OpSections, &wire.SectionsRequest{Open: 1, Chosen: wire.ChooseCorrupted, Limit: 9}, &page, nil)
	if len(page.Sections) != 1 || page.Sections[0].Size != 300 || page.Sections[0].LastUpdate != 5 {
		t.Errorf("%+v", page.Sections)
	}
	a.must(wire.OpOverwrite, updateOf(1, "bad", 4, 0), nil, []byte("good"))
	a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 1}, nil, nil)
	f.sameAsDisk(1)
}

// The directory of the copies gone or not writable: updates are refused and nothing changes, until it is back.
func TestBrokenDisk(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	a.open(1, "x", wantsBackup)
	a.open(2, "behind", asynchronous)
	a.create(1, "s", "before")
	a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 2}, nil, nil)
	for id := range uint64(2) { // as if an I/O error had made the files useless
		c := f.n.checkpoint(id + 1)
		c.mu.Lock()
		c.kept.following, c.kept.changes, c.kept.failed = false, nil, errAnother
		c.kept.renewLocked()
		c.mu.Unlock()
	}
	if err := os.Rename(f.o.PersistDir, f.o.PersistDir+"-away"); err != nil {
		t.Fatal(err)
	}
	if code := a.do(wire.OpOverwrite, updateOf(1, "s", 5, 0), nil, []byte("after")); code != wire.NoResources {
		t.Errorf("overwrite: %v, want NO_RESOURCES", code)
	}
	if got, code := a.read(1, "s"); code != wire.OK || got != "before" {
		t.Errorf("%q, %v", got, code)
	}
	a.create(2, "s", "goes on")
	if code := a.do(wire.OpSynchronize, &wire.HandleRequest{Open: 2}, nil, nil); code != wire.NoResources {
		t.Errorf("synchronize: %v, want NO_RESOURCES", code)
	}
	if err := os.Rename(f.o.PersistDir+"-away", f.o.PersistDir); err != nil {
		t.Fatal(err)
	}
	a.must(wire.OpOverwrite, updateOf(1, "s", 5, 0), nil, []byte("after"))
	a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 2}, nil, nil)
	f.sameAsDisk(1)
	f.sameAsDisk(2)
}

// More copies than are kept open: each is written all the same, and what is idle beyond the bound is closed.
func TestManyCopies(t *testing.T) {
	f := newKeepingFixture(t, nil)
	a := f.application()
	const many = openCopiesMax + 20
	for n := range uint64(many) {
		a.open(n+1, fmt.Sprint(n), wantsBackup)
		a.create(n+1, "s", "0")
	}
	for n := range uint64(many) {
		a.must(wire.OpOverwrite, updateOf(n+1, "s", 1, 0), nil, []byte("1"))
	}
	eventually(t, "idle files are closed", func() bool { return f.n.openCopies.Load() <= openCopiesMax+1 })
	if n := len(f.copies()); n != many {
		t.Errorf("%d copies, want %d", n, many)
	}
	f.loseMemory()
	f.start()
	<-f.n.Ready()
	a = f.application()
	for n := range uint64(many) {
		a.open(n+1, fmt.Sprint(n), wantsBackup)
		if got, code := a.read(n+1, "s"); code != wire.OK || got != "1" {
			t.Errorf("%d: %q, %v", n, got, code)
		}
	}
}
