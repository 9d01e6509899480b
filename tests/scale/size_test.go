package scale

import (
	"fmt"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

const (
	replicasMax     = 1000     // of a node, by default
	emptyReplicaMax = 64 << 10 // bytes of memory
)

func TestThousandReplicas(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	p := start(t, c, "replicas", fmt.Sprint(replicasMax))
	begin := time.Now()
	p.await("full")
	t.Logf("%d checkpoints opened in %v", replicasMax, time.Since(begin))
	sizes := segments(t, c)
	if len(sizes) != replicasMax {
		t.Errorf("%d replicas, want %d", len(sizes), replicasMax)
	}
	for f, n := range sizes {
		if n > emptyReplicaMax {
			t.Errorf("%s takes %d bytes", f, n)
			break
		}
	}
	for _, step := range []string{"used", "retained", "room"} {
		p.say("go on")
		p.await(step)
	}
	if n := len(segments(t, c)); n != replicasMax {
		t.Errorf("%d replicas, want %d", n, replicasMax)
	}
	p.say("go on")
	p.await("end")
	p.end()
	awaitGivenBack(t, c, c.Pids()...)
}

const (
	sectionBytes  = 20_000
	sectionsFull  = 100_000
	sectionsShort = 20_000
	overheadMax   = 1.35 // memory over data
)

// Very many sections: 2 GB in one checkpoint at full size.
func TestManySections(t *testing.T) {
	count := sectionsShort
	if soak {
		count = sectionsFull
	}
	if left, need := free(t, "/dev/shm"), uint64(count*sectionBytes*2); left < need {
		t.Skipf("SKIPPED, NOTHING IS SHOWN: /dev/shm has %d MiB free, needed are %d", left>>20, need>>20)
	}
	c := testcluster.Start(t, testcluster.Options{})
	p := start(t, c, "sections", "many", fmt.Sprint(count), fmt.Sprint(sectionBytes), "4")
	step := func(name string) {
		t.Helper()
		var ms int
		p.awaitWithin(longPatience, name, &ms)
		t.Logf("%d sections %s: %d ms", count, name, ms)
	}
	step("created")
	data := int64(count) * sectionBytes
	taken := onlySegment(t, c)
	t.Logf("%d bytes of memory for %d bytes of data", taken, data)
	if taken < data || float64(taken) > overheadMax*float64(data) {
		t.Errorf("%d bytes of memory for %d bytes of data", taken, data)
	}
	for _, name := range []string{"read", "iterated", "status", "deleted"} {
		p.say("go on")
		step(name)
	}
	p.say("go on")
	step("created")
	step("again")
	if now := onlySegment(t, c); now > taken {
		t.Errorf("%d bytes of memory, before the deletion it were %d: what is free is not used again", now, taken)
	}
	p.say("go on")
	step("unlinked")
	awaitGivenBack(t, c, append(c.Pids(), p.Pid())...)
	p.say("go on")
	p.await("end")
	p.end()
}

func TestHugeAttributes(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	p := start(t, c, "huge", "huge")
	p.await("open")
	if n := onlySegment(t, c); n >= emptyReplicaMax {
		t.Errorf("%d bytes of memory for nothing", n)
	}
	p.say("go on")
	p.await("refused")
	if n := onlySegment(t, c); n >= emptyReplicaMax {
		t.Errorf("%d bytes of memory for one small section", n)
	}
	p.say("go on")
	p.await("end")
	p.end()
	command(t, c, "status")
	awaitGivenBack(t, c, c.Pids()...)
}

const largeBytes = 64 << 20

func TestLargeWrites(t *testing.T) {
	for _, k := range []struct {
		name      string
		processes int
		rounds    int
		args      []string
	}{
		{"one process", 1, 4, nil},
		{"four processes", 4, 2, nil},
		// Room for one such write at a time: the others wait, they are not turned away.
		{"four processes in turns", 4, 2, []string{"--staging-max", "100MiB"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			if left, need := free(t, "/dev/shm"), uint64(k.processes*largeBytes*3); left < need {
				t.Skipf("SKIPPED, NOTHING IS SHOWN: /dev/shm has %d MiB free, needed are %d", left>>20, need>>20)
			}
			c := testcluster.Start(t, testcluster.Options{Args: k.args})
			var programs []*program
			for i := range k.processes {
				programs = append(programs, start(t, c, "large", fmt.Sprintf("large-%d", i), fmt.Sprint(largeBytes), fmt.Sprint(k.rounds)))
			}
			each(programs, func(_ int, p *program) { p.await("ready") })
			each(programs, func(_ int, p *program) { p.say("go on") })
			each(programs, func(_ int, p *program) {
				var slowest int
				p.await("end", &slowest)
				t.Logf("slowest call: %d ms", slowest)
				p.end()
			})
			awaitGivenBack(t, c, c.Pids()...)
		})
	}
}
