// Package conformance runs the conformance tests, which are written in C against the public headers, and reports each of
// them as a subtest named by its number and its client, for example 061/B.02.02.
package conformance

import (
	"strconv"
	"testing"

	"libckpt/tests/testcluster"
)

const statements = 200 // numbered from 1, each tested for one client at least

// due are the statements that need several nodes.
var due = map[int]bool{13: true, 105: true, 106: true}

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

func report(t *testing.T, r testcluster.Result) {
	switch r.Outcome {
	case "PASS":
	case "DUE":
		if n, err := strconv.Atoi(r.Label); err != nil || !due[n] {
			t.Errorf("%s: postponed, but needs no second node", r.Claim)
			return
		}
		t.Skipf("%s: needs several nodes", r.Claim)
	default:
		t.Errorf("%s: %s", r.Claim, r.Detail)
	}
}
