package service

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libckpt/agent"
	"libckpt/internal/wire"
	"libckpt/tests/testcluster"
)

// Creation flags.
const (
	synchronous  = wire.FlagAllReplicas | wire.FlagCollocated
	asynchronous = wire.FlagActiveReplica | wire.FlagCollocated
)

// openOn opens, or creates, a checkpoint on each node of a cluster, through an agent of its own.
func openOn(t *testing.T, c *testcluster.Cluster, nodes int, name string, flags uint32) (handles []*agent.Checkpoint) {
	t.Helper()
	for k := 1; k <= nodes; k++ {
		a := attributes(100, time.Minute)
		a.CreationFlags = flags
		handles = append(handles, open(t, dialDir(t, c.RunDir(k)), name, a))
	}
	return handles
}

// roles are the replicas of a checkpoint as ckpt show has them: node and role.
func roles(t *testing.T, c *testcluster.Cluster, name string) map[string]string {
	t.Helper()
	shown := decode[struct{ Replicas []struct{ Node, Role string } }](t, succeeds(t, c, "show", "--json", name))
	m := make(map[string]string)
	for _, r := range shown.Replicas {
		m[r.Node] = r.Role
	}
	return m
}

func inSync(roles map[string]string) (n int) {
	for _, r := range roles {
		if r == "active" || r == "in sync" {
			n++
		}
	}
	return n
}

// What is written on one node is read on the others.
func TestReplicatedWrites(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Nodes: 3, External: true})
	open := openOn(t, c, 3, "shared", synchronous)
	until(t, "all replicas are in sync", func() bool { return inSync(roles(t, c, "shared")) == 3 })
	create(t, open[0], "s", "first")
	for i := range 300 {
		want := fmt.Sprintf("value %d", i)
		overwrite(t, open[i%3], "s", want)
		for k, o := range open {
			if got := read(t, o, "s"); got != want {
				t.Fatalf("read on node %d: %q, want %q", k+1, got, want)
			}
		}
	}
}

// writers write to a checkpoint through one handle for each node, and check that no read is older than what was
// acknowledged before it.
type writers struct {
	t       *testing.T
	stop    chan struct{}
	done    sync.WaitGroup
	acked   []atomic.Int64 // by node: number of the last write of its section that was acknowledged
	handles []*agent.Checkpoint
}

func startWriters(t *testing.T, handles []*agent.Checkpoint) *writers {
	t.Helper()
	w := &writers{t: t, stop: make(chan struct{}), acked: make([]atomic.Int64, len(handles)), handles: handles}
	for k, h := range handles {
		create(t, h, fmt.Sprint("w", k), "0")
	}
	for k := range handles {
		w.done.Add(1)
		go w.run(k)
	}
	t.Cleanup(w.end)
	return w
}

func (w *writers) run(k int) {
	defer w.done.Done()
	for n := int64(1); ; n++ {
		select {
		case <-w.stop:
			return
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := w.handles[k].Overwrite(ctx, fmt.Append(nil, "w", k), fmt.Append(nil, n))
		cancel()
		if err != nil {
			w.t.Errorf("write %d on node %d: %v", n, k+1, err)
			return
		}
		w.acked[k].Store(n)
		for of := range w.handles {
			w.check(k, of)
		}
	}
}

// check reads a section on a node.
func (w *writers) check(node, of int) {
	before := w.acked[of].Load()
	b := make([]byte, 64)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	n, err := w.handles[node].Read(ctx, fmt.Append(nil, "w", of), 0, b)
	if err != nil {
		w.t.Errorf("read on node %d: %v", node+1, err)
		return
	}
	if got, err := strconv.ParseInt(string(b[:n]), 10, 64); err != nil || got < before {
		w.t.Errorf("read on node %d: %q, but write %d was acknowledged before", node+1, b[:n], before)
	}
}

// awaitWrites waits until each of some nodes, from 1, has written so many times more.
func (w *writers) awaitWrites(more int64, nodes ...int) {
	w.t.Helper()
	for _, k := range nodes {
		before := w.acked[k-1].Load()
		until(w.t, fmt.Sprintf("%d more writes on node %d than %d", more, k, before), func() bool {
			return w.acked[k-1].Load() >= before+more || w.t.Failed()
		})
	}
}

func (w *writers) end() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	w.done.Wait()
}

