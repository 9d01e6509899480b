package service

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// deathNoticed bounds the time from kill -9 to the closing of the dead process' checkpoints.
const deathNoticed = 100 * time.Millisecond

func kill(t *testing.T, p program) time.Time {
	t.Helper()
	p.Signal(syscall.SIGKILL)
	return time.Now()
}

func TestDeathIsNoticed(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	a := dial(t, c)
	for _, args := range [][]string{{"mourned", "0"}, {"mourned", "0", "fork"}, {"mourned", "60000", "fork"}} {
		var took []time.Duration
		for range 5 {
			p := start(t, c.Env(), "hold", args...)
			p.line()
			if n := openers(t, a, "mourned"); n != 1 {
				t.Fatalf("%d openers of one", n)
			}
			begin := kill(t, p)
			until(t, "the dead process' checkpoint is closed", func() bool { return openers(t, a, "mourned") == 0 })
			took = append(took, time.Since(begin))
		}
		slices.Sort(took)
		if took[len(took)/2] > deathNoticed {
			t.Errorf("hold %v: noticed after %v, want %v at most", args, took, deathNoticed)
		}
	}
}

// Retention begins with the death: nothing else ends it.
func TestRetentionAfterDeath(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	a := dial(t, c)
	p := start(t, c.Env(), "hold", "kept a while", "300")
	p.line()
	begin := kill(t, p)
	until(t, "the checkpoint is deleted", func() bool { return !listed(t, c, "kept a while") })
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("deleted after %v, retention is 300ms", took)
	}
	if n := openers(t, a, "kept a while"); n != 0 {
		t.Errorf("%d openers", n)
	}
}

func TestDeathWhileNodeDirectorIsDown(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Separate: true})
	mourned, lives := start(t, c.Env(), "hold", "mourned", "60000", "fork"), start(t, c.Env(), "hold", "lives", "60000")
	mourned.line()
	lives.line()
	c.KillNode(1)
	kill(t, mourned)
	c.RestartNode(t, 1)
	begin := time.Now()
	a := dial(t, c)
	until(t, "the checkpoint of the process that died meanwhile is closed", func() bool { return openers(t, a, "mourned") == 0 })
	if took := time.Since(begin); took > time.Second {
		t.Errorf("noticed %v after the restart", took)
	}
	if n := openers(t, a, "lives"); n != 1 {
		t.Errorf("%d openers of the checkpoint of a process that lives", n)
	}
}

func listed(t *testing.T, c *testcluster.Cluster, name string) bool {
	t.Helper()
	for _, s := range decode[[]struct{ Name string }](t, succeeds(t, c, "list", "--json")) {
		if s.Name == name {
			return true
		}
	}
	return false
}
