package cluster

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// TestInFlight: whatever happens to one host, the calls of the others go on within takeoverMax: they succeed, and each is
// carried out once, those too that were on their way when the active replica's node died. A creation that was repeated
// would end with EXIST, a deletion with NOT_EXIST, and a generated section would be there twice.
func TestInFlight(t *testing.T) {
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3}), func(t *testing.T, c *testcluster.Hosts) {
		for i, f := range []fault{
			killed("the active's node director", 1, testcluster.Node, flightTime),
			powerless("the active", 1),
			paused("the active's node director", 1, testcluster.Node, flightTime),
			paused("a replica's node director", 1, testcluster.Node, flightTime),
			network("unplug a replica", flightTime, func(l *load) error { return l.host(1).Unplug() }),
		} {
			for _, leads := range []bool{false, true} {
				name := f.name
				if leads {
					name += " where the director leads"
				}
				t.Run(name, func(t *testing.T) {
					// The machine may be busy with other tests: a round that takes too long is repeated once.
					slowest := takeoverMax + 1
					for round := 0; round < 2 && slowest > takeoverMax; round++ {
						slowest = flight(t, c, fmt.Sprintf("flight%d-%v-%d", i, leads, round), f, leads)
						t.Logf("the slowest call took %v", slowest)
					}
					if slowest > takeoverMax {
						t.Errorf("want %v at most", takeoverMax)
					}
				})
			}
		}
	})
}

// flight lets programs on two hosts create and delete while a fault happens to the third one, which has the active replica
// unless the fault is about another one; it is the host of the leading director or it is not. It returns how long the
// slowest call took.
func flight(t *testing.T, c *testcluster.Hosts, name string, f fault, leads bool) time.Duration {
	t.Helper()
	restore(t, c)
	order := c.All()
	first := slices.Index(order, leading(t, c))
	if !leads {
		first++
	}
	order = append(order[first%len(order):], order[:first%len(order)]...)
	victim, others := order[0], order[1:]
	opener := victim
	if f.name == "pause a replica's node director" || f.name == "unplug a replica" {
		opener = others[0]
	}
	holder := startClient(t, opener, 1) // its host gets the active replica
	holder.open(0, name, allReplicas|collocated, 0)
	hold := startClient(t, victim, 1)
	hold.open(0, name, allReplicas|collocated, 0)
	var clients []*client
	for _, h := range others {
		on := startClient(t, h, flightThreads)
		for thread := range flightThreads {
			on.open(thread, name, allReplicas|collocated, 0)
		}
		clients = append(clients, on)
	}
	awaitReplicas(t, others[0], name, 3)
	if active := look(t, others[0], name).Active; active != opener.Name {
		t.Fatalf("the active replica is on %s, want %s", active, opener.Name)
	}
	stop := make(chan struct{})
	var mu sync.Mutex
	var slowest time.Duration
	generated := make(map[string]bool)
	var work sync.WaitGroup
	for k, on := range clients {
		for thread := range flightThreads {
			work.Go(func() {
				one := func(format string, args ...any) []string {
					a := on.call(thread, format, args...)
					took := time.Duration(a.end - a.begin)
					if a.code != ok || a.lost {
						t.Errorf("%s on %s ended with %d after %v, want %d", fmt.Sprintf(format, args...), on.host.Name, a.code, took, ok)
					}
					mu.Lock()
					slowest = max(slowest, took)
					mu.Unlock()
					return a.names
				}
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					case <-time.After(pauseBetween):
					}
					section := fmt.Sprintf("s%d-%d-%d", k, thread, n)
					one("create %s %d 0", section, n)
					one("delete %s", section)
					for _, id := range one("generate %d", n) {
						mu.Lock()
						if generated[id] {
							t.Errorf("the id %s was generated twice", id)
						}
						generated[id] = true
						mu.Unlock()
					}
				}
			})
		}
	}
	l := &load{t: t, c: c, order: order}
	time.Sleep(200 * time.Millisecond) // calls on their way, before the fault
	if err := f.begin(l); err != nil {
		t.Fatal(err)
	}
	time.Sleep(flightTime) // longer than the bound: what is tested, not a wait for something
	close(stop)
	work.Wait()
	if a := clients[0].must(0, "status"); a.value != uint64(len(generated)) {
		t.Errorf("there are %d sections, but %d were made and not deleted", a.value, len(generated))
	}
	if err := f.end(l); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.All() {
		h.AwaitReady()
	}
	for _, on := range append(clients, hold, holder) {
		on.program.Kill()
	}
	return slowest
}
