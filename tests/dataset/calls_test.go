package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// Each function and each of its errors, and what callbacks may do: one test of testdata/calls a process.
func TestCalls(t *testing.T) {
	for _, flavour := range flavours {
		t.Run(flavour, func(t *testing.T) {
			calls(t, program(t, flavour, "calls"), func(env []string) []string { return env })
		})
	}
}

// The same with AddressSanitizer and UndefinedBehaviorSanitizer in program and front.
func TestCallsSanitized(t *testing.T) {
	for _, flavour := range flavours {
		t.Run(flavour, func(t *testing.T) {
			path, err := filepath.Glob(filepath.Join(testcluster.Root(), "build/asan/dataset", flavour, "calls"))
			if err != nil || len(path) != 1 {
				t.Skip("SKIPPED, NOTHING IS SHOWN: run make asan")
			}
			calls(t, path[0], sanitized)
		})
	}
}

// quickDir is a directory where waiting for the disk takes no time: hundreds of tests that are about something else do it
// thousands of times.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ckpt-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func calls(t *testing.T, path string, adapt func(env []string) []string) {
	names := strings.Fields(passes(t, adapt(environment("")), path, "--list"))
	seen := make(map[string]bool)
	for _, name := range names {
		if seen[name] {
			t.Errorf("two tests are named %s", name)
		}
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if o := passes(t, adapt(environment(quickDir(t))), path, name); o != "" {
				t.Errorf("it printed %q", o)
			}
		})
	}
	if len(names) < 100 {
		t.Errorf("%d tests, there should be more", len(names))
	}
}
