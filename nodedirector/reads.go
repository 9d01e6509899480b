package nodedirector

import (
	"errors"
	"fmt"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// A read is carried out where core says: on the replica here, or at the active one's node. For that it travels as payload,
// a frame of kind KindRequest: wire.Request with nothing but Op, and the body. So does its answer, of kind KindReply.

// reading is an asker of a read.
type reading struct {
	c    *checkpoint
	op   wire.Op
	body any
	// done takes the answer: body, if the read was carried out here, and data; else rest is both as they were encoded.
	done func(r wire.Reply, body any, data, rest []byte)
}

func (r *reading) served() func() {
	reply, body, data := r.c.readHereLocked(r.op, r.body)
	return func() { r.done(reply, body, data, nil) }
}

func (r *reading) answered(v *replication.Verdict, payload []byte) {
	if v.Code != wire.OK {
		r.done(wire.Reply{Error: v.Code, Index: v.Index}, nil, nil, nil)
		return
	}
	var reply wire.Reply
	d, err := wire.NewDecoder(payload)
	if err == nil {
		defer d.Release()
		if d.Kind != wire.KindReply {
			err = &wire.FormatError{Reason: "not an answer"}
		} else {
			err = d.Value(&reply)
		}
	}
	if err != nil {
		r.c.n.malformedMessage("a node", err)
		r.done(wire.Reply{Error: wire.Library}, nil, nil, nil)
		return
	}
	r.done(reply, nil, nil, d.Data())
}

// readLocked has a read carried out, of one section or, with section nil, of the whole checkpoint.
func (c *checkpoint) readLocked(op wire.Op, section []byte, body any, deadline int64, done func(r wire.Reply, body any, data, rest []byte)) {
	q := &replication.Request{Kind: replication.RequestReadAll, Deadline: deadline}
	if section != nil {
		q.Kind, q.Section = replication.RequestRead, section
	}
	payload, err := wire.Encode(wire.KindRequest, nil, &wire.Request{Op: op}, body)
	if err != nil {
		c.n.log.Error("request", "reason", err)
		c.answers = append(c.answers, func() { done(wire.Reply{Error: wire.Library}, nil, nil, nil) })
		return
	}
	q.Payload = payload
	c.submitLocked(q, &reading{c, op, body, done})
}

// servePayloadLocked carries out a read that came as payload, and makes the payload of the answer.
func (c *checkpoint) servePayloadLocked(payload []byte) (wire.Code, []byte) {
	var request wire.Request
	var body any
	d, err := wire.NewDecoder(payload)
	if err == nil {
		defer d.Release()
		if d.Kind != wire.KindRequest {
			err = &wire.FormatError{Reason: "not a request"}
		} else if err = d.Value(&request); err == nil {
			if body = readBodyOf(request.Op); body != nil {
				err = d.Value(body)
			} else if request.Op != wire.OpStatus {
				err = &wire.FormatError{Reason: fmt.Sprintf("operation %d is no read", request.Op)}
			}
		}
	}
	if err != nil {
		c.n.malformedMessage("a node", err)
		return wire.Library, nil
	}
	reply, out, data := c.readHereLocked(request.Op, body)
	var raw [][]byte
	if data != nil {
		raw = [][]byte{data}
	}
	frame, err := wire.Encode(wire.KindReply, raw, &reply, out)
	if err != nil {
		c.n.log.Error("reply", "reason", err)
		return wire.Library, nil
	}
	return wire.OK, frame
}

func readBodyOf(op wire.Op) any {
	switch op {
	case wire.OpRead:
		return new(wire.ReadRequest)
	case wire.OpSections:
		return new(wire.SectionsRequest)
	case wire.OpChanges:
		return new(wire.ChangesRequest)
	}
	return nil
}

// readHereLocked carries out a read on the replica here.
func (c *checkpoint) readHereLocked(op wire.Op, body any) (reply wire.Reply, out any, data []byte) {
	if c.seg == nil {
		return wire.Reply{Error: wire.TryAgain}, nil, nil
	}
	switch op {
	case wire.OpRead:
		r, data, code := c.readSectionLocked(body.(*wire.ReadRequest))
		if code != wire.OK && !r.Changed {
			return wire.Reply{Error: code}, nil, nil
		}
		return wire.Reply{Error: code}, &r, data
	case wire.OpStatus:
		return wire.Reply{Error: wire.OK}, &wire.StatusReply{
			Attributes: c.config.Attributes, Sections: c.seg.Count(), Memory: c.seg.Used(), Version: c.config.Version,
		}, nil
	case wire.OpSections:
		return wire.Reply{Error: wire.OK}, c.pageLocked(body.(*wire.SectionsRequest)), nil
	case wire.OpChanges:
		return wire.Reply{Error: wire.OK}, c.changesLocked(body.(*wire.ChangesRequest)), nil
	}
	return wire.Reply{Error: wire.NotSupported}, nil, nil
}

func (c *checkpoint) readSectionLocked(r *wire.ReadRequest) (reply wire.ReadReply, data []byte, code wire.Code) {
	s, exists := c.seg.Lookup(r.ID)
	switch {
	case !exists:
		return reply, nil, wire.NotExist
	case s.Corrupted:
		return reply, nil, wire.FailedOperation
	case r.Update != 0 && r.Update != s.Number:
		reply.Changed = true
		return reply, nil, wire.FailedOperation
	case r.Offset > s.Size:
		return reply, nil, wire.InvalidParam
	}
	reply.SectionSize, reply.Update = s.Size, s.Number
	data = make([]byte, min(r.Size, wire.PieceBytesMax, s.Size-r.Offset))
	k, err := c.seg.ReadAt(r.ID, r.Offset, data)
	switch {
	case errors.Is(err, segment.ErrCorrupted):
		return reply, nil, wire.FailedOperation
	case err != nil || k != len(data):
		c.n.log.Error("section not read", "checkpoint", c.name, "reason", err, "bytes", k, "wanted", len(data))
		return reply, nil, wire.Library
	}
	return reply, data, wire.OK
}

// sectionsPage is the answer to a step of an iteration.
type sectionsPage struct {
	Page  wire.SectionsReply
	Last  []byte // last id looked at
	Ended bool   // there are no further ones
}

// pageLocked looks at some sections after an id (without Resume: from the first on) and picks the chosen ones.
func (c *checkpoint) pageLocked(r *wire.SectionsRequest) *sectionsPage {
	limit := int(min(max(r.Limit, 1), wire.SectionsPageMax))
	p := &sectionsPage{Ended: true, Last: r.After}
	var after []byte
	if r.Resume {
		after = append([]byte{}, r.After...)
	}
	looked, size := 0, 0
	c.store.After(after, func(id string) bool {
		if looked == sectionsPerLock {
			p.Ended = false
			return false
		}
		s, exists := c.seg.Lookup([]byte(id))
		if exists && replication.Chosen(&s, r.Chosen, r.Time) {
			if len(p.Page.Sections) == limit || size > wire.SectionsPageSize {
				p.Page.More, p.Ended = true, false
				return false
			}
			size += len(id)
			p.Page.Sections = append(p.Page.Sections, wire.Section{
				ID: []byte(id), Size: s.Size, Expiration: s.Expiration, LastUpdate: s.LastUpdate, Corrupted: s.Corrupted,
			})
		}
		looked++
		p.Last = []byte(id)
		return true
	})
	return p
}

// changesLocked tells what happened after an update: exactly if that is still known, else as whole sections.
func (c *checkpoint) changesLocked(r *wire.ChangesRequest) *wire.ChangesReply {
	reply := &wire.ChangesReply{}
	last := c.told // what is not committed will be told
	reply.Events, reply.Update, reply.Exact = c.history.since(r.Since, last)
	if !reply.Exact {
		c.changedSinceLocked(reply, r.Since, last)
	}
	return reply
}
