package nodedirector

import (
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// through is an update that waits for its turn to be written to the disk.
type through struct {
	r    *replication.Request
	late func() bool                // it must not be begun any more
	done func(*replication.Verdict) // called once, without any lock; nil: it was late
}

// throughLocked reports whether updates have to go through the disk. k may be nil.
func (k *kept) throughLocked() bool {
	return k != nil && !k.c.config.Attributes.Asynchronous() && (k.following || k.held || k.failed != nil)
}

// enqueueLocked has an update written through.
func (k *kept) enqueueLocked(t *through) {
	k.queue = append(k.queue, t)
	k.workLocked()
	if len(k.queue) == 1 {
		nudge(k.wake)
	}
}

// outcome is what became of an update, to be told when no lock is held.
type outcome struct {
	t    *through
	late bool
	v    replication.Verdict
	wall int64 // for which it was decided
}

func tell(outcomes []outcome) {
	for _, o := range outcomes {
		if o.late {
			o.t.done(nil)
			continue
		}
		o.t.done(&o.v)
	}
}

// writeThrough decides the updates at the head of the queue, commits them to the disk together, applies them and answers.
// The segment is changed by nobody else between the first and the last of that: reads go on meanwhile.
func (k *kept) writeThrough() {
	c := k.c
	c.mu.Lock()
	if k.over {
		c.mu.Unlock()
		return
	}
	batch, told := k.decideLocked()
	c.mu.Unlock()
	var err error
	if len(batch) > 0 {
		err = k.open()
	}
	if err == nil && len(batch) > 0 {
		err = k.transact(func() error {
			for _, o := range batch {
				if err := k.file.Apply(o.v.Apply); err != nil {
					return err
				}
			}
			return nil
		})
	}
	c.mu.Lock()
	if k.over {
		c.mu.Unlock()
		tell(told)
		var queue []*through
		for _, o := range batch {
			queue = append(queue, o.t)
		}
		c.redo(queue)
		return
	}
	if err != nil {
		for i := range batch {
			batch[i].v = replication.Verdict{Code: wire.NoResources}
		}
		k.doubtLocked(err)
	} else {
		batch = k.applyLocked(batch)
	}
	takeBack := k.changes.any()
	if len(batch) > 0 {
		k.wroteLocked(err)
	}
	c.unlock()
	if takeBack {
		k.writeBehind()
	}
	tell(told)
	tell(batch)
}

// decideLocked takes updates off the queue: those to be carried out, and those to be answered at once.
func (k *kept) decideLocked() (batch, told []outcome) {
	view := newPending(k.c.seg)
	room := diskRoom(k.path)
	size := 0
	for len(k.queue) > 0 && len(batch) < batchUpdatesMax && (size < batchBytesMax || len(batch) == 0) {
		t := k.queue[0]
		k.queue[0] = nil
		k.queue = k.queue[1:]
		if t.late() {
			told = append(told, outcome{t: t, late: true})
			continue
		}
		wall := time.Now().UnixNano()
		v := k.c.core.Foresee(monotonic(), wall, view, t.r)
		if v.Code != wire.OK || v.Apply == nil {
			told = append(told, outcome{t: t, v: v})
			continue
		}
		need := roomFor(v.Apply)
		if need > room {
			told = append(told, outcome{t: t, v: replication.Verdict{Code: wire.NoResources}})
			k.noRoomLocked()
			continue
		}
		room -= need
		view.add(v.Apply)
		size += len(t.r.Update.Data)
		batch = append(batch, outcome{t: t, v: v, wall: wall})
	}
	return batch, told
}

// applyLocked applies what is on the disk now. If the segment has no room for an update, that one is refused, those decided
// after it go back to the queue, and the sections of all of them are recorded as changed: before the refusal is told, the
// disk has to be what the segment is.
func (k *kept) applyLocked(batch []outcome) []outcome {
	k.applying = true
	defer func() { k.applying = false }()
	for i := range batch {
		o := &batch[i]
		v := k.c.doLocked(o.wall, o.t.r)
		if v.Code == wire.OK {
			k.number = o.v.Apply.Number
			o.v = v
			continue
		}
		k.recordLocked()
		var again []*through
		for j := i; j < len(batch); j++ {
			k.changes.addWhole(batch[j].v.Apply)
			if j > i {
				again = append(again, batch[j].t)
			}
		}
		k.queue = append(again, k.queue...)
		o.v = v
		return batch[:i+1]
	}
	return batch
}

// doLocked carries out a request on the sole replica, as it was decided for the same time.
func (c *checkpoint) doLocked(wall int64, r *replication.Request) (v replication.Verdict) {
	v = replication.Verdict{Code: wire.TryAgain} // cannot be: whatever keeps core from doing it at once ends the copy
	var got bool
	c.submitAtLocked(wall, r, answerTo(func(a *replication.Verdict) { v, got = *a, true }))
	if n := len(c.answers); n > 0 && !got {
		last := c.answers[n-1]
		c.answers = c.answers[:n-1]
		last()
	}
	return v
}

// diskRoom is how many bytes updates may take of the file system: not the last of them, so that sections can be deleted and
// the director's log be written when it is full.
func diskRoom(path string) uint64 {
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &st); err != nil {
		return ^uint64(0) // the write will tell
	}
	free, total := st.Bavail*uint64(st.Bsize), st.Blocks*uint64(st.Bsize)
	reserve := min(persistReserve, total/persistReserveShare)
	return free - min(free, reserve)
}

// roomFor is what an update may take of the disk, at most: its content comes into the log and then into the file.
func roomFor(u *segment.Update) uint64 {
	need := uint64(0)
	for i := range u.Ops {
		if op := &u.Ops[i]; op.Kind != segment.OpDelete && op.Kind != segment.OpSetExpiration {
			need += 2*uint64(len(op.Data)) + opDiskBytes
		}
	}
	return need
}

// noRoomLocked tells the operator, at most once a second, why an update is refused.
func (k *kept) noRoomLocked() {
	if k.c.n.logPersist.allow() {
		k.c.n.log.Error("update refused: the disk has too little room to keep the checkpoint: make room there",
			"checkpoint", k.c.name, "directory", filepath.Dir(k.path))
	}
}

// redo carries out updates of a checkpoint that is not kept on disk any more.
func (c *checkpoint) redo(queue []*through) {
	var told []outcome
	c.mu.Lock()
	for _, t := range queue {
		switch {
		case t.late():
			told = append(told, outcome{t: t, late: true})
		case c.kept.throughLocked():
			c.kept.enqueueLocked(t)
		default:
			c.submitLocked(t.r, answerTo(t.done))
		}
	}
	c.unlock()
	tell(told)
}

// doubtLocked is what an error makes of the copy. Without room nothing was written, the copy is as it was; after any other
// error it is not known what will be found on the disk, so the copy is made anew.
func (k *kept) doubtLocked(err error) {
	if isFull(err) {
		return
	}
	k.following, k.changes = false, nil
	k.renewLocked()
}
