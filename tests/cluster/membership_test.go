package cluster

import (
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// unavailable is SA_AIS_ERR_UNAVAILABLE.
const unavailable = 31

// refused starts a client on a host that must not let it initialize.
func refused(t *testing.T, h *testcluster.Host) {
	t.Helper()
	p := h.Run(nil, "tests/cluster/client", "1", "64")
	for line := range p.Lines {
		if line == "ready" {
			t.Fatalf("%s serves a client although it is outside the cluster", h.Name)
		}
	}
	if p.End() == nil {
		t.Errorf("%s: the client ended as if all were well", h.Name)
	}
}

// outside reports what ckpt status --json says of the node.
func outside(status string) bool { return strings.Contains(status, `"outside": true`) }

func (c *client) awaitCode(code int, call string) {
	c.t.Helper()
	await(c.t, call+" gives what it should on "+c.host.Name, func() bool { return c.call(0, "%s", call).code == code })
}

// What an operator does to a node is seen by its clients, whatever else happens to the node meanwhile; what happens by
// itself is not.
func TestMembership(t *testing.T) {
	c := testcluster.StartHosts(t, fast(testcluster.HostsOptions{Loopback: true}))
	operator := func(args ...string) {
		t.Helper()
		await(t, "the operator's command succeeds", func() bool { _, done := command(c.Host(1), args...); return done })
	}
	restart := func(h *testcluster.Host) {
		h.Start()
		h.AwaitReady()
	}
	first, second, third := startClient(t, c.Host(1), 1), startClient(t, c.Host(2), 1), startClient(t, c.Host(3), 1)
	first.open(0, "members", allReplicas|collocated, 0)
	first.must(0, "create a 1 0")
	second.open(0, "members", allReplicas|collocated, 0)
	third.open(0, "members", allReplicas|collocated, 0)

	t.Log("a restart is not leaving")
	c.Host(3).Kill(testcluster.Node)
	restart(c.Host(3))
	third.must(0, "write a 2")

	t.Log("locked: also over a restart, while the node director is not there, and without directors")
	operator("node", "lock", "n3")
	third.awaitCode(unavailable, "read a")
	c.Host(3).Kill(testcluster.Node)
	c.Host(1).Kill(testcluster.Director)
	c.Host(3).Start()
	await(t, "the node director of n3 serves", func() bool { _, up := command(c.Host(3), "status"); return up })
	refused(t, c.Host(3))
	if code := third.call(0, "read a").code; code != unavailable {
		t.Errorf("read on n3 gives %d", code)
	}
	restart(c.Host(1))
	first.must(0, "write a 3")
	second.must(0, "write a 4")
	await(t, "nothing is left on n3", func() bool {
		l := look(t, c.Host(1), "members")
		return len(l.InSync) == 2 && len(l.Joining) == 0
	})
	operator("node", "unlock", "n3")
	await(t, "n3 is a member again", func() bool {
		out, _ := command(c.Host(3), "status", "--json")
		return out != "" && !outside(out)
	})
	if code := third.call(0, "read a").code; code != unavailable {
		t.Errorf("a handle from before gives %d on n3", code)
	}
	again := startClient(t, c.Host(3), 1)
	again.open(0, "members", allReplicas|collocated, 0)
	again.must(0, "write a 5")

	t.Log("removed, and taken in again")
	c.Host(2).Kill(testcluster.Node)
	operator("node", "remove", "n2")
	restart(c.Host(2))
	second.awaitCode(unavailable, "read a")
	late := startClient(t, c.Host(2), 1)
	late.open(0, "members", allReplicas|collocated, 0)
	if a := late.must(0, "read a"); a.value != 5 {
		t.Errorf("on n2 it holds %d, want 5", a.value)
	}

	t.Log("nobody else has noticed anything")
	if a := first.must(0, "read a"); a.value != 5 {
		t.Errorf("on n1 it holds %d, want 5", a.value)
	}
	again.must(0, "write a 6")
}
