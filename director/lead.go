package director

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"libckpt/internal/wire"
)

// lead serves as the active director until leadership ends. It reports whether it has begun anew meanwhile.
func (d *Director) lead() (again bool) {
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	if d.handOver() {
		return d.retry()
	}
	if err := d.takeOver(); err != nil {
		d.log.Warn("could not take over as active director", "error", err)
		return d.retry()
	}
	defer d.retire()
	s, err := d.listen()
	if err != nil {
		d.log.Warn("could not subscribe to the director's subject", "error", err)
		return d.retry()
	}
	parts.Go(func() { s.take(ctx) })
	parts.Go(s.wait)
	parts.Go(s.answer)
	parts.Go(func() { d.watch(ctx) })
	parts.Go(func() { d.publish(ctx) })
	d.setReady()
	wake(d.announce)
	return d.stayLeader()
}

// retry waits before leadership is taken up again, if it still is this director's.
func (d *Director) retry() (again bool) {
	timer := time.NewTimer(commandPause)
	defer timer.Stop()
	return d.untilChange(timer.C)
}

// untilChange waits for the end of leadership or of the director, or for the timer. It reports whether to lead (again).
func (d *Director) untilChange(timer <-chan time.Time) (again bool) {
	select {
	case again = <-d.raft.LeaderCh():
		return again
	case <-timer:
		return d.raft.State() == raft.Leader
	case <-d.stopping:
	case <-d.fatal:
		wake(d.fatal) // for run
	}
	return false
}

// takeOver applies what former leaders have committed, makes the store if it is new, and starts the clock.
func (d *Director) takeOver() error {
	if err := await(d.raft.Barrier(barrierTimeout), barrierTimeout); err != nil {
		return err
	}
	if err := d.settleAddress(); err != nil {
		return err
	}
	d.mu.Lock()
	founded := d.core.Founded()
	d.mu.Unlock()
	if !founded {
		now := time.Now()
		f := &Found{Generation: uint64(now.UnixNano()), First: uint64(now.Unix()) * checkpointsASecond}
		rand.Read(f.Cluster[:])
		if _, err := d.propose(f); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.clock = newClock(d.o.NodeTimeout, d.o.NodeForget, now)
	for _, n := range d.core.Nodes() {
		d.clock.hear(n.Node, now)
	}
	for _, r := range d.core.Retentions() {
		d.clock.retention(r, now)
	}
	d.leading = true
	return nil
}

// settleAddress tells the group where this director is reached, if that has changed.
func (d *Director) settleAddress() error {
	now := d.o.advertised()
	servers, err := d.members()
	if err != nil || d.alone() || now == "" {
		return err
	}
	for _, s := range servers {
		if string(s.ID) == d.o.ID && s.Address != now {
			return await(d.raft.AddVoter(s.ID, now, 0, enqueueTimeout), applyTimeout)
		}
	}
	return nil
}

func (d *Director) retire() {
	d.mu.Lock()
	d.leading = false
	d.mu.Unlock()
}

// watch turns what time brings into commands.
func (d *Director) watch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.clock.woken:
		}
		now := time.Now()
		d.mu.Lock()
		if d.deaf.Load() || !d.o.Conn.IsConnected() {
			d.clock.excuse(now)
		}
		commands, next := d.clock.due(d.core.Nodes(), d.core.Skipped(), now)
		d.mu.Unlock()
		pause := time.Until(next)
		for _, c := range commands {
			if _, err := d.propose(c); err != nil {
				d.log.Debug("command not committed", "command", fmt.Sprintf("%T", c), "error", err)
				pause = commandPause
				continue
			}
			switch c := c.(type) {
			case *NodesDown:
				for _, n := range c.Nodes {
					d.log.Warn("node is down", "node", n.Node, "silent", d.o.NodeTimeout)
				}
			case *NodeForget:
				d.mu.Lock()
				d.clock.forgot(c.Node)
				d.mu.Unlock()
				d.log.Warn("node has stayed away, what it had open is closed", "node", c.Node)
			case *RetentionOver:
				pause = 0 // there may be more
			}
		}
		timer.Reset(max(pause, 0))
	}
}

// publish tells node directors that there is something for them.
func (d *Director) publish(ctx context.Context) {
	leading := mathrand.Uint64()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.announce:
		}
		d.mu.Lock()
		version := d.core.Version()
		d.mu.Unlock()
		frame, err := wire.Encode(wire.KindChanged, nil, wire.Changed{Version: version, Leading: leading})
		if err == nil {
			err = d.o.Conn.Publish(wire.SubjectChanged(d.o.Cluster), frame)
		}
		if err != nil { // node directors then find out with their next heartbeat
			d.log.Debug("change not announced", "error", err)
		}
	}
}

// propose commits a command and gives its result.
func (d *Director) propose(c Command) (*Result, error) {
	entry, err := EncodeCommand(c)
	if err != nil {
		return nil, err
	}
	f := d.raft.Apply(entry, enqueueTimeout)
	if err := await(f, applyTimeout); err != nil {
		return nil, err
	}
	r, ok := f.Response().(*Result)
	if !ok {
		return nil, errors.New("the command could not be applied")
	}
	return r, nil
}

// await waits for a future at most a time. After that the command may still be carried out.
func await(f raft.Future, limit time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- f.Error() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("nothing committed within %v", limit)
	}
}
