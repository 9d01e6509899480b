package nodedirector

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// view is what a decision may see of a replica. *segment.Replica has it.
type view interface {
	Lookup(id []byte) (segment.Section, bool)
	Count() uint32
	Number() uint64
	NextGenerated() uint64
}

// update is a request to change sections.
type update struct {
	op       wire.Op
	access   uint32 // OpenRead | OpenWrite of the handle
	open     uint64 // of the handle
	elements []wire.Element
	data     []byte // of all elements, one after the other
	time     int64  // expiration
	// refusePast: an expiration before the current second is an error of a creation; else the section never expires.
	refusePast bool
	generate   bool
	request    wire.RequestID
	now        int64 // wall clock ns
	expired    bool  // no request: the time of the one element's section has come
}

// verdict is the answer to an update. With code OK, apply is to be applied as a whole, and event to be told after it.
type verdict struct {
	code           wire.Code
	index          uint32 // element at fault
	apply          *segment.Update
	generated      []byte // the id made
	event          wire.Event
	pastExpiration bool // the expiration asked for was over already: the section never expires
}

func refuse(c wire.Code) verdict              { return verdict{code: c} }
func refuseAt(c wire.Code, index int) verdict { return verdict{code: c, index: uint32(index)} }

// decide says what an update does to a checkpoint. The order of the checks is the order in which programs have always
// been given the error codes.
func decide(c *wire.Config, at place, v view, u *update) verdict {
	switch u.op {
	case wire.OpSectionCreate:
		return decideCreate(c, at, v, u)
	case wire.OpSectionDelete:
		return decideDelete(c, at, v, u)
	case wire.OpExpiration:
		return decideExpiration(c, at, v, u)
	case wire.OpWrite:
		return decideWrite(c, at, v, u)
	case wire.OpOverwrite:
		return decideOverwrite(c, at, v, u)
	}
	return refuse(wire.NotSupported)
}

// elsewhere is the code for a checkpoint whose updates this node does not order.
func elsewhere(at place) wire.Code {
	if at == placeNone {
		return wire.NotExist
	}
	return wire.TryAgain
}

func decideCreate(c *wire.Config, at place, v view, u *update) verdict {
	a := &c.Attributes
	if len(u.elements) != 1 {
		return refuse(wire.InvalidParam)
	}
	e := &u.elements[0]
	if u.access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	id := e.ID
	switch {
	case u.generate && (len(id) != 0 || a.MaxSectionIDSize == 0):
		return refuse(wire.InvalidParam)
	case !u.generate && (len(id) == 0 || uint64(len(id)) > a.MaxSectionIDSize || len(id) > wire.SectionIDMax):
		return refuse(wire.InvalidParam)
	}
	if at != placeHere {
		return refuse(elsewhere(at))
	}
	if e.Size > c.SectionSizeMax() || e.Size != uint64(len(u.data)) {
		return refuse(wire.InvalidParam)
	}
	if a.MaxSections == 1 {
		return refuse(wire.Exist)
	}
	if u.refusePast && beforeThisSecond(u) {
		return refuse(wire.InvalidParam)
	}
	if !u.generate {
		if _, exists := v.Lookup(id); exists {
			return refuse(wire.Exist)
		}
	}
	if v.Count() >= a.MaxSections {
		return refuse(wire.NoSpace)
	}
	d := accept(c, v, u)
	if u.generate {
		made, next, ok := generate(v, a.MaxSectionIDSize)
		if !ok {
			return refuse(wire.NoSpace)
		}
		id, d.generated, d.apply.NextGenerated = made, made, &next
	}
	expiration := u.time
	if expiration < u.now && !u.refusePast {
		expiration, d.pastExpiration = never, true
	}
	d.apply.Ops = []segment.Op{{Kind: segment.OpCreate, Section: id, Data: u.data, Expiration: expiration}}
	d.event.Created = true
	if e.Size > 0 {
		d.event.Elements = []wire.Element{{ID: id, Size: e.Size}}
	}
	return d
}

