package cluster

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// fault is something that happens to a cluster and ends again.
type fault struct {
	name  string
	lasts time.Duration
	begin func(l *load) error
	end   func(l *load) error // starts what was killed, and does not wait
	lost  int                 // number of the host whose memory is gone, with the applications on it; 0 = none
	// external: there is no such fault where NATS servers are embedded, or it is that of a node director.
	external bool
	// both: in CI it is also tested with embedded servers. The soak does so with all.
	both bool
}

const (
	short = time.Second
	long  = 4 * time.Second // longer than it takes to notice a missing node
)

// servers makes it a fault of NATS servers that are processes of their own.
func (f fault) servers() fault { f.external = true; return f }

// alsoEmbedded has CI test it with embedded servers, too.
func (f fault) alsoEmbedded() fault { f.both = true; return f }

// killed is the kill -9 of one part of a host, and its restart.
func killed(name string, k int, part testcluster.Part, lasts time.Duration) fault {
	return fault{name: "kill " + name, lasts: lasts,
		begin: func(l *load) error { l.host(k).Kill(part); return nil },
		end:   func(l *load) error { l.host(k).Start(); return nil }}
}

// paused stops a part of a host for a time.
func paused(name string, k int, part testcluster.Part, lasts time.Duration) fault {
	return fault{name: "pause " + name, lasts: lasts,
		begin: func(l *load) error { l.host(k).Pause(part); return nil },
		end:   func(l *load) error { l.host(k).Resume(part); return nil }}
}

// powerless is the loss of a whole machine, which comes back with its disk.
func powerless(name string, k int) fault {
	return fault{name: "power off " + name, lasts: long, lost: k,
		begin: func(l *load) error { l.host(k).PowerOff(); return nil },
		end:   func(l *load) error { l.host(k).Start(); return nil }}
}

// network is a fault of the network that Heal ends.
func network(name string, lasts time.Duration, begin func(l *load) error) fault {
	return fault{name: name, lasts: lasts,
		begin: func(l *load) error { return begin(l) },
		end:   func(l *load) error { return l.c.Heal() }}
}

// together is two faults at once.
func together(name string, a, b fault) fault {
	return fault{name: name, lasts: max(a.lasts, b.lasts), lost: max(a.lost, b.lost),
		external: a.external || b.external,
		begin:    func(l *load) error { return errors.Join(a.begin(l), b.begin(l)) },
		end:      func(l *load) error { return errors.Join(a.end(l), b.end(l)) }}
}

func everywhere(c *testcluster.Hosts, do func(h *testcluster.Host) error) (all error) {
	for _, h := range c.All() {
		all = errors.Join(all, do(h))
	}
	return all
}

