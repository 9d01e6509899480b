package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func openReader(t *testing.T, r *Replica) (*Reader, *os.File) {
	t.Helper()
	f, err := r.OpenReader()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := OpenReader(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); f.Close() })
	return reader, f
}

func TestCreate(t *testing.T) {
	dir := shmDir(t)
	q := NewQuota(100 << 10)
	long := testIdentity
	long.Name, long.Node = strings.Repeat("n", MaxName), strings.Repeat("h", MaxNodeName)
	r, err := Create(dir, long, q)
	if err != nil {
		t.Fatal(err)
	}
	if r.Allocated() > 48<<10 || q.Used() != r.Allocated() {
		t.Errorf("%d bytes for an empty replica, %d of the quota", r.Allocated(), q.Used())
	}
	info, err := os.Stat(r.Path())
	if err != nil || info.Mode() != 0o600 || info.Size() != int64(r.Allocated()) {
		t.Errorf("file: %v %v", info, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 || entries[0].Name() != "0000000000abcdef.seg" {
		t.Errorf("directory: %v", entries)
	}
	if _, err := Create(dir, long, q); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second creation: %v", err)
	}
	if q.Used() != r.Allocated() {
		t.Errorf("quota after a failed creation: %d", q.Used())
	}
	r.Close()
	if q.Used() != 0 {
		t.Errorf("quota after Close: %d", q.Used())
	}
	r, err = Attach(r.Path(), q)
	if err != nil || r.Identity() != long {
		t.Fatalf("attach: %v", err)
	}
	if err := r.Remove(); err != nil || q.Used() != 0 {
		t.Errorf("remove: %v, quota %d", err, q.Used())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	long.Name += "n"
	if _, err := Create(dir, long, q); err != ErrTooBig {
		t.Errorf("name too long: %v", err)
	}
	if _, err := Create(dir, testIdentity, NewQuota(1000)); err != ErrNoSpace || len(dirEntries(t, dir)) != 0 {
		t.Errorf("beyond the quota: %v", err)
	}
}

func dirEntries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestClosed(t *testing.T) {
	r := create(t, nil)
	r.Close()
	_, readErr := r.ReadAt(nil, 0, nil)
	_, openErr := r.OpenReader()
	for n, err := range []error{r.Close(), r.Remove(), r.Apply(&Update{}), r.SetConfig(nil), r.DropSession(1),
		r.Unmark(nil, 1), r.DropResult(1, 1), readErr, openErr} {
		if err != ErrClosed {
			t.Errorf("%d: %v", n, err)
		}
	}
	r.SetState(readable)
	if _, ok := r.Lookup(nil); ok || r.State() != (State{}) || r.Config() != nil ||
		r.Number()+uint64(r.Count())+r.Used()+r.Allocated()+r.NextGenerated() != 0 {
		t.Error("a closed replica holds something")
	}
}

// TestGone: readers learn of a removal, one that was cut off included.
func TestGone(t *testing.T) {
	r := create(t, nil)
	reader, _ := openReader(t, r)
	if _, err := reader.Read(nil, 0, nil); err != ErrNoSection {
		t.Fatal(err)
	}
	path := r.Path()
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r.Remove()
	if _, err := reader.Read(nil, 0, nil); err != ErrGone {
		t.Errorf("after removal: %v", err)
	}
	image[stateSeqAt+8] |= 4 // DEAD, and killed before the file was deleted
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Attach(path, nil); !errors.Is(err, ErrGone) {
		t.Errorf("attach: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("file still there: %v", err)
	}
}

// TestGate: what a reader may answer depends on state, lease and marks.
func TestGate(t *testing.T) {
	r := create(t, nil)
	mustApply(t, r, Op{Kind: OpCreate, Section: []byte("s"), Data: []byte("x")})
	reader, _ := openReader(t, r)
	read := func() error {
		_, err := reader.Read([]byte("s"), 0, make([]byte, 1))
		_, statErr := reader.Stat([]byte("s"))
		if err != statErr {
			t.Errorf("read: %v, stat: %v", err, statErr)
		}
		return err
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	state := readable
	for _, c := range []struct {
		name     string
		readable bool
		lease    uint64
		want     error
	}{
		{"no lease needed", true, NoLease, nil},
		{"lease", true, uint64(now.Nano()) + uint64(time.Hour), nil},
		{"lease over", true, uint64(now.Nano()), ErrAsk},
		{"never a lease", true, 0, ErrAsk},
		{"not readable", false, NoLease, ErrAsk},
	} {
		state.Readable, state.LeaseDeadline = c.readable, c.lease
		r.SetState(state)
		if err := read(); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	var err error
	state.LeaseDeadline = uint64(now.Nano()) + uint64(50*time.Millisecond)
	state.Readable = true
	r.SetState(state)
	for deadline := time.Now().Add(5 * time.Second); err != ErrAsk; _, err = reader.Stat([]byte("s")) {
		if time.Now().After(deadline) {
			t.Fatal("the lease never runs out")
		}
	}
	r.SetState(readable)
	mark := &Update{Number: r.Number() + 1, Marked: true, Ops: []Op{{Kind: OpWrite, Section: []byte("s")}}}
	if err := r.Apply(mark); err != nil || read() != ErrAsk {
		t.Errorf("marked: %v", read())
	}
	if s, _ := r.Lookup([]byte("s")); !s.Marked {
		t.Error("mark not there")
	}
	if err := r.Unmark([]byte("s"), mark.Number-1); err != nil || read() != ErrAsk {
		t.Errorf("mark of a later update: %v", read())
	}
	if err := r.Unmark([]byte("s"), mark.Number); err != nil || read() != nil {
		t.Errorf("mark cleared: %v", read())
	}
}

// readImage opens a reader on the bytes of a segment.
func readImage(t *testing.T, image []byte) *Reader {
	t.Helper()
	path := shmDir(t) + "/image"
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader, err := OpenReader(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	return reader
}

func imageWithSection(t *testing.T, id string) []byte {
	t.Helper()
	r := create(t, nil)
	mustApply(t, r, Op{Kind: OpCreate, Section: []byte(id), Data: []byte("x")})
	image, err := os.ReadFile(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// TestReaderOddCounter: a counter left odd, as by a writer that is stopped, is a bounded wait.
func TestReaderOddCounter(t *testing.T) {
	image := imageWithSection(t, "s")
	for at := range counters(image) {
		odd := slices.Clone(image)
		odd[at]++
		reader := readImage(t, odd)
		wantFound, wantMissing := ErrAsk, ErrNoSection
		switch at {
		case stateSeqAt, tableSeqAt:
			wantMissing = ErrAsk
		case indexSeqAt:
			wantFound, wantMissing = nil, ErrAsk
		}
		began := time.Now()
		_, found := reader.Read([]byte("s"), 0, nil)
		_, missing := reader.Read([]byte("no"), 0, nil)
		if found != wantFound || missing != wantMissing || time.Since(began) > time.Second {
			t.Errorf("counter at %d odd: %v and %v after %v, want %v and %v",
				at, found, missing, time.Since(began), wantFound, wantMissing)
		}
	}
}

// TestReaderFlags: what the reader makes of the flags of an entry, of those too that only replication sets.
func TestReaderFlags(t *testing.T) {
	const valid, marked, corrupted, tombstone = 1, 2, 4, 8
	image := imageWithSection(t, "s")
	var entry uint64
	for at := range counters(image) {
		entry = max(entry, at)
	}
	for flags, want := range map[byte]error{
		valid: nil, valid | marked: ErrAsk, valid | corrupted: ErrCorrupted, valid | tombstone: ErrNoSection,
		valid | marked | tombstone: ErrAsk, 0: ErrNoSection,
	} {
		image[entry+8] = flags
		if _, err := readImage(t, image).Read([]byte("s"), 0, nil); err != want {
			t.Errorf("flags %d: %v, want %v", flags, err, want)
		}
	}
}

// TestManySections goes through many table sizes and slabs, and gives memory back.
func TestManySections(t *testing.T) {
	r := create(t, nil)
	reader, f := openReader(t, r)
	id := func(n int) []byte { return fmt.Append(nil, "section ", n, strings.Repeat("-", n%40)) }
	var full, empty []uint64
	for range 4 {
		const sections = 3000
		for n := range sections {
			mustApply(t, r, Op{Kind: OpCreate, Section: id(n), Data: make([]byte, n)})
		}
		full = append(full, r.Allocated())
		for n := range sections {
			buf := make([]byte, sections)
			got, err := reader.Read(id(n), 0, buf)
			if errors.Is(err, ErrRemap) {
				if err := reader.Remap(f); err != nil {
					t.Fatal(err)
				}
				got, err = reader.Read(id(n), 0, buf)
			}
			if err != nil || got != n {
				t.Fatalf("section %d: %d bytes, %v", n, got, err)
			}
		}
		if _, err := reader.Read(id(sections), 0, nil); err != ErrNoSection {
			t.Fatal(err)
		}
		for n := range sections {
			mustApply(t, r, Op{Kind: OpDelete, Section: id((n*7 + 1) % sections)})
		}
		if r.Count() != 0 || r.Used() != 0 {
			t.Fatalf("%d sections, %d bytes left", r.Count(), r.Used())
		}
		empty = append(empty, r.Allocated())
	}
	if slices.Max(full) != full[0] || slices.Max(empty) != empty[0] {
		t.Errorf("the file grows from round to round: %v full, %v empty", full, empty)
	}
	path := r.Path()
	r.Close()
	if _, err := Attach(path, nil); err != nil {
		t.Fatal(err)
	}
}

// TestFragmentation: what one size of sections leaves behind serves another.
func TestFragmentation(t *testing.T) {
	r := create(t, nil)
	var first uint64
	for round, size := range []int{20000, 1000, 50000, 300, 20000, 70000, 1000} {
		count := 4 << 20 / size
		for n := range count {
			mustApply(t, r, Op{Kind: OpCreate, Section: fmt.Append(nil, n), Data: make([]byte, size)})
		}
		if round == 0 {
			first = r.Allocated()
		} else if r.Allocated() > 2*first {
			t.Errorf("4 MiB in sections of %d bytes: the file has grown from %d to %d bytes", size, first, r.Allocated())
		}
		for n := range count {
			mustApply(t, r, Op{Kind: OpDelete, Section: fmt.Append(nil, n)})
		}
	}
}

// TestNoRoomForTable: a full segment goes on creating where it deletes, although its table can't be built anew.
func TestNoRoomForTable(t *testing.T) {
	r := create(t, NewQuota(1<<20))
	data := make([]byte, 100)
	count := 0
	for ; ; count++ {
		err := r.Apply(&Update{Number: r.Number() + 1, Ops: []Op{{Kind: OpCreate, Section: fmt.Append(nil, count), Data: data}}})
		if errors.Is(err, ErrNoSpace) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// What is free goes to the last sections, so that nothing is left for a table.
	last := count - 1
	for size := 1 << 17; size > len(data); {
		err := r.Apply(&Update{Number: r.Number() + 1, Ops: []Op{{Kind: OpOverwrite, Section: fmt.Append(nil, last), Data: make([]byte, size)}}})
		switch {
		case err == nil:
			last--
		case errors.Is(err, ErrNoSpace):
			size /= 2
		default:
			t.Fatal(err)
		}
	}
	reader, _ := openReader(t, r)
	for n := range count / 2 { // the table has that many slots that were never used
		mustApply(t, r, Op{Kind: OpDelete, Section: fmt.Append(nil, n)})
		mustApply(t, r, Op{Kind: OpCreate, Section: fmt.Append(nil, "again ", n), Data: data})
		if _, err := reader.Stat(fmt.Append(nil, n)); !errors.Is(err, ErrNoSection) {
			t.Fatalf("section %d was deleted: %v", n, err)
		}
		if s, err := reader.Stat(fmt.Append(nil, "again ", n)); err != nil || s.Size != 100 {
			t.Fatalf("section %d was created anew: %v", n, err)
		}
	}
	path := r.Path()
	r.Close()
	if _, err := Attach(path, nil); err != nil {
		t.Fatal(err)
	}
}

// TestBigUpdate: content far beyond one page of anything, in one piece and in place.
func TestBigUpdate(t *testing.T) {
	r := create(t, nil)
	reader, f := openReader(t, r)
	big := make([]byte, 64<<20)
	for n := range big {
		big[n] = byte(n * 7)
	}
	mustApply(t, r, Op{Kind: OpCreate, Section: []byte("big"), Data: big})
	copy(big[1000:], make([]byte, 20<<20))
	mustApply(t, r, Op{Kind: OpWrite, Section: []byte("big"), Offset: 1000, Data: make([]byte, 20<<20)})
	buf := make([]byte, len(big)+1)
	n, err := reader.Read([]byte("big"), 0, buf)
	if errors.Is(err, ErrRemap) {
		if err := reader.Remap(f); err != nil {
			t.Fatal(err)
		}
		n, err = reader.Read([]byte("big"), 0, buf)
	}
	if err != nil || string(buf[:n]) != string(big) {
		t.Fatalf("%d bytes, %v", n, err)
	}
	mustApply(t, r, Op{Kind: OpDelete, Section: []byte("big")})
	for _, offset := range []uint64{1 << 60, ^uint64(0)} {
		mustApply(t, r, Op{Kind: OpCreate})
		err := r.Apply(&Update{Number: r.Number() + 1, Ops: []Op{{Kind: OpWrite, Offset: offset, Data: []byte("x")}}})
		if opErr := new(OpError); !errors.As(err, &opErr) || !errors.Is(err, ErrTooBig) {
			t.Errorf("write at %d: %v", offset, err)
		}
		mustApply(t, r, Op{Kind: OpDelete})
	}
	err = r.Apply(&Update{Number: r.Number() + 1, Ops: []Op{{Kind: OpCreate, Data: []byte("x")},
		{Kind: OpWrite, Offset: 1 << 44, Data: []byte("x")}}})
	if err != ErrNoSpace {
		t.Errorf("more than any tmpfs: %v", err)
	}
}

// TestReaderThreads: goroutines share one Reader while the file grows under it.
func TestReaderThreads(t *testing.T) {
	r := create(t, nil)
	mustApply(t, r, Op{Kind: OpCreate, Section: []byte("s"), Data: make([]byte, 8)})
	reader, f := openReader(t, r)
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			buf := make([]byte, 8)
			for {
				select {
				case <-done:
					return
				default:
				}
				n, err := reader.Read([]byte("s"), 0, buf)
				if errors.Is(err, ErrRemap) {
					err = reader.Remap(f)
				} else if err == nil && (n != 8 || slices.Min(buf) != slices.Max(buf)) {
					err = fmt.Errorf("torn: %v", buf[:n])
				}
				if err != nil && !errors.Is(err, ErrAsk) {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range 2000 {
		data := slices.Repeat([]byte{byte(n)}, 8)
		mustApply(t, r, Op{Kind: OpWrite, Section: []byte("s"), Data: data},
			Op{Kind: OpCreate, Section: fmt.Append(nil, n), Data: make([]byte, 20000)})
	}
	close(done)
	readers.Wait()
}

// TestFilling: a replica is filled in pieces of all lengths, in memory that was used before and in new memory, and then can
// be changed like any other; a process that takes over meanwhile finds it sound.
func TestFilling(t *testing.T) {
	dir := shmDir(t)
	r, err := Create(dir, testIdentity, nil)
	if err != nil {
		t.Fatal(err)
	}
	number := uint64(0)
	apply := func(filling bool, ops ...Op) {
		t.Helper()
		number++
		if err := r.Apply(&Update{Number: number, Filling: filling, Ops: ops}); err != nil {
			t.Fatal(err)
		}
	}
	const size = 300_001
	content := func(seed byte) []byte {
		data := make([]byte, size)
		rand.NewChaCha8([32]byte{seed}).Read(data)
		return data
	}
	old := content(1)
	for i := range 4 {
		apply(false, Op{Kind: OpCreate, Section: fmt.Append(nil, "old", i), Data: old, Expiration: math.MaxInt64})
	}
	for i := range 4 {
		apply(false, Op{Kind: OpDelete, Section: fmt.Append(nil, "old", i)})
	}
	want := map[string][]byte{}
	for i, piece := range []int{size, 200_000, 100_000, 64 << 10, 5000, 299_999} {
		id, data := fmt.Append(nil, "new", i), content(byte(10+i))
		want[string(id)] = data
		for from := 0; from < size; from += piece {
			op := Op{Kind: OpWrite, Section: id, Offset: uint64(from), Data: data[from:min(from+piece, size)], Stamp: &Stamp{Number: 7}}
			if from == 0 {
				op.Kind, op.Total, op.Expiration = OpPut, size, math.MaxInt64
			}
			apply(true, op)
			if i == 2 {
				path := r.Path()
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if r, err = Attach(path, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	r.SetState(readable)
	reader, _ := openReader(t, r)
	check := func() {
		t.Helper()
		for id, data := range want {
			got, seen := make([]byte, size), make([]byte, size)
			n, err := r.ReadAt([]byte(id), 0, got)
			m, readErr := reader.Read([]byte(id), 0, seen)
			if err != nil || n != size || !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes, %v", id, n, err)
			}
			if readErr != nil || m != size || !bytes.Equal(seen, data) {
				t.Errorf("%s: a reader sees %d bytes, %v", id, m, readErr)
			}
		}
	}
	check()
	for id, data := range want {
		copy(data[100_000:], old[:100_000])
		apply(false, Op{Kind: OpWrite, Section: []byte(id), Offset: 100_000, Data: old[:100_000]})
	}
	check()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
