package testcluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one program of the service, over all its starts.
type process struct {
	name    string
	path    string
	args    []string
	env     []string
	uid     uint32
	logPath string // appended to
	silent  bool   // prints no ready line
	network string // namespace; "" = the test's own

	mu    sync.Mutex
	cmd   *exec.Cmd
	ready chan error // gets nil with the ready line, an error when standard output ends before it
	ended chan struct{}
	err   error // of the end, valid once ended is closed

	runDir string // in the ready line
}

func (p *process) start() error {
	log, err := os.OpenFile(p.logPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer w.Close()
	cmd := exec.Command(p.path, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, w, log
	// The process must not outlive a test that was cut off.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if p.uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.uid, Gid: p.uid}
	}
	ready, ended, started := make(chan error, 1), make(chan struct{}), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // Pdeathsig is about the thread that started the process
		if p.network == "" {
			defer runtime.UnlockOSThread()
		}
		err := enter(p.network)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(ended)
	}()
	if err := <-started; err != nil {
		r.Close()
		return err
	}
	p.mu.Lock()
	p.cmd, p.ready, p.ended = cmd, ready, ended // not before it has a process id: 0 means this process and its group
	p.mu.Unlock()
	if p.silent {
		ready <- nil
	}
	go p.watchOutput(r, ready)
	return nil
}

func (p *process) watchOutput(r io.ReadCloser, ready chan<- error) {
	defer r.Close()
	s := bufio.NewScanner(r)
	for s.Scan() {
		if dir, found := strings.CutPrefix(s.Text(), "ready "); found {
			p.mu.Lock()
			p.runDir = dir
			p.mu.Unlock()
			select {
			case ready <- nil:
			default:
			}
		}
	}
	select {
	case ready <- errors.New("its standard output ended"):
	default:
	}
}

// awaitReady waits for the ready line of the last start; it may be called once for each.
func (p *process) awaitReady() error {
	p.mu.Lock()
	ready := p.ready
	p.ready = nil
	p.mu.Unlock()
	if ready == nil {
		return nil // was ready before
	}
	select {
	case err := <-ready:
		if err != nil {
			return fmt.Errorf("%s did not get ready: %w", p.name, err)
		}
		return nil
	case <-time.After(readyTimeout):
		return fmt.Errorf("%s did not get ready within %v", p.name, readyTimeout)
	}
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.cmd.Process == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *process) running() bool {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended == nil {
		return false
	}
	select {
	case <-ended:
		return false
	default:
		return true
	}
}

func (p *process) kill() {
	if !p.running() {
		return
	}
	p.signal(syscall.SIGKILL)
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	<-ended
}

// signal sends a signal to the process, if it runs.
func (p *process) signal(s syscall.Signal) {
	if pid := p.pid(); pid > 0 && p.running() {
		_ = syscall.Kill(pid, s) // it may just have ended
	}
}

// stop sends SIGTERM and checks how the process ends. A process that does not run is left alone.
func (p *process) stop() error {
	if !p.running() {
		return nil
	}
	p.mu.Lock()
	process, ended := p.cmd.Process, p.ended
	p.mu.Unlock()
	if err := process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-ended:
	case <-time.After(stopTimeout):
		_ = process.Signal(syscall.SIGQUIT) // its stacks go to the log
		select {
		case <-ended:
		case <-time.After(time.Second):
			p.kill()
		}
		return fmt.Errorf("%s still ran %v after SIGTERM", p.name, stopTimeout)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil && !p.silent {
		return fmt.Errorf("%s ended with %w after SIGTERM", p.name, p.err)
	}
	return nil
}

// logEnd is the end of the log, or the beginning of the last panic in it.
func (p *process) logEnd() string {
	b, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "panic:") || strings.HasPrefix(lines[i], "fatal error:") {
			return strings.Join(lines[i:min(i+logLinesMax, len(lines))], "\n")
		}
	}
	return strings.Join(lines[max(0, len(lines)-logLinesMax):], "\n")
}
