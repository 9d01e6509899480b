package segment

import (
	"errors"
	"fmt"
	"testing"
)

// Sections deleted in a segment that is full make room for as many others of the same size, also when the table of
// sections is as full as the memory is and there is no contiguous room for another one.
func TestFullTable(t *testing.T) {
	for quota := uint64(100 << 10); quota < 400<<10; quota += 4 << 10 {
		r := create(t, NewQuota(quota))
		id := func(n int) []byte { return fmt.Appendf(nil, "%06d", n) }
		next := func(ops ...Op) error { return r.Apply(&Update{Number: r.Number() + 1, Ops: ops}) }
		created := 0
		for ; ; created++ {
			err := next(Op{Kind: OpCreate, Section: id(created), Data: make([]byte, 1+created%40)})
			if errors.Is(err, ErrNoSpace) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for n := 0; n < created; n += 2 {
			if err := next(Op{Kind: OpDelete, Section: id(n)}); err != nil {
				t.Fatal(err)
			}
		}
		for n := 0; n < created; n += 2 {
			if err := next(Op{Kind: OpCreate, Section: id(n), Data: make([]byte, 1+n%40)}); err != nil {
				t.Fatalf("quota %d: section %d of %d can't be created again: %v", quota, n, created, err)
			}
		}
		if _, err := modelOf(r); err != nil {
			t.Fatal(err)
		}
		path := r.Path()
		r.Close()
		if r, err := Attach(path, nil); err != nil {
			t.Fatal(err)
		} else {
			r.Close()
		}
	}
}
