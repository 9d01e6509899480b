package segment

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cutOffWriter goes on where another one was killed; the replica stays readable all the time.
func cutOffWriter(dir string, seed uint64) error {
	w, err := newWriter(dir, seed, tortureSections, []int{1, 40, 200, 3000, 30000, 200000})
	if err != nil {
		return err
	}
	for w.b.stop.Load() == 0 {
		if err := w.step(); err != nil {
			return err
		}
	}
	return w.verify()
}

// TestOutage kills writers, and stops them for a while, at random moments under readers. Those must never see what was
// not acknowledged before nor begun since, and while there is no writer every section can be read.
func TestOutage(t *testing.T) {
	dir := shmDir(t)
	createIn(t, dir)
	b := mustBoard(t, dir)
	readers := []*exec.Cmd{startRole(t, "torture-reader", dir, 20), startRole(t, "torture-reader", dir, 21)}
	f, err := os.Open(segmentIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader, err := OpenReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()

	var last [tortureSections]uint64
	buf := make([]byte, tortureMax+1000)
	// readAll takes no ErrAsk for an answer.
	readAll := func() {
		t.Helper()
		for n := range tortureSections {
			if _, err := reader.Stat(tortureID(n)); errors.Is(err, ErrRemap) {
				if err := reader.Remap(f); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := reader.Read(tortureID(n), 0, buf); err == ErrAsk {
				t.Fatalf("section %d cannot be read while its writer does nothing (undo word %d)", n, undoWord(t, segmentIn(dir)))
			}
			if err := readOne(reader, f, b, n, buf, &last[n]); err != nil {
				t.Fatalf("section %d: %v", n, err)
			}
		}
	}
	rng := rand.New(rand.NewPCG(9, 9))
	moment := func() {
		end := time.Now().Add(time.Duration(rng.IntN(1000)) * time.Microsecond)
		waitFor(t, "the moment", func() bool { return time.Now().After(end) })
	}
	rounds, cut := 0, 0
	for end := time.Now().Add(soakTime(t, 4*time.Second)); time.Now().Before(end); rounds++ {
		writer := startRole(t, "cut-off-writer", dir, uint64(rounds))
		began := b.acked.Load()
		waitFor(t, "some updates of the writer", func() bool { return b.acked.Load() > began+5 })
		for range 5 {
			moment()
			stop(t, writer.Process)
			if undoWord(t, segmentIn(dir)) != 0 {
				cut++
			}
			readAll()
			if err := writer.Process.Signal(unix.SIGCONT); err != nil {
				t.Fatal(err)
			}
		}
		moment()
		writer.Process.Kill()
		writer.Wait()
		if undoWord(t, segmentIn(dir)) != 0 {
			cut++
		}
		readAll()
	}
	b.stop.Store(1)
	for _, r := range readers {
		if err := r.Wait(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d writers killed, %d times within an update; %d updates, %d reads", rounds, cut, b.acked.Load(), b.reads.Load())
	if cut == 0 && rounds > 20 {
		t.Error("no writer was stopped within an update: this test shows nothing")
	}
}
