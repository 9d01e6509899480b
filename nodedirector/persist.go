package nodedirector

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"libckpt/internal/dataset"
	"libckpt/internal/wire"
)

// Persist says which checkpoints are kept on disk too, each while this node has its only replica.
type Persist uint8

// The policies.
const (
	PersistAuto   Persist = iota // those that want a second copy: wire.Config.Backup
	PersistAlways                // all
	PersistNever                 // none; copies left from before are removed at start
)

// kept is the copy of a checkpoint's replica on disk. It exists exactly while the policy wants one and this node is the
// only member of the configuration.
//
// Updates of an ALL_REPLICAS checkpoint are written through: committed to the disk first, then applied to the segment, then
// answered (writethrough.go). So nothing that was read or acknowledged is lost, and an update the disk has no room for is
// refused with nothing changed. Updates of other checkpoints are written behind: applied, answered, and committed soon
// (writebehind.go). Both begin with a copy of all there is (keepcopy.go).
//
// One goroutine at a time writes to the copy, and runs only while there is something to write.
type kept struct {
	c *checkpoint

	// Guarded by the checkpoint's lock.
	path      string
	running   bool          // the goroutine
	over      bool          // the copy is removed or let go: nothing is written any more
	removed   bool          // removed
	following bool          // the copy is complete up to what queue and changes hold
	complete  bool          // a state of the replica has been committed
	held      bool          // until the copy is complete, updates wait; else it is made beside them
	queue     []*through    // updates to be written through, in the order of their arrival
	applying  bool          // updates are being applied that are on the disk already
	changes   *changes      // of the segment, not on the disk; nil: not recorded
	urgent    bool          // somebody waits for them to be written
	number    uint64        // of the last update that is on the disk
	failed    error         // of the last attempt to write; nil: it succeeded
	retry     time.Time     // of the next attempt after a failed one that nobody waits for
	round     chan struct{} // closed with the next attempt's end, or the copy's
	waiting   []waiting     // Synchronize calls, in their order
	answers   []func()      // to be called by the goroutine, in this order
	wake      chan struct{} // for the goroutine: look again

	// The goroutine's own.
	file  *dataset.ReplicaCopy // nil: not open
	begun uint64               // number of the update that the copy being made goes up to
}

// keeps reports whether a checkpoint of this configuration belongs on this node's disk.
func (n *Node) keeps(config *wire.Config) bool {
	if n.o.PersistDir == "" || n.o.Persist == PersistNever || n.o.Persist == PersistAuto && !config.Backup {
		return false
	}
	return soleIn(config, n.o.Node) && !config.Unlinked
}

// keepLocked begins to keep the checkpoint on disk if its configuration says so.
func (c *checkpoint) keepLocked() {
	if c.kept != nil || c.seg == nil || !c.n.keeps(&c.config) {
		return
	}
	k := &kept{c: c, round: make(chan struct{}), wake: make(chan struct{}, 1)}
	k.path = c.n.takeCopy(c.id)
	k.held = k.path != "" || c.seg.Number() <= 1
	if k.path == "" {
		k.path = c.n.newCopyPath(c.id)
	}
	c.kept = k
	k.workLocked()
}

// unkeepLocked makes the copy invalid, for good even if power fails at the next moment, unless it goes on under the given
// configuration. It is called before that is obeyed, so before another replica can enter the in-sync set; with an error it
// must not be obeyed.
func (c *checkpoint) unkeepLocked(config *wire.Config) error {
	k := c.kept
	if c.n.keeps(config) && (k == nil || config.Epoch == c.config.Epoch) {
		return nil
	}
	path := ""
	if k != nil {
		path = k.path
	} else if path = c.n.takeCopy(c.id); path == "" {
		return nil
	}
	if err := dataset.RemoveReplicaCopy(path); err != nil {
		return fmt.Errorf("the copy on disk can't be removed, so no second replica may be made: %w", err)
	}
	if k != nil {
		k.removed = true
		k.endLocked()
	}
	return nil
}

// dropKeptLocked removes the copy of a checkpoint that is no more.
func (c *checkpoint) dropKeptLocked() {
	path := c.n.takeCopy(c.id)
	if c.kept != nil {
		path = c.kept.path
		c.kept.removed = true
		c.kept.endLocked()
	}
	if path == "" {
		return
	}
	if err := dataset.RemoveReplicaCopy(path); err != nil {
		c.n.log.Warn("copy on disk not removed", "checkpoint", c.name, "reason", err)
	}
}

// endLocked lets go of the copy. What waits in the queue is taken up again without it.
func (k *kept) endLocked() {
	k.over = true
	k.c.kept = nil
	k.changes = nil
	close(k.round)
	k.settleLocked(nil)
	k.workLocked()
	nudge(k.wake)
}

