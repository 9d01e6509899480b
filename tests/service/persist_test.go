package service

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"libckpt/agent"
	"libckpt/internal/rundir"
	"libckpt/internal/wire"
	"libckpt/tests/testcluster"
)

// machine is a service and what a power cut leaves of it.
type machine struct {
	t testing.TB
	*testcluster.Cluster
	agents []*agent.Agent
}

func startMachine(t testing.TB, args ...string) *machine {
	t.Helper()
	return &machine{t: t, Cluster: testcluster.Start(t, testcluster.Options{NodeArgs: args})}
}

func (m *machine) dial() *agent.Agent {
	m.t.Helper()
	a, err := agent.Dial(soon(m.t), agent.Options{RunDir: m.RunDir(1), Warn: func(string) {}})
	if err != nil {
		m.t.Fatal(err)
	}
	m.agents = append(m.agents, a)
	m.t.Cleanup(a.Close)
	return a
}

// cut ends everything at once, applications too, and takes the memory away. Only the data directory is left.
func (m *machine) cut() {
	m.t.Helper()
	m.Kill()
	for _, a := range m.agents {
		a.Close()
	}
	m.agents = nil
	if err := os.RemoveAll(m.RunDir(1)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) powerCut() {
	m.t.Helper()
	m.cut()
	m.Restart(m.t)
}

func (m *machine) copies() []string {
	m.t.Helper()
	list, err := filepath.Glob(filepath.Join(m.DataDir(), rundir.Copies, m.Node(1), "*.replica"))
	if err != nil {
		m.t.Fatal(err)
	}
	return list
}

// keptAttributes are those of a checkpoint with updates of a kind and large sections.
func keptAttributes(flags uint32) *agent.Attributes {
	return &agent.Attributes{CreationFlags: flags, CheckpointSize: 1000, RetentionDuration: int64(time.Hour),
		MaxSections: 100, MaxSectionSize: 128 << 20, MaxSectionIDSize: 16}
}

func openKept(t testing.TB, a *agent.Agent, name string, attributes *agent.Attributes) *agent.Checkpoint {
	t.Helper()
	o := openOptions(attributes)
	o.Backup = true
	c, err := a.Open(soon(t), name, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reopen opens what must exist.
func reopen(t testing.TB, a *agent.Agent, name string) *agent.Checkpoint {
	t.Helper()
	c, err := a.Open(soon(t), name, agent.OpenOptions{Flags: agent.OpenRead | agent.OpenWrite})
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	return c
}

func writeAt(t testing.TB, c *agent.Checkpoint, id string, offset int, data string) {
	t.Helper()
	if _, err := c.Write(soon(t), agent.Part{ID: []byte(id), Offset: uint64(offset), Data: []byte(data)}); err != nil {
		t.Fatal(err)
	}
}

func gone(t testing.TB, a *agent.Agent, name string) {
	t.Helper()
	if _, err := a.Open(soon(t), name, agent.OpenOptions{Flags: agent.OpenRead}); !errors.Is(err, wire.NotExist) {
		t.Errorf("open %s: %v, want NOT_EXIST", name, err)
	}
}

func sectionsOf(t testing.TB, c *agent.Checkpoint) string {
	t.Helper()
	var list []agent.Section
	for s, err := range c.Sections(soon(t), agent.Choice{Chosen: wire.ChooseAny}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return fmt.Sprint(list)
}

// After a power cut a checkpoint is what it was: name, attributes, sections with their content and times.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string]uint32{"synchronous": agent.AllReplicas, "asynchronous": agent.ActiveReplica,
		"weak": agent.ActiveReplicaWeak} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := startMachine(t)
			cp := openKept(t, m.dial(), "x", keptAttributes(flags))
			create(t, cp, "first", "one")
			later := time.Now().Add(time.Hour).UnixNano()
			if err := cp.Create(soon(t), []byte("later"), []byte("two"), later); err != nil {
				t.Fatal(err)
			}
			create(t, cp, "deleted", "three")
			if err := cp.Delete(soon(t), []byte("deleted")); err != nil {
				t.Fatal(err)
			}
			overwrite(t, cp, "first", "other")
			writeAt(t, cp, "first", 7, "end")
			single := openKept(t, m.dial(), "single", &agent.Attributes{CreationFlags: flags, MaxSections: 1, MaxSectionSize: 100,
				RetentionDuration: int64(time.Hour), MaxSectionIDSize: 1})
			overwrite(t, single, "", "default")
			if flags != agent.AllReplicas {
				for _, c := range []*agent.Checkpoint{cp, single} {
					if err := c.Synchronize(soon(t)); err != nil {
						t.Fatal(err)
					}
				}
			}
			want, status := sectionsOf(t, cp), succeeds(t, m.Cluster, "show", "x")
			for range 2 {
				m.powerCut()
				a := m.dial()
				cp = reopen(t, a, "x")
				if got := sectionsOf(t, cp); got != want {
					t.Fatalf("sections are %s, were %s", got, want)
				}
				if s := read(t, cp, "first"); s != "other\x00\x00end" {
					t.Errorf("%q", s)
				}
				if s := read(t, reopen(t, a, "single"), ""); s != "default" {
					t.Errorf("%q", s)
				}
				if got, had := *keptAttributes(flags), cp.Attributes(); got != had {
					t.Errorf("attributes %+v, want %+v", had, got)
				}
			}
			t.Logf("before: %s\nafter: %s", status, succeeds(t, m.Cluster, "show", "x"))
			create(t, cp, "afterwards", "three")
			if flags != agent.AllReplicas {
				if err := cp.Synchronize(soon(t)); err != nil {
					t.Fatal(err)
				}
			}
			m.powerCut()
			if s := read(t, reopen(t, m.dial(), "x"), "afterwards"); s != "three" {
				t.Errorf("%q", s)
			}
		})
	}
}

