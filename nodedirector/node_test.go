package nodedirector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

func TestDataOperations(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "data", nil)
	a.create(1, "s", "hello")
	a.must(wire.OpWrite, &wire.UpdateRequest{Open: 1, Elements: []wire.Element{{ID: []byte("s"), Offset: 7, Size: 5}}}, nil, []byte("world"))
	if got, code := a.read(1, "s"); code != wire.OK || got != "hello\x00\x00world" {
		t.Fatalf("%q %v", got, code)
	}
	a.must(wire.OpOverwrite, updateOf(1, "s", 2, 0), nil, []byte("hi"))
	if got, _ := a.read(1, "s"); got != "hi" {
		t.Fatalf("%q", got)
	}
	var status wire.StatusReply
	a.must(wire.OpStatus, &wire.HandleRequest{Open: 1}, &status, nil)
	if status.Sections != 1 || status.Memory != 2 || status.Attributes != testAttributes {
		t.Fatalf("%+v", status)
	}
	var made wire.UpdateReply
	generate := &wire.UpdateRequest{Open: 1, Elements: make([]wire.Element, 1), Generate: true, Time: replication.Never}
	a.must(wire.OpSectionCreate, generate, &made, nil)
	if !bytes.Equal(made.Generated, make([]byte, 8)) {
		t.Fatalf("generated %x", made.Generated)
	}
	a.must(wire.OpSectionDelete, updateOf(1, "s", 0, 0), nil, nil)
	if _, code := a.read(1, "s"); code != wire.NotExist {
		t.Fatal(code)
	}
	if code := a.do(wire.OpSynchronize, &wire.HandleRequest{Open: 1}, nil, nil); code != wire.BadOperation {
		t.Fatal(code)
	}
	if code := a.do(wire.OpStatus, &wire.HandleRequest{Open: 2}, nil, nil); code != wire.BadHandle {
		t.Fatal(code)
	}
	if code := a.do(wire.Op(200), nil, nil, nil); code != wire.NotSupported {
		t.Fatal(code)
	}
	a.open(2, "asynchronous", func(r *wire.OpenRequest) {
		r.Attributes.CreationFlags, r.Attributes.MaxSections = wire.FlagActiveReplica, 1
	})
	a.must(wire.OpSynchronize, &wire.HandleRequest{Open: 2}, nil, nil)
	a.must(wire.OpOverwrite, updateOf(2, "", 2, 0), nil, []byte("ok"))
	a.must(wire.OpStatus, &wire.HandleRequest{Open: 2}, &status, nil)
	if status.Sections != 1 {
		t.Fatal("a checkpoint of one section has it from the start")
	}
	a.open(3, "collocated", func(r *wire.OpenRequest) { r.Attributes.CreationFlags = wire.FlagActiveWeak | wire.FlagCollocated })
	if code := a.do(wire.OpStatus, &wire.HandleRequest{Open: 3}, nil, nil); code != wire.NotExist {
		t.Fatal(code)
	}
	a.must(wire.OpActive, &wire.HandleRequest{Open: 3}, nil, nil)
	a.create(3, "s", "now")
	if code := a.do(wire.OpActive, &wire.HandleRequest{Open: 1}, nil, nil); code != wire.BadOperation {
		t.Fatal(code)
	}
}

func TestExactRetries(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "retries", nil)
	generate := &wire.UpdateRequest{Open: 1, Elements: make([]wire.Element, 1), Generate: true, Time: replication.Never}
	first := a.prepare(5, wire.OpSectionCreate, generate, nil)
	var one, two wire.UpdateReply
	first.send()
	first.wait(&one)
	first.send()
	if reply, _ := first.wait(&two); reply.Error != wire.OK || !bytes.Equal(one.Generated, two.Generated) {
		t.Fatalf("%v: %x, then %x", reply.Error, one.Generated, two.Generated)
	}
	// A refusal is repeated too, even when the request would succeed now.
	refused := a.prepare(6, wire.OpOverwrite, updateOf(1, "late", 1, 0), []byte("x"))
	refused.send()
	refused.wait(nil)
	a.create(1, "late", "")
	refused.send()
	if reply, _ := refused.wait(nil); reply.Error != wire.NotExist {
		t.Fatal(reply.Error)
	}

	// The same after a restart of the node director, from the record in the segment.
	f.stop()
	f.start()
	a.resume()
	two = wire.UpdateReply{}
	first.send()
	if reply, _ := first.wait(&two); reply.Error != wire.OK || !bytes.Equal(one.Generated, two.Generated) {
		t.Fatalf("%v: %x, then %x", reply.Error, one.Generated, two.Generated)
	}
	var status wire.StatusReply
	a.must(wire.OpStatus, &wire.HandleRequest{Open: 1}, &status, nil)
	if status.Sections != 2 {
		t.Fatalf("%d sections", status.Sections)
	}
	// A late one is not begun.
	late := a.prepare(7, wire.OpOverwrite, updateOf(1, "late", 1, 0), []byte("x"))
	late.head.Deadline = monotonic() - 1
	late.send()
	a.must(wire.OpStatus, &wire.HandleRequest{Open: 1}, &status, nil)
	if status.Memory != 0 {
		t.Fatal("a request was begun after its deadline")
	}
}

