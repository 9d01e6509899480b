package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// A node director that was away comes back with its old segments, or with none: what changed meanwhile has changed on its
// host, and what is gone stays gone.
func TestReturn(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3}), func(t *testing.T, c *testcluster.Hosts) {
		for round, leaves := range []struct {
			how  string
			away func(h *testcluster.Host)
			lost bool // with its memory and its applications
		}{
			{"old segments", func(h *testcluster.Host) { h.Kill(testcluster.Node) }, false},
			{"empty", func(h *testcluster.Host) { h.PowerOff() }, true},
		} {
			t.Run(leaves.how, func(t *testing.T) {
				kept, unlinked, remade := fmt.Sprint("kept", round), fmt.Sprint("unlinked", round), fmt.Sprint("remade", round)
				near, far := startClient(t, c.Host(1), 2), startClient(t, c.Host(3), 2)
				for _, name := range []string{unlinked, remade} { // held by nobody: their retention lasts
					far.open(0, name, allReplicas, time.Hour)
					far.must(0, "create a 1 0")
					awaitReplicas(t, c.Host(1), name, 2)
					far.must(0, "close")
				}
				near.open(0, kept, allReplicas|collocated, time.Hour)
				far.open(0, kept, allReplicas|collocated, time.Hour)
				for _, section := range []string{"changed", "deleted", "same"} {
					near.must(0, "create %s 1 0", section)
				}
				awaitReplicas(t, c.Host(1), kept, 2)
				leaves.away(c.Host(3))
				near.must(0, "write changed 2")
				near.must(0, "delete deleted")
				near.must(0, "create new 3 0")
				near.must(0, "unlink %s", unlinked)
				near.must(0, "unlink %s", remade)
				near.open(1, remade, allReplicas|collocated, time.Hour)
				near.must(1, "create a 2 0")
				c.Host(3).Start()
				c.Host(3).AwaitReady()
				if leaves.lost {
					far = startClient(t, c.Host(3), 2)
					far.open(0, kept, allReplicas|collocated, time.Hour)
				}
				for section, want := range map[string]uint64{"changed": 2, "new": 3, "same": 1} {
					if a := far.must(0, "read %s", section); a.value != want {
						t.Errorf("section %s holds %d on the host that has come back, want %d", section, a.value, want)
					}
				}
				far.until(notExist, 0, "read deleted")
				far.until(notExist, 1, "open %s 0 %d 0 0 %d", unlinked, forReading, openTimeout.Milliseconds())
				far.open(1, remade, allReplicas|collocated, time.Hour)
				if a := far.must(1, "read a"); a.value != 2 {
					t.Errorf("a checkpoint that was unlinked and made anew holds %d on the host that has come back, want 2", a.value)
				}
				awaitReplicas(t, c.Host(1), kept, 2)
				awaitReplicas(t, c.Host(1), remade, 2)
				await(t, "the host has no replica of what was unlinked", func() bool { return holdsWhatIsListed(t, c.Host(3)) })
				if look(t, c.Host(2), unlinked).Name != "" {
					t.Errorf("%s is back", unlinked)
				}
			})
		}
	})
}

// All directors lose their stores, while programs work on three hosts: they go on, and after a rebuild every checkpoint is
// what it was, under its number; the new directors survive a restart.
func TestStoresLost(t *testing.T) {
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3}), func(t *testing.T, c *testcluster.Hosts) {
		l := startLoad(t, c, "rebuilt")
		l.awaitWorking()
		l.awaitReplicas()
		before := map[string]listed{}
		for _, r := range []*record{l.sync, l.async} {
			before[r.name] = look(t, c.Host(1), r.name)
		}
		l.during(0, func() error {
			for _, h := range c.All() {
				h.Kill(testcluster.Director)
				h.LoseStore()
			}
			l.awaitCalls(callsAround)
			for _, h := range c.All() {
				h.Start()
			}
			return nil
		}, func() error {
			for _, h := range c.All() {
				h.AwaitReady()
			}
			l.awaitCalls(callsAround)
			await(t, "a rebuild begins and nothing waits", func() bool {
				out, good := command(c.Host(2), "director", "rebuild")
				return good && out == "nothing that was announced waits"
			})
			return nil
		})
		for name, was := range before {
			is := listed{}
			await(t, "the directors know again who has it open", func() bool {
				is = look(t, c.Host(2), name)
				return len(is.Open) == len(was.Open)
			})
			if is.Number != was.Number {
				t.Errorf("after the rebuild: %+v, want %+v", is, was)
			}
		}
		l.during(0, func() error {
			for _, h := range c.All() {
				h.Kill(testcluster.Director)
			}
			return nil
		}, func() error {
			for _, h := range c.All() {
				h.Start()
			}
			for _, h := range c.All() {
				h.AwaitReady()
			}
			return nil
		})
		l.finish(new(tally))
		if out, good := command(c.Host(1), "director", "rebuild", "--end"); !good {
			t.Errorf("ckpt director rebuild --end: %s", out)
		}
	})
}

// The host with all updates does not come back in time: an operator makes an older copy the valid one, which nothing else
// does. What comes back later does not win over it.
func TestRecover(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3}), func(t *testing.T, c *testcluster.Hosts) {
		first, second := startClient(t, c.Host(1), 1), startClient(t, c.Host(2), 1)
		first.open(0, "recovered", allReplicas|collocated, time.Hour)
		second.open(0, "recovered", allReplicas|collocated, time.Hour)
		first.must(0, "create a 1 0")
		awaitReplicas(t, c.Host(3), "recovered", 2)
		c.Host(2).Kill(testcluster.Node)
		first.must(0, "write a 2") // host 2 is dropped for it
		await(t, "host 1 alone is in sync", func() bool { return len(look(t, c.Host(3), "recovered").InSync) == 1 })
		c.Host(1).Kill(testcluster.Node) // its segments stay: it could come back with the update
		if !c.Host(1).Has(testcluster.Server) {
			c.Host(1).Kill(testcluster.Director) // its bus is gone with the node director
		}
		c.Host(2).Start()
		c.Host(2).AwaitReady()
		if a := second.call(0, "read a"); a.code == ok {
			t.Errorf("a copy that lacks an update was read: %d", a.value)
		}
		if out, good := command(c.Host(3), "recover", "recovered", "--from", "n2"); good {
			t.Errorf("recover without --accept-loss: %s", out)
		}
		await(t, "the operator can make the copy valid", func() bool {
			_, good := command(c.Host(3), "recover", "recovered", "--from", "n2", "--accept-loss")
			return good
		})
		if a := second.must(0, "read a"); a.value != 1 {
			t.Errorf("the recovered copy holds %d, want 1", a.value)
		}
		second.must(0, "write a 3")
		c.Host(1).Start()
		c.Host(1).AwaitReady()
		awaitReplicas(t, c.Host(3), "recovered", 2)
		first.awaitValue(0, "a", 3)
		first.must(0, "write a 4")
		if a := second.must(0, "read a"); a.value != 4 {
			t.Errorf("it holds %d on host 2, want 4", a.value)
		}
	})
}

// holdsWhatIsListed tells whether a host's node director has as many replicas as the directors say.
func holdsWhatIsListed(t testing.TB, h *testcluster.Host) bool {
	t.Helper()
	listed := 0
	for _, c := range list(t, h) {
		if slices.Contains(c.InSync, h.Name) || slices.Contains(c.Joining, h.Name) {
			listed++
		}
	}
	return status(t, h).Replicas == listed
}
