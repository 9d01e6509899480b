package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func mustEncode(t testing.TB, kind Kind, data [][]byte, values ...any) []byte {
	t.Helper()
	frame, err := Encode(kind, data, values...)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestFrameKeepsValuesAndData(t *testing.T) {
	head := Request{Op: OpWrite, Slot: 63, Number: 1 << 60, Deadline: -1, Piece: 2, Pieces: 3, Total: 7}
	body := UpdateRequest{Open: 9, Time: -5, Elements: []Element{{ID: []byte("a\x00b"), Offset: 1 << 40, Size: 7}, {}}}
	frame := mustEncode(t, KindRequest, [][]byte{[]byte("dat"), nil, []byte("a...")}, &head, nil, &body)
	d, err := NewDecoder(frame)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	var h Request
	var b UpdateRequest
	if err := d.Value(&h); err != nil {
		t.Fatal(err)
	}
	if err := d.Value(&b); err != nil {
		t.Fatal(err)
	}
	if d.Kind != KindRequest || h != head || !reflect.DeepEqual(b, body) {
		t.Errorf("got %c %+v %+v", d.Kind, h, b)
	}
	if got := d.Data(); !bytes.Equal(got, []byte("data...")) {
		t.Errorf("data %q", got)
	}
}

// A release that appends fields to a message is understood by the one before it, and the other way round.
func TestFrameSkipsAndMissesAppendedFields(t *testing.T) {
	type newer struct {
		Open  uint64
		Added string
		More  []uint64
	}
	decode := func(frame []byte, v any) []byte {
		d, err := NewDecoder(frame)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Release()
		if err := d.Value(v); err != nil {
			t.Fatal(err)
		}
		return d.Data()
	}
	var old HandleRequest
	data := decode(mustEncode(t, KindRequest, [][]byte{[]byte("xyz")}, &newer{Open: 4, Added: "?", More: []uint64{1, 2}}), &old)
	if old.Open != 4 || string(data) != "xyz" {
		t.Errorf("an older receiver got %+v and data %q", old, data)
	}
	present := newer{Added: "kept"}
	data = decode(mustEncode(t, KindRequest, [][]byte{[]byte("xyz")}, &HandleRequest{Open: 5}), &present)
	if present.Open != 5 || string(data) != "xyz" {
		t.Errorf("a newer receiver got %+v and data %q", present, data)
	}
}

func TestUnmarshalEmbedded(t *testing.T) {
	type stored struct {
		Before uint16
		HandleRequest
		After []Epoch
	}
	want := stored{1, HandleRequest{Open: 2}, []Epoch{{3, 4}}}
	frame := mustEncode(t, KindRequest, nil, &want)
	var got stored
	if err := Unmarshal(frame[2:], &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFrameRefusesOtherVersionNamingBoth(t *testing.T) {
	frame := mustEncode(t, KindReply, nil, &Reply{Slot: 1})
	frame[0] = Version + 6
	_, err := NewDecoder(frame)
	var format *FormatError
	if !errors.As(err, &format) || !strings.Contains(err.Error(), "version 7") || !strings.Contains(err.Error(), "speaks 1") {
		t.Errorf("got %v", err)
	}
	for _, short := range [][]byte{nil, {}, {Version}} {
		if _, err := NewDecoder(short); !errors.As(err, &format) {
			t.Errorf("%v: %v", short, err)
		}
	}
}

// A release reads what the one before it wrote, and its own.
func TestVersionsOfTwoReleases(t *testing.T) {
	for _, c := range []struct {
		theirs, oldest, newest byte
		want                   string
	}{
		{1, 1, 1, ""}, {4, 4, 5, ""}, {5, 4, 5, ""},
		{0, 1, 1, "version 0, this release speaks 1"},
		{2, 1, 1, "version 2, this release speaks 1"},
		{3, 4, 5, "version 3, this release speaks 4 to 5"},
		{6, 4, 5, "version 6, this release speaks 4 to 5"},
	} {
		err := CheckVersion(c.theirs, c.oldest, c.newest)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if Version-VersionOldest > 1 {
		t.Errorf("versions %d to %d: nobody promises to read more than two", VersionOldest, Version)
	}
}

func TestFrameRefusesWhatIsNoMessage(t *testing.T) {
	array, err := msgpack.Marshal([]any{"not a number", 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	for name, payload := range map[string][]byte{
		"nothing":        {},
		"cut off":        {0x97, 0x01},
		"wrong type":     array,
		"huge array":     {0xdd, 0xff, 0xff, 0xff, 0xff},
		"huge string":    {0xdb, 0xff, 0xff, 0xff, 0xff},
		"reserved byte":  {0xc1},
		"a bare integer": {0x05},
	} {
		d, err := NewDecoder(append([]byte{Version, byte(KindRequest)}, payload...))
		if err != nil {
			t.Fatal(err)
		}
		var format *FormatError
		if err := d.Value(new(Request)); !errors.As(err, &format) {
			t.Errorf("%s: %v", name, err)
		}
		if err := Unmarshal(payload, new([]Event)); !errors.As(err, &format) {
			t.Errorf("%s as a list: %v", name, err)
		}
		d.Release()
	}
}

// The release before knew events without data, expiry and the writer's session. It goes on with those of this one, and
// this one with its.
func TestEventsOfTheReleaseBefore(t *testing.T) {
	type eventBefore struct {
		Checkpoint, Update, Writer uint64
		Deleted                    bool
		Elements                   []Element
	}
	read := func(frame []byte, v any) []byte {
		d, err := NewDecoder(frame)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Release()
		if err := d.Value(v); err != nil {
			t.Fatal(err)
		}
		return d.Data()
	}
	elements := []Element{{ID: []byte("a"), Offset: 1, Size: 2}}
	var old []eventBefore
	now := []Event{
		{Checkpoint: 1, Update: 2, Writer: 3, Elements: elements, Session: 4, Data: 2},
		{Checkpoint: 1, Update: 3, Expired: []byte("b")},
	}
	read(mustEncode(t, KindEvents, [][]byte{[]byte("xy")}, now), &old)
	if want := []eventBefore{{1, 2, 3, false, elements}, {1, 3, 0, false, nil}}; !reflect.DeepEqual(old, want) {
		t.Errorf("%+v, want %+v", old, want)
	}
	var read1 []Event
	data := read(mustEncode(t, KindEvents, nil, old), &read1)
	if want := []Event{{Checkpoint: 1, Update: 2, Writer: 3, Elements: elements}, {Checkpoint: 1, Update: 3}}; len(data) != 0 || !reflect.DeepEqual(read1, want) {
		t.Errorf("%+v, want %+v", read1, want)
	}
}

// FuzzValue: whatever arrives is decoded or refused; no input panics or takes memory out of proportion.
func FuzzValue(f *testing.F) {
	f.Add(mustEncode(f, KindRequest, nil, &Request{Op: OpOpen}, &OpenRequest{Name: "n", HasAttributes: true}))
	f.Add(mustEncode(f, KindReply, [][]byte{{1}}, &Reply{Slot: 3}, &SectionsReply{Sections: []Section{{ID: []byte("a")}}}))
	f.Add(mustEncode(f, KindEvents, nil, []Event{{Checkpoint: 1, Elements: []Element{{ID: []byte("b")}}}}))
	f.Add(mustEncode(f, KindEvents, [][]byte{[]byte("data")}, []Event{{Checkpoint: 1, Data: 4, Expired: []byte("x")}}))
	f.Add(mustEncode(f, KindReply, nil, &Reply{}, &ChangesReply{Update: 1, Deleted: [][]byte{[]byte("d"), nil}}))
	f.Add(mustEncode(f, KindHello, nil, &Hello{Program: "p"}))
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, v := range []any{new(Request), new(OpenRequest), new(UpdateRequest), new(SectionsReply), new([]Event), new(Hello), new(RegisterRequest),
			new(AnnounceRequest), new(ReplicaRequest), new(OperatorRequest), new(OperatorReply), new(NotifyRequest), new(ChangesReply)} {
			d, err := NewDecoder(frame)
			if err != nil {
				return
			}
			if d.Value(v) == nil && len(d.Data()) > len(frame)-2 {
				t.Errorf("%d bytes of data in a frame of %d", len(d.Data()), len(frame))
			}
			d.Release()
		}
	})
}

func BenchmarkWriteRequest(b *testing.B) {
	data := [][]byte{make([]byte, 64)}
	head := Request{Op: OpWrite, Number: 1, Pieces: 1, Total: 64}
	body := UpdateRequest{Open: 1 << 60, Elements: []Element{{ID: []byte("section"), Size: 64}}}
	for b.Loop() {
		frame, err := Encode(KindRequest, data, &head, &body)
		if err != nil {
			b.Fatal(err)
		}
		d, err := NewDecoder(frame)
		if err != nil {
			b.Fatal(err)
		}
		var h Request
		var u UpdateRequest
		if d.Value(&h) != nil || d.Value(&u) != nil || len(d.Data()) != 64 {
			b.Fatal("not understood")
		}
		d.Release()
	}
}