// resume connects to the node director again, as the same session.
func (a *application) resume() {
	a.t.Helper()
	var w wire.Welcome
	eventually(a.t, "the session is resumed", func() bool {
		c, got, err := dialSocket(a.dir, &wire.Hello{Session: a.welcome.Session, Secret: a.welcome.Secret, Program: "test"})
		if err != nil {
			return false
		}
		a.socket.Close()
		a.socket, w = c, got
		return true
	})
	if w.Session != a.welcome.Session {
		a.t.Fatalf("session %x, want %x", w.Session, a.welcome.Session)
	}
}

func TestPieces(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.WriteMax, o.StagingMax = 8<<20, 6<<20 })
	a := f.application()
	a.open(1, "pieces", nil)
	a.create(1, "s", "")
	data := make([]byte, 5<<20+1)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	r := a.prepare(1, wire.OpOverwrite, updateOf(1, "s", len(data), 0), data)
	for i := range 10 {
		r.sendPiece(i)
		if reply, _ := r.decode(<-r.answer, nil); !reply.Ack || int(reply.Piece) != i {
			t.Fatalf("piece %d: %+v", i, reply)
		}
	}
	r.sendPiece(3)
	if reply, _ := r.decode(<-r.answer, nil); !reply.Ack {
		t.Fatalf("%+v", reply)
	}
	// There is no room for another one, and then there is.
	other := a.prepare(2, wire.OpOverwrite, updateOf(1, "s", 2<<20, 0), data[:2<<20])
	other.sendPiece(0)
	if reply, _ := other.wait(nil); !reply.Busy {
		t.Fatalf("%+v", reply)
	}
	r.sendPiece(10)
	if reply, _ := r.wait(nil); reply.Error != wire.OK {
		t.Fatal(reply.Error)
	}
	if got, code := a.read(1, "s"); code != wire.OK || !bytes.Equal([]byte(got), data[:wire.PieceBytesMax]) {
		t.Fatal(len(got), code)
	}
	other.send()
	if reply, _ := other.wait(nil); reply.Error != wire.OK {
		t.Fatal(reply.Error)
	}
	big := a.prepare(3, wire.OpOverwrite, updateOf(1, "s", 9<<20, 0), make([]byte, 9<<20))
	big.sendPiece(0)
	if reply, _ := big.wait(nil); reply.Error != wire.NoResources {
		t.Fatal(reply.Error)
	}
	if n := f.n.staged.Load(); n != 0 {
		t.Fatalf("%d bytes still staged", n)
	}
	// Pieces whose request has no time left are dropped.
	short := a.prepare(4, wire.OpOverwrite, updateOf(1, "s", 2<<20, 0), data[:2<<20])
	short.head.Deadline = monotonic() + int64(3*time.Second)
	short.sendPiece(0)
	<-short.answer
	eventually(t, "stale pieces dropped", func() bool { return f.n.staged.Load() == 0 })
	// Those of a session that ends, too.
	last := a.prepare(4, wire.OpOverwrite, updateOf(1, "s", 2<<20, 0), data[:2<<20])
	last.sendPiece(0)
	<-last.answer
	a.socket.Close()
	eventually(t, "pieces of an ended session dropped", func() bool { return f.n.staged.Load() == 0 })
}

