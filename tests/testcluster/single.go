package testcluster

import (
	"path/filepath"
	"testing"
)

// Process is one program started by itself, with nothing but the arguments and environment given.
type Process struct {
	t testing.TB
	p *process
}

// Run starts a program that prints a ready line, as a user (0 = the test's own), and waits for that line. When the test
// ends the program must stop with status 0 on SIGTERM.
func Run(t testing.TB, uid uint32, env []string, program string, args ...string) *Process {
	t.Helper()
	s := &Process{t: t, p: &process{name: filepath.Base(program), path: program, args: args, env: env, uid: uid,
		logPath: filepath.Join(t.TempDir(), "log")}}
	if err := s.p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.p.awaitReady(); err != nil {
		t.Fatalf("%v; its log ends:\n%s", err, s.p.logEnd())
	}
	return s
}

// Ready is the run directory in the ready line.
func (s *Process) Ready() string {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return s.p.runDir
}

// Stop tells the program to stop and checks how it ends.
func (s *Process) Stop() {
	s.t.Helper()
	if err := s.p.stop(); err != nil {
		s.t.Errorf("%v; its log ends:\n%s", err, s.p.logEnd())
	}
}

// Log is what the program has logged.
func (s *Process) Log() string { return s.p.logEnd() }
