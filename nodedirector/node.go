package nodedirector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// Credentials lets sessions in on the bus: each may publish and subscribe to its own subjects alone.
type Credentials interface {
	AddSession(user, password string, publish, subscribe []string)
	RemoveSession(user string)
}

// Options are the settings of a node director. Cluster, Node, RunDir and Conn must be set.
type Options struct {
	Cluster, Node string // names, see wire.ValidToken
	Host          string // shown to operators; default: the host's name
	RunDir        string // node.sock, node.lock, sessions/
	SegmentDir    string // replica segments; default RunDir/segments; belongs on tmpfs
	PersistDir    string // copies of replicas on disk; "" = none are kept, whatever Persist says
	Persist       Persist
	Conn          *nats.Conn
	BusURLs       []string    // what agents are told
	Credentials   Credentials // nil: agents are given BusUser and BusPassword
	BusUser       string
	BusPassword   string
	Controller    bool // a director runs on this node

	ReplicasMax     int    // replicas on the node; 0 = DefaultReplicasMax
	SharedMemoryMax uint64 // bytes of shared memory of all replicas; 0 = no limit
	WriteMax        uint64 // bytes of data in one request; 0 = DefaultWriteMax
	StagingMax      uint64 // bytes of unfinished requests; 0 = DefaultStagingMax
	SocketMode      fs.FileMode
	Release         string             // of this build, for operators
	Timing          replication.Timing // of the leases between nodes; zero values: the defaults
	Continue        bool               // as in replication.Options
	// ControlConn and UpdateConn carry messages between node directors, apart from each other and from Conn, so that none
	// has to wait for the others; nil: Conn does.
	ControlConn, UpdateConn *nats.Conn
	// As in carrier.Options.
	PeerListen string
	PeerTLS    *tls.Config
	PeerToken  []byte
	Logger     *slog.Logger
}

