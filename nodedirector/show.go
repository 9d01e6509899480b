package nodedirector

import (
	"time"

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
		Cluster: n.o.Cluster, Node: n.o.Node, Release: n.o.Release,
		ReplicasMax: uint32(n.o.ReplicasMax), MemoryMax: n.o.SharedMemoryMax,
		Uptime: int64(time.Since(n.started)), Malformed: n.malformed.Load(),
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
