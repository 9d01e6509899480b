package nodedirector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

const testNow = int64(1_700_000_000_500_000_000)

func TestHistory(t *testing.T) {
	var h history
	if _, upto, ok := h.since(5, 5); !ok || upto != 5 {
		t.Fatal("nothing since the last update is exact")
	}
	if _, _, ok := h.since(4, 5); ok {
		t.Fatal("update 5 is not held")
	}
	for i := uint64(6); i < 6+3*historyEventsMax; i++ {
		h.add(wire.Event{Update: i, Elements: []wire.Element{{ID: []byte("x")}}})
		if len(h.events) > 3*historyEventsMax {
			t.Fatalf("%d events held", len(h.events))
		}
	}
	last := uint64(6 + 3*historyEventsMax - 1)
	if _, _, ok := h.since(last-historyEventsMax-1, last); ok {
		t.Fatal("an update beyond the limit is held")
	}
	from := last - historyEventsMax
	for from < last {
		events, upto, ok := h.since(from, last)
		if !ok || len(events) == 0 || len(events) > wire.EventsPerFrame {
			t.Fatal(len(events), ok)
		}
		for _, e := range events {
			if from++; e.Update != from {
				t.Fatalf("event %d, want %d", e.Update, from)
			}
		}
		if upto != from {
			t.Fatalf("covers %d, last event %d", upto, from)
		}
	}
	h.add(wire.Event{Update: last + 2})
	if _, _, ok := h.since(last-1, last+2); ok {
		t.Fatal("a gap was bridged")
	}
	h.clear()
	big := make([]byte, historyBytesMax)
	h.add(wire.Event{Update: 1, Elements: []wire.Element{{ID: big}}})
	h.add(wire.Event{Update: 2})
	if _, _, ok := h.since(0, 2); ok {
		t.Fatal("more is held than the limit allows")
	}
}

