package simulation

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Seeds of a run of the tests. The race detector takes ten times as long; there is one goroutine to a simulated cluster,
// so it has nothing to find that few seeds do not show.
const (
	seedsFixed = 2000
	seedsFresh = 500
	seedsRace  = 60
)

// program builds the simulation with cuts inside changes of segments, which take a build tag, and others.
func program(t *testing.T, tags ...string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("SKIPPED: no go command to build the simulation with the tag segmenthook")
	}
	path := filepath.Join(t.TempDir(), "simulate")
	list := strings.Join(append([]string{"segmenthook"}, tags...), ",")
	if out, err := exec.Command("go", "build", "-tags", list, "-o", path, "./simulate").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestSeeds runs the same seeds each time.
func TestSeeds(t *testing.T) { run(t, 1, seedsFixed) }

// TestFreshSeeds runs seeds that nobody has run before.
func TestFreshSeeds(t *testing.T) { run(t, uint64(time.Now().UnixNano()), seedsFresh) }

// TestSoak runs as many seeds as CKPT_SIMULATION_SEEDS says.
func TestSoak(t *testing.T) {
	seeds, err := strconv.ParseUint(os.Getenv("CKPT_SIMULATION_SEEDS"), 10, 64)
	if err != nil {
		t.Skip("CKPT_SIMULATION_SEEDS is not set: make soak sets it")
	}
	run(t, uint64(time.Now().UnixNano()), seeds)
}

func run(t *testing.T, first, seeds uint64) {
	if raceDetector {
		runHere(t, first, min(seeds, seedsRace))
		return
	}
	out, err := exec.Command(program(t), "-first", fmt.Sprint(first), "-seeds", fmt.Sprint(seeds)).Output()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
		return
	}
	t.Logf("%s", out)
}

// runHere runs seeds in this process, under the race detector; node directors die between changes of segments, not in them.
func runHere(t *testing.T, first, seeds uint64) {
	c := Campaign{First: first, Seeds: seeds, Failed: func(r *Report) {
		t.Errorf("seed %d: %v\n%s", r.Seed, r.Err, r.Profile)
	}}
	total, err := c.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(total)
	if !total.Enough() {
		t.Errorf("only %.0f %% of the calls overlapped a fault, want %.0f %%", 100*total.Share(), 100*OverlapMin)
	}
}

// TestRepeats: a seed determines everything that happens.
func TestRepeats(t *testing.T) {
	if raceDetector {
		t.Skip("without the race detector only: it builds a program of its own")
	}
	simulate := program(t)
	for seed := range 20 {
		var traces [2]string
		for i := range traces {
			out, err := exec.Command(simulate, "-seed", fmt.Sprint(seed+1), "-trace").Output()
			if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
				t.Fatal(err)
			}
			traces[i] = string(out)
		}
		if traces[0] != traces[1] {
			t.Errorf("seed %d does not do the same twice", seed+1)
		}
	}
}

// TestSweep: what a run leaves that is killed, the next one removes, and not what one that goes on uses.
func TestSweep(t *testing.T) {
	parent := t.TempDir()
	long := time.Now().Add(-time.Hour)
	used, left := filepath.Join(parent, dirPattern+"used"), filepath.Join(parent, dirPattern+"left")
	for _, path := range []string{used, left} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := lockDir(used)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	for _, path := range []string{used, left} {
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	sweep(parent)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed run left is still there: %v", err)
	}
	if _, err := os.Stat(used); err != nil {
		t.Errorf("what a run uses was removed: %v", err)
	}
}
