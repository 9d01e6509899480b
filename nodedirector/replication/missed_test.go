package replication

import (
	"fmt"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// What a follower is given as whole sections its applications have not been told of: they are told that they missed it, also
// if it is one update only, whose number is the next one.
func TestMissedIsTold(t *testing.T) {
	for _, flags := range []uint32{wire.FlagAllReplicas, wire.FlagActiveReplica} {
		c, d, write := continuing(t, flags)
		a, b := c.nodes["a"], c.nodes["b"]
		told := func(n *member, number uint64) (missed, exact bool) {
			for _, e := range n.events {
				missed = missed || e.Missed && e.Update >= number
				exact = exact || !e.Missed && e.Update == number
			}
			return missed, exact
		}
		deliver := c.deliver
		c.deliver = func(p *packet) bool { _, item := p.message.(*Item); return !item }
		code := write(a, 1)
		number := a.store.number
		c.run(10 * time.Millisecond)
		c.deliver = deliver
		b.crash()
		if flags == wire.FlagActiveReplica {
			a.core.recent = recent{} // what b lacks is not known any more
		}
		b.start()
		c.run(3 * time.Second)
		missed, exact := told(b, number)
		if *code != wire.OK || !missed || exact {
			t.Errorf("flags %d: update %d (%v) is told on b: %+v", flags, number, *code, b.events)
		}
		if _, exact := told(a, number); !exact {
			t.Errorf("flags %d: update %d is told on a: %+v", flags, number, a.events)
		}
		if fmt.Sprint(d.config.InSync) != "[a b]" || a.store.content() != b.store.content() {
			t.Errorf("flags %d: in sync %v, a has %s, b has %s", flags, d.config.InSync, a.store.content(), b.store.content())
		}
	}
}
