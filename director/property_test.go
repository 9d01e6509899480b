package director

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"libckpt/internal/wire"
)

// TestProperties applies random commands and checks after each that the state is consistent and that
//
//   - epochs never go back, and rise when the active moves or the in-sync set shrinks
//   - numbers are never reused
//   - a repeated unlink is answered as before and removes nothing
//   - a node that follows the feed knows exactly the configurations that concern it
//   - another director that applies the same log, from a snapshot halfway, has the same state
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, twin := founded(), founded()
		follower := map[string]*follower{}
		for _, n := range []string{"n1", "n2", "n3"} {
			follower[n] = newFollower()
			both(t, k, twin, &NodeUp{From: From{n, 1}, Host: n, ReplicasMax: 5, Controller: n != "n3"})
		}
		epochs := map[uint64]wire.Config{}
		var highest uint64
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			c := draw(t, k)
			before := len(k.names)
			r := both(t, k, twin, c)
			if u, ok := c.(*Unlink); ok && !r.Unknown {
				names := len(k.names)
				again := both(t, k, twin, u)
				if again.Code != r.Code || len(k.names) != names {
					t.Fatalf("repeated %+v: %v after %v, %d names after %d", u, again.Code, r.Code, len(k.names), before)
				}
			}
			if err := k.Check(); err != nil {
				t.Fatalf("after %#v: %v", c, err)
			}
			for number, p := range k.checkpoints {
				old, known := epochs[number]
				if !known && number <= highest {
					t.Fatalf("number %d reused", number)
				}
				moved := known && (old.Active != p.Config.Active || shrunk(old.InSync, p.Config.InSync))
				if known && (p.Config.Epoch.Less(old.Epoch) || moved && !old.Epoch.Less(p.Config.Epoch)) {
					t.Fatalf("epoch %v after %v: %+v after %+v", p.Config.Epoch, old.Epoch, p.Config, old)
				}
				epochs[number] = p.Config
			}
			for number := range epochs {
				highest = max(highest, number)
			}
			for name, f := range follower {
				if rapid.IntRange(0, 2).Draw(t, "follow") == 0 {
					f.follow(t, k, name)
				}
			}
			if rapid.IntRange(0, 19).Draw(t, "restart") == 0 {
				twin = restored(t, twin)
			}
		}
		a, _ := k.Snapshot()
		b, _ := twin.Snapshot()
		if !bytes.Equal(a, b) {
			t.Fatal("two directors that applied the same log differ")
		}
	})
}

func both(t *rapid.T, k, twin *Core, c Command) Result {
	entry, err := EncodeCommand(c)
	if err != nil {
		t.Fatal(err)
	}
	read, err := DecodeCommand(entry)
	if err != nil {
		t.Fatal(err)
	}
	r, s := k.Apply(c), twin.Apply(read)
	if r.Code != s.Code || fmt.Sprint(r.Retentions) != fmt.Sprint(s.Retentions) {
		t.Fatalf("%#v: %v and %v", c, r, s)
	}
	return r
}

func restored(t *rapid.T, k *Core) *Core {
	b, err := k.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if k, err = RestoreCore(b); err != nil {
		t.Fatal(err)
	}
	return k
}

func shrunk(old, now []string) bool {
	for _, n := range old {
		if !has(now, n) {
			return true
		}
	}
	return false
}

