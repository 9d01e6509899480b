package director

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libckpt/internal/wire"
	"libckpt/tests/freeport"
)

// group is the directors of a test, in this process.
type group struct {
	t       testing.TB
	url     string
	peers   []Peer
	options map[string]Options
	running map[string]*Director
	stops   map[string]func()
}

// newGroup makes a group of directors d1 to dn, none of which runs.
func newGroup(t testing.TB, n int, change func(*Options)) *group {
	t.Helper()
	g := &group{t: t, url: bus(t), options: map[string]Options{}, running: map[string]*Director{}, stops: map[string]func(){}}
	for i := range n {
		g.peers = append(g.peers, Peer{fmt.Sprintf("d%d", i+1), freeport.Address(t)})
	}
	for _, p := range g.peers {
		o := options(t, g.url, t.TempDir())
		o.ID, o.Directors = p.ID, g.peers
		if change != nil {
			change(&o)
		}
		g.options[p.ID] = o
	}
	return g
}

// start starts directors by id, all of them if none is named. It does not wait for them.
func (g *group) start(ids ...string) {
	g.t.Helper()
	if len(ids) == 0 {
		for _, p := range g.peers {
			ids = append(ids, p.ID)
		}
	}
	for _, id := range ids {
		d, err := Start(context.Background(), g.options[id])
		if err != nil {
			g.t.Fatal(err)
		}
		g.running[id] = d
		g.stops[id] = func() {
			ctx, cancel := context.WithTimeout(context.Background(), testWait)
			defer cancel()
			if err := d.Stop(ctx); err != nil {
				g.t.Error(err)
			}
		}
		g.t.Cleanup(g.stops[id])
	}
}

func (g *group) stop(id string) {
	g.stops[id]()
	delete(g.running, id)
}

// leader waits until one of the directors serves.
func (g *group) leader() *Director {
	g.t.Helper()
	var leader *Director
	eventually(g.t, "a director leads", func() bool {
		for _, d := range g.running {
			d.mu.Lock()
			if d.leading {
				leader = d
			}
			d.mu.Unlock()
		}
		return leader != nil
	})
	return leader
}

// ready waits until each director leads or follows.
func (g *group) ready() {
	g.t.Helper()
	for id, d := range g.running {
		select {
		case <-d.Ready():
		case <-d.Done():
			g.t.Fatalf("%s ended: %v", id, d.Err())
		case <-time.After(testWait):
			g.t.Fatalf("%s is not ready", id)
		}
	}
}

func (g *group) peer() *peer { return &peer{g.t, connect(g.t, g.url), "n1", 1} }

// operate sends an operator's request until it is answered by more than TRY_AGAIN.
func (p *peer) operate(r wire.OperatorRequest) (wire.DirectorReply, wire.OperatorReply) {
	p.t.Helper()
	var head wire.DirectorReply
	var reply wire.OperatorReply
	eventually(p.t, fmt.Sprintf("an answer to %+v", r), func() bool {
		var ok bool
		head, ok = p.ask(wire.DirectorOperator, r, &reply)
		return ok && head.Error != wire.TryAgain && head.Error != wire.Timeout
	})
	return head, reply
}

// TestGroup runs three directors and stops the active one: another serves, knows everything acknowledged, and begins
// retentions anew.
func TestGroup(t *testing.T) {
	g := newGroup(t, 3, nil)
	g.start()
	g.ready()
	p := g.peer()
	cluster := p.register().Cluster
	for i := range 100 {
		p.open(fmt.Sprintf("c%d", i), time.Minute)
	}
	const retention = 300 * time.Millisecond
	short := p.open("short", retention).Config.Checkpoint
	p.must(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: short}, nil)
	leader := g.leader()
	g.stop(leader.o.ID)
	began := time.Now()
	list := p.list()
	t.Logf("another director serves after %v", time.Since(began))
	for i := range 100 {
		if name := fmt.Sprintf("c%d", i); list[name].Checkpoint == 0 {
			t.Errorf("%s is not known", name)
		}
	}
	eventually(t, "the retention ends under the new leader", func() bool { return len(p.list()) == 100 })
	if took := time.Since(began); took < retention {
		t.Errorf("retention over %v after the change", took)
	}
	if p.register().Cluster != cluster {
		t.Error("another cluster id")
	}
}

