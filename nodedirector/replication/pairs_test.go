package replication

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// clocked is a Pairs and a clock of its own.
type clocked struct {
	p      *Pairs
	rate   float64
	offset int64
}

func (k *clocked) at(true int64) int64 { return k.offset + int64(float64(true)*k.rate) }

func pairOf(name string, others []string, rate float64, offset int64) *clocked {
	k := &clocked{rate: rate, offset: offset}
	k.p = NewPairs(PairsOptions{Node: name, Incarnation: 1, Start: k.at(0)})
	k.p.SetPeers(k.at(0), others)
	return k
}

// TestPairsClocks lets nodes with clocks that run at rates up to a fifth apart exchange Beats over a network that delays
// and loses them. At no moment may one count on another that is no longer bound.
func TestPairsClocks(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 7))
		names := []string{"a", "b", "c"}
		nodes := map[string]*clocked{}
		for i, n := range names {
			rate := []float64{0.92, 1.1, 1}[(i+int(seed))%3]
			nodes[n] = pairOf(n, names, rate, int64(i)*1e15)
		}
		type flying struct {
			at       int64
			from, to string
			b        *Beat
		}
		var net []flying
		counted, through := 0, 0
		for now := millisecond; now < 8000*millisecond; now += millisecond {
			for _, n := range names {
				for _, b := range nodes[n].p.Tick(nodes[n].at(now)) {
					if rng.Float64() < 0.1 || now > 4000*millisecond && now < 6000*millisecond && (n == "c" || b.To == "c") {
						continue
					}
					delay := millisecond * (1 + rng.Int64N(5))
					if rng.Float64() < 0.2 {
						delay += millisecond * rng.Int64N(2000)
					}
					net = append(net, flying{now + delay, n, b.To, b.Beat})
				}
			}
			left := net[:0]
			for _, f := range net {
				if f.at <= now {
					nodes[f.to].p.Receive(nodes[f.to].at(now), f.from, f.b)
				} else {
					left = append(left, f)
				}
			}
			net = left
			for _, x := range names {
				for _, y := range names {
					if x == y {
						continue
					}
					bound := func(z, to string) bool { return nodes[z].p.promisedUntil(to) > nodes[z].at(now) }
					if nodes[x].p.supportedUntil(y, 1) > nodes[x].at(now) {
						counted++
						if !bound(y, x) {
							t.Fatalf("seed %d, %v: %s counts on %s, which is not bound", seed, time.Duration(now), x, y)
						}
					}
					for _, z := range names { // x reads by what y said of z
						if z != x && z != y && nodes[x].p.throughUntil(y, z, 1) > nodes[x].at(now) {
							through++
							if !bound(z, y) {
								t.Fatalf("seed %d, %v: %s counts on %s through %s, which %s is not bound to", seed, time.Duration(now), x, z, y, z)
							}
						}
					}
				}
			}
		}
		if counted < 10_000 || through < 10_000 {
			t.Fatalf("seed %d: nobody counted on anybody: %d, %d", seed, counted, through)
		}
	}
}

// beats lets the nodes exchange Beats once, without delay.
func beats(now int64, nodes map[string]*clocked) {
	for _, from := range []string{"a", "b", "c"} {
		if k := nodes[from]; k != nil {
			for _, b := range k.p.Tick(k.at(now)) {
				if to := nodes[b.To]; to != nil {
					to.p.Receive(to.at(now), from, b.Beat)
				}
			}
		}
	}
}

// An echo counts only when what its sender knew has been adopted; then it counts from when the beat was sent.
func TestPairsVersions(t *testing.T) {
	nodes := map[string]*clocked{"a": pairOf("a", []string{"b"}, 1, 0), "b": pairOf("b", []string{"a"}, 1, 0)}
	a, b := nodes["a"].p, nodes["b"].p
	b.Learned(StateVersion{1, 7})
	last := int64(0)
	for now := millisecond; now < 1000*millisecond; now += 100 * millisecond {
		beats(now, nodes)
		last = now
	}
	if a.supportedUntil("b", 1) > 0 {
		t.Fatal("counts on a node that knows of version 7")
	}
	if b.supportedUntil("a", 1) <= last {
		t.Fatal("does not count on a node that knows of nothing")
	}
	a.Adopted(StateVersion{1, 6})
	if a.supportedUntil("b", 1) > 0 {
		t.Fatal("counts on a node that knows of version 7 with 6")
	}
	a.Adopted(StateVersion{1, 7})
	if until := a.supportedUntil("b", 1); until <= last || until > last+int64(DefaultLease) {
		t.Fatalf("supported until %d at %d", until, last)
	}
}

