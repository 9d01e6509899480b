package director

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"libckpt/internal/wire"
)

// TestInSyncHasEverything plays nodes that replicate as they are told, with messages that come late or again, nodes that
// restart with or without their replicas, and configurations that are learned late. Whatever happens, each in-sync
// replica of a checkpoint has all of its updates, or its node knows that it has lost it and has not said so yet.
func TestInSyncHasEverything(t *testing.T) {
	for range modelRounds {
		rapid.Check(t, inSyncHasEverything)
	}
}

// modelRounds of rapid's number of histories each: most mistakes show in one of a few thousand.
const modelRounds = 10

func inSyncHasEverything(t *rapid.T) {
	m := &model{t: t, core: founded(), nodes: map[string]*modelNode{}, complete: map[place]bool{}, filling: map[place]bool{}}
	for i, name := range []string{"n1", "n2", "n3"} {
		m.nodes[name] = &modelNode{name: name, controller: i < 2, incarnation: 1}
		m.register(m.nodes[name])
	}
	for range rapid.IntRange(1, 150).Draw(t, "steps") {
		m.step()
		if err := m.core.Check(); err != nil {
			t.Fatal(err)
		}
		m.check()
	}
}

// place is a replica.
type place struct {
	node       string
	checkpoint uint64
}

type modelNode struct {
	name        string
	incarnation uint64
	controller  bool
	down        bool
	since       uint64
	configs     map[uint64]wire.Config // as last heard
	// links of an active replica to those that it fills, and has filled: it requires their acknowledgements.
	links map[place]link
}

// link is what an active knows of a joining replica. It ends when the active hears that the node does not join any more.
type link struct {
	incarnation uint64
	filled      bool
}

type model struct {
	t     *rapid.T
	core  *Core
	nodes map[string]*modelNode
	// complete: the replica has all updates that were acknowledged.
	complete map[place]bool
	// filling: the node has not heard yet that the replica is in sync, and would throw it away at a restart.
	filling map[place]bool
	late    []Command // proposals under way, to be delivered at any time, also again
	names   int
}

func (m *model) draw(what string, n int) int { return rapid.IntRange(0, n-1).Draw(m.t, what) }

func (m *model) node() *modelNode {
	return m.nodes[rapid.SampledFrom(slices.Sorted(maps.Keys(m.nodes))).Draw(m.t, "node")]
}

// checkpoint draws one that a node knows; 0 = it knows none.
func (m *model) checkpoint(n *modelNode) (c wire.Config) {
	numbers := slices.Sorted(maps.Keys(n.configs))
	if len(numbers) == 0 {
		return c
	}
	return n.configs[numbers[m.draw("checkpoint", len(numbers))]]
}

func (m *model) from(n *modelNode) From { return From{n.name, n.incarnation} }

func (m *model) step() {
	n := m.node()
	switch m.draw("step", 14) {
	case 0, 1:
		m.open(n)
	case 2, 3, 4:
		m.follow(n)
	case 5, 6:
		m.fill(n)
	case 7:
		m.propose(n)
	case 8:
		if len(m.late) > 0 {
			m.core.Apply(m.late[m.draw("late", len(m.late))])
		}
	case 9:
		m.dropFollower(n)
	case 10: // the node stands still, perhaps with another
		m.core.Apply(&NodesDown{[]From{m.from(n), m.from(m.node())}})
	case 11:
		switch {
		case n.down:
			m.restart(n)
		case !m.core.Registered(m.from(n)):
			m.register(n)
		default:
			m.kill(n)
			if m.draw("at once", 2) == 0 {
				m.restart(n)
			}
		}
	case 12:
		m.core.Apply(&NodeLock{n.name, m.draw("lock", 2) == 0})
	case 13:
		if c := m.checkpoint(n); c.Checkpoint != 0 {
			began := m.core.checkpoints[c.Checkpoint] != nil && m.core.checkpoints[c.Checkpoint].Began
			if r := m.core.Apply(&Active{m.from(n), c.Checkpoint}); r.Code == wire.OK && !began {
				m.complete[place{n.name, c.Checkpoint}] = true // an empty one will do
			}
		}
	}
}

// open makes a checkpoint or opens one.
func (m *model) open(n *modelNode) {
	o := &Open{From: m.from(n)}
	m.names++
	o.Name, o.HasAttributes = fmt.Sprint("c", m.names), true
	if m.draw("existing", 2) == 0 {
		o.Name, o.HasAttributes = fmt.Sprint("c", 1+m.draw("name", m.names)), false
	}
	o.Attributes.RetentionDuration = 1e12
	o.Attributes.CreationFlags = rapid.SampledFrom([]uint32{1, 2, 9, 10}).Draw(m.t, "flags")
	o.Backup = m.draw("backup", 4) == 0
	r := m.core.Apply(o)
	if r.Code == wire.OK {
		n.configs[r.Config.Config.Checkpoint] = r.Config.Config
	}
	if r.Code == wire.OK && r.Config.Created {
		m.complete[place{n.name, r.Config.Config.Checkpoint}] = true
	}
}

// follow has a node hear of all changes. An active obeys: it ends links to those that do not join any more, which then
// miss updates, as do replicas that are not in sync any more.
func (m *model) follow(n *modelNode) {
	if n.down || !m.core.Registered(m.from(n)) {
		return
	}
	r := m.core.Heartbeat(n.name, wire.HeartbeatRequest{Since: n.since})
	if r.Full {
		n.configs = map[uint64]wire.Config{}
	}
	for _, c := range r.Configs {
		before := n.configs[c.Checkpoint]
		n.configs[c.Checkpoint] = c
		m.obey(n, &before, &c)
	}
	for _, number := range r.Drop {
		delete(n.configs, number)
	}
	n.since = r.Version
}

