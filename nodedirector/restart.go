package nodedirector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/segment"
	"libckpt/nodedirector/replication"
)

const (
	segmentSuffix = ".seg"
	refusedSuffix = ".refused"
)

// attachSegments takes up the replicas that an earlier process of this node left, and serves them by the configurations
// stored in them: the director may be away.
func (n *Node) attachSegments() error {
	entries, err := os.ReadDir(n.o.SegmentDir)
	if err != nil {
		return err
	}
	var stored []*checkpoint
	for _, e := range entries {
		path := filepath.Join(n.o.SegmentDir, e.Name())
		switch {
		case !strings.HasSuffix(e.Name(), segmentSuffix):
			if e.Name() != lockName && e.Name() != adoptedFile && !strings.HasSuffix(e.Name(), refusedSuffix) && e.Type().IsRegular() {
				os.Remove(path) // half-made when its process died
			}
		default:
			c, err := n.attach(path)
			if err != nil {
				return err
			}
			if c != nil {
				stored = append(stored, c)
			}
		}
	}
	// Obeying may make a segment grow: the memory limit has to know of all of them first.
	for _, c := range stored {
		c.mu.Lock()
		err := c.attachLocked()
		if err == nil {
			config := c.config
			c.known = true
			err = c.adoptLocked(&config, false)
		}
		c.unlock()
		if err != nil && !errors.Is(err, errLost) {
			return err
		}
	}
	return nil
}

// attachLocked gives core the replica that an earlier process of this node left.
func (c *checkpoint) attachLocked() error {
	kept, err := c.store.Kept()
	if err != nil {
		return fmt.Errorf("checkpoint %s: what was kept with its replica: %w", c.name, err)
	}
	if kept == nil {
		return fmt.Errorf("checkpoint %s: nothing was kept with its replica", c.name)
	}
	c.told = c.seg.Number()
	c.core.Attach(monotonic(), c.store, kept, false)
	c.n.pairs.Learned(replication.VersionOf(&kept.Config))
	return nil
}

// attach takes up one replica. It returns nil if its creation was cut off or the file was refused.
func (n *Node) attach(path string) (*checkpoint, error) {
	seg, err := segment.Attach(path, n.quota)
	var refused *segment.RefusedError
	switch {
	case errors.As(err, &refused):
		n.refuse(path, refused.Reason)
		return nil, nil
	case errors.Is(err, segment.ErrGone):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("attach %s: %w", path, err)
	}
	id := seg.Identity()
	mine := n.clusterID()
	switch {
	case id.Node != n.o.Node:
		err = fmt.Errorf("it belongs to node %s", id.Node)
	case mine != [16]byte{} && mine != id.Cluster:
		err = errors.New("it belongs to another cluster than the segments beside it")
	}
	if err != nil {
		seg.Close()
		n.refuse(path, err.Error())
		return nil, nil
	}
	n.director.cluster = id.Cluster
	n.replicas++
	c := n.checkpointOf(id.Checkpoint, id.Name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setSegmentLocked(seg)
	state := seg.State()
	state.Readable = false // until core says so: its leases have ended with the earlier process
	seg.SetState(state)
	kept, err := c.store.Kept()
	if err != nil || kept == nil || kept.Config.Checkpoint != c.id {
		n.log.Warn("replica removed: it was never completed", "checkpoint", c.name, "reason", err)
		c.removeReplicaLocked()
		return nil, nil
	}
	c.config = kept.Config
	n.director.generation = max(n.director.generation, c.config.Epoch.Generation)
	return c, nil
}

// refuse puts a file aside that is no replica this node can vouch for.
func (n *Node) refuse(path, reason string) {
	name := filepath.Base(path)
	if id, err := strconv.ParseUint(strings.TrimSuffix(name, segmentSuffix), 16, 64); err == nil {
		n.refused[id] = true
	}
	n.log.Error("segment refused: put aside, its checkpoint is lost on this node", "file", path+refusedSuffix, "reason", reason)
	if err := os.Rename(path, path+refusedSuffix); err != nil {
		n.log.Error("segment not put aside", "reason", err)
	}
}

// restoreSessions takes up the sessions of an earlier process. One whose process has ended is closed at once; the others
// have a while to come back.
func (n *Node) restoreSessions() error {
	paths, err := journals(n.sessionsDir())
	if err != nil {
		return err
	}
	var restored []*session
	for _, path := range paths {
		r, opens, size, err := readJournal(path)
		if err != nil {
			n.log.Warn("session journal dropped", "reason", err)
			os.Remove(path)
			continue
		}
		s, err := n.restoreSession(r, opens, size)
		if err != nil {
			return err
		}
		restored = append(restored, s)
	}
	// Only then may requests arrive: a repeated one must find its answer.
	n.restoreResults()
	for _, s := range restored {
		n.takeUp(s)
	}
	return nil
}

func (n *Node) restoreSession(r sessionRecord, opens []openRecord, size int64) (*session, error) {
	j, err := newJournal(n.sessionsDir(), &r, opens)
	if errors.Is(err, unix.ENOSPC) {
		j, err = oldJournal(n.sessionsDir(), &r, size)
	}
	if err != nil {
		return nil, err
	}
	s := n.sessionOf(r, j)
	s.restored = true
	for _, o := range opens {
		c := n.checkpointOf(o.Checkpoint, o.Name)
		h := &handle{open: o.Open, c: c, flags: o.Flags, notify: wishOf(o.Notify, o.NotifyData)}
		c.mu.Lock()
		c.gone = c.gone || n.refused[o.Checkpoint]
		c.opens[handleKey{s.id, o.Open}] = o.Flags
		c.notifyLocked(s, wishNone, h.notify)
		c.mu.Unlock()
		s.opens[o.Open] = h
		s.written[o.Checkpoint] = true // perhaps; the answers may be on other nodes only
	}
	return s, n.enlist(s)
}

// takeUp goes on with a session whose process still runs, and ends another.
func (n *Node) takeUp(s *session) {
	r := &s.record
	if r.Boot != n.boot {
		s.end("its host was booted since")
		return
	}
	if r.PID != 0 {
		pidfd, err := unix.PidfdOpen(r.PID, 0)
		p, gone := findProcess(r.PID)
		if err != nil || gone != nil || p.start != r.Start {
			if err == nil {
				unix.Close(pidfd)
			}
			s.end("its process ended while the node director was away")
			return
		}
		s.watchProcess(pidfd)
	}
	s.mu.Lock()
	s.away = time.AfterFunc(sessionReturnWait, func() { s.end("it has not come back") })
	s.mu.Unlock()
	if err := s.listen(); err != nil {
		n.log.Error("session not taken up", "session", s.name(), "reason", err)
		s.end(err.Error())
	}
}

// restoreResults finds which checkpoints hold answers to requests of the sessions that were taken up. They are not given from
// here: only core knows whether what they answer is committed.
func (n *Node) restoreResults() {
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		if c.seg != nil {
			c.seg.Results(func(r segment.Result) bool {
				if s := n.session(r.Session); s != nil {
					s.mu.Lock()
					s.written[c.id] = true
					s.mu.Unlock()
				}
				return true
			})
		}
		c.mu.Unlock()
	}
}
