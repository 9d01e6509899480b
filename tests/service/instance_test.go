package service

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// A second daemon on the same directories is refused and told the first one's process id; the first goes on.
func TestSecondDaemonIsRefused(t *testing.T) {
	t.Parallel()
	for _, o := range []testcluster.Options{{}, {Separate: true}} {
		t.Run(fmt.Sprintf("Separate=%v", o.Separate), func(t *testing.T) {
			t.Parallel()
			c := testcluster.Start(t, o)
			cp := open(t, dial(t, c), "x", attributes(1, time.Minute))
			elsewhere := t.TempDir()
			pid := fmt.Sprint(c.Pid())
			up, node, director := testcluster.Binary(t, "bin/ckpt"), testcluster.Binary(t, "bin/ckptnd"), testcluster.Binary(t, "bin/ckptd")
			oneLine(t, runAs(t, 0, nil, up, "up", "--run-dir", c.RunDir(1), "--data-dir", elsewhere), c.RunDir(1), pid)
			oneLine(t, runAs(t, 0, nil, node, "--run-dir", c.RunDir(1)), c.RunDir(1), pid)
			oneLine(t, runAs(t, 0, nil, up, "up", "--run-dir", filepath.Join(elsewhere, "run"), "--data-dir", c.DataDir()),
				c.DataDir(), fmt.Sprint(c.DirectorPid()))
			oneLine(t, runAs(t, 0, nil, director, "--run-dir", c.RunDir(1), "--data-dir", c.DataDir()),
				c.DataDir(), fmt.Sprint(c.DirectorPid()))
			overwrite(t, cp, "", "undisturbed")
			if s := read(t, cp, ""); s != "undisturbed" {
				t.Errorf("%q", s)
			}
		})
	}
}

// Two services on one machine have nothing to do with each other, with the same names of everything.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	first, second := testcluster.Start(t, testcluster.Options{}), testcluster.Start(t, testcluster.Options{})
	a, b := open(t, dial(t, first), "x", attributes(1, time.Minute)), open(t, dial(t, second), "x", attributes(1, time.Minute))
	overwrite(t, a, "", "in the first")
	overwrite(t, b, "", "in the second")
	if s := read(t, a, ""); s != "in the first" {
		t.Errorf("%q", s)
	}
	succeeds(t, second, "unlink", "x")
	matches(t, succeeds(t, first, "list"), `^x `)
	matches(t, succeeds(t, second, "list"), `^x .*unlinked$`)
	first.Kill()
	overwrite(t, b, "", "still there")
}

func TestSeveralNodes(t *testing.T) {
	t.Parallel()
	for _, o := range []testcluster.Options{{Nodes: 3}, {Nodes: 3, External: true}} {
		t.Run(fmt.Sprintf("External=%v", o.External), func(t *testing.T) {
			t.Parallel()
			c := testcluster.Start(t, o)
			for k := 1; k <= 3; k++ {
				out := runAs(t, 0, c.EnvOf(k), testcluster.Binary(t, "bin/ckpt"), "status")
				matches(t, out.stdout, fmt.Sprintf(`^node +%s$`, c.Node(k)))
				name := fmt.Sprint("of node ", k)
				cp := open(t, dialDir(t, c.RunDir(k)), name, attributes(1, time.Minute))
				overwrite(t, cp, "", name)
				if s := read(t, cp, ""); s != name {
					t.Errorf("%q", s)
				}
			}
			if n := strings.Count(succeeds(t, c, "list"), "of node"); n != 3 {
				t.Errorf("%d checkpoints listed", n)
			}
		})
	}
}

// Everything a service writes is in its run and data directories.
func TestContainment(t *testing.T) {
	t.Parallel()
	uid := stranger(t)
	c := testcluster.Start(t, testcluster.Options{UID: uid})
	cp := open(t, dial(t, c), "x", attributes(4, time.Minute))
	create(t, cp, "a", strings.Repeat("x", 100_000))
	c.Kill()
	c.Restart(t)
	c.Stop()
	allowed := []string{c.RunDir(1), c.DataDir()}
	for _, dir := range allowed {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
			t.Errorf("%s: %d entries, %v", dir, len(entries), err)
		}
	}
	for _, root := range []string{"/tmp", "/dev/shm", "/run", "/var", "/home", "/root", "/etc"} {
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil // vanished
			}
			if path == c.RunDir(1) || path == c.DataDir() {
				return fs.SkipDir
			}
			if info, err := e.Info(); err == nil && ownerOf(info) == uid && !strings.HasSuffix(path, ".log") && path != c.Dir() {
				t.Errorf("left outside its directories: %s", path)
			}
			return nil
		})
	}
}

