package nodedirector

import (
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
	"libckpt/nodedirector/carrier"
	"libckpt/nodedirector/replication"
)

// peers is what a node director has to do with those of other nodes.
type peers struct {
	carrier atomic.Pointer[carrier.Carrier] // nil: not made yet
	shown   *nats.Subscription
	changed chan struct{} // configurations: with whom this node shares one is to be found out
	heard   chan struct{} // a Beat, or versions were adopted: cores are to look
	first   chan struct{} // a node without a beat is due: the times of beats have changed

	mu    sync.Mutex
	table map[string]*remote // every node that was heard of or is to be
}

func (n *Node) startPeers() error {
	p := &n.peers
	control, update := n.o.ControlConn, n.o.UpdateConn
	if control == nil {
		control = n.o.Conn
	}
	if update == nil {
		update = n.o.Conn
	}
	c, err := carrier.New(carrier.Options{
		Cluster: n.o.Cluster, Node: n.o.Node, Incarnation: n.incarnation, Control: control, Update: update, Receive: n.fromPeer,
		PeerListen: n.o.PeerListen, TLS: n.o.PeerTLS, Token: n.o.PeerToken, Logger: n.o.Logger,
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.carrier.Store(c)
	p.publishLocked() // frames may have arrived before New returned
	p.mu.Unlock()
	if p.shown, err = n.answerShown(); err != nil {
		return err
	}
	n.run(n.beat)
	n.run(n.look)
	n.peersChanged()
	return nil
}

func (n *Node) closePeers() {
	if c := n.peers.carrier.Load(); c != nil {
		c.Close()
	}
	if n.peers.shown != nil {
		n.peers.shown.Unsubscribe()
	}
}

// peersChanged says that the configuration of a checkpoint has changed.
func (n *Node) peersChanged() { nudge(n.peers.changed) }

// beat sends the Beats, and finds out to whom.
func (n *Node) beat() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.peers.changed:
			n.pairs.SetPeers(monotonic(), n.partners())
		case <-n.peers.first:
		case <-timer.C:
		}
		for _, b := range n.pairs.Tick(monotonic()) {
			b.Beat.Address = n.peers.carrier.Load().Address()
			if f, ok := n.frameOf(b.To, 0, b.Beat, false, nil); ok {
				n.sendFrame(&f)
			}
		}
		wait := time.Hour
		if wake := n.pairs.Wake(); wake != math.MaxInt64 {
			wait = max(time.Duration(wake-monotonic()), alarmMin)
		}
		timer.Reset(wait)
	}
}

// partners are the nodes that have, or are to have, replicas of checkpoints that this node has replicas of.
func (n *Node) partners() []string {
	nodes := make(map[string]bool)
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		if c.seg != nil && c.known && !c.gone {
			for _, list := range [...][]string{c.config.InSync, c.config.Joining} {
				for _, node := range list {
					nodes[node] = true
				}
			}
		}
		c.mu.Unlock()
	}
	list := make([]string, 0, len(nodes))
	for node := range nodes {
		list = append(list, node)
	}
	return list
}

// look has the cores take note of what Pairs has learned.
func (n *Node) look() {
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.peers.heard:
		}
		for _, c := range n.checkpointList() {
			c.mu.Lock()
			if !c.gone && c.known && (c.seg == nil || len(c.config.InSync)+len(c.config.Joining) > 1) {
				c.core.Tick(monotonic())
				c.performLocked()
			}
			c.unlock()
		}
	}
}

// remote is what is known of another node director.
type remote struct {
	carrier.Peer
	heard int64 // CLOCK_MONOTONIC ns; 0 = never
}

// learn notes what a message says of its sender: of several incarnations the latest counts.
func (p *peers) learn(of carrier.Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.table[of.Name]
	switch {
	case old == nil && len(p.table) >= peersMax, old != nil && of.Incarnation < old.Incarnation:
		return
	case old == nil:
		old = &remote{}
		p.table[of.Name] = old
	case of.Incarnation == old.Incarnation && (of.Address == "" || of.Address == old.Address):
		old.heard = monotonic()
		return
	}
	old.Peer, old.heard = of, monotonic()
	p.publishLocked()
}

// reach sees to it that what is sent to a node arrives there. One that was not heard of for a while may have been started
// anew: it is sent to by name alone until it is heard of again.
func (p *peers) reach(node string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.table[node]
	switch {
	case old == nil && len(p.table) >= peersMax:
		return
	case old == nil:
		p.table[node] = &remote{Peer: carrier.Peer{Name: node}}
	case old.Incarnation == 0 || monotonic()-old.heard < int64(peerSilence):
		return
	default:
		old.Peer = carrier.Peer{Name: node}
	}
	p.publishLocked()
}

func (p *peers) publishLocked() {
	list := make([]carrier.Peer, 0, len(p.table))
	for _, e := range p.table {
		list = append(list, e.Peer)
	}
	if c := p.carrier.Load(); c != nil {
		c.SetPeers(list)
	}
}

