package director

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// relay passes connections on to the bus until it is stalled; then they stay open and nothing gets through.
type relay struct {
	net.Listener
	to string
	mu sync.Mutex // held while stalled
}

func startRelay(t testing.TB, busURL string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, to: strings.TrimPrefix(busURL, "nats://")}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", r.to)
			if err != nil {
				near.Close()
				continue
			}
			go r.pass(near, far)
			go r.pass(far, near)
		}
	}()
	return r
}

func (r *relay) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	for b := make([]byte, 1<<16); ; {
		n, err := from.Read(b)
		r.mu.Lock()
		_, werr := to.Write(b[:n])
		r.mu.Unlock()
		if err = errors.Join(err, werr); err != nil && !errors.Is(err, io.ErrShortBuffer) {
			return
		}
	}
}

func (r *relay) url() string { return "nats://" + r.Addr().String() }

// TestDeafLeader: a director whose bus is gone, or stands still, gives leadership to one that hears the nodes, and takes
// none of them for down meanwhile.
func TestDeafLeader(t *testing.T) {
	relays := map[string]*relay{}
	g := newGroup(t, 3, nil)
	for id, o := range g.options {
		relays[id] = startRelay(t, g.url)
		o.Conn = connect(t, relays[id].url())
		g.options[id] = o
	}
	g.start()
	g.ready()
	p := g.peer()
	p.register()
	beating := g.peer() // the same node, on a connection of its own
	stop := make(chan struct{})
	var beats sync.WaitGroup
	beats.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				beating.ask(wire.DirectorHeartbeat, wire.HeartbeatRequest{}, &wire.HeartbeatReply{})
			}
		}
	})
	for round := range 3 {
		first := g.leader()
		relays[first.o.ID].mu.Lock()
		eventually(t, "another director leads", func() bool { return g.leader() != first })
		list := p.list() // is answered
		relays[first.o.ID].mu.Unlock()
		if len(list) != 0 {
			t.Errorf("round %d: checkpoints from nowhere: %v", round, list)
		}
		eventually(t, "the bus answers again", func() bool { return !first.deaf.Load() })
	}
	close(stop)
	beats.Wait()
	_, r := p.operate(wire.OperatorRequest{Action: wire.OperatorNodes})
	if len(r.Nodes) != 1 || !r.Nodes[0].Up {
		t.Errorf("nodes: %+v, want one that is up", r.Nodes)
	}

	// Where no director has a bus, one goes on leading.
	last := g.running["d1"] // any
	for _, r := range relays {
		r.mu.Lock()
	}
	eventually(t, "none has a bus", func() bool {
		for _, d := range g.running {
			if !d.deaf.Load() {
				return false
			}
		}
		return true
	})
	eventually(t, "leadership is not passed around", func() bool {
		term := last.raft.CurrentTerm()
		time.Sleep(4 * busLook) // what must not happen in this time: that it is
		return last.raft.CurrentTerm() == term
	})
	for _, r := range relays {
		r.mu.Unlock()
	}
	p.list()
}
