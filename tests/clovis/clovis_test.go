// Package clovis runs the tests of the server-based clCkpt* API, which are written in C against the public headers and
// compiled for both of their flavours, and reports each of them as a subtest named by its label and its flavour.
package clovis

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// due are the tests that need several nodes.
var due = map[string]bool{
	"clCkptActiveReplicaSet moves the active replica":  true,
	"clCkptSectionIterationNext CL_CKPT_ERR_NOT_EXIST": true,
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

func report(t *testing.T, r testcluster.Result) {
	switch r.Outcome {
	case "PASS":
	case "DUE":
		if !due[r.Label] {
			t.Errorf("%s: postponed, but needs no second node", r.Claim)
			return
		}
		t.Skipf("%s: needs several nodes", r.Claim)
	default:
		t.Errorf("%s: %s", r.Claim, r.Detail)
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
