package nodedirector

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// plainView is a replica as a decision sees it, without a segment.
type plainView struct {
	sections map[string]segment.Section
	number   uint64
	next     uint64
}

func (v *plainView) Lookup(id []byte) (segment.Section, bool) {
	s, ok := v.sections[string(id)]
	return s, ok
}
func (v *plainView) Count() uint32         { return uint32(len(v.sections)) }
func (v *plainView) Number() uint64        { return v.number }
func (v *plainView) NextGenerated() uint64 { return v.next }

func viewOf(sections ...segment.Section) *plainView {
	v := &plainView{sections: make(map[string]segment.Section), number: 41}
	for _, s := range sections {
		v.sections[string(s.ID)] = s
	}
	return v
}

func section(id string) segment.Section {
	return segment.Section{ID: []byte(id), Size: 10, Expiration: never}
}

func configOf(flags, sections uint32, size, idSize uint64) *wire.Config {
	return &wire.Config{Checkpoint: 7, Attributes: wire.Attributes{
		CreationFlags: flags, MaxSections: sections, MaxSectionSize: size, MaxSectionIDSize: idSize,
	}}
}

func elements(e ...wire.Element) []wire.Element { return e }

const testNow = int64(1_700_000_000_500_000_000)

func TestDecideRefusals(t *testing.T) {
	four := configOf(wire.FlagAllReplicas, 4, 100, 16)
	one := configOf(wire.FlagAllReplicas, 1, 100, 16)
	none := configOf(wire.FlagAllReplicas, 0, 100, 16)
	noIDs := configOf(wire.FlagAllReplicas, 4, 100, 0)
	huge := configOf(wire.FlagAllReplicas, 4, math.MaxUint64, 16)
	broken := section("broken")
	broken.Corrupted = true
	full := viewOf(section("a"), section("b"), section("c"), section("d"))
	some := viewOf(section("a"), section("b"), broken)
	id := func(s string) wire.Element { return wire.Element{ID: []byte(s)} }
	sized := func(s string, offset, size uint64) wire.Element {
		return wire.Element{ID: []byte(s), Offset: offset, Size: size}
	}
	tests := []struct {
		name   string
		config *wire.Config
		at     place
		view   view
		update update
		code   wire.Code
		index  uint32
	}{
		{"create twice", four, placeHere, some, update{op: wire.OpSectionCreate, elements: elements(id("a")), time: never}, wire.Exist, 0},
		{"create: exists before full", four, placeHere, full, update{op: wire.OpSectionCreate, elements: elements(id("a")), time: never}, wire.Exist, 0},
		{"create in a full one", four, placeHere, full, update{op: wire.OpSectionCreate, elements: elements(id("e")), time: never}, wire.NoSpace, 0},
		{"generate in a full one", four, placeHere, full, update{op: wire.OpSectionCreate, elements: elements(id("")), generate: true}, wire.NoSpace, 0},
		{"create with maxSections 0", none, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id("e"))}, wire.NoSpace, 0},
		{"create with maxSections 1", one, placeHere, viewOf(section("")), update{op: wire.OpSectionCreate, elements: elements(id("e"))}, wire.Exist, 0},
		{"generate with maxSections 1", one, placeHere, viewOf(section("")), update{op: wire.OpSectionCreate, elements: elements(id("")), generate: true}, wire.Exist, 0},
		{"generate without room for ids", noIDs, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id("")), generate: true}, wire.InvalidParam, 0},
		{"generate with an id", four, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id("x")), generate: true}, wire.InvalidParam, 0},
		{"create without id", four, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id(""))}, wire.InvalidParam, 0},
		{"create with long id", four, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id("12345678901234567"))}, wire.InvalidParam, 0},
		{"create too large", four, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(sized("x", 0, 101)), data: make([]byte, 101)}, wire.InvalidParam, 0},
		{"create with less data than said", four, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(sized("x", 0, 10)), data: make([]byte, 9)}, wire.InvalidParam, 0},
		{"create two", four, placeHere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id("x"), id("y"))}, wire.InvalidParam, 0},
		{"create nothing", four, placeHere, viewOf(), update{op: wire.OpSectionCreate}, wire.InvalidParam, 0},
		{"create without active", four, placeNone, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id("x"))}, wire.NotExist, 0},
		{"create elsewhere", four, placeElsewhere, viewOf(), update{op: wire.OpSectionCreate, elements: elements(id("x"))}, wire.TryAgain, 0},
		{"create for reading", four, placeHere, viewOf(), update{op: wire.OpSectionCreate, access: wire.OpenRead, elements: elements(id("x"))}, wire.Access, 0},

		{"delete unknown", four, placeHere, some, update{op: wire.OpSectionDelete, elements: elements(id("x"))}, wire.NotExist, 0},
		{"delete default", four, placeHere, some, update{op: wire.OpSectionDelete, elements: elements(id(""))}, wire.InvalidParam, 0},
		{"delete with maxSections 1", one, placeHere, viewOf(section("")), update{op: wire.OpSectionDelete, elements: elements(id("x"))}, wire.InvalidParam, 0},
		{"delete for reading", four, placeHere, some, update{op: wire.OpSectionDelete, access: wire.OpenRead, elements: elements(id("a"))}, wire.Access, 0},
		{"delete without active", four, placeNone, some, update{op: wire.OpSectionDelete, elements: elements(id("a"))}, wire.NotExist, 0},
		{"delete nothing", four, placeHere, some, update{op: wire.OpSectionDelete}, wire.InvalidParam, 0},

		{"expire in the past", four, placeHere, some, update{op: wire.OpExpiration, elements: elements(id("a")), time: testNow - int64(time.Second)}, wire.InvalidParam, 0},
		{"expire at a negative time", four, placeHere, some, update{op: wire.OpExpiration, elements: elements(id("a")), time: -1}, wire.InvalidParam, 0},
		{"expire the default", one, placeHere, viewOf(section("")), update{op: wire.OpExpiration, elements: elements(id("")), time: never}, wire.InvalidParam, 0},
		{"expire with maxSections 1", one, placeHere, viewOf(section("")), update{op: wire.OpExpiration, elements: elements(id("a")), time: never}, wire.InvalidParam, 0},
		{"expire unknown", four, placeHere, some, update{op: wire.OpExpiration, elements: elements(id("x")), time: never}, wire.NotExist, 0},
		{"expire for reading", four, placeHere, some, update{op: wire.OpExpiration, access: wire.OpenRead, elements: elements(id("a")), time: never}, wire.Access, 0},

		{"write nothing", four, placeHere, some, update{op: wire.OpWrite}, wire.InvalidParam, 0},
		{"write beyond", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", 0, 1), sized("b", 100, 1)), data: make([]byte, 2)}, wire.NoResources, 1},
		{"write beyond all numbers", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", math.MaxUint64, 2)), data: make([]byte, 2)}, wire.NoResources, 0},
		{"write beyond all numbers of a huge one", huge, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", math.MaxUint64, 2)), data: make([]byte, 2)}, wire.NoResources, 0},
		{"write to unknown", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", 0, 1), sized("x", 0, 1), sized("y", 0, 1)), data: make([]byte, 3)}, wire.NotExist, 1},
		{"write to the default of many", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", 0, 1), sized("", 0, 1)), data: make([]byte, 2)}, wire.NotExist, 1},
		{"write to a corrupted one", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", 0, 1), sized("broken", 0, 1)), data: make([]byte, 2)}, wire.FailedOperation, 1},
		{"write too much before access", four, placeHere, some, update{op: wire.OpWrite, access: wire.OpenRead, elements: elements(sized("a", 0, 101)), data: make([]byte, 101)}, wire.InvalidParam, 0},
		{"write too much, second", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("x", 0, 1), sized("a", 0, 101)), data: make([]byte, 102)}, wire.InvalidParam, 1},
		{"write for reading", four, placeHere, some, update{op: wire.OpWrite, access: wire.OpenRead, elements: elements(sized("a", 0, 1)), data: make([]byte, 1)}, wire.Access, 0},
		{"write nothing for reading", four, placeHere, some, update{op: wire.OpWrite, access: wire.OpenRead}, wire.Access, 0},
		{"write less than said", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", 0, 1), sized("b", 0, 9)), data: make([]byte, 2)}, wire.InvalidParam, 1},
		{"write more than said", four, placeHere, some, update{op: wire.OpWrite, elements: elements(sized("a", 0, 1)), data: make([]byte, 2)}, wire.InvalidParam, 0},
		{"write without active", four, placeNone, some, update{op: wire.OpWrite, elements: elements(sized("a", 0, 1)), data: make([]byte, 1)}, wire.NotExist, 0},

		{"overwrite too much", four, placeHere, some, update{op: wire.OpOverwrite, elements: elements(sized("a", 0, 101)), data: make([]byte, 101)}, wire.InvalidParam, 0},
		{"overwrite too much for reading", four, placeHere, some, update{op: wire.OpOverwrite, access: wire.OpenRead, elements: elements(sized("a", 0, 101)), data: make([]byte, 101)}, wire.Access, 0},
		{"overwrite unknown", four, placeHere, some, update{op: wire.OpOverwrite, elements: elements(sized("x", 0, 1)), data: make([]byte, 1)}, wire.NotExist, 0},
		{"overwrite without active", four, placeNone, some, update{op: wire.OpOverwrite, elements: elements(sized("a", 0, 1)), data: make([]byte, 1)}, wire.NotExist, 0},
		{"overwrite two", four, placeHere, some, update{op: wire.OpOverwrite, elements: elements(id("a"), id("b"))}, wire.InvalidParam, 0},

		{"something else", four, placeHere, some, update{op: wire.OpRead, elements: elements(id("a"))}, wire.NotSupported, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := test.update
			if u.access == 0 {
				u.access = wire.OpenRead | wire.OpenWrite
			}
			u.now = testNow
			v := decide(test.config, test.at, test.view, &u)
			if v.code != test.code || v.index != test.index {
				t.Fatalf("code %v, index %d; want %v, %d", v.code, v.index, test.code, test.index)
			}
			if v.apply != nil {
				t.Fatalf("refused, and yet to be applied: %+v", v.apply)
			}
		})
	}
}

func TestDecideUpdates(t *testing.T) {
	v := viewOf(section("a"), section("b"))
	c := configOf(wire.FlagActiveWeak, 4, 100, 16)
	u := update{op: wire.OpWrite, access: wire.OpenWrite, open: 99, now: testNow, data: []byte("xyz"),
		elements: elements(wire.Element{ID: []byte("a"), Offset: 97, Size: 3}, wire.Element{ID: []byte("b"), Offset: 1, Size: 0})}
	d := decide(c, placeHere, v, &u)
	if d.code != wire.OK {
		t.Fatal(d.code)
	}
	if d.apply.Number != 42 || d.apply.Now != testNow || !d.apply.Weak || len(d.apply.Ops) != 2 {
		t.Fatalf("update %+v", d.apply)
	}
	if op := d.apply.Ops[0]; op.Kind != segment.OpWrite || op.Offset != 97 || string(op.Data) != "xyz" {
		t.Fatalf("op %+v", op)
	}
	if e := d.event; e.Checkpoint != 7 || e.Update != 42 || e.Writer != 99 || e.Deleted || len(e.Elements) != 2 {
		t.Fatalf("event %+v", e)
	}

	broken := section("broken")
	broken.Corrupted = true
	v = viewOf(broken)
	for _, op := range []wire.Op{wire.OpOverwrite, wire.OpSectionDelete} {
		u := update{op: op, access: wire.OpenWrite, now: testNow, elements: elements(wire.Element{ID: []byte("broken")})}
		if d := decide(c, placeHere, v, &u); d.code != wire.OK {
			t.Fatalf("operation %d on a corrupted section: %v", op, d.code)
		}
	}
}

func TestDecideCreation(t *testing.T) {
	c := configOf(wire.FlagAllReplicas, 4, 100, 16)
	for _, test := range []struct {
		name            string
		expiration, set int64
		past            bool
	}{
		{"never", never, never, false},
		{"later", testNow + 1, testNow + 1, false},
		{"past", testNow - 1, never, true},
		{"zero", 0, never, true},
		{"negative", -5, never, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := update{op: wire.OpSectionCreate, access: wire.OpenWrite, now: testNow, time: test.expiration,
				elements: elements(wire.Element{ID: []byte("x")})}
			d := decide(c, placeHere, viewOf(), &u)
			if d.code != wire.OK || d.apply.Ops[0].Expiration != test.set || d.pastExpiration != test.past {
				t.Fatalf("%v, expiration %d, past %v", d.code, d.apply.Ops[0].Expiration, d.pastExpiration)
			}
			if len(d.event.Elements) != 0 {
				t.Fatal("a creation without data is told to applications")
			}
		})
	}
}

func TestGenerate(t *testing.T) {
	v := viewOf()
	c := configOf(wire.FlagAllReplicas, math.MaxUint32, 100, 4)
	create := func() []byte {
		t.Helper()
		u := update{op: wire.OpSectionCreate, access: wire.OpenWrite, now: testNow, time: never, generate: true, elements: make([]wire.Element, 1)}
		d := decide(c, placeHere, v, &u)
		if d.code != wire.OK {
			t.Fatal(d.code)
		}
		if !bytes.Equal(d.generated, d.apply.Ops[0].Section) {
			t.Fatal("the id made is not the section's")
		}
		v.next = *d.apply.NextGenerated
		v.sections[string(d.generated)] = segment.Section{ID: d.generated}
		return d.generated
	}
	v.sections["\x00\x00\x00\x01"] = segment.Section{}
	for _, want := range []uint32{0, 2, 3} {
		if got := create(); len(got) != 4 || binary.BigEndian.Uint32(got) != want {
			t.Fatalf("id %x, want %x", got, want)
		}
	}
	delete(v.sections, "\x00\x00\x00\x03")
	if got := create(); binary.BigEndian.Uint32(got) != 4 {
		t.Fatalf("id %x: one that was deleted came again", got)
	}

	// One byte: 256 ids, each once; then the space is exhausted; a deleted one comes again.
	v, c = viewOf(), configOf(wire.FlagAllReplicas, math.MaxUint32, 100, 1)
	for i := range 256 {
		if got := create(); len(got) != 1 || int(got[0]) != i {
			t.Fatalf("id %x, want %x", got, i)
		}
	}
	u := update{op: wire.OpSectionCreate, access: wire.OpenWrite, now: testNow, generate: true, elements: make([]wire.Element, 1)}
	if d := decide(c, placeHere, v, &u); d.code != wire.NoSpace {
		t.Fatal(d.code)
	}
	delete(v.sections, "\x07")
	if got := create(); got[0] != 7 {
		t.Fatalf("id %x", got)
	}
	c.Attributes.MaxSectionIDSize = math.MaxUint64
	if got := create(); len(got) != 8 {
		t.Fatalf("id %x", got)
	}
}

func TestDecideExpired(t *testing.T) {
	s := section("a")
	s.Expiration = testNow
	v, c := viewOf(s), configOf(wire.FlagAllReplicas, 4, 100, 16)
	if d := decideExpired(c, placeHere, v, []byte("a"), testNow-1); d.code != wire.NotExist {
		t.Fatal("removed before its time")
	}
	if d := decideExpired(c, placeElsewhere, v, []byte("a"), testNow); d.code == wire.OK {
		t.Fatal("removed by a node whose replica is not active")
	}
	d := decideExpired(c, placeHere, v, []byte("a"), testNow)
	if d.code != wire.OK || d.apply.Number != 42 || d.apply.Ops[0].Kind != segment.OpDelete || d.apply.Result != nil {
		t.Fatalf("%v %+v", d.code, d.apply)
	}
	if d.event.Update != 42 || d.event.Writer != 0 || len(d.event.Elements) != 0 {
		t.Fatalf("event %+v", d.event)
	}
}

func TestResultRecord(t *testing.T) {
	for _, id := range [][]byte{nil, {1}, {1, 2, 3, 4, 5, 6, 7, 8}} {
		b := encodeResult(wire.OK, 3, id)
		if len(b) > wire.ResultBytesMax {
			t.Fatalf("%d bytes", len(b))
		}
		code, index, got, ok := decodeResult(b)
		if !ok || code != wire.OK || index != 3 || !bytes.Equal(got, id) {
			t.Fatal(code, index, got, ok)
		}
		for i := range b {
			decodeResult(b[:i]) // must not panic
		}
		if _, _, _, ok := decodeResult(b[:len(b)-1]); ok {
			t.Fatal("a record cut off was accepted")
		}
	}
	if _, _, _, ok := decodeResult(slices.Repeat([]byte{9}, 20)); ok {
		t.Fatal("a record of another version was accepted")
	}
}

func TestRole(t *testing.T) {
	sync, async := wire.Attributes{CreationFlags: wire.FlagAllReplicas}, wire.Attributes{CreationFlags: wire.FlagActiveReplica}
	e := wire.Epoch{Generation: 1, Counter: 2}
	tests := []struct {
		name             string
		config           wire.Config
		update, read     place
		together         place
		replica, lease   bool // lease: readers need one
		readable, inSync bool
	}{
		{"alone", wire.Config{Attributes: sync, Active: "a", InSync: []string{"a"}}, placeHere, placeHere, placeHere, true, false, true, true},
		{"no active", wire.Config{Attributes: async, InSync: []string{"a"}}, placeNone, placeNone, placeNone, true, false, false, true},
		{"active of two", wire.Config{Attributes: sync, Active: "a", InSync: []string{"a", "b"}}, placeHere, placeHere, placeElsewhere, true, true, true, true},
		{"second of two", wire.Config{Attributes: sync, Active: "b", InSync: []string{"a", "b"}}, placeElsewhere, placeHere, placeElsewhere, true, true, true, true},
		{"second of two, asynchronous", wire.Config{Attributes: async, Active: "b", InSync: []string{"a", "b"}}, placeElsewhere, placeElsewhere, placeElsewhere, true, true, false, true},
		{"joining", wire.Config{Attributes: sync, Active: "b", InSync: []string{"b"}, Joining: []string{"a"}}, placeElsewhere, placeElsewhere, placeElsewhere, true, true, false, false},
		{"opener only", wire.Config{Attributes: sync, Active: "b", InSync: []string{"b"}, Open: []string{"a"}}, placeElsewhere, placeElsewhere, placeElsewhere, false, true, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := roleOf(&test.config, "a")
			s := r.state(e)
			if r.update != test.update || r.read != test.read || r.together() != test.together || r.replica != test.replica || r.inSync != test.inSync {
				t.Fatalf("%+v, together %d", r, r.together())
			}
			if s.Readable != test.readable || s.InSync != test.inSync || (s.LeaseDeadline != segment.NoLease) != test.lease || s.Epoch.Counter != 2 {
				t.Fatalf("%+v", s)
			}
		})
	}
}

