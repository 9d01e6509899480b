package replication

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"libckpt/internal/wire"
)

// Pairs knows the leases between this node and each of the others. They are between nodes and serve all checkpoints that
// two nodes share: see doc.go. Its methods may be called at the same time: the Cores of a node look into it while they are
// called. That they do not see a moment's state does no harm: support and promises only ever grow, and Learned comes before a
// configuration is obeyed, so that a beat sent meanwhile says so.
type Pairs struct {
	o       PairsOptions
	mu      sync.Mutex
	seq     uint64         // of the last beat to anybody
	known   StateVersion   // the latest one the node knows of
	adopted []StateVersion // up to which it has adopted everything, by generation, ascending
	peers   []string
	pairs   map[string]*pair
}

// PairsOptions are those of Pairs.
type PairsOptions struct {
	Node        string
	Incarnation uint64 // of this node director: greater than any earlier one of the node, and not 0
	Timing      Timing
	Start       int64 // monotonic ns
	// Adopted is up to which versions an earlier process of this node had adopted all configurations, as AdoptedVersions
	// gave them; its replicas keep them. Empty = not known.
	Adopted []StateVersion
}

// StateVersion is a version of the directors' state. Versions are compared within a generation of the directors' store: who
// knows all of one generation may have missed the end of the one before it, which was lost.
type StateVersion struct {
	Generation uint64
	Version    uint64
}

// VersionOf is the one that a configuration came with.
func VersionOf(config *wire.Config) StateVersion {
	return StateVersion{config.Epoch.Generation, config.Version}
}

// Less reports whether v is earlier than w.
func (v StateVersion) Less(w StateVersion) bool {
	return v.Generation < w.Generation || v.Generation == w.Generation && v.Version < w.Version
}

// pair is what is known of another node. All times are of this node's monotonic clock.
type pair struct {
	incarnation uint64
	heard       Echo // its last beat
	heardAt     int64
	next        int64              // when the next beat is due
	promised    int64              // it may count on this node until then at the latest
	supported   support            // this node may count on it
	through     map[string]support // and it on other nodes
	waiting     []countable
}

// support is until when one node may count on another, for the checkpoints whose configuration is of a generation of the
// directors' store or a later one. It is sorted by generation; a later entry lasts longer.
type support []generationSupport

type generationSupport struct {
	generation uint64
	until      int64
}

// until is until when the support lasts for a generation; math.MinInt64 = there is none.
func (s support) until(generation uint64) int64 {
	until := int64(math.MinInt64)
	for _, e := range s {
		if e.generation <= generation {
			until = e.until
		}
	}
	return until
}

// extend makes support for a generation, and later ones, last until a time at least.
func (s support) extend(generation uint64, until int64) support {
	if s.until(generation) >= until {
		return s
	}
	s = slices.DeleteFunc(s, func(e generationSupport) bool { return e.generation >= generation && e.until <= until })
	i, _ := slices.BinarySearchFunc(s, generation, func(e generationSupport, g uint64) int { return cmp.Compare(e.generation, g) })
	s = slices.Insert(s, i, generationSupport{generation, until})
	if len(s) > generationsMax {
		s = slices.Delete(s, 0, 1)
	}
	return s
}

// countable is an echo that may be counted once this node has adopted what its sender knew.
type countable struct {
	known   StateVersion
	sent    int64 // of the beat echoed
	support []Remaining
}

// BeatTo is a Beat and whom it is for.
type BeatTo struct {
	To   string
	Beat *Beat
}

// NewPairs makes the leases of a node director that has just been started. Before its first Tick the shell has withdrawn
// the leases in the headers of all segments that it found: others take its first Beat for that.
func NewPairs(o PairsOptions) *Pairs {
	o.Timing = o.Timing.withDefaults()
	p := &Pairs{o: o, pairs: make(map[string]*pair)}
	for _, v := range o.Adopted {
		p.Adopted(v)
	}
	return p
}

// Learned says that a configuration of this version, or that there is one, is known. It is called before any Core is
// given the configuration.
func (p *Pairs) Learned(v StateVersion) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.learn(v)
}

func (p *Pairs) learn(v StateVersion) {
	if p.known.Less(v) {
		p.known = v
	}
}

// Adopted says that all Cores have been given all configurations of a generation up to a version. It reports whether that
// is news.
func (p *Pairs) Adopted(v StateVersion) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.learn(v)
	i, found := slices.BinarySearchFunc(p.adopted, v.Generation, func(a StateVersion, g uint64) int { return cmp.Compare(a.Generation, g) })
	switch {
	case found && v.Version <= p.adopted[i].Version:
		return false
	case found:
		p.adopted[i] = v
	case len(p.adopted) < generationsMax:
		p.adopted = slices.Insert(p.adopted, i, v)
	case i == 0:
		return false // of a generation long past
	default:
		p.adopted = slices.Delete(slices.Insert(p.adopted, i, v), 0, 1)
	}
	for _, q := range p.pairs {
		p.count(q)
	}
	return true
}

// AdoptedVersions is what the next process of this node is to be given as PairsOptions.Adopted: once the replicas keep the
// configurations they have been given.
func (p *Pairs) AdoptedVersions() []StateVersion {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.adopted)
}

// hasAdopted reports whether this node has adopted everything of the version's generation up to it.
func (p *Pairs) hasAdopted(v StateVersion) bool {
	i, found := slices.BinarySearchFunc(p.adopted, v.Generation, func(a StateVersion, g uint64) int { return cmp.Compare(a.Generation, g) })
	return v.Version == 0 || found && v.Version <= p.adopted[i].Version
}

