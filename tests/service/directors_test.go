package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libckpt/tests/freeport"
	"libckpt/tests/testcluster"
)

// A director whose store is lost knows nothing, and node directors do not obey it, until the operator has the checkpoints
// rebuilt from the replicas. Programs that run meanwhile lose nothing.
func TestLostDirectorStore(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Separate: true})
	l := startLoad(t, c)
	before := decode[[]struct{ Number uint64 }](t, succeeds(t, c, "list", "--json"))
	oneLine(t, ckpt(t, c, "director", "rebuild"), "is not lost")
	c.KillDirector()
	if err := os.RemoveAll(c.DataDir()); err != nil {
		t.Fatal(err)
	}
	c.RestartDirector(t)
	until(t, "the node director says what to do", func() bool {
		return strings.Contains(c.Log(), "registration refused") && strings.Contains(c.Log(), "ckpt director rebuild")
	})
	l.awaitWrites(200)
	succeeds(t, c, "director", "rebuild")
	until(t, "the checkpoint is restored", func() bool {
		after := decode[[]struct{ Number uint64 }](t, succeeds(t, c, "list", "--json"))
		return len(after) == 1 && after[0] == before[0]
	})
	l.awaitWrites(200)
	c.KillDirector()
	c.RestartDirector(t)
	l.awaitWrites(200)
	l.end()
	matches(t, succeeds(t, c, "show", "load"), `^sections +32 of 32, 0 corrupted$`)
	matches(t, succeeds(t, c, "director", "rebuild"), `^nothing that was announced waits$`)
	succeeds(t, c, "director", "rebuild", "--end")
}

// Directors are added to one that was alone, listed and removed.
func TestDirectorCommands(t *testing.T) {
	t.Parallel()
	first, second := freeport.Address(t), freeport.Address(t)
	c := testcluster.Start(t, testcluster.Options{Args: []string{"--raft-listen", first}})
	matches(t, succeeds(t, c, "director", "list"), `^`+c.Node(1)+` +`+first+` +active$`)
	dir := t.TempDir()
	added := make(chan struct{})
	go func() { // it is ready once it has been added
		defer close(added)
		until(t, "d2 is added", func() bool { return ckpt(t, c, "director", "add", "d2", second).status == 0 })
	}()
	testcluster.Run(t, 0, c.Env(), testcluster.Binary(t, "bin/ckptd"), "--node", "d2", "--run-dir", c.RunDir(1),
		"--data-dir", filepath.Join(dir, "data"), "--raft-listen", second, "--directors", c.Node(1)+"="+first)
	<-added
	matches(t, succeeds(t, c, "director", "list"), `^d2 +`+second+` +(standby|active)$`)
	type director struct {
		Name, Address string
		Active        bool
	}
	list := decode[[]director](t, succeeds(t, c, "director", "list", "--json"))
	if len(list) != 2 || list[0].Active == list[1].Active {
		t.Fatalf("not one active director: %v", list)
	}
	if want := []director{{c.Node(1), first, list[0].Active}, {"d2", second, list[1].Active}}; fmt.Sprint(list) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", list, want)
	}
	oneLine(t, ckpt(t, c, "director", "remove", "d9"), "no director has the name d9")
	oneLine(t, ckpt(t, c, "director", "add", "d9", "nowhere"), `"nowhere" is not host:port`)
	succeeds(t, c, "director", "remove", "d2")
	oneLine(t, ckpt(t, c, "director", "remove", c.Node(1)), "is the only one")
}

// Nodes are shown, locked, unlocked and removed, by root and the service's own user alone.
func TestNodeCommands(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{Nodes: 2, External: true})
	one, two := c.Node(1), c.Node(2)
	list := succeeds(t, c, "node", "list")
	matches(t, list, `^`+one+` +\S+ +up +yes +0 of 1000$`)
	matches(t, list, `^`+two+` +\S+ +up +no +0 of 1000$`)
	matches(t, succeeds(t, c, "node", "lock", two), `^`+two+` +\S+ +up, locked +no`)
	matches(t, succeeds(t, c, "node", "unlock", two), `^`+two+` +\S+ +up +no`)
	oneLine(t, ckpt(t, c, "node", "lock", "nobody"), "no node has the name nobody")
	oneLine(t, ckpt(t, c, "node", "remove", two), "node "+two+" is up")
	c.KillNode(2)
	until(t, "node 2 is down", func() bool { return strings.Contains(succeeds(t, c, "node", "list"), " down ") })
	succeeds(t, c, "node", "remove", two)
	if list := succeeds(t, c, "node", "list"); strings.Contains(list, two+" ") {
		t.Errorf("still there:\n%s", list)
	}
	c.RestartNode(t, 2)
	matches(t, succeeds(t, c, "node", "list"), `^`+two+` +\S+ +up`)
	if os.Geteuid() == 0 {
		o := runAs(t, 65534, c.Env(), testcluster.Binary(t, "bin/ckpt"), "node", "lock", one)
		oneLine(t, o, "only root and the user that the service runs as may do that")
	}
}
