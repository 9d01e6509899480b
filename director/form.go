package director

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/raft"
	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// A group begins once. Directors with empty data directories begin it together when all that are listed answer and none
// of them has a store. If one has, the group exists: a listed director with an empty directory has lost its own, and
// gets everything from the others. Nor does one begin that hears another director of the cluster on the bus.

// groupState is what a director says of its store.
type groupState string

const (
	storeEmpty groupState = "empty"
	storeNew   groupState = "new"  // the group is known, nothing has been agreed on
	storeUsed  groupState = "used" // entries of the group
)

// Peer is a director of the group.
type Peer struct {
	ID      string // a token
	Address string // host:port of its RaftListen, as others reach it
}

// errEnded: the director was stopped before its group had begun.
var errEnded = errors.New("stopped")

// listed finds the director in the list of those that begin the group.
func (o *Options) listed() *Peer {
	for i := range o.Directors {
		if o.Directors[i].ID == o.ID {
			return &o.Directors[i]
		}
	}
	return nil
}

// checkGroup checks the options about the group and fills them in.
func (o *Options) checkGroup() error {
	seen := map[string]string{}
	for _, p := range o.Directors {
		switch {
		case !wire.ValidToken(p.ID):
			return fmt.Errorf("director %q: 1 to 64 letters, digits, '-' and '_'", p.ID)
		case !reachable(p.Address):
			return fmt.Errorf("address %q of director %s is not host:port", p.Address, p.ID)
		case seen[p.ID] != "" || seen[p.Address] != "":
			return fmt.Errorf("director %s or its address %s is listed twice", p.ID, p.Address)
		}
		seen[p.ID], seen[p.Address] = p.Address, p.ID
	}
	if len(o.Directors) > DirectorsMax {
		return fmt.Errorf("%d directors are listed, at most %d", len(o.Directors), DirectorsMax)
	}
	if me := o.listed(); me != nil && o.RaftListen == "" {
		o.RaftListen = me.Address
	}
	if len(o.Directors) > 0 && alone(o.RaftListen) {
		return errors.New("directors are listed, but this one has no raft-listen address for them")
	}
	return nil
}

// first lists the group as this director begins it; nil: it does not, but waits to be added.
func (o *Options) first() []raft.Server {
	if !o.Bootstrap {
		return nil
	}
	if len(o.Directors) == 0 {
		return []raft.Server{{ID: raft.ServerID(o.ID), Address: o.advertised()}}
	}
	if o.listed() == nil {
		return nil
	}
	var servers []raft.Server
	for _, p := range o.Directors {
		servers = append(servers, raft.Server{ID: raft.ServerID(p.ID), Address: raft.ServerAddress(p.Address)})
	}
	return servers
}

// advertised is where the others reach this director; its id if it has no others, "" if it is not known.
func (o *Options) advertised() raft.ServerAddress {
	host, _, _ := strings.Cut(o.RaftListen, ":")
	switch me := o.listed(); {
	case me != nil:
		return raft.ServerAddress(me.Address)
	case alone(o.RaftListen):
		return raft.ServerAddress(o.ID)
	case host == "0.0.0.0" || strings.HasPrefix(o.RaftListen, "[::]:"):
		return ""
	}
	return raft.ServerAddress(o.RaftListen)
}

// begins decides whether this director, whose store is empty, begins the group. It waits until all that are listed
// have answered.
func (d *Director) begins(l *layer) (bool, error) {
	for said := ""; ; {
		silent, exists := d.poll(l)
		switch {
		case exists != "":
			d.log.Warn("empty data directory, but the group exists: getting everything from the others", "known from", exists)
			return false, nil
		case len(silent) == 0:
			return true, nil
		}
		if now := strings.Join(silent, ", "); now != said {
			d.log.Info("waiting for the other directors to begin the group", "silent", now)
			said = now
		}
		select {
		case <-time.After(formPause):
		case <-d.stopping:
			return false, errEnded
		}
	}
}

// poll asks the listed directors once: which did not answer, and which has a store, if any.
func (d *Director) poll(l *layer) (silent []string, exists string) {
	for _, p := range d.o.Directors {
		if p.ID == d.o.ID {
			continue
		}
		a, err := l.ask(p.Address, greetingTimeout)
		switch {
		case err != nil:
			silent = append(silent, p.ID)
			d.log.Debug("director does not answer", "director", p.ID, "error", err)
		case a.State == storeUsed:
			exists = p.ID
		}
	}
	return silent, exists
}

// rival is a director of the cluster that answers on the bus; "" = none.
func (d *Director) rival() string {
	frame, err := wire.Encode(wire.KindDirector, nil, wire.DirectorRequest{Op: wire.DirectorOperator},
		wire.OperatorRequest{Action: wire.OperatorDirectors})
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), greetingTimeout)
	defer cancel()
	msg, err := d.o.Conn.RequestMsgWithContext(ctx, &nats.Msg{Subject: wire.SubjectDirector(d.o.Cluster), Data: frame})
	if err != nil {
		return ""
	}
	dec, err := wire.NewDecoder(msg.Data)
	if err != nil {
		return ""
	}
	defer dec.Release()
	var head wire.DirectorReply
	if dec.Kind != wire.KindDirected || dec.Value(&head) != nil || head.Generation == 0 {
		return ""
	}
	return head.Server
}
