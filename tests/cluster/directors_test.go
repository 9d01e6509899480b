package cluster

import (
	"fmt"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// Of five directors two may die, the leading one among them. With the third the cluster is headless: what is open works,
// metadata calls wait, and end with TRY_AGAIN. With one that comes back they succeed.
func TestFiveDirectors(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{Hosts: 5, Directors: 5}), func(t *testing.T, c *testcluster.Hosts) {
		on := startClient(t, c.Host(5), 2)
		on.open(0, "open", allReplicas, 0)
		on.must(0, "create a 0 0")
		made := 0
		metadata := func() {
			t.Helper()
			made++
			on.open(1, fmt.Sprint("made", made), allReplicas, 0)
			on.must(1, "close")
		}
		metadata()
		var dead []*testcluster.Host
		for range 2 {
			leader := leading(t, c)
			leader.Kill(testcluster.Director)
			dead = append(dead, leader)
			metadata()
			on.must(0, "write a %d", made)
		}
		third := leading(t, c)
		third.Kill(testcluster.Director)
		const limit = 3 * time.Second
		a := on.call(1, "open headless %d %d %d 0 %d", allReplicas, forReading|forWriting|creating, sectionsMax, limit.Milliseconds())
		if took := time.Duration(a.end - a.begin); a.code != tryAgain && a.code != timeout || took < limit-limit/10 || took > 2*limit {
			t.Errorf("opening without a majority ended with %d after %v, want %d or %d after %v", a.code, took, tryAgain, timeout, limit)
		}
		on.must(0, "write a 100")
		if a := on.must(0, "read a"); a.value != 100 {
			t.Errorf("without a majority it holds %d, want 100", a.value)
		}
		third.Start()
		third.AwaitReady()
		metadata()
		for _, h := range dead {
			h.Start()
			h.AwaitReady()
		}
		// All others are closed, and their retention is over.
		await(t, "what is closed is gone", func() bool { return len(list(t, c.Host(1))) == 1 })
		leading(t, c).Kill(testcluster.Director)
		metadata()
		on.must(0, "write a 101")
	})
}

// leading is the host of the director that leads.
func leading(t *testing.T, c *testcluster.Hosts) (leader *testcluster.Host) {
	t.Helper()
	await(t, "a director leads", func() bool {
		all := c.All()
		name := status(t, all[len(all)-1]).Director
		for _, h := range all {
			if h.Name == name && h.Running(testcluster.Director) {
				leader = h
				return true
			}
		}
		return false
	})
	return leader
}
