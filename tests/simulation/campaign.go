package simulation

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Campaign runs many seeds, on all processors.
type Campaign struct {
	First, Seeds uint64
	Until        time.Time // no seed is begun after it; zero = no limit
	Stop         bool      // at the first failure
	Failed       func(*Report)
}

// Total adds up the runs of a Campaign.
type Total struct {
	Runs, Failures int
	Last           uint64 // the greatest seed that was run
	Stats          Stats
	Elapsed        time.Duration
}

// Share is the share of the calls judged by the checker of linearizability that were under way while something was wrong
// with the cluster.
func (t *Total) Share() float64 {
	return float64(t.Stats.Overlapped) / float64(max(t.Stats.Checked, 1))
}

// OverlapMin is the least Share of a Campaign of more than a few seeds.
const OverlapMin = 0.3

const campaignMin = 50 // runs from which Share tells something

// Enough reports whether enough of the calls overlapped a fault.
func (t *Total) Enough() bool { return t.Runs < campaignMin || t.Share() >= OverlapMin }

func (t *Total) String() string {
	s := &t.Stats
	return fmt.Sprintf("%d clusters simulated in %v, %d failed: %d events, %d messages, %d calls (%d local reads); "+
		"%d judged for linearizability, %.0f %% of them overlapped a fault; "+
		"%d faults, %d node directors and %d nodes crashed, %d in the middle of a change of a segment; "+
		"%d checkpoints lost with their last replica, %d recovered from a stale copy; %d times an active worked beside a former one; "+
		"%d sections expired; %d further pages of registrations",
		t.Runs, t.Elapsed.Round(time.Millisecond), t.Failures, s.Events, s.Messages, s.Operations, s.LocalReads, s.Checked,
		100*t.Share(), s.Faults, s.DirectorCrashes, s.NodeCrashes, s.Torn, s.Lost, s.Recovered, s.Apart, s.Expired, s.Pages)
}

// Again is the command that repeats a seed of this build and shows what happens.
func Again(seed uint64) string {
	tags := ""
	if Tearing {
		tags = "-tags segmenthook "
	}
	return fmt.Sprintf("go run %s./tests/simulation/simulate -seed %d -trace", tags, seed)
}

// Run runs the seeds. The error is one of the surroundings, not of the service.
func (c *Campaign) Run() (*Total, error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	total := &Total{}
	var failed error
	begun := time.Now()
	next, end := c.First, c.First+c.Seeds
	take := func() (seed uint64, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		over := !c.Until.IsZero() && time.Now().After(c.Until)
		if next == end || failed != nil || over || c.Stop && total.Failures > 0 {
			return 0, false
		}
		next++
		return next - 1, true
	}
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for seed, ok := take(); ok; seed, ok = take() {
				r, err := Run(Options{Seed: seed})
				mu.Lock()
				if err != nil {
					failed = err
				}
				total.add(&r)
				if r.Err != nil && c.Failed != nil {
					c.Failed(&r)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	total.Elapsed = time.Since(begun)
	return total, failed
}

func (t *Total) add(r *Report) {
	t.Runs++
	t.Last = max(t.Last, r.Seed)
	if r.Err != nil {
		t.Failures++
	}
	s := &t.Stats
	s.Events += r.Stats.Events
	s.Messages += r.Stats.Messages
	s.Operations += r.Stats.Operations
	s.Checked += r.Stats.Checked
	s.Overlapped += r.Stats.Overlapped
	s.LocalReads += r.Stats.LocalReads
	s.Faults += r.Stats.Faults
	s.NodeCrashes += r.Stats.NodeCrashes
	s.DirectorCrashes += r.Stats.DirectorCrashes
	s.Torn += r.Stats.Torn
	s.Expired += r.Stats.Expired
	s.Pages += r.Stats.Pages
	s.Recovered += r.Stats.Recovered
	s.Lost += r.Stats.Lost
	s.Apart += r.Stats.Apart
}