// When the directors' store was lost, a node may have missed its last versions, whatever it has heard from the next.
func TestPairsGenerations(t *testing.T) {
	nodes := map[string]*clocked{
		"a": pairOf("a", []string{"b", "c"}, 1, 0), "b": pairOf("b", []string{"a", "c"}, 1, 0), "c": pairOf("c", []string{"a", "b"}, 1, 0),
	}
	a, b, c := nodes["a"].p, nodes["b"].p, nodes["c"].p
	a.Adopted(StateVersion{1, 5})
	b.Adopted(StateVersion{1, 6})
	c.Adopted(StateVersion{1, 5})
	now := millisecond
	exchange := func() {
		for end := now + 1000*millisecond; now < end; now += 100 * millisecond {
			beats(now, nodes)
		}
	}
	expect := func(what string, until int64, counts bool) {
		t.Helper()
		if counts != (until > now-200*millisecond) {
			t.Errorf("%s: until %d at %d, want support: %v", what, until, now, counts)
		}
	}
	a.Adopted(StateVersion{2, 100})
	exchange()
	expect("a on b, who knows a version of the lost store that a has missed", a.supportedUntil("b", 1), false)
	expect("a on b, of what the lost store does not concern", a.supportedUntil("b", 2), false) // b has adopted nothing of it
	expect("a on c", a.supportedUntil("c", 1), true)
	expect("a on c, later generation", a.supportedUntil("c", 2), true)
	expect("b on c through a", b.throughUntil("a", "c", 1), false) // a knows of the new store
	c.Adopted(StateVersion{2, 100})
	b.Adopted(StateVersion{2, 100})
	exchange()
	for _, p := range []*Pairs{a, b, c} {
		for _, n := range []string{"a", "b", "c"} {
			if n != p.o.Node {
				expect(p.o.Node+" on "+n+" in what waits to be restored", p.supportedUntil(n, 1), false)
				expect(p.o.Node+" on "+n, p.supportedUntil(n, 2), true)
			}
		}
	}
	expect("b on c through a", b.throughUntil("a", "c", 2), true)
	for i := range uint64(3 * generationsMax) {
		a.Adopted(StateVersion{3 + i, 1})
		a.Receive(now, "b", &Beat{Incarnation: 1, Seq: 1000 + i, Known: StateVersion{3 + i, 1}, Echo: Echo{1, a.seq, now - 20 + int64(i)}})
	}
	if n := len(a.AdoptedVersions()); n != generationsMax {
		t.Errorf("%d generations are remembered", n)
	}
	if n := len(a.pairs["b"].supported); n != generationsMax {
		t.Errorf("support of %d generations is remembered", n)
	}
	if a.hasAdopted(StateVersion{2, 100}) || !a.hasAdopted(StateVersion{2 + 3*generationsMax, 1}) {
		t.Error("not the latest generations are remembered")
	}
	next := NewPairs(PairsOptions{Node: "a", Incarnation: 2, Adopted: a.AdoptedVersions()})
	if !next.hasAdopted(StateVersion{2 + 3*generationsMax, 1}) || next.known != a.known {
		t.Error("the next process does not know what was adopted")
	}
}

// A process that has just started is bound to everybody; the others hear that it is another one.
func TestPairsRestart(t *testing.T) {
	start := 5000 * millisecond
	p := NewPairs(PairsOptions{Node: "a", Incarnation: 2, Start: start})
	if until := p.promisedUntil("whoever"); until != start+int64(DefaultGrace) {
		t.Fatalf("bound until %d", until)
	}
	q := NewPairs(PairsOptions{Node: "b", Incarnation: 1, Start: 0})
	q.SetPeers(0, []string{"a"})
	for i, test := range []struct {
		incarnation, seq uint64
		restarted        bool
	}{{1, 1, false}, {1, 2, false}, {2, 1, true}, {1, 3, false}, {2, 2, false}, {0, 9, false}} {
		if got := q.Receive(start, "a", &Beat{Incarnation: test.incarnation, Seq: test.seq}); got != test.restarted {
			t.Errorf("beat %d: restarted %v", i, got)
		}
	}
	if b := q.Tick(start)[0].Beat; b.Echo != (Echo{2, 2, 0}) {
		t.Errorf("echoes %+v", b.Echo)
	}
}

// Beats of any content change nothing that they may not.
func TestPairsHostile(t *testing.T) {
	p := NewPairs(PairsOptions{Node: "a", Incarnation: 1, Start: 0})
	p.SetPeers(0, []string{"b"})
	now := 1000 * millisecond
	p.Tick(now)
	for i, b := range []*Beat{
		{Incarnation: 1, Seq: 1, Echo: Echo{Incarnation: 1, Seq: 99, Sent: now}},                                    // never sent
		{Incarnation: 1, Seq: 2, Echo: Echo{Incarnation: 1, Seq: 1, Sent: now + 1}},                                 // in the future
		{Incarnation: 1, Seq: 3, Echo: Echo{Incarnation: 7, Seq: 1, Sent: now}},                                     // somebody else's
		{Incarnation: 1, Seq: 4, Known: StateVersion{1, ^uint64(0)}, Echo: Echo{Incarnation: 1, Seq: 1, Sent: now}}, // knows what nobody knows
	} {
		p.Receive(now, "b", b)
		if p.supportedUntil("b", 1) > 0 {
			t.Errorf("beat %d is counted", i)
		}
	}
	p.Receive(now, "b", &Beat{Incarnation: 1, Seq: 5, Echo: Echo{1, 1, now}, Support: []Remaining{{"c", 1, 1 << 62}, {"d", 1, -1 << 62}}})
	if until := p.throughUntil("b", "c", 1); until != now+int64(DefaultLease) {
		t.Errorf("support of c through b until %d", until)
	}
	if p.throughUntil("b", "d", 1) > now {
		t.Error("counts on d")
	}
	for i := range 3 * peersMax {
		p.Receive(now, fmt.Sprint("x", i), &Beat{Incarnation: 1, Seq: 1})
	}
	if len(p.pairs) > peersMax {
		t.Errorf("%d nodes are remembered", len(p.pairs))
	}
}
