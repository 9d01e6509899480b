package scale

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// segmentsDir is where node 1 keeps its replicas.
func segmentsDir(c *testcluster.Cluster) string { return filepath.Join(c.RunDir(1), "segments") }

// segments gives the bytes of memory that each replica on node 1 takes.
func segments(t testing.TB, c *testcluster.Cluster) map[string]int64 {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(segmentsDir(c), "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(map[string]int64)
	for _, f := range files {
		var st syscall.Stat_t
		if err := syscall.Stat(f, &st); err != nil {
			t.Fatal(err)
		}
		sizes[f] = st.Blocks * 512
	}
	return sizes
}

// onlySegment is the memory that the only replica of node 1 takes.
func onlySegment(t testing.TB, c *testcluster.Cluster) int64 {
	t.Helper()
	sizes := segments(t, c)
	if len(sizes) != 1 {
		t.Fatalf("%d replicas, want 1", len(sizes))
	}
	for _, n := range sizes {
		return n
	}
	return 0
}

// total is the memory of all replicas of node 1.
func total(t testing.TB, c *testcluster.Cluster) (bytes int64) {
	t.Helper()
	for _, n := range segments(t, c) {
		bytes += n
	}
	return bytes
}

// awaitGivenBack waits until no replica is left on node 1 and none of the processes holds on to one that was deleted: as long as
// one has it mapped or open its memory is not free.
func awaitGivenBack(t testing.TB, c *testcluster.Cluster, pids ...int) {
	t.Helper()
	held := func() string {
		for f := range segments(t, c) {
			return f + " is there"
		}
		for _, pid := range pids {
			if f := holds(t, pid, segmentsDir(c)); f != "" {
				return fmt.Sprintf("process %d holds %s", pid, f)
			}
		}
		return ""
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		what := held()
		if what == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("memory is not given back: %s", what)
		}
	}
}

// holds finds a replica that a process has mapped or open.
func holds(t testing.TB, pid int, dir string) string {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, dir) && strings.Contains(line, ".seg") {
			return strings.TrimSpace(line)
		}
	}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && strings.HasPrefix(target, dir) && strings.Contains(target, ".seg") {
			return target
		}
	}
	return ""
}

// free is the memory that is left in the file system of a directory, in bytes.
func free(t testing.TB, dir string) uint64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return st.Bavail * uint64(st.Bsize)
}
