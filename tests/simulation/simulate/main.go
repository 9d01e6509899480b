// Command simulate runs simulated clusters: one seed, so many, or for so long. It ends with status 1 if one of them did
// what it must not, with 2 if it could not be run, with 3 if too few of the calls overlapped a fault. Built with the tag
// segmenthook it also has node directors die in the middle of changing a segment.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"libckpt/tests/simulation"
)

func main() {
	seed := flag.Uint64("seed", 0, "run this seed alone")
	trace := flag.Bool("trace", false, "with -seed: print what happens")
	first := flag.Uint64("first", 1, "the first of several seeds")
	seeds := flag.Uint64("seeds", 10_000, "how many seeds")
	duration := flag.Duration("for", 0, "stop after this time; 0 = when all seeds have been run")
	stop := flag.Bool("stop", false, "stop at the first seed that fails")
	flag.Parse()
	debug.SetGCPercent(400) // a run needs little memory for a short time
	if *seed != 0 {
		one(*seed, *trace)
		return
	}
	c := simulation.Campaign{First: *first, Seeds: *seeds, Stop: *stop, Failed: func(r *simulation.Report) {
		fmt.Printf("seed %d: %v\n  %s\n  again: %s\n", r.Seed, r.Err, r.Profile, simulation.Again(r.Seed))
	}}
	if *duration > 0 {
		c.Until = time.Now().Add(*duration)
	}
	total, err := c.Run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Println(total)
	switch {
	case total.Failures > 0:
		os.Exit(1)
	case !total.Enough():
		fmt.Printf("only %.0f %% of the calls overlapped a fault, want %.0f %%\n", 100*total.Share(), 100*simulation.OverlapMin)
		os.Exit(3)
	}
}

func one(seed uint64, trace bool) {
	o := simulation.Options{Seed: seed}
	if trace {
		o.Trace = os.Stdout
	}
	r, err := simulation.Run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Printf("%s\n%+v\n", r.Profile, r.Stats)
	if r.Err != nil {
		fmt.Printf("seed %d: %v\n", seed, r.Err)
		os.Exit(1)
	}
}
