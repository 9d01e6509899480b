package cluster

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// listed is a checkpoint in the output of ckpt list --json.
type listed struct {
	Name    string   `json:"name"`
	Number  uint64   `json:"number"`
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

// list are the checkpoints of the cluster as a host is told of them; none if it gets no answer.
func list(t testing.TB, h *testcluster.Host) (all []listed) {
	t.Helper()
	out, good := command(h, "list", "--json")
	if !good {
		return nil
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("ckpt list --json printed %q: %v", out, err)
	}
	return all
}

// look finds a checkpoint of the cluster; the zero value if there is none of that name, or no answer.
func look(t testing.TB, h *testcluster.Host, name string) listed {
	t.Helper()
	for _, c := range list(t, h) {
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

// nodeStatus is what ckpt status --json says of a node director.
type nodeStatus struct {
	Director  string `json:"director"` // that leads; "" = none
	Replicas  int    `json:"replicas"`
	Malformed uint64 `json:"malformed"` // messages dropped
}

func status(t testing.TB, h *testcluster.Host) (s nodeStatus) {
	t.Helper()
	out, good := command(h, "status", "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil || !good {
		t.Fatalf("ckpt status --json printed %q: %v", out, err)
	}
	return s
}
