package testcluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// linesMax is how many lines a program can be ahead of its reader.
const linesMax = 4096

// Program is an application, which is talked to in lines.
type Program struct {
	// Lines is what it prints, closed when it has closed its output.
	Lines <-chan string

	t     testing.TB
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{}
	err   error // of the end, valid once ended is closed

	mu   sync.Mutex
	last string
}

// StartProgram starts a program of build/, as for Binary. It is killed when the test ends. Lines that begin with a word of
// skipped are not in Lines, but Last has them.
func StartProgram(t testing.TB, env []string, skipped []string, name string, args ...string) *Program {
	t.Helper()
	p := startProgram(t, "", env, skipped, name, args)
	t.Cleanup(p.Kill)
	return p
}

// Run starts a program of build/ on the host, as for Binary, with the environment Env and more. It is killed when the
// test ends, or the host is powered off.
func (h *Host) Run(env []string, name string, args ...string) *Program {
	h.c.t.Helper()
	p := startProgram(h.c.t, h.namespace, append(h.Env(), env...), nil, name, args)
	h.programs = append(h.programs, p)
	return p
}

func startProgram(t testing.TB, namespace string, env, skipped []string, name string, args []string) *Program {
	t.Helper()
	lines := make(chan string, linesMax)
	p := &Program{Lines: lines, t: t, cmd: exec.Command(Binary(t, name), args...), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = env, os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan error)
	read := make(chan struct{})
	go func() {
		runtime.LockOSThread() // as in process.start
		if namespace == "" {
			defer runtime.UnlockOSThread()
		}
		err := enter(namespace)
		if err == nil {
			err = p.cmd.Start()
		}
		started <- err
		if err != nil {
			return
		}
		<-read // Wait closes the pipe
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(read)
		defer close(lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			p.mu.Lock()
			p.last = s.Text()
			p.mu.Unlock()
			if word, _, _ := strings.Cut(s.Text(), " "); !slices.Contains(skipped, word) {
				lines <- s.Text()
			}
		}
	}()
	return p
}

// Line waits for the next line. The test fails if there is none within a time.
func (p *Program) Line(limit time.Duration) string {
	p.t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case line, open := <-p.Lines:
		if !open {
			<-p.ended
			p.t.Fatalf("%s ended (%v); the last it said was %q", p.cmd.Path, p.err, p.Last())
		}
		return line
	case <-timer.C:
		_ = p.cmd.Process.Signal(syscall.SIGABRT) // it hangs: a core shows where
		p.t.Fatalf("%s said nothing for %v", p.cmd.Path, limit)
	}
	return ""
}

// Last is the last line it has printed, "" if there is none.
func (p *Program) Last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Signal sends it a signal.
func (p *Program) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s: %v", p.cmd.Path, err)
	}
}

// Say sends a line to its standard input. It fails when the program has ended.
func (p *Program) Say(format string, args ...any) error {
	_, err := fmt.Fprintf(p.stdin, format+"\n", args...)
	return err
}

// Pid is its process.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Kill sends SIGKILL and waits for the end of it.
func (p *Program) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	_ = p.stdin.Close()      // a forked child of it may wait for that, and keep the output open
	for {
		select {
		case <-p.ended:
			return
		case _, open := <-p.Lines: // make room, for the reader to come to the end
			if !open {
				<-p.ended
				return
			}
		}
	}
}

// End closes its standard input, and waits for the end of the program, which must have status 0.
func (p *Program) End() error {
	if err := p.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	for range p.Lines {
	}
	<-p.ended
	return p.err
}
