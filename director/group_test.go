package director

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"libckpt/internal/wire"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// group is a number of directors with their functions to stop them.
type group map[*Director]func()

// leader waits until one of the directors leads.
func (g group) leader(t *testing.T) *Director {
	t.Helper()
	var leader *Director
	eventually(t, "a director leads", func() bool {
		for d := range g {
			if d.raft.State() == raft.Leader {
				leader = d
			}
		}
		return leader != nil
	})
	return leader
}

// TestGroup runs three directors and stops the active one: another serves, knows everything acknowledged, and begins
// retentions anew.
func TestGroup(t *testing.T) {
	url := bus(t)
	g := group{}
	for i := range 3 {
		o := options(t, url, t.TempDir())
		o.ID, o.RaftListen, o.Bootstrap = fmt.Sprintf("d%d", i+1), freeAddress(t), i == 0
		d, stop := start(t, o)
		g[d] = stop
		eventually(t, o.ID+" is a voter", func() bool {
			f := g.leader(t).raft.AddVoter(raft.ServerID(o.ID), raft.ServerAddress(o.RaftListen), 0, testWait)
			return f.Error() == nil
		})
	}
	p := &peer{t, connect(t, url), "n1", 1}
	cluster := p.register().Cluster
	for i := range 100 {
		p.open(fmt.Sprintf("c%d", i), time.Minute)
	}
	const retention = 300 * time.Millisecond
	short := p.open("short", retention).Config.Checkpoint
	p.must(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: short}, nil)
	leader := g.leader(t)
	g[leader]()
	delete(g, leader)
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
