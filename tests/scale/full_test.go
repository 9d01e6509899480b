package scale

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

const (
	smallBytes = 64 << 20 // of the tmpfs that is filled
	leftMax    = 2 << 20  // of it that may be unused when the writers say it is full
	fillers    = 4        // writer processes, and as many readers
	limitBytes = 16 << 20 // shared-memory-max in the test of that
)

// mountTmpfs mounts a tmpfs of so many bytes, 0 = as many as there are, as the future run directory of a service and gives
// the base directory to start it with.
func mountTmpfs(t *testing.T, size int) (base string) {
	t.Helper()
	base, err := os.MkdirTemp("", "ckpt-scale-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(base); err != nil {
			t.Error(err)
		}
	})
	run := filepath.Join(base, "run")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	err = syscall.Mount("tmpfs", run, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%d,mode=0755", size))
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("SKIPPED, NOTHING IS SHOWN: no right to mount a tmpfs on %s: %v; run the test as root", run, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(run, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return base
}

// crowd is writers with a checkpoint each, and readers of all of them.
type crowd struct {
	t       *testing.T
	c       *testcluster.Cluster
	writers []*program
	readers []*program
	names   []string
}

// gather starts them and returns when the writers have used up all memory.
func gather(t *testing.T, c *testcluster.Cluster, writers, readers int) *crowd {
	t.Helper()
	g := &crowd{t: t, c: c}
	for i := range writers {
		g.names = append(g.names, fmt.Sprintf("filled-%d", i))
		g.writers = append(g.writers, start(t, c, "writer", g.names[i]))
	}
	each(g.writers, func(_ int, p *program) { p.await("open") })
	for range readers {
		g.readers = append(g.readers, start(t, c, "reader", g.names...))
	}
	each(g.readers, func(_ int, p *program) { p.await("reading") })
	each(g.writers, func(_ int, p *program) {
		var refused int
		p.awaitWithin(longPatience, "full", &refused)
	})
	return g
}

// verify lets each writer check that all that was acknowledged is there.
func (g *crowd) verify() {
	g.t.Helper()
	each(g.writers, func(_ int, p *program) { p.say("verify") })
	each(g.writers, func(_ int, p *program) {
		var records, bytes int
		p.await("verified", &records, &bytes)
		if records == 0 {
			g.t.Error("nothing was verified")
		}
	})
}

// look makes calls that change no record.
func (g *crowd) look() {
	g.t.Helper()
	each(g.writers, func(_ int, p *program) { p.say("look") })
	each(g.writers, func(_ int, p *program) {
		var slowest int
		p.await("looked", &slowest)
		if took := time.Duration(slowest) * time.Millisecond; took > metadataMax {
			g.t.Errorf("a call took %v", took)
		}
	})
}

// countOpeners checks that the service counts exactly the handles that are open: no more, no fewer.
func (g *crowd) countOpeners(names []string) {
	g.t.Helper()
	for _, name := range names {
		var shown struct{ NumOpeners int }
		if err := json.Unmarshal([]byte(command(g.t, g.c, "show", "--json", name)), &shown); err != nil {
			g.t.Fatal(err)
		}
		if want := 1 + len(g.readers); shown.NumOpeners != want {
			g.t.Errorf("%s has %d openers, want %d", name, shown.NumOpeners, want)
		}
	}
}

// free deletes much and goes on writing.
func (g *crowd) free() {
	g.t.Helper()
	each(g.writers, func(_ int, p *program) { p.say("free") })
	each(g.writers, func(_ int, p *program) {
		var deleted int
		p.await("freed", &deleted)
		if deleted == 0 {
			g.t.Error("nothing was deleted")
		}
	})
}

// endReaders lets the readers end well.
func (g *crowd) endReaders() {
	g.t.Helper()
	each(g.readers, func(_ int, p *program) { p.say("end") })
	each(g.readers, func(_ int, p *program) {
		var reads, slowest int
		p.await("end", &reads, &slowest)
		g.t.Logf("%d reads, the slowest took %d ms", reads, slowest)
		p.end()
	})
	g.readers = nil
}

// end lets the writers end well. When all others have ended, whose checkpoints are retained, the last one gives up its own:
// that makes room for new ones.
func (g *crowd) end() {
	g.t.Helper()
	g.endReaders() // memory is free when nobody has it mapped
	last := len(g.writers) - 1
	each(g.writers[:last], func(_ int, p *program) { p.say("end") })
	each(g.writers[:last], func(_ int, p *program) { g.endWriter(p) })
	p := g.writers[last]
	p.say("unlink")
	var records, bytes int
	p.await("verified", &records, &bytes)
	p.await("unlinked")
	g.newcomer(false)
	p.say("end")
	g.endWriter(p)
}

func (g *crowd) endWriter(p *program) {
	g.t.Helper()
	var accepted, refused, records, bytes int
	p.await("verified", &records, &bytes)
	p.await("end", &accepted, &refused)
	g.t.Logf("%d updates acknowledged, %d refused; %d records of %d bytes in the end", accepted, refused, records, bytes)
	if refused == 0 {
		g.t.Error("there was memory for everything")
	}
	p.end()
}

// newcomer is a process that comes now. What it is refused, it must be refused soon and with a code that says so.
func (g *crowd) newcomer(full bool) {
	g.t.Helper()
	p := start(g.t, g.c, "newcomer", g.names[0])
	refusals := []int{aisOK, aisNoResources, aisTryAgain}
	if g.answered(p, "initialize", refusals...) {
		g.answered(p, "existing", aisOK, aisNoResources)
		if full {
			g.answered(p, "new", aisNoResources)
		} else {
			g.answered(p, "new", aisOK)
		}
	}
	p.await("end")
	p.end()
}

// answered reports whether a call was OK; it must have had one of the codes, in time.
func (g *crowd) answered(p *program, call string, codes ...int) bool {
	g.t.Helper()
	var code, ms int
	p.await(call, &code, &ms)
	g.t.Logf("%s of a newcomer: code %d after %d ms", call, code, ms)
	known := false
	for _, k := range codes {
		known = known || code == k
	}
	if took := time.Duration(ms) * time.Millisecond; !known || code != aisTryAgain && took > metadataMax {
		g.t.Errorf("%s of a newcomer: code %d after %v, want one of %d", call, code, took, codes)
	}
	return code == aisOK
}

// fillRest takes all that is left in a directory's file system for a file of its own.
func fillRest(t *testing.T, dir string) (path string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "of another program"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, os.Getpagesize())
	for err == nil {
		_, err = f.Write(page)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return f.Name()
}

// No memory left: updates that need some are refused, and that is all.
func TestFullTmpfs(t *testing.T) {
	t.Run("of replicas", func(t *testing.T) { testFullTmpfs(t, false) })
	t.Run("of other files", func(t *testing.T) { testFullTmpfs(t, true) })
}

func testFullTmpfs(t *testing.T, others bool) {
	base := mountTmpfs(t, smallBytes)
	c := testcluster.Start(t, testcluster.Options{RunDir: base})
	pid := c.Pid()
	g := gather(t, c, fillers, fillers)
	left := free(t, c.RunDir(1))
	t.Logf("%d bytes are left", left)
	if left > leftMax {
		t.Errorf("refused though %d bytes are left", left)
	}
	other := ""
	if others {
		other = fillRest(t, c.RunDir(1))
	}
	g.verify()
	g.newcomer(true)
	g.look()
	if c.Pid() != pid || syscall.Kill(pid, 0) != nil {
		t.Fatal("the service has died")
	}

	// Restarted where it can write next to nothing, the service has everything still, and open handles work.
	c.Kill()
	c.Restart(t)
	g.verify()
	g.newcomer(true)
	g.look()

	// What is deleted is of use at once in the same checkpoint, and what is unlinked in others.
	g.free()
	g.verify()
	if others {
		if err := os.Remove(other); err != nil {
			t.Fatal(err)
		}
	}
	g.countOpeners(g.names)
	g.end()
}

// A tmpfs without a limit says it has no space at all.
func TestUnlimitedTmpfs(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{RunDir: mountTmpfs(t, 0)})
	p := start(t, c, "large", "large", fmt.Sprint(4<<20), "2")
	p.await("ready")
	p.say("go on")
	p.await("end")
	p.end()
}

// The configured limit of shared memory holds like a full tmpfs, and across a restart.
func TestSharedMemoryMax(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Args: []string{"--shared-memory-max", fmt.Sprint(limitBytes)}})
	within := func() {
		t.Helper()
		if used := total(t, c); used > limitBytes || used < limitBytes-64<<10 {
			t.Errorf("%d bytes are used, the limit is %d", used, limitBytes)
		}
	}
	g := gather(t, c, 2, 2)
	within()
	g.verify()
	g.newcomer(true)
	g.look()
	c.Kill()
	c.Restart(t)
	g.verify()
	g.newcomer(true)
	g.look()
	within()
	g.free()
	g.verify()
	within()
	g.countOpeners(g.names)
	g.end()
}