// Each process of a cluster is killed under load: nothing acknowledged is lost, and the calls go on.
func TestReplicatedKills(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Nodes: 3, External: true})
	handles := openOn(t, c, 3, "shared", synchronous)
	until(t, "all replicas are in sync", func() bool { return inSync(roles(t, c, "shared")) == 3 })
	w := startWriters(t, handles)
	w.awaitWrites(100, 1, 2, 3)
	for _, k := range []int{1, 2, 3, 1} {
		c.KillNode(k)
		var others []int
		for o := 1; o <= 3; o++ {
			if o != k {
				others = append(others, o)
			}
		}
		began := time.Now()
		w.awaitWrites(100, others...)
		t.Logf("node %d killed: 100 writes on the others after %v", k, time.Since(began).Round(time.Millisecond))
		c.RestartNode(t, k)
		w.awaitWrites(100, 1, 2, 3)
		until(t, "it is in sync again", func() bool { return inSync(roles(t, c, "shared")) == 3 })
	}
	c.KillDirector()
	w.awaitWrites(500, 1, 2, 3)
	c.RestartDirector(t)
	w.awaitWrites(100, 1, 2, 3)
	c.KillBus()
	c.RestartBus(t)
	w.awaitWrites(100, 1, 2, 3)
	w.end()
	for k, h := range handles {
		for of := range handles {
			if got, want := read(t, h, fmt.Sprint("w", of)), fmt.Sprint(w.acked[of].Load()); got != want {
				t.Errorf("node %d in the end: %s, want %s", k+1, got, want)
			}
		}
	}
}

// A collocated asynchronous checkpoint: the replica on a second node is brought up to date by ActiveReplicaSet (statement
// 105), and when the node of the active one leaves there is none until the next ActiveReplicaSet (statement 106).
func TestActiveReplicaSet(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Nodes: 3, External: true})
	h := openOn(t, c, 3, "moving", asynchronous)
	if err := h[0].Create(soon(t), []byte("s"), nil, math.MaxInt64); !errors.Is(err, wire.NotExist) {
		t.Fatalf("before ActiveReplicaSet: %v", err)
	}
	activate := func(k int) {
		t.Helper()
		if err := h[k-1].SetActive(soon(t)); err != nil {
			t.Fatalf("ActiveReplicaSet on node %d: %v", k, err)
		}
	}
	activate(1)
	create(t, h[0], "s", "0")
	for n := range 40 {
		from, to := n%3, (n+1)%3
		want := fmt.Sprint(n + 1)
		overwrite(t, h[from], "s", want)
		activate(to + 1)
		for k := range h {
			if got := read(t, h[k], "s"); got != want {
				t.Fatalf("node %d active, read on node %d: %s, want %s", to+1, k+1, got, want)
			}
		}
	}
	activate(2)
	overwrite(t, h[1], "s", "before")
	if err := h[1].Synchronize(soon(t)); err != nil {
		t.Fatal(err)
	}
	until(t, "all replicas are in sync", func() bool { return inSync(roles(t, c, "moving")) == 3 })
	c.KillNode(2)
	// An update sent to the replica that died may have been carried out: it waits for the next one, so both must know first.
	for _, i := range []int{0, 2} {
		until(t, "there is no active replica", func() bool {
			_, err := h[i].Read(soon(t), []byte("s"), 0, make([]byte, 64))
			return errors.Is(err, wire.NotExist)
		})
	}
	if err := h[2].Overwrite(soon(t), []byte("s"), []byte("x")); !errors.Is(err, wire.NotExist) {
		t.Fatalf("without an active replica: %v", err)
	}
	activate(3)
	until(t, "node 1 knows of it", func() bool {
		_, err := h[0].Read(soon(t), []byte("s"), 0, make([]byte, 64))
		return err == nil
	})
	for _, k := range []int{0, 2} {
		if got := read(t, h[k], "s"); got != "before" {
			t.Fatalf("node %d: %s", k+1, got)
		}
	}
	overwrite(t, h[0], "s", "after")
	c.RestartNode(t, 2)
	if got := read(t, h[1], "s"); got != "after" {
		t.Fatalf("the node that has come back: %s", got)
	}
}

