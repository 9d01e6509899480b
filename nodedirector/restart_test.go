package nodedirector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// A node director that starts again goes on with data, sessions, handles and notifications, without the director.
func TestRestart(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.application(), f.application()
	a.open(1, "kept", nil)
	a.open(2, "default", func(r *wire.OpenRequest) { r.Attributes.MaxSections = 1 })
	b.open(5, "kept", func(r *wire.OpenRequest) { r.Notify = true })
	for i := range 300 {
		a.create(1, fmt.Sprint(i), "x")
	}
	soon := time.Now().Add(300 * time.Millisecond).UnixNano()
	a.must(wire.OpSectionCreate, updateOf(1, "soon", 0, soon), nil, nil)
	a.must(wire.OpClose, &wire.HandleRequest{Open: 2}, nil, nil)
	a.open(3, "default", func(r *wire.OpenRequest) { r.Attributes.MaxSections = 1 })
	f.d.stop()
	f.stop()
	for _, name := range []string{"0000000000000099.seg.new", "left.tmp"} {
		if err := os.WriteFile(filepath.Join(f.dir, segmentsDir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.start()
	a.resume()
	b.resume()
	if got, code := a.read(1, "7"); code != wire.OK || got != "x" {
		t.Fatal(got, code)
	}
	for len(b.events) > 0 {
		<-b.events
	}
	a.must(wire.OpOverwrite, updateOf(1, "7", 1, 0), nil, []byte("y"))
	if e := <-b.events; e.Writer != 1 || len(e.Elements) != 1 && e.Writer != 0 {
		t.Fatalf("%+v", e)
	}
	a.must(wire.OpOverwrite, updateOf(3, "", 1, 0), nil, []byte("d"))
	eventually(t, "the section expires", func() bool {
		_, code := a.read(1, "soon")
		return code == wire.NotExist
	})
	var page wire.SectionsReply
	a.must(wire.OpSections, &wire.SectionsRequest{Open: 1, Chosen: wire.ChooseAny, Limit: 256}, &page, nil)
	if len(page.Sections) != 256 || !page.More {
		t.Fatal(len(page.Sections))
	}
	for _, name := range []string{"0000000000000099.seg.new", "left.tmp"} {
		if _, err := os.Stat(filepath.Join(f.dir, segmentsDir, name)); err == nil {
			t.Fatalf("%s is left", name)
		}
	}
	f.d.start()
	<-f.n.Ready()
	a.open(4, "new", nil)
	if c := f.d.config(1); len(c.Open) != 1 {
		t.Fatalf("%+v", c)
	}
}

// What the director deleted while the node director was away is deleted when it registers.
func TestRestartDropped(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "dropped", nil)
	f.stop()
	f.d.mu.Lock()
	delete(f.d.checkpoints, 1)
	f.d.mu.Unlock()
	f.start()
	a.resume()
	<-f.n.Ready()
	eventually(t, "its handle is bad", func() bool {
		_, code := a.read(1, "x")
		return code == wire.BadHandle
	})
	if m, _ := filepath.Glob(filepath.Join(f.dir, segmentsDir, "*.seg")); len(m) != 0 {
		t.Fatal(m)
	}
	a.must(wire.OpClose, &wire.HandleRequest{Open: 1}, nil, nil)
}

// The list of a registration comes in several pages. What the node has announced and is in none of them does not concern it
// any more, even if its replica was the active one in what it knows.
func TestRegisteredInPages(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	for i, name := range []string{"first", "second", "left"} {
		a.open(uint64(i+1), name, func(r *wire.OpenRequest) { r.Attributes.RetentionDuration = int64(time.Hour) })
	}
	a.create(2, "s", "x")
	a.must(wire.OpClose, &wire.HandleRequest{Open: 3}, nil, nil)
	f.stop()
	f.d.mu.Lock()
	c := f.d.checkpoints[3]
	c.Active, c.InSync = "b", []string{"b"}
	c.Epoch.Counter++
	f.d.touch(3)
	f.d.paged = true
	f.d.mu.Unlock()
	f.start()
	a.resume()
	<-f.n.Ready()
	eventually(t, "the replica that is not listed is gone", func() bool {
		_, err := os.Stat(filepath.Join(f.dir, segmentsDir, segment.FileName(3)))
		return errors.Is(err, os.ErrNotExist)
	})
	if got, code := a.read(2, "s"); code != wire.OK || got != "x" {
		t.Fatal(got, code)
	}
	if f.n.checkpoint(1) == nil || f.n.checkpoint(3) != nil {
		t.Fatal("the first is not known, or the one that left is")
	}
}

func TestRestartRefusedSegment(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "damaged", nil)
	a.open(2, "healthy", nil)
	a.create(2, "s", "x")
	f.stop()
	path := filepath.Join(f.dir, segmentsDir, segment.FileName(1))
	if err := os.WriteFile(path, []byte("not a segment"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.start()
	a.resume()
	if _, code := a.read(1, "s"); code != wire.BadHandle {
		t.Fatal(code)
	}
	if got, code := a.read(2, "s"); code != wire.OK || got != "x" {
		t.Fatal(got, code)
	}
	if _, err := os.Stat(path + refusedSuffix); err != nil {
		t.Fatal(err)
	}
	<-f.n.Ready()
	a.must(wire.OpClose, &wire.HandleRequest{Open: 1}, nil, nil)
	a.open(3, "damaged", nil) // a new one of this name
	a.create(3, "s", "y")
}

func TestOtherClusterIsNotObeyed(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "mine", nil)
	a.create(1, "s", "x")
	f.stop()
	f.d.mu.Lock()
	f.d.cluster = [16]byte{9}
	clear(f.d.checkpoints)
	asked := f.d.asked[wire.DirectorRegister]
	f.d.mu.Unlock()
	f.start()
	a.resume()
	eventually(t, "it has tried to register", func() bool { return f.d.askedFor(wire.DirectorRegister) > asked+1 })
	if got, code := a.read(1, "s"); code != wire.OK || got != "x" {
		t.Fatal(got, code)
	}
	select {
	case <-f.n.Ready():
		t.Fatal("registered with another cluster's director")
	default:
	}
}

// A process that dies is noticed at once, also when its child holds the socket, and its checkpoints are closed.
func TestProcessDeath(t *testing.T) {
	f := newFixture(t, nil)
	for _, env := range []string{"NODEDIRECTOR_TEST_NONE=", "NODEDIRECTOR_TEST_FORK=1"} {
		cmd, session, child := f.process(env)
		if f.n.session(session) == nil {
			t.Fatal("no session")
		}
		killed := time.Now()
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the session ends", func() bool { return f.n.session(session) == nil })
		t.Logf("noticed after %v (child %d)", time.Since(killed), child)
		if d := time.Since(killed); d > 100*time.Millisecond && !raceEnabled {
			t.Errorf("noticed after %v", d)
		}
		if child != 0 && unix.Kill(child, 0) != nil {
			t.Fatal("the child should be alive")
		}
		eventually(t, "the director knows", func() bool {
			f.d.mu.Lock()
			defer f.d.mu.Unlock()
			return len(f.d.checkpoints[1].Open) == 0 && len(f.d.ended) > 0 && f.d.ended[len(f.d.ended)-1] == session
		})
	}
	if files, _ := os.ReadDir(filepath.Join(f.dir, "sessions")); len(files) != 0 {
		t.Fatalf("%d journals left", len(files))
	}
}

func TestProcessDeathWhileAway(t *testing.T) {
	f := newFixture(t, nil)
	cmd, session, _ := f.process()
	alive, other, _ := f.process()
	f.stop()
	cmd.Process.Kill()
	cmd.Wait()
	f.start()
	if f.n.session(session) != nil {
		t.Fatal("the session of a dead process was taken up")
	}
	if f.n.session(other) == nil {
		t.Fatal("the session of a living process was not taken up")
	}
	// It does not come back, but dies before its time is over.
	alive.Process.Kill()
	eventually(t, "that session ends too", func() bool { return f.n.session(other) == nil })
	eventually(t, "the director knows", func() bool { return len(f.d.config(1).Open) == 0 })
}

func TestBye(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "bye", nil)
	frame, err := wire.Encode(wire.KindBye, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.socket.Write(frame); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the session ends", func() bool { return f.n.session(a.welcome.Session) == nil })
	eventually(t, "its checkpoint is closed", func() bool { return len(f.d.config(1).Open) == 0 })
}

// Somebody else's session cannot be had.
func TestResumeNeedsTheSecret(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	_, w, err := dialSocket(f.dir, &wire.Hello{Session: a.welcome.Session, Secret: make([]byte, 16)})
	if err != nil || w.Session == a.welcome.Session || w.Session == 0 {
		t.Fatal(w, err)
	}
	if f.n.session(a.welcome.Session) == nil {
		t.Fatal("the attempt ended the session")
	}
}

func TestSegmentDescriptor(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "segment", nil)
	a.create(1, "s", "through the segment")
	a.open(2, "segment", func(r *wire.OpenRequest) { r.Flags = wire.OpenWrite | wire.OpenCreate })
	ask := func(open uint64) (wire.SegmentReply, *os.File) {
		t.Helper()
		frame, err := wire.Encode(wire.KindSegment, nil, &wire.SegmentRequest{Ask: 9, Open: open})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.socket.Write(frame); err != nil {
			t.Fatal(err)
		}
		buf, oob := make([]byte, 4096), make([]byte, 256)
		n, k, _, _, err := a.socket.ReadMsgUnix(buf, oob)
		if err != nil {
			t.Fatal(err)
		}
		var reply wire.SegmentReply
		d, err := wire.NewDecoder(buf[:n])
		if err != nil || d.Value(&reply) != nil || reply.Ask != 9 {
			t.Fatal(err, reply)
		}
		if k == 0 {
			return reply, nil
		}
		messages, err := unix.ParseSocketControlMessage(oob[:k])
		if err != nil {
			t.Fatal(err)
		}
		fds, err := unix.ParseUnixRights(&messages[0])
		if err != nil {
			t.Fatal(err)
		}
		return reply, os.NewFile(uintptr(fds[0]), "segment")
	}
	reply, file := ask(1)
	if reply.Error != wire.OK || file == nil {
		t.Fatal(reply)
	}
	defer file.Close()
	r, err := segment.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 64)
	if n, err := r.Read([]byte("s"), 0, buf); err != nil || string(buf[:n]) != "through the segment" {
		t.Fatalf("%q %v", buf[:n], err)
	}
	if _, err := unix.Write(int(file.Fd()), []byte("x")); err == nil {
		t.Fatal("an application can write the segment")
	}
	if reply, file := ask(2); reply.Error != wire.Access || file != nil {
		t.Fatal(reply)
	}
	if reply, file := ask(3); reply.Error != wire.BadHandle || file != nil {
		t.Fatal(reply)
	}
}

