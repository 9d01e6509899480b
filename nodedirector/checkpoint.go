package nodedirector

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// checkpoint is what the node holds of one checkpoint: a replica, or openers, or both.
type checkpoint struct {
	id   uint64
	name string
	n    *Node

	// mu is held over core and segment, and for no longer than one update or read. It is released by unlock wherever core
	// may have been given something to do.
	mu       sync.Mutex
	config   wire.Config
	known    bool // config is a director's; else only Checkpoint, Name and perhaps Attributes are set
	core     *replication.Core
	seg      *segment.Replica // nil: no replica here
	store    *replicaStore    // of seg
	gone     bool             // deleted, or the node's replica is lost: handles are bad
	told     uint64           // number of the last update that applications were, or need not be, told of
	learning bool             // see learnAgain
	history  history
	deleted  deletions
	notified map[*session]wishes // sessions to be sent events
	opens    map[handleKey]uint32
	watching bool  // this node removes expired sections
	kept     *kept // nil: not kept on disk
	restored bool  // the replica is from the disk, and no director has confirmed its epoch yet
	joining  int64 // CLOCK_MONOTONIC ns: since when the replica joins; 0 = it does not
	aside    bool  // the replica is of another generation of the directors' store: core does not know of it
	stale    bool  // a director knows a later epoch than the disk does

	token   replication.Token // of the last request given to core
	asked   map[replication.Token]asker
	answers []func()   // to be called without the lock
	frames  []frame    // to be sent then, in this order
	sending sync.Mutex // held over that; locked before mu
	alarm   alarm
}

// wishes counts the handles of one session that want events of a checkpoint.
type wishes struct {
	handles int
	data    int // those that want the data written, too
}

// handleKey names a handle on the node.
type handleKey struct {
	session uint64
	open    uint64
}

// usableLocked is OK if handles on the checkpoint are good.
func (c *checkpoint) usableLocked() wire.Code {
	if c.gone {
		return wire.BadHandle
	}
	return wire.OK
}

// unlock releases the lock, then gives the answers that have become due under it and after that sends the frames: those whom
// an answer is for wait, other nodes take their time anyway.
func (c *checkpoint) unlock() {
	answers, send := c.answers, len(c.frames) > 0
	c.answers = nil
	c.mu.Unlock()
	for _, f := range answers {
		f()
	}
	if !send {
		return
	}
	c.sending.Lock()
	defer c.sending.Unlock()
	c.mu.Lock()
	frames := c.frames
	c.frames = nil
	c.mu.Unlock()
	for i := range frames {
		c.n.sendFrame(&frames[i])
	}
}

// errLost: the configuration counts on a replica that this node does not have.
var errLost = errors.New("the replica of this node is lost")

// adoptLocked obeys a configuration. With fresh it makes the replica that the configuration gives this node, empty, because
// no data of the checkpoint exists anywhere else; without, only one that is to be filled.
func (c *checkpoint) adoptLocked(config *wire.Config, fresh bool) error {
	if c.gone || c.known && earlier(config, &c.config) {
		return nil
	}
	if c.restored && config.Epoch != c.config.Epoch {
		c.stale = true
		return errLost
	}
	c.n.pairs.Learned(replication.VersionOf(config))
	if c.aside {
		c.aside = false
		if err := c.attachLocked(); err != nil {
			return err
		}
	}
	c.restored = false
	if err := c.unkeepLocked(config); err != nil {
		return err
	}
	c.config, c.known = *config, true
	member := slices.Contains(config.InSync, c.n.o.Node)
	joining := slices.Contains(config.Joining, c.n.o.Node)
	if c.seg != nil && (!member && !joining || member && fresh && !c.core.Complete()) {
		c.core.Detach(monotonic())
		c.performLocked()
		c.removeReplicaLocked()
	}
	var err error
	if c.seg == nil && (joining || member && fresh) {
		err = c.createLocked(member)
	}
	c.n.peersChanged()
	if err != nil {
		return err
	}
	c.joinedLocked(joining, member)
	c.core.Configure(monotonic(), config)
	c.performLocked()
	c.keepLocked()
	if c.seg == nil && member {
		return errLost
	}
	return nil
}

// joinedLocked takes note of when the replica begins to join, and says when it has.
func (c *checkpoint) joinedLocked(joining, member bool) {
	switch {
	case joining && c.joining == 0:
		c.joining = monotonic()
	case member && c.joining != 0 && c.seg != nil:
		c.n.log.Info("replica is in sync", "checkpoint", c.name, "sections", c.seg.Count(), "took", time.Duration(monotonic()-c.joining))
	}
	if !joining {
		c.joining = 0
	}
}

// earlier reports whether a configuration was made before another.
func earlier(a, b *wire.Config) bool {
	return a.Epoch.Less(b.Epoch) || a.Epoch == b.Epoch && a.Version < b.Version
}