func TestIteration(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "iterate", func(r *wire.OpenRequest) { r.Attributes.MaxSections = 1 << 20 })
	later := time.Now().Add(time.Hour).UnixNano()
	for i := range 1500 {
		expiration := replication.Never
		if i%3 == 0 {
			expiration = later + int64(i)
		}
		a.must(wire.OpSectionCreate, updateOf(1, fmt.Sprintf("%d", i), 0, expiration), nil, nil)
	}
	list := func(chosen uint32, time int64, between func(i int)) (ids []string) {
		t.Helper()
		r := &wire.SectionsRequest{Open: 1, Chosen: chosen, Time: time, Limit: 100}
		for i := 0; ; i++ {
			var page wire.SectionsReply
			a.must(wire.OpSections, r, &page, nil)
			for _, s := range page.Sections {
				ids = append(ids, string(s.ID))
			}
			if !page.More {
				return ids
			}
			if len(page.Sections) == 0 {
				t.Fatal("an empty page that is not the last")
			}
			r.Resume, r.After = true, page.Sections[len(page.Sections)-1].ID
			if between != nil {
				between(i)
			}
		}
	}
	all := list(wire.ChooseAny, 0, nil)
	if len(all) != 1500 || all[0] != "0" || all[10] != "10" || all[1499] != "1499" {
		t.Fatalf("%d sections: %v ...", len(all), all[:12])
	}
	if got := list(wire.ChooseForever, 0, nil); len(got) != 1000 {
		t.Fatal(len(got))
	}
	if got := list(wire.ChooseExpiryLeq, later+300, nil); len(got) != 101 {
		t.Fatal(len(got))
	}
	if got := list(wire.ChooseExpiryGeq, later+300, nil); len(got) != 400+1000 {
		t.Fatal(len(got))
	}
	if got := list(wire.ChooseCorrupted, 0, nil); len(got) != 0 {
		t.Fatal(len(got))
	}
	// Deletions and creations around the cursor: those that are there throughout come exactly once.
	seen := make(map[string]int)
	for _, id := range list(wire.ChooseAny, 0, func(i int) {
		a.must(wire.OpSectionDelete, updateOf(1, all[i*100+99], 0, 0), nil, nil) // the last one delivered
		a.must(wire.OpSectionDelete, updateOf(1, all[i*100+100], 0, 0), nil, nil)
		a.must(wire.OpSectionCreate, updateOf(1, fmt.Sprintf("x%d", i), 0, replication.Never), nil, nil)
	}) {
		seen[id]++
	}
	for i, id := range all {
		if gone := i%100 == 0 || i%100 == 99; !gone && seen[id] != 1 {
			t.Fatalf("section %s came %d times", id, seen[id])
		}
	}
	for _, bad := range []wire.SectionsRequest{{Open: 1, Chosen: 0}, {Open: 1, Chosen: 6}, {Open: 1, Chosen: wire.ChooseAny, Time: -1}} {
		if code := a.do(wire.OpSections, &bad, nil, nil); code != wire.InvalidParam {
			t.Fatal(code)
		}
	}
}

