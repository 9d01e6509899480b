package nodedirector

import (
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// control keeps the node director registered, its heartbeat going and its configurations up to date.
func (n *Node) control() {
	changed := func(m *nats.Msg) {
		var c wire.Changed
		d, err := wire.NewDecoder(m.Data)
		if err == nil {
			defer d.Release()
			if d.Kind != wire.KindChanged {
				err = &wire.FormatError{Reason: "not about changes"}
			} else {
				err = d.Value(&c)
			}
		}
		if err != nil {
			n.malformedMessage("director", err)
			return
		}
		n.director.mu.Lock()
		news := c.Version > n.director.version
		n.director.mu.Unlock()
		if n.director.follows(c.Leading) || news {
			nudge(n.director.wake)
		}
	}
	sub, err := n.o.Conn.Subscribe(wire.SubjectChanged(n.o.Cluster), changed)
	if err != nil {
		n.log.Warn("changes are noticed by heartbeat alone", "reason", err)
	} else {
		defer sub.Unsubscribe()
	}
	n.run(n.settle)
	n.run(n.tellAlive)
	tick := time.NewTicker(heartbeatInterval)
	defer tick.Stop()
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-tick.C:
		case <-n.director.wake:
		case <-retry.C:
		}
		n.director.gate.Lock()
		ok := n.heartbeat()
		n.director.gate.Unlock()
		if _, registered := n.director.state(); !registered && n.ctx.Err() == nil {
			retry.Reset(directorRetryWait)
			if ok {
				retry.Reset(0)
			}
		}
	}
}

// heartbeat tells the director that the node is alive and obeys what has changed; it registers first if need be. It
// reports whether a director answered. The gate is held exclusively.
func (n *Node) heartbeat() bool {
	if _, registered := n.director.state(); !registered {
		return n.register()
	}
	n.director.mu.Lock()
	since := n.director.version
	n.director.mu.Unlock()
	var after uint64
	listed := make(map[uint64]bool)
	for first := uint64(0); ; {
		var reply wire.HeartbeatReply
		request := wire.HeartbeatRequest{Since: since, After: after}
		head, err := n.askOnce(wire.DirectorHeartbeat, &request, &reply, heartbeatTimeout)
		switch {
		case err != nil:
			return false
		case head.Unknown:
			n.director.setUnknown()
			return true
		case head.Error != wire.OK:
			return false
		}
		n.setMembership(reply.Locked, wire.Epoch{})
		n.obey(reply.Configs, reply.Drop)
		if reply.Rebuild && after == 0 && !n.announceFormer() {
			return false
		}
		if !reply.Full {
			since = reply.Version
			n.director.mu.Lock()
			n.director.version = since
			n.director.mu.Unlock()
			if !reply.More {
				n.adopted(head.Generation, since)
				return true
			}
			continue
		}
		if after == 0 {
			first = reply.Version
		}
		for i := range reply.Configs {
			listed[reply.Configs[i].Checkpoint] = true
			after = max(after, reply.Configs[i].Checkpoint)
		}
		if reply.More && len(reply.Configs) > 0 {
			continue
		}
		n.dropUnlisted(listed)
		n.director.mu.Lock()
		n.director.version = first
		n.director.mu.Unlock()
		n.adopted(head.Generation, first)
		return true
	}
}

// tellAlive tells the director that the node is alive while control can't. Control waits for the gate, that is for an answer:
// for one that was lost with a server of the bus, longer than the directors wait for a heartbeat. What the director answers
// is left to control.
func (n *Node) tellAlive() {
	tick := time.NewTicker(heartbeatInterval)
	defer tick.Stop()
	d := &n.director
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-tick.C:
		}
		d.mu.Lock()
		late := d.isReg && time.Since(d.asked) > heartbeatLate
		since := d.version
		d.mu.Unlock()
		if !late {
			continue
		}
		head, err := n.askOnce(wire.DirectorHeartbeat, &wire.HeartbeatRequest{Since: since}, nil, heartbeatTimeout)
		if err == nil && head.Unknown {
			d.setUnknown()
		}
	}
}

// dropUnlisted deletes what a complete list of the director does not hold.
func (n *Node) dropUnlisted(listed map[uint64]bool) {
	n.director.mu.Lock()
	generation := n.director.generation
	n.director.mu.Unlock()
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		known := c.known && c.config.Epoch.Generation >= generation // a former one may still be restored
		c.mu.Unlock()
		if known && !listed[c.id] {
			n.drop(c)
		}
	}
}