// TestGroupBegins: a group begins when all listed directors are there, and not before.
func TestGroupBegins(t *testing.T) {
	g := newGroup(t, 3, nil)
	g.start("d1", "d2")
	d1, d2 := g.running["d1"], g.running["d2"]
	eventually(t, "the two have heard of each other", func() bool {
		for _, d := range []*Director{d1, d2} {
			if silent, exists := d.poll(d.layer); exists != "" || strings.Join(silent, " ") != "d3" {
				return false
			}
		}
		return true
	})
	for _, d := range []*Director{d1, d2} {
		if s := d.state(); s != storeEmpty {
			t.Errorf("%s has begun without d3: %s", d.o.ID, s)
		}
		select {
		case <-d.Ready():
			t.Errorf("%s is ready without d3", d.o.ID)
		default:
		}
	}
	g.start("d3")
	g.ready()
	_, r := g.peer().operate(wire.OperatorRequest{Action: wire.OperatorDirectors})
	leaders := 0
	for i, d := range r.Directors {
		if d.ID != g.peers[i].ID || d.Address != g.peers[i].Address {
			t.Errorf("%+v, want %+v", d, g.peers[i])
		}
		if d.Leader {
			leaders++
		}
	}
	if len(r.Directors) != 3 || leaders != 1 {
		t.Errorf("%+v", r.Directors)
	}
}

// TestLostStore: a director whose data directory is gone gets everything from the others and forks nothing; so does one
// of a group all of which have begun with it.
func TestLostStore(t *testing.T) {
	g := newGroup(t, 3, nil)
	g.start()
	g.ready()
	p := g.peer()
	p.register()
	p.open("a", time.Minute)
	g.stop("d2")
	p.open("b", time.Minute)
	if err := os.RemoveAll(g.options["d2"].DataDir); err != nil {
		t.Fatal(err)
	}
	g.start("d2")
	g.ready()
	d2 := g.running["d2"]
	eventually(t, "d2 has caught up", func() bool {
		d2.mu.Lock()
		defer d2.mu.Unlock()
		return d2.core.names["a"] != nil && d2.core.names["b"] != nil
	})
	// Now it counts: with it alone another goes on.
	for _, id := range []string{"d1", "d3"} {
		g.leader()
		g.stop(id)
		if id == "d1" {
			p.open("c", time.Minute)
			g.start("d1")
			g.ready()
		}
	}
	if list := p.list(); list["a"].Checkpoint == 0 || list["b"].Checkpoint == 0 || list["c"].Checkpoint == 0 {
		t.Errorf("%v", list)
	}
}

// TestLostStoreSnapshot: as above, when the others do not have the whole log any more, only a snapshot.
func TestLostStoreSnapshot(t *testing.T) {
	g := newGroup(t, 3, nil)
	g.start()
	g.ready()
	p := g.peer()
	p.register()
	g.stop("d3")
	const workers, commands = 32, trailingEntries + snapshotEntries
	for done := 0; done < commands; { // the leader may change under so much load
		leader := g.leader()
		var committed atomic.Int64
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				for i := done + w; i < commands; i += workers {
					o := &Open{From: From{"n1", 1}}
					o.Name, o.HasAttributes = fmt.Sprint("c", i%900), true
					if _, err := leader.propose(o); err != nil {
						t.Log(err)
						return
					}
					committed.Add(1)
				}
			})
		}
		group.Wait()
		done += int(committed.Load())
	}
	leader := g.leader()
	if err := leader.raft.Snapshot().Error(); err != nil {
		t.Fatal(err)
	}
	if first, err := leader.store.log.FirstIndex(); err != nil || first < 2 {
		t.Fatalf("the log begins at %d, %v: nothing was left out", first, err)
	}
	if err := os.RemoveAll(g.options["d3"].DataDir); err != nil {
		t.Fatal(err)
	}
	g.start("d3")
	g.ready()
	d3 := g.running["d3"]
	eventually(t, "d3 has caught up", func() bool {
		leader.mu.Lock()
		want, _ := leader.core.Snapshot()
		leader.mu.Unlock()
		d3.mu.Lock()
		defer d3.mu.Unlock()
		got, _ := d3.core.Snapshot()
		return bytes.Equal(got, want)
	})
	// It has a vote, and its own log from the snapshot on.
	g.stop("d3")
	g.start("d3")
	g.ready()
	g.stop(leader.o.ID)
	if n := len(p.list()); n != 900 {
		t.Errorf("%d checkpoints", n)
	}
}

