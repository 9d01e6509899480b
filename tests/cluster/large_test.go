package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// large is the program tests/bench/cluster/large.c on a host.
type large struct {
	t       testing.TB
	host    *testcluster.Host
	program *testcluster.Program
}

func startLarge(t testing.TB, h *testcluster.Host, name string, flags, sectionBytesMax int) *large {
	t.Helper()
	l := &large{t, h, h.Run(nil, "tests/cluster/large", name, fmt.Sprint(flags), fmt.Sprint(sectionBytesMax))}
	awaitLine(t, l.program, "ready")
	return l
}

// call has it do something and returns how long that took; it must succeed at once.
func (l *large) call(format string, args ...any) time.Duration {
	l.t.Helper()
	if err := l.program.Say(format, args...); err != nil {
		l.t.Fatal(err)
	}
	var code int
	var took time.Duration
	line := awaitLine(l.t, l.program, "")
	if n, err := fmt.Sscan(line, &code, &took); n != 2 || err != nil {
		l.t.Fatalf("on %s: %q printed %q", l.host.Name, fmt.Sprintf(format, args...), line)
	}
	if code != ok {
		l.t.Fatalf("on %s: %q gave %d after %v, want %d (0: the contents differ)", l.host.Name, fmt.Sprintf(format, args...), code, took, ok)
	}
	return took
}

// epochOf is the epoch of a checkpoint: a replica that is dropped, or an active one that moves, raises it.
func epochOf(t testing.TB, h *testcluster.Host, name string) [2]uint64 {
	t.Helper()
	out, good := command(h, "show", "--json", name)
	var shown struct {
		Epoch [2]uint64 `json:"epoch"`
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil || !good {
		t.Fatalf("ckpt show --json %s printed %q: %v", name, out, err)
	}
	return shown.Epoch
}

// Writes that are longer than any message, of one section and of many, arrive whole on three replicas, wherever they begin.
func TestLargeWrites(t *testing.T) {
	const most = 64 << 20
	c := testcluster.StartHosts(t, testcluster.HostsOptions{})
	for name, flags := range map[string]int{"large-sync": allReplicas | collocated, "large-async": activeReplica | collocated} {
		t.Run(name, func(t *testing.T) {
			on := []*large{startLarge(t, c.Host(1), name, flags, most)}
			if flags&activeReplica != 0 {
				on[0].call("active")
			}
			on[0].call("make 1000 0")
			for _, h := range c.All()[1:] {
				on = append(on, startLarge(t, h, name, flags, most))
			}
			awaitReplicas(t, c.Host(1), name, 3)
			epoch := epochOf(t, c.Host(1), name)
			for seed, part := range []struct{ sections, bytes int }{
				{1, 1 << 20}, {1, 900_000}, {1, 4 << 20}, {1, most}, {16, 1 << 20}, {64, 1 << 20}, {1000, 1 << 10}, {1000, 64 << 10},
			} {
				writers := []*large{on[1], on[2], on[0]}
				if part.sections*part.bytes > most/2 {
					writers = writers[seed%3:][:1]
				}
				for _, from := range writers {
					took := from.call("write %d %d %d", seed, part.sections, part.bytes)
					t.Logf("%d sections of %d bytes from %s: %v", part.sections, part.bytes, from.host.Name, took)
					if flags&activeReplica != 0 {
						from.call("synchronize")
					}
					for _, l := range on {
						l.call("check %d %d %d", seed, part.sections, part.bytes)
					}
				}
			}
			var one []time.Duration
			for seed := range 50 {
				one = append(one, on[0].call("write %d 1 %d", seed, 1<<20))
			}
			slices.Sort(one)
			t.Logf("1 MiB from the active's node: median %v", one[len(one)/2])
			if now := epochOf(t, c.Host(1), name); now != epoch {
				t.Errorf("a replica was dropped: epoch %v, was %v", now, epoch)
			}
			for _, l := range on {
				if err := l.program.End(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
