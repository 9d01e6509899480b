package director

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/hashicorp/raft"

	"libckpt/internal/certificate"
)

// openTransport listens for the other directors, if there is an address for that.
func (d *Director) openTransport() error {
	if d.alone() {
		return nil
	}
	s, err := certificate.Load(d.o.TLS)
	if err != nil {
		return err
	}
	l := &layer{
		advertised: string(d.o.advertised()),
		hello:      d.hello, cluster: d.o.Cluster,
		secure: s, admit: d.admit, answer: d.answer, log: d.log,
	}
	if s == nil && !loopback(d.o.RaftListen) {
		d.log.Warn("directors talk to each other without TLS: whoever reaches the address can pose as one; configure tls-cert, "+
			"tls-key and tls-ca", "raft-listen", d.o.RaftListen)
	}
	if err := startLayer(d.o.RaftListen, l); err != nil {
		return err
	}
	d.layer = l
	return nil
}

func loopback(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hello is what this director says to others.
func (d *Director) hello() hello {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := hello{Cluster: d.o.Cluster, ID: d.o.ID, Store: "-"}
	if origin := d.originLocked(); origin != [16]byte{} {
		h.Store = hex.EncodeToString(origin[:])
	}
	return h
}

// originLocked tells this director's store from others; zero = not known yet.
func (d *Director) originLocked() [16]byte {
	if d.core.store != [16]byte{} {
		return d.core.store
	}
	return d.store.origin
}

// admit says why another director may not connect: it has to be of the group, or of the list it began with while there
// is none.
func (d *Director) admit(h hello) error {
	d.mu.Lock()
	r, store := d.raft, d.originLocked()
	d.mu.Unlock()
	if mine := hex.EncodeToString(store[:]); store != [16]byte{} && h.Store != "-" && h.Store != mine {
		return fmt.Errorf("director %s has a store of another origin: move its data directory away", h.ID)
	}
	var known []string
	if r != nil {
		f := r.GetConfiguration()
		if err := f.Error(); err != nil {
			return err
		}
		for _, s := range f.Configuration().Servers {
			known = append(known, string(s.ID))
		}
	}
	if len(known) == 0 {
		for _, p := range d.o.Directors {
			known = append(known, p.ID)
		}
	}
	if len(known) > 0 && !slices.Contains(known, h.ID) {
		return fmt.Errorf("%s is not one of the directors (%s): add it with \"ckpt director add\"", h.ID, strings.Join(known, ", "))
	}
	return nil
}

// answer is what others are told.
func (d *Director) answer() answer {
	rank := leads
	switch {
	case d.deaf.Load():
		rank = withoutBus
	case d.o.VotingOnly:
		rank = votes
	}
	return answer{d.state(), rank}
}

func (d *Director) state() groupState {
	last := max(d.store.last, d.store.base)
	d.mu.Lock()
	r := d.raft
	d.mu.Unlock()
	if r != nil {
		last = max(last, r.LastIndex())
	}
	switch {
	case last == 0:
		return storeEmpty
	case last == 1:
		return storeNew
	}
	return storeUsed
}

// startRaft starts this server of the group on an open store. It may wait for the others.
func (d *Director) startRaft() (err error) {
	o := &d.o
	defer func() {
		if p := recover(); p != nil { // raft's answer to a store that can't be written
			err = &StoreError{o.DataDir, fmt.Errorf("%v", p)}
		}
	}()
	logger := newRaftLog(o.Logger)
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.ID)
	c.Logger = logger
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = electionTimeout, electionTimeout, leaderLease
	if d.alone() {
		c.HeartbeatTimeout, c.ElectionTimeout = electionTimeoutSingle, electionTimeoutSingle
		c.LeaderLeaseTimeout = leaderLeaseSingle
	}
	c.CommitTimeout = commitTimeout
	c.BatchApplyCh, c.MaxAppendEntries = true, batchEntries
	c.SnapshotThreshold, c.SnapshotInterval, c.TrailingLogs = snapshotEntries, snapshotInterval, trailingEntries
	c.NoLegacyTelemetry = true
	c.ShutdownOnRemove = false

	if d.alone() {
		_, d.transport = raft.NewInmemTransport(raft.ServerAddress(o.ID))
		if err := d.store.complete(); err != nil {
			return &StoreError{o.DataDir, err}
		}
	} else {
		t := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			Stream: d.layer, MaxPool: transportConnections, Timeout: transportTimeout, Logger: logger,
		})
		d.gate = newGate(t, true, d.lastEntry)
		d.transport = d.gate
	}
	if err := d.member(c); err != nil {
		return err
	}
	if err := d.store.reach(); err != nil {
		return &StoreError{o.DataDir, err}
	}
	disk := &durable{WAL: d.store.log, failed: d.storeFailed}
	log, err := raft.NewLogCache(entriesCached, disk)
	if err != nil {
		return err
	}
	r, err := raft.NewRaft(c, (*fsm)(d), log, disk, d.store.snapshots, d.transport)
	if err != nil {
		return &StoreError{o.DataDir, damaged(err)}
	}
	disk.running.Store(true)
	d.mu.Lock()
	d.raft = r
	d.mu.Unlock()
	return nil
}

