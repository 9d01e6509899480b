package director

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/hashicorp/raft"
)

// startRaft starts this server of the group on an open store.
func (d *Director) startRaft(o *Options) (err error) {
	defer func() {
		if p := recover(); p != nil { // raft's answer to a store that can't be written
			err = &StoreError{o.DataDir, fmt.Errorf("%v", p)}
		}
	}()
	single := alone(o.RaftListen)
	logger := newRaftLog(o.Logger)
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.ID)
	c.Logger = logger
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = electionTimeout, electionTimeout, leaderLease
	if single {
		c.HeartbeatTimeout, c.ElectionTimeout = electionTimeoutSingle, electionTimeoutSingle
		c.LeaderLeaseTimeout = leaderLeaseSingle
	}
	c.CommitTimeout = commitTimeout
	c.BatchApplyCh, c.MaxAppendEntries = true, batchEntries
	c.SnapshotThreshold, c.SnapshotInterval, c.TrailingLogs = snapshotEntries, snapshotInterval, trailingEntries
	c.NoLegacyTelemetry = true

	if single {
		_, t := raft.NewInmemTransport(raft.ServerAddress(o.ID))
		d.transport = t
	} else {
		t, err := raft.NewTCPTransportWithLogger(o.RaftListen, nil, transportConnections, transportTimeout, logger)
		if err != nil {
			return fmt.Errorf("listen for directors on %s: %w", o.RaftListen, err)
		}
		d.transport = t
	}
	if single {
		if err := d.store.complete(); err != nil {
			return &StoreError{o.DataDir, err}
		}
	}
	if err := d.member(o, c, single); err != nil {
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
	d.raft = r
	return nil
}

// alone reports whether this director has no address for others.
func (d *Director) alone() bool { return alone(d.o.RaftListen) }

// reachable reports whether others can reach an address.
func reachable(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && host != "" && port != "" && port != "0"
}

// alone reports whether there is no address for other directors to reach this one at.
func alone(listen string) bool {
	_, port, err := net.SplitHostPort(listen)
	return listen == "" || err == nil && port == "0"
}

// member makes a new store the first of its group if that was asked for, and refuses one that belongs to another
// server: that one would wait for a leader for ever.
func (d *Director) member(o *Options, c *raft.Config, single bool) error {
	old, err := raft.HasExistingState(d.store.log, d.store.log, d.store.snapshots)
	if err != nil {
		return &StoreError{o.DataDir, damaged(err)}
	}
	if !old {
		if !o.Bootstrap {
			return nil
		}
		return raft.BootstrapCluster(c, d.store.log, d.store.log, d.store.snapshots, d.transport, raft.Configuration{
			Servers: []raft.Server{{ID: c.LocalID, Address: d.transport.LocalAddr()}},
		})
	}
	look := *c // GetConfiguration changes what it is given
	servers, err := raft.GetConfiguration(&look, discard{}, d.store.log, d.store.log, d.store.snapshots, d.transport)
	if err != nil {
		return &StoreError{o.DataDir, damaged(err)}
	}
	var names []string
	for _, s := range servers.Servers {
		if s.ID == c.LocalID {
			return nil
		}
		names = append(names, string(s.ID))
	}
	if len(names) == 0 || !single {
		return nil
	}
	return &StoreError{o.DataDir, fmt.Errorf("belongs to director %s, not to %s", strings.Join(names, ", "), o.ID)}
}

// discard is the state machine while only the group's membership is read.
type discard struct{}

func (discard) Apply(*raft.Log) any                 { return nil }
func (discard) Restore(r io.ReadCloser) error       { return r.Close() }
func (discard) Snapshot() (raft.FSMSnapshot, error) { return nil, raft.ErrNothingNewToSnapshot }
