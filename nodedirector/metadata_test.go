package nodedirector

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

func TestMetadata(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.ReplicasMax = 3 })
	a := f.application()
	one := a.open(1, "meta", nil)
	a.create(1, "s", "x")
	if again := a.open(1, "meta", nil); again.Checkpoint != one.Checkpoint {
		t.Fatal("a repeated opening opens another checkpoint")
	}
	a.open(2, "meta", func(r *wire.OpenRequest) {
		r.HasAttributes, r.Attributes, r.Flags = false, wire.Attributes{}, wire.OpenRead
	})
	if code := a.do(wire.OpOverwrite, updateOf(2, "s", 1, 0), nil, []byte("y")); code != wire.Access {
		t.Fatal(code)
	}
	if code := a.do(wire.OpActive, &wire.HandleRequest{Open: 2}, nil, nil); code != wire.Access {
		t.Fatal(code)
	}
	var shown wire.ShowReply
	a.must(wire.OpShow, &wire.UnlinkRequest{Name: "meta"}, &shown, nil)
	if shown.Openers != 2 || shown.Readers != 2 || shown.Writers != 1 || shown.Sections != 1 || shown.UsedSize != 1 || shown.Config.Active != "a" {
		t.Fatalf("%+v", shown)
	}
	a.must(wire.OpRetention, &wire.TimeRequest{Open: 1, Time: 12345678}, nil, nil)
	var status wire.StatusReply
	a.must(wire.OpStatus, &wire.HandleRequest{Open: 1}, &status, nil)
	if status.Attributes.RetentionDuration != 12345678 {
		t.Fatal(status.Attributes.RetentionDuration)
	}
	a.must(wire.OpUnlink, &wire.UnlinkRequest{Name: "meta"}, nil, nil)
	if code := a.do(wire.OpUnlink, &wire.UnlinkRequest{Name: "meta"}, nil, nil); code != wire.NotExist {
		t.Fatal(code)
	}
	if code := a.do(wire.OpRetention, &wire.TimeRequest{Open: 1}, nil, nil); code != wire.BadOperation {
		t.Fatal(code)
	}
	retained := a.open(3, "meta", nil)
	if _, code := a.read(3, "s"); code != wire.NotExist {
		t.Fatal("a new checkpoint has the old one's sections")
	}
	if got, code := a.read(1, "s"); code != wire.OK || got != "x" {
		t.Fatal("an unlinked checkpoint must work while it is open")
	}
	segments := func() int {
		m, err := filepath.Glob(filepath.Join(f.dir, segmentsDir, "*.seg"))
		if err != nil {
			t.Fatal(err)
		}
		return len(m)
	}
	a.open(4, "more", nil)
	if code := a.do(wire.OpOpen, openRequest(5, "too many"), nil, nil); code != wire.NoResources {
		t.Fatal(code)
	}
	eventually(t, "the failed creation is taken back", func() bool {
		f.d.mu.Lock()
		defer f.d.mu.Unlock()
		return len(f.d.checkpoints) == 3
	})
	if segments() != 3 {
		t.Fatal(segments())
	}
	a.must(wire.OpClose, &wire.HandleRequest{Open: 1}, nil, nil)
	if segments() != 3 {
		t.Fatal("deleted while open")
	}
	a.must(wire.OpClose, &wire.HandleRequest{Open: 2}, nil, nil)
	if segments() != 2 {
		t.Fatal("the last closing of an unlinked checkpoint returns before it is gone")
	}
	a.must(wire.OpClose, &wire.HandleRequest{Open: 2}, nil, nil) // repeated under another number
	a.must(wire.OpRetention, &wire.TimeRequest{Open: 4, Time: 5}, nil, nil)
	a.must(wire.OpClose, &wire.HandleRequest{Open: 4}, nil, nil)
	if segments() != 1 {
		t.Fatal("a retention below 10 ms must be over before the last closing returns")
	}
	a.must(wire.OpClose, &wire.HandleRequest{Open: 3}, nil, nil)
	if segments() != 1 {
		t.Fatal("a retained checkpoint was deleted")
	}
	f.d.retentionOver(retained.Checkpoint)
	eventually(t, "its retention over, the replica is deleted", func() bool { return segments() == 0 })
	if code := a.do(wire.OpOpen, openRequest(9, strings.Repeat("n", 2049)), nil, nil); code != wire.TooBig {
		t.Fatal(code)
	}
	f.n.mu.Lock()
	defer f.n.mu.Unlock()
	if len(f.n.checkpoints) != 0 || f.n.replicas != 0 {
		t.Fatalf("%d checkpoints, %d replicas remembered", len(f.n.checkpoints), f.n.replicas)
	}
}

