package director

import (
	"fmt"
	"time"

	"libckpt/internal/wire"
)

// command reads the body of a request: a command, or none and how to read the answer.
func (s *server) command(dec *wire.Decoder, r *request, from From, now time.Time) (Command, error) {
	switch r.head.Op {
	case wire.DirectorRegister:
		var b wire.RegisterRequest
		if err := dec.Value(&b); err != nil {
			return nil, err
		}
		return s.d.nodeUp(from, &b, now), nil
	case wire.DirectorHeartbeat:
		var b wire.HeartbeatRequest
		if err := dec.Value(&b); err != nil {
			return nil, err
		}
		r.read = func(k *Core) (wire.DirectorReply, any) {
			if !k.Registered(from) {
				return wire.DirectorReply{Error: wire.TryAgain, Unknown: true, Text: "node " + from.Node + " is not registered"}, nil
			}
			return wire.DirectorReply{Error: wire.OK}, k.Heartbeat(from.Node, b)
		}
		return nil, nil
	case wire.DirectorList:
		var b wire.ListRequest
		if len(dec.Data()) > 0 {
			if err := dec.Value(&b); err != nil {
				return nil, err
			}
		}
		r.read = func(k *Core) (wire.DirectorReply, any) { return wire.DirectorReply{Error: wire.OK}, k.List(b) }
		return nil, nil
	case wire.DirectorOpen:
		c := &Open{From: from}
		return c, dec.Value(&c.DirectorOpenRequest)
	case wire.DirectorUnlink:
		c := &Unlink{From: from}
		return c, dec.Value(&c.DirectorUnlinkRequest)
	case wire.DirectorSessionEnded:
		var b wire.SessionEndedRequest
		err := dec.Value(&b)
		return &SessionEnded{from, b.Session}, err
	case wire.DirectorReplicaDrop, wire.DirectorReplicaJoined, wire.DirectorReplicaLost:
		var b wire.ReplicaRequest
		if err := dec.Value(&b); err != nil {
			return nil, err
		}
		c := ReplicaChange{From: from, Checkpoint: b.Checkpoint, Epoch: b.Epoch, Version: b.Version, Replica: b.Node,
			Linked: b.Incarnation, Full: b.Full}
		switch r.head.Op {
		case wire.DirectorReplicaDrop:
			return &ReplicaDrop{c}, nil
		case wire.DirectorReplicaJoined:
			return &ReplicaJoined{c}, nil
		}
		return &ReplicaLost{c}, nil
	case wire.DirectorAnnounce:
		c := &Announce{From: from}
		return c, dec.Value(&c.AnnounceRequest)
	case wire.DirectorOperator:
		var b wire.OperatorRequest
		if err := dec.Value(&b); err != nil {
			return nil, err
		}
		return s.operator(r, &b)
	case wire.DirectorClose, wire.DirectorRetention, wire.DirectorActive:
		var b wire.CheckpointRequest
		if err := dec.Value(&b); err != nil {
			return nil, err
		}
		switch r.head.Op {
		case wire.DirectorClose:
			return &Close{from, b.Checkpoint}, nil
		case wire.DirectorRetention:
			return &Retention{from, b.Checkpoint, b.Time}, nil
		}
		return &Active{from, b.Checkpoint}, nil
	}
	return nil, fmt.Errorf("request %d", r.head.Op)
}

// nodeUp makes the command of a registration: whether the name is held by a living node director is for the leader's
// clock to say.
func (d *Director) nodeUp(from From, b *wire.RegisterRequest, now time.Time) *NodeUp {
	u := &NodeUp{
		From: from, Host: b.Host, BootID: b.BootID, Controller: b.Controller, ReplicasMax: b.ReplicasMax,
		Cluster: b.Cluster, Replicas: make([]Announced, len(b.Replicas)),
	}
	for i, a := range b.Replicas {
		u.Replicas[i] = Announced{
			Checkpoint: a.Config.Checkpoint, Generation: a.Config.Epoch.Generation, Counter: a.Config.Epoch.Counter,
			Open: a.Open, Missing: a.Missing,
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	u.Holder, u.Fresh = d.core.Incarnation(from.Node), d.clock.fresh(from.Node, now)
	return u
}