func TestJournal(t *testing.T) {
	dir := t.TempDir()
	r := sessionRecord{Session: 0x1234, Secret: []byte("secret"), Boot: "boot", PID: 1, Start: 2, Program: "p", User: "u", Password: "w"}
	j, err := newJournal(dir, &r, []openRecord{{Open: 1, Checkpoint: 10, Name: "one", Flags: 3}})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		kind byte
		v    any
	}{
		{recordOpen, &openRecord{Open: 2, Checkpoint: 20, Name: "two", Flags: 1}},
		{recordNotify, &notifyRecord{Open: 2, On: true, Data: true}},
		{recordClose, &closeRecord{1}},
		{recordOpen, &openRecord{Open: 3, Checkpoint: 10, Name: "one", Flags: 7, Notify: true}},
	} {
		if err := j.add(step.kind, step.v); err != nil {
			t.Fatal(err)
		}
	}
	j.close()
	path := journalPath(dir, 0x1234)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, opens, _, err := readJournal(path)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(r) {
		t.Fatal(got, err)
	}
	if want := "[{2 20 two 1 true true} {3 10 one 7 true false}]"; fmt.Sprint(opens) != want {
		t.Fatalf("%v, want %s", opens, want)
	}
	// Cut off or damaged anywhere, it gives what was whole before, or nothing.
	for cut := range whole {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, opens, _, err := readJournal(path); err == nil && len(opens) > 2 {
			t.Fatalf("cut at %d: %v", cut, opens)
		}
		damaged := append([]byte(nil), whole...)
		damaged[cut] ^= 0x40
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		readJournal(path)
	}
}

