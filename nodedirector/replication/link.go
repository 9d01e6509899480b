package replication

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// linkState is how far a link has come.
type linkState uint8

const (
	linkBegin    linkState = iota // Begin sent
	linkReported                  // the follower has said what it has
	linkCopy                      // it is being filled or corrected
	linkOpen                      // it equals the active but for the updates on their way
)

// link is the active's end of the stream to one other replica.
type link struct {
	node        string
	id          LinkID
	required    bool // nothing is committed without it: in sync, or perhaps in sync by now
	state       linkState
	adopted     bool   // the follower has adopted this epoch
	incarnation uint64 // of its node director
	report      *Report
	copy        copier
	items       []sent // not acknowledged
	bytes       int    // of their data
	pieces      int    // bytes of those that are pieces of sections
	seq         uint64 // of the last item
	acked       uint64
	bulkSeq     uint64 // of the last item that went as bulk: until it is acknowledged, others follow it, else they overtake it
	number      uint64 // of the last update acknowledged
	told, heard uint64 // committed: sent to the follower, known to have arrived
	progress    int64  // when something was last acknowledged, or began to wait for that
	heardAt     int64  // when it last acknowledged or reported something
	retry       int64  // when something is sent again
	began       int64
	full        bool
	requireSeq  uint64 // of the last ItemRequire
	proposed    uint64 // lead.proposed it was made for
	askDrop     int64
	askJoined   int64
}

// sent is an item with the memory of its data.
type sent struct {
	*Item
	buffer *Buffer // nil: the memory is nobody's in particular
}

func (c *Core) linkTo(node string) *link {
	i, found := slices.BinarySearchFunc(c.lead.links, node, func(k *link, n string) int { return cmp.Compare(k.node, n) })
	if !found {
		return nil
	}
	return c.lead.links[i]
}

// relink makes the links that the configuration asks for.
func (c *Core) relink() {
	l := c.lead
	nodes := slices.Concat(c.config.InSync, c.config.Joining, c.kept.Proposed)
	slices.Sort(nodes)
	nodes = slices.Compact(nodes)
	var links []*link
	for _, n := range nodes {
		if n == c.o.Node {
			continue
		}
		k := c.linkTo(n)
		if k == nil {
			k = &link{node: n, began: c.now}
			c.restart(k)
		}
		k.required = c.counts(n)
		links = append(links, k)
	}
	l.links = links
	l.openers = slices.DeleteFunc(slices.Clone(c.config.Open), func(n string) bool { return n == c.o.Node })
	if len(links) > 0 {
		c.loadResults()
	}
}

// restart begins a link anew.
func (c *Core) restart(k *link) {
	c.streams++
	*k = link{
		node: k.node, required: c.counts(k.node), adopted: k.adopted, began: k.began, askDrop: k.askDrop, askJoined: k.askJoined, heardAt: k.heardAt,
		id: LinkID{c.config.Epoch, c.o.Incarnation, c.streams}, progress: c.now,
	}
}

func (k *link) room() bool { return len(k.items) < WindowItems && k.bytes < WindowBytes }

// drive does what has become due on a link.
func (c *Core) drive(k *link) {
	if k.state != linkBegin && c.o.Pairs.incarnationOf(k.node) > k.incarnation {
		c.restart(k) // another process now, which does not know the link
	}
	switch k.state {
	case linkBegin:
		if k.retry <= c.now {
			k.retry = c.now + int64(c.t.RetryEvery)
			c.send(k.node, &Begin{k.id, c.config.Version, c.store.Number(), c.committed})
		}
	case linkReported:
		if c.lead.based {
			c.start(k)
		}
	case linkCopy:
		c.pump(k)
	}
	c.resend(k)
	switch {
	case k.full:
		c.ask(Effect{Ask: AskDrop, Node: k.node, Full: true}, &k.askDrop)
	case k.required && c.failing(k):
		c.ask(Effect{Ask: AskDrop, Node: k.node}, &k.askDrop)
		c.probe(k)
	case !k.required && k.state >= linkCopy && !k.room() && c.now-k.progress > int64(c.t.RetryEvery)+k.allowance(RetryBytes):
		c.restart(k) // updates do not wait for a node that only joins
	}
}

// resend sends again what has not been acknowledged for a while.
func (c *Core) resend(k *link) {
	if k.state < linkCopy || k.retry+k.allowance(RetryBytes) > c.now {
		return
	}
	k.retry = c.now + int64(c.t.RetryEvery)
	for i, s := range k.items {
		if i == ResendMax {
			break
		}
		again := *s.Item
		again.Committed = c.committed
		c.emit(Effect{Kind: EffectSend, To: k.node, Message: &again, Bulk: again.bulk() || k.bulkSeq > k.acked, Buffer: s.buffer.hold()})
	}
	if len(k.items) == 0 && k.state == linkOpen && k.heard < c.committed && !c.asynchronous() {
		c.send(k.node, &Committed{k.id, c.committed})
	}
}

