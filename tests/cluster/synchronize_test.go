package cluster

import (
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// Synchronize and SynchronizeAsync wait for a follower on another host, but not longer than they were told to, and not for
// one that has been dropped. After one that succeeded the active replica's host may be lost.
func TestSynchronize(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3}), func(t *testing.T, c *testcluster.Hosts) {
		const name = "synchronized"
		first, third := startClient(t, c.Host(1), 2), startClient(t, c.Host(3), 1)
		first.open(0, name, activeReplica|collocated, 0)
		first.must(0, "active")
		third.open(0, name, activeReplica|collocated, 0)
		first.must(0, "create a 1 0")
		awaitReplicas(t, c.Host(2), name, 2)
		first.must(0, "listen")

		c.Host(3).Pause(testcluster.Node)
		w := first.must(0, "write a 2") // does not wait for it; but if the machine is busy, the lease may be over by now
		dropped := time.Duration(w.end-w.begin) > 200*time.Millisecond
		const limit = 100 * time.Millisecond
		a := first.call(0, "synchronize %d", limit.Milliseconds())
		waited := a.code == timeout || a.code == tryAgain || dropped && a.code == ok
		if took := time.Duration(a.end - a.begin); !waited || took > limit+takeoverMax/2 {
			t.Errorf("Synchronize with a stopped follower: %d after %v, want %d or %d after %v", a.code, took, timeout, tryAgain, limit)
		}
		first.must(0, "synchronize-async 7")
		await(t, "SynchronizeAsync is answered although a follower is stopped", func() bool {
			return len(first.told("synchronized", "7")) == 1
		})
		if h := first.told("synchronized", "7")[0]; h.code != ok {
			t.Errorf("SynchronizeAsync: %d, want %d: the follower is dropped before the time of the call is over", h.code, ok)
		}
		if in := look(t, c.Host(2), name).InSync; len(in) != 1 {
			t.Errorf("Synchronize ended while the stopped follower counts: %v are in sync", in)
		}
		first.must(0, "synchronize %d", openTimeout.Milliseconds())

		c.Host(3).Resume(testcluster.Node)
		awaitReplicas(t, c.Host(2), name, 2)
		first.must(0, "write a 3")
		first.must(0, "synchronize-async 8")
		await(t, "SynchronizeAsync is answered", func() bool { return len(first.told("synchronized", "8")) == 1 })
		if h := first.told("synchronized", "8")[0]; h.code != ok {
			t.Errorf("SynchronizeAsync: %d, want %d", h.code, ok)
		}
		c.Host(1).PowerOff()
		third.until(notExist, 0, "read a")
		third.must(0, "active")
		if a := third.must(0, "read a"); a.value != 3 {
			t.Errorf("after the loss of the host that wrote it holds %d, want 3", a.value)
		}
	})
}