// generate makes a section id that does not exist: the generator's counter in big-endian order, cut to the checkpoint's
// id size from the left. An id comes again only after all others of its length have been used.
func generate(v view, idSizeMax uint64) (id []byte, next uint64, ok bool) {
	size := int(min(generatedIDMax, idSizeMax))
	space := ^uint64(0)
	if size < 8 {
		space = 1<<(8*size) - 1 // the largest id; there is one more
	}
	tries := min(uint64(v.Count()), space)
	next = v.NextGenerated()
	for range tries + 1 {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], next)
		next++
		id = append([]byte(nil), b[8-size:]...)
		if _, exists := v.Lookup(id); !exists {
			return id, next, true
		}
	}
	return nil, 0, false
}

func decideDelete(c *wire.Config, at place, v view, u *update) verdict {
	if len(u.elements) != 1 || len(u.elements[0].ID) == 0 {
		return refuse(wire.InvalidParam)
	}
	if u.access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	id := u.elements[0].ID
	if code := findNamed(c, at, v, id); code != wire.OK {
		return refuse(code)
	}
	d := accept(c, v, u)
	d.apply.Ops = []segment.Op{{Kind: segment.OpDelete, Section: id}}
	d.event.Deleted = true
	d.event.Elements = []wire.Element{{ID: id}}
	return d
}

// findNamed is OK if there is a section that may be deleted or expire, which a default section may not.
func findNamed(c *wire.Config, at place, v view, id []byte) wire.Code {
	if at != placeHere {
		return elsewhere(at)
	}
	if c.Attributes.MaxSections == 1 {
		return wire.InvalidParam
	}
	if _, exists := v.Lookup(id); !exists {
		return wire.NotExist
	}
	return wire.OK
}

func decideExpiration(c *wire.Config, at place, v view, u *update) verdict {
	if len(u.elements) != 1 || len(u.elements[0].ID) == 0 || u.time < 0 {
		return refuse(wire.InvalidParam)
	}
	if u.access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	if beforeThisSecond(u) {
		return refuse(wire.InvalidParam)
	}
	id := u.elements[0].ID
	if code := findNamed(c, at, v, id); code != wire.OK {
		return refuse(code)
	}
	d := accept(c, v, u)
	d.apply.Ops = []segment.Op{{Kind: segment.OpSetExpiration, Section: id, Expiration: u.time}}
	return d
}

// beforeThisSecond reports whether an expiration lies before the current second of the wall clock.
func beforeThisSecond(u *update) bool { return u.time < u.now/int64(time.Second)*int64(time.Second) }

// decideWrite checks every element before any is written: all or none. Of several faulty ones the first is named.
func decideWrite(c *wire.Config, at place, v view, u *update) verdict {
	sizeMax := c.SectionSizeMax()
	for i := range u.elements {
		if u.elements[i].Size > sizeMax {
			return refuseAt(wire.InvalidParam, i)
		}
	}
	if u.access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	if at != placeHere {
		return refuse(elsewhere(at))
	}
	if len(u.elements) == 0 || len(u.elements) > segment.MaxOps {
		return refuse(wire.InvalidParam)
	}
	ops := make([]segment.Op, len(u.elements))
	rest := u.data
	for i := range u.elements {
		e := &u.elements[i]
		if e.Size > uint64(len(rest)) {
			return refuseAt(wire.InvalidParam, i)
		}
		s, exists := v.Lookup(e.ID)
		if !exists {
			return refuseAt(wire.NotExist, i)
		}
		if end, carry := bits.Add64(e.Offset, e.Size, 0); carry != 0 || end > sizeMax {
			return refuseAt(wire.NoResources, i)
		}
		if s.Corrupted {
			return refuseAt(wire.FailedOperation, i)
		}
		ops[i] = segment.Op{Kind: segment.OpWrite, Section: e.ID, Offset: e.Offset, Data: rest[:e.Size:e.Size]}
		rest = rest[e.Size:]
	}
	if len(rest) != 0 {
		return refuse(wire.InvalidParam)
	}
	d := accept(c, v, u)
	d.apply.Ops = ops
	d.event.Elements = u.elements
	return d
}

