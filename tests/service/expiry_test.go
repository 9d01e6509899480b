package service

import (
	"errors"
	"math"
	"testing"
	"time"

	"libckpt/agent"
	"libckpt/internal/wire"
	"libckpt/tests/testcluster"
)

// Expiration times outlive the service: what came due while it was dead goes when it is back, the rest at its time.
func TestExpiryAcrossRestart(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	cp := open(t, dial(t, c), "x", attributes(4, time.Minute))
	start := time.Now()
	meanwhile, later := start.Add(time.Second), start.Add(5*time.Second)
	for id, at := range map[string]int64{"meanwhile": meanwhile.UnixNano(), "later": later.UnixNano(), "set": math.MaxInt64, "kept": math.MaxInt64} {
		if err := cp.Create(soon(t), []byte(id), []byte(id), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := cp.SetExpiration(soon(t), []byte("set"), later.UnixNano()); err != nil {
		t.Fatal(err)
	}
	c.Kill()
	until(t, "the time of the first has come", func() bool { return time.Now().After(meanwhile) })
	c.Restart(t)
	until(t, "the first is gone", func() bool { return expired(t, cp, "meanwhile") })
	for _, id := range []string{"later", "set"} {
		until(t, id+" is gone", func() bool {
			before := time.Now()
			gone := expired(t, cp, id)
			if gone && time.Now().Before(later) {
				t.Errorf("%s went %v early", id, later.Sub(before))
			}
			return gone
		})
	}
	if s := read(t, cp, "kept"); s != "kept" {
		t.Errorf("%q", s)
	}
}

// expired reports whether a section is gone; while it is there it must have its content.
func expired(t *testing.T, cp *agent.Checkpoint, id string) bool {
	t.Helper()
	var buf [16]byte
	n, err := cp.Read(soon(t), []byte(id), 0, buf[:])
	if err != nil && !errors.Is(err, wire.NotExist) || err == nil && string(buf[:n]) != id {
		t.Fatalf("%s: %q, %v", id, buf[:n], err)
	}
	return err != nil
}
