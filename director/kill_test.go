package director

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// TestMain runs a director alone when the test has started this program again for that.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DIRECTOR_CHILD_DIR"); dir != "" {
		child(dir, os.Getenv("DIRECTOR_CHILD_BUS"))
		return
	}
	os.Exit(m.Run())
}

// child serves until its parent has gone.
func child(dir, url string) {
	t := &childT{}
	o := options(t, url, dir)
	if id := os.Getenv("DIRECTOR_CHILD_ID"); id != "" {
		o.ID = id
		for _, p := range strings.Split(os.Getenv("DIRECTOR_CHILD_PEERS"), ",") {
			id, address, _ := strings.Cut(p, "=")
			o.Directors = append(o.Directors, Peer{id, address})
		}
	}
	d, err := Start(context.Background(), o)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	select {
	case <-d.Ready():
	case <-d.Done():
		fmt.Println(d.Err())
		os.Exit(1)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}

type childT struct{ testing.TB }

func (*childT) Helper()           {}
func (*childT) Cleanup(func())    {}
func (*childT) Fatal(args ...any) { fmt.Println(args...); os.Exit(1) }

// TestKill kills a director in the middle of commands, several times. Whatever it acknowledged is there afterwards.
func TestKill(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	p := &peer{t, connect(t, url), "n1", 1}
	open := map[string]uint64{} // acknowledged
	doubt := map[string]bool{}  // asked for, not answered
	var cluster [16]byte
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "DIRECTOR_CHILD_DIR="+dir, "DIRECTOR_CHILD_BUS="+url)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			cmd.Process.Kill()
			cmd.Wait()
			t.Fatalf("round %d: %q %v", round, line, err)
		}
		if round == 0 {
			cluster = p.register().Cluster
		}
		list := p.list()
		for name, number := range open {
			if c := list[name]; c.Checkpoint != number && !doubt[name] {
				t.Errorf("round %d: %s was acknowledged and is %+v", round, name, c)
			}
		}
		for name := range list {
			if _, acknowledged := open[name]; !acknowledged && !doubt[name] {
				t.Errorf("round %d: %s exists, its closing was acknowledged", round, name)
			}
		}
		killed := make(chan error, 1)
		time.AfterFunc(time.Duration(20+round*17)*time.Millisecond, func() {
			cmd.Process.Kill()
			killed <- cmd.Wait()
		})
		for i := 0; ; i++ {
			name := fmt.Sprintf("c%d-%d", round, i)
			var r wire.ConfigReply
			doubt[name] = true
			if h, ok := p.ask(wire.DirectorOpen, openRequest(name, 0), &r); !ok || h.Error != wire.OK {
				break
			}
			delete(doubt, name)
			open[name] = r.Config.Checkpoint
			if i%3 != 0 {
				continue
			}
			doubt[name] = true
			if h, ok := p.ask(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: r.Config.Checkpoint}, nil); !ok || h.Error != wire.OK {
				break
			}
			delete(doubt, name)
			delete(open, name)
		}
		<-killed
	}
	if len(open) < 5 {
		t.Fatalf("only %d acknowledged", len(open))
	}
	t.Logf("%d acknowledged, %d in doubt", len(open), len(doubt))
	start(t, options(t, url, dir))
	if p.register(wire.ReplicaInfo{}).Cluster != cluster {
		t.Error("another cluster id")
	}
}
