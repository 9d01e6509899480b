package cluster

import (
	"fmt"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// fast notices missing nodes sooner than by default.
func fast(o testcluster.HostsOptions) testcluster.HostsOptions {
	o.DirectorArgs = append(o.DirectorArgs, "--node-timeout", "1s")
	return o
}

// Statement 105: after ActiveReplicaSet on node 2, what was written at the active on node 1 is visible.
func TestStatement105(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{}), func(t *testing.T, c *testcluster.Hosts) {
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
	})
}

// Statement 106: when the node with the active replica leaves, NOT_EXIST until the next ActiveReplicaSet.
func TestStatement106(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{}), func(t *testing.T, c *testcluster.Hosts) {
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
	})
}

// A synchronous checkpoint has a new active by itself, collocated or not, and the in-flight write succeeds or is repeated.
func TestActiveDies(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{}), func(t *testing.T, c *testcluster.Hosts) {
		for _, flags := range []int{allReplicas, allReplicas | collocated} {
			name := fmt.Sprint("dies", flags)
			second, third := startClient(t, c.Host(2), 1), startClient(t, c.Host(3), 1)
			third.open(0, name, flags, 0)
			second.open(0, name, flags, 0)
			third.must(0, "create a 1 0")
			awaitReplicas(t, c.Host(1), name, 2)
			if active := look(t, c.Host(1), name).Active; active != "n3" {
				t.Fatalf("flags %d: the active replica is on %s, want n3", flags, active)
			}
			c.Host(3).PowerOff()
			second.must(0, "write a 2")
			if a := second.must(0, "read a"); a.value != 2 {
				t.Errorf("flags %d: it holds %d, want 2", flags, a.value)
			}
			c.Host(3).Start()
			c.Host(3).AwaitReady()
		}
	})
}

// Retention counts from the last close in the whole cluster; an open anywhere ends it.
func TestRetention(t *testing.T) {
	const retention = 2 * time.Second
	t.Parallel()
	onBoth(t, testcluster.HostsOptions{}, func(t *testing.T, c *testcluster.Hosts) {
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
	})
}

// A section expires once, on every host; also when the active replica moves before the time has come, or its node director
// dies. What is made under the name afterwards stays.
func TestExpiry(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3}), func(t *testing.T, c *testcluster.Hosts) {
		for _, k := range []struct {
			name  string
			flags int
			moves func(clients []*client)
		}{
			{"active-stays", allReplicas, func([]*client) {}},
			{"active-moves", activeReplica | collocated, func(clients []*client) { clients[1].must(0, "active") }},
			{"active-dies", allReplicas | collocated, func(clients []*client) {
				clients[0].host.Kill(testcluster.Node)
				clients[0].host.Start()
			}},
		} {
			t.Run(k.name, func(t *testing.T) {
				var clients []*client
				for _, h := range c.All() {
					on := startClient(t, h, 1)
					on.open(0, k.name, k.flags, 0)
					on.must(0, "listen")
					clients = append(clients, on)
				}
				first, last := clients[0], clients[len(clients)-1]
				if k.flags&activeReplica != 0 {
					first.must(0, "active")
				}
				awaitReplicas(t, c.Host(2), k.name, 2)
				const rounds = 2
				for round := uint64(1); round <= rounds; round++ {
					section := fmt.Sprint("section", round)
					first.must(0, "create %s %d 1500", section, round)
					k.moves(clients)
					for _, on := range clients {
						on.awaitGone(0, section)
					}
					last.must(0, "create %s %d 0", section, 10+round)
					first.host.AwaitReady()
				}
				time.Sleep(2 * time.Second) // what must not happen in this time: that one expires again
				for _, on := range clients {
					for round := uint64(1); round <= rounds; round++ {
						section := fmt.Sprint("section", round)
						if a := on.must(0, "read %s", section); a.value != 10+round {
							t.Errorf("%s: section made after the other expired holds %d, want %d", on.host.Name, a.value, 10+round)
						}
						// Made by one and made again by another, of which they are not told themselves. Track does not tell
						// of an expiry, see TestConsumption for that.
						want := 2
						if on == first || on == last {
							want = 1
						}
						if told := on.told("track", section); len(told) != want {
							t.Errorf("%s was told %d times of %s, want %d: %v", on.host.Name, len(told), section, want, told)
						}
					}
				}
				for _, on := range clients {
					on.program.Kill()
				}
			})
		}
	})
}

