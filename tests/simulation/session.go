package simulation

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"libckpt/director"
	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// journal is what a node director records of a session for the next one.
type journal struct {
	session uint64
	opens   map[uint64]opened
}

type opened struct {
	checkpoint uint64
	name       string
}

// session is one application at a node director. Each of its slots holds one request at a time, numbered upwards, which is
// carried out once however often it arrives.
type session struct {
	j       *journal
	slots   map[uint16]*slot
	written map[uint64]bool // checkpoints that may hold answers to its requests
}

type slot struct {
	number  uint64
	running bool
	reply   *reply // kept; nil: the request may be carried out again
}

// ask is a request of an application, as it arrives.
type ask struct {
	session  uint64
	slot     uint16
	number   uint64
	deadline int64  // node's monotonic clock
	first    uint64 // incarnation of the node director that it was sent to first
	do       operation
	open     uint64
	name     string
	flags    uint32   // creation flags
	sections [][]byte // one, or those of a write
	value    uint64
	expires  int64 // wall clock of the application's node
}

// operation is what an application asks for.
type operation uint8

const (
	opOpen operation = iota + 1
	opClose
	opUnlink
	opActive
	opCreate
	opGenerate
	opDelete
	opWrite
	opOverwrite
	opRead
	opList
	opSynchronize
	opExpiration // sets one
	opEnd
	opExpire // of a node director: its time has come
)

var operationNames = [...]string{"", "open", "close", "unlink", "active", "create", "generate", "delete", "write", "overwrite",
	"read", "list", "synchronize", "expiration", "end", "expire"}

func (o operation) String() string { return operationNames[o] }

// reply is the answer to an ask.
type reply struct {
	code       wire.Code
	index      uint32
	checkpoint uint64
	generated  []byte
	value      uint64
	list       []string
	file       *file // the replica here
	director   uint64
}

// call is an ask that is being carried out.
type call struct {
	d     *nodeDirector
	s     *session
	a     *ask
	k     *checkpoint
	send  func(*reply)
	ended bool
}

// finish ends a call. With keep, a repetition gets the same answer.
func (c *call) finish(r *reply, keep bool) {
	if c.ended {
		return
	}
	c.ended = true
	if s := c.s.slots[c.a.slot]; s.number == c.a.number {
		s.running, s.reply = false, nil
		if keep {
			s.reply = r
		}
	}
	r.director = c.d.incarnation
	if c.k != nil && c.k.segment != nil {
		r.file = c.k.file
	}
	c.send(r)
}

func (c *call) answer(code wire.Code, index uint32, generated []byte) {
	c.finish(&reply{code: code, index: index, generated: generated}, true)
}

func newSession(j *journal) *session {
	return &session{j: j, slots: make(map[uint16]*slot), written: make(map[uint64]bool)}
}

func (d *nodeDirector) restoreSession(j *journal) {
	s := newSession(j)
	d.sessions[j.session] = s
	for _, open := range slices.Sorted(maps.Keys(j.opens)) {
		o := j.opens[open]
		s.written[o.checkpoint] = true
		d.checkpointOf(o.checkpoint, o.name).opens[handleKey{j.session, open}] = true
	}
}

// restoreResults finds which replicas here hold answers to requests of the sessions that were taken over.
func (d *nodeDirector) restoreResults() {
	for id, k := range d.checkpoints {
		if k.segment == nil {
			continue
		}
		k.segment.Results(func(r segment.Result) bool {
			if s := d.sessions[r.Session]; s != nil {
				s.written[id] = true
			}
			return true
		})
	}
}

// take passes a request through its slot.
func (d *nodeDirector) take(a *ask, send func(*reply)) {
	s := d.sessions[a.session]
	if s == nil {
		j := d.n.session[a.session]
		if j == nil {
			return
		}
		s = newSession(j)
		d.sessions[a.session] = s
	}
	t := s.slots[a.slot]
	if t == nil {
		t = &slot{}
		s.slots[a.slot] = t
	}
	switch {
	case a.number < t.number, a.number == t.number && t.running:
		return
	case a.number == t.number && t.reply != nil:
		send(t.reply)
		return
	case a.deadline <= d.n.monotonic():
		return
	}
	t.number, t.running, t.reply = a.number, true, nil
	d.carryOut(&call{d: d, s: s, a: a, send: send})
}

