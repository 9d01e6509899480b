package cluster

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// lostUpdates is how many updates the node directors of a cluster have said are lost.
func lostUpdates(c *testcluster.Hosts) (n int) {
	said := regexp.MustCompile(`updates of an asynchronous checkpoint are lost.* updates=(\d+)`)
	for _, h := range c.All() {
		for _, m := range said.FindAllStringSubmatch(h.Log(), -1) {
			count, _ := strconv.Atoi(m[1])
			n += count
		}
	}
	return n
}

// With headless: continue the active replica of an asynchronous checkpoint goes on when its host is cut off from all others
// and another is made active there; without, its calls are refused. When the hosts meet, what the later active replica has
// counts, and what only the earlier one had is counted as lost.
func TestHeadlessContinue(t *testing.T) {
	for _, policy := range []string{"stop", "continue"} {
		t.Run(policy, func(t *testing.T) {
			c := testcluster.StartHosts(t, fast(testcluster.HostsOptions{NodeArgs: []string{"--headless", policy}}))
			second, third := startClient(t, c.Host(2), 1), startClient(t, c.Host(3), 1)
			second.open(0, "alone", collocated|activeReplica, time.Minute)
			second.must(0, "active")
			second.must(0, "create a 1 0")
			third.open(0, "alone", collocated|activeReplica, time.Minute)
			awaitReplicas(t, c.Host(1), "alone", 2)
			second.must(0, "synchronize %d", openTimeout.Milliseconds())
			time.Sleep(goesOnAfter) // from the start of the node director on: until then it would not go on
			if err := c.Host(2).Unplug(); err != nil {
				t.Fatal(err)
			}
			third.until(notExist, 0, "read a")
			third.must(0, "active")
			third.must(0, "write a 100")
			written := 0
			if policy == "continue" {
				for value := uint64(2); value < 12; value++ {
					second.must(0, "write a %d", value)
					written++
					if a := second.must(0, "read a"); a.value != value {
						t.Fatalf("alone it holds %d after %d was written", a.value, value)
					}
				}
				if a := second.call(0, "synchronize 2000"); a.code == ok {
					t.Error("Synchronize succeeded without the other replica")
				}
			} else if a := second.call(0, "write a 2"); a.code != tryAgain && a.code != timeout {
				t.Errorf("a write at a replica without the others ended with %d", a.code)
			}
			if err := c.Heal(); err != nil {
				t.Fatal(err)
			}
			second.awaitValue(0, "a", 100)
			third.must(0, "write a 101")
			second.awaitValue(0, "a", 101)
			awaitReplicas(t, c.Host(1), "alone", 2)
			third.must(0, "synchronize %d", openTimeout.Milliseconds())
			if lost := lostUpdates(c); lost != written {
				t.Errorf("%d updates are said to be lost, %d were", lost, written)
			}
		})
	}
}

// All directors and the other hosts are gone: with headless: continue an asynchronous checkpoint goes on, also when its node
// director is killed and started again, and nothing of it is lost when the others return.
func TestHeadlessContinueAlone(t *testing.T) {
	c := testcluster.StartHosts(t, fast(testcluster.HostsOptions{NodeArgs: []string{"--headless", "continue"}}))
	second, third := startClient(t, c.Host(2), 1), startClient(t, c.Host(3), 1)
	second.open(0, "alone", collocated|activeReplica, time.Minute)
	second.must(0, "active")
	second.must(0, "create a 1 0")
	third.open(0, "alone", collocated|activeReplica, time.Minute)
	awaitReplicas(t, c.Host(1), "alone", 2)
	second.must(0, "synchronize %d", openTimeout.Milliseconds())
	c.Host(1).Kill(testcluster.Director)
	c.Host(3).Kill(testcluster.Node)
	for value := uint64(2); value < 12; value++ {
		if value == 7 {
			c.Host(2).Kill(testcluster.Node)
			c.Host(2).Start()
		}
		second.must(0, "write a %d", value)
		if a := second.must(0, "read a"); a.value != value {
			t.Fatalf("alone it holds %d after %d was written", a.value, value)
		}
	}
	c.Host(1).Start()
	c.Host(3).Start()
	for _, h := range c.All() {
		h.AwaitReady()
	}
	third.awaitValue(0, "a", 11)
	awaitReplicas(t, c.Host(1), "alone", 2)
	second.must(0, "synchronize %d", openTimeout.Milliseconds())
	if lost := lostUpdates(c); lost != 0 {
		t.Errorf("%d updates are said to be lost", lost)
	}
}

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
