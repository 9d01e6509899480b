// Package process tests how the library behaves inside the process of an application: forks, threads, signals, limits,
// callbacks that never return, an engine that is missing, and a service that stops or dies. Each test runs a program
// of this directory (build/tests/process) against the real service.
package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

const (
	programTimeout = 60 * time.Second
	statusSkipped  = 77 // a program's status when the machine does not allow what it is about
	stormSeconds   = 2  // each kind of storm; CKPT_SOAK_SECONDS overrides
)

// TestMain keeps descriptors that this process was started with away from the programs, which look at their own.
func TestMain(m *testing.M) {
	const descriptorsMax = 1024
	for fd := 3; fd < descriptorsMax; fd++ {
		syscall.CloseOnExec(fd)
	}
	os.Exit(m.Run())
}

// program runs build/tests/process/<name> to its end and returns what it wrote. The test fails unless it ends with status
// 0, and is skipped if the machine does not allow it.
func program(t *testing.T, env []string, timeout time.Duration, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	path := testcluster.Binary(t, "tests/process/"+name)
	return execute(t, env, timeout, path, args...)
}

func execute(t *testing.T, env []string, timeout time.Duration, path string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == statusSkipped {
		t.Skip(strings.TrimSpace(errs.String()))
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(path), strings.Join(args, " "), err, out.String(), tail(errs.String()))
	}
	return out.String(), errs.String()
}

// tail shortens the report of a crashed Go runtime.
func tail(s string) string {
	const most = 4000
	if len(s) > most {
		return s[:most] + "\n..."
	}
	return s
}

func TestApplications(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	for _, test := range []struct {
		name string
		run  []string
	}{
		{"linked and unused", []string{"unused"}},
		{"linked and used", []string{"unused", "use"}},
		{"daemon", []string{"daemonize"}},
		{"fork", []string{"forked"}},
		{"fork and exec", []string{"exec"}},
		{"32 threads, one handle", []string{"share"}},
		{"32 threads, a handle each", []string{"share", "own"}},
		{"32 small threads, one handle", []string{"share", "small"}},
		{"32 small threads, a handle each", []string{"share", "own", "small"}},
		{"callbacks", []string{"callbacks"}},
		{"finalize and cancel in blocking dispatch", []string{"blocking"}},
		{"notifications: contents", []string{"consumption", "contents"}},
		{"notifications: own writes", []string{"consumption", "own"}},
		{"notifications: registrations", []string{"consumption", "registrations"}},
		{"notifications: the thread ends", []string{"consumption", "thread"}},
		{"notifications: calls from inside", []string{"consumption", "inside"}},
		{"notifications: finalize while one runs", []string{"consumption", "running"}},
		{"notifications: fork", []string{"consumption", "forked"}},
		{"notifications: more than are kept", []string{"consumption", "flood"}},
		{"loaded from a real-time thread", []string{"environment", "fifo"}},
		{"locked memory", []string{"environment", "locked"}},
		{"500 handles", []string{"environment", "handles"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			program(t, c.Env(), programTimeout, test.run[0], test.run[1:]...)
		})
	}
	t.Run("exception out of a callback", func(t *testing.T) {
		if _, err := exec.LookPath("g++"); err != nil {
			t.Skip("no C++ compiler here")
		}
		program(t, c.Env(), programTimeout, "throw")
	})
	t.Run("host written in Go", func(t *testing.T) {
		host := filepath.Join(t.TempDir(), "gohost")
		build := exec.Command("go", "build", "-o", host, "./gohost")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		execute(t, c.Env(), programTimeout, host, "3")
	})
}

func TestAddressSpaceLimit(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	_, stderr := program(t, c.Env(), programTimeout, "environment", "address-space")
	oneLine(t, stderr, "libckpt-engine.so")
}

func oneLine(t *testing.T, stderr, names string) {
	t.Helper()
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, names) {
		t.Errorf("stderr is not one line that names %s:\n%s", names, stderr)
	}
}

// engineDirectory makes a directory with the library and the given content for the engine (nil: none).
func engineDirectory(t *testing.T, engine []byte) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	library, err := os.ReadFile(testcluster.Binary(t, "lib/libckpt.so.1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "libckpt.so.1"), library, 0o755); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "libckpt-engine.so")
	if engine != nil {
		if err := os.WriteFile(path, engine, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir, path
}

func TestEngineMissingOrDamaged(t *testing.T) {
	good, err := os.ReadFile(testcluster.Binary(t, "lib/libckpt-engine.so"))
	if err != nil {
		t.Fatal(err)
	}
	front, err := os.ReadFile(testcluster.Binary(t, "lib/libckpt.so.1"))
	if err != nil {
		t.Fatal(err)
	}
	otherMachine := bytes.Clone(good)
	otherMachine[18] ^= 0xff
	for name, engine := range map[string][]byte{
		"missing":              nil,
		"empty":                {},
		"text":                 []byte("this is not a library\n"),
		"only a header":        good[:64],
		"first page":           good[:4096],
		"half":                 good[:len(good)/2],
		"last byte missing":    good[:len(good)-1],
		"for another machine":  otherMachine,
		"some other library":   front,
		"directory entry zero": make([]byte, len(good)),
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := engineDirectory(t, engine)
			env := append(os.Environ(), "LD_LIBRARY_PATH="+dir)
			stdout, stderr := program(t, env, programTimeout, "engine")
			if want := strings.Repeat("2\n", 9); stdout != want { // SA_AIS_ERR_LIBRARY
				t.Errorf("Initialize returned %q, want %q", stdout, want)
			}
			oneLine(t, stderr, path)
		})
	}
}

func TestEngineElsewhere(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	dir, _ := engineDirectory(t, nil)
	env := append(c.Env(), "LD_LIBRARY_PATH="+dir, "CKPT_ENGINE="+testcluster.Binary(t, "lib/libckpt-engine.so"))
	program(t, env, programTimeout, "daemonize")
}

// A library found through a relative path is a daemon's too, which has changed its directory since.
func TestEngineBesideRelativePath(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	t.Chdir(filepath.Join(testcluster.Root(), "build"))
	program(t, append(c.Env(), "LD_LIBRARY_PATH=lib"), programTimeout, "daemonize")
}

func stormLength(t *testing.T) string {
	t.Helper()
	text := os.Getenv("CKPT_SOAK_SECONDS")
	if text == "" {
		return strconv.Itoa(stormSeconds)
	}
	if _, err := strconv.Atoi(text); err != nil {
		t.Fatalf("CKPT_SOAK_SECONDS: %v", err)
	}
	return text
}

func TestSignalStorm(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	length := stormLength(t)
	seconds, _ := strconv.Atoi(length)
	for _, kind := range []string{
		"before process", "after process", "before thread", "after thread",
		"before process blocked", "after process blocked",
		"before thread flagged", "after process blocked onstack", "after process default",
	} {
		t.Run(kind, func(t *testing.T) {
			timeout := programTimeout + time.Duration(seconds)*time.Second
			stdout, _ := program(t, c.Env(), timeout, "storm", append([]string{length}, strings.Fields(kind)...)...)
			t.Log(strings.TrimSpace(stdout))
		})
	}
}