func decideOverwrite(c *wire.Config, at place, v view, u *update) verdict {
	if len(u.elements) != 1 {
		return refuse(wire.InvalidParam)
	}
	if u.access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	e := &u.elements[0]
	if e.Size > c.SectionSizeMax() || e.Size != uint64(len(u.data)) {
		return refuse(wire.InvalidParam)
	}
	if at != placeHere {
		return refuse(elsewhere(at))
	}
	if _, exists := v.Lookup(e.ID); !exists {
		return refuse(wire.NotExist)
	}
	d := accept(c, v, u)
	d.apply.Ops = []segment.Op{{Kind: segment.OpOverwrite, Section: e.ID, Data: u.data}}
	d.event.Elements = []wire.Element{{ID: e.ID, Size: e.Size}}
	return d
}

// decideExpired removes a section whose time has come. It is an update like a deletion, numbered, but only those are
// told of it who look at Event.Expired. Code NotExist: there is nothing to do (any more).
func decideExpired(c *wire.Config, at place, v view, id []byte, now int64) verdict {
	if at != placeHere {
		return refuse(elsewhere(at))
	}
	s, exists := v.Lookup(id)
	if !exists || s.Expiration > now {
		return refuse(wire.NotExist)
	}
	d := accept(c, v, &update{now: now})
	d.apply.Ops = []segment.Op{{Kind: segment.OpDelete, Section: id}}
	d.event.Expired = id
	return d
}

// accept begins the verdict of an update that is carried out.
func accept(c *wire.Config, v view, u *update) verdict {
	number := v.Number() + 1
	d := verdict{
		code:  wire.OK,
		apply: &segment.Update{Number: number, Now: u.now, Weak: c.Attributes.Weak()},
		event: wire.Event{Checkpoint: c.Checkpoint, Update: number, Writer: u.open, Session: u.request.Session},
	}
	return d
}

// failure is the code for an update that was decided but could not be applied; nothing of it was done.
func failure(err error) (wire.Code, uint32) {
	var op *segment.OpError
	index := uint32(0)
	if errors.As(err, &op) {
		index = uint32(op.Index)
	}
	switch {
	case errors.Is(err, segment.ErrNoSpace), errors.Is(err, segment.ErrTooBig):
		return wire.NoResources, index
	case errors.Is(err, segment.ErrNoSection):
		return wire.NotExist, index
	case errors.Is(err, segment.ErrExists):
		return wire.Exist, index
	case errors.Is(err, segment.ErrCorrupted):
		return wire.FailedOperation, index
	}
	return wire.Library, index
}

// resultVersion is the version of the records that encodeResult makes.
const resultVersion = 1

// encodeResult makes the record that a segment keeps of an update's answer: version, code, index, length of the
// generated id, the id.
func encodeResult(code wire.Code, index uint32, generated []byte) []byte {
	b := make([]byte, 0, 10+generatedIDMax)
	b = append(b, resultVersion)
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	b = binary.BigEndian.AppendUint32(b, index)
	b = append(b, byte(len(generated)))
	return append(b, generated...)
}

// decodeResult reads such a record.
func decodeResult(b []byte) (code wire.Code, index uint32, generated []byte, ok bool) {
	if len(b) < 10 || b[0] != resultVersion || len(b) < 10+int(b[9]) {
		return 0, 0, nil, false
	}
	code = wire.Code(binary.BigEndian.Uint32(b[1:]))
	index = binary.BigEndian.Uint32(b[5:])
	if n := int(b[9]); n > 0 {
		generated = append([]byte(nil), b[10:10+n]...)
	}
	return code, index, generated, true
}