// TestFreshStoreForksNothing: a director with an empty directory does not begin a second group beside one that serves.
func TestFreshStoreForksNothing(t *testing.T) {
	g := newGroup(t, 1, nil)
	g.start()
	g.ready()
	for _, listen := range []string{"", freeport.Address(t)} {
		o := options(t, g.url, t.TempDir())
		o.ID, o.RaftListen = "other", listen
		d, err := Start(context.Background(), o)
		if err == nil {
			<-d.Done()
			err = d.Err()
		}
		if err == nil || !strings.Contains(err.Error(), "director d1 answers for cluster test") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", listen, err)
		}
	}
}

// TestBegunMeanwhile: a director that is listed does not end when the others begin the group right after they have told it
// that there is none.
func TestBegunMeanwhile(t *testing.T) {
	g := newGroup(t, 1, nil)
	g.start()
	g.ready()                                       // d1 serves
	before, err := net.Listen("tcp", "127.0.0.1:0") // d1 as it was before
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	asked := make(chan struct{}, 100)
	go func() {
		for {
			conn, err := before.Accept()
			if err != nil {
				return
			}
			if _, err := readLine(conn); err == nil {
				fmt.Fprintf(conn, "ok %s\n", answer{storeEmpty, leads})
			}
			conn.Close()
			asked <- struct{}{}
		}
	}()
	o := options(t, g.url, t.TempDir())
	o.ID, o.Directors = "d2", []Peer{{"d1", before.Addr().String()}, {"d2", freeport.Address(t)}}
	d, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-asked
	eventually(t, "it waits for the group's log", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.raft != nil
	})
	if d.gate.open.Load() || d.state() != storeEmpty {
		t.Errorf("it has a vote, or has begun a group: %s", d.state())
	}
	ctx, cancel := context.WithTimeout(context.Background(), testWait)
	defer cancel()
	if err := d.Stop(ctx); err != nil || d.Err() != nil {
		t.Errorf("%v, %v", err, d.Err())
	}
}