func (m *model) obey(n *modelNode, before, c *wire.Config) {
	if has(c.InSync, n.name) {
		delete(m.filling, place{n.name, c.Checkpoint})
	}
	if c.Active != n.name || before.Epoch != c.Epoch {
		for p := range n.links {
			if p.checkpoint == c.Checkpoint {
				delete(n.links, p)
			}
		}
	}
	if c.Active != n.name {
		return
	}
	for name := range m.nodes {
		p := place{name, c.Checkpoint}
		if has(c.InSync, name) {
			continue
		}
		if _, linked := n.links[p]; !has(c.Joining, name) || !linked {
			delete(n.links, p)
			m.complete[p] = false // the active goes on without it
		}
	}
}

// fill has an active begin or end the copy to a joining replica. What the replica had before is thrown away first.
func (m *model) fill(n *modelNode) {
	c := m.checkpoint(n)
	if n.down || c.Active != n.name || len(c.Joining) == 0 || !m.complete[place{n.name, c.Checkpoint}] {
		return
	}
	other := m.nodes[c.Joining[m.draw("joining", len(c.Joining))]]
	p := place{other.name, c.Checkpoint}
	if other.down {
		return
	}
	l, linked := n.links[p]
	if !linked || l.incarnation != other.incarnation {
		l = link{incarnation: other.incarnation}
		n.links[p] = l
		m.complete[p] = false
		m.filling[p] = true
		if m.draw("part", 2) == 0 {
			return
		}
	}
	l.filled = true
	n.links[p] = l
	m.complete[p] = true
}

// propose has an active ask for a filled replica to be taken into the in-sync set. The request may take its time.
func (m *model) propose(n *modelNode) {
	for _, p := range slices.SortedFunc(maps.Keys(n.links), func(a, b place) int {
		return slices.Compare([]string{a.node, fmt.Sprint(a.checkpoint)}, []string{b.node, fmt.Sprint(b.checkpoint)})
	}) {
		l, c := n.links[p], n.configs[p.checkpoint]
		if l.filled && c.Active == n.name {
			m.late = append(m.late, &ReplicaJoined{ReplicaChange{From: m.from(n), Checkpoint: p.checkpoint, Epoch: c.Epoch,
				Version: c.Version, Replica: p.node, Linked: l.incarnation}})
		}
	}
	if m.draw("at once", 2) == 0 && len(m.late) > 0 {
		m.core.Apply(m.late[len(m.late)-1])
	}
}

// dropFollower has an active do without a follower. It goes on without it only once it has heard of that.
func (m *model) dropFollower(n *modelNode) {
	c := m.checkpoint(n)
	if c.Active != n.name || len(c.InSync) < 2 {
		return
	}
	victim := c.InSync[m.draw("victim", len(c.InSync))]
	m.late = append(m.late, &ReplicaDrop{ReplicaChange{From: m.from(n), Checkpoint: c.Checkpoint, Epoch: c.Epoch,
		Version: c.Version, Replica: victim, Full: m.draw("full", 2) == 0}})
	if m.draw("at once", 2) == 0 {
		m.core.Apply(m.late[len(m.late)-1])
	}
}

// kill ends a node director. A replica that was being filled is lost by that, others may be.
func (m *model) kill(n *modelNode) {
	n.down = true
	n.links = nil
	for p := range m.complete {
		if p.node != n.name {
			continue
		}
		if c := n.configs[p.checkpoint]; m.filling[p] || !has(c.InSync, n.name) || m.draw("reboot", 4) == 0 {
			delete(m.complete, p)
			delete(m.filling, p)
		}
	}
}

func (m *model) restart(n *modelNode) {
	n.incarnation++
	n.down = false
	m.register(n)
}

// register announces what is there: replicas that the node believes to be in sync, and stale ones.
func (m *model) register(n *modelNode) {
	u := &NodeUp{From: m.from(n), Host: n.name, BootID: "b", Controller: n.controller, ReplicasMax: 6, Holder: m.core.Incarnation(n.name)}
	for _, number := range slices.Sorted(maps.Keys(n.configs)) {
		c := n.configs[number]
		_, there := m.complete[place{n.name, number}]
		if there && has(concerned(&c), n.name) {
			u.Replicas = append(u.Replicas, Announced{Checkpoint: number, Generation: c.Epoch.Generation, Counter: c.Epoch.Counter,
				Open: has(c.Open, n.name)})
		}
	}
	r := m.core.Apply(u)
	if r.Code != wire.OK {
		m.t.Fatal(r.Text)
	}
	if n.links == nil {
		n.links = map[place]link{}
	}
	before := n.configs
	n.since, n.configs = r.Node.Version, map[uint64]wire.Config{}
	for _, c := range r.Node.Configs {
		old := before[c.Checkpoint]
		n.configs[c.Checkpoint] = c
		m.obey(n, &old, &c)
	}
}

// check: an in-sync replica has everything, unless it was lost and its node has not registered since.
func (m *model) check() {
	for _, c := range m.core.inOrder() {
		for _, name := range c.Config.InSync {
			n := m.nodes[name]
			lost := n.down || !m.core.Registered(m.from(n))
			if c.Began && !lost && !m.complete[place{name, c.Config.Checkpoint}] {
				m.t.Fatalf("the replica on %s is in sync and lacks updates: %+v", name, c.Config)
			}
		}
	}
}
