package director

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
	"golang.org/x/sys/unix"
)

// StoreError says why a data directory can't be used, in one line.
type StoreError struct {
	Dir string
	Err error
}

func (e *StoreError) Error() string { return fmt.Sprintf("data directory %s: %v", e.Dir, e.Err) }

// Unwrap gives the reason.
func (e *StoreError) Unwrap() error { return e.Err }

// store is a director's data directory, open and locked.
type store struct {
	lock      *os.File
	meta      *metadb.BoltMetaDB
	log       *wal.WAL
	snapshots *raft.FileSnapshotStore

	last, base uint64 // entries: the last in the log, the last in the newest readable snapshot; 0 = none
	// origin tells the store from others, see Core.store; zero = nothing shows yet that its beginning is committed.
	origin [16]byte
}

// Keys of the stable store. The first two are raft's own.
var (
	keyTerm     = []byte("CurrentTerm")
	keyVoteTerm = []byte("LastVoteTerm")
	keyReached  = []byte("ckpt.reached") // an entry that the log has reached, see reach
)

// openStore makes the directory if need be, takes its lock, opens what is in it and reads all of it once: raft itself
// answers damage with a panic or, if a snapshot is missing, not at all.
func openStore(dir string, logger hclog.Logger) (s *store, err error) {
	s = &store{}
	defer func() {
		if p := recover(); p != nil { // bbolt's and raft's answer to damaged files
			err = damaged(fmt.Errorf("%v", p))
		}
		if err != nil {
			s.close()
			s, err = nil, &StoreError{dir, err}
		}
	}()
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o700); err != nil {
		return s, err
	}
	if s.lock, err = lockDirectory(dir); err != nil {
		return s, err
	}
	if err := metaPresent(dir); err != nil {
		return s, damaged(err)
	}
	s.meta = &metadb.BoltMetaDB{}
	if err := finishRotation(filepath.Join(dir, "log"), s.meta); err != nil {
		return s, damaged(err)
	}
	s.log, err = wal.Open(filepath.Join(dir, "log"), wal.WithMetaStore(s.meta), wal.WithSegmentSize(segmentBytes),
		wal.WithLogger(logger))
	if err != nil {
		s.log = nil
		return s, damaged(err)
	}
	if s.snapshots, err = raft.NewFileSnapshotStoreWithLogger(dir, snapshotsKept, logger); err != nil {
		return s, err
	}
	return s, s.verify()
}

func damaged(err error) error {
	var v *VersionError
	if errors.As(err, &v) {
		return err
	}
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	return fmt.Errorf("the store is damaged (%s); move the directory away and start again: checkpoints are then lost", text)
}

// metaPresent refuses a log without its metadata file: opening it would make a new one and delete the log.
func metaPresent(dir string) error {
	log := filepath.Join(dir, "log")
	switch info, err := os.Stat(filepath.Join(log, metadb.FileName)); {
	case err == nil && info.Size() > 0:
		return nil
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	for _, holds := range []struct{ dir, suffix string }{{log, ".wal"}, {filepath.Join(dir, "snapshots"), ""}} {
		entries, err := os.ReadDir(holds.dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), holds.suffix) {
				return fmt.Errorf("log/%s is missing or empty, but there is %s", metadb.FileName, e.Name())
			}
		}
	}
	return nil
}

// lockDirectory takes the lock that makes the directory one process' own.
func lockDirectory(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock: %w", err)
		}
		holder := make([]byte, 20)
		n, _ := f.Read(holder)
		return nil, fmt.Errorf("in use by process %s", strings.TrimSpace(string(holder[:n])))
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.WriteAt([]byte(fmt.Sprintln(os.Getpid())), 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// verify reads the newest snapshot that can be read and the log after it.
func (s *store) verify() error {
	first, err := s.log.FirstIndex()
	if err != nil {
		return damaged(err)
	}
	last, err := s.log.LastIndex()
	if err != nil {
		return damaged(err)
	}
	if last, err = dropFilling(s.log, first, last); err != nil {
		return damaged(err)
	}
	base, err := s.snapshotEnd()
	if err != nil {
		return err
	}
	s.last, s.base = last, base
	if last > 0 && first > base+1 {
		return damaged(fmt.Errorf("the log begins at entry %d, the newest readable snapshot ends at %d", first, base))
	}
	var begun [16]byte
	for i := max(first, 1); i <= last; i++ {
		var entry raft.Log
		if err := s.log.GetLog(i, &entry); err != nil {
			return damaged(fmt.Errorf("log entry %d: %w", i, err))
		}
		if entry.Type != raft.LogCommand || i <= base {
			continue
		}
		c, err := DecodeCommand(entry.Data)
		if err != nil {
			return damaged(fmt.Errorf("log entry %d: %w", i, err))
		}
		if f, ok := c.(*Found); !ok && s.origin == [16]byte{} {
			s.origin = begun // other commands are proposed only after that one was committed
		} else if ok && begun == [16]byte{} {
			begun = f.Cluster
		}
	}
	return nil
}

// snapshotEnd is the last log entry in the newest snapshot that can be read; 0 without a snapshot.
func (s *store) snapshotEnd() (uint64, error) {
	list, err := s.snapshots.List()
	if err != nil {
		return 0, damaged(err)
	}
	var reason error
	for _, meta := range list {
		_, r, err := s.snapshots.Open(meta.ID)
		if err == nil {
			var b []byte
			if b, err = io.ReadAll(r); err == nil {
				var k *Core
				if k, err = RestoreCore(b); err == nil {
					s.origin = k.store
				}
			}
			r.Close()
		}
		var v *VersionError
		if errors.As(err, &v) {
			return 0, err
		}
		if err == nil {
			return meta.Index, nil
		}
		reason = fmt.Errorf("snapshot %s: %w", meta.ID, err)
	}
	if reason != nil {
		return 0, damaged(reason)
	}
	return 0, nil
}

// reach notes the end of the log, for complete to find it cut off later. It is called when the director starts and when
// it has stopped.
func (s *store) reach() error {
	last, err := s.log.LastIndex()
	if err != nil {
		return err
	}
	return s.log.SetUint64(keyReached, last)
}

// complete refuses the store of a director without others if its log has lost entries at its end: the library takes a
// file that is missing or ends early for one that was never written to. (A director with others may have entries
// replaced by the leader's, and gets those it lacks from it.)
func (s *store) complete() error {
	var values [3]uint64
	for i, key := range [...][]byte{keyTerm, keyVoteTerm, keyReached} {
		var err error
		if values[i], err = s.log.GetUint64(key); err != nil {
			return damaged(err)
		}
	}
	term, vote, reached := values[0], values[1], max(values[2], s.base)
	switch {
	case s.last < reached:
		return damaged(fmt.Errorf("the log ends at entry %d, it had reached entry %d", s.last, reached))
	case s.last == 0 && vote > 0:
		return damaged(fmt.Errorf("the log is empty, the director had been elected in term %d", vote))
	case s.last == 0 && term > 0:
		// Ended between the two steps in which raft begins a group: nothing has been written yet.
		return s.log.SetUint64(keyTerm, 0)
	}
	return nil
}

func (s *store) close() {
	if s.log != nil {
		s.log.Close()
	}
	if s.meta != nil {
		s.meta.Close()
	}
	if s.lock != nil {
		s.lock.Close()
	}
}
