// Package examples runs every example program against a real service and checks all it prints.
package examples

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// demoMax bounds one run of the demonstration; it takes about five seconds.
const demoMax = 2 * time.Minute

// restMS is how long the active of the takeover example rests after each line of the text, in
// milliseconds: so long that it can be killed in the middle.
const restMS = "20"

// Each of these runs by itself and prints the same every time; the second run shows that the first
// left nothing behind.
func TestExamplesAlone(t *testing.T) {
	want := map[string][]string{
		"hello": {
			"wrote 13 bytes: Hello, world!",
			"read 13 bytes: Hello, world!",
		},
		"async": {
			"open, invocation 1: SA_AIS_OK",
			"wrote 44 bytes",
			"synchronize, invocation 2: SA_AIS_OK",
		},
		"sections": {
			"all sections, by length of the id, then by its bytes:",
			"  red: 4 bytes, never expires",
			"  blue: 13 bytes, expires",
			"  green: 4 bytes, never expires",
			"  a generated id of 8 bytes: 8 bytes, never expires",
			"3 never expire",
			"after green was deleted and blue has expired:",
			"  red: 4 bytes, never expires",
			"  a generated id of 8 bytes: 8 bytes, never expires",
		},
		"track": {
			"callback 1: section colour, 5 bytes at 0: green",
			"callback 2: section colour, 9 bytes at 0: dark blue",
			"callback 3: section colour, 4 bytes at 5: grey",
			"callback 4: section colour, 0 bytes at 0",
		},
		"clckpt_hello": {
			"wrote 18 bytes: Hello, OpenClovis!",
			"read 18 bytes: Hello, OpenClovis!",
		},
	}
	cluster := testcluster.Start(t, testcluster.Options{})
	for name, lines := range want {
		t.Run(name, func(t *testing.T) {
			start(t, cluster.Env(), name).expect(lines...)
			start(t, cluster.Env(), name).expect(lines...)
		})
	}
}

// The standby receives each order of the active, in order, in the units in which they were written.
func TestHotStandby(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.Options{})
	standby := start(t, cluster.Env(), "hot_standby", "standby")
	standby.waitLine("standby: waiting")
	active := start(t, cluster.Env(), "hot_standby", "active")

	wrote := []string{}
	arrived := []string{"standby: waiting"}
	for i, goods := range []string{"apples", "bread", "cheese", "dates", "eggs"} {
		order := fmt.Sprintf("order %d: %s", i+1, goods)
		wrote = append(wrote, "active: wrote "+order)
		arrived = append(arrived, fmt.Sprintf("standby: 24 bytes at %d: %s", 24*i, order))
	}
	active.expect(wrote...)
	standby.expect(append(arrived, "standby: has all 5 orders")...)
}

// The reader is told of each change with its data, twice over: nothing is left of the first time.
func TestClovisNotify(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.Options{})
	for range 2 {
		reader := start(t, cluster.Env(), "clckpt_notify", "reader")
		reader.waitLine("reader: waiting")
		start(t, cluster.Env(), "clckpt_notify", "writer").expect("writer: done")
		reader.expect("reader: waiting",
			"reader: change 1 of clckpt_notify: section colour, 9 bytes at 0: dark blue",
			"reader: change 2 of clckpt_notify: section colour, 4 bytes at 5: grey",
			"reader: change 3 of clckpt_notify: section colour, deleted",
			"reader: 3 changes")
	}
}

// What one run has written the next one reads, without a service; reading deletes it.
func TestClovisDatasets(t *testing.T) {
	env := withoutService(t)
	for range 2 {
		start(t, env, "clckpt_datasets", "write").expect("wrote 3 elements and the sum")
		start(t, env, "clckpt_datasets", "write").expect("wrote 3 elements and the sum")
		start(t, env, "clckpt_datasets", "read").expect("Ada has called 3 times", "Grace has called 5 times",
			"Edsger has called 2 times", "10 calls in all")
		nothing := start(t, env, "clckpt_datasets", "read")
		if err := nothing.waitEnd(); err == nil {
			t.Error("what was deleted was read")
		}
		if got := nothing.stderr.String(); got != "nothing has been written yet\n" {
			t.Errorf("it said %q", got)
		}
	}
}

// withoutService returns an environment in which a program finds the library and directories of
// its own, and no service.
func withoutService(t *testing.T) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "CKPT_") || strings.HasPrefix(v, "ASP_")
	})
	return append(env,
		"CKPT_RUN_DIR="+t.TempDir(),
		"CKPT_DATA_DIR="+t.TempDir(),
		"LD_LIBRARY_PATH="+filepath.Join(testcluster.Root(), "build", "lib"))
}

// The sample is the text of the takeover example, and what wc says about it.
type sample struct {
	path         string
	words, lines int
}

