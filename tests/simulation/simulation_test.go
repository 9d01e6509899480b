package simulation

import (
	"flag"
	"os"
	"strconv"
	"testing"
	"time"
)

var (
	seed  = flag.Uint64("seed", 0, "run this seed alone")
	trace = flag.Bool("trace", false, "with -seed: print what happens")
)

// Seeds of a run of the tests. The race detector takes ten times as long; there is one goroutine to a simulated cluster,
// so it has nothing to find that few seeds do not show.
const (
	seedsFixed     = 2000
	seedsFresh     = 500
	seedsRace      = 60
	overlappingMin = 0.3 // share of the calls judged that must have overlapped a fault
)

// TestSeeds runs the same seeds each time.
func TestSeeds(t *testing.T) {
	if *seed != 0 {
		one(t, *seed)
		return
	}
	run(t, 1, seedsFixed)
}

// TestFreshSeeds runs seeds that nobody has run before.
func TestFreshSeeds(t *testing.T) {
	run(t, uint64(time.Now().UnixNano()), seedsFresh)
}

// TestSoak runs as many seeds as CKPT_SIMULATION_SEEDS says.
func TestSoak(t *testing.T) {
	seeds, err := strconv.ParseUint(os.Getenv("CKPT_SIMULATION_SEEDS"), 10, 64)
	if err != nil {
		t.Skip("CKPT_SIMULATION_SEEDS is not set: make soak sets it")
	}
	run(t, uint64(time.Now().UnixNano()), seeds)
}

func one(t *testing.T, seed uint64) {
	o := Options{Seed: seed}
	if *trace {
		o.Trace = os.Stdout
	}
	r, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v\n%+v", r.Profile, r.Stats)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
}

func run(t *testing.T, first, seeds uint64) {
	if raceDetector {
		seeds = min(seeds, seedsRace)
	}
	c := Campaign{First: first, Seeds: seeds, Failed: func(r *Report) {
		t.Errorf("seed %d: %v\n%s\nagain: %s", r.Seed, r.Err, r.Profile, Again(r.Seed))
	}}
	total, err := c.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(total)
	if share := total.Share(); share < overlappingMin && seeds >= seedsRace {
		t.Errorf("only %.0f %% of the calls overlapped a fault, want %.0f %%", 100*share, 100*overlappingMin)
	}
}

// TestRepeats: a seed determines everything that happens.
func TestRepeats(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		var digests [2]string
		for i := range digests {
			r, err := Run(Options{Seed: seed, Digest: true})
			if err != nil {
				t.Fatal(err)
			}
			digests[i] = r.Digest
		}
		if digests[0] != digests[1] {
			t.Errorf("seed %d does not do the same twice", seed)
		}
	}
}
