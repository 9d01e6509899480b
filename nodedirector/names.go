package nodedirector

import (
	"sync"
	"time"
)

// nameLocks serialises the metadata operations on one checkpoint name.
type nameLocks struct {
	mu    sync.Mutex
	locks map[string]*nameLock
}

type nameLock struct {
	held  chan struct{} // one token
	users int           // holding or waiting
}

// lock waits for a name at most that long and reports whether it is held now.
func (l *nameLocks) lock(name string, wait time.Duration) bool {
	l.mu.Lock()
	if l.locks == nil {
		l.locks = make(map[string]*nameLock)
	}
	n := l.locks[name]
	if n == nil {
		n = &nameLock{held: make(chan struct{}, 1)}
		l.locks[name] = n
	}
	n.users++
	l.mu.Unlock()
	select {
	case n.held <- struct{}{}:
		return true
	default:
	}
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case n.held <- struct{}{}:
			return true
		case <-t.C:
		}
	}
	l.leave(name, n)
	return false
}

// unlock gives a name back.
func (l *nameLocks) unlock(name string) {
	l.mu.Lock()
	n := l.locks[name]
	l.mu.Unlock()
	<-n.held
	l.leave(name, n)
}

func (l *nameLocks) leave(name string, n *nameLock) {
	l.mu.Lock()
	if n.users--; n.users == 0 {
		delete(l.locks, name)
	}
	l.mu.Unlock()
}
