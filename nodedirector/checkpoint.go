package nodedirector

import (
	"bytes"
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

	// mu is held over the segment, and for no longer than one update or read.
	mu       sync.Mutex
	config   wire.Config
	known    bool // config is a director's; else only Checkpoint, Name and perhaps Attributes are set
	role     role
	seg      *segment.Replica   // nil: no replica here
	gone     bool               // deleted, or the node's replica is lost: handles are bad
	index    *replication.Index // nil until somebody iterates
	history  history
	deleted  deletions
	notified map[*session]wishes // sessions to be sent events
	opens    map[handleKey]uint32
	kept     *kept // nil: not kept on disk
	restored bool  // the replica is from the disk, and no director has confirmed its epoch yet
	stale    bool  // a director knows a later epoch than the disk does
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
	switch {
	case c.gone:
		return wire.BadHandle
	case !c.known:
		return wire.TryAgain
	}
	return wire.OK
}

// updateLocked carries an update out: decides, applies, and tells the sessions that want to know. The answer is final
// when it returns.
func (c *checkpoint) updateLocked(u *replication.Update) replication.Verdict {
	v := c.decideLocked(c.seg, u)
	if v.Code != wire.OK {
		return v
	}
	return c.carryOutLocked(v, u)
}

// decideLocked decides an update on the sections that s shows.
func (c *checkpoint) decideLocked(s replication.View, u *replication.Update) replication.Verdict {
	if code := c.usableLocked(); code != wire.OK {
		return replication.Verdict{Code: code}
	}
	at := c.placeLocked()
	if at == replication.Here && c.seg == nil {
		return replication.Verdict{Code: wire.TryAgain}
	}
	if u.Expired {
		return replication.DecideExpired(&c.config, at, s, u.Elements[0].ID, u.Now)
	}
	v := replication.Decide(&c.config, at, s, u)
	if v.Code != wire.OK {
		c.complain(at, v.Code)
		return v
	}
	v.Apply.Result = &segment.Result{
		Session: u.Request.Session, Slot: u.Request.Slot, Number: u.Request.Number,
		Blob: replication.EncodeResult(&replication.Result{Code: v.Code, Index: v.Index, Generated: v.Generated, Number: v.Apply.Number}),
	}
	return v
}

// carryOutLocked applies what was decided.
func (c *checkpoint) carryOutLocked(v replication.Verdict, u *replication.Update) replication.Verdict {
	if code, index := c.applyLocked(&v); code != wire.OK {
		return replication.Verdict{Code: code, Index: index}
	}
	if v.PastExpiration && c.n.logPast.allow() {
		c.n.log.Warn("section created with an expiration time in the past: it never expires",
			"checkpoint", c.name, "expiration", time.Unix(0, u.Time))
	}
	return v
}

// complain logs, at most once a second, that a request was refused because its place is another node.
func (c *checkpoint) complain(at replication.Place, code wire.Code) {
	if at == replication.Elsewhere && code == wire.TryAgain && c.n.logPlace.allow() {
		c.n.log.Warn("the checkpoint's active replica is on another node", "checkpoint", c.name, "active", c.config.Active,
			"in-sync", c.config.InSync)
	}
}

// applyLocked does what was decided, with all that follows from it on this node.
func (c *checkpoint) applyLocked(v *replication.Verdict) (wire.Code, uint32) {
	if err := c.seg.Apply(v.Apply); err != nil {
		code, index := replication.Failure(err)
		if code == wire.Library {
			c.n.log.Error("update failed", "checkpoint", c.name, "number", v.Apply.Number, "reason", err)
		}
		return code, index
	}
	c.kept.appliedLocked(v.Apply)
	if c.index != nil {
		c.index.Apply(v.Apply.Ops)
	}
	for i := range v.Apply.Ops {
		op := &v.Apply.Ops[i]
		switch op.Kind {
		case segment.OpCreate, segment.OpSetExpiration:
			c.n.expiry.set(sectionKey{c.id, string(op.Section)}, op.Expiration)
		case segment.OpDelete:
			c.n.expiry.remove(sectionKey{c.id, string(op.Section)})
		}
	}
	if len(c.notified) > 0 {
		c.history.add(v.Event)
		c.deleted.add(&v.Event)
		c.n.sendEvents(c.notified, v)
	}
	return wire.OK, 0
}

