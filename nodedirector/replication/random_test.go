package replication

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"libckpt/internal/wire"
)

var (
	seedFlag = flag.Uint64("seed", 0, "run TestRandom with this seed only")
	runsFlag = flag.Int("runs", 0, "number of clusters TestRandom runs")
	verbose  = flag.Bool("packets", false, "print every message of TestRandom")
)

// directorStub stands for the directors: one checkpoint, decisions as in docs/architecture.md, changes told with delay.
type directorStub struct {
	c       *cluster
	config  wire.Config
	changes []wire.Config // by Version - 1
	heard   map[string]int64
	up      map[string]bool
	every   func() int64
	inc     map[string]uint64
	since   map[string]uint64 // version in which a node began to join
}

func newDirectorStub(c *cluster, flags uint32, first string) *directorStub {
	d := &directorStub{c: c, heard: map[string]int64{}, up: map[string]bool{}, inc: map[string]uint64{}, since: map[string]uint64{}, every: func() int64 { return 20 * millisecond }}
	d.config = wire.Config{
		Checkpoint: 1, Name: "c", Epoch: wire.Epoch{Generation: 1, Counter: 1}, Active: first, InSync: []string{first},
		Attributes: wire.Attributes{CreationFlags: flags, MaxSections: 100, MaxSectionSize: 1 << 24, MaxSectionIDSize: 16},
	}
	d.config.Open = slices.Clone(c.names)
	d.publish()
	return d
}

func (d *directorStub) publish() {
	d.config.Version++
	d.config.InSync, d.config.Joining = slices.Clone(d.config.InSync), slices.Clone(d.config.Joining)
	d.changes = append(d.changes, d.config)
	for _, n := range d.c.names {
		if !slices.Contains(d.config.Joining, n) {
			delete(d.since, n)
		} else if d.since[n] == 0 {
			d.since[n] = d.config.Version
		}
	}
	d.c.log("director: version %d, epoch %d, active %s, in sync %v, joining %v", d.config.Version, d.config.Epoch.Counter, d.config.Active, d.config.InSync, d.config.Joining)
}

func without(set []string, n string) []string {
	return slices.DeleteFunc(slices.Clone(set), func(m string) bool { return m == n })
}

func (d *directorStub) drop(n string) {
	k := &d.config
	if slices.Contains(k.InSync, n) && len(k.InSync) > 1 || slices.Contains(k.Joining, n) {
		k.InSync = without(k.InSync, n)
		k.Joining = without(k.Joining, n)
		k.Epoch.Counter++
	}
	d.publish()
}

// asked is a request of a node. It arrives at once or, when the node is headless, never.
func (d *directorStub) asked(m *member, e *Effect) {
	k := &d.config
	if m.headless {
		return
	}
	switch e.Ask {
	case AskDrop:
		if e.Epoch == k.Epoch && m.name == k.Active && e.Node != k.Active {
			d.drop(e.Node)
		}
	case AskJoined:
		if e.Epoch == k.Epoch && m.name == k.Active && slices.Contains(k.Joining, e.Node) &&
			d.since[e.Node] <= e.Version && d.inc[e.Node] == e.Incarnation {
			k.Joining = without(k.Joining, e.Node)
			k.InSync = append(k.InSync, e.Node)
			slices.Sort(k.InSync)
			d.publish()
		}
	case AskLost:
		if e.Epoch == k.Epoch && slices.Contains(k.InSync, m.name) {
			panic("an in-sync replica is lost")
		}
	}
}

// serve is a node's heartbeat, when it is due.
func (d *directorStub) serve(n *member) {
	if n.headless || d.c.now < n.poll {
		d.watch()
		return
	}
	n.poll = d.c.now + d.every()
	d.heard[n.name] = d.c.now
	k := &d.config
	if !d.up[n.name] || d.inc[n.name] != n.incarnation {
		d.up[n.name], d.inc[n.name] = true, n.incarnation
	}
	if !slices.Contains(k.InSync, n.name) && !slices.Contains(k.Joining, n.name) {
		k.Joining = append(k.Joining, n.name)
		slices.Sort(k.Joining)
		d.publish()
	}
	version := n.version
	for ; int(version) < len(d.changes); version++ {
		n.configure(&d.changes[version])
	}
	n.adopt(version)
}

// watch gives up nodes that have been silent for a second.
func (d *directorStub) watch() {
	k := &d.config
	for _, n := range d.c.names {
		if !d.up[n] || d.c.now-d.heard[n] < 1000*millisecond {
			continue
		}
		d.up[n] = false
		switch {
		case n == k.Active:
			for _, m := range k.InSync {
				if m != n && d.up[m] {
					k.Active = m
					k.Epoch.Counter++
					d.publish()
					break
				}
			}
		case slices.Contains(k.InSync, n) || slices.Contains(k.Joining, n):
			d.drop(n)
		}
	}
}

