package testcluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// linesMax is how many lines a program can be ahead of its reader.
const linesMax = 4096

// Program is an application on a host, which is talked to in lines.
type Program struct {
	// Lines is what it prints, closed when it has closed its output.
	Lines <-chan string

	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{}
	err   error // of the end, valid once ended is closed
}

// Run starts a program of build/ on the host, as for Binary, with the environment Env and more. It is killed when the
// test ends, or the host is powered off.
func (h *Host) Run(env []string, name string, args ...string) *Program {
	h.c.t.Helper()
	lines := make(chan string, linesMax)
	p := &Program{Lines: lines, cmd: exec.Command(Binary(h.c.t, name), args...), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = append(h.Env(), env...), os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		h.c.t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		h.c.t.Fatal(err)
	}
	started := make(chan error)
	read := make(chan struct{})
	go func() {
		runtime.LockOSThread() // as in process.start
		if h.namespace == "" {
			defer runtime.UnlockOSThread()
		}
		err := enter(h.namespace)
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
		h.c.t.Fatal(err)
	}
	go func() {
		defer close(read)
		defer close(lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			lines <- s.Text()
		}
	}()
	h.programs = append(h.programs, p)
	return p
}

// Say sends a line to its standard input. It fails when the program has ended.
func (p *Program) Say(format string, args ...any) error {
	_, err := fmt.Fprintf(p.stdin, format+"\n", args...)
	return err
}

// Pid is its process.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Kill sends SIGKILL and waits for the end of it. What it had printed is still in Lines.
func (p *Program) Kill() { p.kill() }

func (p *Program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
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
