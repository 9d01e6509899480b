package replication

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

const millisecond = int64(time.Millisecond)

// cluster runs the cores of some nodes over a network and clocks that a test controls, and the part of the directors that
// answers them.
type cluster struct {
	now      int64 // true time
	nodes    map[string]*member
	names    []string
	packets  []packet
	sequence int
	deliver  func(p *packet) bool // false: lost
	delay    func() int64
	log      func(format string, args ...any)
	director *directorStub
	answered func(n *member, t Token, v Verdict, payload []byte)
}

type packet struct {
	at       int64
	sequence int
	from, to string
	message  Message
}

// member is one node.
type member struct {
	c           *cluster
	name        string
	up          bool
	incarnation uint64
	pairs       *Pairs
	core        *Core
	store       *memory // nil: no replica
	state       segment.State
	version     uint64 // adopted
	rate        float64
	offset      int64
	poll        int64 // when it next asks the director
	headless    bool
	proceed     bool // Options.Continue
	requests    map[Token]*Request
	lost        uint64
	events      []wire.Event // told to the applications here
}

func newCluster(names ...string) *cluster {
	c := &cluster{
		now: 1000 * millisecond, nodes: map[string]*member{}, names: names,
		deliver: func(*packet) bool { return true }, delay: func() int64 { return millisecond },
		log: func(string, ...any) {}, answered: func(*member, Token, Verdict, []byte) {},
	}
	for _, n := range names {
		c.nodes[n] = &member{c: c, name: n, rate: 1}
	}
	return c
}

// clock is what a node's monotonic clock shows.
func (m *member) clock() int64 { return m.offset + int64(float64(m.c.now)*m.rate) }

func (m *member) wall() int64 { return 1_700_000_000_000_000_000 + m.c.now }

// start starts a node director over what an earlier one left.
func (m *member) start() {
	m.incarnation++
	m.up = true
	m.requests = map[Token]*Request{}
	m.pairs = NewPairs(PairsOptions{Node: m.name, Incarnation: m.incarnation, Start: m.clock(), Adopted: []StateVersion{{1, m.version}}})
	m.state = segment.State{}
	m.poll = m.c.now
	m.core = New(Options{Node: m.name, Incarnation: m.incarnation, Checkpoint: 1, Pairs: m.pairs, Start: m.clock(), Continue: m.proceed})
	if m.store != nil && m.store.kept != nil {
		m.pairs.Learned(VersionOf(&m.store.kept.Config))
		m.core.Attach(m.clock(), m.store, m.store.kept, false)
		m.configure(&m.store.kept.Config)
	}
}

func (m *member) crash() {
	m.up = false
	m.c.log("%s dies", m.name)
}

// configure gives the node a configuration.
func (m *member) configure(config *wire.Config) {
	m.pairs.Learned(VersionOf(config))
	replica := slices.Contains(config.InSync, m.name) || slices.Contains(config.Joining, m.name)
	if replica && m.store == nil {
		m.store = newMemory()
		m.core.Attach(m.clock(), m.store, nil, config.Version == 1 && config.Active == m.name)
	}
	m.core.Configure(m.clock(), config)
	if !replica && m.store != nil && !config.Epoch.Less(m.core.config.Epoch) {
		m.core.Detach(m.clock())
		m.store = nil
	}
	peers := slices.Concat(config.InSync, config.Joining)
	if !replica {
		peers = nil
	}
	m.pairs.SetPeers(m.clock(), peers)
	m.effects()
}

func (m *member) adopt(version uint64) {
	m.version = max(m.version, version)
	m.pairs.Adopted(StateVersion{1, m.version})
	m.core.Tick(m.clock())
	m.effects()
}

func (m *member) submit(r *Request) {
	m.requests[r.Token] = r
	m.core.Submit(m.clock(), m.wall(), r)
	m.effects()
}

// effects carries out what the core wants.
func (m *member) effects() {
	for {
		list := slices.Clone(m.core.Effects())
		if len(list) == 0 {
			return
		}
		for i := range list {
			m.effect(&list[i])
		}
	}
}

func (m *member) effect(e *Effect) {
	switch e.Kind {
	case EffectSend:
		m.c.send(m.name, e.To, e.Message)
		e.Buffer.Release()
	case EffectAnswer:
		m.answer(e.Token, e.Verdict, e.Payload)
	case EffectServe:
		v, payload := m.serve(e.Payload)
		if e.Held {
			m.core.Served(m.clock(), e.Token, v, payload)
		} else {
			m.answer(e.Token, v, payload)
		}
	case EffectState:
		m.state = e.State
	case EffectDirector:
		m.c.log("%s asks the director: %s %s", m.name, [...]string{"", "drop", "joined", "lost", "refresh"}[e.Ask], e.Node)
		if d := m.c.director; d != nil {
			d.asked(m, e)
		}
	case EffectEvents:
		m.events = append(m.events, e.Event)
	case EffectLost:
		m.lost += e.Count
		m.c.log("%s: %d updates of %s are lost", m.name, e.Count, e.Node)
	}
}

func (m *member) answer(t Token, v Verdict, payload []byte) {
	if _, ok := m.requests[t]; !ok {
		panic(fmt.Sprintf("%s answers request %d a second time", m.name, t))
	}
	delete(m.requests, t)
	m.c.answered(m, t, v, payload)
}

// serve reads a section.
func (m *member) serve(id []byte) (Verdict, []byte) {
	s, exists := m.store.Lookup(id)
	if !exists {
		return Verdict{Code: wire.NotExist}, nil
	}
	b := make([]byte, s.Size)
	m.store.ReadAt(id, 0, b)
	return Verdict{Code: wire.OK}, b
}