// Node is a running node director.
type Node struct {
	o           Options
	log         *slog.Logger
	started     time.Time
	begun       int64 // monotonic ns
	boot        string
	incarnation uint64
	quota       *segment.Quota
	locks       []*dirLock
	listener    *net.UnixListener
	watcher     *watcher
	expiry      *expiryLoop
	names       nameLocks
	director    directorState

	mu          sync.Mutex
	sessions    map[uint64]*session
	checkpoints map[uint64]*checkpoint
	replicas    int             // counted against ReplicasMax
	refused     map[uint64]bool // checkpoints whose segment was refused
	membership  membership
	stopping    bool

	staged    atomic.Uint64 // bytes of unfinished requests
	malformed atomic.Uint64 // messages dropped

	pairs  *replication.Pairs
	peers  peers
	cores  uint64        // made so far; guarded by mu
	askers chan struct{} // a place for each request of a core to the directors

	copies     map[uint64]string // copies on disk found at start, not taken up yet; guarded by mu
	copyNonce  uint64            // guarded by mu
	openCopies atomic.Int32
	writers    chan struct{} // a place for each commit under way
	beginners  chan struct{} // a place for each copy being made

	logMalformed, logVersion, logPast, logDirector, logPersist, logStore, logPeers, logAdopted onceInAWhile

	ctx    context.Context // of everything that runs
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// Start attaches the replicas in SegmentDir, takes up the sessions of an earlier node director in RunDir, and returns
// when the socket accepts applications; registration with the director goes on in the background until Stop.
// Both directories are held exclusively: the error names another node director that has one of them.
func Start(ctx context.Context, o Options) (*Node, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	n := &Node{
		o:           o,
		log:         o.Logger.With("part", "node", "node", o.Node),
		started:     time.Now(),
		begun:       monotonic(),
		boot:        bootID(),
		quota:       segment.NewQuota(o.SharedMemoryMax),
		sessions:    make(map[uint64]*session),
		checkpoints: make(map[uint64]*checkpoint),
		refused:     make(map[uint64]bool),
		writers:     make(chan struct{}, writersMax),
		beginners:   make(chan struct{}, beginnersMax),
		askers:      make(chan struct{}, coreAsksMax),
	}
	n.director.init()
	n.peers.table = make(map[string]*remote)
	n.peers.changed, n.peers.heard, n.peers.first = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)
	n.expiry = newExpiryLoop(n)
	n.ctx, n.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := n.start(); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (o *Options) complete() error {
	switch {
	case !wire.ValidToken(o.Cluster):
		return fmt.Errorf("cluster name %q: 1 to 64 letters, digits, '-' and '_'", o.Cluster)
	case !wire.ValidToken(o.Node):
		return fmt.Errorf("node name %q: 1 to 64 letters, digits, '-' and '_'", o.Node)
	case o.RunDir == "":
		return errors.New("no run directory given")
	case o.Conn == nil:
		return errors.New("no bus connection given")
	}
	if o.SegmentDir == "" {
		o.SegmentDir = filepath.Join(o.RunDir, segmentsDir)
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname()
	}
	if o.ReplicasMax == 0 {
		o.ReplicasMax = DefaultReplicasMax
	}
	if o.WriteMax == 0 {
		o.WriteMax = DefaultWriteMax
	}
	if o.StagingMax == 0 {
		o.StagingMax = DefaultStagingMax
	}
	if o.SocketMode == 0 {
		o.SocketMode = DefaultSocketMode
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return nil
}

func (n *Node) sessionsDir() string { return filepath.Join(n.o.RunDir, "sessions") }

func (n *Node) start() error {
	if err := os.MkdirAll(n.o.RunDir, 0o755); err != nil {
		return err
	}
	locked := []string{n.o.RunDir, n.o.SegmentDir}
	if n.o.PersistDir != "" {
		locked = append(locked, n.o.PersistDir)
	}
	for _, dir := range append([]string{n.sessionsDir()}, locked[1:]...) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	for _, dir := range locked {
		l, incarnation, err := lockDir(dir)
		if err != nil {
			return err
		}
		n.locks = append(n.locks, l)
		n.incarnation = max(n.incarnation, incarnation)
	}
	n.pairs = replication.NewPairs(replication.PairsOptions{
		Node: n.o.Node, Incarnation: n.incarnation, Timing: n.o.Timing, Start: n.begun, Adopted: n.readAdopted(),
	})
	var err error
	if n.watcher, err = newWatcher(); err != nil {
		return err
	}
	if err := n.findCopies(); err != nil {
		return err
	}
	if err := n.attachSegments(); err != nil {
		return err
	}
	if err := n.restoreReplicas(); err != nil {
		return err
	}
	n.loadMembership()
	if err := n.restoreSessions(); err != nil {
		return err
	}
	if err := n.listen(); err != nil {
		return err
	}
	if err := n.startPeers(); err != nil {
		return err
	}
	n.run(n.accept)
	n.run(n.control)
	n.run(n.expiry.run)
	n.run(n.sweep)
	return nil
}

// run starts work that ends with the node director.
func (n *Node) run(f func()) {
	n.work.Add(1)
	go func() {
		defer n.work.Done()
		f()
	}()
}

// Ready is closed once the node director has registered with the director for the first time: opens succeed from then
// on.
func (n *Node) Ready() <-chan struct{} { return n.director.ready }

// Stop ends the node director. The segments and the sessions' journals stay: the next one in the same directories goes
// on with them. The error is ctx's when something takes longer than that.
func (n *Node) Stop(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		n.close()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *Node) close() {
	n.mu.Lock()
	if n.stopping {
		n.mu.Unlock()
		return
	}
	n.stopping = true
	sessions := n.sessionList()
	n.mu.Unlock()
	n.cancel()
	if n.listener != nil {
		n.listener.Close()
		os.Remove(filepath.Join(n.o.RunDir, socketName)) // the lock on the directory is still held
	}
	for _, s := range sessions {
		s.suspend()
	}
	n.work.Wait()
	n.closePeers()
	if n.watcher != nil {
		n.watcher.close()
	}
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		kept := c.kept
		c.mu.Unlock()
		if kept != nil {
			kept.finish()
		}
		c.mu.Lock()
		if c.seg != nil {
			if err := c.seg.Close(); err != nil {
				n.log.Warn("segment not closed", "checkpoint", c.name, "reason", err)
			}
			c.seg, c.store, c.known = nil, nil, false
		}
		c.gone = true // whatever is still under way
		c.alarm.stop()
		c.mu.Unlock()
	}
	for _, l := range n.locks {
		l.release()
	}
}

// sessionList copies the sessions. The caller holds n.mu.
func (n *Node) sessionList() []*session {
	list := make([]*session, 0, len(n.sessions))
	for _, s := range n.sessions {
		list = append(list, s)
	}
	return list
}

func (n *Node) checkpointList() []*checkpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]*checkpoint, 0, len(n.checkpoints))
	for _, c := range n.checkpoints {
		list = append(list, c)
	}
	return list
}

