// Package conformance runs the conformance tests, which are written in C against the public headers, and reports each of
// them as a subtest named by its number and its client, for example 061/B.02.02.
package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

const (
	statements = 200              // numbered from 1, each tested for one client at least
	runTimeout = 10 * time.Minute // of the whole suite
)

// due are the statements that need several nodes.
var due = map[int]bool{13: true, 105: true, 106: true}

// A result is one line of the program's output.
type result struct {
	number, client, outcome, claim, detail string
}

func TestConformance(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	results := run(t, c)
	seen := make(map[int]bool)
	for _, r := range results {
		if n, err := strconv.Atoi(r.number); err == nil {
			seen[n] = true
		}
		t.Run(r.number+"/"+r.client, func(t *testing.T) { r.report(t) })
	}
	for n := 1; n <= statements; n++ {
		if !seen[n] {
			t.Errorf("statement %d has no test", n)
		}
	}
}

func (r result) report(t *testing.T) {
	switch r.outcome {
	case "PASS":
	case "DUE":
		if n, err := strconv.Atoi(r.number); err != nil || !due[n] {
			t.Errorf("%s: postponed, but needs no second node", r.claim)
			return
		}
		t.Skipf("%s: needs several nodes", r.claim)
	default:
		t.Errorf("%s: %s", r.claim, r.detail)
	}
}

// run runs the program once, against the cluster, and returns all results.
func run(t *testing.T, c *testcluster.Cluster) []result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, testcluster.Binary(t, "tests/conformance"))
	cmd.Env = append(c.Env(), fmt.Sprintf("CKPT_CONFORMANCE_SERVICE_PID=%d", c.Pid()))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it lets a stopped service go on
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: some test failed
		t.Fatalf("conformance: %v\n%s", err, stderr.String())
	}
	results, err := parse(stdout.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func parse(output []byte) ([]result, error) {
	var results []result
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "summary: ") {
			return results, nil
		}
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("conformance printed %q", lines.Text())
		}
		results = append(results, result{number: f[0], client: f[1], outcome: f[2], claim: f[3], detail: f[4]})
	}
	return nil, errors.New("conformance printed no summary")
}
