package main

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"libckpt/internal/wire"
)

func TestSectionNames(t *testing.T) {
	for _, c := range []struct{ id, name string }{
		{"call-1", "call-1"},
		{"", "0x"},
		{"0x1", "0x307831"},
		{"a b", "0x612062"},
		{"\x00\x01", "0x0001"},
		{"\xff", "0xff"},
		{"tab\t", "0x74616209"},
		{`back\slash`, "0x6261636b5c736c617368"},
		{"grün", "grün"},
	} {
		if got := sectionName([]byte(c.id)); got != c.name {
			t.Errorf("%q is written %s, want %s", c.id, got, c.name)
		}
		if id, err := parseSection(c.name); err != nil || !bytes.Equal(id, []byte(c.id)) {
			t.Errorf("%s is read %q, %v, want %q", c.name, id, err, c.id)
		}
	}
	for _, name := range []string{"", "0xf", "0xgg"} {
		if id, err := parseSection(name); err == nil {
			t.Errorf("%q was read as %q", name, id)
		}
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{"safCkpt=a,safApp=b": "safCkpt=a,safApp=b", "a\x1b[2J": `"a\x1b[2J"`, "a\nb": `"a\nb"`} {
		if got := printable(name); got != want {
			t.Errorf("%q is shown as %s, want %s", name, got, want)
		}
	}
}

func TestQuantities(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1024: "1.0 KiB", 5 << 29: "2.5 GiB",
		math.MaxUint64: "16.0 EiB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if s := durationText(math.MaxInt64); s != "for ever" {
		t.Error(s)
	}
	if s := durationText(1_500_000_000); s != "1.5s" {
		t.Error(s)
	}
}

func TestUpdateModes(t *testing.T) {
	for flags, want := range map[uint32]string{1: "synchronous", 2: "asynchronous", 4: "asynchronous, weak", 9: "synchronous, collocated",
		0xc: "asynchronous, weak, collocated", 0x10: "asynchronous", 0x13: "synchronous", 0x6: "asynchronous"} {
		if got := updateMode(flags); got != want {
			t.Errorf("%#x: %s, want %s", flags, got, want)
		}
	}
}

// The replica flag has OpenSAF's meaning, the role ours.
func TestReplicaRoles(t *testing.T) {
	for _, c := range []struct {
		flags uint32
		want  int
	}{{wire.FlagAllReplicas | wire.FlagCollocated, 1}, {wire.FlagActiveReplica, 1}, {wire.FlagActiveReplica | wire.FlagCollocated, 0}} {
		d := describe(&wire.ShowReply{Config: wire.Config{Active: "a", InSync: []string{"a", "b"}, Joining: []string{"c"},
			Attributes: wire.Attributes{CreationFlags: c.flags}}, Holders: []wire.Holder{
			{Node: "a", Answered: true, Replica: true, Update: 9}, {Node: "b", Answered: true, Replica: true, Update: 7}, {Node: "c"}}})
		want := []replica{{"a", 1, "active", 0}, {"b", c.want, "in sync", 2}, {"c", c.want, "joining", -1}}
		if d.NumReplicas != 3 || len(d.Replicas) != 3 || d.Replicas[0] != want[0] || d.Replicas[1] != want[1] || d.Replicas[2] != want[2] {
			t.Errorf("flags %#x: %+v, want %+v", c.flags, d.Replicas, want)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for code, part := range map[wire.Code]string{wire.NotExist: "ckpt list", wire.TryAgain: "did not answer", wire.Timeout: "did not answer",
		wire.Access: "may not", wire.NoMemory: "NO_MEMORY"} {
		if got := explain(code, "x").Error(); !strings.Contains(got, part) {
			t.Errorf("%v: %s lacks %q", code, got, part)
		}
	}
	if err := errors.New("other"); explain(err, "x") != err || explain(nil, "x") != nil {
		t.Error("errors that are no codes must be left alone")
	}
}
