package cluster

import (
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// onBoth runs a test with a cluster of external NATS servers and with embedded ones.
func onBoth(t *testing.T, o testcluster.HostsOptions, test func(t *testing.T, c *testcluster.Hosts)) {
	t.Helper()
	for _, bus := range []testcluster.Bus{testcluster.External, testcluster.Embedded} {
		t.Run(bus.String(), func(t *testing.T) {
			o.Bus = bus
			test(t, testcluster.StartHosts(t, o))
		})
	}
}

// The ways to lay out a cluster of three hosts all give one service; the first one needs no privilege.
func TestArrangements(t *testing.T) {
	for name, o := range map[string]testcluster.HostsOptions{
		"loopback":                  {Loopback: true},
		"loopback, three directors": {Loopback: true, Directors: 3},
		"loopback, embedded":        {Loopback: true, Bus: testcluster.Embedded},
		"one director":              {},
		"three directors":           {Directors: 3},
		"embedded":                  {Bus: testcluster.Embedded, Directors: 3},
		"together":                  {Bus: testcluster.Embedded, Directors: 3, Together: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := testcluster.StartHosts(t, o)
			var clients []*client
			for _, h := range c.All() {
				on := startClient(t, h, 1)
				on.open(0, "arranged", allReplicas, 0)
				clients = append(clients, on)
			}
			await(t, "all hosts see it open on three", func() bool {
				for _, h := range c.All() {
					if len(look(t, h, "arranged").Open) != 3 {
						return false
					}
				}
				return true
			})
			clients[0].must(0, "create a 1 0")
			for i := range c.All() {
				clients[i].awaitValue(0, "a", 1)
			}
			for _, h := range c.All() { // one by one, as after a power cut without the loss of memory
				for _, part := range []testcluster.Part{testcluster.Node, testcluster.Director, testcluster.Server} {
					if h.Has(part) {
						h.Kill(part)
					}
				}
				h.Start()
				h.AwaitReady()
			}
			for i := range c.All() {
				clients[i].awaitValue(0, "a", uint64(1+i))
				clients[i].must(0, "write a %d", 2+i)
			}
			for _, on := range clients {
				on.must(0, "close")
			}
		})
	}
}

// Faults are real: what was cut arrives no more, and what was healed does.
func TestNetworkFaults(t *testing.T) {
	c := testcluster.StartHosts(t, testcluster.HostsOptions{})
	reach := func(from, to int) bool {
		conn, err := c.Host(from).Dial(c.Host(to).Bus())
		if err == nil {
			conn.Close()
		}
		return err == nil
	}
	heal := func() {
		t.Helper()
		if err := c.Heal(); err != nil {
			t.Fatal(err)
		}
		await(t, "all is healed", func() bool { return reach(1, 2) && reach(2, 1) && reach(1, 3) && reach(3, 2) })
	}
	for name, f := range map[string]struct {
		begin func() error
		cut   [2]int
		stays [2]int
	}{
		"unplugged": {c.Host(1).Unplug, [2]int{2, 1}, [2]int{2, 3}},
		"cut":       {func() error { return c.Host(1).Cut(c.Host(2)) }, [2]int{1, 2}, [2]int{1, 3}},
		"deaf":      {func() error { return c.Host(1).Deafen(c.Host(2)) }, [2]int{2, 1}, [2]int{3, 1}},
		"loss":      {func() error { return c.Host(1).Lose(1) }, [2]int{3, 1}, [2]int{3, 2}},
	} {
		if err := f.begin(); err != nil {
			t.Fatal(err)
		}
		if reach(f.cut[0], f.cut[1]) || !reach(f.stays[0], f.stays[1]) {
			t.Errorf("%s: host %d reaches %d, or %d does not reach %d", name, f.cut[0], f.cut[1], f.stays[0], f.stays[1])
		}
		heal()
	}
	const delay = 300 * time.Millisecond
	if err := c.Delay(delay); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if !reach(1, 2) {
		t.Error("delay: host 1 does not reach 2")
	}
	if took := time.Since(begin); took < 2*delay || took > 3*delay {
		t.Errorf("to connect to another host took %v, want %v", took, 2*delay)
	}
	begin = time.Now()
	if _, good := command(c.Host(3), "list", "--json"); !good { // asks the director on host 1
		t.Error("ckpt list failed")
	}
	if took := time.Since(begin); took < 2*delay {
		t.Errorf("an answer from another host took %v, want %v at least", took, 2*delay)
	}
	heal()
	if err := c.Host(3).Throttle(100); err != nil {
		t.Fatal(err)
	}
	heal()
}
