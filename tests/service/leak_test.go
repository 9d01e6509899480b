package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// resources are what a process or directory uses.
type resources struct {
	descriptors, residentKiB int
}

func resourcesOf(t *testing.T, pid int) resources {
	t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	if err != nil {
		t.Fatal(err)
	}
	return resources{len(fds), pages * os.Getpagesize() / 1024}
}

// segments counts replica files and what they occupy.
func segments(t *testing.T, c *testcluster.Cluster) (files int) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(c.RunDir(1), "segments", "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// residentSlackKiB is what a garbage-collected process may grow by without a leak: its heap at rest is not a constant.
const residentSlackKiB = 16 << 10

// After many cycles application, daemons and segments are where they were after a few.
func TestNothingLeaks(t *testing.T) {
	if !soak {
		t.Parallel()
	}
	opens, writes := "700", "7000"
	if soak {
		opens, writes = "33000", "330000"
	}
	c := testcluster.Start(t, testcluster.Options{Separate: true})
	p := start(t, c.Env(), "cycle", opens, writes)
	type state struct {
		app      resources
		daemons  []resources
		segments int
	}
	round := func() (s state) {
		p.say("go")
		line := p.Line(20 * patience)
		if _, err := fmt.Sscanf(line, "done %d %d", &s.app.descriptors, &s.app.residentKiB); err != nil {
			t.Fatalf("cycle said %q", line)
		}
		for _, pid := range c.Pids() {
			s.daemons = append(s.daemons, resourcesOf(t, pid))
		}
		s.segments = segments(t, c)
		return s
	}
	first := round()
	var last state
	for range 3 {
		last = round()
	}
	// The session of the round before ends in the background.
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		more := false
		for i, pid := range c.Pids() {
			last.daemons[i] = resourcesOf(t, pid)
			more = more || last.daemons[i].descriptors > first.daemons[i].descriptors+1
		}
		if !more {
			break
		}
	}
	if last.app.descriptors > first.app.descriptors {
		t.Errorf("application: %d descriptors, %d at first", last.app.descriptors, first.app.descriptors)
	}
	if last.app.residentKiB > first.app.residentKiB+residentSlackKiB {
		t.Errorf("application: %d KiB resident, %d at first", last.app.residentKiB, first.app.residentKiB)
	}
	for i, d := range last.daemons {
		if d.descriptors > first.daemons[i].descriptors+1 {
			t.Errorf("daemon %d: %d descriptors, %d at first", i, d.descriptors, first.daemons[i].descriptors)
		}
		if d.residentKiB > first.daemons[i].residentKiB+residentSlackKiB {
			t.Errorf("daemon %d: %d KiB resident, %d at first", i, d.residentKiB, first.daemons[i].residentKiB)
		}
	}
	if last.segments != first.segments {
		t.Errorf("%d segments, %d at first", last.segments, first.segments)
	}
	t.Logf("first %+v, last %+v", first, last)
}
