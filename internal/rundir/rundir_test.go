package rundir

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRule(t *testing.T) {
	for _, c := range []struct {
		uid            int
		xdg, name, dir string
	}{
		{0, "/run/user/0", DefaultInstance, "/run/ckpt/default"},
		{0, "", "lab", "/run/ckpt/lab"},
		{7, "/run/user/7", DefaultInstance, "/run/user/7/ckpt"},
		{7, "/run/user/7", "lab", "/run/user/7/ckpt-lab"},
		{7, "", DefaultInstance, "/tmp/ckpt-7"},
		{7, "relative", "lab", "/tmp/ckpt-7-lab"},
	} {
		if got := forUser(c.uid, c.xdg, c.name); got != c.dir {
			t.Errorf("user %d, XDG_RUNTIME_DIR %q, instance %q: %s, want %s", c.uid, c.xdg, c.name, got, c.dir)
		}
	}
}

func TestVariableWins(t *testing.T) {
	t.Setenv(Variable, "/somewhere")
	if Default() != "/somewhere" || Application() != "/somewhere" {
		t.Errorf("Default %s, Application %s, want /somewhere", Default(), Application())
	}
}

func TestServes(t *testing.T) {
	dir := t.TempDir()
	if serves(dir) {
		t.Fatal("an empty directory serves")
	}
	l, err := net.Listen("unix", filepath.Join(dir, NodeSocket))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !serves(dir) {
		t.Fatal("a directory with a session socket does not serve")
	}
}

func TestNode(t *testing.T) {
	if a, b := Node("/r", 1), Node("/r", 3); a != "/r" || b != "/r/node-3" {
		t.Errorf("node 1 in %s, node 3 in %s", a, b)
	}
}

func TestPrepare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := Prepare(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&^0o750 != 0 {
		t.Fatalf("%v %v", info, err)
	}
	if err := Prepare(dir, 0o750); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if err := Prepare("relative", 0o750); err == nil {
		t.Error("a relative path was accepted")
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(dir, 0o750); err == nil || !strings.Contains(err.Error(), "every user") {
		t.Errorf("a directory anybody can write was accepted: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(file, 0o750); err == nil {
		t.Error("a file was accepted as directory")
	}
}

func TestPrepareRefusesStrangers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to give a directory away")
	}
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(dir, 0o755); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Errorf("a stranger's directory was accepted: %v", err)
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), BusLock)
	if os.Getenv("CKPT_TEST_LOCK") != "" { // the other process
		path = os.Getenv("CKPT_TEST_LOCK")
	}
	f, err := Lock(path)
	if os.Getenv("CKPT_TEST_LOCK") != "" {
		var held *HeldError
		if !errors.As(err, &held) || held.Pid != os.Getppid() {
			t.Fatalf("held by process %d: %v", os.Getppid(), err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestLock$")
	cmd.Env = append(os.Environ(), "CKPT_TEST_LOCK="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	f.Close()
	if f, err = Lock(path); err != nil {
		t.Fatalf("after the holder let go: %v", err)
	}
	f.Close()
}
