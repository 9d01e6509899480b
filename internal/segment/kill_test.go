package segment

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

const (
	killLimit = 20000 // bytes of content
	killBurst = 1000  // updates made ready before they are applied, for death to come within one rather than between
)

// nextUpdate is the one update that follows m in the history of this seed; parent and child both know it.
func nextUpdate(seed uint64, m *model) (*Update, *model) {
	for attempt := uint64(0); ; attempt++ {
		u := randomUpdate(rand.New(rand.NewPCG(seed, m.number<<16+attempt)), m, killLimit)
		u.Number, u.Jump = m.number+1, false // acknowledgements are numbers
		after := m.clone()
		if after.apply(u) == nil {
			return u, after
		}
	}
}

// killedWriter goes on with the history where the segment has it, until it is killed.
func killedWriter(dir string, seed uint64) error {
	b, err := openBoard(dir)
	if err != nil {
		return err
	}
	r, err := Attach(segmentIn(dir), nil)
	if err != nil {
		return err
	}
	m, err := modelOf(r)
	if err != nil {
		return err
	}
	for {
		burst := make([]*Update, killBurst)
		for n := range burst {
			burst[n], m = nextUpdate(seed, m)
		}
		for _, u := range burst {
			if err := r.Apply(u); err != nil {
				return fmt.Errorf("update %d: %w", u.Number, err)
			}
			b.acked.Store(u.Number)
		}
	}
}

// TestKill kills a writer at random moments, many times over on the same segment. What is attached then must be the
// history up to an update not before the last acknowledged one; a weak update may leave what it was
// writing corrupted.
func TestKill(t *testing.T) {
	const seed = 42
	dir := shmDir(t)
	createIn(t, dir)
	b := mustBoard(t, dir)
	m := newModel()
	rng := rand.New(rand.NewPCG(seed, 1))
	rounds, corrupted, undone := 0, 0, 0
	for end := time.Now().Add(soakTime(t, 3*time.Second)); time.Now().Before(end); rounds++ {
		writer := startRole(t, "killed-writer", dir, seed)
		began := m.number
		waitFor(t, "first update of the writer", func() bool { return b.acked.Load() > began })
		moment := time.Now().Add(time.Duration(rng.IntN(600)) * time.Microsecond)
		waitFor(t, "the moment of death", func() bool { return time.Now().After(moment) })
		writer.Process.Kill()
		writer.Wait()

		acked := b.acked.Load()
		cut := undoWord(t, segmentIn(dir)) != 0
		left, err := os.ReadFile(segmentIn(dir))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Attach(segmentIn(dir), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := modelOf(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		unrecovered := openImage(t, dir, left)
		if d := got.diffReader(unrecovered.reader, unrecovered.file, testIDs); d != "" {
			t.Fatalf("round %d: before recovery, want what recovery makes of it: %s", rounds, d)
		}
		unrecovered.close()
		if got.number < acked || got.number > acked+1 {
			t.Fatalf("update %d acknowledged, segment is at %d", acked, got.number)
		}
		for m.number < got.number {
			_, m = nextUpdate(seed, m)
		}
		if cut {
			undone++
			corrupted += allowCorrupted(seed, m, got)
		}
		if d := m.diff(got); d != "" {
			t.Fatalf("round %d, after update %d: %s", rounds, m.number, d)
		}
	}
	t.Logf("%d rounds, %d updates, killed within one %d times, %d sections left corrupted", rounds, m.number, undone, corrupted)
	if undone == 0 && rounds > 100 {
		t.Error("no writer was killed within an update: this test shows nothing")
	}
}

// image is a file as somebody left it, and a reader of it.
type image struct {
	file   *os.File
	reader *Reader
}

func openImage(t *testing.T, dir string, bytes []byte) image {
	t.Helper()
	if err := os.WriteFile(dir+"/image", bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(dir + "/image")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	return image{file, reader}
}

func (i image) close() {
	i.reader.Close()
	i.file.Close()
}

// allowCorrupted takes over into m what a cut-off weak update was allowed to corrupt.
func allowCorrupted(seed uint64, m, got *model) int {
	next, _ := nextUpdate(seed, m)
	if !next.Weak {
		return 0
	}
	count := 0
	for _, op := range next.Ops {
		if s, ok := got.sections[string(op.Section)]; ok && s.corrupted && !m.sections[string(op.Section)].corrupted {
			m.sections[string(op.Section)] = s
			count++
		}
	}
	return count
}