// A C program's checkpoint of the OpenClovis API survives without any configuration; one of saCkpt does not.
func TestPowerCutOpenClovis(t *testing.T) {
	t.Parallel()
	m := startMachine(t)
	p := start(t, m.Env(), "keep", "write", "persistent memory")
	p.expect("written")
	open(t, m.dial(), "other", keptAttributes(agent.AllReplicas))
	m.Kill()
	p.Signal(syscall.SIGKILL)
	m.powerCut()
	start(t, m.Env(), "keep", "read").expect("persistent memory")
	gone(t, m.dial(), "other")
}

// What policy and API ask for decides what survives.
func TestPersistPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy       string
		kept, others bool
	}{{"auto", true, false}, {"always", true, true}, {"never", false, false}} {
		t.Run(c.policy, func(t *testing.T) {
			t.Parallel()
			m := startMachine(t, "--persist", c.policy)
			a := m.dial()
			create(t, openKept(t, a, "kept", keptAttributes(agent.AllReplicas)), "s", "x")
			create(t, open(t, a, "other", keptAttributes(agent.AllReplicas)), "s", "y")
			m.powerCut()
			a = m.dial()
			for name, survives := range map[string]bool{"kept": c.kept, "other": c.others} {
				if !survives {
					gone(t, a, name)
				} else if s := read(t, reopen(t, a, name), "s"); s != "x" && s != "y" {
					t.Errorf("%s: %q", name, s)
				}
			}
			if c.policy == "never" && len(m.copies()) != 0 {
				t.Errorf("copies: %v", m.copies())
			}
		})
	}
}

// A copy goes with its checkpoint, and with the policy that made it.
func TestCopyGoes(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	t.Run("first", func(t *testing.T) {
		m := &machine{t: t, Cluster: testcluster.Start(t, testcluster.Options{RunDir: dir})}
		a := m.dial()
		cp := openKept(t, a, "unlinked", keptAttributes(agent.AllReplicas))
		create(t, cp, "s", "x")
		short := keptAttributes(agent.AllReplicas)
		short.RetentionDuration = 0
		closed := openKept(t, a, "closed", short)
		openKept(t, a, "left", keptAttributes(agent.AllReplicas))
		if n := len(m.copies()); n != 3 {
			t.Errorf("%d copies, want 3", n)
		}
		succeeds(t, m.Cluster, "unlink", "unlinked")
		create(t, cp, "later", "goes on without a copy")
		if err := closed.Close(soon(t)); err != nil {
			t.Fatal(err)
		}
		if n := len(m.copies()); n != 1 {
			t.Errorf("%d copies, want 1", n)
		}
		m.powerCut()
		a = m.dial()
		gone(t, a, "unlinked")
		gone(t, a, "closed")
		reopen(t, a, "left")
	})
	t.Run("never", func(t *testing.T) {
		m := &machine{t: t, Cluster: testcluster.Start(t, testcluster.Options{RunDir: dir, NodeArgs: []string{"--persist", "never"}})}
		if n := len(m.copies()); n != 0 {
			t.Errorf("%d copies, want none", n)
		}
		if n := strings.Count(m.Log(), "nothing is to be kept on disk: copies removed"); n != 1 {
			t.Errorf("%d lines about it, want 1", n)
		}
		reopen(t, m.dial(), "left") // its segment was left
	})
}