// Without root and without any configuration, service and application find each other.
func TestUnprivileged(t *testing.T) {
	t.Parallel()
	uid := stranger(t)
	home, err := os.MkdirTemp("/tmp", "ckpt-home-")
	if err != nil {
		t.Fatal(err)
	}
	run := fmt.Sprint("/tmp/ckpt-", uid)
	t.Cleanup(func() {
		for _, dir := range []string{home, run} {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		}
	})
	if err := os.Chown(home, int(uid), int(uid)); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"),
		"LD_LIBRARY_PATH=" + filepath.Join(testcluster.Root(), "build/lib")}
	p := testcluster.Run(t, uid, env, testcluster.Binary(t, "bin/ckpt"), "up")
	if p.Ready() != run {
		t.Errorf("ready in %s, want %s", p.Ready(), run)
	}
	if info, err := os.Stat(run); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s: %v %v, want mode 0700", run, info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(home, ".local/state/ckpt/log")); err != nil {
		t.Error(err)
	}
	if o := runAs(t, uid, env, testcluster.Binary(t, "bin/ckpt"), "status"); o.status != 0 {
		t.Errorf("status: %s", o.stderr)
	}
	if o := runAs(t, uid, env, testcluster.Binary(t, "examples/hello")); o.status != 0 || !strings.Contains(o.stdout, "Hello") {
		t.Errorf("hello: status %d %s %s", o.status, o.stdout, o.stderr)
	}
	p.Stop()
}

// An unprivileged application uses the service that root runs.
func TestUnprivilegedApplication(t *testing.T) {
	t.Parallel()
	uid := stranger(t)
	c := testcluster.Start(t, testcluster.Options{})
	if o := runAs(t, uid, c.Env(), testcluster.Binary(t, "examples/hello")); o.status != 0 || !strings.Contains(o.stdout, "Hello") {
		t.Errorf("hello: status %d %s %s", o.status, o.stdout, o.stderr)
	}
	closed := testcluster.Start(t, testcluster.Options{Args: []string{"--socket-mode", "0600"}})
	oneLine(t, runAs(t, uid, closed.Env(), testcluster.Binary(t, "bin/ckpt"), "list", "--timeout", "300ms"), closed.RunDir(1))
	for _, file := range []string{"bus.json", "segments", "sessions"} {
		info, err := os.Stat(filepath.Join(c.RunDir(1), file))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v, others must not have it", file, info, err)
		}
	}
}

// What a killed service left behind does not stop the next one, which has everything that was acknowledged.
func TestComesBackAfterKill(t *testing.T) {
	t.Parallel()
	for _, o := range []testcluster.Options{{}, {Separate: true}, {External: true}} {
		t.Run(fmt.Sprintf("Separate=%v External=%v", o.Separate, o.External), func(t *testing.T) {
			t.Parallel()
			c := testcluster.Start(t, o)
			cp := open(t, dial(t, c), "x", attributes(1, time.Minute))
			for i := range 3 {
				text := fmt.Sprint("before death ", i)
				overwrite(t, cp, "", text)
				c.Kill()
				if s := read(t, cp, ""); s != text {
					t.Errorf("without a service: %q", s)
				}
				c.Restart(t)
				if s := read(t, cp, ""); s != text {
					t.Errorf("afterwards: %q", s)
				}
			}
			overwrite(t, cp, "", "still the same handle")
			fresh := open(t, dial(t, c), "x", attributes(1, time.Minute))
			if s := read(t, fresh, ""); s != "still the same handle" {
				t.Errorf("by another process: %q", s)
			}
		})
	}
}

// An orderly stop and start is no different for an application.
func TestComesBackAfterStop(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	cp := open(t, dial(t, c), "x", attributes(1, time.Minute))
	overwrite(t, cp, "", "kept")
	c.Stop()
	if s := read(t, cp, ""); s != "kept" {
		t.Errorf("while stopped: %q", s)
	}
	c.Restart(t)
	overwrite(t, cp, "", "written afterwards")
	if s := read(t, cp, ""); s != "written afterwards" {
		t.Errorf("%q", s)
	}
}