func TestEvents(t *testing.T) {
	f := newFixture(t, nil)
	writer, reader := f.application(), f.application()
	writer.open(1, "events", nil)
	writer.create(1, "before", "x")
	opened := reader.open(7, "events", func(r *wire.OpenRequest) { r.Notify = true })
	if opened.Update != 1 {
		t.Fatal(opened.Update)
	}
	writer.create(1, "empty", "")
	writer.must(wire.OpOverwrite, updateOf(1, "empty", 3, 0), nil, []byte("abc"))
	writer.must(wire.OpExpiration, updateOf(1, "empty", 0, replication.Never), nil, nil)
	writer.must(wire.OpSectionDelete, updateOf(1, "before", 0, 0), nil, nil)
	soon := time.Now().Add(30 * time.Millisecond).UnixNano()
	writer.must(wire.OpSectionCreate, updateOf(1, "soon", 1, soon), nil, []byte("x"))
	var got []string
	for number := uint64(2); number <= 7; number++ {
		select {
		case e := <-reader.events:
			if e.Update != number || e.Checkpoint != opened.Checkpoint {
				t.Fatalf("event %+v, want number %d", e, number)
			}
			line := fmt.Sprint(e.Writer, e.Deleted)
			for _, x := range e.Elements {
				line += fmt.Sprintf(" %s:%d+%d", x.ID, x.Offset, x.Size)
			}
			got = append(got, line)
		case <-time.After(10 * time.Second):
			t.Fatalf("no event %d", number)
		}
	}
	want := []string{"1 false", "1 false empty:0+3", "1 false", "1 true before:0+0", "1 false soon:0+1", "0 false"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	var changes wire.ChangesReply
	reader.must(wire.OpChanges, &wire.ChangesRequest{Open: 7, Since: 3}, &changes, nil)
	if !changes.Exact || changes.Update != 7 || len(changes.Events) != 4 || changes.Events[0].Update != 4 {
		t.Fatalf("%+v", changes)
	}
	changes = wire.ChangesReply{}
	reader.must(wire.OpChanges, &wire.ChangesRequest{Open: 7, Since: 0}, &changes, nil)
	if changes.Exact || changes.Update != 7 || len(changes.Whole) != 1 || string(changes.Whole[0].ID) != "empty" || changes.Whole[0].Size != 3 {
		t.Fatalf("%+v", changes)
	}
	var updates wire.NotifyReply
	reader.must(wire.OpNotify, &wire.NotifyRequest{Opens: []uint64{7, 8}, On: false}, &updates, nil)
	if len(updates.Updates) != 2 || updates.Updates[0] != 7 || updates.Updates[1] != 0 {
		t.Fatalf("%+v", updates)
	}
	writer.create(1, "silent", "x")
	reader.must(wire.OpNotify, &wire.NotifyRequest{Opens: []uint64{7}, On: true}, &updates, nil)
	writer.create(1, "heard", "x")
	if e := <-reader.events; e.Update != 9 {
		t.Fatalf("%+v", e)
	}
}

// A large write of one checkpoint must not hold up another, nor another request of the session.
func TestNobodyWaitsForALock(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "one", nil)
	a.open(2, "two", nil)
	a.create(1, "s", "")
	c := f.n.checkpoint(1)
	c.mu.Lock()
	held := a.prepare(1, wire.OpOverwrite, updateOf(1, "s", 1, 0), []byte("x"))
	held.send()
	a.create(2, "s", "x")
	c.mu.Unlock()
	if reply, _ := held.wait(nil); reply.Error != wire.OK {
		t.Fatal(reply.Error)
	}
}

func TestConcurrentWriters(t *testing.T) {
	f := newFixture(t, nil)
	var wg sync.WaitGroup
	const writers, writes = 4, 50
	for i := range writers {
		a := f.application()
		a.open(1, "shared", nil)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range writes {
				if code := a.do(wire.OpSectionCreate, updateOf(1, fmt.Sprintf("%d-%d", i, k), 0, replication.Never), nil, nil); code != wire.OK {
					t.Error(code)
				}
			}
		}()
	}
	wg.Wait()
	c := f.n.checkpoint(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seg.Count() != writers*writes || c.seg.Number() != writers*writes {
		t.Fatal(c.seg.Count(), c.seg.Number())
	}
}

// Openings and closings of the same names from several processes leave nothing behind, and no opening finds a checkpoint
// that is being deleted.
func TestConcurrentOpenings(t *testing.T) {
	f := newFixture(t, nil)
	var wg sync.WaitGroup
	for range 4 {
		a := f.application()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range 60 {
				r := openRequest(uint64(k+1), fmt.Sprint("name", k%2))
				r.Attributes.RetentionDuration = 0
				if code := a.do(wire.OpOpen, r, nil, nil); code != wire.OK {
					t.Error("open", code)
				}
				if code := a.do(wire.OpStatus, &wire.HandleRequest{Open: uint64(k + 1)}, nil, nil); code != wire.OK {
					t.Error("status", code)
				}
				if code := a.do(wire.OpClose, &wire.HandleRequest{Open: uint64(k + 1)}, nil, nil); code != wire.OK {
					t.Error("close", code)
				}
			}
		}()
	}
	wg.Wait()
	f.d.mu.Lock()
	left := len(f.d.checkpoints)
	f.d.mu.Unlock()
	f.n.mu.Lock()
	defer f.n.mu.Unlock()
	if left != 0 || len(f.n.checkpoints) != 0 || f.n.replicas != 0 {
		t.Fatalf("%d checkpoints at the director; %d, %d replicas here", left, len(f.n.checkpoints), f.n.replicas)
	}
}

