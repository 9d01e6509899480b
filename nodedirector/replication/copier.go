package replication

import (
	"slices"

	"libckpt/internal/segment"
)

// copyPhase is what a copier does next.
type copyPhase uint8

const (
	copySections copyPhase = iota
	copyResults
	copyBase
	copyDone
)

// copier makes a follower's replica equal to the active's: of all sections (a node that joins) or of some, in the order of
// CompareIDs, in pieces, while updates go on. An update of a section that has not been reached is not sent: the copy will
// contain it. From the first piece on, updates of the section are sent and later pieces contain them too.
type copier struct {
	phase   copyPhase
	all     bool
	ids     [][]byte // without all: those to copy
	reached bool     // with all: sections up to after have been begun
	after   []byte
	piece   bool // the section after is begun and not complete
	offset  uint64

	results      bool // with all always
	dropAll      bool
	drop         []ResultKey
	resultsAfter uint64
	lacking      []uint64 // sessions of which the follower has no results
	ended        []uint64 // sessions of which it alone has
}

// pump sends as much of a copy as may be on its way, leaving half of the link to updates.
func (c *Core) pump(k *link) {
	p := &k.copy
	for k.state == linkCopy && p.phase != copyDone && len(k.items) < WindowItems/2 && k.bytes < WindowBytes/2 && k.pieces < CopyBytes {
		switch p.phase {
		case copySections:
			if !c.nextPiece(k) {
				p.phase = copyResults
			}
		case copyResults:
			if p.all {
				p.dropAll = true
			}
			if p.all || p.results {
				c.sendResults(k)
			}
			p.phase = copyBase
		case copyBase:
			if len(c.kept.Proposed) > 0 {
				c.sendRequire(k)
			} else {
				k.proposed = c.lead.proposed
			}
			c.push(k, &Item{Holds: ItemBase, Base: &BaseBody{
				Number: c.store.Number(), NextGenerated: c.store.NextGenerated(), Full: p.all, Left: c.kept.Left,
			}})
			p.phase = copyDone
		}
	}
}

// nextPiece sends the next piece; false: there is none left.
func (c *Core) nextPiece(k *link) bool {
	p := &k.copy
	if !p.piece {
		switch {
		case p.all:
			s, ok := c.store.Next(p.after, !p.reached)
			if !ok {
				return false
			}
			p.reached, p.after = true, s.ID
		case len(p.ids) == 0:
			return false
		default:
			p.after, p.ids = p.ids[0], p.ids[1:]
		}
		p.offset = 0
	}
	p.piece = false
	var buffer *Buffer // of the data
	b := &SectionBody{ID: p.after, Full: p.all, Offset: p.offset, Last: true}
	s, exists := c.store.Lookup(p.after)
	_, b.Marked = c.marked[string(p.after)]
	if exists {
		b.Exists, b.Total, b.Number = true, s.Size, s.Number
		b.Expiration, b.LastUpdate, b.Corrupted = s.Expiration, s.LastUpdate, s.Corrupted
		if !s.Corrupted && p.offset < s.Size {
			b.Data, buffer = newBuffer(int(min(PieceBytesMax, s.Size-p.offset)))
			n, err := c.store.ReadAt(p.after, p.offset, b.Data)
			if err != nil || n != len(b.Data) {
				buffer.Release()
				c.restart(k) // the section is not readable as described: begin anew
				return true
			}
			p.offset += uint64(n)
			p.piece = p.offset < s.Size
			b.Last = !p.piece
		}
	} else {
		b.Number = c.marked[string(p.after)]
	}
	c.pushData(k, &Item{Holds: ItemSection, Section: b}, buffer)
	return true
}

func (c *Core) sendResults(k *link) {
	p := &k.copy
	list := c.resultsFor(p)
	body := &ResultsBody{DropAll: p.dropAll, Drop: p.drop, Ended: p.ended}
	if len(list) == 0 && len(p.drop) == 0 && len(p.ended) == 0 && !p.dropAll {
		return
	}
	for {
		n := min(len(list), resultsPerItem)
		body.Results, list = list[:n:n], list[n:]
		c.push(k, &Item{Holds: ItemResults, Results: body})
		if len(list) == 0 {
			return
		}
		body = &ResultsBody{}
	}
}

// sendUpdate sends an update, without what the copy under way will contain.
func (c *Core) sendUpdate(k *link, u *UpdateBody) {
	p := &k.copy
	if p.all && p.phase == copySections {
		u = p.filter(u)
	}
	c.push(k, &Item{Holds: ItemUpdate, Update: u})
}

func (p *copier) filter(u *UpdateBody) *UpdateBody {
	begun := func(op *OpBody) bool { return p.reached && CompareIDs(string(op.Section), string(p.after)) <= 0 }
	all := true
	for i := range u.Ops {
		op := &u.Ops[i]
		all = all && begun(op)
		if p.piece && slices.Equal(op.Section, p.after) && (op.Kind == segment.OpDelete || op.Kind == segment.OpOverwrite) {
			p.piece = false // what is left to copy of the section is not there any more
		}
	}
	if all {
		return u
	}
	v := *u
	v.Ops = nil
	for i := range u.Ops {
		if begun(&u.Ops[i]) {
			v.Ops = append(v.Ops, u.Ops[i])
		}
	}
	return &v
}