// failing reports whether a required follower has been silent for too long.
func (c *Core) failing(k *link) bool {
	limit := int64(c.t.FailAfter)
	if (k.state == linkBegin || len(k.items) > 0) && c.now-k.progress > limit+k.allowance(SlowBytes) {
		return true
	}
	return c.now-c.supportedAt(k) > limit
}

// supportedAt is when the follower was last of use: when the last beat was sent to which it has answered in a way that
// counts, or it acknowledged something.
func (c *Core) supportedAt(k *link) int64 {
	return max(k.began, k.heardAt, c.o.Pairs.supportedUntil(k.node, c.config.Epoch.Generation)-int64(c.t.Lease))
}

// wake is when something has to be done about a link at the latest.
func (c *Core) wake(k *link) int64 {
	wake := int64(math.MaxInt64)
	if k.state == linkBegin || len(k.items) > 0 || k.heard < c.committed && !c.asynchronous() {
		wake = k.retry + k.allowance(RetryBytes)
	}
	if k.required {
		wake = min(wake, max(k.askDrop, c.supportedAt(k)+int64(c.t.FailAfter)+1))
	}
	if k.state == linkOpen && !c.member(k.node) {
		wake = min(wake, max(k.askJoined, c.now+int64(c.t.RetryEvery)))
	}
	return wake
}

// push sends an item.
func (c *Core) push(k *link, m *Item) { c.pushData(k, m, nil) }

// pushData sends an item whose data is in a Buffer.
func (c *Core) pushData(k *link, m *Item, buffer *Buffer) {
	k.seq++
	m.Link, m.Seq, m.Committed = k.id, k.seq, c.committed
	k.told = c.committed
	if len(k.items) == 0 {
		k.progress = c.now
		k.retry = c.now + int64(c.t.RetryEvery)
	}
	k.items = append(k.items, sent{m, buffer})
	k.bytes += m.size()
	if m.Holds == ItemSection {
		k.pieces += m.size()
	}
	bulk := m.bulk() || k.bulkSeq > k.acked
	if bulk {
		k.bulkSeq = m.Seq
	}
	c.emit(Effect{Kind: EffectSend, To: k.node, Message: m, Bulk: bulk, Buffer: buffer.hold()})
}

// allowance is how much longer than others long items may take, at so many bytes a second.
func (k *link) allowance(rate int) int64 {
	if k.bytes <= LongBytes {
		return 0
	}
	return int64(k.bytes) * int64(time.Second) / int64(rate)
}

func (m *Item) size() int {
	switch m.Holds {
	case ItemUpdate:
		return m.Update.size()
	case ItemSection:
		return 128 + len(m.Section.ID) + len(m.Section.Data)
	}
	return 128
}

func (m *Item) bulk() bool { return m.Holds == ItemSection || m.size() > LongBytes }

// tellCommitted tells a follower how much is committed, if no item has.
func (c *Core) tellCommitted(k *link) {
	if k.state == linkOpen && k.told < c.committed && !c.asynchronous() {
		k.told, k.retry = c.committed, c.now+int64(c.t.RetryEvery)
		c.send(k.node, &Committed{k.id, c.committed})
	}
}

// onAck takes a follower's acknowledgement.
func (c *Core) onAck(from string, m *Ack) {
	if c.lead == nil {
		return
	}
	k := c.linkTo(from)
	if k == nil || m.Link != k.id || m.Seq > k.seq {
		return
	}
	if m.Unknown {
		if k.state >= linkCopy {
			c.restart(k)
		}
		return
	}
	k.heard = max(k.heard, m.Committed)
	if m.Full {
		k.full = true
	}
	for len(k.items) > 0 && k.items[0].Seq <= m.Seq {
		it := k.items[0]
		k.items[0] = sent{}
		it.buffer.Release()
		k.items = k.items[1:]
		k.bytes -= it.size()
		k.acked = it.Seq
		k.progress, k.heardAt = c.now, c.now
		k.retry = c.now + int64(c.t.RetryEvery)
		switch it.Holds {
		case ItemSection:
			k.pieces -= it.size()
		case ItemUpdate:
			k.number = it.Update.Number
		case ItemBase:
			k.number = it.Base.Number
			k.state = linkOpen
		}
	}
}
