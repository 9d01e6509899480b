package replication

import (
	"slices"
	"testing"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

func TestIndexOrder(t *testing.T) {
	ids := []string{"b", "", "aa", "a", "ab", "b\x00", "c"}
	x := NewIndex(func(yield func(segment.Section) bool) {
		for _, id := range ids {
			yield(segment.Section{ID: []byte(id)})
		}
	})
	list := func(from []byte) (got []string) {
		x.After(from, func(id string) bool { got = append(got, id); return true })
		return got
	}
	if got, want := list(nil), []string{"", "a", "b", "c", "aa", "ab", "b\x00"}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	if got, want := list([]byte("b")), []string{"c", "aa", "ab", "b\x00"}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	x.Apply([]segment.Op{{Kind: segment.OpDelete, Section: []byte("c")}, {Kind: segment.OpCreate, Section: []byte("d")}})
	// The cursor need not exist.
	if got, want := list([]byte("c")), []string{"d", "aa", "ab", "b\x00"}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	if got := list([]byte{}); len(got) != 6 {
		t.Fatalf("after the default section: %q", got)
	}
}

func TestChosen(t *testing.T) {
	at := func(n int64) *segment.Section { return &segment.Section{Expiration: n} }
	broken := &segment.Section{Expiration: Never, Corrupted: true}
	for _, test := range []struct {
		s      *segment.Section
		choice uint32
		time   int64
		want   bool
	}{
		{at(Never), wire.ChooseForever, 0, true}, {at(5), wire.ChooseForever, 0, false},
		{at(5), wire.ChooseExpiryLeq, 5, true}, {at(6), wire.ChooseExpiryLeq, 5, false}, {at(Never), wire.ChooseExpiryLeq, Never, false},
		{at(5), wire.ChooseExpiryGeq, 5, true}, {at(4), wire.ChooseExpiryGeq, 5, false}, {at(Never), wire.ChooseExpiryGeq, 5, true},
		{at(5), wire.ChooseCorrupted, 0, false}, {broken, wire.ChooseCorrupted, 0, true},
		{at(5), wire.ChooseAny, 0, true}, {broken, wire.ChooseAny, 0, true},
	} {
		if got := Chosen(test.s, test.choice, test.time); got != test.want {
			t.Errorf("choice %d, time %d of %+v: %v", test.choice, test.time, test.s, got)
		}
	}
}
