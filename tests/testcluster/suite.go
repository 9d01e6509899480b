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
	return runSuite(t, c.Env(), c.Pid(), name, args)
}

// RunSuite runs a program of C tests on the host, with those that need several; the service it may stop is the host's node
// director. With elsewhere, checkpoints are made on another host, the first one unless this is it.
func (h *Host) RunSuite(t *testing.T, elsewhere bool, name string, args ...string) []Result {
	t.Helper()
	list := h.Name + " " + h.RunDir()
	for _, other := range h.c.hosts {
		if other != h {
			list += " " + other.Name + " " + other.RunDir()
		}
	}
	env := append(h.Env(), "CKPT_TEST_CLUSTER="+list, "CKPT_TEST_COMMAND="+Binary(t, "bin/ckpt"))
	if elsewhere {
		env = append(env, "CKPT_TEST_CREATOR=1")
	}
	return runSuite(t, env, h.node.pid(), name, args)
}

// StartSuiteHosts starts three hosts on which RunSuite can be called: a node director that the suite stops stays known to
// the bus.
func StartSuiteHosts(t *testing.T, bus Bus) *Hosts {
	t.Helper()
	return StartHosts(t, HostsOptions{Loopback: true, Bus: bus, PingsMax: 60})
}

// SuiteOnEachHost runs a program of C tests on each of three hosts, with either kind of bus, making checkpoints there and
// elsewhere, and hands over the results of each run with its name.
func SuiteOnEachHost(t *testing.T, name string, results func(run string, results []Result)) {
	for _, bus := range []Bus{External, Embedded} {
		c := StartSuiteHosts(t, bus)
		for _, h := range c.All() {
			for _, elsewhere := range []bool{false, true} {
				run := fmt.Sprintf("external=%t,elsewhere=%t,%s", bus == External, elsewhere, h.Name)
				results(run, h.RunSuite(t, elsewhere, name))
			}
		}
	}
}

func runSuite(t *testing.T, env []string, pid int, name string, args []string) []Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), suiteTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t, name), args...)
	cmd.Env = append(env, fmt.Sprintf("CKPT_CONFORMANCE_SERVICE_PID=%d", pid))
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
