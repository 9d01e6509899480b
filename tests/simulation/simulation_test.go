package simulation

import (
	"flag"
	"os"
	"testing"
)

var (
	seed  = flag.Uint64("seed", 0, "run this seed alone")
	trace = flag.Bool("trace", false, "with -seed: print what happens")
	first = flag.Uint64("first", 1, "first seed")
	stop  = flag.Bool("stop", false, "stop at the first seed that fails")
	seeds = flag.Uint64("seeds", 50, "number of seeds")
)

func TestSeeds(t *testing.T) {
	if *seed != 0 {
		o := Options{Seed: *seed}
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
		return
	}
	for s := *first; s < *first+*seeds; s++ {
		r, err := Run(Options{Seed: s})
		if err != nil {
			t.Fatal(err)
		}
		if r.Err != nil {
			t.Errorf("seed %d: %v\n%s", s, r.Err, r.Profile)
			if *stop {
				return
			}
		}
	}
}
