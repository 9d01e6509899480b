package director

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/nats-io/nats.go"

	"libckpt/internal/certificate"
	"libckpt/internal/wire"
)

// Options say where a director keeps its state and how it is reached.
type Options struct {
	Cluster string // name; a token as wire.ValidToken has it
	ID      string // of this director in its group, a token; the node name is a good one
	DataDir string // made if need be; one director's own
	// RaftListen is the host:port where the other directors of the group reach this one, default its address in
	// Directors. Empty or with port 0: it is the only one.
	RaftListen string
	// Directors are those that begin the group together; they matter while DataDir is empty. None: this one begins it
	// alone. One that is not listed waits to be added.
	Directors  []Peer
	VotingOnly bool              // leads only if no other can
	TLS        certificate.Files // for the connections between directors; zero = plain TCP
	Conn       *nats.Conn        // the bus; stays the caller's
	Bootstrap  bool              // false: never begins a group, waits to be added
	// NodeTimeout of silence marks a node down, default DefaultNodeTimeout. NodeForget later it counts as having
	// nothing open any more, default DefaultNodeForget.
	NodeTimeout time.Duration
	NodeForget  time.Duration
	Logger      *slog.Logger // default slog.Default()
}

// Director is one running director.
type Director struct {
	o         Options
	log       *slog.Logger
	store     *store
	layer     *layer // nil: without others
	gate      *gate  // nil: without others
	transport raft.Transport

	dropped atomic.Uint64 // messages that could not be understood
	quiet   quieted

	mu      sync.Mutex
	raft    *raft.Raft // set once, by startRaft
	core    *Core
	clock   clock
	leading bool  // the clock follows the core
	broken  error // why the director can't go on: its store failed, or a log entry could not be applied

	announce  chan struct{} // cap 1: configurations changed for nodes that did not ask
	fatal     chan struct{} // cap 1: broken has been set
	deaf      atomic.Bool   // see hearing
	deafened  chan struct{} // cap 1: deaf has been found
	ready     chan struct{}
	stopping  chan struct{}
	stopOnce  sync.Once
	readyOnce sync.Once
	done      chan struct{}
	err       error // valid once done is closed
}

// Start opens the data directory and starts a director; it serves, or follows the one that does, once Ready is closed.
// Errors: a wrong option; a *StoreError for a data directory that is in use (the text names the process), damaged, of another director or of
// another release; an address that can't be listened on. ctx bounds nothing but Start itself.
func Start(ctx context.Context, o Options) (*Director, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case !wire.ValidToken(o.Cluster):
		return nil, fmt.Errorf("cluster name %q: 1 to 64 letters, digits, '-' and '_'", o.Cluster)
	case !wire.ValidToken(o.ID):
		return nil, fmt.Errorf("director id %q: 1 to 64 letters, digits, '-' and '_'", o.ID)
	case o.DataDir == "" || o.Conn == nil:
		return nil, errors.New("a director needs a data directory and a bus connection")
	case o.NodeTimeout < 0 || o.NodeForget < 0:
		return nil, errors.New("negative node timeout")
	}
	if err := o.checkGroup(); err != nil {
		return nil, err
	}
	if o.NodeTimeout == 0 {
		o.NodeTimeout = DefaultNodeTimeout
	}
	if o.NodeForget == 0 {
		o.NodeForget = DefaultNodeForget
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	d := &Director{
		o: o, log: o.Logger, core: NewCore(),
		announce: make(chan struct{}, 1), fatal: make(chan struct{}, 1),
		deafened: make(chan struct{}, 1),
		ready:    make(chan struct{}), stopping: make(chan struct{}), done: make(chan struct{}),
	}
	var err error
	if d.store, err = openStore(o.DataDir, newRaftLog(o.Logger)); err != nil {
		return nil, err
	}
	if err = d.openTransport(); err == nil && d.alone() {
		err = d.startRaft()
	}
	if err != nil {
		d.closeAll()
		return nil, err
	}
	go d.run()
	return d, nil
}

// Ready is closed when this director first leads its group and answers node directors, or knows who does.
func (d *Director) Ready() <-chan struct{} { return d.ready }

// Done is closed when the director has ended, by Stop or because it can't go on; Err then tells which.
func (d *Director) Done() <-chan struct{} { return d.done }

// Err is why the director ended by itself; nil after Stop or while it runs.
func (d *Director) Err() error {
	select {
	case <-d.done:
		return d.err
	default:
		return nil
	}
}

// Stop answers the requests taken, ends the director and releases its data directory. It returns ctx's error if that
// has not happened when ctx ends; it goes on nevertheless.
func (d *Director) Stop(ctx context.Context) error {
	d.stopOnce.Do(func() { close(d.stopping) })
	select {
	case <-d.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run leads whenever raft says so, until the end.
func (d *Director) run() {
	defer close(d.done)
	defer d.closeAll()
	ctx, cancel := context.WithCancel(context.Background())
	var listener sync.WaitGroup
	defer listener.Wait()
	defer cancel()
	listener.Go(func() { d.hearing(ctx) })
	if !d.alone() {
		if err := d.startRaft(); err != nil {
			if !errors.Is(err, errEnded) {
				d.mu.Lock()
				d.broken = err
				d.mu.Unlock()
				d.fail()
			}
			return
		}
	}
	look := time.NewTicker(leaderLook)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if _, leader := d.raft.LeaderWithID(); leader != "" && string(leader) != d.o.ID {
				d.setReady()
				look.Stop()
			}
		case leads := <-d.raft.LeaderCh():
			for leads {
				leads = d.lead()
			}
		case <-d.stopping:
			return
		case <-d.fatal:
			d.fail()
			return
		}
	}
}

func (d *Director) setReady() { d.readyOnce.Do(func() { close(d.ready) }) }

func (d *Director) fail() {
	d.mu.Lock()
	d.err = d.broken
	d.mu.Unlock()
	d.log.Error("the director has to end", "directory", d.o.DataDir, "error", d.err)
}

func (d *Director) closeAll() {
	if d.raft != nil {
		d.raft.Shutdown().Error()
		if err := d.store.reach(); err != nil {
			d.log.Debug("end of the log not noted", "error", err)
		}
	} else if c, ok := d.transport.(io.Closer); ok {
		c.Close()
	}
	if d.layer != nil {
		d.layer.Close()
	}
	d.store.close()
}

// wake signals on a channel of capacity 1.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