func (d *nodeDirector) carryOut(c *call) {
	a := c.a
	switch a.do {
	case opOpen:
		d.withName(c, a.name, func() { d.open(c) })
		return
	case opUnlink:
		d.withName(c, a.name, func() { d.unlink(c) })
		return
	case opEnd:
		d.end(c)
		return
	}
	o, ok := c.s.j.opens[a.open]
	if ok {
		c.k = d.checkpoints[o.checkpoint]
	}
	switch {
	case !ok && a.do == opClose:
		c.answer(wire.OK, 0, nil)
	case !ok, c.k == nil, !c.k.opens[handleKey{a.session, a.open}], c.k.gone && a.do != opClose:
		c.answer(wire.BadHandle, 0, nil)
	case a.do == opClose:
		d.withName(c, o.name, func() { d.close(c) })
	case a.do == opActive:
		d.withName(c, o.name, func() { d.activate(c) })
	default:
		d.submit(c)
	}
}

// withName does something while nothing else is under way for the name. do releases it.
func (d *nodeDirector) withName(c *call, name string, do func()) {
	switch {
	case !d.names[name]:
		d.names[name] = true
		do()
	case c.a.deadline <= d.n.monotonic():
		c.finish(&reply{code: wire.TryAgain}, false)
	default:
		d.later(10*time.Millisecond, func() { d.withName(c, name, do) })
	}
}

func (d *nodeDirector) open(c *call) {
	a := c.a
	if o, ok := c.s.j.opens[a.open]; ok { // the answer was lost with an earlier process
		if k := d.checkpoints[o.checkpoint]; k != nil {
			delete(d.names, a.name)
			c.k = k
			c.finish(&reply{code: wire.OK, checkpoint: o.checkpoint}, true)
			return
		}
	}
	d.request(a.deadline, func(from director.From) director.Command {
		return &director.Open{From: from, DirectorOpenRequest: wire.DirectorOpenRequest{
			Name: a.name, HasAttributes: true, Now: d.n.wall(), Attributes: attributes(a.flags),
		}}
	}, func(code wire.Code, r *director.Result) {
		delete(d.names, a.name)
		if code != wire.OK {
			c.finish(&reply{code: code}, code != wire.TryAgain && code != wire.Timeout)
			return
		}
		id := r.Config.Config.Checkpoint
		d.follow(r)
		k := d.checkpoints[id]
		if k == nil {
			k = d.checkpointOf(id, a.name)
		}
		if k.gone || a.deadline <= d.n.monotonic() || d.sessions[a.session] != c.s {
			c.finish(&reply{code: wire.Timeout}, false)
			d.forget(k)
			return
		}
		d.n.step()
		c.s.j.opens[a.open] = opened{id, a.name}
		d.n.step()
		k.opens[handleKey{a.session, a.open}] = true
		c.k = k
		c.finish(&reply{code: wire.OK, checkpoint: id}, true)
	})
}

func attributes(flags uint32) wire.Attributes {
	return wire.Attributes{
		CreationFlags: flags, MaxSections: 64, MaxSectionSize: 1 << 20, MaxSectionIDSize: 32, RetentionDuration: int64(2 * time.Second),
	}
}

func (d *nodeDirector) closeHandle(c *call) {
	delete(c.s.j.opens, c.a.open)
	delete(c.k.opens, handleKey{c.a.session, c.a.open})
}

func (d *nodeDirector) close(c *call) {
	k := c.k
	if len(k.opens) > 1 || k.gone {
		d.closeHandle(c)
		delete(d.names, k.name)
		c.answer(wire.OK, 0, nil)
		d.forget(k)
		return
	}
	d.request(c.a.deadline, func(from director.From) director.Command {
		return &director.Close{From: from, Checkpoint: k.id}
	}, func(code wire.Code, r *director.Result) {
		delete(d.names, k.name)
		if code != wire.OK && code != wire.NotExist {
			c.finish(&reply{code: code}, false)
			return
		}
		d.closeHandle(c)
		d.follow(r)
		c.answer(wire.OK, 0, nil)
		d.forget(k)
	})
}

