package nodedirector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// dirLock holds a directory for one node director at a time. The lock goes with the process; its file stays.
type dirLock struct{ f *os.File }

// lockName is the file that is locked. It says who holds the lock and which incarnation of the node director it is.
const lockName = "node.lock"

// lockDir takes a directory, or says who has it. The incarnation returned is greater than that of every earlier holder,
// whatever the clock says.
func lockDir(dir string) (l *dirLock, incarnation uint64, err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, 0, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		pid, _ := readLock(f)
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, 0, fmt.Errorf("directory %s is in use by the node director with process id %d", dir, pid)
		}
		return nil, 0, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	_, last := readLock(f)
	incarnation = max(last+1, uint64(time.Now().UnixNano()))
	text := fmt.Sprintf("%d %d\n", os.Getpid(), incarnation)
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(text), 0)
	}
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("write %s: %w", f.Name(), err)
	}
	return &dirLock{f}, incarnation, nil
}

func readLock(f *os.File) (pid int, incarnation uint64) {
	b := make([]byte, 64)
	n, _ := f.ReadAt(b, 0)
	fields := strings.Fields(string(b[:n]))
	if len(fields) == 2 {
		pid, _ = strconv.Atoi(fields[0])
		incarnation, _ = strconv.ParseUint(fields[1], 10, 64)
	}
	return pid, incarnation
}

func (l *dirLock) release() { l.f.Close() }