// createLocked makes a replica. complete: it lacks nothing, for the checkpoint has just been created.
func (c *checkpoint) createLocked(complete bool) error {
	if err := c.makeSegmentLocked(); err != nil {
		return err
	}
	if complete {
		if err := c.fillDefaultLocked(); err != nil {
			c.removeReplicaLocked()
			return err
		}
	}
	c.told = max(c.told, c.seg.Number())
	c.core.Attach(monotonic(), c.store, nil, complete)
	return nil
}

func (c *checkpoint) makeSegmentLocked() error {
	if !c.n.reserveReplica() {
		return wire.NoResources
	}
	a := &c.config.Attributes
	seg, err := segment.Create(c.n.o.SegmentDir, segment.Identity{
		Cluster: c.n.clusterID(), Node: c.n.o.Node, Checkpoint: c.id, Name: c.name,
		Attributes: segment.Attributes{
			CreationFlags: a.CreationFlags, CheckpointSize: a.CheckpointSize, RetentionDuration: a.RetentionDuration,
			MaxSections: a.MaxSections, MaxSectionSize: a.MaxSectionSize, MaxSectionIDSize: a.MaxSectionIDSize,
		},
	}, c.n.quota)
	if err != nil {
		c.n.releaseReplica()
		return fmt.Errorf("checkpoint %s: make replica: %w", c.name, err)
	}
	c.setSegmentLocked(seg)
	return nil
}

func (c *checkpoint) setSegmentLocked(seg *segment.Replica) {
	c.seg, c.store = seg, newReplicaStore(c, seg)
}

// fillDefaultLocked gives a checkpoint of one section that section. It is there from the replica's first update on.
func (c *checkpoint) fillDefaultLocked() error {
	if c.config.Attributes.MaxSections != 1 || c.seg.Number() != 0 {
		return nil
	}
	return c.seg.Apply(&segment.Update{
		Number: 1,
		Now:    time.Now().UnixNano(),
		Ops:    []segment.Op{{Kind: segment.OpCreate, Expiration: replication.Never}},
	})
}

// removeReplicaLocked deletes the node's replica. Core has been told.
func (c *checkpoint) removeReplicaLocked() {
	if err := c.seg.Remove(); err != nil {
		c.n.log.Warn("replica not removed", "checkpoint", c.name, "reason", err)
	}
	c.seg, c.store = nil, nil
	c.n.releaseReplica()
	c.n.expiry.removeAll(c.id)
}

// removeLocked deletes what the node has of a checkpoint that is no more, and makes the handles bad.
func (c *checkpoint) removeLocked() {
	c.gone = true
	c.alarm.stop()
	c.history.clear()
	c.deleted = deletions{}
	clear(c.notified)
	c.dropKeptLocked()
	c.core.Delete(monotonic())
	c.performLocked()
	if c.seg != nil {
		c.removeReplicaLocked()
	}
	c.n.peersChanged()
}

// notifyLocked follows a change of what one handle of a session wants to be told.
func (c *checkpoint) notifyLocked(s *session, before, after wish) {
	w := c.notified[s]
	w.count(before, -1)
	w.count(after, 1)
	if w.handles > 0 {
		if c.notified == nil {
			c.notified = make(map[*session]wishes)
		}
		c.notified[s] = w
		return
	}
	delete(c.notified, s)
	if len(c.notified) == 0 && !c.askedElsewhereLocked() {
		c.forgetUpdatesLocked()
	}
}

// askedElsewhereLocked reports whether applications on other nodes may ask the active replica, which is here, what they
// have missed.
func (c *checkpoint) askedElsewhereLocked() bool {
	here := c.n.o.Node
	return c.config.Active == here && slices.ContainsFunc(c.config.Open, func(node string) bool { return node != here })
}

func (c *checkpoint) forgetUpdatesLocked() {
	c.history.clear()
	c.deleted = deletions{}
}

func (w *wishes) count(of wish, n int) {
	if of != wishNone {
		w.handles += n
	}
	if of == wishData {
		w.data += n
	}
}

// numberLocked is the number of the last update applied here.
func (c *checkpoint) numberLocked() uint64 {
	if c.seg == nil {
		return 0
	}
	return c.seg.Number()
}

// concernedLocked reports whether the configuration names this node.
func (c *checkpoint) concernedLocked() bool {
	node := c.n.o.Node
	return c.known && (slices.Contains(c.config.InSync, node) || slices.Contains(c.config.Joining, node) || c.openHereLocked())
}

// openHereLocked reports whether the director counts this node among those that have the checkpoint open.
func (c *checkpoint) openHereLocked() bool { return slices.Contains(c.config.Open, c.n.o.Node) }
