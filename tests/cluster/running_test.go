package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// Daemons are restarted one after the other, as in an upgrade: no call fails, calls only wait.
func TestRollingRestart(t *testing.T) {
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3}), func(t *testing.T, c *testcluster.Hosts) {
		l := startLoad(t, c, "rolling")
		for _, part := range []testcluster.Part{testcluster.Node, testcluster.Director, testcluster.Server} {
			for _, h := range c.All() {
				if !h.Has(part) {
					continue
				}
				l.during(0, func() error { h.Stop(part); return nil }, func() error { h.Start(); h.AwaitReady(); return nil })
			}
		}
		var y tally
		l.finish(&y)
		for _, r := range []*record{l.sync, l.async} {
			if r.refused != 0 || r.unknown != 0 {
				t.Errorf("%s: %d calls were refused with TRY_AGAIN, %d have an unknown result", r.name, r.refused, r.unknown)
			}
		}
	})
}

// Without directors reading and writing go on at full pace; opening waits for them.
func TestHeadless(t *testing.T) {
	onBoth(t, testcluster.HostsOptions{}, func(t *testing.T, c *testcluster.Hosts) {
		l := startLoad(t, c, "headless")
		on := c.All()[0]
		late := startClient(t, on, 1)
		opened := make(chan answer, 1)
		l.during(3*time.Second, func() error {
			c.Host(1).Kill(testcluster.Director)
			go func() {
				opened <- late.call(0, "open later %d %d 10 0 %d", allReplicas, forReading|forWriting|creating,
					openTimeout.Milliseconds())
			}()
			before := l.sync.count()
			l.awaitCalls(10 * callsAround)
			t.Logf("%d calls without a director", l.sync.count()-before)
			return nil
		}, func() error {
			select {
			case a := <-opened:
				t.Errorf("a checkpoint was opened without a director: %d", a.code)
			default:
			}
			c.Host(1).Start()
			c.Host(1).AwaitReady()
			if a := <-opened; a.code != ok {
				t.Errorf("opening ended with %d when the director was back, want %d", a.code, ok)
			}
			return nil
		})
		var y tally
		l.finish(&y)
	})
}

// Hosts join while others work: their replicas get everything, and calls on them are right from the first one on.
func TestJoining(t *testing.T) {
	c := testcluster.StartHosts(t, testcluster.HostsOptions{Hosts: 4})
	l := startLoadOn(t, c, "joining", c.All()[:1])
	const ballast = 500
	for i := range ballast { // something to copy
		l.clients[0].must(testThread, "create ballast%d %d 0", i, values.Add(1))
	}
	for _, h := range c.All()[1:] {
		l.during(0, func() error { l.add(h); return nil }, func() error { return nil })
		for i := 0; i < ballast; i += 50 {
			l.clients[len(l.clients)-1].must(testThread, "read ballast%d", i)
		}
	}
	var y tally
	l.finish(&y)
}

// A process on a killed host is taken over by one on another: not a word is lost or counted twice.
func TestTakeover(t *testing.T) {
	onBoth(t, fast(testcluster.HostsOptions{}), func(t *testing.T, c *testcluster.Hosts) {
		text := filepath.Join(testcluster.Root(), "examples", "text.txt")
		content, err := os.ReadFile(text)
		if err != nil {
			t.Fatal(err)
		}
		active := c.Host(3).Run(nil, "examples/takeover", "active", text, "20")
		awaitLine(t, active, "active: counting")
		standby := c.Host(2).Run(nil, "examples/takeover", "standby", text)
		awaitLine(t, standby, "standby: waiting")
		time.Sleep(1500 * time.Millisecond) // how far the active comes
		c.Host(3).PowerOff()
		taken := awaitLine(t, standby, "standby: the active is silent after")
		total := awaitLine(t, standby, fmt.Sprintf("%d words in %d lines", len(strings.Fields(string(content))),
			strings.Count(string(content), "\n")))
		t.Logf("%s; %s", taken, total)
		if err := standby.End(); err != nil {
			t.Error(err)
		}
	})
}

// awaitLine waits for a line that begins so and returns it.
func awaitLine(t testing.TB, p *testcluster.Program, prefix string) string {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case line, open := <-p.Lines:
			if !open {
				t.Fatalf("the program ended before it said %q", prefix)
			}
			if strings.HasPrefix(line, prefix) {
				return line
			}
			t.Log(line)
		case <-limit:
			t.Fatalf("no line %q within %v", prefix, patience)
		}
	}
}
