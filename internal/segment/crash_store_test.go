//go:build segmenthook

package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// crash is one kind of update and where it starts from.
type crash struct {
	r    *Replica
	do   func() error
	want error
}

// verifyImage attaches an image and returns what it holds. Sequence counters must have moved on, and be even.
func verifyImage(t *testing.T, path string, image []byte) (*model, State) {
	t.Helper()
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Attach(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	state := r.State()
	r.SetState(readable)
	m, err := modelOf(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.OpenReader()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader, err := OpenReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if d := m.diffReader(reader, f, append(sortedIDs(m), "no such section")); d != "" {
		t.Fatal(d)
	}
	after := make([]byte, r.Allocated())
	if _, err := f.ReadAt(after, 0); err != nil {
		t.Fatal(err)
	}
	if binary.LittleEndian.Uint64(after[undoAt:]) != 0 {
		t.Fatal("undo word still set")
	}
	recovered := counters(after)
	for at, old := range counters(image) {
		now, ok := recovered[at]
		if ok && (now < old || now%2 != 0) {
			t.Fatalf("sequence counter at %d went from %d to %d", at, old, now)
		}
	}
	return m, state
}

// everyStore runs one update, then attaches what a writer killed before each of its stores would have left: the state
// before or the state after, and once the latter, always.
func everyStore(t *testing.T, c crash, weak bool) int {
	before, err := modelOf(c.r)
	if err != nil {
		t.Fatal(err)
	}
	stateBefore := c.r.State()
	file, err := os.Open(c.r.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	images := storesOf(file, func() { err = c.do() })
	if !errors.Is(err, c.want) {
		t.Fatalf("update: %v", err)
	}
	after, err := modelOf(c.r)
	if err != nil {
		t.Fatal(err)
	}
	stateAfter := c.r.State()
	last, err := os.ReadFile(c.r.Path())
	if err != nil {
		t.Fatal(err)
	}
	images = append(images, last)

	path := filepath.Join(shmDir(t), FileName(testIdentity.Checkpoint))
	committed, corrupted := false, false
	first := counters(images[0])
	fresh := 1
	if weak {
		fresh = 40 // a new reader waits to see whether the update goes on
	}
	unrecovered := newCutOff(t, images[0], fresh, before, after)
	for k, image := range images {
		got, state := verifyImage(t, path, image)
		unrecovered.read(t, image, got, state)
		isBefore := before.diff(got) == "" && state == stateBefore
		isAfter := after.diff(got) == "" && state == stateAfter
		if weak && !isBefore && !isAfter {
			whole := got.clone()
			for id, s := range got.sections {
				if s.corrupted {
					corrupted = true
					whole.sections[id] = before.sections[id]
				}
			}
			isBefore = before.diff(whole) == ""
		}
		if !isBefore && !isAfter {
			t.Fatalf("stopped before store %d of %d: neither before (%s) nor after (%s)",
				k, len(images)-1, before.diff(got), after.diff(got))
		}
		for at, now := range counters(image) {
			if old, ok := first[at]; ok && now != old && now%2 == 0 && !isAfter {
				t.Fatalf("stopped before store %d: readers were shown what is undone now (counter at %d)", k, at)
			}
		}
		if isBefore && !isAfter && committed {
			t.Fatalf("stopped before store %d: the update was committed, and is lost", k)
		}
		committed = committed || isAfter && !isBefore
		if k%max(7, len(images)/12) == 3 {
			everyStoreOfRecovery(t, unrecovered, image, got, state)
		}
	}
	if c.want == nil && len(images) < 2 {
		t.Fatal("no stores seen: the hook is not compiled in")
	}
	if weak && !corrupted {
		t.Fatal("cutting a weak update off never left a corrupted section: it was not weak")
	}
	return len(images) - 1
}

// everyStoreOfRecovery kills the process that recovers, too.
func everyStoreOfRecovery(t *testing.T, unrecovered *cutOff, image []byte, want *model, state State) {
	path := filepath.Join(shmDir(t), FileName(testIdentity.Checkpoint))
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	images := storesOf(file, func() {
		r, err := Attach(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	})
	for k, image := range images {
		if k > 20 && k%5 != 0 {
			continue
		}
		got, gotState := verifyImage(t, path+".again", image)
		if d := want.diff(got); d != "" || gotState != state {
			t.Fatalf("recovery stopped before store %d: %s, %+v", k, d, gotState)
		}
		unrecovered.read(t, image, got, state)
	}
}

// prepared makes a replica with some content of every shape, and holes to allocate from.
func prepared(t *testing.T, q *Quota) *Replica {
	r := create(t, q)
	content := func(n int) []byte { return bytes.Repeat([]byte{byte(n), 'c'}, n)[:n] }
	mustApply(t, r, Op{Kind: OpCreate, Section: []byte("small"), Data: content(64)},
		Op{Kind: OpCreate, Section: nil, Data: content(200)},
		Op{Kind: OpCreate, Section: []byte("hole"), Data: content(900)},
		Op{Kind: OpCreate, Section: []byte("large"), Data: content(6000)},
		Op{Kind: OpCreate, Section: []byte("hole 2"), Data: content(100)},
		Op{Kind: OpCreate, Section: []byte("empty")},
		Op{Kind: OpCreate, Section: []byte(strings.Repeat("long", 20)), Data: content(10)},
		Op{Kind: OpCreate, Section: []byte("buried"), Data: content(10)},
		Op{Kind: OpCreate, Section: []byte(strings.Repeat("buried", 20)), Data: content(10)})
	mark := &Update{Number: r.Number() + 1, Marked: true, Ops: []Op{{Kind: OpCreate, Section: []byte("marked"), Data: content(30)},
		{Kind: OpDelete, Section: []byte("buried")}, {Kind: OpDelete, Section: []byte(strings.Repeat("buried", 20))}}}
	if err := r.Apply(mark); err != nil {
		t.Fatal(err)
	}
	mustApply(t, r, Op{Kind: OpDelete, Section: []byte("hole")}, Op{Kind: OpDelete, Section: []byte("hole 2")})
	for slot := range 3 {
		u := Update{Number: r.Number() + 1, Now: 2, Result: &Result{7, uint16(slot), 9, []byte("old result")}}
		if err := r.Apply(&u); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.SetConfig(content(500)); err != nil {
		t.Fatal(err)
	}
	return r
}

// fillUp leaves room for less than 600 bytes in the file.
func fillUp(t *testing.T, r *Replica) {
	for n := 0; ; n++ {
		image, err := os.ReadFile(r.Path())
		if err != nil {
			t.Fatal(err)
		}
		room := r.Allocated() - binary.LittleEndian.Uint64(image[brkAt:])
		if room < 600 {
			return
		}
		mustApply(t, r, Op{Kind: OpCreate, Section: fmt.Append(nil, "filler ", n), Data: make([]byte, min(room-200, 20000))})
	}
}

func TestEveryStore(t *testing.T) {
	id, long := func(s string) []byte { return []byte(s) }, []byte(strings.Repeat("long", 20))
	buried := []byte(strings.Repeat("buried", 20))
	data := func(n int) []byte { return bytes.Repeat([]byte("new"), n/3+1)[:n] }
	next := uint64(77)
	updates := []struct {
		name  string
		u     Update
		want  error
		quota uint64
		full  bool // the file has no room left
	}{
		{name: "create", u: Update{Ops: []Op{{Kind: OpCreate, Section: id("new"), Data: data(50), Expiration: 5}}}},
		{name: "create empty", u: Update{Ops: []Op{{Kind: OpCreate, Section: id("new")}}}},
		{name: "create, long id", u: Update{Ops: []Op{
			{Kind: OpCreate, Section: id(strings.Repeat("y", 99)), Data: data(1200)}}}},
		{name: "create growing the file", full: true, u: Update{Ops: []Op{
			{Kind: OpCreate, Section: id("new"), Data: data(900)}}}},
		{name: "write growing the file", full: true, u: Update{Ops: []Op{
			{Kind: OpWrite, Section: id("small"), Offset: 60, Data: data(900)}}}},
		{name: "delete", u: Update{Ops: []Op{{Kind: OpDelete, Section: id("small")}}}},
		{name: "delete, long id", u: Update{Ops: []Op{{Kind: OpDelete, Section: long}}}},
		{name: "delete large", u: Update{Ops: []Op{{Kind: OpDelete, Section: id("large")}}}},
		{name: "delete and create", u: Update{Ops: []Op{{Kind: OpDelete, Section: id("small")},
			{Kind: OpCreate, Section: id("small"), Data: data(70)}}}},
		{name: "write in place", u: Update{Ops: []Op{{Kind: OpWrite, Section: id("small"), Offset: 3, Data: data(40)}}}},
		{name: "write in place, part of large", u: Update{Ops: []Op{
			{Kind: OpWrite, Section: id("large"), Offset: 3001, Data: data(777)}}}},
		{name: "write most of large", u: Update{Ops: []Op{{Kind: OpWrite, Section: id("large"), Offset: 1000, Data: data(4900)}}}},
		{name: "write growing", u: Update{Ops: []Op{{Kind: OpWrite, Section: id("small"), Offset: 50, Data: data(700)}}}},
		{name: "write behind a gap", u: Update{Ops: []Op{{Kind: OpWrite, Section: id("small"), Offset: 90, Data: data(5)}}}},
		{name: "write to empty", u: Update{Ops: []Op{{Kind: OpWrite, Section: id("empty"), Offset: 9, Data: data(5)}}}},
		{name: "write nothing", u: Update{Ops: []Op{{Kind: OpWrite, Section: id("small")}}}},
		{name: "overwrite", u: Update{Ops: []Op{{Kind: OpOverwrite, Section: id("small"), Data: data(30)}}}},
		{name: "overwrite large", u: Update{Ops: []Op{{Kind: OpOverwrite, Section: id("large"), Data: data(6100)}}}},
		{name: "overwrite with nothing", u: Update{Ops: []Op{{Kind: OpOverwrite, Section: id("large")}}}},
		{name: "set expiration", u: Update{Ops: []Op{{Kind: OpSetExpiration, Section: nil, Expiration: 99}}}},
		{name: "result, new slot", u: Update{Result: &Result{8, 1, 1, []byte("r")}}},
		{name: "result, same slot", u: Update{Result: &Result{7, 1, 10, data(48)}}},
		{name: "results replaced", u: Update{ReplaceResults: true, Results: []Result{{7, 1, 10, data(48)}, {9, 0, 1, nil}},
			Ops: []Op{{Kind: OpOverwrite, Section: id("small"), Data: data(30)}}}},
		{name: "results replaced by none", u: Update{ReplaceResults: true}},
		{name: "everything at once", u: Update{Ops: []Op{
			{Kind: OpCreate, Section: id("new"), Data: data(500)},
			{Kind: OpWrite, Section: id("new"), Offset: 10, Data: data(20)},
			{Kind: OpWrite, Section: id("small"), Offset: 2, Data: data(9)},
			{Kind: OpWrite, Section: id("small"), Offset: 60, Data: data(300)},
			{Kind: OpOverwrite, Section: nil, Data: data(1)}, {Kind: OpDelete, Section: id("empty")},
			{Kind: OpSetExpiration, Section: long, Expiration: 1}, {Kind: OpCreate, Section: id("n2")},
			{Kind: OpDelete, Section: id("n2")}},
			Result: &Result{7, 2, 3, data(8)}, NextGenerated: &next}},
		{name: "undo area grows", u: Update{Ops: func() (ops []Op) {
			for n := range 9 {
				ops = append(ops, Op{Kind: OpWrite, Section: id("large"), Offset: uint64(n * 300), Data: data(300)},
					Op{Kind: OpCreate, Section: fmt.Append(nil, "n", n), Data: data(3)})
			}
			return ops
		}()}},
		{name: "delete leaving a tombstone", u: Update{Marked: true, Ops: []Op{{Kind: OpDelete, Section: long}}}},
		{name: "create over a tombstone", u: Update{Ops: []Op{{Kind: OpCreate, Section: buried, Data: data(50)}}}},
		{name: "create over a tombstone, marked", u: Update{Marked: true, Ops: []Op{
			{Kind: OpCreate, Section: id("buried"), Data: data(50)}}}},
		{name: "bury again", u: Update{Marked: true, Ops: []Op{{Kind: OpCreate, Section: buried, Data: data(50)},
			{Kind: OpDelete, Section: buried}}}},
		{name: "remove a tombstone", u: Update{Ops: []Op{{Kind: OpRemove, Section: buried}}}},
		{name: "remove a section", u: Update{Jump: true, Marked: true, Ops: []Op{{Kind: OpRemove, Section: long}}}},
		{name: "remove nothing", u: Update{Jump: true, Ops: []Op{{Kind: OpRemove, Section: id("nothing")}}}},
		{name: "put", u: Update{Jump: true, Ops: []Op{{Kind: OpPut, Section: id("new"), Data: data(50), Total: 5000,
			Stamp: &Stamp{Number: 1, LastUpdate: 5}}}}},
		{name: "put over a section", u: Update{Marked: true, Ops: []Op{{Kind: OpPut, Section: id("large"), Data: data(50), Total: 60,
			Stamp: &Stamp{Number: 2, LastUpdate: 5, Corrupted: true}}}}},
		{name: "put over a tombstone", u: Update{Ops: []Op{{Kind: OpPut, Section: buried, Total: 700}}}},
		{name: "marked write", u: Update{Marked: true, Ops: []Op{{Kind: OpWrite, Section: id("small"), Offset: 3, Data: data(40)}}}},
		{name: "no space", u: Update{Ops: []Op{{Kind: OpWrite, Section: id("small"), Offset: 2, Data: data(9)},
			{Kind: OpCreate, Section: id("new"), Data: data(40)}, {Kind: OpCreate, Section: id("new 2"), Data: data(60000)}}},
			want: ErrNoSpace, quota: 60000},
	}
	total := 0
	for _, c := range updates {
		t.Run(c.name, func(t *testing.T) {
			r := prepared(t, NewQuota(c.quota))
			if c.full {
				fillUp(t, r)
			}
			size := r.Allocated()
			c.u.Now = 1234
			if !c.u.Jump {
				c.u.Number = r.Number() + 1
			}
			total += everyStore(t, crash{r: r, do: func() error { return r.Apply(&c.u) }, want: c.want}, false)
			if c.full == (r.Allocated() == size) {
				t.Errorf("the file had %d bytes, has %d", size, r.Allocated())
			}
		})
	}
	other := func(name string, weak bool, do func(r *Replica) error) {
		t.Run(name, func(t *testing.T) {
			r := prepared(t, nil)
			total += everyStore(t, crash{r: r, do: func() error { return do(r) }}, weak)
		})
	}
	other("config", false, func(r *Replica) error { return r.SetConfig(data(700)) })
	other("no config", false, func(r *Replica) error { return r.SetConfig(nil) })
	other("drop session", false, func(r *Replica) error { return r.DropSession(7) })
	other("unmark", false, func(r *Replica) error { return r.Unmark([]byte("marked"), r.Number()) })
	other("unmark tombstone", false, func(r *Replica) error { return r.Unmark([]byte("buried"), r.Number()) })
	other("unmark tombstone, long id", false, func(r *Replica) error { return r.Unmark(buried, r.Number()) })
	other("drop result", false, func(r *Replica) error { return r.DropResult(7, 1) })
	other("state", false, func(r *Replica) error { r.SetState(State{Epoch: Epoch{5, 6}, LeaseDeadline: 7}); return nil })
	other("lease", false, func(r *Replica) error { s := readable; s.LeaseDeadline = 9; r.SetState(s); return nil })
	other("weak write", true, func(r *Replica) error {
		return r.Apply(&Update{Number: r.Number() + 1, Weak: true, Ops: []Op{
			{Kind: OpWrite, Section: []byte("large"), Offset: 5, Data: data(1000)}}})
	})
	other("piece while filling", true, func(r *Replica) error {
		return r.Apply(&Update{Jump: true, Filling: true, Ops: []Op{
			{Kind: OpWrite, Section: id("large"), Offset: 1000, Data: data(4900), Stamp: &Stamp{Number: 2}}}})
	})
	other("first piece while filling", false, func(r *Replica) error {
		return r.Apply(&Update{Jump: true, Filling: true, Ops: []Op{
			{Kind: OpPut, Section: id("new"), Data: data(5000), Total: 5000, Stamp: &Stamp{Number: 2}}}})
	})
	other("weak overwrite", true, func(r *Replica) error {
		return r.Apply(&Update{Number: r.Number() + 1, Weak: true, Ops: []Op{
			{Kind: OpOverwrite, Section: []byte("large"), Data: data(5000)}, {Kind: OpDelete, Section: []byte("small")}}})
	})
	t.Logf("%d stores", total)
}

// TestEveryStoreManySections stops creations and deletions that replace the table, add slabs and replace the results
// table.
func TestEveryStoreManySections(t *testing.T) {
	r := create(t, nil)
	apply := func(kind OpKind, from, to int) func() error {
		u := Update{Number: r.Number() + 1, Result: &Result{1, uint16(r.Number()), 1, nil}}
		for n := from; n < to; n++ {
			u.Ops = append(u.Ops, Op{Kind: kind, Section: fmt.Append(nil, "section ", n)})
		}
		return func() error { return r.Apply(&u) }
	}
	for _, step := range []struct {
		kind     OpKind
		from, to int
	}{{OpCreate, 0, 15}, {OpCreate, 15, 18}, {OpCreate, 18, 45}, {OpCreate, 45, 50}, {OpCreate, 50, 96}, {OpCreate, 96, 98},
		{OpDelete, 0, 90}, {OpDelete, 90, 92}, {OpDelete, 92, 93}} {
		do := apply(step.kind, step.from, step.to)
		if step.to-step.from > 5 {
			if err := do(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		everyStore(t, crash{r: r, do: do}, false)
	}
}

func TestEveryStoreRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := prepared(t, nil)
	for range 25 {
		m, err := modelOf(r)
		if err != nil {
			t.Fatal(err)
		}
		u := randomUpdate(rng, m, 3000)
		u.Weak = false
		if u.Jump && u.Number == 0 {
			u.Number = m.number + 9
		}
		if m.apply(u) != nil {
			continue
		}
		everyStore(t, crash{r: r, do: func() error { return r.Apply(u) }}, false)
	}
}

// TestEveryStoreOtherWriter: a writer that finds the undo records of another one, which was killed while this one had the
// segment attached too, undoes or finishes them before its own update.
func TestEveryStoreOtherWriter(t *testing.T) {
	r := prepared(t, nil)
	small := []byte("small")
	var number uint64
	next := []func() error{
		func() error {
			return r.Apply(&Update{Number: number + 1, Ops: []Op{{Kind: OpSetExpiration, Section: small, Expiration: 3}}})
		},
		func() error { return r.SetConfig([]byte("c")) },
		func() error { return r.Unmark([]byte("buried"), number) },
		func() error { return r.DropSession(7) },
		func() error { r.SetState(State{Epoch: Epoch{8, 9}}); return nil },
	}
	file, err := os.OpenFile(r.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	images := storesOf(file, func() {
		mustApply(t, r, Op{Kind: OpWrite, Section: []byte("small"), Offset: 1, Data: make([]byte, 30)},
			Op{Kind: OpDelete, Section: []byte("large")})
	})
	for k, image := range images {
		want, _ := verifyImage(t, shmDir(t)+"/image", image)
		number = want.number
		if _, err := file.WriteAt(image, 0); err != nil { // as if the other writer had stored and died
			t.Fatal(err)
		}
		err := next[k%len(next)]()
		if err != nil {
			t.Fatalf("store %d: %v", k, err)
		}
		after, err := os.ReadFile(r.Path())
		if err != nil {
			t.Fatal(err)
		}
		got, _ := verifyImage(t, shmDir(t)+"/after", after)
		for id, s := range want.sections {
			if got.sections[id].data != s.data {
				t.Fatalf("store %d, section %q: %d bytes, want %d", k, id, len(got.sections[id].data), len(s.data))
			}
		}
		if len(got.sections) != len(want.sections) {
			t.Fatalf("store %d: %d sections, want %d", k, len(got.sections), len(want.sections))
		}
	}
}

func sortedIDs(m *model) []string { return slices.Sorted(maps.Keys(m.sections)) }