// lastEntry is the last one of this director's log or snapshot.
func (d *Director) lastEntry() (uint64, bool) {
	d.mu.Lock()
	r := d.raft
	d.mu.Unlock()
	if r == nil {
		return 0, false
	}
	return r.LastIndex(), true
}

// alone reports whether this director has no address for others.
func (d *Director) alone() bool { return alone(d.o.RaftListen) }

// reachable reports whether others can reach an address.
func reachable(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && host != "" && port != "" && port != "0"
}

func alone(listen string) bool {
	_, port, err := net.SplitHostPort(listen)
	return listen == "" || err == nil && port == "0"
}

// member begins the group with a new store, if that is for this director to do. It refuses a store of another server:
// that one would wait for a leader for ever.
func (d *Director) member(c *raft.Config) error {
	old, err := raft.HasExistingState(d.store.log, d.store.log, d.store.snapshots)
	if err != nil {
		return &StoreError{d.o.DataDir, damaged(err)}
	}
	if !old {
		return d.begin(c)
	}
	look := *c // GetConfiguration changes what it is given
	servers, err := raft.GetConfiguration(&look, discard{}, d.store.log, d.store.log, d.store.snapshots, d.transport)
	if err != nil {
		return &StoreError{d.o.DataDir, damaged(err)}
	}
	var names []string
	mine := false
	for _, s := range servers.Servers {
		names = append(names, string(s.ID))
		mine = mine || s.ID == c.LocalID
	}
	switch all := strings.Join(names, ", "); {
	case mine && d.alone() && len(names) > 1:
		return &StoreError{d.o.DataDir, fmt.Errorf("belongs to the group of directors %s: configure raft-listen", all)}
	case !mine && d.alone() && len(names) > 0:
		return &StoreError{d.o.DataDir, fmt.Errorf("belongs to director %s, not to %s", all, d.o.ID)}
	case !mine && len(names) > 0:
		d.log.Warn("not one of the directors: waiting to be added (ckpt director add)", "director", d.o.ID, "directors", all)
	}
	return nil
}

// begin makes this director one of those that begin the group, or has it wait for the group.
func (d *Director) begin(c *raft.Config) error {
	servers := d.o.first()
	if servers != nil {
		if len(servers) == 1 && servers[0].Address == "" {
			return errors.New("raft-listen names no address that others can reach: list this director in directors")
		}
		first, err := d.begins(d.layer)
		if err != nil {
			return err
		}
		if first {
			rival := d.rival()
			ours := slices.ContainsFunc(servers, func(s raft.Server) bool { return string(s.ID) == rival })
			switch {
			case ours: // the others have begun since they were asked
				first = false
				d.log.Info("the group has begun: getting everything from the others", "active", rival)
			case rival != "":
				return &StoreError{d.o.DataDir, fmt.Errorf("empty, but director %s answers for cluster %s: have this one added to "+
					"its group (see ckpt director add), or stop that one", rival, d.o.Cluster)}
			}
		}
		if first {
			return raft.BootstrapCluster(c, d.store.log, d.store.log, d.store.snapshots, d.transport, raft.Configuration{Servers: servers})
		}
	}
	if d.gate != nil {
		d.gate.open.Store(false)
	}
	return nil
}

// discard is the state machine while only the group's membership is read.
type discard struct{}

func (discard) Apply(*raft.Log) any                 { return nil }
func (discard) Restore(r io.ReadCloser) error       { return r.Close() }
func (discard) Snapshot() (raft.FSMSnapshot, error) { return nil, raft.ErrNothingNewToSnapshot }
