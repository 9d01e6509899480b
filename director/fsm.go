package director

import (
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"

	"libckpt/internal/wire"
)

// fsm is the Director as raft's state machine.
type fsm Director

// Apply carries out a committed command. One that can't be carried out stops the director: its state would differ
// from the others'.
func (f *fsm) Apply(l *raft.Log) any {
	d := (*Director)(f)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return nil
	}
	c, result, err := applyEntry(d.core, l.Data)
	if err != nil {
		d.broken = fmt.Errorf("log entry %d: %w", l.Index, err)
		wake(d.fatal)
		return nil
	}
	if d.leading {
		now := time.Now()
		for _, c := range result.Retentions {
			d.clock.retention(c, now)
		}
		if up, ok := c.(*NodeUp); ok && result.Code == wire.OK {
			d.clock.hear(up.Node, now)
		}
		if len(result.Retentions) > 0 {
			wake(d.clock.woken)
		}
		if result.Others {
			wake(d.announce)
		}
	}
	return &result
}

func applyEntry(k *Core, entry []byte) (c Command, result Result, err error) {
	c, err = DecodeCommand(entry)
	if err != nil {
		return nil, Result{}, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("command %T: %v", c, p)
		}
	}()
	return c, k.Apply(c), nil
}

// Snapshot implements raft.FSM.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return nil, f.broken
	}
	b, err := f.core.Snapshot()
	return snapshotBytes(b), err
}

// Restore implements raft.FSM.
func (f *fsm) Restore(r io.ReadCloser) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	k, err := RestoreCore(b)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.core = k
	return nil
}

type snapshotBytes []byte

// Persist implements raft.FSMSnapshot.
func (b snapshotBytes) Persist(sink raft.SnapshotSink) error {
	if _, err := sink.Write(b); err != nil {
		sink.Cancel()
		return err
	}
	return sink.Close()
}

// Release implements raft.FSMSnapshot.
func (b snapshotBytes) Release() {}
