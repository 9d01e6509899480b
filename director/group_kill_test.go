package director

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
	"libckpt/tests/freeport"
)

// process is a director in a process of its own.
type process struct {
	cmd *exec.Cmd
	in  io.Closer
}

// startProcess starts this program again as a director, and returns once it leads or follows.
func startProcess(t testing.TB, url, dir, id string, peers []Peer) *process {
	t.Helper()
	var list []string
	for _, p := range peers {
		list = append(list, p.ID+"="+p.Address)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DIRECTOR_CHILD_DIR="+dir, "DIRECTOR_CHILD_BUS="+url, "DIRECTOR_CHILD_ID="+id,
		"DIRECTOR_CHILD_PEERS="+strings.Join(list, ","))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd, in}
	t.Cleanup(p.kill)
	ready := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		ready <- line
	}()
	select {
	case line := <-ready:
		if line != "ready\n" {
			t.Errorf("%s: %q", id, line)
		}
	case <-time.After(testWait):
		t.Errorf("%s is not ready", id)
	}
	return p
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.in.Close()
}

// TestKillGroup kills directors of a group under load with SIGKILL: one after the other, the greatest minority at once,
// all at once. Whatever was acknowledged is there afterwards, and the group goes on as long as a majority lives.
func TestKillGroup(t *testing.T) {
	for _, size := range []int{3, 5} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { killGroup(t, size) })
	}
}

func killGroup(t *testing.T, size int) {
	url := bus(t)
	var peers []Peer
	dirs := map[string]string{}
	for i := range size {
		p := Peer{fmt.Sprintf("d%d", i+1), freeport.Address(t)}
		peers, dirs[p.ID] = append(peers, p), t.TempDir()
	}
	running := map[string]*process{}
	begin := func() {
		started := make(chan func(), size)
		n := 0
		for _, p := range peers {
			if running[p.ID] == nil {
				n++
				go func() {
					c := startProcess(t, url, dirs[p.ID], p.ID, peers)
					started <- func() { running[p.ID] = c }
				}()
			}
		}
		for range n {
			(<-started)()
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	begin()
	p := &peer{t, connect(t, url), "n1", 1}
	cluster := p.register().Cluster
	load := newLoad(p)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 6 {
		load.run(50)
		victims := 1
		switch round % 3 {
		case 1:
			victims = (size - 1) / 2
		case 2:
			victims = size
		}
		order := random.Perm(size)
		if victims == 1 { // the one that leads
			leader := p.must(wire.DirectorList, wire.ListRequest{}, nil).Server
			for i, v := range order {
				if peers[v].ID == leader {
					order[0], order[i] = order[i], order[0]
				}
			}
		}
		stop := load.begin()
		for _, v := range order[:victims] {
			id := peers[v].ID
			running[id].kill()
			delete(running, id)
		}
		if victims < size {
			began := time.Now()
			load.check(t, p.list())
			t.Logf("%d of %d killed: served after %v", victims, size, time.Since(began).Round(time.Millisecond))
		}
		stop()
		if victims < size {
			load.run(20)
		}
		begin()
		load.check(t, p.list())
	}
	if p.register(load.announced()...).Cluster != cluster {
		t.Error("another cluster id")
	}
	t.Logf("%d acknowledged", len(load.open))
}

// load opens and closes checkpoints and remembers what was acknowledged.
type load struct {
	p     *peer
	open  map[string]uint64
	doubt map[string]bool // asked for, not answered
	next  int
}

func newLoad(p *peer) *load { return &load{p: p, open: map[string]uint64{}, doubt: map[string]bool{}} }

// step makes one checkpoint, and closes every third. It reports whether all was answered.
func (l *load) step() bool {
	l.next++
	name := fmt.Sprintf("c%d", l.next)
	var r wire.ConfigReply
	l.doubt[name] = true
	if h, ok := l.p.ask(wire.DirectorOpen, openRequest(name, 0), &r); !ok || h.Error != wire.OK {
		return false
	}
	delete(l.doubt, name)
	l.open[name] = r.Config.Checkpoint
	if l.next%3 != 0 {
		return true
	}
	l.doubt[name] = true
	if h, ok := l.p.ask(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: r.Config.Checkpoint}, nil); !ok || h.Error != wire.OK {
		return false
	}
	delete(l.doubt, name)
	delete(l.open, name)
	return true
}

// run makes a number of checkpoints that are answered.
func (l *load) run(count int) {
	for done := 0; done < count; {
		if l.step() {
			done++
		}
	}
}

// begin goes on in the background until the function returned is called.
func (l *load) begin() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	shown := *l.p
	background := &load{p: &shown, open: map[string]uint64{}, doubt: map[string]bool{}, next: l.next + 1_000_000}
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
				background.step()
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		for name, number := range background.open {
			l.open[name] = number
		}
		for name := range background.doubt {
			l.doubt[name] = true
		}
		l.next++
	}
}

func (l *load) check(t *testing.T, list map[string]wire.Config) {
	t.Helper()
	for name, number := range l.open {
		if c := list[name]; c.Checkpoint != number && !l.doubt[name] {
			t.Errorf("%s was acknowledged and is %+v", name, c)
		}
	}
}

func (l *load) announced() (replicas []wire.ReplicaInfo) {
	for _, number := range l.open {
		replicas = append(replicas, wire.ReplicaInfo{Config: wire.Config{Checkpoint: number}, Open: true})
	}
	return replicas
}
