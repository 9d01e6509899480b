package cluster

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// listed is a checkpoint in the output of ckpt list --json.
type listed struct {
	Name    string   `json:"name"`
	Active  string   `json:"active"`
	InSync  []string `json:"inSync"`
	Joining []string `json:"joining"`
	Open    []string `json:"open"`
}

// command runs ckpt on a host. It returns what it printed; false if it failed.
func command(h *testcluster.Host, args ...string) (string, bool) {
	p := h.Run(nil, "bin/ckpt", args...)
	var lines []string
	for line := range p.Lines {
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), p.End() == nil
}

// look finds a checkpoint of the cluster; the zero value if there is none of that name, or no answer.
func look(t testing.TB, h *testcluster.Host, name string) listed {
	t.Helper()
	out, good := command(h, "list", "--json")
	if !good {
		return listed{}
	}
	var all []listed
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("ckpt list --json printed %q: %v", out, err)
	}
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	return listed{}
}

// awaitReplicas waits until a checkpoint has so many in-sync replicas, or more.
func awaitReplicas(t testing.TB, h *testcluster.Host, name string, count int) {
	t.Helper()
	await(t, name+" has "+strconv.Itoa(count)+" in-sync replicas", func() bool { return len(look(t, h, name).InSync) >= count })
}

// fast notices missing nodes sooner than by default.
func fast(o testcluster.HostsOptions) testcluster.HostsOptions {
	o.DirectorArgs = append(o.DirectorArgs, "--node-timeout", "1s")
	return o
}

// Statement 105: after ActiveReplicaSet on node 2, what was written at the active on node 1 is visible.
func TestStatement105(t *testing.T) {
	c := testcluster.StartHosts(t, fast(testcluster.HostsOptions{}))
	first, second := startClient(t, c.Host(1), 1), startClient(t, c.Host(2), 1)
	first.open(0, "s105", collocated|activeReplica, 0)
	first.must(0, "active")
	first.must(0, "create a 1 0")
	second.open(0, "s105", collocated|activeReplica, 0)
	for value := uint64(2); value < 40; value++ { // to and fro, each time right after a write
		from, to := first, second
		if value%2 == 1 {
			from, to = second, first
		}
		from.must(0, "write a %d", value)
		to.must(0, "active")
		if a := to.must(0, "read a"); a.value != value {
			t.Fatalf("after ActiveReplicaSet on %s it holds %d, want %d", to.host.Name, a.value, value)
		}
	}
}

// Statement 106: when the node with the active replica leaves, NOT_EXIST until the next ActiveReplicaSet.
func TestStatement106(t *testing.T) {
	c := testcluster.StartHosts(t, fast(testcluster.HostsOptions{}))
	second, third := startClient(t, c.Host(2), 1), startClient(t, c.Host(3), 1)
	third.open(0, "s106", collocated|activeReplica, 0)
	third.must(0, "active")
	third.must(0, "create a 1 0")
	second.open(0, "s106", collocated|activeReplica, 0)
	third.must(0, "synchronize %d", openTimeout.Milliseconds())
	awaitReplicas(t, c.Host(1), "s106", 2)
	c.Host(3).PowerOff()
	second.until(notExist, 0, "read a")
	second.until(notExist, 0, "write a 2")
	second.must(0, "active")
	if a := second.must(0, "read a"); a.value != 1 {
		t.Errorf("after ActiveReplicaSet it holds %d, want 1", a.value)
	}
	second.must(0, "write a 3")
}

// A synchronous checkpoint has a new active by itself, collocated or not, and the in-flight write succeeds or is repeated.
func TestActiveDies(t *testing.T) {
	for _, flags := range []int{allReplicas, allReplicas | collocated} {
		c := testcluster.StartHosts(t, fast(testcluster.HostsOptions{}))
		second, third := startClient(t, c.Host(2), 1), startClient(t, c.Host(3), 1)
		third.open(0, "dies", flags, 0)
		second.open(0, "dies", flags, 0)
		third.must(0, "create a 1 0")
		await(t, "two replicas are in sync", func() bool { return len(look(t, c.Host(1), "dies").InSync) >= 2 })
		c.Host(3).PowerOff()
		second.must(0, "write a 2")
		if a := second.must(0, "read a"); a.value != 2 {
			t.Errorf("flags %d: it holds %d, want 2", flags, a.value)
		}
	}
}

// Retention counts from the last close in the whole cluster; an open anywhere ends it.
func TestRetention(t *testing.T) {
	const retention = 2 * time.Second
	c := testcluster.StartHosts(t, testcluster.HostsOptions{})
	first, second, third := startClient(t, c.Host(1), 1), startClient(t, c.Host(2), 1), startClient(t, c.Host(3), 1)
	existing := func(on *client) answer {
		return on.call(0, "open kept 0 %d 0 0 %d", forReading|forWriting, openTimeout.Milliseconds())
	}
	first.open(0, "kept", allReplicas, retention)
	second.must(0, "open kept 0 %d 0 0 %d", forReading|forWriting, openTimeout.Milliseconds())
	first.must(0, "close")
	time.Sleep(retention + time.Second) // what must not happen in this time: that it goes although one host has it open
	third.must(0, "open kept 0 %d 0 0 %d", forReading|forWriting, openTimeout.Milliseconds())
	second.must(0, "close")
	closed := third.must(0, "close")
	var last answer
	await(t, "the retained checkpoint is gone", func() bool {
		if last = (answer{code: ok}); look(t, c.Host(2), "kept").Name == "" {
			last = existing(second)
		}
		return last.code == notExist
	})
	if kept := time.Duration(last.end - closed.begin); kept < retention {
		t.Errorf("gone after %v, want %v at least", kept, retention)
	}
}

