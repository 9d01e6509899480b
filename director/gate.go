package director

import (
	"errors"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// gate is the transport of a director that may have lost its store: it has no vote until it has what the group had
// committed when it came. Otherwise it could help a director that lacks entries which this one had acknowledged before
// its loss to be elected.
type gate struct {
	*raft.NetworkTransport
	rpcs chan raft.RPC
	done chan struct{}

	open   atomic.Bool
	target uint64                // entries that the group had committed; 0 = not known yet
	last   func() (uint64, bool) // the last entry of this director; false: raft has not begun
}

func newGate(t *raft.NetworkTransport, open bool, last func() (uint64, bool)) *gate {
	g := &gate{NetworkTransport: t, rpcs: make(chan raft.RPC), done: make(chan struct{}), last: last}
	g.open.Store(open)
	go g.pass()
	return g
}

// Consumer implements raft.Transport.
func (g *gate) Consumer() <-chan raft.RPC { return g.rpcs }

// Close implements raft.WithClose.
func (g *gate) Close() error {
	select {
	case <-g.done:
	default:
		close(g.done)
	}
	return g.NetworkTransport.Close()
}

func (g *gate) pass() {
	for {
		select {
		case rpc := <-g.NetworkTransport.Consumer():
			if !g.admits(rpc.Command) {
				rpc.Respond(nil, errNoVote)
				continue
			}
			select {
			case g.rpcs <- rpc:
			case <-g.done:
				return
			}
		case <-g.done:
			return
		}
	}
}

var errNoVote = errors.New("this director is getting the group's log and has no vote yet")

func (g *gate) admits(command any) bool {
	if g.open.Load() {
		return true
	}
	switch c := command.(type) {
	case *raft.AppendEntriesRequest:
		if g.target == 0 {
			g.target = c.LeaderCommitIndex
		}
	case *raft.RequestVoteRequest, *raft.RequestPreVoteRequest:
		if last, begun := g.last(); !begun || g.target == 0 || last < g.target {
			return false
		}
		g.open.Store(true)
	}
	return true
}