// A replica joins while others write: a node that opens a checkpoint with content has all of it.
func TestJoinWhileWriting(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Nodes: 3, External: true})
	h := openOn(t, c, 2, "growing", synchronous)
	big := strings.Repeat("x", 1<<20)
	for k := range 20 {
		create(t, h[0], fmt.Sprint("big", k), big)
	}
	w := startWriters(t, h)
	w.awaitWrites(50, 1, 2)
	third := open(t, dialDir(t, c.RunDir(3)), "growing", func() *agent.Attributes {
		a := attributes(100, time.Minute)
		a.CreationFlags = synchronous
		return a
	}())
	for of := range h {
		before := w.acked[of].Load()
		if got, err := strconv.ParseInt(read(t, third, fmt.Sprint("w", of)), 10, 64); err != nil || got < before {
			t.Errorf("section w%d on the third node: %d, %v; %d was acknowledged before", of, got, err, before)
		}
	}
	until(t, "the third replica is in sync", func() bool { return inSync(roles(t, c, "growing")) == 3 })
	w.awaitWrites(50, 1, 2)
	c.KillNode(1)
	w.awaitWrites(50, 2)
	b := make([]byte, 1<<20)
	for k := range 20 {
		n, err := third.Read(soon(t), fmt.Append(nil, "big", k), 0, b)
		if err != nil || string(b[:n]) != big {
			t.Fatalf("big section %d on the third node: %d bytes, %v", k, n, err)
		}
	}
	c.RestartNode(t, 1)
	w.awaitWrites(50, 1, 2)
}

// A node without a replica has the calls carried out by the active replica's node, and is told of updates by it.
func TestNodeWithoutReplica(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Nodes: 3, External: true})
	near := open(t, dialDir(t, c.RunDir(1)), "elsewhere", attributes(100, time.Minute))
	a := dialDir(t, c.RunDir(3))
	far := open(t, a, "elsewhere", attributes(100, time.Minute))
	if _, here := roles(t, c, "elsewhere")[c.Node(3)]; here {
		t.Fatal("there is a replica on node 3")
	}
	create(t, far, "s", "0")
	if err := a.Library().SetNotify(soon(t), agent.NotifyArrival); err != nil {
		t.Fatal(err)
	}
	const rounds = 200
	began := time.Now()
	for n := range rounds {
		want := fmt.Sprint(n)
		overwrite(t, far, "s", want)
		if got := read(t, near, "s"); got != want {
			t.Fatalf("where the replica is: %s, want %s", got, want)
		}
		overwrite(t, near, "s", want+"!")
		if got := read(t, far, "s"); got != want+"!" {
			t.Fatalf("elsewhere: %s, want %s", got, want+"!")
		}
		e, err := a.Library().Next(soon(t))
		if err != nil || e.Kind != agent.Arrival || len(e.Elements) != 1 || string(e.Elements[0].ID) != "s" {
			t.Fatalf("event %d: %+v, %v", n, e, err)
		}
	}
	t.Logf("%v for two writes, two reads and an event", time.Since(began)/rounds)
	var ids []string
	for s, err := range far.Sections(soon(t), agent.Choice{Chosen: wire.ChooseAny}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, string(s.ID))
	}
	if len(ids) != 1 || ids[0] != "s" {
		t.Fatalf("sections: %q", ids)
	}
	if s, err := far.Status(soon(t)); err != nil || s.Sections != 1 {
		t.Fatalf("status: %+v, %v", s, err)
	}
	big := strings.Repeat("y", 900_000)
	overwrite(t, far, "s", big)
	b := make([]byte, 1<<20)
	if n, err := far.Read(soon(t), []byte("s"), 0, b); err != nil || string(b[:n]) != big {
		t.Fatalf("a large section: %d bytes, %v", n, err)
	}
	for _, k := range []int{3, 1} { // the caller's node director, then that of the active replica
		c.KillNode(k)
		c.RestartNode(t, k)
		overwrite(t, far, "s", "0")
		began := time.Now()
		for n := range rounds {
			overwrite(t, far, "s", fmt.Sprint(n))
			if got := read(t, far, "s"); got != fmt.Sprint(n) {
				t.Fatalf("after the restart of node %d: %s, want %d", k, got, n)
			}
		}
		each := time.Since(began) / rounds
		t.Logf("%v for a write and a read after the restart of node %d", each, k)
		if each > 50*time.Millisecond {
			t.Errorf("messages are lost: they are sent again after 100 ms")
		}
	}
}
