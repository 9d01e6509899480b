package service

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"libckpt/agent"
	"libckpt/internal/wire"
	"libckpt/tests/testcluster"
)

// patience bounds every wait for something that should happen soon.
const patience = 30 * time.Second

// soak is whether the tests run at full size.
var soak = os.Getenv("CKPT_SOAK") != ""

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// output is what a command printed and how it ended.
type output struct {
	stdout, stderr string
	status         int
}

// runAs runs a program to its end as a user; 0 = the test's own.
func runAs(t testing.TB, uid uint32, env []string, program string, args ...string) output {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &stdout, &stderr
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %s: %v %v", program, strings.Join(args, " "), err, ctx.Err())
	}
	return output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// ckpt runs the command on node 1 of a cluster.
func ckpt(t testing.TB, c *testcluster.Cluster, args ...string) output {
	t.Helper()
	return runAs(t, 0, c.Env(), testcluster.Binary(t, "bin/ckpt"), args...)
}

// succeeds is ckpt that must end with status 0 and nothing on standard error.
func succeeds(t testing.TB, c *testcluster.Cluster, args ...string) string {
	t.Helper()
	o := ckpt(t, c, args...)
	if o.status != 0 || o.stderr != "" {
		t.Fatalf("ckpt %s: status %d, %s", strings.Join(args, " "), o.status, o.stderr)
	}
	return o.stdout
}

// oneLine checks that a command failed with one line that holds each of the parts.
func oneLine(t testing.TB, o output, parts ...string) {
	t.Helper()
	if o.status != 1 {
		t.Errorf("status %d, want 1", o.status)
	}
	if strings.Count(o.stderr, "\n") != 1 || strings.Contains(o.stderr, "goroutine") {
		t.Errorf("not one line: %q", o.stderr)
	}
	for _, p := range parts {
		if !strings.Contains(o.stderr, p) {
			t.Errorf("%q lacks %q", o.stderr, p)
		}
	}
}

// program is a program of testdata that runs.
type program struct {
	t testing.TB
	*testcluster.Program
}

// start starts a program of testdata. Its lines "count ..." are looked at, not waited for.
func start(t testing.TB, env []string, name string, args ...string) program {
	t.Helper()
	return program{t, testcluster.StartProgram(t, env, []string{"count"}, "tests/service/"+name, args...)}
}

// line waits for the next line.
func (p program) line() string { p.t.Helper(); return p.Line(patience) }

func (p program) expect(want string) {
	p.t.Helper()
	if l := p.line(); l != want {
		p.t.Fatalf("the program said %q, want %q", l, want)
	}
}

// say sends a line to its standard input.
func (p program) say(line string) {
	p.t.Helper()
	if err := p.Say("%s", line); err != nil {
		p.t.Fatal(err)
	}
}

// dial connects a Go client to node 1 of a cluster.
func dial(t testing.TB, c *testcluster.Cluster) *agent.Agent { return dialDir(t, c.RunDir(1)) }

func dialDir(t testing.TB, dir string) *agent.Agent {
	t.Helper()
	a, err := agent.Dial(soon(t), agent.Options{RunDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// soon is a context for one call that should succeed.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// attributes are those of a synchronous checkpoint.
func attributes(sections uint32, retention time.Duration) *agent.Attributes {
	return &agent.Attributes{CreationFlags: agent.AllReplicas, CheckpointSize: 1000, RetentionDuration: int64(retention),
		MaxSections: sections, MaxSectionSize: 1 << 20, MaxSectionIDSize: 16}
}

func openOptions(attributes *agent.Attributes) agent.OpenOptions {
	return agent.OpenOptions{Flags: agent.OpenRead | agent.OpenWrite | agent.OpenCreate, Attributes: attributes}
}

func open(t testing.TB, a *agent.Agent, name string, attributes *agent.Attributes) *agent.Checkpoint {
	t.Helper()
	c, err := a.Open(soon(t), name, openOptions(attributes))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func create(t testing.TB, c *agent.Checkpoint, id string, data string) {
	t.Helper()
	if err := c.Create(soon(t), []byte(id), []byte(data), math.MaxInt64); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t testing.TB, c *agent.Checkpoint, id, data string) {
	t.Helper()
	if err := c.Overwrite(soon(t), []byte(id), []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, c *agent.Checkpoint, id string) string {
	t.Helper()
	b := make([]byte, 4096)
	n, err := c.Read(soon(t), []byte(id), 0, b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// openers is how many handles are open on a checkpoint; 0 if there is none of the name.
func openers(t testing.TB, a *agent.Agent, name string) int {
	t.Helper()
	r, err := a.Show(soon(t), name)
	if errors.Is(err, wire.NotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return int(r.Openers)
}