// Nobody has a checkpoint open after a power cut: its retention starts anew, and ends it.
func TestRetentionAfterPowerCut(t *testing.T) {
	t.Parallel()
	m := startMachine(t)
	a := m.dial()
	attributes := keptAttributes(agent.AllReplicas)
	attributes.RetentionDuration = int64(3 * time.Second)
	create(t, openKept(t, a, "x", attributes), "s", "x")
	attributes.RetentionDuration = 0
	create(t, openKept(t, a, "zero", attributes), "s", "x")
	m.powerCut()
	began := time.Now()
	a = m.dial()
	gone(t, a, "zero")
	cp := reopen(t, a, "x")
	if err := cp.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	m.powerCut()
	until(t, "its retention is over", func() bool {
		_, err := m.dial().Show(soon(t), "x")
		return errors.Is(err, wire.NotExist)
	})
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("gone after %v", took)
	}
	until(t, "the copy is gone", func() bool { return len(m.copies()) == 0 })
}

// Sections expire at their time, during the outage or after it.
func TestExpiryAfterPowerCut(t *testing.T) {
	t.Parallel()
	m := startMachine(t)
	cp := openKept(t, m.dial(), "x", keptAttributes(agent.AllReplicas))
	start := time.Now()
	meanwhile, later := start.Add(time.Second), start.Add(6*time.Second)
	for id, at := range map[string]int64{"before": start.Add(300 * time.Millisecond).UnixNano(), "meanwhile": meanwhile.UnixNano(),
		"later": later.UnixNano(), "kept": math.MaxInt64} {
		if err := cp.Create(soon(t), []byte(id), []byte(id), at); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the first is gone", func() bool { return expired(t, cp, "before") })
	m.cut()
	until(t, "a time has come", func() bool { return time.Now().After(meanwhile) })
	m.Restart(t)
	cp = reopen(t, m.dial(), "x")
	until(t, "the second is gone", func() bool { return expired(t, cp, "meanwhile") })
	if !expired(t, cp, "before") {
		t.Error("an expired section came back")
	}
	until(t, "the third is gone", func() bool {
		was := time.Now()
		gone := expired(t, cp, "later")
		if gone && time.Now().Before(later) {
			t.Errorf("%v early", later.Sub(was))
		}
		return gone
	})
	if s := read(t, cp, "kept"); s != "kept" {
		t.Errorf("%q", s)
	}
}

// A large section survives, and a small write to it does not cost as much as the section.
func TestLargeSectionKept(t *testing.T) {
	t.Parallel()
	m := startMachine(t)
	cp := openKept(t, m.dial(), "x", keptAttributes(agent.AllReplicas))
	data := make([]byte, 64<<20)
	for i := 0; i < len(data); i += 4096 {
		copy(data[i:], fmt.Sprint(i))
	}
	began := time.Now()
	if err := cp.Create(soon(t), []byte("s"), data, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began)
	began = time.Now()
	for i := range 10 {
		offset := i*6_000_000 + 17
		copy(data[offset:], "small")
		writeAt(t, cp, "s", offset, "small")
	}
	t.Logf("64 MiB in %v, a small write to them in %v", whole, time.Since(began)/10)
	m.powerCut()
	cp = reopen(t, m.dial(), "x")
	got := make([]byte, len(data))
	if n, err := cp.Read(soon(t), []byte("s"), 0, got); err != nil || n != len(data) || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// A damaged copy loses its checkpoint, with one line, and no other.
func TestDamagedCopy(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"no database": func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("damage"), 4096), 0o600) },
		"inside": func(path string) error {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteAt(bytes.Repeat([]byte{0xFF}, 3*4096), 4096)
			return errors.Join(err, os.Remove(path+"-wal"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := startMachine(t)
			a := m.dial()
			create(t, openKept(t, a, "damaged", keptAttributes(agent.AllReplicas)), "s", "x")
			damaged := m.copies()
			create(t, openKept(t, a, "healthy", keptAttributes(agent.AllReplicas)), "s", "y")
			m.Kill() // and start again: the logs become part of the files
			m.Restart(t)
			m.Stop()
			m.cut()
			if err := damage(damaged[0]); err != nil {
				t.Fatal(err)
			}
			m.Restart(t)
			a = m.dial()
			gone(t, a, "damaged")
			if s := read(t, reopen(t, a, "healthy"), "s"); s != "y" {
				t.Errorf("%q", s)
			}
			if n := strings.Count(m.Log(), "copy on disk refused"); n != 1 {
				t.Errorf("%d lines about it, want 1", n)
			}
			openKept(t, a, "damaged", keptAttributes(agent.AllReplicas)) // a new one
		})
	}
}