// Many openings and closings leave a short journal and nothing behind.
func TestJournalIsCompacted(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	for range 500 {
		a.open(1, "again", nil)
		a.must(wire.OpClose, &wire.HandleRequest{Open: 1}, nil, nil)
	}
	info, err := os.Stat(journalPath(filepath.Join(f.dir, "sessions"), a.welcome.Session))
	if err != nil || info.Size() > 64<<10 {
		t.Fatal(info.Size(), err)
	}
	a.open(2, "again", nil)
	f.stop()
	f.start()
	a.resume()
	a.create(2, "s", "x")
}

func TestIncarnationsGrow(t *testing.T) {
	dir := t.TempDir()
	var last uint64
	for range 3 {
		l, incarnation, err := lockDir(dir)
		if err != nil || incarnation <= last {
			t.Fatal(incarnation, last, err)
		}
		last = incarnation
		l.release()
	}
	// Even when the clock is behind.
	if err := os.WriteFile(filepath.Join(dir, lockName), fmt.Appendf(nil, "1 %d\n", uint64(1)<<63), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, incarnation, err := lockDir(dir); err != nil || incarnation != 1<<63+1 {
		t.Fatal(incarnation, err)
	}
}

func TestNameLocks(t *testing.T) {
	var l nameLocks
	var wg sync.WaitGroup
	inside := 0
	for range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !l.lock("n", time.Second) {
			}
			inside++
			if inside != 1 {
				t.Error("two hold the name")
			}
			inside--
			l.unlock("n")
		}()
	}
	wg.Wait()
	if !l.lock("n", 0) || l.lock("n", time.Millisecond) || !l.lock("other", 0) {
		t.Fatal("locks")
	}
	l.unlock("n")
	l.unlock("other")
	if len(l.locks) != 0 {
		t.Fatalf("%d locks left", len(l.locks))
	}
}
