package scale

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
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

// program is a running C program, which says a line for each step.
type program struct {
	t     testing.TB
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // closed at the end of its output
}

// start starts a program of testdata; it is killed when the test ends.
func start(t testing.TB, c *testcluster.Cluster, name string, args ...string) *program {
	t.Helper()
	p := &program{t: t, name: name, cmd: exec.Command(testcluster.Binary(t, "tests/scale/"+name), args...), lines: make(chan string, 64)}
	p.cmd.Env, p.cmd.Stderr = c.Env(), os.Stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(p.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		p.stdin.Close()
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill() // it may have ended
			<-ended
			_ = p.cmd.Wait() // killed
		}
	})
	return p
}

// await waits for the next line, which must begin with what is expected, and gives the numbers after it.
func (p *program) await(what string, numbers ...any) {
	p.t.Helper()
	p.awaitWithin(patience, what, numbers...)
}

func (p *program) awaitWithin(limit time.Duration, what string, numbers ...any) {
	p.t.Helper()
	select {
	case line, open := <-p.lines:
		if !open {
			p.t.Fatalf("%s ended instead of saying %q: %v", p.name, what, p.cmd.Wait())
		}
		word, rest, _ := strings.Cut(line, " ")
		if word != what {
			p.t.Fatalf("%s said %q instead of %q", p.name, line, what)
		}
		if len(numbers) > 0 {
			if _, err := fmt.Sscan(rest, numbers...); err != nil {
				p.t.Fatalf("%s said %q: %v", p.name, line, err)
			}
		}
	case <-time.After(limit):
		_ = p.cmd.Process.Signal(syscall.SIGABRT) // hangs; the core shows where
		p.t.Fatalf("%s did not say %q within %v", p.name, what, limit)
	}
}

// say sends it a line.
func (p *program) say(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.stdin, line); err != nil {
		p.t.Fatalf("%s takes no more lines: %v", p.name, err)
	}
}

// end waits for its end, which must be with status 0 and nothing more said.
func (p *program) end() {
	p.t.Helper()
	kill := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() }) // the status tells
	defer kill.Stop()
	for line := range p.lines {
		p.t.Errorf("%s said %q at its end", p.name, line)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
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