// TestAddRemove: a director that had no others gets some, and is then removed itself.
func TestAddRemove(t *testing.T) {
	url := bus(t)
	p := &peer{t, connect(t, url), "n1", 1}
	o := options(t, url, t.TempDir())
	_, stop := start(t, o)
	p.register()
	p.open("a", time.Minute)
	if h, _ := p.operate(wire.OperatorRequest{Action: wire.OperatorDirectorAdd, Node: "d2", Address: "127.0.0.1:1"}); h.Error != wire.BadOperation {
		t.Errorf("added to a director without an address: %v %s", h.Error, h.Text)
	}
	stop()
	o.RaftListen = freeport.Address(t)
	d1, stop1 := start(t, o)
	if list := p.list(); list["a"].Checkpoint == 0 {
		t.Fatal("a is gone")
	}
	p2 := options(t, url, t.TempDir())
	p2.ID, p2.RaftListen, p2.Bootstrap = "d2", freeport.Address(t), false
	d2, _ := start(t, p2)
	p3 := options(t, url, t.TempDir())
	p3.ID, p3.RaftListen, p3.Directors = "d3", freeport.Address(t), []Peer{{"d1", o.RaftListen}}
	d3, err := Start(context.Background(), p3)
	if err != nil {
		t.Fatal(err)
	}
	defer d3.Stop(context.Background())
	for _, c := range []struct {
		r    wire.OperatorRequest
		code wire.Code
	}{
		{wire.OperatorRequest{Action: wire.OperatorDirectorAdd, Node: "d 2", Address: p2.RaftListen}, wire.InvalidParam},
		{wire.OperatorRequest{Action: wire.OperatorDirectorAdd, Node: "d2", Address: "here"}, wire.InvalidParam},
		{wire.OperatorRequest{Action: wire.OperatorDirectorAdd, Node: "d2", Address: o.RaftListen}, wire.Exist},
		{wire.OperatorRequest{Action: wire.OperatorDirectorRemove, Node: "d1"}, wire.BadOperation},
		{wire.OperatorRequest{Action: wire.OperatorDirectorRemove, Node: "d9"}, wire.NotExist},
		{wire.OperatorRequest{Action: wire.OperatorDirectorAdd, Node: "d2", Address: p2.RaftListen}, wire.OK},
		{wire.OperatorRequest{Action: wire.OperatorDirectorAdd, Node: "d2", Address: p2.RaftListen}, wire.OK},
		{wire.OperatorRequest{Action: wire.OperatorDirectorAdd, Node: "d3", Address: p3.RaftListen}, wire.OK},
	} {
		if h, _ := p.operate(c.r); h.Error != c.code || h.Error != wire.OK && h.Text == "" {
			t.Errorf("%+v: %v %s", c.r, h.Error, h.Text)
		}
	}
	for _, d := range []*Director{d2, d3} {
		select {
		case <-d.Ready():
		case <-time.After(testWait):
			t.Fatalf("%s is not ready", d.o.ID)
		}
	}
	if h, r := p.operate(wire.OperatorRequest{Action: wire.OperatorDirectorRemove, Node: "d1"}); h.Error != wire.OK || len(r.Directors) != 2 {
		t.Errorf("%v %s %+v", h.Error, h.Text, r.Directors)
	}
	stop1()
	if list := p.list(); list["a"].Checkpoint == 0 {
		t.Fatal("a is gone")
	}
	_, r := p.operate(wire.OperatorRequest{Action: wire.OperatorDirectors})
	if len(r.Directors) != 2 || d1.Err() != nil {
		t.Errorf("%+v %v", r.Directors, d1.Err())
	}
}

// TestVotingOnly: directors that are only to vote lead while no other can, and no longer.
func TestVotingOnly(t *testing.T) {
	g := newGroup(t, 3, func(o *Options) { o.VotingOnly = o.ID != "d1" })
	g.start()
	g.ready()
	p := g.peer()
	p.register()
	served := func() string { return p.must(wire.DirectorList, wire.ListRequest{}, nil).Server }
	eventually(t, "d1 leads", func() bool { return served() == "d1" })
	g.stop("d1")
	if id := served(); id == "d1" {
		t.Errorf("%s leads", id)
	}
	p.open("a", time.Minute)
	g.start("d1")
	g.ready()
	g.stop(served())
	if id := served(); id != "d1" {
		t.Errorf("%s leads", id)
	}
}

// TestOldDirectorReturns: a group that exists refuses the director of another one, with one line.
func TestOldDirectorReturns(t *testing.T) {
	g := newGroup(t, 3, nil)
	g.start()
	g.ready()
	g.peer().register()
	d3 := g.running["d3"]
	eventually(t, "d3 has all of it", func() bool {
		d3.mu.Lock()
		defer d3.mu.Unlock()
		return len(d3.core.nodes) == 1
	})
	for _, id := range []string{"d1", "d2", "d3"} {
		g.stop(id)
	}
	kept := g.options["d3"].DataDir
	for id, o := range g.options {
		o.DataDir = t.TempDir()
		g.options[id] = o
	}
	log := &lines{}
	for _, id := range []string{"d1", "d2"} {
		o := g.options[id]
		o.Logger = log.logger()
		g.options[id] = o
	}
	g.start()
	g.ready()
	p := g.peer()
	cluster := p.register().Cluster
	g.stop("d3")
	o := g.options["d3"]
	o.DataDir = kept
	g.options["d3"] = o
	g.start("d3")
	eventually(t, "it is refused", func() bool { return log.has("director d3 has a store of another origin") })
	if p.register().Cluster != cluster {
		t.Error("the store has changed")
	}
}