func (d *nodeDirector) unlink(c *call) {
	a := c.a
	d.request(a.deadline, func(from director.From) director.Command {
		return &director.Unlink{From: from, DirectorUnlinkRequest: wire.DirectorUnlinkRequest{
			Name: a.name, Request: wire.RequestID{Session: a.session, Slot: a.slot, Number: a.number},
		}}
	}, func(code wire.Code, r *director.Result) {
		delete(d.names, a.name)
		if code == wire.OK {
			d.follow(r)
		}
		c.finish(&reply{code: code}, code != wire.TryAgain && code != wire.Timeout)
	})
}

// activate makes the replica here the active one; while it is being filled, the directors are asked again.
func (d *nodeDirector) activate(c *call) {
	k := c.k
	d.request(c.a.deadline, func(from director.From) director.Command {
		return &director.Active{From: from, Checkpoint: k.id}
	}, func(code wire.Code, r *director.Result) {
		delete(d.names, k.name)
		if code == wire.TryAgain && c.a.deadline > d.n.monotonic() {
			d.later(retryPause, func() { d.withName(c, k.name, func() { d.activate(c) }) })
			return
		}
		if code == wire.OK {
			d.follow(r)
		}
		c.finish(&reply{code: code}, false)
	})
}

// end closes a session: its results are not needed any more.
func (d *nodeDirector) end(c *call) {
	j := c.s.j
	for _, id := range slices.Sorted(maps.Keys(c.s.written)) {
		k := d.checkpoints[id]
		if k == nil || k.gone {
			continue
		}
		d.token++
		d.ending[d.token] = k
		k.ending++
		k.core.Submit(d.n.monotonic(), d.n.wall(), &replication.Request{
			Kind: replication.RequestEndSession, Session: j.session, Token: d.token, Deadline: c.a.deadline,
		})
		d.effects(k)
	}
	for open, o := range j.opens {
		if k := d.checkpoints[o.checkpoint]; k != nil {
			delete(k.opens, handleKey{j.session, open})
		}
	}
	delete(d.n.session, j.session)
	delete(d.sessions, j.session)
	c.answer(wire.OK, 0, nil)
}

var writeOps = map[operation]wire.Op{
	opCreate: wire.OpSectionCreate, opGenerate: wire.OpSectionCreate, opDelete: wire.OpSectionDelete, opWrite: wire.OpWrite,
	opOverwrite: wire.OpOverwrite, opExpiration: wire.OpExpiration,
}

// submit gives a request to the core.
func (d *nodeDirector) submit(c *call) {
	a := c.a
	d.token++
	r := &replication.Request{Token: d.token, Deadline: a.deadline, Repeated: a.first != d.incarnation}
	switch a.do {
	case opRead:
		r.Kind, r.Section, r.Payload = replication.RequestRead, a.sections[0], append([]byte{'r'}, a.sections[0]...)
	case opList:
		r.Kind, r.Payload = replication.RequestReadAll, []byte{'l'}
	case opSynchronize:
		r.Kind = replication.RequestSynchronize
	default:
		u := replication.Update{
			Op: writeOps[a.do], Access: wire.OpenRead | wire.OpenWrite, Open: a.open, Generate: a.do == opGenerate,
			Time:    a.expires,
			Request: wire.RequestID{Session: a.session, Slot: a.slot, Number: a.number},
		}
		for _, id := range a.sections {
			e := wire.Element{ID: id}
			if a.do != opDelete && a.do != opExpiration {
				e.Size = uint64(d.w.p.size)
				u.Data = append(u.Data, content(a.value, d.w.p.size)...)
			}
			u.Elements = append(u.Elements, e)
		}
		r.Kind, r.Update = replication.RequestUpdate, u
		c.s.written[c.k.id] = true
	}
	d.calls[d.token] = c
	c.k.core.Submit(d.n.monotonic(), d.n.wall(), r)
	d.effects(c.k)
}

