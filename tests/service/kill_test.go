package service

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// loaded is the program testdata/load.c under way.
type loaded struct{ program }

func startLoad(t *testing.T, c *testcluster.Cluster) loaded {
	t.Helper()
	l := loaded{start(t, c.Env(), "load", "load")}
	l.expect("open")
	l.awaitWrites(200)
	return l
}

// counts are the writes acknowledged and the reads done so far.
func (l loaded) counts() (writes, reads int) {
	l.t.Helper()
	last := l.Last()
	if _, err := fmt.Sscanf(last, "count %d %d", &writes, &reads); err != nil && last != "open" {
		l.t.Fatalf("load said %q", last)
	}
	return writes, reads
}

func (l loaded) awaitWrites(more int) {
	l.t.Helper()
	before, _ := l.counts()
	until(l.t, fmt.Sprintf("%d more writes than %d", more, before), func() bool { w, _ := l.counts(); return w >= before+more })
}

func (l loaded) awaitReads(more int) {
	l.t.Helper()
	_, before := l.counts()
	until(l.t, fmt.Sprintf("%d more reads than %d", more, before), func() bool { _, r := l.counts(); return r >= before+more })
}

// end stops the load, which then checks that nothing acknowledged is lost.
func (l loaded) end() {
	l.t.Helper()
	l.Signal(syscall.SIGTERM)
	var writes, reads, slowestRead, slowestWrite int
	line := l.line()
	if _, err := fmt.Sscanf(line, "end %d %d %d %d", &writes, &reads, &slowestRead, &slowestWrite); err != nil {
		l.t.Fatalf("load said %q", line)
	}
	l.t.Logf("%d writes, %d reads, slowest read %d µs, slowest write %d µs", writes, reads, slowestRead, slowestWrite)
}

// rounds is how often each daemon is killed in one test.
func rounds() int {
	if soak {
		return 50
	}
	return 3
}

func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options testcluster.Options
		kill    func(*testcluster.Cluster)
		restart func(*testing.T, *testcluster.Cluster)
		// writing: writes go on while it is dead
		writing bool
	}{
		{"everything", testcluster.Options{},
			func(c *testcluster.Cluster) { c.Kill() }, func(t *testing.T, c *testcluster.Cluster) { c.Restart(t) }, false},
		{"ckptnd with embedded bus", testcluster.Options{Separate: true},
			func(c *testcluster.Cluster) { c.KillNode(1) }, func(t *testing.T, c *testcluster.Cluster) { c.RestartNode(t, 1) }, false},
		{"ckptnd", testcluster.Options{External: true},
			func(c *testcluster.Cluster) { c.KillNode(1) }, func(t *testing.T, c *testcluster.Cluster) { c.RestartNode(t, 1) }, false},
		{"ckptd", testcluster.Options{Separate: true},
			func(c *testcluster.Cluster) { c.KillDirector() }, func(t *testing.T, c *testcluster.Cluster) { c.RestartDirector(t) }, true},
		{"nats-server", testcluster.Options{External: true},
			func(c *testcluster.Cluster) { c.KillBus() }, func(t *testing.T, c *testcluster.Cluster) { c.RestartBus(t) }, false},
		{"all with an external bus", testcluster.Options{External: true},
			func(c *testcluster.Cluster) { c.Kill(); c.KillBus() }, func(t *testing.T, c *testcluster.Cluster) { c.Restart(t) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cluster := testcluster.Start(t, c.options)
			l := startLoad(t, cluster)
			for range rounds() {
				c.kill(cluster)
				l.awaitReads(10_000) // during the outage
				if c.writing {
					l.awaitWrites(200)
				}
				c.restart(t, cluster)
				l.awaitWrites(200)
			}
			l.end()
			matches(t, succeeds(t, cluster, "show", "load"), `^sections +32 of 32, 0 corrupted$`)
			status := decode[struct{ Malformed int }](t, succeeds(t, cluster, "status", "--json"))
			if status.Malformed != 0 {
				t.Errorf("%d malformed messages", status.Malformed)
			}
		})
	}
}

// asked is the program testdata/ask.c under way.
type asked struct{ program }

func startAsk(t *testing.T, c *testcluster.Cluster, name string) asked {
	t.Helper()
	a := asked{start(t, c.Env(), "ask", name)}
	a.expect("ready")
	return a
}

// do makes a call; its result is a SaAisErrorT.
func (a asked) do(command string) (result int, took time.Duration, text string) {
	a.t.Helper()
	a.say(command)
	return a.answer()
}

func (a asked) answer() (result int, took time.Duration, text string) {
	a.t.Helper()
	line := a.line()
	var call string
	var ms int
	if n, _ := fmt.Sscanf(line, "%s %d %d %s", &call, &result, &ms, &text); n < 3 {
		a.t.Fatalf("ask said %q", line)
	}
	return result, time.Duration(ms) * time.Millisecond, text
}

const (
	aisOK       = 1
	aisTimeout  = 5
	aisTryAgain = 6
)

// A call waits its ten seconds for the node director, and then says truly whether it may have been done.
func TestWriteDuringLongOutage(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	a := startAsk(t, c, "x")
	if result, _, _ := a.do("write before"); result != aisOK {
		t.Fatalf("write: %d", result)
	}
	c.Kill()
	if result, took, text := a.do("read"); result != aisOK || text != "before" || took > time.Second {
		t.Errorf("read during the outage: %d after %v, %q", result, took, text)
	}
	result, took, _ := a.do("write during")
	if result != aisTryAgain && result != aisTimeout || took < 9500*time.Millisecond || took > 12*time.Second {
		t.Errorf("write during the outage: %d after %v, want TRY_AGAIN or TIMEOUT after 10 s", result, took)
	}
	c.Restart(t)
	_, _, text := a.do("read")
	if result == aisTryAgain && text != "before" {
		t.Errorf("a write that ended with TRY_AGAIN was done: %q", text)
	}
	if result, took, _ := a.do("write after"); result != aisOK {
		t.Errorf("write afterwards: %d after %v", result, took)
	}
	if _, _, text := a.do("read"); text != "after" {
		t.Errorf("%q", text)
	}
}

// A call that is made during a short outage succeeds once that is over.
func TestCallsWaitForShortOutage(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"write during", "open"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			c := testcluster.Start(t, testcluster.Options{Separate: true})
			a := startAsk(t, c, "x")
			c.KillNode(1)
			a.say(call)
			c.RestartNode(t, 1)
			if result, took, _ := a.answer(); result != aisOK {
				t.Errorf("%d after %v", result, took)
			}
		})
	}
}

// Reads and writes of what is open need no director; what needs one waits for it.
func TestDirectorOutage(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Separate: true})
	a := startAsk(t, c, "x")
	c.KillDirector()
	if result, took, _ := a.do("write meanwhile"); result != aisOK || took > time.Second {
		t.Errorf("write: %d after %v", result, took)
	}
	if result, _, text := a.do("read"); result != aisOK || text != "meanwhile" {
		t.Errorf("read: %d %q", result, text)
	}
	a.say("open")
	c.RestartDirector(t)
	if result, took, _ := a.answer(); result != aisOK {
		t.Errorf("open: %d after %v", result, took)
	}
}
