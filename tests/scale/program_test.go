package scale

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// Limits of this package.
const (
	patience     = 60 * time.Second // for one step of a program
	longPatience = 10 * time.Minute // for a step that handles gigabytes
	metadataMax  = 5 * time.Second  // longest a call may take that needs memory which is not there
)

// Codes of the API.
const (
	aisOK          = 1
	aisTryAgain    = 6
	aisNoResources = 18
)

// soak is whether the tests run at full size.
var soak = os.Getenv("CKPT_SOAK") != ""

// program is a C program of testdata that runs, and says a line for each step.
type program struct {
	t testing.TB
	*testcluster.Program
}

// start starts a program of testdata; it is killed when the test ends.
func start(t testing.TB, c *testcluster.Cluster, name string, args ...string) *program {
	t.Helper()
	return &program{t, testcluster.StartProgram(t, c.Env(), nil, "tests/scale/"+name, args...)}
}

// await waits for the next line, which must begin with what is expected, and gives the numbers after it.
func (p *program) await(what string, numbers ...any) {
	p.t.Helper()
	p.awaitWithin(patience, what, numbers...)
}

func (p *program) awaitWithin(limit time.Duration, what string, numbers ...any) {
	p.t.Helper()
	line := p.Line(limit)
	word, rest, _ := strings.Cut(line, " ")
	if word != what {
		p.t.Fatalf("the program said %q instead of %q", line, what)
	}
	if len(numbers) > 0 {
		if _, err := fmt.Sscan(rest, numbers...); err != nil {
			p.t.Fatalf("the program said %q: %v", line, err)
		}
	}
}

// say sends it a line.
func (p *program) say(line string) {
	p.t.Helper()
	if err := p.Say("%s", line); err != nil {
		p.t.Fatalf("the program takes no more lines: %v", err)
	}
}

// end waits for its end, which must be with status 0 and nothing more said.
func (p *program) end() {
	p.t.Helper()
	kill := time.AfterFunc(patience, p.Kill) // the status tells
	defer kill.Stop()
	for line := range p.Lines {
		p.t.Errorf("the program said %q at its end", line)
	}
	if err := p.End(); err != nil {
		p.t.Fatal(err)
	}
}

// each does the same with several programs, one after the other.
func each(programs []*program, do func(i int, p *program)) {
	for i, p := range programs {
		do(i, p)
	}
}

// command runs ckpt on a cluster; it must succeed.
func command(t testing.TB, c *testcluster.Cluster, args ...string) string {
	t.Helper()
	cmd := exec.Command(testcluster.Binary(t, "bin/ckpt"), args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = c.Env(), &stdout, &stderr
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }) // the error tells
	defer kill.Stop()
	if err := cmd.Run(); err != nil {
		t.Fatalf("ckpt %s: %v, %s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}
