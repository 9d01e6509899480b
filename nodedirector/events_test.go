package nodedirector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// told is an event as a session gets it, in words.
func told(e *wire.Event, data []byte) string {
	s := fmt.Sprintf("%d", e.Update)
	for _, x := range e.Elements {
		s += fmt.Sprintf(" %s:%d+%d", x.ID, x.Offset, x.Size)
	}
	if e.Deleted {
		s += " deleted"
	}
	if e.Created {
		s += " created"
	}
	if len(e.Expired) > 0 {
		s += " expired " + string(e.Expired)
	}
	if len(data) > 8 {
		return s + fmt.Sprintf(" %d bytes", len(data))
	}
	return s + " " + string(data)
}

// listen tells what events a session gets from now on.
func (a *application) listen() <-chan string {
	a.t.Helper()
	lines := make(chan string, 64)
	_, err := a.bus.Subscribe(wire.SubjectEvents(a.welcome.Cluster, a.welcome.Session), func(m *nats.Msg) {
		d, err := wire.NewDecoder(m.Data)
		if err != nil {
			a.t.Error(err)
			return
		}
		defer d.Release()
		var events []wire.Event
		if err := d.Value(&events); err != nil || len(events) != 1 {
			a.t.Error(err, len(events))
			return
		}
		if events[0].Data != uint64(len(d.Data())) {
			a.t.Errorf("event of %d bytes comes with %d", events[0].Data, len(d.Data()))
		}
		lines <- told(&events[0], d.Data())
	})
	if err == nil {
		err = a.bus.Flush()
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return lines
}

func expectLines(t *testing.T, lines <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-lines:
			if strings.TrimSpace(got) != w {
				t.Fatalf("event %q, want %q", got, w)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no event %q", w)
		}
	}
}

// The data written go to those who ask for them, and to nobody else; what is too much goes to nobody.
func TestEventsWithData(t *testing.T) {
	f := newFixture(t, nil)
	writer, plain, full := f.application(), f.application(), f.application()
	wide := func(r *wire.OpenRequest) {
		if r.HasAttributes {
			r.Attributes.MaxSectionSize, r.Attributes.CheckpointSize = 1<<20, 1<<20
		}
	}
	writer.open(1, "events", wide)
	plain.open(2, "events", func(r *wire.OpenRequest) { wide(r); r.Notify = true })
	full.open(3, "events", wide)
	full.open(4, "events", wide)
	heard, read := plain.listen(), full.listen()
	full.must(wire.OpNotify, &wire.NotifyRequest{Opens: []uint64{3, 4}, On: true, Data: []uint64{4}}, nil, nil)

	writer.create(1, "s", "abc")
	writer.must(wire.OpWrite, updateOf(1, "s", 2, 0), nil, []byte("XY"))
	writer.must(wire.OpOverwrite, updateOf(1, "s", 3, 0), nil, []byte("new"))
	large := wire.EventDataMax - 100
	writer.must(wire.OpOverwrite, updateOf(1, "s", large, 0), nil, make([]byte, large))
	large = wire.EventDataMax
	writer.must(wire.OpOverwrite, updateOf(1, "s", large, 0), nil, make([]byte, large))
	writer.must(wire.OpSectionDelete, updateOf(1, "s", 0, 0), nil, nil)
	expectLines(t, heard, "1 s:0+3 created", "2 s:0+2", "3 s:0+3", fmt.Sprintf("4 s:0+%d", wire.EventDataMax-100),
		fmt.Sprintf("5 s:0+%d", large), "6 s:0+0 deleted")
	expectLines(t, read, "1 s:0+3 created", "2 s:0+2 XY", "3 s:0+3 new",
		fmt.Sprintf("4 s:0+%d %d bytes", wire.EventDataMax-100, wire.EventDataMax-100), fmt.Sprintf("5 s:0+%d", large), "6 s:0+0 deleted")

	full.must(wire.OpNotify, &wire.NotifyRequest{Opens: []uint64{4}, On: true}, nil, nil) // the other handle's wish stays
	writer.create(1, "t", "")
	writer.must(wire.OpWrite, updateOf(1, "t", 1, 0), nil, []byte("x"))
	expectLines(t, read, "7 created", "8 t:0+1")
	full.must(wire.OpNotify, &wire.NotifyRequest{Opens: []uint64{3, 4}}, nil, nil)
	writer.must(wire.OpWrite, updateOf(1, "t", 1, 0), nil, []byte("y"))
	expectLines(t, heard, "7 created", "8 t:0+1", "9 t:0+1")
	select {
	case line := <-read:
		t.Fatalf("event %q is not wanted", line)
	default:
	}
}

// Expiry is told of beside the elements, which older agents take for an application's update.
func TestEventOfExpiry(t *testing.T) {
	f := newFixture(t, nil)
	writer, reader := f.application(), f.application()
	writer.open(1, "events", nil)
	reader.open(2, "events", func(r *wire.OpenRequest) { r.Notify = true })
	lines := reader.listen()
	soon := time.Now().Add(30 * time.Millisecond).UnixNano()
	writer.must(wire.OpSectionCreate, updateOf(1, "soon", 1, soon), nil, []byte("x"))
	expectLines(t, lines, "1 soon:0+1 created", "2 expired soon")
}

// The writer is known by its session, from the event and from what is told later.
func TestEventsNameTheSession(t *testing.T) {
	f := newFixture(t, nil)
	writer, reader := f.application(), f.application()
	writer.open(1, "events", nil)
	reader.open(2, "events", func(r *wire.OpenRequest) { r.Notify = true })
	writer.create(1, "s", "x")
	if e := <-reader.events; e.Session != writer.welcome.Session || e.Writer != 1 {
		t.Fatalf("%+v", e)
	}
	var changes wire.ChangesReply
	reader.must(wire.OpChanges, &wire.ChangesRequest{Open: 2, Since: 0}, &changes, nil)
	if !changes.Exact || len(changes.Events) != 1 || changes.Events[0].Session != writer.welcome.Session {
		t.Fatalf("%+v", changes)
	}
}
