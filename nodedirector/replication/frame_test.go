package replication

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// messages are one of each kind, with every field of some kind in use.
func messages() []Message {
	link := LinkID{Epoch: wire.Epoch{Generation: 1, Counter: 2}, Incarnation: 3, Stream: 4}
	update := &UpdateBody{
		Number: 7, Previous: 6, Now: 8, Weak: true, HasResult: true, HasGenerated: true, NextGenerated: 9, EndSession: 10,
		Ops:      []OpBody{{Kind: segment.OpWrite, Section: []byte("s"), Offset: 1, Data: []byte("data"), Expiration: 2}},
		Result:   segment.Result{Session: 1, Slot: 2, Number: 3, Blob: []byte("blob")},
		HasEvent: true, Event: wire.Event{Checkpoint: 1, Update: 7, Elements: []wire.Element{{ID: []byte("s"), Size: 4}}},
	}
	return []Message{
		&Beat{Incarnation: 1, Seq: 2, Sent: 3, Known: StateVersion{3, 4}, Echo: Echo{5, 6, 7}, Support: []Remaining{{"n", 3, 8}}, Address: "h:1"},
		&Begin{Link: link, Version: 1, Number: 2, Committed: 3},
		&Report{Link: link, Complete: true, Marked: []Mark{{ID: []byte("m"), Number: 1, Tombstone: true}},
			Results: []ResultKey{{1, 2}}, Tail: []UpdateBody{*update}, Sessions: []uint64{3}, Branch: wire.Epoch{Generation: 1}},
		&Item{Link: link, Seq: 1, Committed: 2, Holds: ItemUpdate, Update: update},
		&Item{Link: link, Seq: 2, Holds: ItemSection, Section: &SectionBody{ID: []byte("s"), Exists: true, Data: []byte("d"), Total: 1}},
		&Item{Link: link, Seq: 3, Holds: ItemResults, Results: &ResultsBody{DropAll: true, Drop: []ResultKey{{1, 2}}, Ended: []uint64{3}}},
		&Item{Link: link, Seq: 4, Holds: ItemBase, Base: &BaseBody{Number: 1, Full: true, Left: []Left{{Number: 2}}}},
		&Item{Link: link, Seq: 5, Holds: ItemRequire, Require: []string{"n"}},
		&Ack{Link: link, Seq: 1, Committed: 2, Full: true},
		&Committed{Link: link, Number: 1},
		&Release{Epoch: link.Epoch},
		&Forward{Epoch: link.Epoch, Seq: 1, Floor: 2, GivenUp: []uint64{3}, Request: Request{
			Kind: RequestUpdate, Update: Update{Op: wire.OpWrite, Data: []byte("d"), Elements: []wire.Element{{ID: []byte("s")}}}}},
		&Forwarded{Epoch: link.Epoch, Seq: 1, Moved: true, Generated: []byte("g"), Payload: []byte("p")},
		&EventsFor{Epoch: link.Epoch, Event: update.Event, Ops: update.Ops},
	}
}

// What is encoded is decoded again, with what is absent absent.
func TestFrames(t *testing.T) {
	for _, m := range messages() {
		id := uint64(5)
		if m.Kind() == KindBeat {
			id = 0
		}
		frame, data, err := EncodeMessage(id, m)
		if err != nil {
			t.Fatal(err)
		}
		checkpoint, got, err := DecodeMessage(append(frame, data...))
		if err != nil || checkpoint != id || !reflect.DeepEqual(got, m) {
			t.Errorf("%T: %d, %+v, %v; want %+v", m, checkpoint, got, err, m)
		}
	}
}

// A frame of another version of the protocol is refused, with both versions named; so is what no message is.
func TestFramesRefused(t *testing.T) {
	frame, _, err := EncodeMessage(5, &Ack{})
	if err != nil {
		t.Fatal(err)
	}
	other := append([]byte{wire.Version + 1}, frame[1:]...)
	unknown, err := wire.Encode(wire.KindPeer, nil, &head{5, 200}, &Ack{})
	if err != nil {
		t.Fatal(err)
	}
	beat, _, err := EncodeMessage(5, &Beat{})
	if err != nil {
		t.Fatal(err)
	}
	hello, err := wire.Encode(wire.KindHello, nil, &wire.Hello{})
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]struct {
		frame []byte
		says  string
	}{
		"another version": {other, "this release speaks"}, "an unknown kind": {unknown, "later release"},
		"a beat about a checkpoint": {beat, "about checkpoint 5"}, "another frame": {hello, "between node directors"},
		"half a frame": {frame[:5], ""}, "nothing": {nil, ""},
	} {
		_, _, err := DecodeMessage(bad.frame)
		var format *wire.FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Whatever is sent, decoding ends with a message or an error, and a core takes it without harm.
func FuzzFrame(f *testing.F) {
	for _, m := range messages() {
		frame, data, err := EncodeMessage(uint64(m.Kind())-1, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(frame, data...))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		checkpoint, m, err := DecodeMessage(frame)
		if err != nil {
			return
		}
		if _, _, err := EncodeMessage(checkpoint, m); err != nil {
			t.Fatal(err)
		}
	})
}
