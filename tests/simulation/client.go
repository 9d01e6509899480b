package simulation

import (
	"errors"
	"os"
	"slices"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// client is an application: it opens checkpoints, makes calls one after the other, and reads its node's replica itself.
type client struct {
	n       *node
	w       *world
	id      int // for the history
	session uint64
	numbers [2]uint64 // of the last request in each slot
	opens   uint64
	handles map[string]*handle // by name
	dead    bool
	idle    bool // it has had its last word
}

// handle is an open checkpoint.
type handle struct {
	name       string
	open       uint64
	checkpoint uint64
	flags      uint32
	file       *file // whose mapping reader is
	reader     *segment.Reader
	descriptor *os.File
	made       []string // sections with generated ids
}

const (
	callTimeout = 3 * time.Second
	resendAfter = 150 * time.Millisecond
	localMin    = 10 * time.Microsecond
	localMax    = 60 * time.Microsecond
)

func (n *node) newClient() *client {
	w := n.w
	w.stats.clients++
	c := &client{n: n, w: w, id: w.stats.clients, handles: make(map[string]*handle)}
	c.newSession()
	n.clients = append(n.clients, c)
	w.after(w.between(0, 50*time.Millisecond), c.next)
	return c
}

func (c *client) newSession() {
	c.w.sessions++
	c.session, c.numbers = c.w.sessions, [2]uint64{}
	c.n.session[c.session] = &journal{c.session, make(map[uint64]opened)}
}

// die ends the process. What it was waiting for never ends.
func (c *client) die() {
	c.dead = true
	for _, h := range c.handles {
		h.unmap()
	}
}

func (h *handle) unmap() {
	if h.reader != nil {
		h.reader.Close()
		h.descriptor.Close()
	}
	h.file, h.reader, h.descriptor = nil, nil, nil
}

// call makes a request and waits for its answer: TIMEOUT at the deadline. A request is sent again under its number until
// then; so whoever carries it out knows that it is the same.
func (c *client) call(a *ask, done func(*reply)) {
	w := c.w
	slot := w.rng.IntN(len(c.numbers))
	c.numbers[slot]++
	a.session, a.slot, a.number = c.session, uint16(slot), c.numbers[slot]
	a.deadline = c.n.monotonic() + int64(callTimeout)
	ended := false
	end := func(r *reply) {
		if ended || c.dead {
			return
		}
		ended = true
		if r.code == wire.TryAgain && r.director != a.first {
			// What an earlier node director did of it is not known to the one that refuses it.
			refused := *r
			refused.code = wire.Timeout
			r = &refused
		}
		done(r)
	}
	var send func()
	send = func() {
		if ended || c.dead {
			return
		}
		if d := c.n.director; d != nil && a.first == 0 {
			a.first = d.incarnation
		}
		w.after(w.between(localMin, localMax), func() {
			c.n.enter(func(d *nodeDirector) {
				d.take(a, func(r *reply) { w.after(w.between(localMin, localMax), func() { end(r) }) })
			})
		})
		w.after(resendAfter, send)
	}
	send()
	w.after(time.Duration(c.n.clock.when(a.deadline)-w.now)+time.Millisecond, func() { end(&reply{code: wire.Timeout}) })
}

// next makes the next call after a while.
func (c *client) next() {
	w := c.w
	switch {
	case c.dead:
	case w.healed:
		c.idle = true
	case w.stats.Operations >= w.p.operations:
		w.after(50*time.Millisecond, c.next)
	default:
		w.after(w.between(time.Millisecond, 2*w.p.think), c.operate)
	}
}

func (c *client) operate() {
	if c.dead {
		return
	}
	s := pick(c.w, c.w.p.checkpoints)
	h := c.handles[s.name]
	if h == nil {
		c.open(s, c.next)
		return
	}
	c.use(h, c.next)
}

func (c *client) open(s spec, next func()) {
	c.opens++
	a := &ask{do: opOpen, name: s.name, flags: s.flags, open: c.opens}
	call := c.w.now
	c.call(a, func(r *reply) {
		if r.code == wire.OK {
			c.w.history.named(c.w, s.name, r.checkpoint, call)
			h := &handle{name: s.name, open: a.open, checkpoint: r.checkpoint, flags: s.flags}
			c.handles[s.name] = h
			c.mapped(h, r)
		}
		c.w.tracef("client %d on %s: open %s: %v, checkpoint %d", c.id, c.n.name, s.name, r.code, r.checkpoint)
		next()
	})
}

// mapped maps the replica of this node, if there is one.
func (c *client) mapped(h *handle, r *reply) {
	if r.file == nil || r.file == h.file || r.file.removed {
		return
	}
	h.unmap()
	f, err := os.Open(c.n.path(h.checkpoint))
	if err != nil {
		c.w.failf("%s: descriptor of checkpoint %d: %v", c.n.name, h.checkpoint, err)
		return
	}
	reader, err := segment.OpenReader(f)
	if err != nil {
		c.w.failf("%s: mapping of checkpoint %d: %v", c.n.name, h.checkpoint, err)
		return
	}
	h.file, h.reader, h.descriptor = r.file, reader, f
}

var sectionNames = []string{"a", "b", "c", "dd"}

// draw chooses what to do.
func (c *client) draw(h *handle) operation {
	weights := c.w.p.weights
	if h.flags&wire.FlagAllReplicas != 0 {
		weights[opSynchronize], weights[opActive] = 0, 0
	}
	if h.flags&wire.FlagCollocated == 0 {
		weights[opActive] = 0
	}
	sum := 0
	for _, k := range weights {
		sum += k
	}
	k := c.w.rng.IntN(sum)
	for op, weight := range weights {
		if k < weight {
			return operation(op)
		}
		k -= weight
	}
	return opRead
}

// use makes a call on an open checkpoint.
func (c *client) use(h *handle, next func()) {
	w := c.w
	a := &ask{do: c.draw(h), open: h.open, name: h.name}
	section := pick(w, sectionNames[:w.p.sections])
	if len(h.made) > 0 && w.chance(0.2) {
		section = pick(w, h.made)
	}
	a.sections = [][]byte{[]byte(section)}
	a.expires = replication.Never
	creates := a.do == opCreate || a.do == opGenerate
	if a.do == opExpiration && w.chance(0.8) || creates && w.p.weights[opExpiration] > 0 && w.chance(0.5) {
		a.expires = c.n.wall() + int64(w.between(50*time.Millisecond, 3*time.Second))
	}
	switch a.do {
	case opCreate, opOverwrite, opWrite, opGenerate:
		w.values++
		a.value = w.values
	}
	switch a.do {
	case opGenerate:
		a.sections = [][]byte{nil}
	case opWrite:
		if other := pick(w, sectionNames[:w.p.sections]); other != section && w.chance(0.6) {
			a.sections = append(a.sections, []byte(other))
		}
	case opList, opSynchronize, opActive, opClose, opUnlink, opEnd:
		a.sections = nil
	}
	c.perform(h, a, next)
}

func (c *client) perform(h *handle, a *ask, next func()) {
	w := c.w
	if !w.history.room(a, h) {
		w.stats.Operations++
		next()
		return
	}
	w.stats.Operations++
	o := w.history.begin(w, c, h, a)
	if a.do == opRead {
		if r := c.readLocally(h, a.sections[0]); r != nil {
			w.stats.LocalReads++
			w.history.end(w, o, r, true)
			next()
			return
		}
	}
	c.call(a, func(r *reply) {
		w.history.end(w, o, r, false)
		c.mapped(h, r)
		switch {
		case r.code == wire.BadHandle, a.do == opClose && r.code == wire.OK:
			h.unmap()
			delete(c.handles, h.name)
		case a.do == opGenerate && r.code == wire.OK && len(h.made) < 3:
			h.made = append(h.made, string(r.generated))
		case a.do == opEnd && r.code == wire.OK:
			for _, h := range c.handles {
				h.unmap()
			}
			clear(c.handles)
			c.newSession()
		}
		next()
	})
}

// readLocally reads the replica of this node as an application does; nil: the node director has to be asked.
func (c *client) readLocally(h *handle, section []byte) *reply {
	if h.reader == nil || h.file.deadline <= c.n.monotonic() {
		return nil
	}
	buf := make([]byte, c.w.p.size+1)
	n, err := h.reader.Read(section, 0, buf)
	if errors.Is(err, segment.ErrRemap) {
		if err = h.reader.Remap(h.descriptor); err == nil {
			n, err = h.reader.Read(section, 0, buf)
		}
	}
	switch {
	case errors.Is(err, segment.ErrNoSection):
		return &reply{code: wire.NotExist}
	case errors.Is(err, segment.ErrGone):
		h.unmap()
		return nil
	case errors.Is(err, segment.ErrAsk):
		return nil
	case mayBeCorrupted(h.flags, err):
		return &reply{code: wire.FailedOperation}
	case err != nil:
		c.w.failf("client %d on %s: local read: %v", c.id, c.n.name, err)
		return nil
	}
	value, ok := valueOf(buf[:n], c.w.p.size)
	if !ok {
		c.w.failf("client %d on %s: local read of %q is no value that was written", c.id, c.n.name, section)
	}
	return &reply{code: wire.OK, value: value}
}

// lastWord reads all it has open: these reads must succeed, for nothing is broken any more.
func (c *client) lastWord(names []string, done func()) {
	if c.dead || len(names) == 0 {
		done()
		return
	}
	w := c.w
	h := c.handles[names[0]]
	sections := slices.Concat(sectionNames[:c.w.p.sections], h.made)
	var step func()
	step = func() {
		if len(sections) == 0 {
			c.lastWord(names[1:], done)
			return
		}
		a := &ask{do: opRead, open: h.open, name: h.name, sections: [][]byte{[]byte(sections[0])}}
		sections = sections[1:]
		c.perform(h, a, func() { w.after(time.Millisecond, step) })
	}
	step()
}
