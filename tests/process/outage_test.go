package process

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// conversation is a running program that reports what it does in lines and goes on when it is sent one.
type conversation struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	errs  bytes.Buffer
}

func converse(t *testing.T, env []string, name string, args ...string) *conversation {
	t.Helper()
	cmd := exec.Command(testcluster.Binary(t, "tests/process/"+name), args...)
	c := &conversation{t: t, cmd: cmd, lines: make(chan string, 16)}
	c.cmd.Env = env
	c.cmd.Stderr = &c.errs
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in = in
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
		close(c.lines)
	}()
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			c.cmd.Process.Kill() //nolint:errcheck // it may have ended just now
			c.cmd.Wait()         //nolint:errcheck // killed
		}
	})
	return c
}

func (c *conversation) await(prefix string) string {
	c.t.Helper()
	deadline := time.After(programTimeout)
	for {
		select {
		case line, open := <-c.lines:
			if !open {
				c.t.Fatalf("the program ended before it said %q: %v\n%s", prefix, c.cmd.Wait(), tail(c.errs.String()))
			}
			if strings.HasPrefix(line, prefix) {
				return line
			}
		case <-deadline:
			c.t.Fatalf("the program did not say %q within %v", prefix, programTimeout)
		}
	}
}

func (c *conversation) goOn() {
	c.t.Helper()
	if _, err := io.WriteString(c.in, "go on\n"); err != nil {
		c.t.Fatal(err)
	}
}

// end waits for the program's own end.
func (c *conversation) end() {
	c.t.Helper()
	timer := time.AfterFunc(programTimeout, func() { c.cmd.Process.Kill() }) //nolint:errcheck // the Wait below tells
	defer timer.Stop()
	for range c.lines {
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Fatalf("%v\n%s", err, tail(c.errs.String()))
	}
}

// awaitStopped waits until SIGSTOP has reached every thread of a process, which kill does not.
func awaitStopped(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(programTimeout); ; time.Sleep(time.Millisecond) {
		running := 0
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		for _, path := range stats {
			stat, _ := os.ReadFile(path)
			_, state, _ := strings.Cut(string(stat), ") ")
			if !strings.HasPrefix(state, "T") {
				running++
			}
		}
		switch {
		case err != nil || len(stats) == 0:
			t.Fatalf("process %d: %d threads, %v", pid, len(stats), err)
		case running == 0:
			return
		case time.Now().After(deadline):
			t.Fatalf("process %d: %d threads do not stop", pid, running)
		}
	}
}

func TestHandlersRunDuringWaits(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	app := converse(t, append(c.Env(), "CKPT_CALL_TIMEOUT_MS=2000"), "waits")
	app.await("ready")
	pid := c.Pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(pid, syscall.SIGCONT) //nolint:errcheck // it may go on already
	awaitStopped(t, pid)
	app.goOn()
	app.await("waited")
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	app.goOn()
	app.end()
}

func TestDaemonsKilledUnderCalls(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	app := converse(t, append(c.Env(), "CKPT_CALL_TIMEOUT_MS=3000"), "inflight")
	app.await("ready")
	for range 3 {
		c.Kill()
		c.Restart(t)
	}
	app.goOn()
	t.Log(app.await(""))
	app.end()
}

func TestDaemonsKilledForGood(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	app := converse(t, append(c.Env(), "CKPT_CALL_TIMEOUT_MS=1000"), "inflight", "for good")
	app.await("ready")
	c.Kill()
	app.goOn()
	t.Log(app.await(""))
	app.end()
}

func TestNotificationsGoOnAfterDaemonsKilled(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	app := converse(t, c.Env(), "consumption", "killed")
	for range 3 {
		app.await("kill")
		c.Kill()
		c.Restart(t)
		app.goOn()
	}
	app.end()
}

func TestCancelledCallsOfClovis(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	app := converse(t, c.Env(), "consumption", "cancellation")
	app.await("stop")
	if err := syscall.Kill(c.Pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(c.Pid(), syscall.SIGCONT) //nolint:errcheck // it may go on already
	awaitStopped(t, c.Pid())
	app.goOn()
	app.await("go on")
	if err := syscall.Kill(c.Pid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	app.goOn()
	app.end()
}
