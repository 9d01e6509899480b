package director

import (
	"runtime"
	"sync/atomic"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

// durable is the log and the stable store of raft. A write that fails (no space, a broken disk) ends the director with
// one line; raft by itself would end the whole process with a panic at its next election.
type durable struct {
	*wal.WAL
	failed  func(error)
	running atomic.Bool // raft calls from goroutines of its own
}

// StoreLog implements raft.LogStore.
func (s *durable) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (s *durable) StoreLogs(l []*raft.Log) error {
	err := s.WAL.StoreLogs(l)
	if err != nil {
		s.failed(err)
	}
	return err
}

// Set implements raft.StableStore.
func (s *durable) Set(key, value []byte) error { return s.orExit(s.WAL.Set(key, value)) }

// SetUint64 implements raft.StableStore.
func (s *durable) SetUint64(key []byte, value uint64) error {
	return s.orExit(s.WAL.SetUint64(key, value))
}

// orExit ends raft's goroutine instead of giving it an error, to which it has no other answer than a panic.
func (s *durable) orExit(err error) error {
	if err != nil && s.running.Load() {
		s.failed(err)
		runtime.Goexit()
	}
	return err
}

// storeFailed notes a write to the store that failed.
func (d *Director) storeFailed(err error) {
	d.mu.Lock()
	if d.broken == nil {
		d.broken = &StoreError{d.o.DataDir, err}
	}
	d.mu.Unlock()
	wake(d.fatal)
}
