package segment

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The test binary starts itself again as the processes that some tests need: the role is in the environment.
const (
	roleVariable = "CKPT_SEGMENT_TEST_ROLE"
	dirVariable  = "CKPT_SEGMENT_TEST_DIR" // holds the segment and the board
	seedVariable = "CKPT_SEGMENT_TEST_SEED"
)

var roles = map[string]func(dir string, seed uint64) error{
	"killed-writer":  killedWriter,
	"cut-off-writer": cutOffWriter,
	"torture-writer": tortureWriter,
	"torture-reader": tortureReader,
	"filling-writer": fillingWriter,
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	seed, _ := strconv.ParseUint(os.Getenv(seedVariable), 10, 64)
	if err := roles[role](os.Getenv(dirVariable), seed); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		os.Exit(1)
	}
}

// startRole starts a process that dies with the test binary at the latest.
func startRole(t *testing.T, role, dir string, seed uint64) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+dir, seedVariable+"="+strconv.FormatUint(seed, 10))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// soakTime is how long a test over processes runs: usual, or CKPT_SOAK_SECONDS.
func soakTime(t *testing.T, usual time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv("CKPT_SOAK_SECONDS")
	if text == "" {
		return usual
	}
	seconds, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("CKPT_SOAK_SECONDS=%q: %v", text, err)
	}
	return time.Duration(seconds) * time.Second
}

// board is memory that the processes of a test share, beside the segment.
type board struct {
	stop     atomic.Uint64
	acked    atomic.Uint64 // number of the last update whose Apply has returned
	noSpace  atomic.Uint64 // updates that found no space
	reads    atomic.Uint64 // answered
	asks     atomic.Uint64 // not answered
	sections [1024]struct {
		started atomic.Uint64 // number of the last update begun that changes it
		acked   atomic.Uint64 // the last one done, times 2, plus 1 if the section exists after it
	}
}

func openBoard(dir string) (*board, error) {
	f, err := os.OpenFile(dir+"/board", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int(unsafe.Sizeof(board{}))
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(size)); err != nil {
		return nil, err
	}
	b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*board)(unsafe.Pointer(unsafe.SliceData(b))), nil
}

func mustBoard(t *testing.T, dir string) *board {
	t.Helper()
	b, err := openBoard(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(b)), unsafe.Sizeof(*b))) })
	return b
}

// waitFor polls a condition that another process makes true, without rest: what follows is timed to microseconds.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func segmentIn(dir string) string { return dir + "/" + FileName(testIdentity.Checkpoint) }

// createIn makes the readable replica that processes of a test work on, and closes it.
func createIn(t *testing.T, dir string) {
	t.Helper()
	r, err := Create(dir, testIdentity, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetState(readable)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// checksum of a torture section's content beyond its first 16 bytes.
func checksum(number uint64, content []byte) uint64 {
	h := number * 0x9E3779B97F4A7C15
	for ; len(content) >= 8; content = content[8:] {
		h = (h ^ binary.LittleEndian.Uint64(content)) * 0xBF58476D1CE4E5B9
		h ^= h >> 29
	}
	for _, c := range content {
		h = (h ^ uint64(c)) * 0xBF58476D1CE4E5B9
	}
	return h
}

// stop sends SIGSTOP and waits until the process does not run any more.
func stop(t *testing.T, p *os.Process) {
	t.Helper()
	if err := p.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "all threads of a process stopped", func() bool {
		tasks := fmt.Sprintf("/proc/%d/task", p.Pid)
		threads, err := os.ReadDir(tasks)
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range threads {
			text, err := os.ReadFile(tasks + "/" + thread.Name() + "/stat")
			if err == nil && !strings.Contains(string(text), ") T ") {
				return false
			}
		}
		return true
	})
}

// undoWord returns the undo word of a segment nobody writes to.
func undoWord(t *testing.T, path string) uint64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var word [8]byte
	if _, err := f.ReadAt(word[:], undoAt); err != nil {
		t.Fatal(err)
	}
	return binary.LittleEndian.Uint64(word[:])
}