// Each node tells its applications of each write, once, wherever it was made; and who is told reads what was written, or
// something newer.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3, Hosts: 4}), func(t *testing.T, c *testcluster.Hosts) {
		for _, k := range []struct {
			name  string
			flags int
		}{
			{"synchronous", allReplicas}, // of four hosts one has no replica
			{"synchronous-collocated", allReplicas | collocated},
			{"asynchronous", activeReplica},
		} {
			t.Run(k.name, func(t *testing.T) { tellEachOther(t, c, k.name, k.flags) })
		}
	})
}

func tellEachOther(t *testing.T, c *testcluster.Hosts, name string, flags int) {
	var clients []*client
	for _, h := range c.All() {
		on := startClient(t, h, 1)
		on.open(0, name, flags, 0)
		on.must(0, "listen")
		clients = append(clients, on)
	}
	const writes = 20
	written := map[string][]uint64{} // by section, in order
	for _, on := range clients {
		section := on.host.Name
		for n := range 1 + writes {
			value := values.Add(1)
			written[section] = append(written[section], value)
			if n == 0 {
				on.must(0, "create %s %d 0", section, value)
			} else {
				on.must(0, "overwrite %s %d", section, value)
			}
		}
	}
	for _, on := range clients {
		for section := range written {
			if section == on.host.Name {
				continue
			}
			await(t, on.host.Name+" is told of the writes of "+section, func() bool {
				return len(on.told("track", section)) >= 1+writes && len(on.told("arrival", section)) >= writes
			})
		}
	}
	for _, on := range clients {
		for section, list := range written {
			tracked, arrived := on.told("track", section), on.told("arrival", section)
			if section == on.host.Name {
				if len(tracked) != 0 {
					t.Errorf("%s was told %d times of what it has done itself", section, len(tracked))
				}
				continue
			}
			if len(tracked) != len(list) {
				t.Errorf("%s was told %d times of what %s has done, want %d", on.host.Name, len(tracked), section, len(list))
			}
			// The creation is not an arrival.
			for kind, told := range map[string][]heard{"track": tracked, "arrival": arrived} {
				for i, h := range told {
					if n := len(list) - len(told) + i; n >= 0 && (h.code != ok || h.value < list[n]) {
						t.Errorf("%s, %s %d of section %s: a read gave %d, code %d; %d had been written", on.host.Name, kind, i,
							section, h.value, h.code, list[n])
					}
				}
			}
		}
	}
	for _, on := range clients {
		on.program.Kill()
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
	await(t, "host 3 is told of the first update", func() bool { return len(third.told("track", "a")) == 1 })
	if now := look(t, c.Host(1), "told"); len(now.InSync) != 1 || len(now.Joining) != 0 {
		t.Fatalf("there is a replica on another host: %+v", now)
	}
	c.Host(3).Kill(testcluster.Server)
	first.must(0, "write a 2")
	c.Host(3).Start()
	await(t, "host 3 is told of the update that was made while its server was away", func() bool {
		return len(third.told("track", "a")) == 2
	})
	if a := third.must(0, "read a"); a.value != 2 {
		t.Errorf("it holds %d, want 2", a.value)
	}
}

// A replica reads by itself: also when its node's daemons do not run, for as long as its lease lasts.
func TestLocalRead(t *testing.T) {
	onBoth(t, testcluster.HostsOptions{}, func(t *testing.T, c *testcluster.Hosts) {
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
	})
}

func (c *client) awaitGone(thread int, section string) {
	c.t.Helper()
	await(c.t, "section "+section+" is gone on "+c.host.Name, func() bool {
		return c.call(thread, "read %s", section).code == notExist
	})
}
