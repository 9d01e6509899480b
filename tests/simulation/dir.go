package simulation

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// runDir is the directory for the segments of one run, on a tmpfs if there is one. A lock on a file in it lasts as long as
// the process: so the next one can tell what was left behind.
type runDir struct {
	path string
	lock *os.File
}

const (
	dirPattern = "ckpt-simulation-"
	lockName   = "lock"
	// youngDir is the age from which a directory without a lock is not one that is just being made.
	youngDir = time.Minute
)

var sweepOnce sync.Once

func newRunDir() (*runDir, error) {
	parent := "/dev/shm"
	if _, err := os.Stat(parent); err != nil {
		parent = os.TempDir()
	}
	sweepOnce.Do(func() { sweep(parent) })
	path, err := os.MkdirTemp(parent, dirPattern)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(path)
	if err != nil {
		os.RemoveAll(path)
		return nil, err
	}
	return &runDir{path, lock}, nil
}

// lockDir takes a directory; closing the file, or the end of the process, gives it back.
func lockDir(path string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

func (d *runDir) remove() {
	os.RemoveAll(d.path)
	d.lock.Close()
}

// sweep removes what runs have left that were killed. What can't be removed belongs to another user.
func sweep(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, dirPattern+"*"))
	for _, path := range left {
		if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) < youngDir {
			continue
		}
		if lock, err := lockDir(path); err == nil {
			os.RemoveAll(path)
			lock.Close()
		}
	}
}
