package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	tortureSections = 48
	tortureMax      = 300 << 10 // bytes of content
	fillSections    = 400
	contentHead     = 24 // number of the update, checksum of the rest, index of the section
)

func tortureID(n int) []byte {
	id := fmt.Appendf(nil, "s%d", n)
	if n%5 == 1 {
		id = fmt.Appendf(id, "-with-an-id-that-does-not-fit-into-the-entry")
	}
	return id
}

// writer is the one writer of a torture segment. Content is checksummed as a whole, and every change of it
// comes with a new head, so that a reader that sees two updates mixed can tell.
type writer struct {
	r       *Replica
	b       *board
	rng     *rand.Rand
	content [][]byte // nil: no section
	sizes   []int
}

func newWriter(dir string, seed uint64, sections int, sizes []int) (*writer, error) {
	b, err := openBoard(dir)
	if err != nil {
		return nil, err
	}
	r, err := Attach(segmentIn(dir), nil)
	if err != nil {
		return nil, err
	}
	w := &writer{r, b, rand.New(rand.NewPCG(seed, 1)), make([][]byte, sections), sizes}
	buf := make([]byte, tortureMax+1000)
	for n := range w.content {
		got, err := r.ReadAt(tortureID(n), 0, buf)
		if err != nil { // not there
			continue
		}
		w.content[n] = slices.Clone(buf[:got])
		b.sections[n].acked.Store(binary.LittleEndian.Uint64(buf)<<1 | 1)
	}
	return w, nil
}

func (w *writer) fill(b []byte) {
	word := w.rng.Uint64()
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, word)
		word += 0x9E3779B97F4A7C15
	}
}

func stamp(content []byte, number uint64, n int) {
	binary.LittleEndian.PutUint64(content, number)
	binary.LittleEndian.PutUint64(content[16:], uint64(n))
	binary.LittleEndian.PutUint64(content[8:], checksum(number, content[16:]))
}

// change makes the ops for section n and its content after them.
func (w *writer) change(n int, number uint64) ([]Op, []byte) {
	id, old := tortureID(n), w.content[n]
	size := contentHead + w.sizes[w.rng.IntN(len(w.sizes))]
	switch kind := w.rng.IntN(12); {
	case old == nil || kind == 0:
		fresh := make([]byte, size)
		w.fill(fresh)
		stamp(fresh, number, n)
		if old == nil {
			return []Op{{Kind: OpCreate, Section: id, Data: fresh}}, fresh
		}
		return []Op{{Kind: OpOverwrite, Section: id, Data: fresh}}, fresh
	case kind == 1:
		return []Op{{Kind: OpDelete, Section: id}}, nil
	default:
		at := contentHead + w.rng.IntN(len(old)-contentHead+min(len(old), 100))
		piece := make([]byte, 1+w.rng.IntN(size))
		if at+len(piece) > tortureMax {
			piece = piece[:max(0, tortureMax-at)]
		}
		w.fill(piece)
		fresh := make([]byte, max(len(old), at+len(piece)))
		copy(fresh, old)
		copy(fresh[at:], piece)
		if len(piece) == 0 {
			fresh = fresh[:len(old)]
		}
		stamp(fresh, number, n)
		return []Op{{Kind: OpWrite, Section: id, Offset: uint64(at), Data: piece},
			{Kind: OpWrite, Section: id, Data: fresh[:contentHead]}}, fresh
	}
}

// step applies one update of one to three sections.
func (w *writer) step() error {
	u := Update{Number: w.r.Number() + 1, Now: 1}
	fresh := map[int][]byte{}
	for range 1 + w.rng.IntN(3) {
		n := w.rng.IntN(len(w.content))
		if _, twice := fresh[n]; twice {
			continue
		}
		var ops []Op
		ops, fresh[n] = w.change(n, u.Number)
		u.Ops = append(u.Ops, ops...)
	}
	for n := range fresh {
		w.b.sections[n].started.Store(u.Number)
	}
	switch err := w.r.Apply(&u); {
	case errors.Is(err, ErrNoSpace):
		w.b.noSpace.Add(1)
		return nil
	case err != nil:
		return fmt.Errorf("update %d: %w", u.Number, err)
	}
	for n, content := range fresh {
		exists := uint64(0)
		if content != nil {
			exists = 1
		}
		w.content[n] = content
		w.b.sections[n].acked.Store(u.Number<<1 | exists)
	}
	w.b.acked.Store(u.Number)
	return nil
}

