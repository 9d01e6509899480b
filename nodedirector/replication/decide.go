package replication

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// View is what a decision may see of a replica. *segment.Replica has it.
type View interface {
	Lookup(id []byte) (segment.Section, bool)
	Count() uint32
	Number() uint64
	NextGenerated() uint64
}

// Never is the expiration of a section that does not expire, wall clock ns.
const Never = int64(1<<63 - 1)

const generatedIDMax = 8 // bytes

// Place says where a request on a checkpoint is to be carried out.
type Place uint8

// Places.
const (
	Here      Place = iota + 1
	Nowhere         // no replica is active
	Elsewhere       // at another node's replica
)

// Update is a request to change sections. It travels between nodes: fields are only appended.
type Update struct {
	Op       wire.Op
	Access   uint32 // OpenRead | OpenWrite of the handle
	Open     uint64 // of the handle
	Elements []wire.Element
	Data     []byte // of all elements, one after the other
	Time     int64  // expiration, wall clock ns
	Generate bool
	Request  wire.RequestID
	Now      int64 // wall clock ns
	// RefusePast: an expiration before the current second is an error of a creation; else the section never expires.
	RefusePast bool
}

// Verdict is the answer to an update. With Code OK, Apply is to be applied as a whole, and Event to be told after it.
type Verdict struct {
	Code           wire.Code
	Index          uint32 // element at fault
	Apply          *segment.Update
	Generated      []byte // the id made
	Event          wire.Event
	PastExpiration bool // the expiration asked for was over already: the section never expires
}

func refuse(c wire.Code) Verdict              { return Verdict{Code: c} }
func refuseAt(c wire.Code, index int) Verdict { return Verdict{Code: c, Index: uint32(index)} }