func draw(t *rapid.T, k *Core) Command {
	name := rapid.SampledFrom([]string{"n1", "n2", "n3"}).Draw(t, "node")
	from := From{name, k.Incarnation(name)}
	number := rapid.Uint64Range(1, max(k.next, 2)).Draw(t, "checkpoint")
	checkpointName := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
	switch rapid.IntRange(0, 17).Draw(t, "command") {
	case 0:
		u := &NodeUp{From: From{name, from.Incarnation + rapid.Uint64Range(0, 1).Draw(t, "newer")}, Host: name, ReplicasMax: 5, Controller: name != "n3"}
		u.Holder = from.Incarnation
		for _, c := range k.inOrder() {
			if has(c.Config.InSync, name) && rapid.IntRange(0, 5).Draw(t, "kept") != 0 {
				u.Replicas = append(u.Replicas, Announced{
					Checkpoint: c.Config.Checkpoint, Generation: 7, Counter: c.Config.Epoch.Counter, Open: rapid.Bool().Draw(t, "open"),
					Missing: rapid.IntRange(0, 5).Draw(t, "missing") == 0,
				})
			}
		}
		return u
	case 1:
		other := rapid.SampledFrom([]string{"n1", "n2", "n3"}).Draw(t, "other")
		return &NodesDown{[]From{from, {other, k.Incarnation(other)}}}
	case 2:
		return &NodeForget{from}
	case 3, 4, 5, 6:
		o := &Open{From: from}
		o.Name, o.HasAttributes = checkpointName, rapid.IntRange(0, 4).Draw(t, "attributes") != 0
		o.Attributes.CreationFlags = rapid.SampledFrom([]uint32{1, 2, 9, 10}).Draw(t, "flags")
		o.Attributes.RetentionDuration = rapid.SampledFrom([]int64{0, 1e9}).Draw(t, "retention")
		if rapid.IntRange(0, 9).Draw(t, "restore") == 0 {
			o.Restore = number
		}
		return o
	case 7:
		return &Close{from, number}
	case 8:
		u := &Unlink{From: from}
		u.Name = checkpointName
		u.Request = wire.RequestID{
			Session: rapid.Uint64Range(1, 2).Draw(t, "session"), Slot: rapid.Uint16Range(0, 1).Draw(t, "slot"),
			Number: rapid.Uint64Range(1, 20).Draw(t, "number"),
		}
		return u
	case 9:
		return &Retention{from, number, rapid.SampledFrom([]int64{0, 1e9, 2e9}).Draw(t, "duration")}
	case 12:
		return &NodeLock{name, rapid.Bool().Draw(t, "lock")}
	case 13:
		return &Reconsider{}
	case 14, 15, 16, 17:
		return drawReplica(t, k, from, number)
	case 10:
		return &RetentionOver{[]Ended{{number, rapid.Uint64Range(1, 3).Draw(t, "guard")}}}
	}
	return &Active{from, number}
}

// drawReplica draws what an active or a replica's node might say, most often something that fits.
func drawReplica(t *rapid.T, k *Core, from From, number uint64) Command {
	r := ReplicaChange{From: from, Checkpoint: number, Version: k.version, Full: rapid.Bool().Draw(t, "full")}
	r.Replica = rapid.SampledFrom([]string{"n1", "n2", "n3"}).Draw(t, "replica")
	if c := k.checkpoints[number]; c != nil {
		r.Epoch = c.Config.Epoch
		if n := c.Config.Active; n != "" && rapid.IntRange(0, 3).Draw(t, "stranger") != 0 {
			r.From = From{n, k.Incarnation(n)}
		}
		if len(c.Config.Joining) > 0 {
			r.Replica = rapid.SampledFrom(c.Config.Joining).Draw(t, "joining")
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "earlier") == 0 {
		r.Epoch.Counter--
	}
	r.Linked = k.Incarnation(r.Replica)
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return &ReplicaDrop{r}
	case 1:
		r.Node, r.Incarnation = r.Replica, r.Linked
		return &ReplicaLost{r}
	}
	return &ReplicaJoined{r}
}

// follower is what a node knows from the feed.
type follower struct {
	since   uint64
	configs map[uint64]wire.Config
}

func newFollower() *follower { return &follower{configs: map[uint64]wire.Config{}} }

func (f *follower) follow(t *rapid.T, k *Core, name string) {
	r := k.Heartbeat(name, wire.HeartbeatRequest{Since: f.since})
	if r.Full {
		clear(f.configs)
	}
	for _, c := range r.Configs {
		f.configs[c.Checkpoint] = c
		if !has(concerned(&c), name) {
			delete(f.configs, c.Checkpoint)
		}
	}
	for _, number := range r.Drop {
		delete(f.configs, number)
	}
	f.since = r.Version
	want := map[uint64]wire.Config{}
	for number, c := range k.checkpoints {
		if has(concerned(&c.Config), name) {
			want[number] = c.Config
		}
	}
	if fmt.Sprint(f.configs) != fmt.Sprint(want) {
		t.Fatalf("node %s knows %v, not %v", name, f.configs, want)
	}
}
