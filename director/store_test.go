package director

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// refused starts a director that must not start, with one line that names its directory.
func refused(t *testing.T, o Options, want string) {
	t.Helper()
	d, err := Start(context.Background(), o)
	if err == nil {
		d.Stop(context.Background())
		t.Fatalf("started; want %q", want)
	}
	var s *StoreError
	if !errors.As(err, &s) || !strings.Contains(err.Error(), o.DataDir) || !strings.Contains(err.Error(), want) ||
		strings.Contains(err.Error(), "\n") {
		t.Fatalf("%v; want %q", err, want)
	}
}

func TestDirectoryInUse(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	_, stop := start(t, options(t, url, dir))
	refused(t, options(t, url, dir), fmt.Sprintf("in use by process %d", os.Getpid()))
	stop()
	start(t, options(t, url, dir))
}

func TestDirectoryOfAnother(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	_, stop := start(t, options(t, url, dir))
	stop()
	o := options(t, url, dir)
	o.ID = "d9"
	refused(t, o, "belongs to director d1, not to d9")
}

func TestWrongOptions(t *testing.T) {
	good := options(t, bus(t), t.TempDir())
	for name, spoil := range map[string]func(*Options){
		"cluster name": func(o *Options) { o.Cluster = "a.b" },
		"director id":  func(o *Options) { o.ID = "" },
		"directory":    func(o *Options) { o.DataDir = "" },
		"connection":   func(o *Options) { o.Conn = nil },
		"timeout":      func(o *Options) { o.NodeTimeout = -1 },
		"listen":       func(o *Options) { o.RaftListen = "192.0.2.1:99999" },
	} {
		o := good
		spoil(&o)
		if d, err := Start(context.Background(), o); err == nil {
			d.Stop(context.Background())
			t.Errorf("%s: started", name)
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// stored makes a store with some commands and, if asked, snapshots in it.
func stored(t *testing.T, url, dir string, snapshots int) {
	t.Helper()
	d, stop := start(t, options(t, url, dir))
	p := &peer{t, connect(t, url), "n1", 1}
	p.register()
	for i := range 50 {
		p.open(fmt.Sprintf("c%d", i), time.Minute)
	}
	for i := range snapshots {
		p.open(fmt.Sprintf("s%d", i), time.Minute)
		if err := d.raft.Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
}

func overwrite(t *testing.T, file string, offset int64, with []byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(with, offset); err != nil {
		t.Fatal(err)
	}
}

func one(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v %v", pattern, files, err)
	}
	return files[len(files)-1]
}

func TestDamagedStore(t *testing.T) {
	url := bus(t)
	for name, damage := range map[string]func(t *testing.T, dir string){
		"log header": func(t *testing.T, dir string) {
			overwrite(t, one(t, dir+"/log/*.wal"), 0, []byte("garbage"))
		},
		"log metadata": func(t *testing.T, dir string) {
			if err := os.Truncate(dir+"/log/wal-meta.db", 100); err != nil {
				t.Fatal(err)
			}
		},
		"log metadata missing": func(t *testing.T, dir string) {
			if err := os.Remove(dir + "/log/wal-meta.db"); err != nil {
				t.Fatal(err)
			}
		},
		"log metadata empty": func(t *testing.T, dir string) { replace(t, dir+"/log/wal-meta.db", nil) },
		"log replaced": func(t *testing.T, dir string) {
			replace(t, one(t, dir+"/log/*.wal"), []byte("9 bytes.\n"))
		},
		"log empty": func(t *testing.T, dir string) { replace(t, one(t, dir+"/log/*.wal"), nil) },
		"log missing": func(t *testing.T, dir string) {
			if err := os.Remove(one(t, dir+"/log/*.wal")); err != nil {
				t.Fatal(err)
			}
		},
		"log shorter": func(t *testing.T, dir string) {
			file := one(t, dir+"/log/*.wal")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if end := len(bytes.TrimRight(b, "\x00")); os.Truncate(file, int64(end/2)) != nil {
				t.Fatal("not truncated")
			}
		},
		"log metadata overwritten": func(t *testing.T, dir string) {
			overwrite(t, dir+"/log/wal-meta.db", 0, make([]byte, 16384))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stored(t, url, dir, 0)
			damage(t, dir)
			refused(t, options(t, url, dir), "the store is damaged")
			// Nothing was made good, nothing was made worse.
			refused(t, options(t, url, dir), "the store is damaged")
		})
	}
}

// TestLogLostAfterSnapshot takes the log away, with and without its metadata, where a snapshot remains.
func TestLogLostAfterSnapshot(t *testing.T) {
	url := bus(t)
	for _, gone := range []string{"/log/*.wal", "/log"} {
		dir := t.TempDir()
		stored(t, url, dir, 1)
		if err := os.RemoveAll(one(t, dir+gone)); err != nil {
			t.Fatal(err)
		}
		refused(t, options(t, url, dir), "the store is damaged")
	}
}

// TestLogLostAfterCrash empties the log of a director that had no time to note how long it was.
func TestLogLostAfterCrash(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	stored(t, url, dir, 0)
	s := storeOf(t, dir)
	if err := s.log.SetUint64(keyReached, 0); err != nil {
		t.Fatal(err)
	}
	s.close()
	replace(t, one(t, dir+"/log/*.wal"), nil)
	refused(t, options(t, url, dir), "the log is empty, the director had been elected in term ")
}

// TestUnfinishedBootstrap starts on what a crash between the two steps of the first start leaves.
func TestUnfinishedBootstrap(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	s := storeOf(t, dir)
	if err := s.log.SetUint64(keyTerm, 1); err != nil {
		t.Fatal(err)
	}
	s.close()
	start(t, options(t, url, dir))
}

func storeOf(t *testing.T, dir string) *store {
	t.Helper()
	s, err := openStore(dir, newRaftLog(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// replace gives a file another content, and its length.
func replace(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedSnapshot(t *testing.T) {
	url := bus(t)
	spoil := func(t *testing.T, file string) {
		t.Helper()
		overwrite(t, file, 20, []byte("garbage"))
	}
	for _, c := range []struct {
		name      string
		snapshots int
		damage    func(t *testing.T, dir string)
		starts    bool // the log or the older snapshot still holds everything
	}{
		{"content", 1, func(t *testing.T, dir string) { spoil(t, one(t, dir+"/snapshots/*/state.bin")) }, false},
		{"newest content", 2, func(t *testing.T, dir string) { spoil(t, one(t, dir+"/snapshots/*/state.bin")) }, true},
		{"metadata", 1, func(t *testing.T, dir string) {
			overwrite(t, one(t, dir+"/snapshots/*/meta.json"), 0, []byte("garbage"))
		}, true},
		{"missing", 1, func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir + "/snapshots"); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			stored(t, url, dir, c.snapshots)
			c.damage(t, dir)
			if !c.starts {
				refused(t, options(t, url, dir), "the store is damaged")
				return
			}
			_, stop := start(t, options(t, url, dir))
			p := &peer{t, connect(t, url), "n1", 1}
			if n := len(p.list()); n != 50+c.snapshots {
				t.Errorf("%d of %d checkpoints", n, 50+c.snapshots)
			}
			stop()
		})
	}
}

// TestLogGap removes the snapshot that the log builds on.
func TestLogGap(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	d, stop := start(t, options(t, url, dir))
	p := &peer{t, connect(t, url), "n1", 1}
	p.register()
	for i := range 30 {
		p.open(fmt.Sprintf("c%d", i), time.Minute)
	}
	c := d.raft.ReloadableConfig()
	c.TrailingLogs = 5
	if err := d.raft.ReloadConfig(c); err != nil {
		t.Fatal(err)
	}
	if err := d.raft.Snapshot().Error(); err != nil {
		t.Fatal(err)
	}
	p.open("last", time.Minute)
	stop()
	_, stop = start(t, options(t, url, dir))
	if n := len(p.list()); n != 31 {
		t.Errorf("%d of 31 checkpoints after a restart from the snapshot", n)
	}
	var hb wire.HeartbeatReply
	p.must(wire.DirectorHeartbeat, wire.HeartbeatRequest{Since: 1}, &hb)
	if !hb.Full || len(hb.Configs) != 31 {
		t.Errorf("changes from before the snapshot: %+v", hb)
	}
	stop()
	if err := os.RemoveAll(dir + "/snapshots"); err != nil {
		t.Fatal(err)
	}
	refused(t, options(t, url, dir), "the store is damaged")
}

// TestStoreOfAnotherRelease finds a command of a version that this release does not know.
func TestStoreOfAnotherRelease(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	d, stop := start(t, options(t, url, dir))
	entry, err := EncodeCommand(&Close{From{"n1", 1}, 2})
	if err != nil {
		t.Fatal(err)
	}
	entry[0] = 9
	d.raft.Apply(entry, time.Second).Error()
	// A director that meets it ends by itself and says why.
	select {
	case <-d.Done():
	case <-time.After(testWait):
		t.Fatal("goes on")
	}
	const want = "log entry has version 9, this release reads version 1"
	if err := d.Err(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
	stop()
	refused(t, options(t, url, dir), want)
}

// TestStoreFails takes the log away under a running director.
func TestStoreFails(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	d, stop := start(t, options(t, url, dir))
	p := &peer{t, connect(t, url), "n1", 1}
	p.register()
	a := p.open("a", time.Minute)
	if err := d.store.log.Close(); err != nil {
		t.Fatal(err)
	}
	if h, ok := p.ask(wire.DirectorOpen, openRequest("b", time.Minute), nil); ok && h.Error != wire.Timeout && h.Error != wire.TryAgain {
		t.Errorf("acknowledged without a log: %+v", h)
	}
	select {
	case <-d.Done():
	case <-time.After(testWait):
		t.Fatal("goes on")
	}
	var s *StoreError
	if err := d.Err(); !errors.As(err, &s) || s.Dir != dir {
		t.Errorf("%v", err)
	}
	stop()
	start(t, options(t, url, dir))
	if c := p.list()["a"]; c.Checkpoint != a.Config.Checkpoint {
		t.Errorf("afterwards %+v", c)
	}
}