// expire removes a section whose time has come. It reports false if that should be tried again. On a node whose replica
// does not order updates there is nothing to try: adoptLocked begins anew when that changes.
func (c *checkpoint) expire(id []byte, now int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.seg == nil || c.role.update != replication.Here {
		return true
	}
	u := &replication.Update{Expired: true, Elements: []wire.Element{{ID: id}}, Now: now}
	done := func(v replication.Verdict) bool { return v.Code == wire.OK || v.Code == wire.NotExist }
	if c.kept.throughLocked() {
		c.kept.enqueueLocked(&through{u: u, late: func() bool { return false }, done: func(v replication.Verdict) {
			if !done(v) {
				c.n.expiry.again(sectionKey{c.id, string(id)}, now)
			}
		}})
		return true
	}
	return done(c.updateLocked(u))
}

// placeLocked is where updates are carried out.
func (c *checkpoint) placeLocked() replication.Place {
	if c.config.Attributes.Asynchronous() {
		return c.role.update
	}
	return c.role.together()
}

// errLost: the configuration counts on a replica that this node does not have.
var errLost = errors.New("the replica of this node is lost")

// adoptLocked obeys a configuration. With fresh it makes the replica that the configuration gives this node, empty;
// without, only one that is to be filled.
func (c *checkpoint) adoptLocked(config *wire.Config, fresh bool) error {
	if c.gone || c.known && config.Epoch.Less(c.config.Epoch) {
		return nil
	}
	if c.restored && config.Epoch != c.config.Epoch {
		c.stale = true
		return errLost
	}
	c.restored = false
	if err := c.unkeepLocked(config); err != nil {
		return err
	}
	c.config, c.known = *config, true
	before := c.role
	c.role = roleOf(&c.config, c.n.o.Node)
	if c.role.replica && c.seg == nil {
		if !fresh && c.role.inSync {
			return errLost
		}
		if err := c.createLocked(); err != nil {
			return err
		}
	}
	if c.seg == nil {
		return nil
	}
	if err := c.fillDefaultLocked(); err != nil {
		return err
	}
	blob, err := wire.Encode(kindStored, nil, &c.config)
	if err == nil && !bytes.Equal(blob, c.seg.Config()) {
		err = c.seg.SetConfig(blob)
	}
	if err != nil && c.n.logDirector.allow() {
		c.n.log.Warn("configuration not kept in the segment", "checkpoint", c.name, "reason", err)
	}
	c.setStateLocked()
	c.keepLocked()
	if c.role.update == replication.Here && before.update != replication.Here {
		c.watchExpirationsLocked()
	} else if c.role.update != replication.Here {
		c.n.expiry.removeAll(c.id)
	}
	return nil
}

// kindStored marks a configuration kept in a segment; it never travels.
const kindStored wire.Kind = 'k'

func (c *checkpoint) setStateLocked() { c.seg.SetState(c.role.state(c.config.Epoch)) }

func (c *checkpoint) createLocked() error {
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
	c.seg = seg
	return nil
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

func (c *checkpoint) watchExpirationsLocked() {
	c.seg.Sections(func(s segment.Section) bool {
		if s.Expiration != replication.Never {
			c.n.expiry.set(sectionKey{c.id, string(s.ID)}, s.Expiration)
		}
		return true
	})
}

// removeLocked deletes the node's replica and makes the handles bad.
func (c *checkpoint) removeLocked() {
	c.gone = true
	c.index = nil
	c.history.clear()
	c.deleted = deletions{}
	clear(c.notified)
	c.n.expiry.removeAll(c.id)
	c.dropKeptLocked()
	if c.seg != nil {
		if err := c.seg.Remove(); err != nil {
			c.n.log.Warn("replica not removed", "checkpoint", c.name, "reason", err)
		}
		c.seg = nil
		c.n.releaseReplica()
	}
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
	if len(c.notified) == 0 {
		c.history.clear()
		c.deleted = deletions{}
	}
}

func (w *wishes) count(of wish, n int) {
	if of != wishNone {
		w.handles += n
	}
	if of == wishData {
		w.data += n
	}
}

// numberLocked is the number of the last update known here.
func (c *checkpoint) numberLocked() uint64 {
	if c.seg == nil {
		return 0
	}
	return c.seg.Number()
}

// openHereLocked reports whether the director counts this node among those that have the checkpoint open.
func (c *checkpoint) openHereLocked() bool { return slices.Contains(c.config.Open, c.n.o.Node) }