// history is what clients did and saw of one section.
type operation struct {
	write      bool
	value      string
	begin, end int64 // end = MaxInt64: it may take effect at any time, or never
}

// linearizable reports whether a register, at first empty, can have behaved like this (Wing and Gong, with memory).
func linearizable(ops []operation) bool {
	slices.SortFunc(ops, func(a, b operation) int { return int(min(1, max(-1, a.begin-b.begin))) })
	type state struct {
		done  string
		value string
	}
	seen := map[state]bool{}
	var search func(done []byte, value string) bool
	search = func(done []byte, value string) bool {
		s := state{string(done), value}
		if seen[s] {
			return false
		}
		seen[s] = true
		first := int64(math.MaxInt64) // when the earliest of those left ended
		left := false
		for i := range ops {
			if done[i] == 0 {
				if ops[i].end != math.MaxInt64 {
					left = true
				}
				first = min(first, ops[i].end)
			}
		}
		if !left {
			return true
		}
		for i := range ops {
			o := &ops[i]
			if done[i] != 0 || o.begin > first {
				continue
			}
			if !o.write && o.value != value {
				continue
			}
			next := value
			if o.write {
				next = o.value
			}
			done[i] = 1
			if search(done, next) {
				return true
			}
			done[i] = 0
		}
		return false
	}
	return search(make([]byte, len(ops)), "")
}

func TestLinearizable(t *testing.T) {
	w := func(v string, b, e int64) operation { return operation{true, v, b, e} }
	r := func(v string, b, e int64) operation { return operation{false, v, b, e} }
	for i, test := range []struct {
		ops  []operation
		want bool
	}{
		{[]operation{w("1", 0, 1), r("1", 2, 3)}, true},
		{[]operation{w("1", 0, 1), r("", 2, 3)}, false},
		{[]operation{w("1", 0, 9), r("1", 2, 3), r("", 4, 5)}, false},
		{[]operation{w("1", 0, 9), r("", 2, 3), r("1", 4, 5)}, true},
		{[]operation{w("1", 0, 1), w("2", 2, 3), r("1", 4, 5)}, false},
		{[]operation{w("1", 0, math.MaxInt64), w("2", 2, 3), r("2", 4, 5), r("1", 6, 7)}, true},
		{[]operation{w("1", 0, math.MaxInt64), r("1", 4, 5), w("2", 6, 7), r("1", 8, 9)}, false},
	} {
		if got := linearizable(test.ops); got != test.want {
			t.Errorf("history %d: %v", i, got)
		}
	}
}

// TestRandom runs clusters whose network loses, doubles and reorders messages and is cut, whose nodes die and come back,
// whose clocks drift and whose director is at times out of reach, with clients on every node. What the clients saw has to
// be linearizable, and in the end all replicas are equal.
func TestRandom(t *testing.T) {
	runs := 150
	if *runsFlag != 0 {
		runs = *runsFlag
	}
	first := uint64(1)
	if *seedFlag != 0 {
		first, runs = *seedFlag, 1
	}
	total := 0
	for seed := first; seed < first+uint64(runs); seed++ {
		n := randomRun(t, seed)
		total += n
		if t.Failed() {
			t.Fatalf("go test -run TestRandom -seed=%d repeats this", seed)
		}
	}
	t.Logf("%d operations answered OK in %d runs", total, runs)
}

// chaos is what befalls a cluster.
type chaos struct {
	c    *cluster
	rng  *rand.Rand
	calm bool
	cut  map[[2]string]bool
}

func (x *chaos) chance(p float64) bool { return x.rng.Float64() < p }