func TestCheckOpen(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(r *wire.OpenRequest)
		code   wire.Code
	}{
		{"good", func(r *wire.OpenRequest) {}, wire.OK},
		{"no handle", func(r *wire.OpenRequest) { r.Open = 0 }, wire.InvalidParam},
		{"no name", func(r *wire.OpenRequest) { r.Name = "" }, wire.InvalidParam},
		{"no flags", func(r *wire.OpenRequest) { r.Flags = 0x10 }, wire.BadFlags},
		{"unknown flag beside", func(r *wire.OpenRequest) { r.Flags |= 0x10 }, wire.OK},
		{"attributes without create", func(r *wire.OpenRequest) { r.Flags = wire.OpenRead }, wire.InvalidParam},
		{"create without attributes", func(r *wire.OpenRequest) { r.HasAttributes = false }, wire.InvalidParam},
		{"no creation flags", func(r *wire.OpenRequest) { r.Attributes.CreationFlags = 0 }, wire.InvalidParam},
		{"collocated alone", func(r *wire.OpenRequest) { r.Attributes.CreationFlags = 8 }, wire.InvalidParam},
		{"two update options", func(r *wire.OpenRequest) { r.Attributes.CreationFlags = 3 }, wire.InvalidParam},
		{"unknown creation flag", func(r *wire.OpenRequest) { r.Attributes.CreationFlags = 0x11 }, wire.InvalidParam},
		{"too large", func(r *wire.OpenRequest) {
			r.Attributes.CheckpointSize, r.Attributes.MaxSections, r.Attributes.MaxSectionSize = 401, 4, 100
		}, wire.InvalidParam},
		{"huge product", func(r *wire.OpenRequest) {
			r.Attributes.CheckpointSize, r.Attributes.MaxSections, r.Attributes.MaxSectionSize = 1<<63, 1<<32-1, 1<<40
		}, wire.OK},
	} {
		r := openRequest(1, "n")
		test.change(r)
		if code := checkOpen(r); code != test.code {
			t.Errorf("%s: %v, want %v", test.name, code, test.code)
		}
	}
}

// The director away: metadata waits for it and says what it knows about the outcome; data goes on.
func TestDirectorAway(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "before", nil)
	f.d.stop()
	a.create(1, "s", "x")
	r := a.prepare(1, wire.OpOpen, openRequest(2, "during"), nil)
	r.head.Deadline = monotonic() + int64(time.Second)
	r.send()
	if reply, _ := r.wait(nil); reply.Error != wire.TryAgain {
		t.Fatal(reply.Error)
	}
	waiting := a.prepare(2, wire.OpOpen, openRequest(3, "waiting"), nil)
	waiting.send()
	a.create(1, "t", "x")
	f.d.start()
	if reply, _ := waiting.wait(nil); reply.Error != wire.OK {
		t.Fatal(reply.Error)
	}
	// An answer lost: the request is repeated, and the replica made although the second answer does not say Created.
	f.d.lose(wire.DirectorOpen, 1)
	a.open(4, "lost", nil)
	a.create(4, "s", "x")
	// All answers lost: the outcome is not known, and is put right.
	f.d.lose(wire.DirectorOpen, 1000)
	r = a.prepare(1, wire.OpOpen, openRequest(5, "unsure"), nil)
	r.head.Deadline = monotonic() + int64(300*time.Millisecond)
	r.send()
	if reply, _ := r.wait(nil); reply.Error != wire.Timeout {
		t.Fatal(reply.Error)
	}
	f.d.lose(wire.DirectorOpen, 0)
	eventually(t, "the opening that nobody holds is closed", func() bool {
		f.d.mu.Lock()
		defer f.d.mu.Unlock()
		for _, c := range f.d.checkpoints {
			if c.Name == "unsure" {
				return len(c.Open) == 0
			}
		}
		return false
	})
	a.open(6, "unsure", nil)
	a.create(6, "s", "x")
}

func TestElsewhere(t *testing.T) {
	f := newFixture(t, nil)
	f.d.elsewhere = true
	a := f.application()
	if reply := a.open(1, "remote", nil); reply.Replica {
		t.Fatal("there is no replica here")
	}
	if code := a.do(wire.OpSectionCreate, updateOf(1, "s", 0, replication.Never), nil, nil); code != wire.TryAgain {
		t.Fatal(code)
	}
	if _, code := a.read(1, "s"); code != wire.TryAgain {
		t.Fatal(code)
	}
	f.stop()
	f.start()
	a.resume()
	eventually(t, "the opener is known again", func() bool {
		return a.do(wire.OpStatus, &wire.HandleRequest{Open: 1}, nil, nil) == wire.TryAgain && f.d.config(1) != nil && len(f.d.config(1).Open) == 1
	})
	a.must(wire.OpClose, &wire.HandleRequest{Open: 1}, nil, nil)
	if len(f.d.config(1).Open) != 0 {
		t.Fatal("still open")
	}
}

// openUnanswered begins to open a checkpoint; the director's first answer is lost.
func (f *fixture) openUnanswered() (opened <-chan struct{}) {
	a := f.application()
	f.d.lose(wire.DirectorOpen, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.open(1, "c", nil)
	}()
	eventually(f.t, "the request", func() bool { return f.d.askedFor(wire.DirectorOpen) > 0 })
	return done
}

// TestAnotherDirectorLeads: when another director says that it leads, what the one before has not answered is asked again at
// once; until then the heartbeat waits, too.
func TestAnotherDirectorLeads(t *testing.T) {
	f := newFixture(t, nil)
	opened := f.openUnanswered()
	began := time.Now()
	frame, err := wire.Encode(wire.KindChanged, nil, wire.Changed{Leading: 7})
	if err == nil {
		err = f.d.conn.Publish(wire.SubjectChanged("test"), frame)
	}
	if err != nil {
		t.Fatal(err)
	}
	<-opened
	if took := time.Since(began); took >= directorTryTimeout {
		t.Errorf("it was asked again after %v", took)
	}
}

// TestHeartbeatBesideALostAnswer: while the node director waits for an answer that never comes, the director still hears
// that the node is alive.
func TestHeartbeatBesideALostAnswer(t *testing.T) {
	f := newFixture(t, nil)
	opened := f.openUnanswered()
	beats := f.d.askedFor(wire.DirectorHeartbeat)
	eventually(t, "the second request", func() bool { return f.d.askedFor(wire.DirectorOpen) > 1 })
	if n := f.d.askedFor(wire.DirectorHeartbeat) - beats; n < int(directorTryTimeout/heartbeatInterval)/3 {
		t.Errorf("%d heartbeats while an answer was awaited for %v", n, directorTryTimeout)
	}
	<-opened
}
