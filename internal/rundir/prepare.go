package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Prepare makes dir and its parents if needed, with the given permissions. A directory that exists must belong to this
// user or to root and must not be writable by others: whoever can write there could answer in the service's place.
func Prepare(dir string, mode os.FileMode) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("directory %q is not an absolute path", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Type() == os.ModeSymlink {
		if err := trusted(dir, info); err != nil {
			return err
		}
		if info, err = os.Stat(dir); err != nil {
			return err
		}
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("%s may be written by every user: run chmod o-w on it or choose another directory", dir)
	}
	return trusted(dir, info)
}

func trusted(path string, info os.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 || int(st.Uid) == os.Geteuid() {
		return nil
	}
	return fmt.Errorf("%s belongs to user %d: choose another directory", path, st.Uid)
}

// InMemory reports whether files in dir live in memory (tmpfs), as replicas are meant to.
func InMemory(dir string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return true // a directory that can't be examined fails soon enough, with a better message
	}
	return st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC
}

// HeldError says that another process holds a lock.
type HeldError struct {
	Path string
	Pid  int // 0 = unknown
}

func (e *HeldError) Error() string {
	holder := "another process"
	if e.Pid != 0 {
		holder = "process " + strconv.Itoa(e.Pid)
	}
	return fmt.Sprintf("%s is in use: %s holds %s", filepath.Dir(e.Path), holder, filepath.Base(e.Path))
}

// Lock takes the exclusive lock on the file path, without waiting, and writes the process id into it. The lock is free
// when the file is closed or the process has died. It returns *HeldError if another process has the lock.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		held := &HeldError{Path: path}
		b := make([]byte, 16)
		n, _ := f.ReadAt(b, 0)
		held.Pid, _ = strconv.Atoi(strings.TrimSpace(string(b[:n])))
		return nil, held
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}