func readSample(t *testing.T) sample {
	t.Helper()
	path := filepath.Join(testcluster.Root(), "examples", "text.txt")
	out, err := exec.CommandContext(t.Context(), "wc", "-w", "-l", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	s := sample{path: path}
	if _, err := fmt.Sscan(string(out), &s.lines, &s.words); err != nil {
		t.Fatalf("wc: %q: %v", out, err)
	}
	return s
}

// total is the line that both roles end with.
func (s sample) total() string {
	return fmt.Sprintf("%d words in %d lines", s.words, s.lines)
}

// killAfter kills the process after a time, which must be before its end.
func (p *process) killAfter(d time.Duration) {
	p.t.Helper()
	select {
	case <-time.After(d): // the moment of the crash, not a wait for something
	case <-p.ended:
		p.t.Fatalf("%s ended before it was to be killed: %v\n%s", p.name, p.err, p.stderr.String())
	}
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.waitEnd(); err == nil {
		p.t.Fatalf("%s ended well though it was killed", p.name)
	}
}

// takenOverAt returns how many lines had been counted when the standby found the active silent.
func takenOverAt(t *testing.T, lines []string) int {
	t.Helper()
	for _, line := range lines {
		var at, words int
		if n, _ := fmt.Sscanf(line, "standby: the active is silent after %d lines and %d words",
			&at, &words); n == 2 {
			return at
		}
	}
	t.Fatalf("the standby did not take over:\n%s", strings.Join(lines, "\n"))
	return 0
}

// Wherever the active is killed, the standby's total is that of wc.
func TestTakeover(t *testing.T) {
	text := readSample(t)
	cluster := testcluster.Start(t, testcluster.Options{})
	for _, life := range []time.Duration{0, 100 * time.Millisecond, time.Second, 2 * time.Second} {
		t.Run(life.String(), func(t *testing.T) {
			standby := start(t, cluster.Env(), "takeover", "standby", text.path)
			standby.waitLine("standby: waiting")
			active := start(t, cluster.Env(), "takeover", "active", text.path, restMS)
			active.waitLine("active: counting from line 1")
			active.killAfter(life)

			lines := standby.succeed()
			at := takenOverAt(t, lines)
			if at >= text.lines {
				t.Errorf("taken over after %d of %d lines", at, text.lines)
			}
			if got := lines[len(lines)-1]; got != text.total() {
				t.Errorf("counted %q, wc says %q", got, text.total())
			}
		})
	}
}

// The state outlives both processes: after the active and the standby have been killed in turn, an
// active started later counts on, and the total is still that of wc.
func TestTakeoverAfterTwoCrashes(t *testing.T) {
	text := readSample(t)
	cluster := testcluster.Start(t, testcluster.Options{})
	standby := start(t, cluster.Env(), "takeover", "standby", text.path, restMS)
	standby.waitLine("standby: waiting")
	active := start(t, cluster.Env(), "takeover", "active", text.path, restMS)
	active.waitLine("active: counting")
	active.killAfter(500 * time.Millisecond)
	standby.waitLine("active: counting")
	standby.killAfter(500 * time.Millisecond)

	lines := start(t, cluster.Env(), "takeover", "active", text.path).succeed()
	if lines[0] == "active: counting from line 1" {
		t.Error("the state was lost with its last user")
	}
	if got := lines[len(lines)-1]; got != text.total() {
		t.Errorf("counted %q, wc says %q", got, text.total())
	}
}

// An active that nothing happens to finishes, and the standby sees that.
func TestTakeoverNotNeeded(t *testing.T) {
	text := readSample(t)
	cluster := testcluster.Start(t, testcluster.Options{})
	standby := start(t, cluster.Env(), "takeover", "standby", text.path)
	standby.waitLine("standby: waiting")
	start(t, cluster.Env(), "takeover", "active", text.path).
		expect("active: counting from line 1", text.total())
	standby.expect("standby: waiting",
		fmt.Sprintf("standby: the active has finished after %d lines and %d words", text.lines, text.words),
		text.total())
}

// An active that was stopped for too long finds out that it is no longer the active.
func TestTakeoverFromASlowActive(t *testing.T) {
	text := readSample(t)
	cluster := testcluster.Start(t, testcluster.Options{})
	standby := start(t, cluster.Env(), "takeover", "standby", text.path)
	standby.waitLine("standby: waiting")
	active := start(t, cluster.Env(), "takeover", "active", text.path, restMS)
	active.waitLine("active: counting")
	if err := active.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	lines := standby.succeed()
	takenOverAt(t, lines)
	if got := lines[len(lines)-1]; got != text.total() {
		t.Errorf("counted %q, wc says %q", got, text.total())
	}
	if err := active.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := active.waitEnd(); err == nil {
		t.Error("the slow active ended as if nothing had happened")
	}
	if got := active.stderr.String(); got != "active: another process has taken over\n" {
		t.Errorf("the slow active said %q", got)
	}
}

// Without a service an example says which call failed, and fails itself.
func TestNoService(t *testing.T) {
	for name, want := range map[string]string{
		"hello": "saCkptInitialize: SA_AIS_ERR_TRY_AGAIN (is the checkpoint service running?)\n",
		"clckpt_hello": "clCkptInitialize: 0x160016, CL_ERR_TRY_AGAIN " +
			"(is the checkpoint service running?)\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // both wait for the service as long as a call may take
			program := start(t, withoutService(t), name)
			if err := program.waitEnd(); err == nil {
				t.Error("it succeeded without a service")
			}
			if got := program.stderr.String(); !strings.HasSuffix(got, want) {
				t.Errorf("it said %q", got)
			}
		})
	}
}

// The demonstration works, twice in a row, and leaves nothing behind.
func TestDemo(t *testing.T) {
	testcluster.Binary(t, "bin/ckpt")
	testcluster.Binary(t, "examples/takeover")
	tmp := t.TempDir()
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), demoMax)
		cmd := exec.CommandContext(ctx, filepath.Join(testcluster.Root(), "examples", "demo.sh"))
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = waitMax
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("demo.sh: %v\n%s", err, out)
		}
		if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
			t.Fatalf("demo.sh left %v behind (%v)", left, err)
		}
	}
}