func TestWholeSince(t *testing.T) {
	var all []segment.Section
	for i := range 40_000 {
		all = append(all, segment.Section{ID: fmt.Appendf(nil, "section-%05d", i), Size: uint64(i), Number: uint64(i/3 + 1)})
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	last := uint64(50_000)
	seen := make(map[string]uint64)
	pages := 0
	for since := uint64(10); since < last; pages++ {
		whole, upto := wholeSince(slices.Values(all), since, last)
		if upto <= since {
			t.Fatal("no progress")
		}
		for _, e := range whole {
			if _, twice := seen[string(e.ID)]; twice {
				t.Fatalf("%s twice", e.ID)
			}
			seen[string(e.ID)] = e.Size
		}
		since = upto
	}
	if want := 40_000 - 30; len(seen) != want || pages < 2 {
		t.Fatalf("%d sections in %d pages, want %d", len(seen), pages, want)
	}
}

func TestExpiry(t *testing.T) {
	var e expiry
	key := func(c uint64, s string) sectionKey { return sectionKey{c, s} }
	second := int64(time.Second)
	wall, mono := testNow, int64(1000*second)
	e.set(key(1, "a"), wall+3*second)
	e.set(key(1, "b"), wall+1*second)
	e.set(key(2, "a"), wall+2*second)
	e.set(key(2, "never"), replication.Never)
	e.set(key(3, "x"), wall+second)
	e.set(key(1, "b"), wall+5*second) // moved
	e.removeAll(3)
	advance := func(d int64) []sectionKey { wall += d; mono += d; return e.due(wall, mono) }
	if got := advance(0); len(got) != 0 {
		t.Fatal(got)
	}
	if got := e.next(wall); got != time.Second {
		t.Fatalf("look again after %v", got)
	}
	if got := advance(2*second + second/2); !slices.Equal(got, []sectionKey{key(2, "a")}) {
		t.Fatal(got)
	}
	if got := e.next(wall); got != time.Second/2 {
		t.Fatalf("look again after %v", got)
	}
	e.remove(key(1, "a"))
	if got := advance(second); len(got) != 0 {
		t.Fatal(got)
	}
	if got := advance(10 * second); !slices.Equal(got, []sectionKey{key(1, "b")}) {
		t.Fatal(got)
	}
	if len(e.items) != 0 || len(e.heap) != 0 {
		t.Fatal("something is left")
	}
	if e.next(wall) != clockLook {
		t.Fatal("an idle clock is looked at each second")
	}
}

// Small steps of the wall clock are followed; a large one stops expiry until the clock has been stable.
func TestExpiryClockSteps(t *testing.T) {
	second := int64(time.Second)
	var e expiry
	wall, mono := testNow, int64(1000*second)
	e.set(sectionKey{1, "a"}, wall+1800*second)
	e.set(sectionKey{1, "b"}, wall+3*3600*second)
	look := func(step, pass int64) int { wall += step + pass; mono += pass; return len(e.due(wall, mono)) }
	if look(0, 0) != 0 {
		t.Fatal("too early")
	}
	if look(1801*second, second) != 1 {
		t.Fatal("a step of half an hour is not followed")
	}
	if look(4*3600*second, second) != 0 {
		t.Fatal("expired by a leap of the clock")
	}
	if e.next(wall) != clockLook {
		t.Fatal("while the clock is not trusted it is looked at each second")
	}
	for range 30 {
		if look(0, second) != 0 {
			t.Fatal("expired before the clock was stable for long enough")
		}
	}
	if look(-4*3600*second, second) != 0 { // mended
		t.Fatal("expired")
	}
	for range 59 {
		if look(0, second) != 0 {
			t.Fatal("expired by a clock that was set back")
		}
	}
	look(0, 2*second)
	if e.clock.holding {
		t.Fatal("the clock is not trusted though it has been stable for a minute")
	}
	for i, expired := range []int{0, 0, 1} {
		if n := look(3400*second, second); n != expired {
			t.Fatalf("%d expired after step %d below the limit", n, i+1)
		}
	}
	// The wall clock at its end must not overflow anything.
	e.set(sectionKey{1, "c"}, math.MaxInt64-1)
	e.next(0)
	e.due(math.MaxInt64, mono)
}

func TestDeletionsSince(t *testing.T) {
	var ds deletions
	none := func([]byte) bool { return false }
	for i := uint64(1); i <= 3; i++ {
		id := fmt.Appendf(nil, "s%d", i)
		ds.add(&wire.Event{Update: 3 * i, Elements: []wire.Element{{ID: id, Size: 1}}}) // a write
		ds.add(&wire.Event{Update: 3*i + 1, Deleted: true, Elements: []wire.Element{{ID: id}}})
		ds.add(&wire.Event{Update: 3*i + 2, Expired: append(id, 'x')})
	}
	for _, test := range []struct {
		n, last uint64
		want    string
	}{
		{0, 20, "4 s1 false, 5 s1x true, 7 s2 false, 8 s2x true, 10 s3 false, 11 s3x true, "},
		{4, 10, "5 s1x true, 7 s2 false, 8 s2x true, 10 s3 false, "},
		{11, 20, ""},
	} {
		gone, upto := ds.since(test.n, test.last, none)
		got := ""
		for _, d := range gone {
			got += fmt.Sprintf("%d %s %v, ", d.number, d.id, d.expired)
		}
		if got != test.want || upto != test.last {
			t.Errorf("since %d, up to %d: %q, covers %d", test.n, test.last, got, upto)
		}
	}
	if gone, _ := ds.since(0, 20, func(id []byte) bool { return string(id) != "s2" }); len(gone) != 1 || gone[0].number != 7 {
		t.Errorf("sections that exist again are told of as gone: %v", gone)
	}
}

func TestDeletionsAreBounded(t *testing.T) {
	var ds deletions
	const n = 200_000
	for i := uint64(1); i <= n; i++ {
		ds.add(&wire.Event{Update: i, Deleted: true, Elements: []wire.Element{{ID: make([]byte, 16)}}})
	}
	if held := len(ds.held) - ds.first; held > 65536 || held < 65536-1 || len(ds.held) > 3*65536 {
		t.Fatalf("%d of %d held", held, len(ds.held))
	}
	seen := uint64(0)
	for since, pages := uint64(0), 0; since < n; pages++ {
		gone, upto := ds.since(since, n, func([]byte) bool { return false })
		if upto <= since || pages > n {
			t.Fatal("no progress")
		}
		seen, since = seen+uint64(len(gone)), upto
	}
	if seen != uint64(len(ds.held)-ds.first) {
		t.Fatalf("%d told of, %d held", seen, len(ds.held)-ds.first)
	}
}