// newChaos makes a cluster that is exposed to it, and starts it.
func newChaos(seed uint64, flags uint32) *chaos {
	x := &chaos{c: newCluster("a", "b", "c"), rng: rand.New(rand.NewPCG(seed, 1)), cut: map[[2]string]bool{}}
	c, rng := x.c, x.rng
	if *verbose {
		c.log = func(format string, args ...any) {
			fmt.Printf("%6d %s\n", c.now/millisecond-1000, fmt.Sprintf(format, args...))
		}
	}
	c.delay = func() int64 {
		d := millisecond * (1 + rng.Int64N(4))
		if !x.calm && x.chance(0.05) {
			d += millisecond * rng.Int64N(60)
		}
		if !x.calm && x.chance(0.005) {
			d += millisecond * rng.Int64N(3000)
		}
		return d
	}
	c.deliver = func(p *packet) bool {
		if x.cut[[2]string{p.from, p.to}] {
			return false
		}
		if x.calm {
			return true
		}
		if x.chance(0.05) {
			twin := *p
			twin.at += millisecond * rng.Int64N(200)
			c.packets = append(c.packets, twin)
		}
		return !x.chance(0.05)
	}
	c.director = newDirectorStub(c, flags, "a")
	c.director.every = func() int64 { return millisecond * (10 + rng.Int64N(60)) }
	for i, n := range c.names {
		m := c.nodes[n]
		m.rate = 1 + 0.08*(rng.Float64()-0.5)
		m.offset = int64(i) * 1e12
		m.start()
	}
	return x
}

// befall lets something happen.
func (x *chaos) befall() {
	c, rng, chance := x.c, x.rng, x.chance
	for _, name := range c.names {
		m := c.nodes[name]
		switch {
		case m.up && chance(0.0002):
			m.crash()
		case !m.up && chance(0.002):
			c.log("%s comes back", name)
			m.start()
		}
		if chance(0.0002) {
			m.headless = !m.headless
		}
	}
	if chance(0.0005) {
		from, to := c.names[rng.IntN(3)], c.names[rng.IntN(3)]
		on := chance(0.5)
		x.cut[[2]string{from, to}] = on
		if chance(0.7) {
			x.cut[[2]string{to, from}] = on
		}
	}
	if chance(0.001) {
		clear(x.cut)
	}
	if d := c.director; chance(0.0001) {
		for _, n := range d.config.InSync { // an application's ActiveReplicaSet
			if n != d.config.Active && d.up[n] {
				d.config.Active = n
				d.config.Epoch.Counter++
				d.publish()
				break
			}
		}
	}
}

// rest ends it, and brings all nodes back.
func (x *chaos) rest() {
	c := x.c
	x.calm = true
	clear(x.cut)
	for _, name := range c.names {
		m := c.nodes[name]
		m.headless = false
		if !m.up {
			m.start()
		}
	}
}

const runSections = 3

