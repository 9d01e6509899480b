package nodedirector

import (
	"errors"
	"time"

	"libckpt/internal/dataset"
	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// changes are the sections that differ between segment and disk. They hold no content: that is taken from the segment when
// it is written, so a section that changes often is written once.
type changes struct {
	sections map[string]*change
	updates  int
	bytes    uint64    // written to the segment by them
	since    time.Time // of the first of them
}

// change says what of a section differs.
type change struct {
	whole  bool                // all of it: it was made, replaced or deleted
	chunks map[uint64]struct{} // numbers of the chunks, of dataset.ChunkBytes, that were written to
}

func newChanges() *changes { return &changes{sections: make(map[string]*change)} }

// any reports whether there are some. d may be nil.
func (d *changes) any() bool { return d != nil && len(d.sections) > 0 }

// due is when they have to be written.
func (d *changes) due() time.Time { return d.since.Add(writeBehindDelay) }

// add records what an update has changed.
func (d *changes) add(u *segment.Update) {
	if d.updates == 0 {
		d.since = time.Now()
	}
	d.updates++
	for i := range u.Ops {
		op := &u.Ops[i]
		d.bytes += uint64(len(op.Data))
		s := d.sections[string(op.Section)]
		if s == nil {
			s = &change{}
			d.sections[string(op.Section)] = s
		}
		switch op.Kind {
		case segment.OpSetExpiration:
		case segment.OpWrite:
			if s.whole || len(op.Data) == 0 {
				break
			}
			if s.chunks == nil {
				s.chunks = make(map[uint64]struct{})
			}
			last := (op.Offset + uint64(len(op.Data)) - 1) / dataset.ChunkBytes
			for n := op.Offset / dataset.ChunkBytes; n <= last; n++ {
				s.chunks[n] = struct{}{}
			}
		default:
			s.whole, s.chunks = true, nil
		}
	}
}

// addWhole records that nothing is known of the sections an update names.
func (d *changes) addWhole(u *segment.Update) {
	for i := range u.Ops {
		d.sections[string(u.Ops[i].Section)] = &change{whole: true}
	}
}

// recordLocked begins to record changes.
func (k *kept) recordLocked() {
	if k.changes == nil {
		k.changes = newChanges()
	}
}

// appliedLocked notes an update that was applied and may not be on the disk. k may be nil.
func (k *kept) appliedLocked(u *segment.Update) {
	if k == nil || k.applying || k.changes == nil {
		return
	}
	k.changes.add(u)
	if k.following {
		k.workLocked()
	}
}

// behindLocked returns nil, or, when the disk is too far behind, a channel that is closed when it has been written to again.
// k may be nil. While the disk can't be written at all nobody waits.
func (k *kept) behindLocked() <-chan struct{} {
	if k == nil || !k.following || k.failed != nil || k.changes == nil ||
		k.changes.updates < writeBehindUpdatesMax && k.changes.bytes < writeBehindBytesMax {
		return nil
	}
	return k.hurryLocked()
}

// hurryLocked has what is recorded written at once; the channel is closed after the next attempt.
func (k *kept) hurryLocked() <-chan struct{} {
	k.urgent = true
	k.workLocked()
	nudge(k.wake)
	return k.round
}

// waiting is a Synchronize call that waits for an update to be on the disk.
type waiting struct {
	number uint64
	answer func(wire.Code)
}

// synchronizeLocked has answer called when every update so far is on the disk, with OK, or NO_RESOURCES if the disk can't be
// written. It returns false, and forgets answer, if there is nothing to wait for. k may be nil.
func (k *kept) synchronizeLocked(answer func(wire.Code)) (waits bool) {
	if k == nil || k.complete && k.failed == nil && k.number == k.c.seg.Number() && len(k.waiting) == 0 {
		return false
	}
	k.waiting = append(k.waiting, waiting{k.c.seg.Number(), answer})
	k.hurryLocked()
	return true
}

// settleLocked answers those that need not wait any longer after an attempt to write that ended with err.
func (k *kept) settleLocked(err error) {
	code := wire.OK
	if err != nil {
		code = wire.NoResources
	}
	left := k.waiting[:0]
	for _, w := range k.waiting {
		if err == nil && !k.over && w.number > k.number {
			left = append(left, w)
			continue
		}
		k.answers = append(k.answers, func() { w.answer(code) })
	}
	clear(k.waiting[len(left):])
	k.waiting = left
	k.urgent = len(left) > 0
}

// awaitDisk waits until every update so far is on the disk: OK, NO_RESOURCES if the disk can't be written, or TIMEOUT at the
// deadline (CLOCK_MONOTONIC ns).
func (c *checkpoint) awaitDisk(deadline int64) wire.Code {
	c.mu.Lock()
	number := c.numberLocked()
	for attempts := 0; ; attempts++ {
		k := c.kept
		switch {
		case k == nil, k.complete && k.number >= number:
			c.mu.Unlock()
			return wire.OK
		case k.failed != nil && attempts > 0:
			c.mu.Unlock()
			return wire.NoResources
		}
		wait := k.hurryLocked()
		c.mu.Unlock()
		if !waitFor(c.n.ctx, wait, time.Duration(deadline-monotonic())) {
			return wire.Timeout
		}
		c.mu.Lock()
	}
}

// keptSection is what is to be written of one section.
type keptSection struct {
	segment.Section
	exists bool
	parts  []part
}

type part struct {
	offset uint64
	data   []byte
}

// gatherLocked takes the recorded changes out of the segment: a state of the replica, as one transaction will make the disk.
func (k *kept) gatherLocked() (sections []keptSection, err error) {
	seg := k.c.seg
	for id, change := range k.changes.sections {
		s := keptSection{}
		s.Section, s.exists = seg.Lookup([]byte(id))
		s.ID = []byte(id)
		if s.exists && !s.Corrupted {
			if change.whole {
				err = s.take(seg, 0, s.Size)
			}
			for n := range change.chunks {
				if offset := n * dataset.ChunkBytes; offset < s.Size && err == nil {
					err = s.take(seg, offset, min(dataset.ChunkBytes, s.Size-offset))
				}
			}
		}
		if err != nil {
			return nil, err
		}
		sections = append(sections, s)
	}
	k.changes = newChanges()
	return sections, nil
}

func (s *keptSection) take(seg *segment.Replica, offset, size uint64) error {
	data := make([]byte, size)
	n, err := seg.ReadAt(s.ID, offset, data)
	s.parts = append(s.parts, part{offset, data[:n]})
	return err
}

// put writes sections within a transaction.
func (k *kept) put(sections []keptSection) error {
	for i := range sections {
		s := &sections[i]
		if !s.exists {
			if err := k.file.DeleteSection(s.ID); err != nil {
				return err
			}
			continue
		}
		if err := k.file.PutSection(&s.Section); err != nil {
			return err
		}
		for _, p := range s.parts {
			if err := k.file.PutContent(s.ID, p.offset, p.data); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeBehind commits what has changed since the last commit.
func (k *kept) writeBehind() {
	c := k.c
	c.mu.Lock()
	if k.over || !k.following {
		c.mu.Unlock()
		return
	}
	sections, err := k.gatherLocked()
	number, next := c.seg.Number(), c.seg.NextGenerated()
	c.mu.Unlock()
	if err == nil {
		err = k.open()
	}
	if err == nil {
		err = k.transact(func() error {
			if err := k.put(sections); err != nil {
				return err
			}
			return k.file.SetNumber(number, &next)
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.over {
		return
	}
	if err == nil {
		k.number = number
	} else {
		k.following, k.changes = false, nil
		if !isFull(err) || !c.config.Attributes.Asynchronous() {
			k.renewLocked() // the disk may hold what was refused
		}
	}
	k.wroteLocked(err)
}

// isFull reports whether a write failed for lack of room alone.
func isFull(err error) bool {
	var e *dataset.Error
	return errors.As(err, &e) && e.Code == wire.NoSpace
}
