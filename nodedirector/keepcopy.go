package nodedirector

import (
	"errors"

	"libckpt/internal/dataset"
	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// open opens the file, or makes it.
func (k *kept) open() (err error) {
	if k.file != nil {
		return nil
	}
	k.c.mu.Lock()
	path := k.path
	k.c.mu.Unlock()
	if k.file, err = dataset.OpenReplicaCopy(path, true); err == nil {
		k.c.n.openCopies.Add(1)
	}
	return err
}

// renewLocked removes a copy nothing good is known of; the next one gets a name of its own.
func (k *kept) renewLocked() {
	if err := dataset.RemoveReplicaCopy(k.path); err != nil {
		k.c.n.log.Error("copy on disk not removed", "checkpoint", k.c.name, "reason", err)
	}
	k.close()
	k.path, k.complete = k.c.n.newCopyPath(k.c.id), false
}

// begin makes the disk's copy equal to the segment. What the copy has already, from before a restart, is not written again.
// All of it is one transaction: a power cut leaves the old copy or the new one.
func (k *kept) begin() {
	err := k.attempt()
	if err != nil && !isFull(err) { // what was found may be damaged
		k.c.mu.Lock()
		if !k.over {
			k.c.n.log.Warn("copy on disk made anew", "checkpoint", k.c.name, "reason", err)
			k.renewLocked()
		}
		k.c.mu.Unlock()
		err = k.attempt()
	}
	var told []outcome
	c := k.c
	c.mu.Lock()
	if !k.over {
		if err == nil {
			k.complete, k.held, k.number = true, false, k.begun
		} else {
			for _, t := range k.queue {
				told = append(told, outcome{t: t, v: replication.Verdict{Code: wire.NoResources}})
			}
			k.queue, k.following, k.changes = nil, false, nil
			if !isFull(err) {
				k.renewLocked()
			}
		}
		k.wroteLocked(err)
	}
	c.mu.Unlock()
	tell(told)
}

func (k *kept) attempt() error {
	if err := k.open(); err != nil {
		return err
	}
	h, exists, err := k.file.Head()
	if err != nil {
		return err
	}
	k.c.mu.Lock()
	if k.over {
		k.c.mu.Unlock()
		return errOver
	}
	want := k.headLocked()
	k.c.mu.Unlock()
	if exists && (h.Cluster != want.Cluster || h.Node != want.Node || h.Checkpoint != want.Checkpoint ||
		h.Epoch != want.Epoch) {
		return errAnother
	}
	return k.transact(k.copyAll)
}

// transact commits what f writes. If the disk has no room for it, it may yet have without what the log takes.
func (k *kept) transact(f func() error) error {
	err := k.file.Transaction(f)
	if isFull(err) {
		k.file.Shrink()
		if err = k.file.Transaction(f); isFull(err) {
			k.file.Shrink()
		}
	}
	return err
}

// errAnother: the copy is not of this replica in its present epoch.
var errAnother = errors.New("it is of another replica or an earlier epoch")

func (k *kept) headLocked() dataset.ReplicaHead {
	c := k.c
	return dataset.ReplicaHead{
		Cluster: c.seg.Identity().Cluster, Node: c.n.o.Node, Checkpoint: c.id, Boot: c.n.boot, Config: c.seg.Config(),
		Epoch:  segment.Epoch{Generation: c.config.Epoch.Generation, Counter: c.config.Epoch.Counter},
		Number: c.seg.Number(), NextGenerated: c.seg.NextGenerated(),
	}
}

// errOver: the copy was let go while it was made.
var errOver = errors.New("not kept on disk any more")

// copyAll writes what differs, within a transaction.
func (k *kept) copyAll() error {
	c := k.c
	disk := make(map[string]segment.Section)
	if err := k.file.Sections(func(s segment.Section) error { disk[string(s.ID)] = s; return nil }); err != nil {
		return err
	}
	var sections []segment.Section
	c.mu.Lock()
	if k.over {
		c.mu.Unlock()
		return errOver
	}
	k.changes = nil
	k.recordLocked()
	c.seg.Sections(func(s segment.Section) bool { sections = append(sections, s); return true })
	c.mu.Unlock()
	for i := range sections {
		s := &sections[i]
		old, exists := disk[string(s.ID)]
		delete(disk, string(s.ID))
		if exists && same(&old, s) {
			continue
		}
		if err := k.copySection(s); err != nil {
			return err
		}
	}
	for id := range disk {
		if err := k.file.DeleteSection([]byte(id)); err != nil {
			return err
		}
	}
	return k.catchUp()
}

// same reports whether a section's content need not be compared: no two updates have number and time in common.
func same(a, b *segment.Section) bool {
	return a.Size == b.Size && a.Expiration == b.Expiration && a.LastUpdate == b.LastUpdate && a.Number == b.Number &&
		a.Corrupted == b.Corrupted
}

// copySection copies a section, piece by piece. What changes meanwhile is among the recorded changes.
func (k *kept) copySection(s *segment.Section) error {
	if err := k.file.PutSection(s); err != nil || s.Corrupted {
		return err
	}
	buf := make([]byte, min(s.Size, copyPieceBytes))
	for offset := uint64(0); offset < s.Size; offset += copyPieceBytes {
		k.c.mu.Lock()
		if k.over {
			k.c.mu.Unlock()
			return errOver
		}
		n, err := k.c.seg.ReadAt(s.ID, offset, buf[:min(s.Size-offset, copyPieceBytes)])
		k.c.mu.Unlock()
		if err != nil {
			return nil // deleted, replaced or corrupted since
		}
		if err := k.file.PutContent(s.ID, offset, buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// catchUp writes what has changed since the copy was begun, until it is not much, and then the rest with the head. From
// that moment on the copy follows: updates are written through, or recorded for the next commit.
func (k *kept) catchUp() error {
	c := k.c
	for n := 0; ; n++ {
		c.mu.Lock()
		if k.over {
			c.mu.Unlock()
			return errOver
		}
		last := k.changes.bytes < writeBehindBytesMax || n == catchUpsMax
		sections, err := k.gatherLocked()
		head := k.headLocked()
		if last && err == nil {
			k.following, k.begun = true, head.Number
		}
		c.mu.Unlock()
		if err == nil {
			err = k.put(sections)
		}
		if err == nil && last {
			err = k.file.SetHead(&head)
		}
		if err != nil || last {
			return err
		}
	}
}
