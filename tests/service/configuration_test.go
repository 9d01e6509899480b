package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each daemon refuses a bad file with its line, before it touches anything.
func TestBadConfigurationFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "ckpt.yaml"), "cluster: a\n\nreplica-max: 3\n")
	run := filepath.Join(dir, "run")
	for _, args := range [][]string{{"ckpt", "up", "--data-dir", filepath.Join(dir, "data")}, {"ckptnd"},
		{"ckptd", "--data-dir", filepath.Join(dir, "data")}} {
		o := runAs(t, 0, nil, testcluster.Binary(t, "bin/"+args[0]), append(args[1:], "--run-dir", run, "--config", file)...)
		oneLine(t, o, args[0]+": ", file+":3: ", `unknown key "replica-max"`, `"replicas-max"`)
	}
	if _, err := os.Stat(run); !os.IsNotExist(err) {
		t.Error("a refused daemon made its run directory")
	}
}

func TestBadEnvironmentAndFlag(t *testing.T) {
	t.Parallel()
	up := testcluster.Binary(t, "bin/ckpt")
	oneLine(t, runAs(t, 0, []string{"CKPT_WRITE_MAX=much"}, up, "up"), "CKPT_WRITE_MAX in the environment: ")
	oneLine(t, runAs(t, 0, nil, up, "up", "--write-max", "much"), "--write-max: ")
	oneLine(t, runAs(t, 0, nil, up, "up", "--config", "/nonexistent/ckpt.yaml"), "/nonexistent/ckpt.yaml")
}

// The limits in the configuration are the ones applications meet.
func TestLimitsAreApplied(t *testing.T) {
	t.Parallel()
	file := writeFile(t, filepath.Join(t.TempDir(), "ckpt.yaml"), "replicas-max: 9\nshared-memory-max: 4MiB\ncluster: lab\n")
	c := testcluster.Start(t, testcluster.Options{Args: []string{"--config", file, "--replicas-max", "3"}})
	matches(t, succeeds(t, c, "status"), `^cluster +lab$`, `^replicas +0 of 3$`, `^shared memory +0 bytes of 4.0 MiB$`)
	a := dial(t, c)
	for i := range 3 {
		cp := open(t, a, fmt.Sprint(i), attributes(2, time.Minute))
		if i > 0 {
			continue
		}
		create(t, cp, "first", "x")
		err := cp.Overwrite(soon(t), []byte("first"), make([]byte, 1<<20))
		for n := 0; err == nil && n < 4; n++ {
			err = cp.Create(soon(t), []byte(fmt.Sprint(n)), make([]byte, 1<<20), 1<<62)
		}
		if err == nil || !strings.Contains(err.Error(), "NO_") {
			t.Errorf("beyond the limits: %v", err)
		}
	}
	_, err := a.Open(soon(t), "4", openOptions(attributes(2, time.Minute)))
	if err == nil || !strings.Contains(err.Error(), "NO_RESOURCES") {
		t.Errorf("the fourth replica of three: %v", err)
	}
}

func TestJSONLog(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Args: []string{"--log-format", "json", "--log-level", "debug"}})
	succeeds(t, c, "status")
	for line := range strings.Lines(c.Log()) {
		decode[map[string]any](t, line)
	}
	if c.Log() == "" {
		t.Error("nothing was logged")
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Args: []string{"--log-level", "error"}})
	succeeds(t, c, "status")
	if c.Log() != "" {
		t.Errorf("logged below the level: %s", c.Log())
	}
}