func (n *Node) checkpoint(id uint64) *checkpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.checkpoints[id]
}

// checkpointOf finds or makes the node's record of a checkpoint.
func (n *Node) checkpointOf(id uint64, name string) *checkpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.checkpoints[id]
	if c == nil {
		c = &checkpoint{id: id, name: name, n: n, opens: make(map[handleKey]uint32)}
		n.cores++
		c.core = replication.New(replication.Options{
			Node: n.o.Node, Incarnation: n.incarnation, Checkpoint: id, Pairs: n.pairs, Serial: n.cores, Timing: n.o.Timing,
			Start: n.begun, Continue: n.o.Continue,
		})
		c.config.Checkpoint, c.config.Name = id, name
		n.checkpoints[id] = c
	}
	return c
}

// forget takes a checkpoint from the node's records if nothing of it is here. Its lock must not be held.
func (n *Node) forget(c *checkpoint) {
	c.mu.Lock()
	idle := c.gone || c.seg == nil && len(c.opens) == 0 && !c.concernedLocked()
	c.mu.Unlock()
	if !idle {
		return
	}
	n.mu.Lock()
	if n.checkpoints[c.id] == c {
		delete(n.checkpoints, c.id)
	}
	n.mu.Unlock()
}

// drop deletes a checkpoint that exists no more.
func (n *Node) drop(c *checkpoint) {
	c.mu.Lock()
	c.removeLocked()
	c.unlock()
	n.forget(c)
}

// isRefused reports whether a checkpoint's segment was refused when this node director started.
func (n *Node) isRefused(checkpoint uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.refused[checkpoint]
}

// reserveReplica counts one more replica, unless the node is full.
func (n *Node) reserveReplica() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.replicas >= n.o.ReplicasMax {
		return false
	}
	n.replicas++
	return true
}

func (n *Node) releaseReplica() {
	n.mu.Lock()
	n.replicas--
	n.mu.Unlock()
}

// monotonic is CLOCK_MONOTONIC, ns: the clock of request deadlines, shared by the processes of a host.
func monotonic() int64 { return monotonicBase + int64(time.Since(monotonicAt)) }

var monotonicAt, monotonicBase = func() (time.Time, int64) {
	var ts unix.Timespec
	at := time.Now()
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // cannot fail on Linux
	}
	return at, ts.Nano()
}()

// onceInAWhile lets one line of a kind through each logInterval.
type onceInAWhile struct{ last atomic.Int64 }

func (o *onceInAWhile) allow() bool {
	now, last := monotonic(), o.last.Load()
	return (last == 0 || now-last >= int64(logInterval)) && o.last.CompareAndSwap(last, now)
}

// malformedMessage counts a message that makes no sense.
func (n *Node) malformedMessage(from string, err error) {
	n.malformed.Add(1)
	once := &n.logMalformed
	var v *wire.VersionError
	if errors.As(err, &v) {
		once = &n.logVersion
	}
	if once.allow() {
		n.log.Warn("message dropped", "from", from, "reason", err, "dropped", n.malformed.Load())
	}
}
