package nodedirector

import (
	"fmt"
	"testing"
	"time"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// Iterating many sections in full pages delivers each of them; -v shows what the pages take.
func TestIterationOfMany(t *testing.T) {
	f := newFixture(t, nil)
	a := f.application()
	a.open(1, "many", func(r *wire.OpenRequest) { r.Attributes.MaxSections = 1 << 20 })
	c := f.n.checkpoint(1)
	const sections = 100_000
	c.mu.Lock()
	for i := range sections {
		v := c.doLocked(time.Now().UnixNano(), &replication.Request{Kind: replication.RequestUpdate, Update: replication.Update{
			Op: wire.OpSectionCreate, Access: wire.OpenWrite, Open: 1, Time: replication.Never,
			Elements: []wire.Element{{ID: fmt.Appendf(nil, "%d", i)}},
			Request:  wire.RequestID{Session: a.welcome.Session, Slot: 9, Number: uint64(i + 1)},
		}})
		if v.Code != wire.OK {
			t.Fatal(v.Code)
		}
	}
	c.unlock()
	r := &wire.SectionsRequest{Open: 1, Chosen: wire.ChooseAny, Limit: wire.SectionsPageMax}
	n := 0
	var first, last time.Duration
	for more := true; more; {
		began := time.Now()
		var page wire.SectionsReply
		a.must(wire.OpSections, r, &page, nil)
		last = time.Since(began)
		if first == 0 {
			first = last
		}
		n += len(page.Sections)
		if more = page.More; more {
			r.Resume, r.After = true, page.Sections[len(page.Sections)-1].ID
		}
	}
	if n != sections {
		t.Fatal(n)
	}
	t.Logf("first page %v, last %v", first, last)
}