func randomRun(t *testing.T, seed uint64) (answered int) {
	asynchronous := seed%5 == 0
	flags := uint32(wire.FlagAllReplicas)
	if asynchronous {
		flags = wire.FlagActiveReplica
	}
	x := newChaos(seed, flags)
	c, rng, chance := x.c, x.rng, x.chance

	type client struct {
		node   string
		slot   uint16
		number uint64
		busy   bool
		token  Token
		op     operation
		key    int
		req    *Request
		again  int64 // the agent sends the request again then
	}
	histories := make([][]operation, runSections)
	var clients []*client
	for i := range 6 {
		clients = append(clients, &client{node: c.names[i%3], slot: uint16(i)})
	}
	token := Token(0)
	values := 0
	finish := func(k *client, code wire.Code, payload []byte) {
		k.busy = false
		k.op.end = c.now
		switch {
		case code == wire.OK:
			answered++
			if !k.op.write {
				k.op.value = string(payload)
			}
		case !k.op.write && code == wire.NotExist:
			k.op.value = ""
		case code == wire.Timeout && k.op.write:
			k.op.end = math.MaxInt64
		case k.op.write && code == wire.Exist:
			// A creation that did nothing: it has seen that the section exists, which the checker is not told.
			return
		default:
			return
		}
		if asynchronous {
			return
		}
		histories[k.key] = append(histories[k.key], k.op)
	}
	c.answered = func(n *member, tok Token, v Verdict, payload []byte) {
		for _, k := range clients {
			if k.busy && k.token == tok && k.node == n.name {
				if k.op.write && v.Code == wire.NotExist { // the section has to be created first
					k.busy = false
					return
				}
				c.log("client %d on %s: %v %q", k.slot, n.name, v.Code, payload)
				finish(k, v.Code, payload)
			}
		}
	}
	submit := func(k *client, repeated bool) {
		token++
		k.token = token
		r := *k.req
		r.Token, r.Repeated = token, repeated
		m := c.nodes[k.node]
		r.Deadline = m.clock() + 4000*millisecond
		k.again = c.now + 1500*millisecond
		m.submit(&r)
	}
	create := func(k *client, id string) {
		k.op.write = true
		values++
		k.op.value = fmt.Sprint(values)
		k.req = &Request{Kind: RequestUpdate, Update: Update{
			Op: wire.OpOverwrite, Access: wire.OpenWrite, Open: uint64(k.slot) + 1, Time: Never,
			Elements: []wire.Element{{ID: []byte(id), Size: uint64(len(k.op.value))}}, Data: []byte(k.op.value),
			Request: wire.RequestID{Session: uint64(k.node[0]), Slot: k.slot, Number: k.number},
		}}
		if k.number%4 == 1 {
			k.req.Update.Op = wire.OpSectionCreate
		}
	}
	act := func(k *client) {
		m := c.nodes[k.node]
		if !m.up || m.version == 0 {
			return
		}
		k.key = rng.IntN(runSections)
		id := fmt.Sprint("s", k.key)
		if len(histories[k.key]) > 45 {
			return
		}
		k.op = operation{begin: c.now, end: math.MaxInt64}
		if chance(0.5) {
			k.number++
			k.busy = true
			create(k, id)
			c.log("client %d on %s writes %s=%s", k.slot, k.node, id, k.op.value)
			submit(k, false)
			return
		}
		if value, ok := m.frontRead(id); ok && !asynchronous {
			c.log("front of %s reads %s: %q", k.node, id, value)
			k.op.value, k.op.end = value, c.now
			histories[k.key] = append(histories[k.key], k.op)
			answered++
			return
		}
		k.busy = true
		k.req = &Request{Kind: RequestRead, Section: []byte(id), Payload: []byte(id)}
		c.log("client %d on %s asks for %s", k.slot, k.node, id)
		submit(k, false)
	}
	for range 12_000 {
		c.step()
		for _, k := range clients {
			m := c.nodes[k.node]
			switch {
			case !k.busy && chance(0.01):
				act(k)
			case k.busy && m.up && c.now >= k.again && m.version > 0:
				m.core.Cancel(k.token) // as after a restart of the node director: the agent repeats the request
				delete(m.requests, k.token)
				submit(k, true)
			}
		}
		x.befall()
	}
	x.rest()
	rest := 0
	for range 12_000 {
		c.step()
		for _, k := range clients {
			if m := c.nodes[k.node]; k.busy && c.now >= k.again {
				m.core.Cancel(k.token)
				delete(m.requests, k.token)
				submit(k, true)
			}
		}
		if rest++; !c.quiet() {
			rest = 0
		}
		if rest == 500 {
			break
		}
	}
	c.check(t, seed)
	for key, h := range histories {
		for _, k := range clients { // what never ended
			if k.busy && k.op.write && k.key == key {
				h = append(h, k.op)
			}
		}
		if !linearizable(h) {
			t.Errorf("seed %d: section s%d is not linearizable:", seed, key)
			for _, o := range h {
				t.Logf("%6d %6d write %v %q", o.begin/millisecond-1000, o.end/millisecond-1000, o.write, o.value)
			}
		}
	}
	return answered
}

// quiet reports whether every node is in sync and nothing is under way.
func (c *cluster) quiet() bool {
	if len(c.director.config.InSync) != len(c.names) {
		return false
	}
	for _, name := range c.names {
		m := c.nodes[name]
		if len(m.requests) > 0 || m.version != c.director.config.Version || m.core.lead == nil && !m.core.asynchronous() && !m.core.followerReads() {
			return false
		}
		if l := m.core.lead; l != nil && slices.ContainsFunc(l.links, func(k *link) bool { return k.state != linkOpen || len(k.items) > 0 }) {
			return false
		}
	}
	return true
}

// check compares the replicas of a cluster at rest.
func (c *cluster) check(t *testing.T, seed uint64) {
	if !c.quiet() {
		t.Errorf("seed %d: no rest: %+v", seed, c.director.config)
		for _, name := range c.names {
			m := c.nodes[name]
			t.Logf("%s: version %d, %d requests, lead %v", name, m.version, len(m.requests), m.core.lead != nil)
			if f := m.core.follow; f != nil {
				t.Logf("  %+v, committed %d, complete %v", *f, m.core.committed, m.core.kept.Complete)
			}
			if m.core.lead != nil {
				t.Logf("  waits %v, until %d now %d, based %v, queue %d, tail %d, committed %d number %d", m.core.waits, m.core.supportUntil(), m.clock(), m.core.lead.based,
					len(m.core.lead.queue), len(m.core.tail), m.core.committed, m.store.number)
				for _, k := range m.core.lead.links {
					t.Logf("  %s: state %d required %v items %d number %d", k.node, k.state, k.required, len(k.items), k.number)
				}
			}
		}
		return
	}
	want := c.nodes[c.director.config.Active].store.content()
	for _, name := range c.names {
		if got := c.nodes[name].store.content(); got != want {
			t.Errorf("seed %d: %s has\n%s\nthe active has\n%s", seed, name, got, want)
		}
	}
}