// frontRead is a read by the front, from the segment: ok is false if the node director would have to be asked.
func (m *member) frontRead(id string) (value string, ok bool) {
	if m.store == nil || !m.state.Readable || m.state.LeaseDeadline != segment.NoLease && uint64(m.clock()) >= m.state.LeaseDeadline {
		return "", false
	}
	s := m.store.sections[id]
	if s == nil || s.Marked || s.tombstone {
		return "", false
	}
	return string(s.data), true
}

// send puts a message on the network, as the bytes it is made of.
func (c *cluster) send(from, to string, m Message) {
	id := uint64(1)
	if m.Kind() == KindBeat {
		id = 0
	}
	frame, data, err := EncodeMessage(id, m)
	if err != nil {
		panic(err)
	}
	_, again, err := DecodeMessage(slices.Concat(frame, data))
	if err != nil {
		panic(fmt.Sprintf("%T: %v", m, err))
	}
	c.sequence++
	p := packet{c.now + c.delay(), c.sequence, from, to, again}
	if !c.deliver(&p) {
		if m.Kind() != KindBeat {
			c.log("%s -> %s: %s, lost", from, to, describe(again))
		}
		return
	}
	c.packets = append(c.packets, p)
}

// step lets a millisecond pass.
func (c *cluster) step() {
	c.now += millisecond
	slices.SortStableFunc(c.packets, func(a, b packet) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.sequence, b.sequence)) })
	for len(c.packets) > 0 && c.packets[0].at <= c.now {
		p := c.packets[0]
		c.packets = c.packets[1:]
		n := c.nodes[p.to]
		if n == nil || !n.up {
			continue
		}
		if b, ok := p.message.(*Beat); ok {
			if n.pairs.Receive(n.clock(), p.from, b) {
				n.core.Restarted(n.clock(), p.from)
				n.effects()
			}
			n.core.Tick(n.clock())
		} else {
			c.log("%s -> %s: %s", p.from, p.to, describe(p.message))
			n.core.Receive(n.clock(), n.wall(), p.from, p.message)
		}
		n.effects()
	}
	for _, name := range c.names {
		n := c.nodes[name]
		if n == nil || !n.up {
			continue
		}
		for _, b := range n.pairs.Tick(n.clock()) {
			c.send(name, b.To, b.Beat)
		}
		if n.core.Wake() <= n.clock() {
			n.core.Tick(n.clock())
			n.effects()
		}
		if c.director != nil {
			c.director.serve(n)
		}
	}
}

func (c *cluster) run(d time.Duration) {
	for end := c.now + int64(d); c.now < end; {
		c.step()
	}
}

// describe is a message in a transcript.
func describe(m Message) string {
	switch m := m.(type) {
	case *Begin:
		return fmt.Sprintf("Begin %d.%d/%d, number %s", m.Link.Epoch.Counter, m.Link.Incarnation, m.Link.Stream, short(m.Number))
	case *Report:
		s := fmt.Sprintf("Report %d.%d/%d, number %s", m.Link.Epoch.Counter, m.Link.Incarnation, m.Link.Stream, short(m.Number))
		if !m.Complete {
			s += ", incomplete"
		}
		for _, k := range m.Marked {
			s += fmt.Sprintf(", marked %s@%s", k.ID, short(k.Number))
		}
		for _, u := range m.Tail {
			s += fmt.Sprintf(", update %s", short(u.Number))
		}
		return s
	case *Item:
		s := fmt.Sprintf("Item %d", m.Seq)
		switch m.Holds {
		case ItemUpdate:
			s += fmt.Sprintf(", update %s", short(m.Update.Number))
			for _, op := range m.Update.Ops {
				s += fmt.Sprintf(" %s=%s", op.Section, op.Data)
			}
		case ItemSection:
			s += fmt.Sprintf(", section %s", m.Section.ID)
			if m.Section.Exists {
				s += fmt.Sprintf("=%s @%s", m.Section.Data, short(m.Section.Number))
			}
		case ItemResults:
			s += fmt.Sprintf(", %d results", len(m.Results.Results))
		case ItemBase:
			s += fmt.Sprintf(", base %s", short(m.Base.Number))
		case ItemRequire:
			s += fmt.Sprintf(", require %v", m.Require)
		}
		return s + fmt.Sprintf("; committed %s", short(m.Committed))
	case *Ack:
		s := fmt.Sprintf("Ack %d", m.Seq)
		if m.Unknown {
			s += ", unknown link"
		}
		if m.Full {
			s += ", full"
		}
		return s
	case *Committed:
		return "Committed " + short(m.Number)
	case *Release:
		return fmt.Sprintf("Release %d", m.Epoch.Counter)
	case *Forward:
		return fmt.Sprintf("Forward %d to incarnation %d", m.Seq, m.ToIncarnation)
	case *Forwarded:
		if m.Moved {
			return fmt.Sprintf("Forwarded %d: moved", m.Seq)
		}
		return fmt.Sprintf("Forwarded %d: %v", m.Seq, m.Code)
	case *EventsFor:
		return fmt.Sprintf("EventsFor %s", short(m.Event.Update))
	}
	return fmt.Sprintf("%T", m)
}

// short is an update number: how many gaps, and the rest.
func short(n uint64) string {
	if n < EpochGap {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d+%d", n/EpochGap, n%EpochGap)
}