// register announces the node director and what it holds. It reports whether a director answered.
func (n *Node) register() bool {
	r := wire.RegisterRequest{
		Host: n.o.Host, BootID: n.boot, Controller: n.o.Controller, ReplicasMax: uint32(n.o.ReplicasMax),
	}
	n.director.mu.Lock()
	mine := n.director.cluster
	n.director.mu.Unlock()
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		if !c.gone && (c.seg != nil || len(c.opens) > 0) {
			r.Replicas = append(r.Replicas, wire.ReplicaInfo{
				Config:  wire.Config{Checkpoint: c.id, Epoch: c.config.Epoch},
				Update:  c.numberLocked(),
				Open:    len(c.opens) > 0,
				Missing: c.seg == nil || !c.aside && !c.core.Complete(),
			})
		}
		c.mu.Unlock()
	}
	if len(r.Replicas) > 0 {
		r.Cluster = mine // without anything of it, another cluster is as good
	}
	var reply wire.RegisterReply
	head, err := n.askOnce(wire.DirectorRegister, &r, &reply, directorTryTimeout)
	switch {
	case err != nil:
		return false
	case head.Error != wire.OK:
		if n.logDirector.allow() {
			n.log.Error("registration refused", "reason", head.Error, "text", head.Text)
		}
		return false
	}
	if r.Cluster == [16]byte{} {
		n.director.mu.Lock()
		n.director.cluster = reply.Cluster
		n.director.mu.Unlock()
	} else if mine != reply.Cluster {
		if n.logDirector.allow() {
			n.log.Error("the segments here belong to another cluster than the director's store: bring that store back, or remove the segments and the copies of them",
				"segments", n.o.SegmentDir, "copies", n.o.PersistDir)
		}
		return false
	}
	n.setMembership(reply.Locked, reply.Member)
	if !reply.Rebuild { // else they go on as without directors, until they are restored
		for _, id := range reply.Foreign {
			n.setAside(id)
		}
	}
	n.obey(reply.Configs, reply.Drop)
	if reply.More && !n.restOfList(&reply) {
		return false
	}
	if n.dropStale() {
		return true // to register again, without them
	}
	n.adopted(head.Generation, reply.Version)
	n.director.setRegistered(reply.Version)
	if reply.Rebuild && !n.announceFormer() {
		n.log.Debug("not announced yet what is here of the directors' lost store")
	}
	n.log.Info("registered", "replicas", len(r.Replicas), "dropped", len(reply.Drop))
	for _, c := range n.checkpointList() {
		n.director.reconcile(c)
	}
	return true
}

// restOfList obeys the further pages of a registration's list. A checkpoint of which the node has announced a replica and
// that does not concern it any more is in the first page, or in none: it is deleted here, for the node has not adopted its
// configuration.
func (n *Node) restOfList(r *wire.RegisterReply) bool {
	var after uint64
	listed := make(map[uint64]bool)
	for _, c := range r.Configs {
		listed[c.Checkpoint] = true
		after = max(after, c.Checkpoint)
	}
	for {
		var page wire.HeartbeatReply
		head, err := n.askOnce(wire.DirectorHeartbeat, &wire.HeartbeatRequest{Since: r.Version, After: after}, &page, directorTryTimeout)
		if err != nil || head.Error != wire.OK || head.Unknown {
			return false
		}
		n.obey(page.Configs, nil)
		for _, c := range page.Configs {
			listed[c.Checkpoint] = true
			after = max(after, c.Checkpoint)
		}
		if !page.More || len(page.Configs) == 0 {
			n.dropUnlisted(listed)
			return true
		}
	}
}

// setAside keeps a replica of another generation of the directors' store, unread and unwritten.
func (n *Node) setAside(id uint64) {
	c := n.checkpoint(id)
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.unlock()
	c.known = false
	c.config.Open = nil
	if c.kept != nil {
		c.kept.endLocked()
	}
	if c.seg != nil && !c.aside {
		c.aside = true
		c.core.Detach(monotonic())
		c.performLocked()
		state := c.seg.State()
		state.Readable = false
		c.seg.SetState(state)
	}
	n.log.Error("replica of another generation of the directors' store: kept, not served", "checkpoint", c.name)
}

