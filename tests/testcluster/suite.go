package testcluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const suiteTimeout = 10 * time.Minute // of a whole program of C tests

// Result is what a program of C tests (see tests/harness) reports of one test for one client.
type Result struct {
	Label   string // names the test in its suite
	Client  string // the version or flavour it was run for
	Outcome string // PASS, FAIL, DUE or NONE
	Claim   string // what holds; for NONE why it cannot occur
	Detail  string // of a failure
}

// RunSuite runs a program of C tests, named as for Binary, once against the service, and returns all results. A program
// that does not run to its end fails the test.
func (c *Cluster) RunSuite(t *testing.T, name string, args ...string) []Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), suiteTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t, name), args...)
	cmd.Env = append(c.Env(), fmt.Sprintf("CKPT_CONFORMANCE_SERVICE_PID=%d", c.Pid()))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it lets a stopped service go on
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: some test failed
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	results, err := parseResults(stdout.Bytes())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return results
}

func parseResults(output []byte) ([]Result, error) {
	var results []Result
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "summary: ") {
			return results, nil
		}
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("printed %q", lines.Text())
		}
		results = append(results, Result{Label: f[0], Client: f[1], Outcome: f[2], Claim: f[3], Detail: f[4]})
	}
	return nil, errors.New("printed no summary")
}
