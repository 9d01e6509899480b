package nodedirector

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// show describes a checkpoint for an operator: what the director knows and, if a replica is here, what is in it.
func (c *call) show(name string) {
	n := c.s.n
	reply := wire.ShowReply{}
	k := n.named(name)
	if k == nil {
		var list wire.ListReply
		code, text := n.ask(wire.DirectorList, &wire.ListRequest{AfterName: name}, &list, c.deadline(), nil)
		if code != wire.OK {
			c.answer(wire.Reply{Error: code}, nil, nil, false)
			n.log.Debug("list", "reason", code, "text", text)
			return
		}
		found := false
		for i := range list.Checkpoints {
			if f := &list.Checkpoints[i]; f.Name == name && !f.Unlinked {
				reply.Config, found = *f, true
			}
		}
		if !found {
			c.answer(wire.Reply{Error: wire.NotExist}, nil, nil, false)
			return
		}
		k = n.checkpoint(reply.Config.Checkpoint)
	}
	if k != nil {
		k.mu.Lock()
		k.showLocked(&reply)
		k.mu.Unlock()
	}
	n.gather(&reply, k)
	c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
}

// named finds a checkpoint of this node by its name.
func (n *Node) named(name string) *checkpoint {
	for _, k := range n.checkpointList() {
		if k.name != name {
			continue
		}
		k.mu.Lock()
		good := k.known && !k.gone && !k.config.Unlinked
		k.mu.Unlock()
		if good {
			return k
		}
	}
	return nil
}

func (c *checkpoint) showLocked(r *wire.ShowReply) {
	if c.known {
		r.Config = c.config
	}
	r.Openers = uint32(len(c.opens))
	for _, flags := range c.opens {
		if flags&wire.OpenRead != 0 {
			r.Readers++
		}
		if flags&wire.OpenWrite != 0 {
			r.Writers++
		}
	}
	if c.seg == nil {
		return
	}
	r.UsedSize, r.Sections, r.Update, r.Allocated = c.seg.Used(), c.seg.Count(), c.seg.Number(), c.seg.Allocated()
	c.seg.Sections(func(s segment.Section) bool {
		if s.Corrupted {
			r.Corrupted++
		}
		return true
	})
}

// gather adds what the other nodes have of the checkpoint. k is what this one has; nil: nothing.
func (n *Node) gather(r *wire.ShowReply, k *checkpoint) {
	nodes := slices.Concat(r.Config.InSync, r.Config.Joining, r.Config.Open)
	slices.Sort(nodes)
	nodes = slices.Compact(nodes)
	r.Holders = make([]wire.Holder, len(nodes))
	answers := make([]*wire.ShowReply, len(nodes))
	var wait sync.WaitGroup
	for i, node := range nodes {
		h := &r.Holders[i]
		h.Node = node
		if node == n.o.Node {
			h.Answered = true
			if k != nil {
				h.Replica, h.Update, h.Openers = r.Allocated > 0, r.Update, r.Openers
			}
			continue
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			if answer, err := n.askShown(node, r.Config.Checkpoint); err == nil {
				answers[i] = answer
				h.Answered, h.Replica, h.Update, h.Openers = true, answer.Allocated > 0, answer.Update, answer.Openers
			}
		}()
	}
	wait.Wait()
	here := r.Allocated > 0
	for i, a := range answers {
		if a == nil {
			continue
		}
		r.Openers, r.Readers, r.Writers = r.Openers+a.Openers, r.Readers+a.Readers, r.Writers+a.Writers
		if !here && nodes[i] == r.Config.Active {
			r.UsedSize, r.Sections, r.Corrupted, r.Update = a.UsedSize, a.Sections, a.Corrupted, a.Update
		}
	}
}

// askShown asks another node what it has of a checkpoint.
func (n *Node) askShown(node string, checkpoint uint64) (*wire.ShowReply, error) {
	frame, err := wire.Encode(wire.KindRequest, nil, &wire.Request{Op: wire.OpShow}, &wire.CheckpointRequest{Checkpoint: checkpoint})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(n.ctx, showTimeout)
	defer cancel()
	m, err := n.o.Conn.RequestWithContext(ctx, wire.SubjectShow(n.o.Cluster, node), frame)
	if err != nil {
		return nil, err
	}
	d, err := wire.NewDecoder(m.Data)
	if err != nil {
		return nil, err
	}
	defer d.Release()
	r := new(wire.ShowReply)
	return r, d.Value(r)
}

// answerShown tells other nodes what this one has of a checkpoint.
func (n *Node) answerShown() (*nats.Subscription, error) {
	return n.o.Conn.Subscribe(wire.SubjectShow(n.o.Cluster, n.o.Node), func(m *nats.Msg) {
		var head wire.Request
		var r wire.CheckpointRequest
		d, err := wire.NewDecoder(m.Data)
		if err == nil {
			defer d.Release()
			if err = d.Value(&head); err == nil {
				err = d.Value(&r)
			}
		}
		if err != nil {
			n.malformedMessage("a node", err)
			return
		}
		var reply wire.ShowReply
		if c := n.checkpoint(r.Checkpoint); c != nil {
			c.mu.Lock()
			c.showLocked(&reply)
			c.mu.Unlock()
		}
		frame, err := wire.Encode(wire.KindReply, nil, &reply)
		if err == nil {
			err = m.Respond(frame)
		}
		if err != nil {
			n.log.Debug("answer to another node", "reason", err)
		}
	})
}

// list passes a page of the director's list on.
func (c *call) list() {
	r, _ := c.body.(*wire.ListRequest)
	if r == nil {
		r = &wire.ListRequest{}
	}
	var list wire.ListReply
	code, _ := c.s.n.ask(wire.DirectorList, r, &list, c.deadline(), nil)
	if code != wire.OK {
		c.answer(wire.Reply{Error: code}, nil, nil, false)
		return
	}
	c.answer(wire.Reply{Error: wire.OK}, &list, nil, false)
}

// nodeStatus describes the node director.
func (c *call) nodeStatus() {
	n := c.s.n
	r := wire.NodeStatusReply{
		Outside: n.standing().outside,
		Cluster: n.o.Cluster, Node: n.o.Node, Release: n.o.Release,
		ReplicasMax: uint32(n.o.ReplicasMax), MemoryMax: n.o.SharedMemoryMax,
		Uptime: int64(time.Since(n.started)), Malformed: n.malformed.Load() + n.peers.malformed(),
	}
	n.mu.Lock()
	r.Replicas, r.Sessions = uint32(n.replicas), uint32(len(n.sessions))
	n.mu.Unlock()
	r.MemoryUsed = n.quota.Used()
	r.Director = n.directorName()
	c.answer(wire.Reply{Error: wire.OK}, &r, nil, false)
}

// directorUnnamed is shown for a director that does not say who it is.
const directorUnnamed = "unknown"

// directorName names the active director, or "" if none has answered lately.
func (n *Node) directorName() string {
	d := &n.director
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case time.Since(d.heard) > directorSilence:
		return ""
	case d.server == "":
		return directorUnnamed
	}
	return d.server
}
