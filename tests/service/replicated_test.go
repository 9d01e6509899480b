package service

import (
	"fmt"
	"testing"
	"time"

	"libckpt/agent"
	"libckpt/internal/wire"
	"libckpt/tests/testcluster"
)

// Creation flags.
const (
	synchronous  = wire.FlagAllReplicas | wire.FlagCollocated
	asynchronous = wire.FlagActiveReplica | wire.FlagCollocated
)

// openOn opens, or creates, a checkpoint on each node of a cluster, through an agent of its own.
func openOn(t *testing.T, c *testcluster.Cluster, nodes int, name string, flags uint32) (handles []*agent.Checkpoint) {
	t.Helper()
	for k := 1; k <= nodes; k++ {
		a := attributes(100, time.Minute)
		a.CreationFlags = flags
		handles = append(handles, open(t, dialDir(t, c.RunDir(k)), name, a))
	}
	return handles
}

// roles are the replicas of a checkpoint as ckpt show has them: node and role.
func roles(t *testing.T, c *testcluster.Cluster, name string) map[string]string {
	t.Helper()
	shown := decode[struct{ Replicas []struct{ Node, Role string } }](t, succeeds(t, c, "show", "--json", name))
	m := make(map[string]string)
	for _, r := range shown.Replicas {
		m[r.Node] = r.Role
	}
	return m
}

func inSync(roles map[string]string) (n int) {
	for _, r := range roles {
		if r == "active" || r == "in sync" {
			n++
		}
	}
	return n
}

// What is written on one node is read on the others.
func TestReplicatedWrites(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Nodes: 3, External: true})
	open := openOn(t, c, 3, "shared", synchronous)
	until(t, "all replicas are in sync", func() bool { return inSync(roles(t, c, "shared")) == 3 })
	create(t, open[0], "s", "first")
	for i := range 300 {
		want := fmt.Sprintf("value %d", i)
		overwrite(t, open[i%3], "s", want)
		for k, o := range open {
			if got := read(t, o, "s"); got != want {
				t.Fatalf("read on node %d: %q, want %q", k+1, got, want)
			}
		}
	}
}