func TestNoMemory(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.SharedMemoryMax = 2 << 20 })
	a := f.application()
	a.open(1, "memory", nil)
	a.create(1, "s", "kept")
	r := a.prepare(1, wire.OpOverwrite, updateOf(1, "s", 4<<20, 0), make([]byte, 4<<20))
	r.send()
	if reply, _ := r.wait(nil); reply.Error != wire.NoResources {
		t.Fatal(reply.Error)
	}
	if got, _ := a.read(1, "s"); got != "kept" {
		t.Fatalf("%q", got)
	}
}

func TestMalformed(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "well", nil)
	var before wire.NodeStatusReply
	a.must(wire.OpNodeStatus, nil, &before, nil)
	if before.Node != "a" || before.Director != "the-director" || before.Replicas != 1 || before.Sessions != 1 || before.MemoryUsed == 0 {
		t.Fatalf("%+v", before)
	}
	bad := [][]byte{nil, {1}, {9, 'q'}, {1, 'q'}, {1, 'x', 1, 2}, bytes.Repeat([]byte{0xff}, 1000)}
	for _, r := range []wire.Request{
		{Op: wire.OpWrite, Slot: 64, Number: 1, Pieces: 1}, {Op: wire.OpWrite, Slot: 1, Number: 0, Pieces: 1},
		{Op: wire.OpWrite, Slot: 1, Number: 1, Pieces: 0}, {Op: wire.OpWrite, Slot: 1, Number: 1, Pieces: 1, Total: 5},
		{Op: wire.OpWrite, Slot: 1, Number: 1, Pieces: 1, Piece: 1}, {Op: wire.OpWrite, Slot: 1, Number: 1, Pieces: 1 << 31, Total: 1 << 40},
		{Op: wire.OpWrite, Slot: 1, Number: 1, Pieces: 9, Total: 8},
	} {
		r.Deadline = monotonic() + int64(time.Minute)
		frame, err := wire.Encode(wire.KindRequest, nil, &r, &wire.UpdateRequest{Open: 1})
		if err != nil {
			t.Fatal(err)
		}
		bad = append(bad, frame)
	}
	for _, b := range bad {
		if err := a.bus.Publish(a.subject, b); err != nil {
			t.Fatal(err)
		}
	}
	var after wire.NodeStatusReply
	a.must(wire.OpNodeStatus, nil, &after, nil)
	if got := after.Malformed - before.Malformed; got != uint64(len(bad)) {
		t.Fatalf("%d of %d counted", got, len(bad))
	}
	// On the socket a packet that makes no sense does no harm either.
	if _, err := a.socket.Write([]byte("nonsense")); err != nil {
		t.Fatal(err)
	}
	if code := a.do(wire.OpStatus, &wire.HandleRequest{Open: 1}, nil, nil); code != wire.OK {
		t.Fatal(code)
	}
}

func TestSecondNodeDirectorIsRefused(t *testing.T) {
	f := newFixture(t, nil)
	_, err := Start(context.Background(), f.o)
	if err == nil || !strings.Contains(err.Error(), f.dir) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || strings.Contains(err.Error(), "\n") {
		t.Fatal(err)
	}
	o := f.o
	o.RunDir, o.SegmentDir = t.TempDir(), filepath.Join(f.dir, segmentsDir)
	if _, err := Start(context.Background(), o); err == nil || !strings.Contains(err.Error(), o.SegmentDir) {
		t.Fatal(err)
	}
	a := f.application()
	a.open(1, "untouched", nil)
	_, before, err := lockDir(t.TempDir())
	if err != nil || before == 0 {
		t.Fatal(err)
	}
}

func TestFailureCodes(t *testing.T) {
	for _, test := range []struct {
		err   error
		code  wire.Code
		index uint32
	}{
		{segment.ErrNoSpace, wire.NoResources, 0},
		{&segment.OpError{Index: 3, Err: segment.ErrNoSection}, wire.NotExist, 3},
		{&segment.OpError{Index: 1, Err: segment.ErrExists}, wire.Exist, 1},
		{&segment.OpError{Index: 2, Err: segment.ErrCorrupted}, wire.FailedOperation, 2},
		{&segment.OpError{Index: 2, Err: segment.ErrTooBig}, wire.NoResources, 2},
		{errors.New("other"), wire.Library, 0},
	} {
		if code, index := replication.Failure(test.err); code != test.code || index != test.index {
			t.Errorf("%v: %v, %d", test.err, code, index)
		}
	}
}
