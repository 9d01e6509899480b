package replication

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
	return segment.Section{ID: []byte(id), Size: 10, Expiration: Never}
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
		at     Place
		view   View
		update Update
		code   wire.Code
		index  uint32
	}{
		{"create twice", four, Here, some, Update{Op: wire.OpSectionCreate, Elements: elements(id("a")), Time: Never}, wire.Exist, 0},
		{"create: exists before full", four, Here, full, Update{Op: wire.OpSectionCreate, Elements: elements(id("a")), Time: Never}, wire.Exist, 0},
		{"create in a full one", four, Here, full, Update{Op: wire.OpSectionCreate, Elements: elements(id("e")), Time: Never}, wire.NoSpace, 0},
		{"generate in a full one", four, Here, full, Update{Op: wire.OpSectionCreate, Elements: elements(id("")), Generate: true}, wire.NoSpace, 0},
		{"create with maxSections 0", none, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id("e"))}, wire.NoSpace, 0},
		{"create with maxSections 1", one, Here, viewOf(section("")), Update{Op: wire.OpSectionCreate, Elements: elements(id("e"))}, wire.Exist, 0},
		{"generate with maxSections 1", one, Here, viewOf(section("")), Update{Op: wire.OpSectionCreate, Elements: elements(id("")), Generate: true}, wire.Exist, 0},
		{"generate without room for ids", noIDs, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id("")), Generate: true}, wire.InvalidParam, 0},
		{"generate with an id", four, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id("x")), Generate: true}, wire.InvalidParam, 0},
		{"create without id", four, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id(""))}, wire.InvalidParam, 0},
		{"create with long id", four, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id("12345678901234567"))}, wire.InvalidParam, 0},
		{"create too large", four, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(sized("x", 0, 101)), Data: make([]byte, 101)}, wire.InvalidParam, 0},
		{"create with less data than said", four, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(sized("x", 0, 10)), Data: make([]byte, 9)}, wire.InvalidParam, 0},
		{"create two", four, Here, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id("x"), id("y"))}, wire.InvalidParam, 0},
		{"create nothing", four, Here, viewOf(), Update{Op: wire.OpSectionCreate}, wire.InvalidParam, 0},
		{"create without active", four, Nowhere, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id("x"))}, wire.NotExist, 0},
		{"create elsewhere", four, Elsewhere, viewOf(), Update{Op: wire.OpSectionCreate, Elements: elements(id("x"))}, wire.TryAgain, 0},
		{"create for reading", four, Here, viewOf(), Update{Op: wire.OpSectionCreate, Access: wire.OpenRead, Elements: elements(id("x"))}, wire.Access, 0},

		{"delete unknown", four, Here, some, Update{Op: wire.OpSectionDelete, Elements: elements(id("x"))}, wire.NotExist, 0},
		{"delete default", four, Here, some, Update{Op: wire.OpSectionDelete, Elements: elements(id(""))}, wire.InvalidParam, 0},
		{"delete with maxSections 1", one, Here, viewOf(section("")), Update{Op: wire.OpSectionDelete, Elements: elements(id("x"))}, wire.InvalidParam, 0},
		{"delete for reading", four, Here, some, Update{Op: wire.OpSectionDelete, Access: wire.OpenRead, Elements: elements(id("a"))}, wire.Access, 0},
		{"delete without active", four, Nowhere, some, Update{Op: wire.OpSectionDelete, Elements: elements(id("a"))}, wire.NotExist, 0},
		{"delete nothing", four, Here, some, Update{Op: wire.OpSectionDelete}, wire.InvalidParam, 0},

		{"expire in the past", four, Here, some, Update{Op: wire.OpExpiration, Elements: elements(id("a")), Time: testNow - int64(time.Second)}, wire.InvalidParam, 0},
		{"expire at a negative time", four, Here, some, Update{Op: wire.OpExpiration, Elements: elements(id("a")), Time: -1}, wire.InvalidParam, 0},
		{"expire the default", one, Here, viewOf(section("")), Update{Op: wire.OpExpiration, Elements: elements(id("")), Time: Never}, wire.InvalidParam, 0},
		{"expire with maxSections 1", one, Here, viewOf(section("")), Update{Op: wire.OpExpiration, Elements: elements(id("a")), Time: Never}, wire.InvalidParam, 0},
		{"expire unknown", four, Here, some, Update{Op: wire.OpExpiration, Elements: elements(id("x")), Time: Never}, wire.NotExist, 0},
		{"expire for reading", four, Here, some, Update{Op: wire.OpExpiration, Access: wire.OpenRead, Elements: elements(id("a")), Time: Never}, wire.Access, 0},

		{"write nothing", four, Here, some, Update{Op: wire.OpWrite}, wire.InvalidParam, 0},
		{"write beyond", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", 0, 1), sized("b", 100, 1)), Data: make([]byte, 2)}, wire.NoResources, 1},
		{"write beyond all numbers", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", math.MaxUint64, 2)), Data: make([]byte, 2)}, wire.NoResources, 0},
		{"write beyond all numbers of a huge one", huge, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", math.MaxUint64, 2)), Data: make([]byte, 2)}, wire.NoResources, 0},
		{"write to unknown", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", 0, 1), sized("x", 0, 1), sized("y", 0, 1)), Data: make([]byte, 3)}, wire.NotExist, 1},
		{"write to the default of many", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", 0, 1), sized("", 0, 1)), Data: make([]byte, 2)}, wire.NotExist, 1},
		{"write to a corrupted one", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", 0, 1), sized("broken", 0, 1)), Data: make([]byte, 2)}, wire.FailedOperation, 1},
		{"write too much before access", four, Here, some, Update{Op: wire.OpWrite, Access: wire.OpenRead, Elements: elements(sized("a", 0, 101)), Data: make([]byte, 101)}, wire.InvalidParam, 0},
		{"write too much, second", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("x", 0, 1), sized("a", 0, 101)), Data: make([]byte, 102)}, wire.InvalidParam, 1},
		{"write for reading", four, Here, some, Update{Op: wire.OpWrite, Access: wire.OpenRead, Elements: elements(sized("a", 0, 1)), Data: make([]byte, 1)}, wire.Access, 0},
		{"write nothing for reading", four, Here, some, Update{Op: wire.OpWrite, Access: wire.OpenRead}, wire.Access, 0},
		{"write less than said", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", 0, 1), sized("b", 0, 9)), Data: make([]byte, 2)}, wire.InvalidParam, 1},
		{"write more than said", four, Here, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", 0, 1)), Data: make([]byte, 2)}, wire.InvalidParam, 0},
		{"write without active", four, Nowhere, some, Update{Op: wire.OpWrite, Elements: elements(sized("a", 0, 1)), Data: make([]byte, 1)}, wire.NotExist, 0},

		{"overwrite too much", four, Here, some, Update{Op: wire.OpOverwrite, Elements: elements(sized("a", 0, 101)), Data: make([]byte, 101)}, wire.InvalidParam, 0},
		{"overwrite too much for reading", four, Here, some, Update{Op: wire.OpOverwrite, Access: wire.OpenRead, Elements: elements(sized("a", 0, 101)), Data: make([]byte, 101)}, wire.Access, 0},
		{"overwrite unknown", four, Here, some, Update{Op: wire.OpOverwrite, Elements: elements(sized("x", 0, 1)), Data: make([]byte, 1)}, wire.NotExist, 0},
		{"overwrite without active", four, Nowhere, some, Update{Op: wire.OpOverwrite, Elements: elements(sized("a", 0, 1)), Data: make([]byte, 1)}, wire.NotExist, 0},
		{"overwrite two", four, Here, some, Update{Op: wire.OpOverwrite, Elements: elements(id("a"), id("b"))}, wire.InvalidParam, 0},

		{"something else", four, Here, some, Update{Op: wire.OpRead, Elements: elements(id("a"))}, wire.NotSupported, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := test.update
			if u.Access == 0 {
				u.Access = wire.OpenRead | wire.OpenWrite
			}
			u.Now = testNow
			v := Decide(test.config, test.at, test.view, &u)
			if v.Code != test.code || v.Index != test.index {
				t.Fatalf("code %v, index %d; want %v, %d", v.Code, v.Index, test.code, test.index)
			}
			if v.Apply != nil {
				t.Fatalf("refused, and yet to be applied: %+v", v.Apply)
			}
		})
	}
}

func TestDecideUpdates(t *testing.T) {
	v := viewOf(section("a"), section("b"))
	c := configOf(wire.FlagActiveWeak, 4, 100, 16)
	u := Update{Op: wire.OpWrite, Access: wire.OpenWrite, Open: 99, Now: testNow, Data: []byte("xyz"),
		Elements: elements(wire.Element{ID: []byte("a"), Offset: 97, Size: 3}, wire.Element{ID: []byte("b"), Offset: 1, Size: 0})}
	d := Decide(c, Here, v, &u)
	if d.Code != wire.OK {
		t.Fatal(d.Code)
	}
	if d.Apply.Number != 42 || d.Apply.Now != testNow || !d.Apply.Weak || len(d.Apply.Ops) != 2 {
		t.Fatalf("update %+v", d.Apply)
	}
	if op := d.Apply.Ops[0]; op.Kind != segment.OpWrite || op.Offset != 97 || string(op.Data) != "xyz" {
		t.Fatalf("op %+v", op)
	}
	if e := d.Event; e.Checkpoint != 7 || e.Update != 42 || e.Writer != 99 || e.Deleted || len(e.Elements) != 2 {
		t.Fatalf("event %+v", e)
	}

	broken := section("broken")
	broken.Corrupted = true
	v = viewOf(broken)
	for _, op := range []wire.Op{wire.OpOverwrite, wire.OpSectionDelete} {
		u := Update{Op: op, Access: wire.OpenWrite, Now: testNow, Elements: elements(wire.Element{ID: []byte("broken")})}
		if d := Decide(c, Here, v, &u); d.Code != wire.OK {
			t.Fatalf("operation %d on a corrupted section: %v", op, d.Code)
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
		{"never", Never, Never, false},
		{"later", testNow + 1, testNow + 1, false},
		{"past", testNow - 1, Never, true},
		{"zero", 0, Never, true},
		{"negative", -5, Never, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := Update{Op: wire.OpSectionCreate, Access: wire.OpenWrite, Now: testNow, Time: test.expiration,
				Elements: elements(wire.Element{ID: []byte("x")})}
			d := Decide(c, Here, viewOf(), &u)
			if d.Code != wire.OK || d.Apply.Ops[0].Expiration != test.set || d.PastExpiration != test.past {
				t.Fatalf("%v, expiration %d, past %v", d.Code, d.Apply.Ops[0].Expiration, d.PastExpiration)
			}
			if len(d.Event.Elements) != 0 {
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
		u := Update{Op: wire.OpSectionCreate, Access: wire.OpenWrite, Now: testNow, Time: Never, Generate: true, Elements: make([]wire.Element, 1)}
		d := Decide(c, Here, v, &u)
		if d.Code != wire.OK {
			t.Fatal(d.Code)
		}
		if !bytes.Equal(d.Generated, d.Apply.Ops[0].Section) {
			t.Fatal("the id made is not the section's")
		}
		v.next = *d.Apply.NextGenerated
		v.sections[string(d.Generated)] = segment.Section{ID: d.Generated}
		return d.Generated
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
	u := Update{Op: wire.OpSectionCreate, Access: wire.OpenWrite, Now: testNow, Generate: true, Elements: make([]wire.Element, 1)}
	if d := Decide(c, Here, v, &u); d.Code != wire.NoSpace {
		t.Fatal(d.Code)
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
	if d := DecideExpired(c, Here, v, []byte("a"), testNow-1); d.Code != wire.NotExist {
		t.Fatal("removed before its time")
	}
	if d := DecideExpired(c, Elsewhere, v, []byte("a"), testNow); d.Code == wire.OK {
		t.Fatal("removed by a node whose replica is not active")
	}
	d := DecideExpired(c, Here, v, []byte("a"), testNow)
	if d.Code != wire.OK || d.Apply.Number != 42 || d.Apply.Ops[0].Kind != segment.OpDelete || d.Apply.Result != nil {
		t.Fatalf("%v %+v", d.Code, d.Apply)
	}
	if d.Event.Update != 42 || d.Event.Writer != 0 || len(d.Event.Elements) != 0 {
		t.Fatalf("event %+v", d.Event)
	}
}

func TestResultRecord(t *testing.T) {
	for _, id := range [][]byte{nil, {1}, {1, 2, 3, 4, 5, 6, 7, 8}} {
		b := EncodeResult(&Result{wire.OK, 3, id, 1 << 40})
		if len(b) > wire.ResultBytesMax {
			t.Fatalf("%d bytes", len(b))
		}
		r, ok := DecodeResult(b)
		if !ok || r.Code != wire.OK || r.Index != 3 || r.Number != 1<<40 || !bytes.Equal(r.Generated, id) {
			t.Fatal(r, ok)
		}
		for i := range b {
			DecodeResult(b[:i]) // must not panic
		}
		if _, ok := DecodeResult(b[:len(b)-1]); ok {
			t.Fatal("a record cut off was accepted")
		}
	}
	if _, ok := DecodeResult(slices.Repeat([]byte{9}, 20)); ok {
		t.Fatal("a record of another version was accepted")
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
			u := Update{Op: op, Access: wire.OpenWrite, Data: make([]byte, 1000), Time: Never, Now: testNow,
				Elements: elements(wire.Element{ID: []byte(id), Size: 1000})}
			if v := Decide(config, Here, viewOf(section("a")), &u); v.Code != want {
				t.Errorf("operation %d, made through clCkpt* %v: %v, want %v", op, backup, v.Code, want)
			}
		}
	}
}

// saCkpt* takes an expiration that is over for Never, clCkpt* for an error; the current second is not over.
func TestExpirationOverAtCreation(t *testing.T) {
	second := int64(time.Second)
	for _, test := range []struct {
		time   int64
		refuse bool
		code   wire.Code
		kept   int64
	}{
		{testNow - second, false, wire.OK, Never},
		{testNow - second, true, wire.InvalidParam, 0},
		{0, true, wire.InvalidParam, 0},
		{testNow - 1, true, wire.OK, testNow - 1},
		{testNow + 1, true, wire.OK, testNow + 1},
		{Never, true, wire.OK, Never},
	} {
		u := Update{Op: wire.OpSectionCreate, Access: wire.OpenWrite, Elements: elements(wire.Element{ID: []byte("s")}),
			Time: test.time, RefusePast: test.refuse, Now: testNow}
		v := Decide(configOf(wire.FlagAllReplicas, 4, 100, 16), Here, viewOf(), &u)
		if v.Code != test.code {
			t.Errorf("%+v: %v", test, v.Code)
		} else if v.Code == wire.OK && v.Apply.Ops[0].Expiration != test.kept {
			t.Errorf("%+v: expires at %d", test, v.Apply.Ops[0].Expiration)
		}
	}
}