// verify compares everything with what was acknowledged.
func (w *writer) verify() error {
	for n, content := range w.content {
		buf := make([]byte, tortureMax+1000)
		got, err := w.r.ReadAt(tortureID(n), 0, buf)
		if content == nil && errors.Is(err, ErrNoSection) {
			continue
		}
		if err != nil || string(buf[:got]) != string(content) {
			return fmt.Errorf("section %d: %d bytes, %v; want %d", n, got, err, len(content))
		}
	}
	path := w.r.Path()
	if err := w.r.Close(); err != nil {
		return err
	}
	_, err := Attach(path, nil)
	return err
}

func tortureWriter(dir string, seed uint64) error {
	w, err := newWriter(dir, seed, tortureSections, []int{1, 40, 40, 40, 200, 1000, 3000, 5000, 30000, 200000})
	if err != nil {
		return err
	}
	for n := uint64(1); w.b.stop.Load() == 0; n++ {
		if err := w.step(); err != nil {
			return err
		}
		if n%64 == 0 {
			w.changeState(n / 64)
		}
	}
	return w.verify()
}

// changeState moves the epoch, and lets the replica be unreadable for a moment, or readable on a lease.
func (w *writer) changeState(n uint64) {
	s := readable
	s.Epoch.Counter = n
	if n%4 == 1 {
		s.Readable = false
		w.r.SetState(s)
		s.Readable = true
	}
	if n%2 == 1 {
		var now unix.Timespec
		unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
		s.LeaseDeadline = uint64(now.Nano() + int64(time.Second))
	}
	w.r.SetState(s)
}