// On a full disk an update is refused and nothing changes; deleting goes on, and then so does everything.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small file system needs root")
	}
	dir := filepath.Join(shortDir(t), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m,mode=0700"); err != nil {
		t.Skip("mount: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	m := &machine{t: t, Cluster: testcluster.Start(t, testcluster.Options{Separate: true, NodeArgs: []string{"--data-dir", dir}})}
	cp := openKept(t, m.dial(), "x", keptAttributes(agent.AllReplicas))
	create(t, cp, "small", "before")
	var err error
	n := 0
	for ; n < 64 && err == nil; n++ {
		err = cp.Create(soon(t), fmt.Append(nil, n), make([]byte, 1<<20), math.MaxInt64)
	}
	if !errors.Is(err, wire.NoResources) {
		t.Fatalf("after %d sections of 1 MiB: %v, want NO_RESOURCES", n, err)
	}
	refused := fmt.Append(nil, n-1)
	if _, err := cp.Read(soon(t), refused, 0, make([]byte, 1)); !errors.Is(err, wire.NotExist) {
		t.Errorf("the refused section: %v", err)
	}
	if !strings.Contains(m.Log(), "the disk has too little room") {
		t.Error("no line about it")
	}
	if err := cp.Delete(soon(t), []byte("0")); err != nil {
		t.Errorf("delete on a full disk: %v", err)
	}
	if err := cp.Delete(soon(t), []byte("1")); err != nil {
		t.Errorf("delete on a full disk: %v", err)
	}
	if err := cp.Create(soon(t), []byte("again"), make([]byte, 1<<20), math.MaxInt64); err != nil {
		t.Errorf("after making room: %v", err)
	}
	overwrite(t, cp, "small", "after")
	want := sectionsOf(t, cp)
	m.powerCut()
	cp = reopen(t, m.dial(), "x")
	if got := sectionsOf(t, cp); got != want {
		t.Errorf("sections are %s, were %s", got, want)
	}
	if s := read(t, cp, "small"); s != "after" {
		t.Errorf("%q", s)
	}
	// Filled by others, nothing can be written at all; a new checkpoint can't be made either.
	filler := filepath.Join(dir, "filler")
	if err := fill(filler); err != nil {
		t.Fatal(err)
	}
	o := openOptions(keptAttributes(agent.AllReplicas))
	o.Backup = true
	if _, err := m.dial().Open(soon(t), "new", o); !errors.Is(err, wire.NoResources) {
		t.Errorf("a checkpoint made on a full disk: %v, want NO_RESOURCES", err)
	}
	if err := cp.Overwrite(soon(t), []byte("small"), []byte("refused")); !errors.Is(err, wire.NoResources) {
		t.Errorf("overwrite on a full disk: %v, want NO_RESOURCES", err)
	}
	if s := read(t, cp, "small"); s != "after" {
		t.Errorf("a refused update has changed something: %q", s)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	openKept(t, m.dial(), "new", keptAttributes(agent.AllReplicas))
	overwrite(t, cp, "small", "in the end")
}

// fill takes all the room of a file system.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err = f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return err
		}
	}
	return nil
}

// A service that is only started again goes on with its segments, and the copies follow them.
func TestRestartKeepsCopies(t *testing.T) {
	t.Parallel()
	m := startMachine(t)
	a := m.dial()
	cp := openKept(t, a, "x", keptAttributes(agent.AllReplicas))
	create(t, cp, "s", "0")
	behind := openKept(t, a, "behind", keptAttributes(agent.ActiveReplica))
	create(t, behind, "s", "0")
	for n := 1; n <= 5; n++ {
		m.Kill()
		m.Restart(t)
		overwrite(t, cp, "s", fmt.Sprint(n))
		overwrite(t, behind, "s", fmt.Sprint(n))
	}
	if n := len(m.copies()); n != 2 {
		t.Errorf("%d copies, want 2", n)
	}
	m.Stop() // what is behind is written
	m.powerCut()
	a = m.dial()
	for _, name := range []string{"x", "behind"} {
		if s := read(t, reopen(t, a, name), "s"); s != "5" {
			t.Errorf("%s: %q", name, s)
		}
	}
}
