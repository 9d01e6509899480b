package replication

import (
	"fmt"
	"math"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// continuing makes two nodes with headless: continue, a active and b in sync, that have been up for long enough to go on alone,
// and a function that has a write.
func continuing(t *testing.T, flags uint32) (c *cluster, d *directorStub, write func(n *member, value int) *wire.Code) {
	t.Helper()
	c = newCluster("a", "b")
	answers := map[Token]*wire.Code{}
	c.answered = func(_ *member, k Token, v Verdict, _ []byte) { *answers[k] = v.Code }
	d = newDirectorStub(c, flags, "a")
	c.director = d
	for _, n := range c.names {
		c.nodes[n].proceed = true
		c.nodes[n].start()
	}
	token, number := Token(0), uint64(0)
	submit := func(n *member, op wire.Op, value int) *wire.Code {
		token++
		number++
		code := new(wire.Code)
		answers[token] = code
		data := fmt.Append(nil, value)
		n.submit(&Request{Kind: RequestUpdate, Token: token, Deadline: math.MaxInt64, Update: Update{
			Op: op, Access: wire.OpenWrite, Time: Never, Elements: []wire.Element{{ID: []byte("s"), Size: uint64(len(data))}},
			Data: data, Request: wire.RequestID{Session: 1, Number: number},
		}})
		return code
	}
	write = func(n *member, value int) *wire.Code { return submit(n, wire.OpOverwrite, value) }
	c.run(DefaultContinueAfter + 500*time.Millisecond)
	created := submit(c.nodes["a"], wire.OpSectionCreate, 0)
	c.run(100 * time.Millisecond)
	if len(d.config.InSync) != 2 || *created != wire.OK {
		t.Fatalf("configuration %+v, section %v", d.config, *created)
	}
	return c, d, write
}

// headless cuts all nodes off from the directors, which do nothing about it, and from each other.
func (c *cluster) headless() {
	for _, n := range c.names {
		c.nodes[n].headless = true
		c.director.heard[n] = math.MaxInt64
	}
	c.deliver = func(*packet) bool { return false }
}

// The active of an ALL_REPLICAS checkpoint never does without the others, whatever is configured.
func TestContinueAllReplicas(t *testing.T) {
	c, _, write := continuing(t, wire.FlagAllReplicas)
	a := c.nodes["a"]
	c.headless()
	code := write(a, 1)
	for range 10_000 {
		c.step()
		if *code != 0 {
			t.Fatalf("a write without the other replica ended with %v", *code)
		}
	}
	if a.core.Acting(a.clock()) || a.core.goesOn() {
		t.Error("active without the other replica")
	}
	if _, ok := a.frontRead("s"); ok {
		t.Error("read without the other replica")
	}
}

// An active that goes on alone may make more updates than the numbers left out for an epoch. They are counted all the same,
// once, and none of their numbers is given a second time.
func TestContinueForLong(t *testing.T) {
	for _, reached := range []bool{true, false} {
		c, d, write := continuing(t, wire.FlagActiveReplica)
		a, b := c.nodes["a"], c.nodes["b"]
		c.headless()
		c.run(2 * time.Second)
		before := b.store.number
		a.store.number += 5 * EpochGap // as many updates as there are not time for
		for i := range 2 {
			if code := write(a, i); *code != wire.OK {
				t.Fatalf("a write of an active that goes on ended with %v", *code)
			}
		}
		alone := a.store.number - before
		deliver := func(*packet) bool { return true }
		b.headless = false
		d.config.Active, d.config.Epoch.Counter = "b", d.config.Epoch.Counter+1
		if reached {
			// b waits for a, which is in sync, and learns how far a has got before it begins.
			d.publish()
			c.deliver, a.headless = deliver, false
		} else {
			d.config.InSync, d.config.Joining = []string{"b"}, []string{"a"}
			d.publish()
		}
		c.run(2 * time.Second)
		if code := write(b, 7); !reached && *code != wire.OK {
			t.Fatalf("a write at the new active ended with %v", *code)
		}
		if !reached && !a.core.Acting(a.clock()) {
			t.Error("a does not go on")
		}
		c.deliver, a.headless = deliver, false
		c.run(5 * time.Second)
		if a.core.Acting(a.clock()) || a.store.content() != b.store.content() || len(d.config.InSync) != 2 {
			t.Errorf("reached %v: in sync %v, a has %s, b has %s", reached, d.config.InSync, a.store.content(), b.store.content())
		}
		if b.lost != alone {
			t.Errorf("reached %v: %d updates counted as lost, %d were", reached, b.lost, alone)
		}
		if first := b.core.lead.first; b.store.sections["s"].Number <= first || reached && first <= before+alone {
			t.Errorf("reached %v: numbers begin at %s, a had %s", reached, short(first), short(before+alone))
		}
	}
}

// A node director that has just been started does not go on at once: it may have been replaced since.
func TestContinueAfterStart(t *testing.T) {
	c, _, write := continuing(t, wire.FlagActiveReplica)
	a := c.nodes["a"]
	c.headless()
	a.crash()
	c.run(time.Second)
	a.start()
	code := write(a, 1)
	begun := c.now
	for *code == 0 && c.now-begun < int64(2*DefaultContinueAfter) {
		c.step()
	}
	if waited := time.Duration(c.now - begun); *code != wire.OK || waited < DefaultContinueAfter || waited > DefaultContinueAfter+time.Second {
		t.Errorf("%v after %v", *code, waited)
	}
}
