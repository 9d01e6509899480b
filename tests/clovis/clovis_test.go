// Package clovis runs the tests of the server-based clCkpt* API, which are written in C against the public headers and
// compiled for both of their flavours, and reports each of them as a subtest named by its label and its flavour.
package clovis

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// several are the tests that need several nodes.
var several = []string{
	"clCkptActiveReplicaSet moves the active replica",
	"clCkptActiveReplicaSet CL_CKPT_ERR_INVALID_STATE",
	"clCkptSectionIterationNext CL_CKPT_ERR_NOT_EXIST",
}

func TestClovis(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	listed := make(map[string]bool)
	flavours := make(map[string]int)
	for _, r := range c.RunSuite(t, "tests/clovis") {
		label, _, _ := strings.Cut(r.Label, ",")
		listed[label] = true
		if r.Outcome == "NONE" { // counted in the report
			if r.Claim == "" {
				t.Errorf("%s: listed without the reason why it cannot occur", r.Label)
			}
			continue
		}
		flavours[r.Client]++
		t.Run(r.Label+"/"+r.Client, func(t *testing.T) { report(t, r) })
	}
	for _, value := range returnValues(t) {
		if !listed[value] {
			t.Errorf("%s, a return value of the document, has no test", value)
		}
	}
	if flavours["document"] == 0 || flavours["sdk"] == 0 {
		t.Errorf("tests by flavour: %v", flavours)
	}
}

// As TestThreeHosts of tests/conformance.
func TestThreeHosts(t *testing.T) {
	const program = "tests/clovis"
	if os.Getenv("CKPT_SOAK") != "" {
		testcluster.SuiteOnEachHost(t, program, func(run string, results []testcluster.Result) { passed(t, run, results) })
		return
	}
	h := testcluster.StartSuiteHosts(t, testcluster.Embedded).Host(3)
	passed(t, "elsewhere", h.RunSuite(t, true, program, "--client", "sdk"))
}

// passed checks that every test of a run on several hosts that can pass has.
func passed(t *testing.T, run string, results []testcluster.Result) {
	for _, r := range results {
		if r.Outcome == "NONE" {
			continue
		}
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

// returnValues reads values.txt: a function and one of its return values in each line.
func returnValues(t *testing.T) []string {
	t.Helper()
	f, err := os.Open("values.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var values []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			values = append(values, line)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}
