package segment

import (
	"errors"
	"testing"
)

// Sections of another replica keep their numbers, times and states; the updates go on after the last number.
func TestCopied(t *testing.T) {
	r, err := Create(shmDir(t), testIdentity, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put := func(number uint64, now int64, ops ...Op) {
		t.Helper()
		if err := r.Apply(&Update{Number: number, Now: now, Ops: ops, Copied: true}); err != nil {
			t.Fatal(err)
		}
	}
	put(7, 70, Op{Kind: OpCreate, Section: []byte("a"), Data: []byte("old"), Expiration: 1000})
	put(7, 71, Op{Kind: OpCreate, Section: []byte("b"), Data: []byte("same"), Expiration: 2000})
	put(12, 90, Op{Kind: OpCreate, Section: []byte("c"), Data: make([]byte, 9), Corrupted: true})
	if err := r.Apply(&Update{Number: 11, Copied: true}); !errors.Is(err, ErrNumber) {
		t.Errorf("a number before the last: %v", err)
	}
	next := uint64(5)
	if err := r.Apply(&Update{Number: 20, Copied: true, NextGenerated: &next}); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]Section{
		"a": {Size: 3, Expiration: 1000, LastUpdate: 70, Number: 7},
		"b": {Size: 4, Expiration: 2000, LastUpdate: 71, Number: 7},
		"c": {Size: 9, LastUpdate: 90, Number: 12, Corrupted: true},
	} {
		s, exists := r.Lookup([]byte(id))
		if !exists || s.Size != want.Size || s.Expiration != want.Expiration || s.LastUpdate != want.LastUpdate ||
			s.Number != want.Number || s.Corrupted != want.Corrupted {
			t.Errorf("%s: %+v", id, s)
		}
	}
	if _, err := r.ReadAt([]byte("c"), 0, make([]byte, 1)); !errors.Is(err, ErrCorrupted) {
		t.Errorf("read of the corrupted section: %v", err)
	}
	if r.Number() != 20 || r.NextGenerated() != 5 || r.Count() != 3 {
		t.Errorf("number %d, next %d, %d sections", r.Number(), r.NextGenerated(), r.Count())
	}
	if err := r.Apply(&Update{Number: 22}); !errors.Is(err, ErrNumber) {
		t.Errorf("a gap: %v", err)
	}
	if err := r.Apply(&Update{Number: 21, Now: 95, Ops: []Op{{Kind: OpOverwrite, Section: []byte("c"), Data: []byte("x")}}}); err != nil {
		t.Fatal(err)
	}
	path := r.Path()
	r.Close()
	if r, err = Attach(path, nil); err != nil {
		t.Fatal(err)
	}
	if s, _ := r.Lookup([]byte("c")); s.Corrupted || s.Number != 21 {
		t.Errorf("%+v", s)
	}
}
