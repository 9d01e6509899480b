package cluster

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// How long TestRandom runs: in CI, and with CKPT_SOAK at least.
const (
	randomTime = 20 * time.Second
	soakTime   = 30 * time.Minute
	roundSteps = 5 // faults, or pairs of faults, through which the same clients work
)

// TestRandom runs clients through faults in random order, two at once at times. The schedule follows from the seed, which
// is printed; CKPT_SEED sets it. (When a fault meets which call does not follow from it: these are real processes.)
func TestRandom(t *testing.T) {
	until := time.Now().Add(randomTime)
	if os.Getenv("CKPT_SOAK") != "" {
		seconds, _ := strconv.Atoi(os.Getenv("CKPT_SOAK_SECONDS"))
		until = time.Now().Add(max(soakTime, time.Duration(seconds)*time.Second))
		if deadline, limited := t.Deadline(); limited && deadline.Before(until.Add(time.Minute)) {
			t.Fatalf("go test ends at %v: give it -timeout %v at least", deadline, soakTime+5*time.Minute)
		}
	}
	seed := rand.Uint64()
	if s := os.Getenv("CKPT_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("CKPT_SEED: %v", err)
		}
	}
	t.Logf("CKPT_SEED=%d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	c := testcluster.StartHosts(t, fast(testcluster.HostsOptions{Directors: 3, Proxied: true, DirectorSpace: 64 << 20}))
	var y tally
	for round := 0; time.Now().Before(until) && !t.Failed(); round++ {
		l := startLoad(t, c, fmt.Sprintf("random%d", round))
		l.awaitWorking()
		l.awaitReplicas()
		for step := 0; step < roundSteps && time.Now().Before(until); step++ {
			list := choose(dice)
			for _, f := range list {
				t.Logf("round %d, step %d: %s", round, step, f.name)
			}
			l.suffer(list...)
		}
		l.finish(&y)
	}
	y.enough(t)
}

// choose draws one fault or two, of which at most one takes a memory away: with two the last replica may be lost.
func choose(dice *rand.Rand) []fault {
	for {
		list := []fault{faults[dice.IntN(len(faults))], faults[dice.IntN(len(faults))]}
		if dice.IntN(2) == 0 {
			list = list[:1]
		}
		lost := 0
		for _, f := range list {
			if f.lost != 0 {
				lost++
			}
		}
		if lost <= 1 {
			return list
		}
	}
}
