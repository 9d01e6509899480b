package service

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"libckpt/internal/rundir"
	"libckpt/tests/testcluster"
)

// daemon is a program of the service that the test itself starts and stops.
type daemon struct {
	t              testing.TB
	cmd            *exec.Cmd
	stdout, stderr string // files
	ended          chan error
}

func startDaemon(t testing.TB, program string, args ...string) *daemon {
	t.Helper()
	dir := t.TempDir()
	d := &daemon{t: t, cmd: exec.Command(testcluster.Binary(t, "bin/"+program), args...),
		stdout: filepath.Join(dir, "stdout"), stderr: filepath.Join(dir, "stderr"), ended: make(chan error, 1)}
	stdout, err := os.Create(d.stdout)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	stderr, err := os.Create(d.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	d.cmd.Stdout, d.cmd.Stderr = stdout, stderr
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	t.Cleanup(func() { _ = d.cmd.Process.Kill() }) // it has ended, unless the test failed
	return d
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// stops sends a signal and wants the end with status 0, soon.
func (d *daemon) stops(s syscall.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
	select {
	case err := <-d.ended:
		if err != nil {
			d.t.Errorf("%v after %v: %s", err, s, content(d.t, d.stderr))
		}
	case <-time.After(patience):
		d.t.Errorf("still runs %v after %v", patience, s)
	}
}

// shortDir is a directory whose path leaves room for a socket's name, which has 107 bytes at most.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "ckpt-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestReadyLineAndSignals(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			dir := shortDir(t)
			run := filepath.Join(dir, "run")
			d := startDaemon(t, "ckpt", "up", "--run-dir", run, "--data-dir", filepath.Join(dir, "data"))
			until(t, "the ready line", func() bool { return content(t, d.stdout) != "" })
			if out := runAs(t, 0, append(os.Environ(), rundir.Variable+"="+run), testcluster.Binary(t, "bin/ckpt"), "status"); out.status != 0 {
				t.Errorf("ready, but: %s", out.stderr)
			}
			d.stops(s)
			if _, err := os.Lstat(filepath.Join(run, rundir.NodeSocket)); !os.IsNotExist(err) {
				t.Errorf("its socket is still there: %v", err)
			}
			if got, want := content(t, d.stdout), "ready "+run+"\n"; got != want {
				t.Errorf("standard output is %q, want %q", got, want)
			}
		})
	}
}

// A daemon that waits for another stops as cleanly as one that serves.
func TestStopsWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, c := range [][]string{{"ckptd"}, {"ckptnd"}, {"ckptnd", "--nats", "nats://127.0.0.1:1"}} {
		t.Run(strings.Join(c, " "), func(t *testing.T) {
			t.Parallel()
			dir := shortDir(t)
			args := append(c[1:], "--run-dir", filepath.Join(dir, "run"), "--data-dir", filepath.Join(dir, "data"))
			d := startDaemon(t, c[0], append(args, "--log-level", "debug")...)
			until(t, "it has begun to wait", func() bool { return content(t, d.stderr) != "" })
			d.stops(syscall.SIGTERM)
			if out := content(t, d.stdout); out != "" {
				t.Errorf("said %q though nothing can have succeeded", out)
			}
		})
	}
}

// The log's reader may go away without taking the service along.
func TestLogReaderGoesAway(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	cmd := exec.Command(testcluster.Binary(t, "bin/ckpt"), "up", "--run-dir", run, "--data-dir", filepath.Join(dir, "data"), "--log-level", "debug")
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Close()
	env := append(os.Environ(), rundir.Variable+"="+run)
	until(t, "the service answers", func() bool {
		return runAs(t, 0, env, testcluster.Binary(t, "bin/ckpt"), "status", "--timeout", "1s").status == 0
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// Replicas on a disk work; one line says that they are there.
func TestRunDirectoryOnDisk(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	if rundir.InMemory(dir) {
		t.Skip("/tmp is in memory here")
	}
	c := testcluster.Start(t, testcluster.Options{RunDir: dir})
	cp := open(t, dial(t, c), "x", attributes(1, time.Minute))
	overwrite(t, cp, "", "on disk")
	if s := read(t, cp, ""); s != "on disk" {
		t.Errorf("%q", s)
	}
	if n := strings.Count(c.Log(), "not on tmpfs"); n != 1 {
		t.Errorf("%d lines about it, want 1", n)
	}
}

func TestDamagedDataDirectory(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	c.Stop()
	logs, err := filepath.Glob(filepath.Join(c.DataDir(), "log", "*.wal"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no log files in %s: %v", c.DataDir(), err)
	}
	for _, name := range logs {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("sixteen bad bytes"), 80); err != nil { // in the first entry
			t.Error(err)
		}
		f.Close()
	}
	o := runAs(t, 0, nil, testcluster.Binary(t, "bin/ckpt"), "up", "--run-dir", c.RunDir(1), "--data-dir", c.DataDir(), "--node", "node-1",
		"--log-level", "error")
	oneLine(t, o, c.DataDir(), "damaged")
}

// Whoever starts a daemon that can't get ready is told why, and the ready line does not come.
func TestReminderWhileWaiting(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	d := startDaemon(t, "ckptnd", "--run-dir", filepath.Join(dir, "run"), "--data-dir", filepath.Join(dir, "data"))
	until(t, "a reminder", func() bool { return strings.Contains(content(t, d.stderr), "waiting for the director") })
	d.stops(syscall.SIGTERM)
	if out := content(t, d.stdout); out != "" {
		t.Errorf("standard output: %q", out)
	}
}
