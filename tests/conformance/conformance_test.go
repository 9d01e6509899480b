// Package conformance runs the conformance tests, which are written in C against the public headers, and reports each of
// them as a subtest named by its number and its client, for example 061/B.02.02.
package conformance

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"libckpt/tests/testcluster"
)

const statements = 200 // numbered from 1, each tested for one client at least

// several are the tests that need several nodes.
var several = []string{"013", "105", "106", "D42", "D43"}

func TestConformance(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	seen := make(map[int]bool)
	for _, r := range c.RunSuite(t, "tests/conformance") {
		if n, err := strconv.Atoi(r.Label); err == nil {
			seen[n] = true
		}
		t.Run(r.Label+"/"+r.Client, func(t *testing.T) { report(t, r) })
	}
	for n := 1; n <= statements; n++ {
		if !seen[n] {
			t.Errorf("statement %d has no test", n)
		}
	}
}

// On the third host of three neither the director nor the active replica of what is tested is near. In the soak every host
// has its turn, with either kind of bus, near the active replica and far from it.
func TestThreeHosts(t *testing.T) {
	const program = "tests/conformance"
	if os.Getenv("CKPT_SOAK") != "" {
		testcluster.SuiteOnEachHost(t, program, func(run string, results []testcluster.Result) { passed(t, run, results) })
		return
	}
	h := testcluster.StartSuiteHosts(t, testcluster.External).Host(3)
	passed(t, "elsewhere", h.RunSuite(t, true, program, "--client", "B.02.02"))
	var args []string
	for _, label := range several {
		args = append(args, "--number", label)
	}
	passed(t, "several", h.RunSuite(t, false, program, args...))
}

// passed checks that every test of a run on several hosts has passed.
func passed(t *testing.T, run string, results []testcluster.Result) {
	for _, r := range results {
		t.Run(run+"/"+r.Label+"/"+r.Client, func(t *testing.T) {
			if r.Outcome != "PASS" {
				t.Errorf("%s: %s %s", r.Claim, r.Outcome, r.Detail)
			}
		})
	}
}

func report(t *testing.T, r testcluster.Result) {
	switch {
	case r.Outcome == "PASS":
	case r.Outcome == "DUE" && slices.Contains(several, r.Label): // TestThreeHosts
	default:
		t.Errorf("%s: %s %s", r.Claim, r.Outcome, r.Detail)
	}
}
