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

// How long TestRandom runs, on both kinds of bus together, unless CKPT_RANDOM_SECONDS says it.
const (
	randomTime = 40 * time.Second // in CI
	soakTime   = 30 * time.Minute // with CKPT_SOAK
	roundSteps = 5                // faults, or pairs of faults, through which the same clients work
)

// soak is whether the tests run at full size.
var soak = os.Getenv("CKPT_SOAK") != ""

// TestRandom runs clients through faults in random order, two at once at times. The schedule follows from the seed, which
// is printed; CKPT_SEED sets it. (When a fault meets which call does not follow from it: these are real processes.)
func TestRandom(t *testing.T) {
	lasts := randomTime
	if soak {
		lasts = soakTime
	}
	if s := os.Getenv("CKPT_RANDOM_SECONDS"); s != "" {
		seconds, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("CKPT_RANDOM_SECONDS: %v", err)
		}
		lasts = time.Duration(seconds) * time.Second
	}
	if deadline, limited := t.Deadline(); limited && time.Until(deadline) < lasts+time.Minute {
		t.Fatalf("go test ends at %v: give it -timeout %v at least", deadline, lasts+5*time.Minute)
	}
	seed := rand.Uint64()
	if s := os.Getenv("CKPT_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("CKPT_SEED: %v", err)
		}
	}
	t.Logf("CKPT_SEED=%d", seed)
	for _, bus := range []testcluster.Bus{testcluster.External, testcluster.Embedded} {
		t.Run(bus.String(), func(t *testing.T) { sufferAtRandom(t, bus, seed, lasts/2) })
	}
}

func sufferAtRandom(t *testing.T, bus testcluster.Bus, seed uint64, lasts time.Duration) {
	dice := rand.New(rand.NewPCG(seed, uint64(bus)))
	c := startFaulty(t, bus)
	until := time.Now().Add(lasts)
	var y tally
	for round := 0; time.Now().Before(until) && !t.Failed(); round++ {
		l := startLoad(t, c, fmt.Sprintf("random%d", round))
		l.awaitWorking()
		l.awaitReplicas()
		for step := 0; step < roundSteps && time.Now().Before(until); step++ {
			list := choose(dice, faultsOf(bus))
			dice.Shuffle(len(l.order), func(i, j int) { l.order[i], l.order[j] = l.order[j], l.order[i] })
			for _, f := range list {
				t.Logf("round %d, step %d: %s, with %s, %s, %s for the active and the other replicas", round, step, f.name,
					l.host(1).Name, l.host(2).Name, l.host(3).Name)
			}
			l.suffer(list...)
		}
		l.finish(&y)
	}
	y.enough(t)
}

// choose draws one fault or two, of which at most one takes a memory away: with two the last replica may be lost.
func choose(dice *rand.Rand, all []fault) []fault {
	for {
		list := []fault{all[dice.IntN(len(all))], all[dice.IntN(len(all))]}
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
