// Command simulate runs simulated clusters: one seed, so many, or for so long. It ends with status 1 if one of them did
// what it must not.
package main

import (
	"flag"
	"fmt"
	"os"
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
	if total.Failures > 0 {
		os.Exit(1)
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