// malformed is how many messages of other node directors did not even say who sent them.
func (p *peers) malformed() uint64 {
	if c := p.carrier.Load(); c != nil {
		return c.Stats().Malformed
	}
	return 0
}

// frame is a message to another node, ready to be sent.
type frame struct {
	to     string
	class  carrier.Class
	bytes  []byte
	data   []byte // of the frame's end
	buffer *replication.Buffer
}

// frameOf makes a message a frame, whose data is in buffer. It reports false if it can't be sent.
func (n *Node) frameOf(to string, checkpoint uint64, m replication.Message, bulk bool, buffer *replication.Buffer) (frame, bool) {
	f := frame{to: to, class: carrier.Update, buffer: buffer}
	switch {
	case checkpoint == 0:
		f.class = carrier.Control
	case bulk:
		f.class = carrier.Bulk
	}
	var err error
	if f.bytes, f.data, err = replication.EncodeMessage(checkpoint, m); err != nil {
		n.notSent(to, err)
	}
	return f, err == nil
}

// sendFrame sends a message to another node; it may be lost. It never blocks.
func (n *Node) sendFrame(f *frame) {
	c := n.peers.carrier.Load()
	if c == nil {
		return // replicas of an earlier process are being attached: nobody is waiting for this one yet
	}
	n.peers.reach(f.to)
	var err error
	if f.class != carrier.Bulk {
		err = c.Send(f.to, append(f.bytes, f.data...), f.class)
	} else if err = c.SendBulk(f.to, f.bytes, f.data, f.buffer.Release); errors.Is(err, carrier.ErrNotConnected) {
		err = c.Send(f.to, append(f.bytes, f.data...), carrier.Update)
	}
	if err != nil {
		n.notSent(f.to, err)
	}
}

func (n *Node) notSent(to string, reason error) {
	if n.logPeers.allow() {
		n.log.Warn("message to another node not sent: it is sent again", "to", to, "reason", reason)
	}
}

// fromPeer takes a message of another node.
func (n *Node) fromPeer(from string, incarnation uint64, frame []byte) {
	id, m, err := replication.DecodeMessage(frame)
	if err != nil {
		n.malformedMessage("node "+from, err)
		return
	}
	if b, ok := m.(*replication.Beat); ok {
		n.peers.learn(carrier.Peer{Name: from, Incarnation: incarnation, Address: b.Address})
		if n.pairs.Receive(monotonic(), from, b) {
			n.restarted(from)
		}
		nudge(n.peers.first)
		nudge(n.peers.heard)
		return
	}
	n.peers.learn(carrier.Peer{Name: from, Incarnation: incarnation})
	c := n.checkpoint(id)
	if c == nil {
		return
	}
	c.mu.Lock()
	if !c.gone {
		c.core.Receive(monotonic(), time.Now().UnixNano(), from, m)
		c.performLocked()
	}
	c.unlock()
}

// restarted tells the cores that another node director has been started anew.
func (n *Node) restarted(node string) {
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		if !c.gone {
			c.core.Restarted(monotonic(), node)
			c.performLocked()
		}
		c.unlock()
	}
}

// askAbout carries a core's wish to the directors, once: core repeats it. The checkpoint's lock is held.
func (n *Node) askAbout(c *checkpoint, e *replication.Effect) {
	if e.Ask == replication.AskRefresh {
		nudge(n.director.wake)
		return
	}
	op := map[replication.Ask]wire.DirectorOp{
		replication.AskDrop: wire.DirectorReplicaDrop, replication.AskJoined: wire.DirectorReplicaJoined,
		replication.AskLost: wire.DirectorReplicaLost,
	}[e.Ask]
	r := &wire.ReplicaRequest{
		Checkpoint: c.id, Epoch: e.Epoch, Version: e.Version, Node: e.Node, Incarnation: e.Incarnation, Full: e.Full,
	}
	if _, registered := n.director.state(); !registered {
		return
	}
	select {
	case n.askers <- struct{}{}:
	default:
		return
	}
	if e.Ask == replication.AskDrop {
		n.log.Warn("replica is to be dropped: it does not answer, or has no room", "checkpoint", c.name, "replica", e.Node, "full", e.Full)
	}
	n.goDo(func() {
		defer func() { <-n.askers }()
		var reply wire.ConfigReply
		n.director.gate.RLock()
		defer n.director.gate.RUnlock()
		head, err := n.askOnce(op, r, &reply, directorTryTimeout)
		switch {
		case err != nil:
		case head.Unknown:
			n.director.setUnknown()
		case head.Error == wire.OK:
			if err := n.follow(c, &reply); err != nil {
				n.log.Error("configuration not carried out", "checkpoint", c.name, "reason", err)
			}
		}
	})
}

// soleIn reports whether a configuration has no replica but this node's.
func soleIn(config *wire.Config, node string) bool {
	return config.Active == node && len(config.InSync) == 1 && slices.Contains(config.InSync, node) && len(config.Joining) == 0
}