// workLocked sees to it that the goroutine runs. A node director that stops starts none any more.
func (k *kept) workLocked() {
	if !k.running {
		k.running = true
		k.c.n.goDo(k.work)
	}
}

// work writes until there is nothing left to be written.
func (k *kept) work() {
	for {
		k.c.mu.Lock()
		switch {
		case k.over:
			queue := k.queue
			k.queue, k.running = nil, false
			k.c.mu.Unlock()
			k.close()
			if k.removed {
				// It may have been about to be made: then there is an empty file of its name again.
				_ = dataset.RemoveReplicaCopy(k.path)
			}
			k.answer()
			k.c.redo(queue)
			return
		case k.c.n.ctx.Err() != nil: // finish does what is left
			k.running = false
			k.c.mu.Unlock()
			return
		}
		do, turn, wait := k.nextLocked()
		if do == nil && wait == 0 {
			if k.file != nil && k.c.n.openCopies.Load() > openCopiesMax {
				k.c.mu.Unlock()
				k.close()
				continue
			}
			k.running = false
			k.c.mu.Unlock()
			return
		}
		k.c.mu.Unlock()
		if do == nil {
			k.pause(wait)
			continue
		}
		turn <- struct{}{}
		do()
		<-turn
		k.answer()
	}
}

// nextLocked says what to do next and which turn to wait for, or how long to wait; neither: nothing is left.
func (k *kept) nextLocked() (do func(), turn chan struct{}, wait time.Duration) {
	n := k.c.n
	waited := len(k.queue) > 0 || k.urgent
	switch {
	case !k.following && (waited || k.failed == nil || !time.Now().Before(k.retry)):
		return k.begin, n.beginners, 0
	case !k.following:
		return nil, nil, time.Until(k.retry) + time.Millisecond
	case k.changes.any() && (waited || !time.Now().Before(k.changes.due())):
		return k.writeBehind, n.writers, 0
	case k.changes.any():
		return nil, nil, time.Until(k.changes.due()) + time.Millisecond
	case len(k.queue) > 0 && !k.c.core.Alone():
		return nil, nil, notAloneWait // a restart may have left somebody with a lease
	case len(k.queue) > 0:
		return k.writeThrough, n.writers, 0
	}
	return nil, nil, 0
}

// pause waits, at most that long, for something urgent.
func (k *kept) pause(wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-k.wake:
	case <-t.C:
	case <-k.c.n.ctx.Done():
	}
}

// wroteLocked notes how an attempt to write has ended, and tells who waits for it.
func (k *kept) wroteLocked(err error) {
	c := k.c
	if err != nil && c.n.logPersist.allow() {
		what := "checkpoint not kept on disk: a power cut would lose the updates since its last copy"
		if !c.config.Attributes.Asynchronous() {
			what = "checkpoint not kept on disk: its updates are refused"
		}
		c.n.log.Error(what, "checkpoint", c.name, "copied", k.number, "reason", err)
	}
	if err == nil && k.failed != nil {
		c.n.log.Info("checkpoint kept on disk again", "checkpoint", c.name)
	}
	k.failed, k.urgent, k.retry = err, false, time.Now().Add(persistRetry)
	close(k.round)
	k.round = make(chan struct{})
	k.settleLocked(err)
}

// answer tells what was settled. The checkpoint's lock must not be held.
func (k *kept) answer() {
	k.c.mu.Lock()
	answers := k.answers
	k.answers = nil
	k.c.mu.Unlock()
	for _, f := range answers {
		f()
	}
}

// finish writes what is left when the node director stops. Nothing else of it runs any more.
func (k *kept) finish() {
	if k.following && k.changes.any() {
		k.writeBehind()
	}
	k.close()
}

func (k *kept) close() {
	if k.file != nil {
		k.file.Close()
		k.file = nil
		k.c.n.openCopies.Add(-1)
	}
}

// newCopyPath names a copy that has never been.
func (n *Node) newCopyPath(checkpoint uint64) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.copyNonce++
	return filepath.Join(n.o.PersistDir, dataset.ReplicaFile(checkpoint, n.incarnation+n.copyNonce))
}

// takeCopy gives the copy that was found when the node director started, once; "" if there is none.
func (n *Node) takeCopy(checkpoint uint64) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	path := n.copies[checkpoint]
	delete(n.copies, checkpoint)
	return path
}

// putAside keeps a copy that can't be used, under a name that is not looked at any more.
func (n *Node) putAside(path, checkpoint string, reason error) {
	n.log.Error("copy on disk refused: put aside, not used", "checkpoint", checkpoint, "file", path+refusedSuffix,
		"reason", reason)
	for _, side := range []string{"", "-wal"} {
		if err := os.Rename(path+side, path+refusedSuffix+side); err != nil && !os.IsNotExist(err) {
			n.log.Error("copy on disk not put aside", "reason", err)
		}
	}
}
