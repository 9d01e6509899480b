package examples

import (
	"bufio"
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// waitMax bounds every wait for a process: for a line of its output and for its end.
const waitMax = time.Minute

// A process is a running example. Its output is collected line by line as it is written.
type process struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{} // closed when the process has ended and all its output is in lines
	err    error         // set before ended is closed; as exec.Cmd.Wait

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and replaced whenever lines has grown
}

// start runs an example in the given environment. It is killed when the test ends, at the latest.
func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{
		t:     t,
		name:  strings.Join(append([]string{name}, args...), " "),
		cmd:   exec.Command(testcluster.Binary(t, "examples/"+name), args...),
		ended: make(chan struct{}),
		more:  make(chan struct{}),
	}
	p.cmd.Dir = testcluster.Root()
	p.cmd.Env = env
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for in := bufio.NewScanner(stdout); in.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, in.Text())
			close(p.more)
			p.more = make(chan struct{})
			p.mu.Unlock()
		}
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // fails if it has ended, which is as good
		<-p.ended
	})
	return p
}

// output returns the lines written so far, and a channel that is closed when there are more.
func (p *process) output() ([]string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines), p.more
}

// waitLine waits until the process has written a line that begins with prefix.
func (p *process) waitLine(prefix string) {
	p.t.Helper()
	deadline := time.After(waitMax)
	for {
		lines, more := p.output()
		if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) }) {
			return
		}
		select {
		case <-more:
		case <-p.ended:
			if again, _ := p.output(); len(again) == len(lines) {
				p.t.Fatalf("%s: ended (%v) without a line %q\n%s%s", p.name, p.err, prefix,
					strings.Join(lines, "\n"), p.stderr.String())
			}
		case <-deadline:
			p.t.Fatalf("%s: no line %q within %v\n%s", p.name, prefix, waitMax, strings.Join(lines, "\n"))
		}
	}
}

// waitEnd waits until the process has ended, and returns how, as exec.Cmd.Wait does.
func (p *process) waitEnd() error {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(waitMax):
		lines, _ := p.output()
		p.t.Fatalf("%s: still running after %v\n%s", p.name, waitMax, strings.Join(lines, "\n"))
	}
	return p.err
}

// succeed waits for the end of a process that must succeed, and returns what it wrote.
func (p *process) succeed() []string {
	p.t.Helper()
	err := p.waitEnd()
	lines, _ := p.output()
	if err != nil {
		p.t.Fatalf("%s: %v\n%s\n%s", p.name, err, strings.Join(lines, "\n"), p.stderr.String())
	}
	return lines
}

// expect waits for the end of a process that must succeed, having written exactly these lines.
func (p *process) expect(want ...string) {
	p.t.Helper()
	if got := p.succeed(); !slices.Equal(got, want) {
		p.t.Errorf("%s wrote\n\t%s\nnot\n\t%s", p.name,
			strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
