package main

// #include "engine.h"
import "C"

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"libckpt/agent"
	"libckpt/internal/rundir"
)

// closeMax is how long a Finalize waits for the connections to be closed.
const closeMax = 100 * time.Millisecond

// library is a library handle of the front.
type library struct {
	*agent.Library
	signal *signal
	open   map[uint64]struct{} // engine numbers of its checkpoints, guarded by process.mu
}

// process is what this process has of the service: one agent for all library handles, which lives as long as there is
// one, and the numbers that the front knows handles by.
type process struct {
	c *C.struct_ckpt_process

	mu          sync.RWMutex
	agent       *agent.Agent
	last        uint64 // number given last
	libraries   map[uint64]*library
	checkpoints map[uint64]*checkpoint
}

// checkpoint is a checkpoint handle of the front.
type checkpoint struct {
	*agent.Checkpoint
	library uint64
}

var the = process{libraries: map[uint64]*library{}, checkpoints: map[uint64]*checkpoint{}}

// newLibrary makes a library handle, and the agent if it is the first one.
func (p *process) newLibrary(bell, consumptionBell *C.uint32_t) (id uint64, a *agent.Agent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.agent == nil {
		p.agent = agent.New(agent.Options{RunDir: rundir.Application(), SessionFD: p.sessionFD})
	}
	p.last++
	s := &signal{bell, -1}
	p.libraries[p.last] = &library{p.agent.NewLibrary(s, &signal{consumptionBell, -1}), s, map[uint64]struct{}{}}
	return p.last, p.agent
}

// sessionFD keeps the session socket's descriptor where the front closes it in a forked child.
func (p *process) sessionFD(old, new int) {
	word := (*int32)(unsafe.Pointer(&p.c.session_fd))
	if new >= 0 {
		atomic.StoreInt32(word, int32(new))
		return
	}
	atomic.CompareAndSwapInt32(word, int32(old), -1)
}

// library finds a library handle, nil if there is no such.
func (p *process) library(id C.uint64_t) *library {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.libraries[uint64(id)]
}

// checkpoint finds a checkpoint handle, nil if there is no such.
func (p *process) checkpoint(id C.uint64_t) *checkpoint {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.checkpoints[uint64(id)]
}

// opened gives a checkpoint its number; 0 if its library handle was finalised.
func (p *process) opened(lib uint64, c *agent.Checkpoint) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.libraries[lib]
	if l == nil {
		return 0
	}
	p.last++
	p.checkpoints[p.last] = &checkpoint{c, lib}
	l.open[p.last] = struct{}{}
	return p.last
}

// takeCheckpoint takes a checkpoint handle's number away.
func (p *process) takeCheckpoint(id uint64) *checkpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.checkpoints[id]
	if c == nil {
		return nil
	}
	delete(p.checkpoints, id)
	if l := p.libraries[c.library]; l != nil {
		delete(l.open, id)
	}
	return c
}

// takeLibrary takes a library handle's number away, and those of its checkpoints. last is the agent when no library handle is left.
func (p *process) takeLibrary(id uint64) (l *library, last *agent.Agent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l = p.libraries[id]; l == nil {
		return nil, nil
	}
	delete(p.libraries, id)
	for c := range l.open {
		delete(p.checkpoints, c)
	}
	if len(p.libraries) == 0 {
		last, p.agent = p.agent, nil
	}
	return l, last
}

// finalize closes a library handle, and the connections with the last one, and calls done when that is done or took too long.
// It reports false if there is no such handle.
func (p *process) finalize(id uint64, timeout time.Duration, done func()) bool {
	l, last := p.takeLibrary(id)
	if l == nil {
		return false
	}
	l.StartClose(timeout, func() {
		if last == nil {
			done()
			return
		}
		closed := make(chan struct{})
		go func() {
			defer report("close")
			defer close(closed)
			last.Close()
		}()
		go func() {
			defer report("finalize")
			select {
			case <-closed:
			case <-time.After(closeMax):
			}
			done()
		}()
	})
	return true
}