// Through clCkpt* a checkpoint can be made without a limit on its sections' sizes; through saCkpt* 0 is a limit.
func TestSectionSizeWithoutLimit(t *testing.T) {
	for _, backup := range []bool{false, true} {
		config := configOf(wire.FlagAllReplicas, 4, 0, 16)
		config.Backup = backup
		want := map[bool]wire.Code{false: wire.InvalidParam, true: wire.OK}[backup]
		for _, op := range []wire.Op{wire.OpSectionCreate, wire.OpWrite, wire.OpOverwrite} {
			id := "a"
			if op == wire.OpSectionCreate {
				id = "new"
			}
			u := update{op: op, access: wire.OpenWrite, data: make([]byte, 1000), time: never, now: testNow,
				elements: elements(wire.Element{ID: []byte(id), Size: 1000})}
			if v := decide(config, placeHere, viewOf(section("a")), &u); v.code != want {
				t.Errorf("operation %d, made through clCkpt* %v: %v, want %v", op, backup, v.code, want)
			}
		}
	}
}

// saCkpt* takes an expiration that is over for never, clCkpt* for an error; the current second is not over.
func TestExpirationOverAtCreation(t *testing.T) {
	second := int64(time.Second)
	for _, test := range []struct {
		time   int64
		refuse bool
		code   wire.Code
		kept   int64
	}{
		{testNow - second, false, wire.OK, never},
		{testNow - second, true, wire.InvalidParam, 0},
		{0, true, wire.InvalidParam, 0},
		{testNow - 1, true, wire.OK, testNow - 1},
		{testNow + 1, true, wire.OK, testNow + 1},
		{never, true, wire.OK, never},
	} {
		u := update{op: wire.OpSectionCreate, access: wire.OpenWrite, elements: elements(wire.Element{ID: []byte("s")}),
			time: test.time, refusePast: test.refuse, now: testNow}
		v := decide(configOf(wire.FlagAllReplicas, 4, 100, 16), placeHere, viewOf(), &u)
		if v.code != test.code {
			t.Errorf("%+v: %v", test, v.code)
		} else if v.code == wire.OK && v.apply.Ops[0].Expiration != test.kept {
			t.Errorf("%+v: expires at %d", test, v.apply.Ops[0].Expiration)
		}
	}
}

func TestCreationFlagsAccepted(t *testing.T) {
	for _, test := range []struct {
		flags uint32
		whole bool
		want  wire.Code
	}{
		{1, false, wire.OK}, {0xc, false, wire.OK}, {0, false, wire.InvalidParam}, {3, false, wire.InvalidParam},
		{0x12, false, wire.InvalidParam}, {0, true, wire.OK}, {0x1ff, true, wire.OK},
	} {
		a := wire.Attributes{CreationFlags: test.flags, MaxSections: 1, MaxSectionSize: 1}
		if code := checkAttributes(&a, test.whole); code != test.want {
			t.Errorf("%#x, whole %v: %v", test.flags, test.whole, code)
		}
	}
	a := wire.Attributes{CreationFlags: 1, MaxSections: 1, CheckpointSize: 5}
	if checkAttributes(&a, true) != wire.OK || checkAttributes(&a, false) != wire.InvalidParam {
		t.Error("a size without a limit on sections")
	}
}