func fillingWriter(dir string, seed uint64) error {
	w, err := newWriter(dir, seed, fillSections, []int{100, 5000, 100000, 250000})
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

// tortureReader reads sections at random and checks every answer against what was acknowledged before the read began,
// and what had begun when it ended.
func tortureReader(dir string, seed uint64) error {
	b, err := openBoard(dir)
	if err != nil {
		return err
	}
	f, err := os.Open(segmentIn(dir))
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := OpenReader(f)
	if err != nil {
		return err
	}
	defer r.Close()
	rng := rand.New(rand.NewPCG(seed, 2))
	buf := make([]byte, tortureMax+1000)
	sections := tortureSections
	if seed >= fillSeed {
		sections = fillSections
	}
	last := make([]uint64, sections)
	for b.stop.Load() == 0 {
		n := rng.IntN(sections)
		if err := readOne(r, f, b, n, buf, &last[n]); err != nil {
			return fmt.Errorf("section %d: %w", n, err)
		}
	}
	return nil
}

// readOne reads section n, of which update *last was seen last.
func readOne(r *Reader, f *os.File, b *board, n int, buf []byte, last *uint64) error {
	before := b.sections[n].acked.Load()
	got, err := r.Read(tortureID(n), 0, buf)
	if errors.Is(err, ErrRemap) {
		return r.Remap(f)
	}
	if errors.Is(err, ErrAsk) {
		b.asks.Add(1)
		return nil
	}
	began := b.sections[n].started.Load()
	if errors.Is(err, ErrNoSection) {
		if before&1 == 1 && began == before>>1 {
			return fmt.Errorf("not found, but written by update %d and not touched since", began)
		}
		b.reads.Add(1)
		return nil
	}
	if err != nil {
		return err
	}
	content := buf[:got]
	if got < contentHead {
		return fmt.Errorf("%d bytes only", got)
	}
	number := binary.LittleEndian.Uint64(content)
	switch {
	case binary.LittleEndian.Uint64(content[16:]) != uint64(n):
		return fmt.Errorf("content of section %d", content[16])
	case checksum(number, content[16:]) != binary.LittleEndian.Uint64(content[8:]):
		return fmt.Errorf("content of update %d, %d bytes, is torn", number, got)
	case number < before>>1 || number == before>>1 && before&1 == 0:
		return fmt.Errorf("content of update %d after update %d was acknowledged (exists: %d)", number, before>>1, before&1)
	case number > began:
		return fmt.Errorf("content of update %d, which has not begun", number)
	case number < *last:
		return fmt.Errorf("content of update %d after that of update %d", number, *last)
	}
	*last = number
	b.reads.Add(1)
	return nil
}

// fillSeed and above: the reader reads a filling writer's sections.
const fillSeed = 1000

// watch waits out the test's time, and until enough has happened for the test to mean anything; then for all
// processes, which must end well.
func watch(t *testing.T, boards []*board, processes []*exec.Cmd, while time.Duration, noSpace uint64, meanwhile func()) {
	t.Helper()
	little := func(b *board) bool {
		return b.acked.Load() < 200 || b.reads.Load() < 2000 || b.noSpace.Load() < noSpace
	}
	end := time.Now().Add(while)
	for latest := end.Add(time.Minute); time.Now().Before(end) || slices.ContainsFunc(boards, little); {
		if time.Now().After(latest) {
			t.Error("too little happens")
			break
		}
		meanwhile()
	}
	for _, b := range boards {
		b.stop.Store(1)
	}
	for _, p := range processes {
		if err := p.Wait(); err != nil {
			t.Errorf("%v: %v", p.Env[len(p.Env)-3:], err)
		}
	}
	for n, b := range boards {
		updates, reads, asks := b.acked.Load(), b.reads.Load(), b.asks.Load()
		t.Logf("segment %d: %d updates, %d without space, %d reads, %d referred to the node director",
			n, updates, b.noSpace.Load(), reads, asks)
	}
}

func TestTorture(t *testing.T) {
	dir := shmDir(t)
	createIn(t, dir)
	b := mustBoard(t, dir)
	processes := []*exec.Cmd{startRole(t, "torture-writer", dir, 1)}
	for n := range uint64(3) {
		processes = append(processes, startRole(t, "torture-reader", dir, 10+n))
	}
	watch(t, []*board{b}, processes, soakTime(t, 5*time.Second), 0, func() { time.Sleep(10 * time.Millisecond) })
}

// TestFullTmpfs fills a tmpfs of 64 MiB with two replicas and a third party, under readers and writers.
func TestFullTmpfs(t *testing.T) {
	mount := shmDir(t)
	if err := unix.Mount("tmpfs", mount, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("SKIPPED: mounting a tmpfs: %v (needs root)", err)
	}
	defer unix.Unmount(mount, unix.MNT_DETACH)
	var boards []*board
	var processes []*exec.Cmd
	for n := range uint64(2) {
		dir := fmt.Sprintf("%s/%d", mount, n)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		createIn(t, dir)
		boards = append(boards, mustBoard(t, dir))
		processes = append(processes, startRole(t, "filling-writer", dir, n), startRole(t, "torture-reader", dir, fillSeed+n))
	}
	filler := mount + "/filler"
	watch(t, boards, processes, soakTime(t, 4*time.Second), 3, func() {
		f, err := os.Create(filler)
		if err != nil {
			time.Sleep(time.Millisecond) // no inode or directory page left
			return
		}
		piece := make([]byte, 64<<10)
		for n := 0; n < 2048 && err == nil; n++ {
			_, err = f.Write(piece)
		}
		time.Sleep(20 * time.Millisecond)
		f.Close()
		os.Remove(filler)
		time.Sleep(20 * time.Millisecond)
	})
}