// faults are all there are, for three hosts with a director each, numbered as load.host does: the first has the active
// replicas at first.
var faults = []fault{
	killed("the active's node director", 1, testcluster.Node, short).alsoEmbedded(),
	killed("the active's node director for long", 1, testcluster.Node, long).alsoEmbedded(),
	killed("a replica's node director", 2, testcluster.Node, short),
	killed("one director", 1, testcluster.Director, long),
	{name: "kill all directors", lasts: long,
		begin: func(l *load) error {
			return everywhere(l.c, func(h *testcluster.Host) error { h.Kill(testcluster.Director); return nil })
		},
		end: func(l *load) error {
			return everywhere(l.c, func(h *testcluster.Host) error { h.Start(); return nil })
		}},
	killed("the active's NATS server", 1, testcluster.Server, short).servers(),
	killed("a replica's NATS server", 3, testcluster.Server, long).servers(),
	paused("the active's node director", 1, testcluster.Node, long),
	paused("a replica's node director", 2, testcluster.Node, long).alsoEmbedded(),
	paused("one director", 1, testcluster.Director, long),
	paused("the active's NATS server", 1, testcluster.Server, short).servers(),
	powerless("a replica", 3),
	powerless("the active", 1).alsoEmbedded(),
	// The directors hear neither of the two nodes that have the asynchronous checkpoint, and only one has lost its memory.
	together("power off a replica while the active's NATS server is paused",
		paused("the active's NATS server", 1, testcluster.Server, short).servers(), powerless("a replica", 2)),
	network("unplug the active", long, func(l *load) error { return l.host(1).Unplug() }).alsoEmbedded(),
	network("unplug a replica", long, func(l *load) error { return l.host(2).Unplug() }),
	network("cut the active from a replica", long, func(l *load) error { return l.host(1).Cut(l.host(2)) }),
	network("the active does not hear a replica", long, func(l *load) error {
		return l.host(1).Deafen(l.host(2))
	}).alsoEmbedded(),
	network("a replica does not hear the active", long, func(l *load) error {
		return l.host(2).Deafen(l.host(1))
	}),
	network("lose packets", long, func(l *load) error {
		return everywhere(l.c, func(h *testcluster.Host) error { return h.Lose(0.1) })
	}),
	network("throttle", long, func(l *load) error {
		return everywhere(l.c, func(h *testcluster.Host) error { return h.Throttle(1000) })
	}),
	network("delay", long, func(l *load) error { return l.c.Delay(50 * time.Millisecond) }).alsoEmbedded(),
	{name: "no room for a director", lasts: long,
		begin: func(l *load) error { return l.host(1).FillDisk() },
		end: func(l *load) error {
			// A director that can't write may end, to be started again by its supervisor.
			err := l.host(1).FreeDisk()
			l.host(1).Start()
			return err
		}},
}

// startFaulty starts a cluster in which each fault can be that its kind of bus has.
func startFaulty(t *testing.T, bus testcluster.Bus) *testcluster.Hosts {
	return testcluster.StartHosts(t, fast(testcluster.HostsOptions{Directors: 3, Bus: bus, DirectorSpace: 64 << 20}))
}

// faultsOf are the faults that a kind of bus has.
func faultsOf(bus testcluster.Bus) []fault {
	return slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return f.external && bus != testcluster.External })
}

// TestFaults runs clients through each fault, on one cluster.
func TestFaults(t *testing.T) {
	sufferEach(t, startFaulty(t, testcluster.External), faultsOf(testcluster.External))
}

// The same with embedded NATS servers.
func TestFaultsEmbedded(t *testing.T) {
	list := faultsOf(testcluster.Embedded)
	if !soak {
		list = slices.DeleteFunc(list, func(f fault) bool { return !f.both })
	}
	sufferEach(t, startFaulty(t, testcluster.Embedded), list)
}

func sufferEach(t *testing.T, c *testcluster.Hosts, list []fault) {
	var y tally
	for i, f := range list {
		t.Run(f.name, func(t *testing.T) {
			restore(t, c)
			l := startLoad(t, c, fmt.Sprintf("load%d", i))
			l.awaitWorking()
			l.awaitReplicas()
			l.suffer(f)
			l.finish(&y)
		})
	}
	y.enough(t)
}

// suffer lets the clients work through faults, which are there at the same time.
func (l *load) suffer(list ...fault) {
	l.t.Helper()
	var lasts time.Duration
	for _, f := range list {
		lasts = max(lasts, f.lasts)
	}
	l.during(lasts, func() (all error) {
		for _, f := range list {
			all = errors.Join(all, f.begin(l))
		}
		return all
	}, func() (all error) {
		for _, f := range list {
			all = errors.Join(all, f.end(l))
		}
		for _, h := range l.c.All() {
			h.AwaitReady()
		}
		for _, f := range list {
			if f.lost != 0 {
				l.add(l.host(f.lost))
			}
		}
		return all
	})
}

// restore ends what a test that failed has left.
func restore(t *testing.T, c *testcluster.Hosts) {
	t.Helper()
	if err := c.Heal(); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.All() {
		for _, part := range []testcluster.Part{testcluster.Server, testcluster.Director, testcluster.Node} {
			if h.Has(part) {
				h.Resume(part)
			}
		}
		h.Start()
		h.AwaitReady()
	}
}