// Decide says what an update does to a checkpoint. The order of the checks is the order in which programs have always
// been given the error codes.
func Decide(c *wire.Config, at Place, v View, u *Update) Verdict {
	switch u.Op {
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

// Refusal is the code for a request on a checkpoint that is not to be carried out here.
func (p Place) Refusal() wire.Code {
	if p == Nowhere {
		return wire.NotExist
	}
	return wire.TryAgain
}

func decideCreate(c *wire.Config, at Place, v View, u *Update) Verdict {
	a := &c.Attributes
	if len(u.Elements) != 1 {
		return refuse(wire.InvalidParam)
	}
	e := &u.Elements[0]
	if u.Access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	id := e.ID
	switch {
	case u.Generate && (len(id) != 0 || a.MaxSectionIDSize == 0):
		return refuse(wire.InvalidParam)
	case !u.Generate && (len(id) == 0 || uint64(len(id)) > a.MaxSectionIDSize || len(id) > wire.SectionIDMax):
		return refuse(wire.InvalidParam)
	}
	if at != Here {
		return refuse(at.Refusal())
	}
	if e.Size > c.SectionSizeMax() || e.Size != uint64(len(u.Data)) {
		return refuse(wire.InvalidParam)
	}
	if a.MaxSections == 1 {
		return refuse(wire.Exist)
	}
	if u.RefusePast && beforeThisSecond(u) {
		return refuse(wire.InvalidParam)
	}
	if !u.Generate {
		if _, exists := v.Lookup(id); exists {
			return refuse(wire.Exist)
		}
	}
	if v.Count() >= a.MaxSections {
		return refuse(wire.NoSpace)
	}
	d := accept(c, v, u)
	if u.Generate {
		made, next, ok := generate(v, a.MaxSectionIDSize)
		if !ok {
			return refuse(wire.NoSpace)
		}
		id, d.Generated, d.Apply.NextGenerated = made, made, &next
	}
	expiration := u.Time
	if expiration < u.Now && !u.RefusePast {
		expiration, d.PastExpiration = Never, true
	}
	d.Apply.Ops = []segment.Op{{Kind: segment.OpCreate, Section: id, Data: u.Data, Expiration: expiration}}
	d.Event.Created = true
	if e.Size > 0 {
		d.Event.Elements = []wire.Element{{ID: id, Size: e.Size}}
	}
	return d
}

// generate makes a section id that does not exist: the generator's counter in big-endian order, cut to the checkpoint's
// id size from the left. An id comes again only after all others of its length have been used.
func generate(v View, idSizeMax uint64) (id []byte, next uint64, ok bool) {
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

func decideDelete(c *wire.Config, at Place, v View, u *Update) Verdict {
	if len(u.Elements) != 1 || len(u.Elements[0].ID) == 0 {
		return refuse(wire.InvalidParam)
	}
	if u.Access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	id := u.Elements[0].ID
	if code := findNamed(c, at, v, id); code != wire.OK {
		return refuse(code)
	}
	d := accept(c, v, u)
	d.Apply.Ops = []segment.Op{{Kind: segment.OpDelete, Section: id}}
	d.Event.Deleted = true
	d.Event.Elements = []wire.Element{{ID: id}}
	return d
}

// findNamed is OK if there is a section that may be deleted or expire, which a default section may not.
func findNamed(c *wire.Config, at Place, v View, id []byte) wire.Code {
	if at != Here {
		return at.Refusal()
	}
	if c.Attributes.MaxSections == 1 {
		return wire.InvalidParam
	}
	if _, exists := v.Lookup(id); !exists {
		return wire.NotExist
	}
	return wire.OK
}

func decideExpiration(c *wire.Config, at Place, v View, u *Update) Verdict {
	if len(u.Elements) != 1 || len(u.Elements[0].ID) == 0 || u.Time < 0 {
		return refuse(wire.InvalidParam)
	}
	if u.Access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	if beforeThisSecond(u) {
		return refuse(wire.InvalidParam)
	}
	id := u.Elements[0].ID
	if code := findNamed(c, at, v, id); code != wire.OK {
		return refuse(code)
	}
	d := accept(c, v, u)
	d.Apply.Ops = []segment.Op{{Kind: segment.OpSetExpiration, Section: id, Expiration: u.Time}}
	return d
}

// beforeThisSecond reports whether an expiration lies before the current second of the wall clock.
func beforeThisSecond(u *Update) bool { return u.Time < u.Now/int64(time.Second)*int64(time.Second) }

// decideWrite checks every element before any is written: all or none. Of several faulty ones the first is named.
func decideWrite(c *wire.Config, at Place, v View, u *Update) Verdict {
	sizeMax := c.SectionSizeMax()
	for i := range u.Elements {
		if u.Elements[i].Size > sizeMax {
			return refuseAt(wire.InvalidParam, i)
		}
	}
	if u.Access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	if at != Here {
		return refuse(at.Refusal())
	}
	if len(u.Elements) == 0 || len(u.Elements) > segment.MaxOps {
		return refuse(wire.InvalidParam)
	}
	ops := make([]segment.Op, len(u.Elements))
	rest := u.Data
	for i := range u.Elements {
		e := &u.Elements[i]
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
	d.Apply.Ops = ops
	d.Event.Elements = u.Elements
	return d
}

func decideOverwrite(c *wire.Config, at Place, v View, u *Update) Verdict {
	if len(u.Elements) != 1 {
		return refuse(wire.InvalidParam)
	}
	if u.Access&wire.OpenWrite == 0 {
		return refuse(wire.Access)
	}
	e := &u.Elements[0]
	if e.Size > c.SectionSizeMax() || e.Size != uint64(len(u.Data)) {
		return refuse(wire.InvalidParam)
	}
	if at != Here {
		return refuse(at.Refusal())
	}
	if _, exists := v.Lookup(e.ID); !exists {
		return refuse(wire.NotExist)
	}
	d := accept(c, v, u)
	d.Apply.Ops = []segment.Op{{Kind: segment.OpOverwrite, Section: e.ID, Data: u.Data}}
	d.Event.Elements = []wire.Element{{ID: e.ID, Size: e.Size}}
	return d
}

// DecideExpired removes a section whose time has come. It is an update like a deletion, numbered, but only those are
// told of it who look at Event.Expired. Code NotExist: there is nothing to do (any more).
func DecideExpired(c *wire.Config, at Place, v View, id []byte, now int64) Verdict {
	if at != Here {
		return refuse(at.Refusal())
	}
	s, exists := v.Lookup(id)
	if !exists || s.Expiration > now {
		return refuse(wire.NotExist)
	}
	d := accept(c, v, &Update{Now: now})
	d.Apply.Ops = []segment.Op{{Kind: segment.OpDelete, Section: id}}
	d.Event.Expired = id
	return d
}

// accept begins the verdict of an update that is carried out.
func accept(c *wire.Config, v View, u *Update) Verdict {
	number := v.Number() + 1
	d := Verdict{
		Code:  wire.OK,
		Apply: &segment.Update{Number: number, Now: u.Now, Weak: c.Attributes.Weak()},
		Event: wire.Event{Checkpoint: c.Checkpoint, Update: number, Writer: u.Open, Session: u.Request.Session},
	}
	return d
}

// Failure is the code for an update that was decided but could not be applied; nothing of it was done.
func Failure(err error) (wire.Code, uint32) {
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

// Versions of the records that EncodeResult makes. The first lacks the number of the update.
const (
	resultPlain    = 1
	resultNumbered = 2
	resultHead     = 18 // bytes before the id
)

// Result is the answer to an update as it is kept with the replica.
type Result struct {
	Code      wire.Code
	Index     uint32 // element at fault
	Generated []byte // the id made; at most 8 bytes
	Number    uint64 // of the update; 0 = not known (recorded by an earlier release)
}

// EncodeResult makes the record that a segment keeps of an update's answer: version, code, index, number of the update,
// length of the generated id, the id. It is at most 26 bytes long.
func EncodeResult(r *Result) []byte {
	b := make([]byte, 0, resultHead+generatedIDMax)
	b = append(b, resultNumbered)
	b = binary.BigEndian.AppendUint32(b, uint32(r.Code))
	b = binary.BigEndian.AppendUint32(b, r.Index)
	b = binary.BigEndian.AppendUint64(b, r.Number)
	b = append(b, byte(len(r.Generated)))
	return append(b, r.Generated...)
}

// DecodeResult reads such a record, or one of an earlier release; false: it is neither.
func DecodeResult(b []byte) (r Result, ok bool) {
	head := resultHead
	switch {
	case len(b) > 0 && b[0] == resultPlain:
		head -= 8
	case len(b) == 0 || b[0] != resultNumbered:
		return Result{}, false
	}
	if len(b) < head || len(b) < head+int(b[head-1]) {
		return Result{}, false
	}
	r.Code = wire.Code(binary.BigEndian.Uint32(b[1:]))
	r.Index = binary.BigEndian.Uint32(b[5:])
	if b[0] == resultNumbered {
		r.Number = binary.BigEndian.Uint64(b[9:])
	}
	if n := int(b[head-1]); n > 0 {
		r.Generated = append([]byte(nil), b[head:head+n]...)
	}
	return r, true
}
