// Package dataset tests the library-based functions (clCkptLibrary*) from outside, through C programs in testdata, which
// exist in both source flavours. No daemon runs while they do. Each test has a data directory of its own.
package dataset

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// patience bounds every program and every wait.
const patience = 60 * time.Second

// soak is whether the tests run at full size.
var soak = os.Getenv("CKPT_SOAK") != ""

// The two flavours that programs are compiled in: the 2007 document, and SDK 6.
var flavours = []string{"doc", "sdk60"}

// TestMain keeps descriptors that this process was started with away from the programs.
func TestMain(m *testing.M) {
	const descriptorsMax = 1024
	for fd := 3; fd < descriptorsMax; fd++ {
		syscall.CloseOnExec(fd)
	}
	os.Exit(m.Run())
}

// environment is that of a program whose data directory is dir ("" = none named), and nothing else of libckpt's or
// OpenClovis' but what more says.
func environment(dir string, more ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CKPT_") && !strings.HasPrefix(v, "ASP_") && !strings.HasPrefix(v, "LD_LIBRARY_PATH=") {
			env = append(env, v)
		}
	}
	env = append(env, "LD_LIBRARY_PATH="+filepath.Join(testcluster.Root(), "build/lib"), "CKPT_RUN_DIR=/nonexistent")
	if dir != "" {
		env = append(env, "CKPT_DATA_DIR="+dir)
	}
	return append(env, more...)
}

// sanitized turns an environment into that of a program with AddressSanitizer: the front has it too, the engine not.
func sanitized(env []string) []string {
	root := testcluster.Root()
	return append(env, "LD_LIBRARY_PATH="+filepath.Join(root, "build/asan/lib"),
		"CKPT_ENGINE="+filepath.Join(root, "build/lib/libckpt-engine.so"),
		"LSAN_OPTIONS=print_suppressions=0:suppressions="+filepath.Join(root, "tests/dataset/testdata/lsan.supp"))
}

// output is what a program printed and how it ended.
type output struct {
	stdout, stderr string
	status         int // -1 if a signal ended it
}

// run runs a program to its end.
func run(t testing.TB, env []string, path string, args ...string) output {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %s: %v %v\n%s", filepath.Base(path), strings.Join(args, " "), err, ctx.Err(), shortened(stderr.String()))
	}
	return output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// passes is run for a program that must end with status 0; its standard output.
func passes(t testing.TB, env []string, path string, args ...string) string {
	t.Helper()
	o := run(t, env, path, args...)
	if o.status != 0 {
		t.Fatalf("%s %s: status %d\n%s", filepath.Base(path), strings.Join(args, " "), o.status, shortened(o.stderr))
	}
	return o.stdout
}

// shortened cuts the report of a crashed runtime.
func shortened(s string) string {
	const most = 6000
	if len(s) > most {
		return s[:most] + "\n..."
	}
	return s
}

// program is the path of a test program; flavour "" for those that have one only.
func program(t testing.TB, flavour, name string) string {
	t.Helper()
	return testcluster.Binary(t, filepath.Join("tests/dataset", flavour, name))
}

var lastStranger atomic.Uint32

// stranger is a user id that nobody else has. The test is left out without root, or where strangers can't reach build/.
func stranger(t *testing.T) uint32 {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED, NOTHING IS SHOWN: needs root to run programs as another user")
	}
	uid := 300_000_000 + uint32(os.Getpid()%1_000_000)*100 + lastStranger.Add(1)
	cmd := exec.Command(testcluster.Binary(t, "bin/ckpt"), "--version")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := cmd.Run(); err != nil {
		t.Skip("SKIPPED, NOTHING IS SHOWN: other users can't run programs in build/: ", err)
	}
	return uid
}