// answered ends the call that a core has answered.
func (d *nodeDirector) answered(e *replication.Effect) {
	if x := d.expiring[e.Token]; x != nil {
		delete(d.expiring, e.Token)
		d.expired(x, e.Verdict.Code)
		return
	}
	if k := d.ending[e.Token]; k != nil {
		delete(d.ending, e.Token)
		k.ending--
		d.forget(k)
		return
	}
	c := d.calls[e.Token]
	if c == nil {
		return
	}
	delete(d.calls, e.Token)
	v := &e.Verdict
	r := &reply{code: v.Code, index: v.Index, generated: v.Generated}
	switch {
	case c.a.do == opRead && v.Code == wire.OK && len(e.Payload) == 8:
		r.value = binary.BigEndian.Uint64(e.Payload)
	case c.a.do == opList && v.Code == wire.OK:
		r.list = decodeList(e.Payload)
	}
	c.finish(r, c.a.do != opRead && c.a.do != opList && c.a.do != opSynchronize)
}

// serve carries a read out on the replica here.
func (d *nodeDirector) serve(k *checkpoint, e *replication.Effect) {
	code, payload := d.readStore(k, e.Payload)
	if e.Held {
		k.core.Served(d.n.monotonic(), e.Token, replication.Verdict{Code: code}, payload)
		return
	}
	d.answered(&replication.Effect{Token: e.Token, Verdict: replication.Verdict{Code: code}, Payload: payload})
}

func (d *nodeDirector) readStore(k *checkpoint, what []byte) (wire.Code, []byte) {
	if k.segment == nil || len(what) == 0 {
		return wire.TryAgain, nil
	}
	if what[0] == 'l' {
		var ids []string
		for s, ok := k.store.Next(nil, true); ok; s, ok = k.store.Next(s.ID, false) {
			ids = append(ids, string(s.ID))
		}
		return wire.OK, encodeList(ids)
	}
	buf := make([]byte, d.w.p.size+1)
	s, exists := k.store.Lookup(what[1:])
	if !exists {
		return wire.NotExist, nil
	}
	n, err := k.store.ReadAt(what[1:], 0, buf)
	if mayBeCorrupted(k.config.Attributes.CreationFlags, err) {
		return wire.FailedOperation, nil
	}
	if err != nil {
		d.w.failf("%s: read of %q: %v", d.n.name, what[1:], err)
		return wire.Library, nil
	}
	value, ok := valueOf(buf[:n], d.w.p.size)
	if !ok {
		d.w.failf("%s: content of section %q of checkpoint %d (update %d) is no value that was written", d.n.name, s.ID, k.id, s.Number)
	}
	return wire.OK, binary.BigEndian.AppendUint64(nil, value)
}

// mayBeCorrupted reports whether an error says that a section is corrupted, which one of a weak checkpoint may be.
func mayBeCorrupted(flags uint32, err error) bool {
	return errors.Is(err, segment.ErrCorrupted) && flags&wire.FlagActiveWeak != 0
}

// content makes the bytes of a value: the number, over and over.
func content(value uint64, size int) []byte {
	b := make([]byte, size)
	for i := 0; i+8 <= size; i += 8 {
		binary.BigEndian.PutUint64(b[i:], value)
	}
	return b
}

// valueOf reads such bytes; false: they are not all of one value.
func valueOf(b []byte, size int) (uint64, bool) {
	if len(b) != size {
		return 0, false
	}
	v := binary.BigEndian.Uint64(b)
	for i := 8; i+8 <= size; i += 8 {
		if binary.BigEndian.Uint64(b[i:]) != v {
			return 0, false
		}
	}
	return v, true
}

func encodeList(ids []string) []byte {
	var b []byte
	for _, id := range ids {
		b = append(append(b, byte(len(id))), id...)
	}
	return b
}

func decodeList(b []byte) (ids []string) {
	for len(b) > 0 && int(b[0]) < len(b) {
		ids = append(ids, string(b[1:1+b[0]]))
		b = b[1+b[0]:]
	}
	return ids
}
