package director

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"libckpt/internal/wire"
)

// operator makes the command of an operator's request; or none, and how to answer it.
func (s *server) operator(r *request, b *wire.OperatorRequest) (Command, error) {
	switch b.Action {
	case wire.OperatorNodes:
		r.read = func(k *Core) (wire.DirectorReply, any) {
			return wire.DirectorReply{Error: wire.OK}, &wire.OperatorReply{Nodes: k.NodeInfos()}
		}
		return nil, nil
	case wire.OperatorNodeLock, wire.OperatorNodeUnlock:
		return &NodeLock{b.Node, b.Action == wire.OperatorNodeLock}, nil
	case wire.OperatorNodeRemove:
		return &NodeRemove{b.Node, b.AcceptLoss}, nil
	case wire.OperatorDirectors:
		r.read = func(*Core) (wire.DirectorReply, any) { return s.d.directors() }
		return nil, nil
	case wire.OperatorDirectorAdd:
		r.change = func() error { return s.d.addDirector(b.Node, b.Address) }
		r.read = func(*Core) (wire.DirectorReply, any) { return s.d.directors() }
		return nil, nil
	case wire.OperatorDirectorRemove:
		r.change = func() error { return s.d.removeDirector(b.Node) }
		r.read = func(*Core) (wire.DirectorReply, any) { return s.d.directors() }
		return nil, nil
	case wire.OperatorRebuild:
		return &Rebuild{b.Cluster, b.Generation, b.Node}, nil
	case wire.OperatorRebuildEnd:
		return &RebuildEnd{}, nil
	case wire.OperatorRecover:
		return &Recover{b.Name, b.Node, b.AcceptLoss}, nil
	}
	return nil, fmt.Errorf("operator's request %d", b.Action)
}

// refusal is an error with the code that the operator gets.
type refusal struct {
	code wire.Code
	text string
}

func (e *refusal) Error() string { return e.text }

// members is the group of directors as the log has it.
func (d *Director) members() ([]raft.Server, error) {
	f := d.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return nil, err
	}
	return f.Configuration().Servers, nil
}

// directors describes the group.
func (d *Director) directors() (wire.DirectorReply, any) {
	servers, err := d.members()
	if err != nil {
		return wire.DirectorReply{Error: wire.TryAgain, Text: err.Error()}, nil
	}
	reply := &wire.OperatorReply{}
	for _, s := range servers {
		info := wire.DirectorInfo{ID: string(s.ID), Address: string(s.Address), Leader: string(s.ID) == d.o.ID}
		if info.Address == info.ID {
			info.Address = "" // it has nobody to be reached by
		}
		reply.Directors = append(reply.Directors, info)
	}
	return wire.DirectorReply{Error: wire.OK}, reply
}

// addDirector takes a director into the group, or gives it another address.
func (d *Director) addDirector(id, address string) error {
	servers, err := d.members()
	switch {
	case err != nil:
		return err
	case d.alone():
		return &refusal{wire.BadOperation, "the director has no address for others: configure raft-listen and start it again"}
	case !wire.ValidToken(id):
		return &refusal{wire.InvalidParam, fmt.Sprintf("director name %q: 1 to 64 letters, digits, '-' and '_'", id)}
	case !reachable(address):
		return &refusal{wire.InvalidParam, fmt.Sprintf("address %q is not host:port", address)}
	}
	known := false
	for _, s := range servers {
		known = known || string(s.ID) == id
		if string(s.Address) == address && string(s.ID) != id {
			return &refusal{wire.Exist, fmt.Sprintf("director %s has the address %s", s.ID, address)}
		}
	}
	if !known && len(servers) >= DirectorsMax {
		return &refusal{wire.NoResources, fmt.Sprintf("the group has %d directors, its maximum: remove one first", DirectorsMax)}
	}
	if id != d.o.ID {
		if a, err := d.layer.ask(address, greetingTimeout); err != nil {
			return &refusal{wire.BadOperation, fmt.Sprintf("no director lets others in at %s: start it first (%v)", address, oneLine(err))}
		} else if a.State == storeNew || !known && a.State == storeUsed {
			return &refusal{wire.BadOperation, "the director at " + address + " has a store already: stop it and move its data directory away"}
		}
	}
	return await(d.raft.AddVoter(raft.ServerID(id), raft.ServerAddress(address), 0, enqueueTimeout), applyTimeout)
}

// removeDirector takes one out of the group.
func (d *Director) removeDirector(id string) error {
	servers, err := d.members()
	if err != nil {
		return err
	}
	for _, s := range servers {
		switch {
		case string(s.ID) != id:
		case len(servers) == 1:
			return &refusal{wire.BadOperation, "director " + id + " is the only one: add another first"}
		default:
			return await(d.raft.RemoveServer(raft.ServerID(id), 0, enqueueTimeout), applyTimeout)
		}
	}
	return &refusal{wire.NotExist, "no director has the name " + id}
}

// changeGroup makes a change of the group and answers.
func (s *server) changeGroup(r *request) {
	select {
	case s.changing <- struct{}{}:
	default:
		s.reply(r, wire.DirectorReply{Error: wire.TryAgain, Text: "another change of the group is under way"}, nil)
		return
	}
	s.changes.Go(func() {
		defer func() { <-s.changing }()
		head, body := s.changed(r)
		s.reply(r, head, body)
	})
}

func (s *server) changed(r *request) (wire.DirectorReply, any) {
	err := r.change()
	head, answered := refusedChange(err)
	switch {
	case answered:
		return head, nil
	case err != nil:
		return s.outcome(&request{head: r.head}, err)
	}
	return r.read(s.d.core)
}

// refusedChange makes the answer to a change of the group that failed.
func refusedChange(err error) (wire.DirectorReply, bool) {
	var r *refusal
	if !errors.As(err, &r) {
		return wire.DirectorReply{}, false
	}
	return wire.DirectorReply{Error: r.code, Text: r.text}, true
}