// obey carries configurations out.
func (n *Node) obey(configs []wire.Config, drop []uint64) {
	for _, id := range drop {
		if c := n.checkpoint(id); c != nil {
			n.log.Info("checkpoint deleted", "checkpoint", c.name, "number", id)
			n.drop(c)
		}
	}
	for i := range configs {
		n.pairs.Learned(replication.VersionOf(&configs[i]))
	}
	for i := range configs {
		config := &configs[i]
		if n.isRefused(config.Checkpoint) {
			continue
		}
		c := n.checkpointOf(config.Checkpoint, config.Name)
		c.mu.Lock()
		err := c.adoptLocked(config, false)
		c.unlock()
		if err != nil && !errors.Is(err, errLost) {
			n.log.Error("configuration not carried out", "checkpoint", c.name, "reason", err)
		}
		n.director.reconcile(c)
	}
}

// settle tells the director what it was to be told, until it has heard.
func (n *Node) settle() {
	retry := time.NewTimer(heartbeatInterval)
	defer retry.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.director.work:
		case <-retry.C:
		}
		d := &n.director
		d.mu.Lock()
		pending, ended := d.pending, d.ended
		d.pending, d.ended = make(map[*checkpoint]bool), nil
		d.mu.Unlock()
		left := false
		for c := range pending {
			if !n.settleOpeners(c) {
				d.mu.Lock()
				d.pending[c] = true
				d.mu.Unlock()
				left = true
			}
		}
		for i, id := range ended {
			deadline := monotonic() + int64(directorTryTimeout)
			if code, _ := n.ask(wire.DirectorSessionEnded, &wire.SessionEndedRequest{Session: id}, nil, deadline, nil); code == wire.TryAgain || code == wire.Timeout {
				d.mu.Lock()
				d.ended = append(d.ended, ended[i:]...)
				d.mu.Unlock()
				left = true
				break
			}
		}
		if left {
			retry.Reset(heartbeatInterval)
		}
	}
}

// settleOpeners makes the director count this node among those that have the checkpoint open exactly if it has. It reports
// false to be called again.
func (n *Node) settleOpeners(c *checkpoint) bool {
	if n.ctx.Err() != nil {
		return true
	}
	if !n.names.lock(c.name, nameLockWait) {
		return false
	}
	defer n.names.unlock(c.name)
	if n.checkpoint(c.id) != c {
		return true // forgotten since, perhaps opened anew
	}
	n.director.mu.Lock()
	generation := n.director.generation
	n.director.mu.Unlock()
	c.mu.Lock()
	gone, open, counted := c.gone, len(c.opens) > 0, c.openHereLocked()
	if c.seg == nil && c.known && c.config.Epoch.Generation < generation {
		counted = false // the directors may have restored it from their lost store without having heard this node
	}
	lacking := c.seg == nil && slices.Contains(c.config.InSync, n.o.Node)
	c.mu.Unlock()
	deadline := monotonic() + int64(directorTryTimeout)
	var reply wire.ConfigReply
	var code wire.Code
	obey := func() {
		if err := n.follow(c, &reply); err != nil {
			n.log.Error("checkpoint", "name", c.name, "reason", err)
		}
	}
	switch {
	case gone:
		n.forget(c)
		return true
	case !open && counted:
		code, _ = n.ask(wire.DirectorClose, &wire.CheckpointRequest{Checkpoint: c.id}, &reply, deadline, obey)
	case open && (!counted || lacking):
		code, _ = n.ask(wire.DirectorOpen, &wire.DirectorOpenRequest{Name: c.name, Restore: c.id}, &reply, deadline, obey)
	default:
		n.forget(c)
		return true
	}
	switch code {
	case wire.TryAgain, wire.Timeout:
		return false
	case wire.OK:
	case wire.NotExist:
		n.drop(c)
	default:
		n.log.Error("the director refused to settle openers", "checkpoint", c.name, "reason", code)
	}
	n.forget(c)
	return true
}

// follow carries out the configuration in an answer. The name's lock is held.
func (n *Node) follow(c *checkpoint, r *wire.ConfigReply) error {
	if r.Gone {
		n.drop(c)
		return nil
	}
	c.mu.Lock()
	defer c.unlock()
	return c.adoptLocked(&r.Config, r.Created || r.Fresh)
}
