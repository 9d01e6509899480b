package cluster

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// Many writers at once, on one checkpoint and on many, from every host: every call succeeds.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	onBoth(t, testcluster.HostsOptions{Directors: 3}, func(t *testing.T, c *testcluster.Hosts) {
		for _, flags := range []int{allReplicas | collocated, activeReplica} {
			for _, many := range []int{1, writersEach} { // checkpoints
				t.Run(fmt.Sprintf("flags %d, %d checkpoints", flags, many), func(t *testing.T) { writeAtOnce(t, c, flags, many) })
			}
		}
	})
}

// writeAtOnce lets several threads on each host write to a number of checkpoints, each to a section of its own, and reads
// on another host what they have written.
func writeAtOnce(t *testing.T, c *testcluster.Hosts, flags, many int) {
	var clients []*client
	checkpoint := func(thread int) string { return fmt.Sprintf("many%d-%d-%d", flags, many, thread%many) }
	section := func(k, thread int) string { return fmt.Sprintf("w%d-%d", k, thread) }
	for k, h := range c.All() {
		on := startClient(t, h, writersEach)
		for thread := range writersEach {
			on.open(thread, checkpoint(thread), flags, 0)
			on.must(thread, "create %s 0 0", section(k, thread))
		}
		clients = append(clients, on)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	calls := 0
	until := time.Now().Add(writersTime)
	wrote := make(map[string]uint64)
	for k, on := range clients {
		for thread := range writersEach {
			work.Go(func() {
				n := uint64(0)
				for time.Now().Before(until) {
					n++
					if a := on.call(thread, "overwrite %s %d", section(k, thread), n); a.code != ok {
						t.Errorf("write %d of thread %d on %s ended with %d, want %d", n, thread, on.host.Name, a.code, ok)
						return
					}
				}
				mu.Lock()
				defer mu.Unlock()
				calls += int(n)
				wrote[section(k, thread)] = n
			})
		}
	}
	work.Wait()
	t.Logf("%d writes in %v", calls, writersTime)
	for k := range clients {
		on := clients[(k+1)%len(clients)]
		for thread := range writersEach {
			if a := on.must(thread, "read %s", section(k, thread)); a.value != wrote[section(k, thread)] {
				t.Errorf("%s holds %d on %s, want %d", section(k, thread), a.value, on.host.Name, wrote[section(k, thread)])
			}
		}
	}
	for _, on := range clients {
		on.program.Kill()
	}
}
