//go:build segmenthook

package segment

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// cutOff is a file that gets, one after the other, what a writer killed before each of its stores leaves, and
// that nobody recovers; and a reader that has it mapped all the time.
type cutOff struct {
	file   *os.File
	reader *Reader
	ids    []string
	fresh  int // of so many images one is also read by a reader that has seen none before
	images int
}

// newCutOff starts with the first image, whose ids are checked together with those of other models.
func newCutOff(t *testing.T, image []byte, fresh int, models ...*model) *cutOff {
	t.Helper()
	file, err := os.Create(shmDir(t) + "/cut-off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	c := &cutOff{file: file, ids: []string{"no such section"}, fresh: fresh}
	for _, m := range models {
		c.ids = slices.AppendSeq(c.ids, maps.Keys(m.sections))
	}
	slices.Sort(c.ids)
	c.ids = slices.Compact(c.ids)
	c.put(t, image)
	c.reader, err = OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.reader.Close() })
	return c
}

func (c *cutOff) put(t *testing.T, image []byte) {
	t.Helper()
	if _, err := c.file.WriteAt(image, 0); err != nil {
		t.Fatal(err)
	}
}

// read checks that, without recovery, every section of the image reads as want, which is what recovery makes of it.
func (c *cutOff) read(t *testing.T, image []byte, want *model, state State) {
	t.Helper()
	c.put(t, image)
	readers := []*Reader{c.reader}
	c.images++
	if c.images%c.fresh == 0 {
		r, err := OpenReader(c.file)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		readers = append(readers, r)
	}
	for n, r := range readers {
		if d := c.diff(r, want, state); d != "" {
			t.Fatalf("image %d, reader %d: before recovery, want what recovery makes of it: %s", c.images, n, d)
		}
	}
}

func (c *cutOff) diff(r *Reader, want *model, state State) string {
	if state.Readable && state.LeaseDeadline == NoLease {
		return want.diffReader(r, c.file, c.ids)
	}
	for _, id := range c.ids {
		_, readErr := r.Read([]byte(id), 0, nil)
		if _, err := r.Stat([]byte(id)); err != ErrAsk || readErr != ErrAsk {
			return fmt.Sprintf("%.30q: %v, %v although the replica may not be read", id, readErr, err)
		}
	}
	return ""
}

// weakImages are those of a weak update of the section "large" that is done, with the last one as it is at the end.
func weakImages(t *testing.T) [][]byte {
	r := prepared(t, nil)
	file, err := os.Open(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	images := storesOf(file, func() {
		err = r.Apply(&Update{Number: r.Number() + 1, Weak: true, Ops: []Op{
			{Kind: OpOverwrite, Section: []byte("large"), Data: make([]byte, 5000)}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	last, err := os.ReadFile(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	return append(images, last)
}

// TestEveryStoreWeakWait: a section is said to be corrupted only after the weak update that may still be done has not
// moved for a while, and only the first read waits.
func TestEveryStoreWeakWait(t *testing.T) {
	const least = 90 * time.Millisecond
	images := weakImages(t)
	image, last := images[len(images)/2], images[len(images)-1]
	c := newCutOff(t, image, 1, newModel())
	read := func() (time.Duration, error) {
		began := time.Now()
		_, err := c.reader.Read([]byte("large"), 0, nil)
		return time.Since(began), err
	}
	if took, err := read(); err != ErrCorrupted || took < least {
		t.Errorf("first read: %v after %v", err, took)
	}
	quickest := least
	for range 10 {
		took, err := read()
		if err != ErrCorrupted {
			t.Errorf("later read: %v", err)
		}
		quickest = min(quickest, took)
	}
	if quickest > least/2 {
		t.Errorf("later reads wait too: %v", quickest)
	}

	// The writer goes on within that time: header last, as everything the header vouches for comes before.
	for range 10 {
		c := newCutOff(t, image, 1, newModel())
		began := time.Now()
		wrote := make(chan time.Duration)
		go func() {
			time.Sleep(least / 6) // the reader waits by now; if not, it has nothing to wait for, and the result is the same
			_, bodyErr := c.file.WriteAt(last[8192:], 8192)
			_, headErr := c.file.WriteAt(last[:8192], 0)
			if err := errors.Join(bodyErr, headErr); err != nil {
				t.Error(err)
			}
			wrote <- time.Since(began)
		}()
		buf := make([]byte, 6000)
		n, err := c.reader.Read([]byte("large"), 0, buf)
		if <-wrote > least {
			continue // this machine is too busy to tell
		}
		if err != nil || !bytes.Equal(buf[:n], make([]byte, 5000)) {
			t.Errorf("weak update that was only held up: %d bytes, %v", n, err)
		}
		return
	}
	t.Error("ten times held up for longer than a reader waits")
}

// TestEveryStoreCounted: records of one update can be told from those of another that has got to the same number of
// bytes.
func TestEveryStoreCounted(t *testing.T) {
	r := prepared(t, nil)
	file, err := os.Open(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seen := map[uint64]int{}
	for update := range 4 {
		images := storesOf(file, func() {
			mustApply(t, r, Op{Kind: OpWrite, Section: []byte("small"), Data: []byte("same records each time")})
		})
		for _, image := range images {
			undo, count := word(image, undoAt), word(image, undoSeqAt)
			if undo == 0 {
				continue
			}
			if other, ok := seen[count]; ok && other != update {
				t.Fatalf("updates %d and %d have both count %d", other, update, count)
			}
			seen[count] = update
		}
	}
	if len(seen) < 4 {
		t.Errorf("%d counts", len(seen))
	}
}

// TestEveryStoreSlowly reads beside a writer that is much slower than readers are patient, so that they look at its undo
// records while it goes on.
func TestEveryStoreSlowly(t *testing.T) {
	dir := shmDir(t)
	createIn(t, dir)
	b := mustBoard(t, dir)
	w, err := newWriter(dir, 1, 8, []int{1, 40, 200, 1000})
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for range 2 {
		f, err := os.Open(segmentIn(dir))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := OpenReader(f)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		readers.Go(func() {
			var last [8]uint64
			buf := make([]byte, tortureMax)
			for n := 0; b.stop.Load() == 0; n = (n + 1) % len(last) {
				if err := readOne(r, f, b, n, buf, &last[n]); err != nil {
					t.Errorf("section %d: %v", n, err)
					return
				}
			}
		})
	}
	slowly(func() {
		for end := time.Now().Add(3 * time.Second); err == nil && time.Now().Before(end); {
			err = w.step()
		}
	})
	b.stop.Store(1)
	readers.Wait()
	if err == nil {
		err = w.verify()
	}
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d updates, %d reads, %d referred to the node director", b.acked.Load(), b.reads.Load(), b.asks.Load())
	if b.acked.Load() < 10 || b.reads.Load() < 1000 {
		t.Error("too little happened")
	}
}
