package nodedirector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"libckpt/internal/dataset"
	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/store"
)

// findCopies looks for the copies that an earlier process of this node left on disk.
func (n *Node) findCopies() error {
	n.copies = make(map[uint64]string)
	if n.o.PersistDir == "" {
		return nil
	}
	// A directory that was just made must not be lost with the power, nor those it is in.
	for dir, level := n.o.PersistDir, 0; level < persistDirLevels; dir, level = filepath.Dir(dir), level+1 {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	files, err := dataset.ReplicaFiles(n.o.PersistDir)
	if err != nil {
		return err
	}
	removed := 0
	for id, paths := range files {
		for _, path := range paths {
			if n.o.Persist == PersistNever {
				removed++
			} else if n.copies[id] == "" {
				n.copies[id] = path
				continue
			} else if newer := newerCopy(n.copies[id], path); newer != n.copies[id] {
				n.copies[id], path = newer, n.copies[id]
			}
			if err := dataset.RemoveReplicaCopy(path); err != nil {
				return fmt.Errorf("remove a copy on disk: %w", err)
			}
		}
	}
	if removed > 0 {
		n.log.Warn("nothing is to be kept on disk: copies removed", "directory", n.o.PersistDir, "copies", removed)
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, unix.EINVAL) { // some file systems have nothing to sync
		return err
	}
	return nil
}

// newerCopy chooses between two copies of a checkpoint, of which one was to be removed.
func newerCopy(a, b string) string {
	head := func(path string) (h dataset.ReplicaHead) {
		r, err := dataset.OpenReplicaCopy(path, false)
		if err != nil {
			return h
		}
		defer r.Close()
		h, _, _ = r.Head() // the zero head is the oldest
		return h
	}
	x, y := head(a), head(b)
	ex, ey := wire.Epoch(x.Epoch), wire.Epoch(y.Epoch)
	if ex.Less(ey) || ex == ey && x.Number < y.Number {
		return b
	}
	return a
}

// restoreReplicas makes the segments anew whose memory was lost with the power, from their copies on disk. Nobody has them
// open: sessions do not outlive their host. They are served once a director has confirmed that no later state of them
// exists.
func (n *Node) restoreReplicas() error {
	for id, path := range n.copies {
		if c := n.checkpoint(id); c != nil && c.seg != nil {
			continue // the segment is at least as new
		}
		if err := n.restoreReplica(id, path); err != nil {
			return err
		}
	}
	return nil
}

// restoreReplica restores one. Only what an operator has to mend, with the data kept, is an error.
func (n *Node) restoreReplica(id uint64, path string) error {
	r, err := dataset.OpenReplicaCopy(path, false)
	var failed *dataset.Error
	if errors.As(err, &failed) && failed.Code == wire.NotExist {
		n.discardCopy(id)
		return nil
	}
	var h dataset.ReplicaHead
	var exists bool
	if err == nil {
		defer r.Close()
		if err = r.Check(); err == nil {
			h, exists, err = r.Head()
		}
	}
	if err == nil && !exists {
		n.discardCopy(id) // it was never completed
		return nil
	}
	var config wire.Config
	if err == nil {
		config, err = n.acceptCopy(id, &h)
	}
	if err == nil {
		return n.restoreFrom(r, &h, &config)
	}
	return n.refuseCopy(id, config.Name, err)
}

// refuseCopy puts a copy aside that can't be used, unless the reason is one that may pass: then the node director does not
// start, for the directors would take the checkpoint for lost.
func (n *Node) refuseCopy(id uint64, name string, reason error) error {
	var failed *dataset.Error
	if errors.As(reason, &failed) && failed.Code != wire.FailedOperation {
		return fmt.Errorf("restore a checkpoint from disk: %w", reason)
	}
	if name == "" {
		name = fmt.Sprint("number ", id)
	}
	n.putAside(n.takeCopy(id), name, reason)
	return nil
}

// acceptCopy says why a copy can't be used, or gives its configuration.
func (n *Node) acceptCopy(id uint64, h *dataset.ReplicaHead) (config wire.Config, err error) {
	kept, err := store.ReadKept(h.Config)
	if err == nil && kept == nil {
		err = errors.New("it says nothing of its configuration")
	}
	if err != nil {
		return config, err
	}
	config = kept.Config
	mine := n.clusterID()
	switch {
	case h.Checkpoint != id || config.Checkpoint != id:
		err = fmt.Errorf("it is of checkpoint number %d", h.Checkpoint)
	case h.Node != n.o.Node:
		err = fmt.Errorf("it belongs to node %s", h.Node)
	case mine != [16]byte{} && mine != h.Cluster:
		err = errors.New("it belongs to another cluster than the replicas beside it")
	case n.refused[id] && h.Boot == n.boot:
		// Applications that still run may have been given answers that only the segment remembers.
		err = errors.New("the replica's segment was refused while applications may have been using it")
	}
	return config, err
}

func (n *Node) discardCopy(id uint64) {
	if err := dataset.RemoveReplicaCopy(n.takeCopy(id)); err != nil {
		n.log.Warn("unfinished copy on disk not removed", "reason", err)
	}
}

func (n *Node) restoreFrom(r *dataset.ReplicaCopy, h *dataset.ReplicaHead, config *wire.Config) error {
	if n.director.cluster == [16]byte{} {
		n.director.cluster = h.Cluster
	}
	n.director.generation = max(n.director.generation, h.Epoch.Generation)
	delete(n.refused, h.Checkpoint)
	c := n.checkpointOf(h.Checkpoint, config.Name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config.Attributes = config.Attributes
	c.config.Epoch = wire.Epoch(h.Epoch)
	err := c.makeSegmentLocked()
	if err == nil {
		err = c.fillLocked(r, h)
	}
	if err == nil {
		c.restored = true
		err = c.attachLocked()
	}
	if err == nil {
		n.log.Info("replica restored from disk", "checkpoint", c.name, "sections", c.seg.Count(), "update", h.Number)
		return nil
	}
	if c.seg != nil {
		c.removeReplicaLocked()
	}
	n.mu.Lock()
	delete(n.checkpoints, c.id)
	n.mu.Unlock()
	var failed *dataset.Error
	if errors.As(err, &failed) {
		return n.refuseCopy(c.id, c.name, err)
	}
	return fmt.Errorf("checkpoint %s can't be restored from disk: give its replica room, or remove %s to do without it: %w",
		c.name, r.Path(), err)
}

// fillLocked puts the sections of a copy into an empty segment.
func (c *checkpoint) fillLocked(r *dataset.ReplicaCopy, h *dataset.ReplicaHead) error {
	err := r.Sections(func(s segment.Section) error {
		var data []byte // a corrupted section has none that means anything
		if !s.Corrupted {
			data = make([]byte, s.Size)
			if err := r.Content(s.ID, data); err != nil {
				return err
			}
		}
		return c.seg.Apply(&segment.Update{Jump: true, Ops: []segment.Op{{
			Kind: segment.OpPut, Section: s.ID, Data: data, Total: s.Size, Expiration: s.Expiration,
			Stamp: &segment.Stamp{Number: s.Number, LastUpdate: s.LastUpdate, Corrupted: s.Corrupted},
		}}})
	})
	if err != nil {
		return err
	}
	next := h.NextGenerated
	if err := c.seg.Apply(&segment.Update{Number: h.Number, Jump: true, NextGenerated: &next}); err != nil {
		return err
	}
	return c.seg.SetConfig(h.Config)
}

// dropStale removes what was restored from disk and is not the latest state of its checkpoint. It reports whether there
// was any.
func (n *Node) dropStale() bool {
	found := false
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		stale := c.stale
		if stale {
			found = true
			n.log.Error("copy on disk is older than the checkpoint's configuration: not used, the checkpoint is lost on this node",
				"checkpoint", c.name, "epoch", c.config.Epoch.Counter)
			c.stale, c.restored = false, false
			if path := n.takeCopy(c.id); path != "" {
				n.putAside(path, c.name, errors.New("older than the configuration"))
			}
			c.core.Detach(monotonic())
			c.performLocked()
			c.removeReplicaLocked()
		}
		c.unlock()
		if stale {
			n.forget(c)
		}
	}
	return found
}
