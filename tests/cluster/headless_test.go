package cluster

import (
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// Without directors node directors are started anew, the active replica's too: what they had adopted is beside their replicas,
// so they count on each other again and calls go on.
func TestHeadlessRestart(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{}), func(t *testing.T, c *testcluster.Hosts) {
		var clients []*client
		for _, k := range []int{2, 3, 1} { // the active replica where no director is
			on := startClient(t, c.Host(k), 1)
			on.open(0, "alone", allReplicas|collocated, time.Minute)
			clients = append(clients, on)
		}
		clients[0].must(0, "create a 0 0")
		awaitReplicas(t, c.Host(1), "alone", 3)
		if active := look(t, c.Host(1), "alone").Active; active != c.Host(2).Name {
			t.Fatalf("the active replica is on %s, want %s", active, c.Host(2).Name)
		}
		c.Host(1).Kill(testcluster.Director)
		for i, k := range []int{2, 3, 2} {
			c.Host(k).Kill(testcluster.Node)
			c.Host(k).Start()
			for j, on := range clients {
				value := uint64(10*i + j + 1)
				on.until(ok, 0, "write a %d", value)
				for _, other := range clients {
					other.awaitValue(0, "a", value)
				}
			}
		}
		c.Host(1).Start()
		for _, h := range c.All() {
			h.AwaitReady()
		}
		awaitReplicas(t, c.Host(1), "alone", 3)
	})
}