// A section expires once: what is made under its name afterwards stays, on every host.
func TestExpiry(t *testing.T) {
	c := testcluster.StartHosts(t, testcluster.HostsOptions{})
	var clients []*client
	for _, h := range c.All() {
		clients = append(clients, startClient(t, h, 1))
		clients[len(clients)-1].open(0, "expiry", allReplicas, 0)
	}
	last := clients[len(clients)-1]
	for round := uint64(1); round <= 3; round++ {
		clients[0].must(0, "create a %d 700", round)
		for _, on := range clients {
			on.awaitGone(0, "a")
		}
		last.must(0, "create a %d 0", 10+round)
		time.Sleep(time.Second) // what must not happen in this time: that it expires again
		for _, on := range clients {
			if a := on.must(0, "read a"); a.value != 10+round {
				t.Errorf("%s: section made after the other expired holds %d, want %d", on.host.Name, a.value, 10+round)
			}
		}
		last.must(0, "delete a")
	}
}

// Each node tells its applications of each write, once, wherever it was made.
func TestCallbacks(t *testing.T) {
	c := testcluster.StartHosts(t, testcluster.HostsOptions{})
	var clients []*client
	for _, h := range c.All() {
		on := startClient(t, h, 1)
		on.open(0, "told", allReplicas, 0)
		on.must(0, "listen")
		clients = append(clients, on)
	}
	const writes = 20
	for _, on := range clients {
		on.must(0, "create %s %d 0", on.host.Name, values.Add(1))
		for range writes {
			on.must(0, "overwrite %s %d", on.host.Name, values.Add(1))
		}
	}
	for _, on := range clients {
		for _, by := range clients {
			if by == on {
				continue
			}
			section := by.host.Name
			await(t, on.host.Name+" is told of the writes of "+section, func() bool {
				return on.told("track", section) >= writes+1 && on.told("arrival", section) >= writes
			})
		}
	}
	for _, on := range clients {
		for _, by := range clients {
			if n := on.told("track", by.host.Name); by == on && n != 0 || by != on && n != writes+1 {
				t.Errorf("%s was told %d times of what %s has done", on.host.Name, n, by.host.Name)
			}
		}
	}
}

// A node without a replica is told of the last update, too, if the message that told it was lost.
func TestLostNotification(t *testing.T) {
	c := testcluster.StartHosts(t, testcluster.HostsOptions{Directors: 1})
	first, third := startClient(t, c.Host(1), 1), startClient(t, c.Host(3), 1)
	first.open(0, "told", allReplicas, 0)
	third.open(0, "told", allReplicas, 0)
	third.must(0, "listen")
	first.must(0, "create a 1 0")
	await(t, "host 3 is told of the first update", func() bool { return third.told("track", "a") == 1 })
	if now := look(t, c.Host(1), "told"); len(now.InSync) != 1 || len(now.Joining) != 0 {
		t.Fatalf("there is a replica on another host: %+v", now)
	}
	c.Host(3).Kill(testcluster.Server)
	first.must(0, "write a 2")
	c.Host(3).Start()
	await(t, "host 3 is told of the update that was made while its server was away", func() bool {
		return third.told("track", "a") == 2
	})
	if a := third.must(0, "read a"); a.value != 2 {
		t.Errorf("it holds %d, want 2", a.value)
	}
}

// A replica reads by itself: also when its node's daemons do not run, for as long as its lease lasts.
func TestLocalRead(t *testing.T) {
	c := testcluster.StartHosts(t, testcluster.HostsOptions{})
	first, second := startClient(t, c.Host(1), 1), startClient(t, c.Host(2), 1)
	first.open(0, "local", allReplicas|collocated, 0)
	second.open(0, "local", allReplicas|collocated, 0)
	first.must(0, "create a 1 0")
	awaitReplicas(t, c.Host(1), "local", 2)
	const tries = 20
	alone := 0
	for range tries {
		second.must(0, "read a")
		c.Host(2).Pause(testcluster.Node)
		done := make(chan answer)
		go func() { done <- second.call(0, "read a") }()
		var a answer
		select {
		case a = <-done:
			if a.code == ok {
				alone++
			}
			c.Host(2).Resume(testcluster.Node)
		case <-time.After(time.Second): // the lease was just over: the read waits for the node director
			c.Host(2).Resume(testcluster.Node)
			<-done
		}
	}
	if alone < tries/2 {
		t.Errorf("%d of %d reads needed the node director", tries-alone, tries)
	}
}

func (c *client) awaitGone(thread int, section string) {
	c.t.Helper()
	await(c.t, "section "+section+" is gone on "+c.host.Name, func() bool {
		return c.call(thread, "read %s", section).code == notExist
	})
}