// SetPeers gives the nodes that this node shares a configuration with, both holding a replica: it sends Beats to them.
func (p *Pairs) SetPeers(now int64, nodes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	peers := slices.Clone(nodes)
	slices.Sort(peers)
	p.peers = slices.DeleteFunc(slices.Compact(peers), func(n string) bool { return n == p.o.Node })
	for _, n := range p.peers {
		if p.pairs[n] == nil {
			p.pairs[n] = &pair{next: now}
		}
	}
}

// Receive takes a Beat. restarted: it is the first of a later incarnation than was known; the Cores are to be told.
// Whether or not, they want a Tick.
func (p *Pairs) Receive(now int64, from string, b *Beat) (restarted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.pairs[from]
	if q == nil {
		if len(p.pairs) >= peersMax || from == p.o.Node {
			return false
		}
		q = &pair{next: now}
		p.pairs[from] = q
	}
	switch {
	case b.Incarnation < q.incarnation || b.Incarnation == 0:
		return false
	case b.Incarnation > q.incarnation:
		restarted = q.incarnation != 0
		q.incarnation, q.heard = b.Incarnation, Echo{}
	}
	if b.Seq > q.heard.Seq {
		q.heard, q.heardAt = Echo{b.Incarnation, b.Seq, b.Sent}, now
		if b.Echo.Incarnation != p.o.Incarnation {
			q.next = min(q.next, now) // it has not heard of us: it need not wait for our next beat
		}
	}
	if b.Echo.Incarnation == p.o.Incarnation && b.Echo.Seq <= p.seq && b.Echo.Sent <= now {
		if len(q.waiting) == pendingEchoMax {
			q.waiting = slices.Delete(q.waiting, 0, 1)
		}
		q.waiting = append(q.waiting, countable{b.Known, b.Echo.Sent, b.Support})
		p.count(q)
	}
	return restarted
}

// count takes into account the echoes whose senders knew of nothing that this node has not adopted: if the sender had
// given up an epoch by then, so has this node. A sender that knows of a generation has said nothing of the earlier ones.
func (p *Pairs) count(q *pair) {
	lease := int64(p.o.Timing.Lease)
	q.waiting = slices.DeleteFunc(q.waiting, func(w countable) bool {
		if !p.hasAdopted(w.known) {
			return false
		}
		q.supported = q.supported.extend(w.known.Generation, w.sent+lease)
		for _, r := range w.support {
			if _, listed := q.through[r.Node]; !listed && len(q.through) >= peersMax {
				break
			}
			if q.through == nil {
				q.through = make(map[string]support)
			}
			from := max(w.known.Generation, r.Generation)
			q.through[r.Node] = q.through[r.Node].extend(from, w.sent+min(lease, r.For))
		}
		return true
	})
}

// Tick makes the Beats that are due.
func (p *Pairs) Tick(now int64) []BeatTo {
	p.mu.Lock()
	defer p.mu.Unlock()
	var beats []BeatTo
	for _, n := range p.peers {
		if q := p.pairs[n]; q.next <= now {
			q.next = now + int64(p.o.Timing.BeatEvery)
			beats = append(beats, BeatTo{n, p.beat(now, n, q)})
		}
	}
	p.prune(now)
	return beats
}

func (p *Pairs) beat(now int64, to string, q *pair) *Beat {
	p.seq++
	b := &Beat{Incarnation: p.o.Incarnation, Seq: p.seq, Sent: now, Known: p.known, Echo: q.heard}
	if q.heard.Incarnation != 0 {
		// The other counts from when it sent the beat that is echoed: before it was heard.
		q.promised = q.heardAt + int64(p.o.Timing.Grace)
	}
	for _, n := range p.peers {
		for _, e := range p.pairs[n].supported {
			if left := e.until - now; left > 0 && n != to {
				b.Support = append(b.Support, Remaining{n, e.generation, left})
			}
		}
	}
	return b
}

// prune forgets nodes that are no peers when nothing depends on them any more.
func (p *Pairs) prune(now int64) {
	if len(p.pairs) == len(p.peers) {
		return
	}
	for n, q := range p.pairs {
		if _, peer := slices.BinarySearch(p.peers, n); !peer && q.promised < now {
			delete(p.pairs, n)
		}
	}
}

// Wake is when Tick is to be called next; math.MaxInt64 = no need.
func (p *Pairs) Wake() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	wake := int64(math.MaxInt64)
	for _, n := range p.peers {
		wake = min(wake, p.pairs[n].next)
	}
	return wake
}

// supportedUntil is until when this node may count on another, for checkpoints whose configuration is of a generation: that
// it supports no other active, and, for an active, that it commits nothing without this node.
func (p *Pairs) supportedUntil(node string, generation uint64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.pairs[node]; q != nil {
		return q.supported.until(generation)
	}
	return math.MinInt64
}

// incarnationOf is the latest one known of another node's director; 0 = none.
func (p *Pairs) incarnationOf(node string) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.pairs[node]; q != nil {
		return q.incarnation
	}
	return 0
}

// throughUntil is until when an active may count on a third node, for checkpoints whose configuration is of a generation, as
// far as this node knows.
func (p *Pairs) throughUntil(active, node string, generation uint64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.pairs[active]; q != nil {
		return q.through[node].until(generation)
	}
	return math.MinInt64
}

// promisedUntil is when another node has certainly ceased to count on this one, unless this one answers again. An earlier
// process of this node may have answered until it ended.
func (p *Pairs) promisedUntil(node string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := p.o.Start + int64(p.o.Timing.Grace)
	if q := p.pairs[node]; q != nil {
		until = max(until, q.promised)
	}
	return until
}
