package dataset

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/wire"
)

// Store is the library-based checkpoints in one directory, as one process sees them. Other processes may use them at the
// same time. Its methods may be called by several goroutines at a time.
//
// Each method takes a limit, how long it may wait for others. Errors are a wire.Code for an ordinary answer (NotExist, TooBig,
// TryAgain), or an *Error that the operator should see. Nothing has been stored or deleted then.
type Store struct {
	dir     string
	relaxed bool
	make    bool // the directory is made when it is needed
	users   int  // guarded by stores.mu

	mu       sync.Mutex
	open     map[string]*connection
	clock    uint64
	released bool // calls that are still under way close what they open
}

// stores are those of the process: library handles with the same directory share one.
var stores struct {
	mu   sync.Mutex
	open map[storeKey]*Store
}

type storeKey struct {
	dir     string
	relaxed bool
}

// OpenStore gives the store of a place. Nothing is looked at on disk. Release is to be called once for each.
func OpenStore(p Place) *Store {
	stores.mu.Lock()
	defer stores.mu.Unlock()
	key := storeKey{p.Dir, p.Relaxed}
	s := stores.open[key]
	if s == nil {
		s = &Store{dir: p.Dir, relaxed: p.Relaxed, make: p.Make, open: map[string]*connection{}}
		if stores.open == nil {
			stores.open = map[storeKey]*Store{}
		}
		stores.open[key] = s
	}
	s.users++
	return s
}

// Release closes the store's files when its last user is gone, each of them as soon as nobody uses it, waiting at most limit.
func (s *Store) Release(limit time.Duration) {
	stores.mu.Lock()
	s.users--
	last := s.users == 0
	if last {
		delete(stores.open, storeKey{s.dir, s.relaxed})
	}
	stores.mu.Unlock()
	if !last {
		return
	}
	s.mu.Lock()
	s.released = true
	open := s.open
	s.open = map[string]*connection{}
	s.mu.Unlock()
	deadline := time.Now().Add(limit)
	for _, c := range open {
		if c.lock(time.Until(deadline)) { // else whoever has it closes it
			c.close()
			c.unlock()
		}
	}
}

// Create makes a checkpoint; one that exists keeps what it has.
func (s *Store) Create(name string, limit time.Duration) error {
	if s.make {
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return systemFailed(s.dir, err)
		}
	}
	return s.with(name, true, limit, func(*connection) error { return nil })
}

// Delete deletes a checkpoint with all that is in it, whoever uses it.
func (s *Store) Delete(name string, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	path := filepath.Join(s.dir, fileName(name))
	if err := s.present(path); err != nil {
		return err
	}
	unlock, err := s.lockDirectory(deadline)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.present(path); err != nil {
		return err
	}
	if err := Delete(path); err != nil {
		return err
	}
	s.mu.Lock()
	c := s.open[name]
	delete(s.open, name)
	s.mu.Unlock()
	if c != nil && c.lock(time.Until(deadline)) { // else whoever has it closes it
		c.close()
		c.unlock()
	}
	return nil
}

// Exists reports whether there is such a checkpoint.
func (s *Store) Exists(name string, limit time.Duration) (bool, error) {
	return found(s.with(name, false, limit, func(*connection) error { return nil }))
}

// found tells "there is none" from failure.
func found(err error) (bool, error) {
	if err == wire.NotExist {
		return false, nil
	}
	return err == nil, err
}

// present says whether something is in a checkpoint's place, and what is wrong if the directory is not there.
func (s *Store) present(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return systemFailed(path, err)
	}
	if _, err := os.Stat(s.dir); err != nil && !(s.make && errors.Is(err, os.ErrNotExist)) {
		return systemFailed(s.dir, err)
	}
	return wire.NotExist
}

// lockDirectory keeps others from opening, making and deleting files in the directory. The lock is free when this process
// has died.
func (s *Store) lockDirectory(deadline time.Time) (unlock func(), err error) {
	fd, err := unix.Open(s.dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, systemFailed(s.dir, err)
	}
	for {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() {
				_ = unix.Flock(fd, unix.LOCK_UN) // a forked child may have the descriptor, too
				_ = unix.Close(fd)
			}, nil
		case err != unix.EWOULDBLOCK && err != unix.EINTR:
			_ = unix.Close(fd)
			return nil, systemFailed(s.dir, err)
		case time.Now().After(deadline):
			_ = unix.Close(fd)
			return nil, wire.TryAgain
		}
		time.Sleep(lockPause)
	}
}

// with calls f with the connection to a checkpoint, which is made if need be. f may be called twice: what is wrong with a
// connection may be that something was wrong when it was made.
func (s *Store) with(name string, create bool, limit time.Duration, f func(*connection) error) error {
	deadline := time.Now().Add(limit)
	for {
		c := s.entry(name)
		if !c.lock(time.Until(deadline)) {
			return wire.TryAgain
		}
		if !s.holds(c) {
			c.unlock()
			continue
		}
		old := c.usable()
		err := s.reach(c, create, deadline)
		if err == nil {
			c.db.Wait(time.Until(deadline))
			err = c.try(f)
		}
		again := old && c.bad || err == wire.NotExist && c.db != nil && !c.db.current()
		s.leave(c)
		if !again || time.Now().After(deadline) {
			return err
		}
	}
}

// try calls f and looks at its error.
func (c *connection) try(f func(*connection) error) error {
	err := f(c)
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Busy() {
		return wire.TryAgain
	}
	c.bad = true
	return err
}

// entry finds or makes the entry of a checkpoint, and closes what was used least if there are too many.
func (s *Store) entry(name string) *connection {
	var old *connection
	s.mu.Lock()
	c := s.open[name]
	if c == nil {
		c = newConnection(s.dir, name)
		if len(s.open) >= connectionsMax {
			if old = s.idle(); old != nil {
				delete(s.open, old.name)
			}
		}
		s.open[name] = c
	}
	s.clock++
	c.used = s.clock
	s.mu.Unlock()
	if old != nil {
		old.close()
		old.unlock()
	}
	return c
}

// idle is the connection that was used least recently and is not in use, locked; nil if all are.
func (s *Store) idle() (least *connection) {
	for _, c := range s.open {
		if c.seatUsed() {
			s.clock++
			c.used = s.clock
		}
		if (least == nil || c.used < least.used) && c.lock(0) {
			if least != nil {
				least.unlock()
			}
			least = c
		}
	}
	return least
}

// holds reports whether the store still has this connection.
func (s *Store) holds(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[c.name] == c
}

// leave gives a connection back. One that is not open is forgotten; one that was forgotten meanwhile is closed.
func (s *Store) leave(c *connection) {
	s.mu.Lock()
	held := s.open[c.name] == c
	if held && (c.db == nil || s.released) {
		delete(s.open, c.name)
	}
	closing := !held || s.released
	s.mu.Unlock()
	if closing {
		c.close()
	}
	c.unlock()
}

// reach sees to it that a connection is open and to the right file. The caller has it locked.
func (s *Store) reach(c *connection, create bool, deadline time.Time) error {
	if c.usable() {
		return nil
	}
	c.close()
	if err := s.present(c.path); err != nil && !(err == wire.NotExist && create) {
		return err
	}
	unlock, err := s.lockDirectory(deadline)
	if err != nil {
		return err
	}
	defer unlock()
	err = c.open(create, s.relaxed, max(time.Until(deadline), time.Millisecond))
	var e *Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Busy():
		return wire.TryAgain
	case e.Code == wire.NotExist && !create:
		return wire.NotExist
	}
	return err
}
