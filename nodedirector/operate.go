package nodedirector

import (
	"errors"
	"time"

	"libckpt/internal/wire"
)

// operate passes an operator's request on to the directors, also while this node is not registered with them.
func (c *call) operate(r *wire.OperatorRequest) {
	n := c.s.n
	if !c.s.operator {
		c.refuse(wire.Access, 0)
		return
	}
	n.director.mu.Lock()
	r.Cluster, r.Generation = n.director.cluster, n.director.generation
	n.director.mu.Unlock()
	unsure := false
	for {
		var reply wire.OperatorReply
		rest := time.Duration(c.deadline() - monotonic())
		head, err := n.askOnce(wire.DirectorOperator, r, &reply, min(rest, operatorTryTimeout))
		unsure = unsure || errors.Is(err, errUnsure) || err == nil && head.Error == wire.Timeout
		if err == nil && head.Error != wire.TryAgain && head.Error != wire.Timeout {
			reply.Error, reply.Text = head.Error, head.Text
			c.answer(wire.Reply{Error: wire.OK}, &reply, nil, false)
			return
		}
		rest = time.Duration(c.deadline() - monotonic())
		if rest > directorRetryWait+directorTryMin && n.ctx.Err() == nil {
			waitFor(n.ctx, nil, directorRetryWait)
			continue
		}
		code := wire.TryAgain
		if unsure {
			code = wire.Timeout
		}
		c.answer(wire.Reply{Error: code}, nil, nil, false)
		return
	}
}

// announceFormer tells the directors, who have lost their store, all about the replicas and openers here of checkpoints
// that they do not know. It reports whether they have heard all of it. The gate is held exclusively.
func (n *Node) announceFormer() bool {
	n.director.mu.Lock()
	generation := n.director.generation
	n.director.mu.Unlock()
	var request wire.AnnounceRequest
	size := 0
	send := func(more bool) bool {
		request.More = more
		head, err := n.askOnce(wire.DirectorAnnounce, &request, nil, directorTryTimeout)
		request, size = wire.AnnounceRequest{}, 0
		return err == nil && head.Error == wire.OK && !head.Unknown
	}
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		r := wire.ReplicaInfo{Config: c.config, Update: c.numberLocked(), Open: len(c.opens) > 0, Missing: c.seg == nil || !c.aside && !c.core.Complete()}
		former := !c.gone && c.config.Epoch.Generation < generation && (r.Open || !r.Missing)
		r.Config.Checkpoint, r.Config.Name = c.id, c.name
		c.mu.Unlock()
		if !former {
			continue
		}
		request.Replicas = append(request.Replicas, r)
		if size += announcedBytes + len(c.name); size > changesPageSize && !send(true) {
			return false
		}
	}
	return send(false)
}
